//! A process that holds the descriptors of a message while another one removes the message.
//!
//! Whoever drops the last reference to an open file carries out its close, and that may take as long as
//! the file's owner likes: a TCP socket with SO_LINGER, the last name of a huge file, a file of a server
//! that is gone. The kernel drops what a message carries in the process that reads it, whether there was
//! room for it or not. So a child reads the message first and leaves it in the queue (MSG_PEEK), which
//! gives it descriptors of its own; what the reader drops then is never the last reference, and what
//! waits, waits in the end of the child.
#![allow(unsafe_code)]

use crate::os::fork;
use crate::os::proc::ProcessId;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::Pid;
use std::io::Read;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the child may take: it makes a handful of calls, none of which waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a message may carry: SCM_MAX_FD descriptors, credentials, and what the heads of both take.
const CONTROL: usize = 253 * size_of::<RawFd>() + 128;

/// The descriptors that can be open where the kernel has no close_range(2).
const NUMBERS: RawFd = 4096;

/// A child that holds what the next message carries.
#[derive(Debug)]
pub(super) struct Holder {
    pid: ProcessId,
    /// Its end of file is what the child waits for.
    channel: UnixStream,
}

impl Holder {
    /// Lets it end, which closes what it holds. To be called when the message has been removed.
    pub(super) fn release(self) -> ProcessId {
        drop(self.channel);
        self.pid
    }
}

/// Has the next message's descriptors held.
///
/// # Errors
/// There is no process to be had, or it could not get hold of all of them.
pub(super) fn next(socket: BorrowedFd<'_>) -> nix::Result<Holder> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, flags)?;
    // SAFETY: the child makes system calls on its own stack alone.
    let child = unsafe { fork::bare(|| hold(socket.as_raw_fd(), theirs.as_raw_fd())) }?;
    held_by(child, ours, theirs)
}

/// Waits for the child's word. One that does not give it is ended, and is the caller's to reap.
fn held_by(pid: ProcessId, ours: OwnedFd, theirs: OwnedFd) -> nix::Result<Holder> {
    drop(theirs);
    let mut channel = UnixStream::from(ours);
    let told = channel.set_read_timeout(Some(PATIENCE)).and_then(|()| channel.read_exact(&mut [0]));
    match told {
        Ok(()) => Ok(Holder { pid, channel }),
        Err(_) => {
            let _ = kill(Pid::from_raw(pid.get()), Signal::SIGKILL);
            Err(Errno::EMFILE)
        }
    }
}

/// The child's whole life: async-signal-safe calls, no allocation, no panic.
fn hold(socket: RawFd, channel: RawFd) -> u8 {
    // SAFETY: nothing of this process is used but what stands here. All descriptors but the two are
    // closed first: locks and pipes of the parent must not live on in whatever keeps this process.
    unsafe {
        libc::dup2(socket, 0);
        libc::dup2(channel, 1);
        if libc::syscall(libc::SYS_close_range, 2, libc::c_uint::MAX, 0) != 0 {
            for fd in 2..NUMBERS {
                libc::close(fd);
            }
        }
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
        let mut control = [0_u64; CONTROL / 8];
        let mut byte = 0_u8;
        let mut iov = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        let mut head: libc::msghdr = std::mem::zeroed();
        (head.msg_iov, head.msg_iovlen) = (&raw mut iov, 1);
        head.msg_control = control.as_mut_ptr().cast();
        // The type of the length differs between C libraries.
        head.msg_controllen = size_of_val(&control) as _;
        let got =
            libc::recvmsg(0, &raw mut head, libc::MSG_PEEK | libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC);
        libc::close(0);
        if got >= 0 && head.msg_flags & libc::MSG_CTRUNC == 0 {
            libc::write(1, (&raw const byte).cast(), 1);
            while libc::read(1, (&raw mut byte).cast(), 1) == -1 && Errno::last() == Errno::EINTR {}
        }
    }
    0
}
