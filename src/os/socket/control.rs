//! The socket that commands go through: whole packets, and a time limit for whatever could block.

use super::{MESSAGE, address_in, bind_at, new_socket, next_length};
use crate::os::clock;
use crate::os::error::{Error, Result};
use crate::os::poll::{Interest, wait};
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use crate::os::sys;
use nix::errno::Errno;
use nix::sys::socket::{Backlog, MsgFlags, SockType, UnixAddr, connect, getsockopt, listen, send, sockopt};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// A listening socket for commands (SOCK_SEQPACKET: one packet, one request).
#[derive(Debug)]
pub struct Listener {
    fd: OwnedFd,
}

/// One end of a conversation.
#[derive(Debug)]
pub struct Connection {
    fd: OwnedFd,
}

impl Listener {
    /// Binds it at a path with this mode, in place of what an earlier one left.
    pub fn bind(root: &Root, path: &Path, mode: u32) -> Result<Listener> {
        let fail = |e: Errno| Error::new("listen at", root.outer(path), e);
        let fd = new_socket(SockType::SeqPacket).map_err(fail)?;
        bind_at(&fd, root, path, mode)?;
        listen(&fd, Backlog::new(64).map_err(fail)?).map_err(fail)?;
        Ok(Listener { fd })
    }

    /// The next caller, without blocking.
    pub fn accept(&self) -> Result<Option<Connection>> {
        match sys::accept(self.fd.as_fd()) {
            Ok(fd) => Ok(Some(Connection { fd })),
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNABORTED) => Ok(None),
            Err(e) => Err(Error::new("accept", "control connection", e)),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Connection {
    /// Connects to a listener. A full queue is waited for until the time is over (TimedOut); with
    /// nobody listening it is ECONNREFUSED or not found.
    pub fn open(root: &Root, path: &Path, time: Duration) -> Result<Connection> {
        let fail = |e: Errno| Error::new("connect to", root.outer(path), e);
        let fd = new_socket(SockType::SeqPacket).map_err(fail)?;
        let deadline = clock::now().saturating_add(time);
        with_address(root, path, |address| {
            loop {
                match connect(fd.as_raw_fd(), address) {
                    Ok(()) => return Ok(()),
                    // poll(2) cannot wait for room in the queue of a Unix socket.
                    Err(Errno::EAGAIN | Errno::EINTR) if clock::now() < deadline => {
                        wait(&[], Some(Duration::from_millis(5))).map_err(|_| Errno::EINTR)?;
                    }
                    Err(Errno::EAGAIN | Errno::EINTR) => return Err(Errno::ETIMEDOUT),
                    Err(e) => return Err(e),
                }
            }
        })
        .map_err(fail)?;
        Ok(Connection { fd })
    }

    /// Sends one packet; within the time.
    pub fn send(&self, packet: &[u8], time: Duration) -> Result<()> {
        let outcome = self.in_time(Interest::Write, time, || {
            send(self.fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT)
        });
        outcome.map(drop).map_err(|e| Error::new("write", "control socket", e))
    }

    /// The next packet within the time; empty when the other side has closed. One longer than
    /// 64 KiB is an error.
    pub fn receive(&self, time: Duration) -> Result<Vec<u8>> {
        let outcome = self.in_time(Interest::Read, time, || {
            let mut bytes = vec![0; next_length(&self.fd)?.min(MESSAGE)];
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
            let length = nix::sys::socket::recv(self.fd.as_raw_fd(), &mut bytes, flags)?;
            if length > MESSAGE { Err(Errno::EMSGSIZE) } else { Ok(bytes) }
        });
        match outcome {
            Ok(bytes) => Ok(bytes),
            Err(Errno::ECONNRESET) => Ok(Vec::new()),
            Err(e) => Err(Error::new("read", "control socket", e)),
        }
    }

    /// The user at the other end, as of when it connected.
    pub fn peer(&self) -> Result<(Option<ProcessId>, u32, u32)> {
        let peer = getsockopt(&self.fd, sockopt::PeerCredentials)
            .map_err(|e| Error::new("examine", "control socket", e))?;
        Ok((ProcessId::new(peer.pid()), peer.uid(), peer.gid()))
    }

    fn in_time<T>(
        &self,
        interest: Interest,
        time: Duration,
        mut call: impl FnMut() -> nix::Result<T>,
    ) -> nix::Result<T> {
        let deadline = clock::now().saturating_add(time);
        loop {
            match call() {
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                outcome => return outcome,
            }
            let left = deadline.saturating_sub(clock::now());
            if left.is_zero() {
                return Err(Errno::ETIMEDOUT);
            }
            wait(&[(self.fd.as_fd(), interest)], Some(left)).map_err(|_| Errno::EINTR)?;
        }
    }
}

impl From<Connection> for OwnedFd {
    fn from(connection: Connection) -> OwnedFd {
        connection.fd
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn with_address<T>(
    root: &Root,
    path: &Path,
    call: impl FnOnce(&UnixAddr) -> nix::Result<T>,
) -> nix::Result<T> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::EINVAL) };
    let raw = |e: Error| Errno::from_raw(e.errno().unwrap_or(libc::EINVAL));
    let folder = root.open_dir(parent).map_err(raw)?;
    call(&address_in(root, path, &folder, name)?)
}
