//! A process that has nothing of whoever typed the command: each attribute that fork and exec pass on,
//! with its clean value. A supervisor makes itself so first thing, and its services have it from there.
//!
//! Clean is what the first process has, as systemd's services have it from systemd; the kernel's own
//! default where that does not tell. Environment, working directory, umask, signals, terminal and
//! descriptors are in [`Spec`](super::child::Spec), since each process gets them anew.

use super::error::errno;
use super::limits::Limit;
use super::root::{OFlag, Root};
use super::{capability, limits, sys};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};
use std::io::Write;
use std::path::Path;

/// What a clean process gives its services beyond what they have from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanState {
    /// Limits in which they differ from it.
    pub limits: Vec<Limit>,
    /// Sentences about what of the caller's could not be undone.
    pub left: Vec<String>,
}

type Reset = fn(&Root) -> nix::Result<()>;

/// Each attribute, and what makes it clean where it is not.
const ATTRIBUTES: [(&str, Reset); 14] = [
    ("the user and the groups", identity),
    ("the CPU scheduler", scheduler),
    ("the nice level", |_| unless(sys::nice()? == 0, || sys::set_nice(0))),
    ("the I/O class", |_| unless(sys::io_class()? == 0, || sys::set_io_priority(0, 0))),
    ("the CPU affinity", affinity),
    ("the coredump filter", coredump_filter),
    ("the timer slack", |_| prctl(libc::PR_GET_TIMERSLACK, libc::PR_SET_TIMERSLACK, TIMER_SLACK)),
    ("the personality", |_| unless(sys::personality(None)? == 0, || sys::personality(Some(0)).map(drop))),
    ("the secure bits", |_| prctl(libc::PR_GET_SECUREBITS, libc::PR_SET_SECUREBITS, 0)),
    ("the ambient capabilities", ambient),
    ("the inheritable capabilities", |_| capability::keep_inheritable(0)),
    ("the session keyring", |_| or_unknown(sys::join_new_session_keyring())),
    ("the ban on huge pages", |_| or_unknown(prctl(PR_GET_THP_DISABLE, PR_SET_THP_DISABLE, 0))),
    ("the login of the audit", login),
];

/// The kernel's own, in nanoseconds.
const TIMER_SLACK: i32 = 50_000;
const PR_SET_THP_DISABLE: i32 = 41;
const PR_GET_THP_DISABLE: i32 = 42;
/// The kernel's own: anonymous memory, ELF headers, private huge pages.
const COREDUMP_FILTER: u32 = 0x33;
/// Nobody has logged in.
const NO_LOGIN: &str = "4294967295";

/// Makes this process clean. For one with a single thread, before it starts anything.
pub fn reset_process(host: &Root) -> CleanState {
    let mut left = Vec::new();
    for (what, reset) in ATTRIBUTES {
        if let Err(e) = reset(host) {
            left.push(format!("cannot reset {what}: {}", e.desc()));
        }
    }
    left.extend(irreversible(host).into_iter().map(str::to_owned));
    CleanState { limits: limits::reset(host), left }
}

fn unless(clean: bool, reset: impl FnOnce() -> nix::Result<()>) -> nix::Result<()> {
    if clean { Ok(()) } else { reset() }
}

/// A kernel, or the filter of a container, that has no such thing passes none on.
pub(super) fn or_unknown(done: nix::Result<()>) -> nix::Result<()> {
    match done {
        Err(Errno::ENOSYS | Errno::EINVAL | Errno::EPERM | Errno::EACCES) => Ok(()),
        done => done,
    }
}

fn prctl(get: i32, set: i32, clean: i32) -> nix::Result<()> {
    let value = libc::c_ulong::try_from(clean).unwrap_or(0);
    unless(sys::prctl(get, 0, 0)? == clean, || sys::prctl(set, value, 0).map(drop))
}

/// Root's own ids and no others, for a process that is root.
fn identity(_: &Root) -> nix::Result<()> {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    let uids = getresuid()?;
    if uids.effective != user {
        return Ok(());
    }
    unless(getgroups()?.is_empty(), || setgroups(&[]))?;
    let gids = getresgid()?;
    let all = [gids.real, gids.effective, gids.saved];
    unless(all == [group; 3], || setresgid(group, group, group))?;
    unless([uids.real, uids.saved] == [user; 2], || setresuid(user, user, user))
}

