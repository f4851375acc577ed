//! Raw system calls that nix lacks. Each is one call with a safe face.
#![allow(unsafe_code)]

use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

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
