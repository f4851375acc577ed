//! Raw system calls that nix lacks. Each is one call with a safe face.
#![allow(unsafe_code)]

use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// A descriptor for a process (Linux 5.3).
pub fn pidfd_open(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    // SAFETY: takes two integers; touches no memory of ours.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor, close-on-exec, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends a signal through such a descriptor (Linux 5.1). Signal 0 only asks.
pub fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> nix::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: integers and a null pointer, which the call allows.
    let done = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0) };
    Errno::result(done).map(drop)
}

/// Is close_range(2) there (Linux 5.9)? Asked with a range that holds no descriptor.
pub fn has_close_range() -> bool {
    // SAFETY: integers; no descriptor can have these numbers, so nothing is closed.
    unsafe { libc::syscall(libc::SYS_close_range, libc::c_uint::MAX, libc::c_uint::MAX, 0) == 0 }
}

/// kill(2), real-time signals included. `pid` as there: negative for a process group.
pub fn kill(pid: libc::pid_t, signal: i32) -> nix::Result<()> {
    // SAFETY: takes two integers.
    Errno::result(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// An anonymous file in memory (Linux 3.17), close-on-exec.
pub fn memfd_create(name: &std::ffi::CStr) -> nix::Result<OwnedFd> {
    // SAFETY: `name` is a C string that lives through the call.
    let fd =
        Errno::result(unsafe { libc::syscall(libc::SYS_memfd_create, name.as_ptr(), libc::MFD_CLOEXEC) })?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: as in pidfd_open.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Orphans below this process become its children (Linux 3.4).
pub fn become_subreaper() -> nix::Result<()> {
    // SAFETY: prctl with integers only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }).map(drop)
}

/// A copy whose number is at least `least`, close-on-exec.
pub fn dup_above(fd: BorrowedFd<'_>, least: i32) -> nix::Result<OwnedFd> {
    // SAFETY: an fcntl command that takes an integer.
    let copy = Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) })?;
    // SAFETY: as in pidfd_open.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// accept4(2) without the caller's address: non-blocking and close-on-exec.
pub fn accept(fd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    let (flags, no_address) = (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, std::ptr::null_mut());
    // SAFETY: null pointers for the address are allowed.
    let accepted = unsafe { libc::accept4(fd.as_raw_fd(), no_address, std::ptr::null_mut(), flags) };
    let accepted = Errno::result(accepted)?;
    // SAFETY: as in pidfd_open.
    Ok(unsafe { OwnedFd::from_raw_fd(accepted) })
}

/// F_SETPIPE_SZ: the new capacity in bytes.
pub fn set_pipe_size(fd: BorrowedFd<'_>, bytes: i32) -> nix::Result<i32> {
    // SAFETY: an fcntl command that takes an integer.
    Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETPIPE_SZ, bytes) })
}

/// A child that ended, with what it used: `(pid, raw status, usage)`; `None` while it runs.
pub fn wait4(pid: libc::pid_t) -> nix::Result<Option<(libc::pid_t, i32, libc::rusage)>> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live variables of the right type.
    let reaped = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    let reaped = Errno::result(reaped)?;
    // SAFETY: zeroed is a valid rusage (integers only), and the kernel may have filled it.
    let usage = unsafe { usage.assume_init() };
    Ok((reaped != 0).then_some((reaped, status, usage)))
}

/// The width of a terminal in characters.
pub fn columns(fd: BorrowedFd<'_>) -> nix::Result<u16> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` lives through the call and is what this request fills.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    Errno::result(done).map(|_| size.ws_col)
}

/// Gives a signal its default action.
pub fn default_action(signal: i32) -> nix::Result<()> {
    // SAFETY: SIG_DFL runs no code of ours.
    let old = unsafe { libc::signal(signal, libc::SIG_DFL) };
    if old == libc::SIG_ERR { Err(Errno::last()) } else { Ok(()) }
}

/// The descriptors that were taken over, by number: each can be owned once.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Owns a descriptor that came with exec, and makes it close-on-exec. Only 3 to 63, and each once
/// (EBUSY).
pub fn take_inherited(fd: i32) -> nix::Result<OwnedFd> {
    if !(3..64).contains(&fd) {
        return Err(Errno::EBADF);
    }
    // SAFETY: an fcntl command that takes an integer; fails where nothing is open.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    if TAKEN.fetch_or(1 << fd, Ordering::Relaxed) & (1 << fd) != 0 {
        return Err(Errno::EBUSY);
    }
    // SAFETY: it is open, and the mark just set keeps it from being owned a second time.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