fn scheduler(_: &Root) -> nix::Result<()> {
    unless(sys::scheduler()? == libc::c_long::from(libc::SCHED_OTHER), || {
        sys::set_scheduler(libc::SCHED_OTHER, 0)
    })
}

/// That of the first process, which the kernel keeps off CPUs that are set apart.
fn affinity(_: &Root) -> nix::Result<()> {
    let Ok(first) = sys::affinity(1) else { return Ok(()) };
    unless(sys::affinity(0)? == first, || sys::set_affinity(&first))
}

fn coredump_filter(host: &Root) -> nix::Result<()> {
    let read = |path: &str| u32::from_str_radix(&text(host, path)?, 16).ok();
    let Some(own) = read("/proc/self/coredump_filter") else { return Ok(()) };
    let clean = read("/proc/1/coredump_filter").unwrap_or(COREDUMP_FILTER);
    unless(own == clean, || write(host, "/proc/self/coredump_filter", &format!("{clean:#x}")))
}

fn ambient(_: &Root) -> nix::Result<()> {
    let clear = libc::c_ulong::try_from(libc::PR_CAP_AMBIENT_CLEAR_ALL).unwrap_or(4);
    // Linux 4.3.
    or_unknown(sys::prctl(libc::PR_CAP_AMBIENT, clear, 0).map(drop))
}

/// Whose session it is that the audit writes down. Old kernels and hosts that forbid the change keep it.
fn login(host: &Root) -> nix::Result<()> {
    const PATH: &str = "/proc/self/loginuid";
    let clean = text(host, PATH).is_none_or(|own| own == NO_LOGIN);
    unless(clean, || or_unknown(write(host, PATH, NO_LOGIN)))
}

/// What no process can undo, where the first process is free of it.
fn irreversible(host: &Root) -> Vec<&'static str> {
    let status = |path: &str| text(host, path).unwrap_or_default();
    lost(&status("/proc/self/status"), &status("/proc/1/status"))
}

/// By the status files of this process and of the first one, proc_pid_status(5).
fn lost(own: &str, first: &str) -> Vec<&'static str> {
    let value = |status: &str, key: &str| {
        let text = status.lines().find_map(|line| line.strip_prefix(key))?;
        u64::from_str_radix(text.trim(), 16).ok()
    };
    let both = |key: &str| value(own, key).zip(value(first, key));
    let gained = |key: &str| both(key).is_some_and(|(own, first)| own != 0 && first == 0);
    let fewer = both("CapBnd:").is_some_and(|(own, first)| first & !own != 0);
    [
        (
            gained("NoNewPrivs:"),
            "its starter had renounced new privileges (no_new_privs), and so has the service",
        ),
        (fewer, "its starter lacked capabilities of init's (bounding set), and so does the service"),
        (gained("Seccomp:"), "its starter's system calls were filtered (seccomp), and so are the service's"),
    ]
    .into_iter()
    .filter_map(|(is_so, sentence)| is_so.then_some(sentence))
    .collect()
}

fn text(host: &Root, path: &str) -> Option<String> {
    let bytes = host.read_kernel(Path::new(path), 64 << 10).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn write(host: &Root, path: &str, value: &str) -> nix::Result<()> {
    let mut file = host.open_with(Path::new(path), OFlag::O_WRONLY, 0).map_err(|e| e.number())?;
    file.write_all(value.as_bytes()).map_err(|e| errno(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_init_has_and_this_process_lacks_is_lost() {
        let of = |caps: &str, nnp: u8, seccomp: u8| {
            format!("CapBnd:\t{caps}\nNoNewPrivs:\t{nnp}\nSeccomp:\t{seccomp}\nSeccomp_filters:\t{seccomp}\n")
        };
        let init = of("000001ffffffffff", 0, 0);
        assert!(lost(&init, &init).is_empty());
        assert_eq!(lost(&of("00000000a80425fb", 1, 2), &init).len(), 3);
        // A container's init is as its processes are; whoever has more has lost nothing.
        let inside = of("00000000a80425fb", 1, 2);
        assert!(lost(&inside, &inside).is_empty() && lost(&init, &inside).is_empty());
        assert!(lost(&init, "").is_empty());
    }
}
