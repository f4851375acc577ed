//! Unix sockets: where they are bound and how they are reached; those of the supervisor stand in
//! `notify`, `control` and `store`.
//!
//! Promise: nothing blocks but what has a time limit.

mod control;
mod hold;
mod listening;
mod notify;
mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use control::{Connection, Listener};
pub use listening::listeners;
pub use notify::{Message, NotifySocket, Received, notify};
pub use store::{Keeper, MOST, Word, fetch};

use super::error::{Error, Result};
use super::root::Root;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, UnixAddr, bind, connect, getsockopt, socket,
    sockopt::PeerCredentials,
};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The longest message that is taken; systemd's own limit is a page.
const MESSAGE: usize = 64 << 10;

/// How long the next message is, which stays where it is: so that an idle supervisor need not have had
/// room for the longest one.
fn next_length(fd: &OwnedFd) -> nix::Result<usize> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
    nix::sys::socket::recv(fd.as_raw_fd(), &mut [0], flags)
}

/// Does the kernel have an audit for this host (`use_audit` of systemd)? Only where it says that it has none, or
/// none for us, it has none.
#[must_use]
pub fn can_audit() -> bool {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let opened = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkAudit);
    !matches!(opened, Err(Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT | Errno::EPERM))
}

fn new_socket(kind: SockType) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Unix, kind, flags, None)
}

/// In folders that nobody else can write: what somebody put in the socket's place would get its mode.
fn bind_at(fd: &OwnedFd, root: &Root, path: &Path, mode: u32) -> Result<()> {
    let fail = |e: Errno| Error::new("bind", root.outer(path), e);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(fail(Errno::EINVAL));
    };
    let folder = root.open_dir(parent)?;
    let address = address_in(root, path, &folder, name).map_err(fail)?;
    let mut bound = bind(fd.as_raw_fd(), &address);
    if bound == Err(Errno::EADDRINUSE) {
        // What an earlier one left.
        bound =
            unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir).and_then(|()| bind(fd.as_raw_fd(), &address));
    }
    bound.map_err(fail)?;
    fchmodat(&folder, name, Mode::from_bits_truncate(mode), FchmodatFlags::FollowSymlink).map_err(fail)
}

/// A Unix address holds 107 bytes: a longer path, and any path below a folder root, goes by way of
/// the folder's descriptor.
fn address_in(root: &Root, path: &Path, folder: &OwnedFd, name: &OsStr) -> nix::Result<UnixAddr> {
    let outer = root.outer(path);
    if root.is_host() && outer.as_os_str().len() < 108 {
        return UnixAddr::new(&outer);
    }
    UnixAddr::new(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name))
}

/// A way to whoever receives datagrams there, or listens for streams; nothing that is sent waits.
///
/// # Errors
/// Nobody is there; EPROTOTYPE where he takes the other kind.
pub fn sender_now(path: &Path, kind: SockType) -> std::io::Result<OwnedFd> {
    let fd = new_socket(kind)?;
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(fd)
}

/// A stream to a listening socket on which nothing waits.
///
/// # Errors
/// Nobody listens, or the queue is full.
pub fn sender_stream(path: &Path) -> std::io::Result<UnixStream> {
    sender_now(path, SockType::Stream).map(UnixStream::from)
}

/// A way to whoever is at a name in a folder, of whatever kind he takes (`connect_unix_harder`). Nothing waits for him;
/// what is sent later does.
pub(super) fn connect_at(folder: &OwnedFd, name: &OsStr) -> nix::Result<OwnedFd> {
    let address = UnixAddr::new(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name))?;
    let mut last = Err(Errno::EPROTOTYPE);
    for kind in [SockType::Datagram, SockType::Stream, SockType::SeqPacket] {
        let fd = new_socket(kind)?;
        last = connect(fd.as_raw_fd(), &address).map(|()| fd);
        if !matches!(last, Err(Errno::EPROTOTYPE)) {
            break;
        }
    }
    last.and_then(|fd| fcntl(&fd, FcntlArg::F_SETFL(OFlag::empty())).map(|_| fd))
}

/// The process that began to listen where this stream leads to, and its effective user.
///
/// # Errors
/// It is no stream of a unix socket.
pub fn peer(stream: &UnixStream) -> nix::Result<(i32, u32)> {
    let peer = getsockopt(stream, PeerCredentials)?;
    Ok((peer.pid(), peer.uid()))
}

/// A stream to a listening socket, without waiting: a full queue of a process that hangs is an error
/// at once.
///
/// # Errors
/// Nobody listens, or the queue is full.
pub fn connect_now(path: &Path) -> std::io::Result<UnixStream> {
    let stream = UnixStream::from(sender_now(path, SockType::Stream)?);
    stream.set_nonblocking(false)?;
    Ok(stream)
}
