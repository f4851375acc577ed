//! Between fork and exec: only async-signal-safe calls, no allocation, no panic.
//!
//! The order is that of systemd 252's exec_child: signals, session, standard descriptors, control
//! group, OOM score, nice, scheduler, affinity, umask, limits, groups, mounts, descriptors,
//! capabilities, user, session keyring, working directory, no new privileges, exec.

use super::prepare::{PID_DIGITS, Prepared};
use super::spec::Credentials;
use super::stage::{FATAL, NOTICE, Record, Stage};
use crate::os::sys;
use nix::errno::Errno;
use std::ffi::CStr;
use std::os::fd::RawFd;

/// A step's outcome.
pub(super) type Step = Result<(), (Stage, Errno)>;

/// The child's whole life. Never returns.
pub(super) fn run(p: &mut Prepared) -> ! {
    write_pid(&mut p.pid_variables);
    let (stage, errno) = match steps(p) {
        Err(failed) => failed,
        Ok(()) => {
            // SAFETY: all three are ended by null and live in `p`.
            unsafe { libc::execve(p.program.as_ptr(), p.argv.as_ptr(), p.env.as_ptr()) };
            (Stage::Exec, Errno::last())
        }
    };
    tell(p.pipe, FATAL, stage, errno);
    // SAFETY: ends this process at once; async-signal-safe.
    unsafe { libc::_exit(i32::from(stage.code())) }
}

/// Writes this process's number behind each `=`, without allocating.
fn write_pid(variables: &mut [Vec<u8>]) {
    // SAFETY: no arguments; cannot fail.
    let mut rest = unsafe { libc::getpid() }.unsigned_abs();
    let mut digits = [0_u8; PID_DIGITS];
    let mut count = 0;
    for digit in &mut digits {
        if rest == 0 {
            break;
        }
        // Always below ten.
        *digit = b'0' | (rest % 10) as u8;
        rest /= 10;
        count += 1;
    }
    for variable in variables {
        let value = variable.iter_mut().skip_while(|byte| **byte != 0);
        for (byte, digit) in value.zip(digits.iter().take(count).rev()) {
            *byte = *digit;
        }
    }
}

fn steps(p: &Prepared) -> Step {
    signals(p)?;
    if p.new_session {
        // SAFETY: no arguments.
        check(Stage::SetSid, unsafe { libc::setsid() })?;
    }
    for &(from, to) in p.targets.iter().filter(|(_, to)| *to < 3) {
        let stage = match to {
            0 => Stage::Stdin,
            1 => Stage::Stdout,
            _ => Stage::Stderr,
        };
        // SAFETY: two integers; `from` is open, as it was lifted before the fork.
        check(stage, unsafe { libc::dup2(from, to) })?;
    }
    enter_cgroup(p)?;
    scheduling(p)?;
    if let Some(umask) = p.umask {
        // SAFETY: an integer; cannot fail.
        unsafe { libc::umask(umask) };
    }
    for &limit in &p.limits {
        set_limit(p.pipe, limit)?;
    }
    if let Some(credentials) = &p.credentials {
        groups(credentials)?;
    }
    mounts(p)?;
    capabilities(p)?;
    if let Some(credentials) = &p.credentials {
        user(credentials)?;
    }
    keyring(p);
    chdir(p)?;
    descriptors(p)?;
    if p.no_new_privileges {
        // SAFETY: prctl with integers.
        check(Stage::NoNewPrivileges, unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    }
    Ok(())
}

/// The size of the kernel's set of 64 signals.
const SIGSET_BYTES: usize = 8;

/// Default actions first, then the mask: else a handler of ours could run here.
fn signals(p: &Prepared) -> Step {
    let pipe = 1_u64 << (libc::SIGPIPE - 1);
    for signal in (1..=64).filter(|signal| (p.actions | pipe) >> (signal - 1) & 1 == 1) {
        // The kernel's struct sigaction, handler first and with room to spare; all zeroes are
        // SIG_DFL. Not through libc, which refuses the two or three signals that it uses itself:
        // ignored by some ancestor, they would stay so.
        let ignored = signal == libc::SIGPIPE && p.ignore_sigpipe;
        let action: [usize; 8] = [if ignored { libc::SIG_IGN } else { libc::SIG_DFL }, 0, 0, 0, 0, 0, 0, 0];
        let old = std::ptr::null_mut::<usize>();
        // KILL and STOP are refused: they are as they should be.
        // SAFETY: `action` lives through the call and is no shorter than what the kernel reads; the
        // old action is not asked for.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), old, SIGSET_BYTES) };
    }
    // SAFETY: an empty set of signals is all zeroes on Linux.
    let empty: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `empty` lives through the call.
    check(Stage::SignalMask, unsafe {
        libc::sigprocmask(libc::SIG_SETMASK, &raw const empty, std::ptr::null_mut())
    })
}

fn enter_cgroup(p: &Prepared) -> Step {
    let Some(procs) = p.cgroup else { return Ok(()) };
    // "0" stands for the writer.
    // SAFETY: one byte from a constant.
    let written = unsafe { libc::write(procs, c"0".as_ptr().cast(), 1) };
    check(Stage::Cgroup, written)
}

fn scheduling(p: &Prepared) -> Step {
    if let Some(score) = &p.oom {
        adjust_oom(p.pipe, score)?;
    }
    if let Some(nice) = p.nice {
        // SAFETY: integers.
        let done = check(Stage::Nice, unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) });
        tolerate(p.pipe, done)?;
    }
    if let Some((policy, priority)) = p.scheduler {
        // musl's own sched_setscheduler only says ENOSYS. The kernel's sched_param is one int.
        let param: libc::c_int = priority;
        // SAFETY: `param` lives through the call and has the kernel's layout.
        let done = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const param) };
        check(Stage::SetScheduler, done)?;
    }
    if let Some(mask) = &p.affinity {
        // SAFETY: pointer and size are of the same array.
        let done = unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, size_of_val(mask), mask.as_ptr()) };
        check(Stage::CpuAffinity, done)?;
    }
    Ok(())
}

