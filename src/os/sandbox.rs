//! A process that looks at what others wrote, and gives up all that looking does not need.
//!
//! It has nothing of its caller's: no environment, no keys, and what was open is closed before
//! ([`super::inherited`]). Its user is nobody else's, and of root's rights it keeps the one to read any file. It gains none by exec,
//! no debugger of another process may attach to it, and it ends with its parent. The kernel lets it read,
//! wait and talk on the descriptors that it has; it makes, changes and removes nothing, starts no program,
//! opens no socket, and does not open files by handle. What more it needs it asks for ([`super::opener`]).

use super::ids::Credentials;
use super::proc::ProcessId;
use super::root::Root;
use super::seccomp;
use super::sys;
use super::{capability, fresh};
use nix::errno::Errno;
use nix::unistd::{geteuid, getppid};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::path::Path;

/// CAP_DAC_READ_SEARCH: reads any file and folder.
const READ_ANY: u64 = 1 << 2;

/// Users that systemd leaves to nobody (its UIDS-GIDS), and no distribution gives away.
const USERS: std::ops::Range<u32> = 60_706..61_184;

/// What of it can be switched off, so that tests run on what an old kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// System calls are filtered where the kernel can.
    Wanted,
    /// They are not.
    Unwanted,
}

/// Gives up everything, in the child of `parent`, before it has a second thread. What could not be given up
/// is said, each as a sentence: a container may forbid it, a kernel not know it.
#[must_use]
pub fn enter(parent: ProcessId, filter: Filter) -> Vec<String> {
    let mut kept = Vec::new();
    let mut note = |what: &str, done: nix::Result<()>| {
        if let Err(error) = done {
            kept.push(format!("cannot {what}: {}", error.desc()));
        }
    };
    if geteuid().is_root() {
        note("give up root's rights", leave_root());
    }
    super::inherited::forget_environment();
    note("leave the caller's keys", fresh::or_unknown(sys::join_new_session_keyring()));
    // Behind that, which undoes both.
    note("refuse debuggers", sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).map(drop));
    let kill = libc::c_ulong::try_from(libc::SIGKILL).unwrap_or(9);
    note("end with the command", sys::prctl(libc::PR_SET_PDEATHSIG, kill, 0).map(drop));
    if getppid().as_raw() != parent.get() {
        super::fork::leave();
    }
    note("renounce new rights", sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).map(drop));
    if filter == Filter::Wanted {
        note("have system calls filtered", filter_calls());
    }
    kept
}

/// Root's rights but one, and its user.
fn leave_root() -> nix::Result<()> {
    let user = unused_user();
    let own = Credentials { uid: user, gid: user, groups: Vec::new() };
    // A container may have no right to that; what it cannot regain it need not give up.
    match capability::keep(0) {
        Ok(()) | Err(Errno::EPERM) => {}
        Err(error) => return Err(error),
    }
    sys::prctl(libc::PR_SET_KEEPCAPS, 1, 0)?;
    own.take_groups()?;
    own.take_user()?;
    sys::prctl(libc::PR_SET_KEEPCAPS, 0, 0)?;
    capability::only(READ_ANY)
}

/// One that no line of passwd(5) or group(5) has.
fn unused_user() -> u32 {
    let text =
        |path: &str| Root::host().and_then(|host| host.read(Path::new(path), 64 << 20)).unwrap_or_default();
    let taken: Vec<u32> = ["/etc/passwd", "/etc/group"]
        .iter()
        .flat_map(|path| {
            let text = text(path);
            let number =
                |line: &[u8]| std::str::from_utf8(line.split(|b| *b == b':').nth(2)?).ok()?.parse().ok();
            text.split(|byte| *byte == b'\n').filter_map(number).collect::<Vec<u32>>()
        })
        .collect();
    USERS.into_iter().find(|user| !taken.contains(user)).unwrap_or(USERS.start)
}

/// What a process does that reads files, has threads and talks to those that it knows.
const CALLS: &[libc::c_long] = &[
    // Files. open and openat stand below.
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_faccessat,
    libc::SYS_fadvise64,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_read,
    libc::SYS_readahead,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_statfs,
    libc::SYS_statx,
    // Changes.
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_rm_watch,
    libc::SYS_pidfd_open,
    libc::SYS_ppoll,
    // Descriptors that it has.
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_write,
    libc::SYS_writev,
    // Memory and threads.
    libc::SYS_brk,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mmap,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    // Time, numbers, itself.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_nanosleep,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// The same by the names that only older processors have.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[libc::c_long] = &[
    libc::SYS_access,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[libc::c_long] = &[];

/// Flags of open(2) that make or change something. (musl counts O_PATH to O_ACCMODE.)
const WRITING: i32 = libc::O_WRONLY
    | libc::O_RDWR
    | libc::O_CREAT
    | libc::O_TRUNC
    | libc::O_APPEND
    | (libc::O_TMPFILE & !libc::O_DIRECTORY);

fn filter_calls() -> nix::Result<()> {
    seccomp::install(&program().ok_or(Errno::EINVAL)?)
}

/// The calls that are allowed; any other is answered as by a kernel that has none of that name.
fn program() -> Option<seccompiler::BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().chain(OLD_CALLS).map(|call| (*call, Vec::new())).collect();
    let only = |argument: u8, mask: u64, value: u64| {
        let op = SeccompCmpOp::MaskedEq(mask);
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value).ok()?;
        SeccompRule::new(vec![condition]).ok()
    };
    let writing = u64::from(WRITING.cast_unsigned());
    rules.insert(libc::SYS_openat, vec![only(2, writing, 0)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![only(1, writing, 0)?]);
    // A thread, and no process.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    rules.insert(libc::SYS_clone, vec![only(0, thread, thread)?]);
    // Whether a descriptor waits.
    let waits = 0x5421;
    rules.insert(libc::SYS_ioctl, vec![only(1, u64::from(u32::MAX), waits)?]);
    let arch: TargetArch = std::env::consts::ARCH.try_into().ok()?;
    let unknown = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let filter = SeccompFilter::new(rules, unknown, SeccompAction::Allow, arch).ok()?;
    filter.try_into().ok()
}
