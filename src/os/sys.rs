//! Raw system calls that nix lacks. Each is one call with a safe face.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::socket::MsgFlags;
use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

/// Is pidfd_send_signal(2) there (Linux 5.1)? Asked with a descriptor that nobody can have.
pub fn has_pidfd_send_signal() -> bool {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: integers and a null pointer, which the call allows; the descriptor is none.
    let done = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, -1, 0, no_info, 0) };
    Errno::result(done) == Err(Errno::EBADF)
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

/// Set once the kernel has said that it has no openat2: it is not asked again.
static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// A folder below `root` that stands for `/`: no link and no `..` leads out of it (openat2, Linux
/// 5.6; ENOSYS before). Opened with O_PATH, close-on-exec.
pub fn open_dir_in_root(root: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    /// struct open_how.
    #[repr(C)]
    struct How {
        flags: u64,
        mode: u64,
        resolve: u64,
    }
    const NO_MAGIC_LINKS: u64 = 0x02;
    const IN_ROOT: u64 = 0x10;
    if NO_OPENAT2.load(Ordering::Relaxed) {
        return Err(Errno::ENOSYS);
    }
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    let flags = (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC).cast_unsigned();
    let how = How { flags: flags.into(), mode: 0, resolve: IN_ROOT | NO_MAGIC_LINKS };
    // SAFETY: `path` and `how` live through the call; the size is that of `how`.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat2, root.as_raw_fd(), path.as_ptr(), &raw const how, size_of::<How>())
    };
    let fd = Errno::result(fd).inspect_err(|e| NO_OPENAT2.store(*e == Errno::ENOSYS, Ordering::Relaxed))?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: as in pidfd_open.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Two names, each in its folder, change places (renameat2 with RENAME_EXCHANGE, Linux 3.15).
pub fn exchange(one: (BorrowedFd<'_>, &OsStr), other: (BorrowedFd<'_>, &OsStr)) -> nix::Result<()> {
    let path = |name: &OsStr| CString::new(name.as_bytes()).map_err(|_| Errno::EINVAL);
    let (name, others) = (path(one.1)?, path(other.1)?);
    let (dir, others_dir, flags) = (one.0.as_raw_fd(), other.0.as_raw_fd(), libc::RENAME_EXCHANGE);
    // SAFETY: both names live through the call.
    let done =
        unsafe { libc::syscall(libc::SYS_renameat2, dir, name.as_ptr(), others_dir, others.as_ptr(), flags) };
    Errno::result(done).map(drop)
}

/// getrlimit(2): soft and hard; `u64::MAX` is infinity.
pub fn limit(number: u32) -> nix::Result<(u64, u64)> {
    let mut have = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // The number's type differs between C libraries.
    // SAFETY: `have` lives through the call.
    Errno::result(unsafe { libc::getrlimit(number as _, &raw mut have) })?;
    Ok((have.rlim_cur, have.rlim_max))
}

/// setrlimit(2), as [`limit`].
pub fn set_limit(number: u32, soft: u64, hard: u64) -> nix::Result<()> {
    let wanted = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: `wanted` lives through the call.
    Errno::result(unsafe { libc::setrlimit(number as _, &raw const wanted) }).map(drop)
}

/// prctl(2) with up to two integers, for the requests that take no pointer.
pub fn prctl(request: i32, one: libc::c_ulong, two: libc::c_ulong) -> nix::Result<i32> {
    let zero: libc::c_ulong = 0;
    // SAFETY: the callers name requests whose arguments are integers.
    Errno::result(unsafe { libc::prctl(request, one, two, zero, zero) })
}

/// The persona of this process, personality(2); sets it where one is given.
pub fn personality(wanted: Option<u32>) -> nix::Result<i32> {
    // SAFETY: an integer; all ones only asks.
    Errno::result(unsafe { libc::personality(wanted.unwrap_or(u32::MAX).into()) })
}