/// Lowering needs CAP_SYS_RESOURCE, which a container may lack: then it is as it is, as with
/// systemd.
fn adjust_oom(pipe: RawFd, score: &[u8]) -> Step {
    let path = c"/proc/self/oom_score_adj";
    // SAFETY: a constant C string.
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    let done = check(Stage::OomAdjust, fd).and_then(|()| {
        // SAFETY: pointer and length of the same slice; the descriptor was just opened.
        let written = unsafe { libc::write(fd, score.as_ptr().cast(), score.len()) };
        let done = check(Stage::OomAdjust, written);
        // SAFETY: nobody else has this descriptor.
        unsafe { libc::close(fd) };
        done
    });
    tolerate(pipe, done)
}

/// What may not be raised is set as near as can be, as systemd's setrlimit_closest does.
fn set_limit(pipe: RawFd, (resource, soft, hard): (u32, u64, u64)) -> Step {
    let fail = |errno| (Stage::Limits, errno);
    match sys::set_limit(resource, soft, hard) {
        Err(Errno::EPERM) => {}
        done => return done.map_err(fail),
    }
    tell(pipe, NOTICE, Stage::Limits, Errno::EPERM);
    let (_, have) = sys::limit(resource).map_err(fail)?;
    let hard = hard.min(have);
    sys::set_limit(resource, soft.min(hard), hard).map_err(fail)
}

/// The system calls themselves: the C library's functions would look for other threads, of which
/// this process has none and the library may not know that.
fn groups(c: &Credentials) -> Step {
    // SAFETY: pointer and length of the same vector.
    let done = unsafe { libc::syscall(libc::SYS_setgroups, c.groups.len(), c.groups.as_ptr()) };
    check(Stage::Group, done)?;
    // SAFETY: integers.
    check(Stage::Group, unsafe { libc::syscall(libc::SYS_setresgid, c.gid, c.gid, c.gid) })?;
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: three live integers.
    check(Stage::Group, unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    if [real, effective, saved] == [c.gid; 3] { Ok(()) } else { Err((Stage::Group, Errno::EPERM)) }
}

fn user(c: &Credentials) -> Step {
    // SAFETY: integers.
    check(Stage::User, unsafe { libc::syscall(libc::SYS_setresuid, c.uid, c.uid, c.uid) })?;
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: three live integers.
    check(Stage::User, unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    // Secure bits of the caller could have kept the capability to go back: that must fail.
    // SAFETY: an integer.
    let regained = c.uid != 0 && unsafe { libc::syscall(libc::SYS_setuid, 0) } == 0;
    if [real, effective, saved] == [c.uid; 3] && !regained {
        return Ok(());
    }
    Err((Stage::User, Errno::EPERM))
}

/// Made as the new user, whose it then is. Without one the process has this supervisor's, which is as
/// new and as empty.
fn keyring(p: &Prepared) {
    if !p.own_keyring {
        return;
    }
    match sys::join_new_session_keyring() {
        Ok(()) | Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) => {}
        Err(errno) => tell(p.pipe, NOTICE, Stage::Keyring, errno),
    }
}

/// A view of the file system of its own. What the host mounts later is seen in it, what is mounted
/// in it is not seen outside.
fn mounts(p: &Prepared) -> Step {
    if p.binds.is_empty() {
        return Ok(());
    }
    // SAFETY: an integer.
    match check(Stage::Namespace, unsafe { libc::unshare(libc::CLONE_NEWNS) }) {
        // A kernel without them, or a container that forbids them: as systemd's apply_mount_namespace.
        Err((stage, errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL))) => {
            tell(p.pipe, NOTICE, stage, errno);
            return Ok(());
        }
        done => done?,
    }
    mount(None, c"/", libc::MS_SLAVE | libc::MS_REC)?;
    p.binds.iter().try_for_each(|(source, target)| mount(Some(source), target, libc::MS_BIND | libc::MS_REC))
}

