//! Namespaces that the processes of a service share, namespaces(7): networks, System V IPC; and those of users.
#![allow(unsafe_code)]

use super::error::errno;
use super::inherited::only_descriptors;
use super::poll::{self, Interest};
use super::proc::ProcessId;
use super::{fork, kill};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::statfs::{NSFS_MAGIC, PROC_SUPER_MAGIC, fstatfs};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, close, read, write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What the processes in it have of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Interfaces, addresses and abstract sockets.
    Network,
    /// System V IPC and POSIX message queues.
    Ipc,
}

impl Space {
    fn name(self) -> &'static str {
        match self {
            Space::Network => "net",
            Space::Ipc => "ipc",
        }
    }

    fn flag(self) -> CloneFlags {
        match self {
            Space::Network => CloneFlags::CLONE_NEWNET,
            Space::Ipc => CloneFlags::CLONE_NEWIPC,
        }
    }

    /// Does this kernel have such namespaces?
    #[must_use]
    pub fn is_known(self) -> bool {
        nix::unistd::access(&*format!("/proc/self/ns/{}", self.name()), nix::unistd::AccessFlags::F_OK)
            .is_ok()
    }

    /// A new one, which lives as long as it is held or somebody is in it. In that of a network the loopback
    /// interface is up. Made by a child, so that this process never leaves its own.
    ///
    /// # Errors
    /// The kernel's: EPERM where a container forbids it; ETIME after [`PATIENCE`].
    pub fn make(self) -> nix::Result<OwnedFd> {
        let (ours, theirs) = UnixStream::pair().map_err(|e| errno(&e))?;
        let child = fork::child(None, |_| {
            // The kernel may keep it for ever, and nobody is to wait for a lock or a socket with it.
            if only_descriptors(&[ours.as_fd(), theirs.as_fd()], false).is_err() {
                return fork::BROKEN;
            }
            let made = unshare(self.flag());
            if made.is_ok() && self == Space::Network {
                // systemd goes on without as well.
                let _ = loopback_up();
            }
            say(&theirs, made);
            // Until the other side has taken hold of it.
            let _ = close(ours.as_raw_fd());
            let _ = read(&theirs, &mut [0]);
            0
        });
        let child = child.map_err(|e| Errno::from_raw(e.errno().unwrap_or(libc::EAGAIN)))?;
        drop(theirs);
        let made = heard(&ours, PATIENCE).and_then(|()| self.of_process(child));
        drop(ours);
        buried(child, made)
    }

    /// That of a process.
    ///
    /// # Errors
    /// It has ended.
    pub fn of_process(self, process: ProcessId) -> nix::Result<OwnedFd> {
        Space::at(Path::new(&format!("/proc/{}/ns/{}", process.get(), self.name())))
    }

    /// One that a file stands for, as `ip netns add` makes them, held by its path.
    ///
    /// # Errors
    /// EINVAL: it is none.
    pub fn held(held: &OwnedFd) -> nix::Result<OwnedFd> {
        // Before 3.19 they were of proc.
        if ![NSFS_MAGIC, PROC_SUPER_MAGIC].contains(&fstatfs(held)?.filesystem_type()) {
            return Err(Errno::EINVAL);
        }
        Space::at(Path::new(&format!("/proc/self/fd/{}", held.as_raw_fd())))
    }

    /// One by a path that root alone leads.
    ///
    /// # Errors
    /// There is no such file. What else it is shows when it is entered.
    pub fn at(path: &Path) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        open(path, flags, Mode::empty())
    }

    /// Goes into one.
    ///
    /// # Errors
    /// EPERM without the right, EINVAL where it is none of this kind.
    pub fn enter(self, space: impl AsFd) -> nix::Result<()> {
        setns(space, self.flag())
    }
}

/// Tells the other side, as one byte: 0, or the kernel's number.
fn say(to: &UnixStream, done: nix::Result<()>) {
    let code = done.err().map_or(0, |errno| u8::try_from(errno as i32).unwrap_or(u8::MAX));
    let _ = write(to, &[code]);
}