/// The policy of the CPU scheduler, sched(7). Not through musl, which only says ENOSYS.
pub fn scheduler() -> nix::Result<libc::c_long> {
    // SAFETY: an integer.
    Errno::result(unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) })
}

/// Sets it, with its priority.
pub fn set_scheduler(policy: libc::c_int, priority: libc::c_int) -> nix::Result<()> {
    // SAFETY: the kernel's sched_param is one int, which lives through the call.
    let done = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) };
    Errno::result(done).map(drop)
}

/// A set of CPUs: room for 8192.
pub type Cpus = [u64; 128];

/// The CPUs that a process may run on; 0 for this one.
pub fn affinity(pid: libc::pid_t) -> nix::Result<Cpus> {
    let mut mask: Cpus = [0; 128];
    // SAFETY: pointer and size are of the same array.
    let done =
        unsafe { libc::syscall(libc::SYS_sched_getaffinity, pid, size_of_val(&mask), mask.as_mut_ptr()) };
    Errno::result(done).map(|_| mask)
}

/// The same of this process.
pub fn set_affinity(mask: &Cpus) -> nix::Result<()> {
    // SAFETY: pointer and size are of the same array.
    let done = unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, size_of_val(mask), mask.as_ptr()) };
    Errno::result(done).map(drop)
}

/// The nice level of this process.
pub fn nice() -> nix::Result<libc::c_long> {
    // SAFETY: integers. The kernel itself answers 20 less the level, so that -1 is an error.
    let answer = unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, 0) };
    Errno::result(answer).map(|answer| 20 - answer)
}

/// IOPRIO_WHO_PROCESS of ioprio_set(2).
const PROCESS: libc::c_int = 1;

/// The I/O class of this process, ioprio_get(2); 0 is none, which goes by the nice level.
pub fn io_class() -> nix::Result<libc::c_long> {
    // SAFETY: integers.
    let answer = unsafe { libc::syscall(libc::SYS_ioprio_get, PROCESS, 0) };
    Errno::result(answer).map(|answer| answer >> 13)
}

/// Sets class and level, ioprio_set(2); 0 and 0 for none.
pub fn set_io_priority(class: i32, level: i32) -> nix::Result<()> {
    let both: libc::c_int = class << 13 | level;
    // SAFETY: integers.
    Errno::result(unsafe { libc::syscall(libc::SYS_ioprio_set, PROCESS, 0, both) }).map(drop)
}

/// A new session keyring without a name, keyctl(2). Async-signal-safe.
pub fn join_new_session_keyring() -> nix::Result<()> {
    const JOIN_SESSION_KEYRING: libc::c_int = 1;
    let no_name = std::ptr::null::<libc::c_char>();
    // SAFETY: a null pointer, which the call allows.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, no_name) }).map(drop)
}

/// Has the keys of this process's user at hand as well, by its session keyring.
pub fn link_user_keyring() -> nix::Result<()> {
    const LINK: libc::c_int = 8;
    const USER: libc::c_int = -4;
    const SESSION: libc::c_int = -3;
    // SAFETY: integers.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, LINK, USER, SESSION) }).map(drop)
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

/// What recvmsg(2) says of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Its bytes; with MSG_TRUNC those that found no room are counted.
    pub length: usize,
    /// Pid, user and group of its sender (SO_PASSCRED).
    pub sender: Option<(libc::pid_t, libc::uid_t, libc::gid_t)>,
    /// Descriptors came with it. None of them was installed.
    pub carries: bool,
}