fn mount(source: Option<&CStr>, target: &CStr, flags: libc::c_ulong) -> Step {
    let source = source.map_or(std::ptr::null(), CStr::as_ptr);
    let none = std::ptr::null();
    // SAFETY: C strings that outlive the call; the kernel reads neither type nor data with these flags.
    check(Stage::Namespace, unsafe { libc::mount(source, target.as_ptr(), none, flags, none.cast()) })
}

/// Takes from the bounding set, and from the inheritable one, what is not kept.
fn capabilities(p: &Prepared) -> Step {
    let Some(keep) = p.bounding_set else { return Ok(()) };
    for capability in 0..64_u32 {
        if keep & (1 << capability) != 0 {
            continue;
        }
        // SAFETY: prctl with integers.
        let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability), 0, 0, 0) };
        match check(Stage::Capabilities, done) {
            // Past the last one that this kernel knows.
            Err((_, Errno::EINVAL)) => break,
            done => done?,
        }
    }
    clear_inheritable(keep)
}

/// struct __user_cap_header_struct and __user_cap_data_struct of capget(2), version 3.
#[repr(C)]
struct CapHeader {
    version: u32,
    pid: i32,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

pub(super) fn clear_inheritable(keep: u64) -> Step {
    let mut header = CapHeader { version: 0x2008_0522, pid: 0 };
    let mut data = [CapData::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    let done = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) };
    check(Stage::Capabilities, done)?;
    let [low, high] = &mut data;
    // The two halves of the mask.
    if [low.inheritable, high.inheritable] == [0, 0] {
        return Ok(());
    }
    low.inheritable &= (keep & 0xffff_ffff) as u32;
    high.inheritable &= (keep >> 32) as u32;
    // SAFETY: as above.
    let done = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) };
    check(Stage::Capabilities, done)
}

fn chdir(p: &Prepared) -> Step {
    if let Some(fd) = p.cwd_fd {
        // SAFETY: an open descriptor.
        return check(Stage::Chdir, unsafe { libc::fchdir(fd) });
    }
    let Some(path) = &p.cwd else { return Ok(()) };
    // SAFETY: a C string that lives in `p`.
    match check(Stage::Chdir, unsafe { libc::chdir(path.as_ptr()) }) {
        Err((_, Errno::ENOENT)) if p.cwd_missing_ok => {
            // SAFETY: a constant C string.
            check(Stage::Chdir, unsafe { libc::chdir(c"/".as_ptr()) })
        }
        done => done,
    }
}

/// Puts descriptors 3, 4, … in place and closes all others. Every descriptor of ours is
/// close-on-exec from birth; this is for those that we inherited ourselves.
fn descriptors(p: &Prepared) -> Step {
    for &(from, to) in p.targets.iter().filter(|(_, to)| *to >= 3) {
        // SAFETY: two integers; `from` is open.
        check(Stage::Fds, unsafe { libc::dup2(from, to) })?;
    }
    match &p.close {
        Some(open) => {
            for &fd in open.iter().filter(|&&fd| fd >= p.base && fd != p.pipe) {
                // SAFETY: everything that is needed lies below `base`; the rest of this process
                // uses none of them. Already closed is no harm.
                unsafe { libc::close(fd) };
            }
            Ok(())
        }
        None => {
            close_range(p.base, p.pipe - 1)?;
            close_range(p.pipe + 1, RawFd::MAX)
        }
    }
}

fn close_range(first: RawFd, last: RawFd) -> Step {
    if first > last {
        return Ok(());
    }
    // SAFETY: integers; see above.
    check(Stage::Fds, unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })
}

/// -1 means that errno says why, whatever integer the call returns.
fn check<T: PartialEq + From<i8>>(stage: Stage, returned: T) -> Step {
    if returned == T::from(-1) { Err((stage, Errno::last())) } else { Ok(()) }
}

/// A missing privilege becomes a notice; any other failure stays one.
fn tolerate(pipe: RawFd, done: Step) -> Step {
    match done {
        Err((stage, errno @ (Errno::EPERM | Errno::EACCES))) => {
            tell(pipe, NOTICE, stage, errno);
            Ok(())
        }
        done => done,
    }
}

fn tell(pipe: RawFd, kind: i32, stage: Stage, errno: Errno) {
    let record: Record = [kind, i32::from(stage.code()), errno as i32];
    // Shorter than PIPE_BUF and so written whole; with no reader there is nobody to tell.
    // SAFETY: pointer and size of the same array.
    unsafe { libc::write(pipe, record.as_ptr().cast(), size_of::<Record>()) };
}