/// How long the kernel may take for a namespace. It waits for all others that come and go, and in a container it may
/// wait for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the other side told, also where it ended without a word; ETIME where it says nothing for so long.
fn heard(from: &UnixStream, limit: Duration) -> nix::Result<()> {
    let said = poll::wait(&[(from.as_fd(), Interest::Read)], Some(limit));
    if said.map_err(|e| e.number())?.is_empty() {
        return Err(Errno::ETIME);
    }
    let mut code = [0_u8];
    match (read(from, &mut code)?, code) {
        (1, [0]) => Ok(()),
        (1, [code]) => Err(Errno::from_raw(code.into())),
        _ => Err(Errno::ECHILD),
    }
}

/// Waits for the end of a child that has nothing more to do. One that hangs in the kernel is killed and left to
/// whoever reaps this process's children, as it ends when the kernel lets go of it.
fn buried<T>(child: ProcessId, made: nix::Result<T>) -> nix::Result<T> {
    if matches!(made, Err(Errno::ETIME)) {
        let _ = kill::child(child, Signal::SIGKILL as i32);
        return made;
    }
    waitpid(Pid::from_raw(child.get()), None)?;
    made
}

/// struct ifreq of netdevice(7), as far as its flags: the rest is there since the kernel copies all of it.
#[repr(C)]
struct Interface {
    name: [u8; 16],
    flags: libc::c_short,
    rest: [u8; 22],
}

/// SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP.
const GET_FLAGS: u16 = 0x8913;
const SET_FLAGS: u16 = 0x8914;
const UP: libc::c_short = 1;

/// Its addresses come with it.
fn loopback_up() -> nix::Result<()> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    let mut lo = Interface { name: [0; 16], flags: 0, rest: [0; 22] };
    lo.name.iter_mut().zip(b"lo").for_each(|(to, from)| *to = *from);
    // SAFETY: `lo` has the kernel's layout and size, and lives through the call. So below.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), GET_FLAGS as _, &raw mut lo) })?;
    lo.flags |= UP;
    // SAFETY: as above.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), SET_FLAGS as _, &raw mut lo) }).map(drop)
}

/// Which users and groups of the host are seen in a namespace, each as itself; all others are nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Numbers of users.
    pub users: Vec<u32>,
    /// Numbers of groups.
    pub groups: Vec<u32>,
}

/// A namespace of users of its own, in which it may do all and which gives it no right outside
/// (`setup_private_users` of systemd 252). A child that stays outside writes who is seen, for which this
/// process has no right any more.
///
/// # Errors
/// The kernel's: ENOSPC where none are allowed, EINVAL where it has none.
pub fn own_users(seen: &Seen) -> nix::Result<()> {
    let map = |ids: &[u32]| ids.iter().map(|id| format!("{id} {id} 1\n")).collect::<String>();
    let (users, groups) = (map(&seen.users), map(&seen.groups));
    let own = format!("/proc/{}", std::process::id());
    let (ours, theirs) = UnixStream::pair().map_err(|e| errno(&e))?;
    let child = fork::child(None, |_| {
        let _ = close(ours.as_raw_fd());
        // It ends without a word where there is no namespace.
        if heard(&theirs, PATIENCE).is_ok() {
            let deny = match set(&format!("{own}/setgroups"), "deny\n") {
                // Before Linux 3.19.
                Err(Errno::ENOENT) => Ok(()),
                done => done,
            };
            let written = deny.and_then(|()| set(&format!("{own}/gid_map"), &groups));
            say(&theirs, written.and_then(|()| set(&format!("{own}/uid_map"), &users)));
        }
        0
    });
    let child = child.map_err(|e| Errno::from_raw(e.errno().unwrap_or(libc::EAGAIN)))?;
    drop(theirs);
    let made = unshare(CloneFlags::CLONE_NEWUSER).and_then(|()| {
        say(&ours, Ok(()));
        heard(&ours, PATIENCE)
    });
    drop(ours);
    buried(child, made)
}

/// Writes a file of the kernel's at once.
fn set(path: &str, text: &str) -> nix::Result<()> {
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(&file, text.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_says_nothing_is_not_waited_for() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let limit = Duration::from_millis(20);
        assert_eq!(heard(&ours, limit), Err(Errno::ETIME));
        say(&theirs, Err(Errno::EPERM));
        assert_eq!(heard(&ours, limit), Err(Errno::EPERM));
        say(&theirs, Ok(()));
        assert_eq!(heard(&ours, limit), Ok(()));
        drop(theirs);
        assert_eq!(heard(&ours, limit), Err(Errno::ECHILD));
    }
}
