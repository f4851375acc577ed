//! Descriptors on their way from one process to another, and to the numbers at which a program expects them.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The first number that a program is passed (SD_LISTEN_FDS_START).
pub const FIRST: RawFd = 3;

/// sendmsg(2) of some bytes, and with them copies of descriptors. Never waits.
pub fn send(fd: BorrowedFd<'_>, bytes: &[u8], with: &[BorrowedFd<'_>]) -> nix::Result<()> {
    let with: Vec<_> = with.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&with)];
    let rights = if with.is_empty() { &[][..] } else { &rights };
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    sendmsg::<()>(fd.as_raw_fd(), &[IoSlice::new(bytes)], rights, flags, None).map(drop)
}

/// recvmsg(2) of a packet and of the descriptors that come with it, which are close-on-exec: its length, and
/// they. EMFILE where not all of them came.
pub fn receive(fd: BorrowedFd<'_>, bytes: &mut [u8], flags: MsgFlags) -> nix::Result<(usize, Vec<OwnedFd>)> {
    /// SCM_MAX_FD.
    const MOST: usize = 253;
    let mut room = nix::cmsg_space!([RawFd; MOST], libc::ucred);
    let mut iov = [IoSliceMut::new(bytes)];
    let flags = flags | MsgFlags::MSG_CMSG_CLOEXEC;
    let got = recvmsg::<()>(fd.as_raw_fd(), &mut iov, Some(&mut room), flags)?;
    let mut with = Vec::new();
    for part in got.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = part {
            // SAFETY: the kernel has just made these descriptors, and nobody else knows them.
            with.extend(fds.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    if got.flags.contains(MsgFlags::MSG_CTRUNC) { Err(Errno::EMFILE) } else { Ok((got.bytes, with)) }
}

/// Do both lead to the same open file (kcmp(2))? Where the kernel cannot tell, the same file opened alike is taken
/// for it (systemd's `same_fd`).
pub fn is_same(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    const FILE: libc::c_int = 0;
    let (own, numbers) = (std::process::id(), [one, other].map(|fd| libc::c_long::from(fd.as_raw_fd())));
    // SAFETY: takes integers alone.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, own, own, FILE, numbers[0], numbers[1]) };
    if let Ok(order) = Errno::result(order) {
        return order == 0;
    }
    let what = |fd: BorrowedFd<'_>| {
        let stat = nix::sys::stat::fstat(fd).ok()?;
        let flags = fcntl(fd, FcntlArg::F_GETFL).ok()?;
        Some((stat.st_dev, stat.st_ino, stat.st_mode, stat.st_rdev, flags))
    };
    what(one).is_some_and(|one| Some(one) == what(other))
}

/// The same open file, at a number that leaves room for so many passed ones.
///
/// # Errors
/// There are no descriptors to be had.
pub fn out_of_the_way(fd: impl AsFd, passed: usize) -> nix::Result<OwnedFd> {
    let above = RawFd::try_from(passed).ok().and_then(|n| n.checked_add(FIRST)).ok_or(Errno::EMFILE)?;
    let moved = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(above))?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(moved) })
}

/// Passes them on to the program that is executed next, from [`FIRST`] on. In a process that has forked and uses
/// nothing any more that it had open at these numbers.
///
/// # Errors
/// The limit on open files is too low.
pub fn pass(fds: Vec<OwnedFd>) -> nix::Result<()> {
    let count = fds.len();
    // None of them may be written over before its turn.
    let fds = fds.into_iter().map(|fd| out_of_the_way(fd, count)).collect::<nix::Result<Vec<_>>>()?;
    for (fd, number) in fds.iter().zip(FIRST..) {
        // SAFETY: takes two integers; whatever owned the number is used no more, as the caller vouches.
        Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) })?;
    }
    // What a close may wait for is for exec.
    std::mem::forget(fds);
    Ok(())
}

/// Closes these by their numbers. In a process that has forked and whose end may wait for what it gets next: their
/// owners are used no more.
pub fn give_up(fds: &[RawFd]) {
    for fd in fds {
        // SAFETY: takes an integer.
        unsafe { libc::close(*fd) };
    }
}
