//! A pipe with a name, kept open for both reading and writing by each side.
//!
//! So a service's standard output lives on when its supervisor dies and another one takes over:
//! there is always a reader, no SIGPIPE and no end of file.

use super::error::{Error, Result};
use super::root::{FileKind, Root, Stat};
use super::sys;
use nix::fcntl::OFlag;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// Opens a FIFO for reading and writing, made before if it is not there; something else of that
/// name is an error. `blocking` is for the service's side: its writes wait for the supervisor.
pub fn open(root: &Root, path: &Path, mode: u32, side: Side) -> Result<OwnedFd> {
    let blocking = match side {
        Side::Writer => OFlag::empty(),
        Side::Reader => OFlag::O_NONBLOCK,
    };
    let flags = OFlag::O_RDWR | OFlag::O_NOFOLLOW | blocking;
    let opened = match root.open_with(path, flags, 0) {
        Err(e) if e.is_not_found() => {
            match root.make_fifo(path, mode) {
                Err(e) if e.errno() != Some(libc::EEXIST) => return Err(e),
                Ok(()) | Err(_) => {}
            }
            root.open_with(path, flags, 0)
        }
        opened => opened,
    };
    let fd = OwnedFd::from(opened?);
    let stat = Stat::from_fd(&fd).map_err(|e| Error::new("examine", root.outer(path), e))?;
    if stat.kind != FileKind::Fifo {
        let cause = "it is not a FIFO";
        return Err(Error::other("open", root.outer(path), std::io::ErrorKind::InvalidInput, cause));
    }
    Ok(fd)
}

/// The side of a service, for one that is open as the reader's: a description of its own, so that
/// what the service does to it (O_NONBLOCK) concerns nobody else. Needs /proc.
pub fn writer_of(host: &Root, reader: impl AsFd) -> Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", reader.as_fd().as_raw_fd());
    Ok(OwnedFd::from(host.open_with(Path::new(&path), OFlag::O_RDWR, 0)?))
}

/// A pipe without a name, for this process's side: the reader's does not block, the writer's does, and
/// so with the other end. Reading end first.
pub fn pipe(side: Side) -> Result<(OwnedFd, OwnedFd)> {
    let blocking = match side {
        Side::Writer => OFlag::empty(),
        Side::Reader => OFlag::O_NONBLOCK,
    };
    nix::unistd::pipe2(OFlag::O_CLOEXEC | blocking).map_err(|e| Error::new("create", "pipe", e))
}

/// Who opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Reads without blocking.
    Reader,
    /// Blocks while the pipe is full.
    Writer,
}

/// Makes room for this many bytes, or for what an ordinary user may have (1 MiB), or leaves it
/// as it is (64 KiB). Returns the room.
pub fn widen(fd: impl AsFd, bytes: i32) -> i32 {
    let sizes = [bytes, 1 << 20, 1 << 16];
    let tried = sizes.into_iter().filter(|size| *size <= bytes);
    tried.into_iter().find_map(|size| sys::set_pipe_size(fd.as_fd(), size).ok()).unwrap_or(1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::Sync;
    use crate::os::root::tests::Scratch;

    #[test]
    fn lives_on_without_a_reader() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let path = Path::new("/out");
        let writer = open(&root, path, 0o600, Side::Writer).unwrap();
        let reader = open(&root, path, 0o600, Side::Reader).unwrap();
        assert!(widen(&reader, 1 << 18) >= 1 << 16);
        drop(reader);
        nix::unistd::write(&writer, b"while nobody reads").unwrap();
        let reader = open(&root, path, 0o600, Side::Reader).unwrap();
        let mut bytes = [0; 64];
        assert_eq!(nix::unistd::read(&reader, &mut bytes).unwrap(), 18);
        assert_eq!(nix::unistd::read(&reader, &mut bytes), Err(nix::Error::EAGAIN));
        root.write_atomic(path, b"", 0o600, Sync::No).unwrap();
        assert!(
            open(&root, path, 0o600, Side::Reader).unwrap_err().to_string().ends_with("it is not a FIFO")
        );
    }
}
