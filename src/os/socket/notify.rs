//! The socket that a service reports its state to, and the sending side of sd_notify(3).
//!
//! A sender is who the kernel says it is (SCM_CREDENTIALS). Descriptors are never taken: a message that
//! carries some is told by a peek, held by another process (`hold`), and only then removed, so that the
//! last close(2) of a descriptor, which may wait for as long as its sender likes, never falls to this one.
//! Those that are to be kept another process has taken by then (`store`).

use super::hold::{self, Holder};
use super::{MESSAGE, bind_at, new_socket};
use crate::os::error::{Error, Result};
use crate::os::proc::ProcessId;
use crate::os::random;
use crate::os::root::{Entry, FileKind, Root};
use crate::os::sys;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::socket::{MsgFlags, SockType, UnixAddr, sendto, setsockopt, sockopt};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{Gid, Uid, fchownat};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The name under which it is made: the kernel shows it to everybody in /proc/net/unix.
const AT_BIRTH: &str = "new";

/// So many characters has the name that it gets then: 48 random bits in hexadecimal.
const NAME_LEN: usize = 12;

/// A datagram from a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it; `None` for a process of another pid namespace.
    pub pid: Option<ProcessId>,
    /// As which user.
    pub uid: u32,
    /// And group.
    pub gid: u32,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// What one read gave.
#[derive(Debug)]
pub struct Received {
    /// `None` for one that is too long: cut, it could say something else.
    pub message: Option<Message>,
    /// The process that closes the descriptors that came with it: a child to be reaped.
    pub holder: Option<ProcessId>,
}

/// The datagram socket of `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct NotifySocket {
    fd: OwnedFd,
    root: Root,
    path: PathBuf,
}

impl NotifySocket {
    /// Binds it in a folder that nobody else can write, for this user alone. Its name is random, unless
    /// an earlier one left its own, which the service still knows; the folder can be entered by all and
    /// listed by nobody, so that whoever was not told the name cannot send anything.
    pub fn bind(root: &Root, folder: &Path) -> Result<NotifySocket> {
        root.chmod(folder, 0o700)?;
        let left = left_name(root, folder)?;
        // Its owner is who may speak to it.
        let owner = left.as_ref().map(|path| root.lstat(path)).transpose()?;
        let path = match left {
            Some(path) => path,
            None => folder.join(random_name()?),
        };
        let fail = |e: Errno| Error::new("bind", root.outer(&path), e);
        let fd = new_socket(SockType::Datagram).map_err(fail)?;
        setsockopt(&fd, sockopt::PassCred, &true).map_err(fail)?;
        let born = folder.join(AT_BIRTH);
        bind_at(&fd, root, &born, 0o600)?;
        root.rename(&born, &path)?;
        let socket = NotifySocket { fd, root: root.clone(), path };
        if let Some(owner) = owner {
            socket.give_to(owner.uid, owner.gid)?;
        }
        root.chmod(folder, 0o711)?;
        Ok(socket)
    }

    /// Its path, inside the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets this user's processes write, and no others but root's. A service that is root's may become
    /// anybody before it reports (named, unbound, openvpn), so that its socket is for all who know its name.
    pub fn give_to(&self, uid: u32, gid: u32) -> Result<()> {
        let fail = |e: Errno| Error::new("change the owner of", self.root.outer(&self.path), e);
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(fail(Errno::EINVAL));
        };
        let folder = self.root.open_dir(folder)?;
        let mode = Mode::from_bits_truncate(if uid == 0 { 0o666 } else { 0o600 });
        let nofollow = AtFlags::AT_SYMLINK_NOFOLLOW;
        fchownat(&folder, name, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), nofollow)
            .and_then(|()| fchmodat(&folder, name, mode, FchmodatFlags::FollowSymlink))
            .map_err(fail)
    }

    /// The next message where it carries descriptors. It stays where it is, and so do they.
    ///
    /// # Errors
    /// Those of the kernel.
    pub fn carried(&self) -> Result<Option<Message>> {
        let dontwait = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC | MsgFlags::MSG_PEEK;
        let peek = |bytes: &mut [u8]| match sys::receive(self.fd.as_fd(), bytes, dontwait) {
            Ok(next) => Ok(Some(next)),
            Err(Errno::EINTR | Errno::EAGAIN) => Ok(None),
            Err(e) => Err(Error::new("read", "notify socket", e)),
        };
        let Some(next) = peek(&mut [0])?.filter(|next| next.carries) else { return Ok(None) };
        let mut bytes = vec![0; next.length.min(MESSAGE)];
        Ok(peek(&mut bytes)?.and_then(|got| message(got.length, got.sender, bytes)))
    }

    /// The next message, without blocking.
    ///
    /// # Errors
    /// Besides those of the kernel: nobody could be found to hold the descriptors that came with it. It
    /// stays where it is then.
    pub fn receive(&self) -> Result<Option<Received>> {
        loop {
            match receive(&self.fd) {
                Ok(arrival) => return Ok(Some(arrival)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(e) => return Err(Error::new("read", "notify socket", e)),
            }
        }
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The socket that an earlier supervisor left in the folder.
fn left_name(root: &Root, folder: &Path) -> Result<Option<PathBuf>> {
    let is_left = |e: &Entry| e.kind == FileKind::Socket && e.name.len() == NAME_LEN;
    Ok(root.list(folder)?.into_iter().find(is_left).map(|e| folder.join(e.name)))
}

/// The last digits of a random UUID: those that say neither version nor variant.
fn random_name() -> Result<String> {
    Ok(random::uuid(&Root::host()?)?.split_off(random::UUID_LEN - NAME_LEN))
}

/// One datagram. Nobody else reads from this socket: what was peeked at is what is read then.
fn receive(fd: &OwnedFd) -> nix::Result<Received> {
    let dontwait = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let next = sys::receive(fd.as_fd(), &mut [0], dontwait | MsgFlags::MSG_PEEK)?;
    let holder = if next.carries { Some(hold::next(fd.as_fd())?) } else { None };
    let mut bytes = vec![0; next.length.min(MESSAGE)];
    let got = sys::receive(fd.as_fd(), &mut bytes, dontwait)?;
    let message = message(got.length, got.sender, bytes);
    Ok(Received { message, holder: holder.map(Holder::release) })
}

/// What was read, if that is all of it.
fn message(length: usize, sender: Option<(i32, u32, u32)>, bytes: Vec<u8>) -> Option<Message> {
    let whole = length == bytes.len();
    sender.filter(|_| whole).map(|(pid, uid, gid)| Message { pid: ProcessId::new(pid), uid, gid, bytes })
}

/// Sends a state to `NOTIFY_SOCKET` (sd_notify(3)): an absolute path, or `@` and an abstract name.
/// Never blocks: a full queue is an error (EAGAIN).
pub fn notify(address: &str, state: &str) -> Result<()> {
    let fail = |e: Errno| Error::new("notify", address, e);
    let to = match address.strip_prefix('@') {
        Some(name) => UnixAddr::new_abstract(name.as_bytes()).map_err(fail)?,
        None if address.starts_with('/') => UnixAddr::new(address).map_err(fail)?,
        None => {
            let cause = "it is neither an absolute path nor an abstract name";
            return Err(Error::other("notify", address, io::ErrorKind::InvalidInput, cause));
        }
    };
    let fd = new_socket(SockType::Datagram).map_err(fail)?;
    sendto(fd.as_raw_fd(), state.as_bytes(), &to, MsgFlags::MSG_NOSIGNAL).map(drop).map_err(fail)
}
