//! Unix sockets: the one that a service reports its state to, the one that commands go through, and
//! the sending side of sd_notify(3).
//!
//! Promises: nothing blocks but what has a time limit; a sender is who the kernel says it is
//! (SCM_CREDENTIALS); descriptors that come uninvited are closed at once.

use super::clock;
use super::error::{Error, Result};
use super::poll::{Interest, wait};
use super::proc::ProcessId;
use super::root::Root;
use super::sys;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, UnixCredentials,
    bind, connect, getsockopt, listen, recvmsg, send, sendto, setsockopt, socket, sockopt,
};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::OsStr;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// The longest message that is taken; systemd's own limit is a page.
const MESSAGE: usize = 64 << 10;

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

/// How long the next message is, which stays where it is: so that an idle supervisor need not have had
/// room for the longest one.
fn next_length(fd: &OwnedFd) -> nix::Result<usize> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
    nix::sys::socket::recv(fd.as_raw_fd(), &mut [0], flags)
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

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
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

/// One datagram, without waiting: a queue that is full is an error at once.
///
/// # Errors
/// Nobody is there, or the queue is full.
pub fn send_now(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to(bytes, path).map(drop)
}

/// A stream to a listening socket, without waiting: a full queue of a process that hangs is an error
/// at once.
///
/// # Errors
/// Nobody listens, or the queue is full.
pub fn connect_now(path: &std::path::Path) -> std::io::Result<std::os::unix::net::UnixStream> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
    use std::os::fd::AsRawFd;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    let stream = std::os::unix::net::UnixStream::from(fd);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use nix::sys::socket::{ControlMessage, sendmsg};
    use std::io::IoSlice;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_state_arrives_with_its_sender() {
        let scratch = Scratch::new();
        let host = Root::host().unwrap();
        let path = scratch.0.join("notify");
        let socket = NotifySocket::bind(&host, &path).unwrap();
        assert_eq!(host.lstat(&path).unwrap().mode, 0o666);
        assert_eq!(socket.receive().unwrap(), None);
        notify(path.to_str().unwrap(), "READY=1\nSTATUS=up").unwrap();
        let got = socket.receive().unwrap().unwrap();
        let me = nix::unistd::geteuid().as_raw();
        assert_eq!((got.pid, got.uid), (Some(ProcessId::own()), me));
        assert_eq!(got.bytes, b"READY=1\nSTATUS=up");
        assert!(notify("relative", "READY=1").is_err());
        assert!(notify("/nonexistent/x", "READY=1").unwrap_err().is_not_found());
        assert_eq!(notify("@amr-nobody", "X=1").unwrap_err().errno(), Some(libc::ECONNREFUSED));
        // A second supervisor takes the name over.
        let second = NotifySocket::bind(&host, &path).unwrap();
        notify(path.to_str().unwrap(), "STOPPING=1").unwrap();
        assert!(socket.receive().unwrap().is_none() && second.receive().unwrap().is_some());
    }

    #[test]
    fn uninvited_descriptors_are_closed_and_long_messages_passed_over() {
        let scratch = Scratch::new();
        let host = Root::host().unwrap();
        let path = scratch.0.join("notify");
        let socket = NotifySocket::bind(&host, &path).unwrap();
        let sender = new_socket(SockType::Datagram).unwrap();
        connect(sender.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
        let rights = [writer.as_raw_fd(); 3];
        let control = [ControlMessage::ScmRights(&rights)];
        let flags = MsgFlags::empty();
        sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(b"FDSTORE=1")], &control, flags, None).unwrap();
        drop(writer);
        assert_eq!(socket.receive().unwrap().unwrap().bytes, b"FDSTORE=1");
        // The end of file shows that no copy is open any more.
        assert_eq!(wait(&[(reader.as_fd(), Interest::Read)], Some(SECOND)).unwrap(), [0]);
        send(sender.as_raw_fd(), &vec![b'x'; MESSAGE + 1], flags).unwrap();
        send(sender.as_raw_fd(), b"READY=1", flags).unwrap();
        assert_eq!(socket.receive().unwrap().unwrap().bytes, b"READY=1");
    }

    #[test]
    fn a_conversation_with_time_limits_also_on_long_paths() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let folder = Path::new("/").join("d".repeat(120));
        root.create_dir_all(&folder, 0o700).unwrap();
        let path = folder.join("control");
        assert!(Connection::open(&root, &path, SECOND).unwrap_err().is_not_found());
        let listener = Listener::bind(&root, &path, 0o600).unwrap();
        assert_eq!(root.lstat(&path).unwrap().mode, 0o600);
        assert!(listener.accept().unwrap().is_none());
        let client = Connection::open(&root, &path, SECOND).unwrap();
        let server = listener.accept().unwrap().unwrap();
        assert_eq!(server.peer().unwrap().0, Some(ProcessId::own()));
        client.send(b"stop", SECOND).unwrap();
        client.send(b"status", SECOND).unwrap();
        assert_eq!(server.receive(SECOND).unwrap(), b"stop");
        assert_eq!(server.receive(SECOND).unwrap(), b"status");
        let late = server.receive(Duration::from_millis(20)).unwrap_err();
        assert_eq!(late.errno(), Some(libc::ETIMEDOUT));
        drop(client);
        assert_eq!(server.receive(SECOND).unwrap(), b"");
        assert_eq!(server.send(b"x", SECOND).unwrap_err().errno(), Some(libc::EPIPE));
        drop(listener);
        let refused = Connection::open(&root, &path, SECOND).unwrap_err();
        assert_eq!(refused.errno(), Some(libc::ECONNREFUSED));
    }
}
