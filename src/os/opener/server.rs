//! The process with the rights.

use super::wire::{Text, answer, next};
use super::{Peer, Request, RootedPath};
use crate::os::error::errno;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{FileKind, OFlag, Root, Stat};
use crate::os::socket::connect_now;
use crate::os::worker::within;
use nix::errno::Errno;
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// What is answered to a question that only the caller knows, and what is done when it is answered.
pub trait ExtraHandler {
    /// What the caller knows to say to `asked`, in its own form.
    fn answer(&mut self, asked: &[u8]) -> Vec<u8>;

    /// What it need not wait for.
    fn afterwards(&mut self);
}

/// Answers until nobody asks any more. `question` is all that is said on connections. What a file system does not answer
/// within `limit` is given up, and costs that answer alone.
pub fn serve(
    mut link: UnixStream,
    root: &Root,
    question: &'static [u8],
    limit: Duration,
    extra: &mut dyn ExtraHandler,
) {
    while let Some((request, behind)) = next(&mut link) {
        let is_extra = matches!(request, Request::Extra);
        let said = if is_extra {
            Ok((None, extra.answer(&behind)))
        } else {
            let root = root.clone();
            within(limit, move || answer_to(&root, question, request)).unwrap_or(Err(Errno::ETIMEDOUT))
        };
        if answer(&mut link, said).is_err() {
            return;
        }
        if is_extra {
            extra.afterwards();
        }
    }
}

fn answer_to(root: &Root, question: &[u8], request: Request) -> nix::Result<(Option<OwnedFd>, Vec<u8>)> {
    match request {
        Request::Open { place, flags } => Ok((Some(open(root, place, flags)?), Vec::new())),
        Request::Stat { place, follow } => {
            let (root, path) = resolve(root, place)?;
            let stat = if follow { root.stat(&path) } else { root.lstat(&path) };
            json(&stat.map_err(|e| e.number())?)
        }
        Request::Links(paths) => {
            let link = |path: Text| {
                let link = root.read_link(&PathBuf::from(path));
                link.map(|link| Text::from(&*link)).map_err(|error| error.number() as i32)
            };
            json(&paths.into_iter().map(link).collect::<Vec<_>>())
        }
        Request::Processes => {
            let pids = Proc::new(root.clone()).pids().map_err(|e| e.number())?;
            json(&pids.into_iter().map(ProcessId::get).collect::<Vec<_>>())
        }
        Request::Files(pid) => {
            let pid = ProcessId::new(pid).ok_or(Errno::ESRCH)?;
            json(&Proc::new(root.clone()).open_files(pid).map_err(|e| e.number())?)
        }
        Request::Ask { peer, limit } => Ok((Some(asked(peer, question, limit)?), Vec::new())),
        // The caller's.
        Request::Extra => Err(Errno::ENOSYS),
    }
}

fn json<T: serde::Serialize>(value: &T) -> nix::Result<(Option<OwnedFd>, Vec<u8>)> {
    Ok((None, serde_json::to_vec(value).map_err(|_| Errno::EPROTO)?))
}

/// The root that is meant, and the path in it.
fn resolve(root: &Root, place: RootedPath) -> nix::Result<(Root, PathBuf)> {
    let path = PathBuf::from(place.path);
    let Some(elsewhere) = place.elsewhere.map(PathBuf::from) else { return Ok((root.clone(), path)) };
    // Another process's root, and nothing else.
    let names = named(&elsewhere).unwrap_or_default();
    if names != ["root"] {
        return Err(Errno::EACCES);
    }
    Ok((Root::elsewhere(&elsewhere).map_err(|e| e.number())?, path))
}

/// For reading, without waiting, and nothing but what may be passed.
fn open(root: &Root, place: RootedPath, flags: i32) -> nix::Result<OwnedFd> {
    let allowed = OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY | OFlag::O_PATH;
    let flags = OFlag::from_bits_truncate(flags) & allowed | OFlag::O_NONBLOCK;
    let is_elsewhere = place.elsewhere.is_some();
    let (root, path) = resolve(root, place)?;
    // Looked at before it is opened, since opening a device may already do something.
    let follow = !flags.contains(OFlag::O_NOFOLLOW);
    let before = if follow { root.stat(&path) } else { root.lstat(&path) };
    if !is_passed(&before.map_err(|e| e.number())?) {
        return Err(Errno::EACCES);
    }
    let file = root.open_with(&path, flags, 0).map_err(|e| e.number())?;
    let after = Stat::from_fd(&file).map_err(|error| errno(&error))?;
    let of_proc = fstatfs(&file)?.filesystem_type() == PROC_SUPER_MAGIC;
    let passed = is_passed(&after) && (!of_proc || (!is_elsewhere && may_pass(&path)));
    if passed { Ok(OwnedFd::from(file)) } else { Err(Errno::EACCES) }
}

fn is_passed(stat: &Stat) -> bool {
    matches!(stat.kind, FileKind::Regular | FileKind::Dir)
}

/// What is passed of `/proc`: whose a process is, how it was started and what it has open, never its memory. By the name
/// that was asked for, which is no link that leads elsewhere.
fn may_pass(path: &Path) -> bool {
    match named(path).unwrap_or_default().as_slice() {
        [name] => ["cmdline", "environ", "fd", "fdinfo", "stat", "status"].contains(name),
        ["fdinfo", fd] => fd.parse::<u32>().is_ok(),
        _ => false,
    }
}

/// The names behind the number of a process, in a path below `/proc`.
fn named(path: &Path) -> Option<Vec<&str>> {
    let mut parts = path.components();
    if parts.next()? != Component::RootDir || parts.next()?.as_os_str() != "proc" {
        return None;
    }
    ProcessId::new(parts.next()?.as_os_str().to_str()?.parse().ok()?)?;
    let names = parts.map(|part| match part {
        Component::Normal(name) => name.to_str(),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    names.collect()
}

/// A connection on which the question was asked, and nothing more can be said.
fn asked(peer: Peer, question: &[u8], limit: Duration) -> nix::Result<OwnedFd> {
    let failed = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::ECONNREFUSED));
    match peer {
        Peer::Unix(path) => {
            let mut stream = connect_now(&PathBuf::from(path)).map_err(failed)?;
            stream.set_write_timeout(Some(limit)).map_err(failed)?;
            stream.write_all(question).and_then(|()| stream.shutdown(Shutdown::Write)).map_err(failed)?;
            Ok(OwnedFd::from(stream))
        }
        Peer::Tcp(address) if address.ip().is_loopback() => {
            let mut stream = TcpStream::connect_timeout(&address, limit).map_err(failed)?;
            stream.set_write_timeout(Some(limit)).map_err(failed)?;
            stream.write_all(question).and_then(|()| stream.shutdown(Shutdown::Write)).map_err(failed)?;
            Ok(OwnedFd::from(stream))
        }
        Peer::Tcp(_) => Err(Errno::EACCES),
    }
}