/// recvmsg(2) with room for the sender's credentials and nothing else: that of a message that carries
/// more, which can only be descriptors, is marked as cut (MSG_CTRUNC).
pub fn receive(fd: BorrowedFd<'_>, bytes: &mut [u8], flags: MsgFlags) -> nix::Result<Datagram> {
    #[repr(C, align(8))]
    struct Control {
        head: libc::cmsghdr,
        sender: libc::ucred,
    }
    // SAFETY: integers, for which zero is a value.
    let mut control: Control = unsafe { std::mem::zeroed() };
    // SAFETY: integers and pointers, for which zero is a value.
    let mut head: libc::msghdr = unsafe { std::mem::zeroed() };
    let mut iov = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    (head.msg_iov, head.msg_iovlen) = (&raw mut iov, 1);
    head.msg_control = (&raw mut control).cast();
    // The type of the length differs between C libraries.
    head.msg_controllen = size_of::<Control>() as _;
    // SAFETY: `head` and what it points to live through the call, with their true sizes.
    let got = Errno::result(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut head, flags.bits()) })?;
    let is_sender =
        (control.head.cmsg_level, control.head.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_CREDENTIALS);
    let sender = is_sender.then_some((control.sender.pid, control.sender.uid, control.sender.gid));
    let carries = head.msg_flags & libc::MSG_CTRUNC != 0;
    Ok(Datagram { length: usize::try_from(got).unwrap_or(0), sender, carries })
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

/// A session of its own, setsid(2).
pub fn setsid() -> nix::Result<()> {
    nix::unistd::setsid().map(drop)
}

/// umask(2).
pub fn umask(mode: u32) {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(mode as libc::mode_t));
}

/// Takes an attribute of what a descriptor is open on, which may be opened by O_PATH: that is why it goes by
/// /proc.
pub fn remove_attribute(fd: BorrowedFd<'_>, name: &CStr) -> nix::Result<()> {
    let path = CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).map_err(|_| Errno::EINVAL)?;
    // SAFETY: two strings that end with a NUL and live through the call.
    Errno::result(unsafe { libc::removexattr(path.as_ptr(), name.as_ptr()) }).map(drop)
}

/// Marks a descriptor close-on-exec, if it is open.
pub fn mark_close_on_exec(fd: i32) {
    // SAFETY: an fcntl command that takes an integer; changes no memory and closes nothing.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
}

/// Marks all from this one on close-on-exec (Linux 5.11).
pub fn mark_range_close_on_exec(first: i32) -> nix::Result<()> {
    // SAFETY: integers; nothing is closed before exec.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    Errno::result(done).map(drop)
}

/// dup2(2) by number, for a child that is about to execute: the new descriptor outlives exec.
pub fn dup_onto(from: i32, to: i32) -> nix::Result<()> {
    // SAFETY: two integers; what had the number `to` belongs to nobody in a child before exec.
    Errno::result(unsafe { libc::dup2(from, to) }).map(drop)
}

/// The nice level of this process, setpriority(2).
pub fn set_nice(level: i32) -> nix::Result<()> {
    // SAFETY: integers.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, level) }).map(drop)
}

/// Gives an open file the SELinux label of another; nothing where that has none.
pub fn copy_label(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> nix::Result<()> {
    const NAME: &std::ffi::CStr = c"security.selinux";
    let mut label = [0_u8; 4096];
    // SAFETY: the descriptor is open, the name ends with a NUL, and the buffer is as long as is said.
    let length =
        unsafe { libc::fgetxattr(from.as_raw_fd(), NAME.as_ptr(), label.as_mut_ptr().cast(), label.len()) };
    let length = match Errno::result(length) {
        Ok(length) => usize::try_from(length).unwrap_or(0),
        Err(Errno::ENODATA | Errno::ENOTSUP | Errno::ENOSYS) => return Ok(()),
        Err(e) => return Err(e),
    };
    // SAFETY: as above; the kernel has just said that so many bytes of the buffer are the label.
    let set = unsafe { libc::fsetxattr(to.as_raw_fd(), NAME.as_ptr(), label.as_ptr().cast(), length, 0) };
    match Errno::result(set) {
        // A container may see labels and not set them.
        Ok(_) | Err(Errno::ENOTSUP | Errno::EPERM | Errno::EACCES) => Ok(()),
        Err(e) => Err(e),
    }
}
