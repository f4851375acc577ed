//! The socket that a service reports its state to, and the sending side of sd_notify(3).
//!
//! A sender is who the kernel says it is (SCM_CREDENTIALS); descriptors that come uninvited are closed
//! at once.

use super::{MESSAGE, bind_at, new_socket, next_length};
use crate::os::error::{Error, Result};
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockType, UnixAddr, UnixCredentials, recvmsg, sendto, setsockopt, sockopt,
};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

/// As many descriptors as the kernel lets one message carry (SCM_MAX_FD).
const MAX_FDS: usize = 253;

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

/// The datagram socket of `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct NotifySocket {
    fd: OwnedFd,
}

impl NotifySocket {
    /// Binds it at a path, in place of what an earlier one left. Everybody may write (0666 under
    /// whatever umask): who may speak is decided by the sender's credentials.
    pub fn bind(root: &Root, path: &Path) -> Result<NotifySocket> {
        let fail = |e: Errno| Error::new("bind", root.outer(path), e);
        let fd = new_socket(SockType::Datagram).map_err(fail)?;
        setsockopt(&fd, sockopt::PassCred, &true).map_err(fail)?;
        bind_at(&fd, root, path, 0o666)?;
        Ok(NotifySocket { fd })
    }

    /// The next message, without blocking. One that is too long is passed over: a cut one could say
    /// something else.
    pub fn receive(&self) -> Result<Option<Message>> {
        loop {
            match receive(&self.fd) {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) | Err(Errno::EINTR) => {}
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

/// One datagram; `None` for one without credentials or one that was cut.
fn receive(fd: &OwnedFd) -> nix::Result<Option<Message>> {
    let mut bytes = vec![0; next_length(fd)?.min(MESSAGE)];
    let mut control = cmsg_space!(UnixCredentials, [i32; MAX_FDS]);
    let mut iov = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let got = recvmsg::<()>(fd.as_raw_fd(), &mut iov, Some(&mut control), flags)?;
    let mut sender: Option<UnixCredentials> = None;
    for message in got.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = message {
            fds.into_iter().for_each(close_received);
        } else if let ControlMessageOwned::ScmCredentials(credentials) = message {
            sender = Some(credentials);
        }
    }
    let (length, cut) = (got.bytes, got.flags.contains(MsgFlags::MSG_TRUNC));
    let Some(sender) = sender.filter(|_| !cut) else { return Ok(None) };
    bytes.truncate(length);
    Ok(Some(Message { pid: ProcessId::new(sender.pid()), uid: sender.uid(), gid: sender.gid(), bytes }))
}

#[allow(unsafe_code)]
fn close_received(fd: i32) {
    // SAFETY: the kernel has just put this descriptor into this process for this message; nobody
    // else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
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
