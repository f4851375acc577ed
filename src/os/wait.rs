//! How children ended.
//!
//! Promises: never blocks; an exit that was only looked at is still there to be reaped.

use super::error::{Error, Result};
use super::proc::ProcessId;
use super::sys;
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use std::fmt;
use std::time::Duration;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, with a code.
    Exited(i32),
    /// By a signal.
    Killed(i32),
    /// By a signal, leaving a core file.
    Dumped(i32),
}

impl Exit {
    /// As waitid(2) has it: `CLD_EXITED` (1) and the code, or `CLD_KILLED` (2), `CLD_DUMPED` (3) and the
    /// signal.
    #[must_use]
    pub fn code_and_status(self) -> (i32, i32) {
        match self {
            Exit::Exited(code) => (1, code),
            Exit::Killed(signal) => (2, signal),
            Exit::Dumped(signal) => (3, signal),
        }
    }
}

impl fmt::Display for Exit {
    /// As systemctl says it: `exited, status=1`, `killed, signal=KILL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Exit::Exited(code) => write!(f, "exited, status={code}"),
            Exit::Killed(signal) => write!(f, "killed, signal={}", super::signal::name(signal)),
            Exit::Dumped(signal) => write!(f, "dumped, signal={}", super::signal::name(signal)),
        }
    }
}

/// A child that was reaped, with what it and its own reaped children used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// Its number, free again from now on.
    pub pid: ProcessId,
    /// How it ended.
    pub exit: Exit,
    /// CPU time, user and kernel mode together.
    pub cpu: Duration,
    /// Most memory that was in use at once, in KiB.
    pub max_rss_kib: u64,
}

/// A child that has ended and was not reaped, left as it is; `None` when there is none.
pub fn peek() -> Result<Option<ProcessId>> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    match waitid(Id::All, flags) {
        Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => Ok(None),
        Ok(status) => Ok(status.pid().and_then(|pid| ProcessId::new(pid.as_raw()))),
        Err(e) => Err(Error::new("wait for", "children", e)),
    }
}

/// Reaps this child if it has ended. One that is no child (any more) is an error: ECHILD.
pub fn reap(pid: ProcessId) -> Result<Option<Reaped>> {
    wait4(pid.get())
}

/// Reaps any child that has ended: call until `None`. No children at all is `None` too.
pub fn reap_any() -> Result<Option<Reaped>> {
    match wait4(-1) {
        Err(e) if e.errno() == Some(libc::ECHILD) => Ok(None),
        outcome => outcome,
    }
}

fn wait4(pid: libc::pid_t) -> Result<Option<Reaped>> {
    let fail = |e: Errno| Error::new("wait for", format!("process {pid}"), e);
    let Some((pid, status, usage)) = sys::wait4(pid).map_err(fail)? else { return Ok(None) };
    let pid = ProcessId::new(pid).ok_or_else(|| fail(Errno::ECHILD))?;
    let cpu = span(usage.ru_utime).saturating_add(span(usage.ru_stime));
    Ok(Some(Reaped {
        pid,
        exit: exit_of(status),
        cpu,
        max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    }))
}

/// From wait(2)'s number. Stopped and continued children are never asked for.
fn exit_of(status: i32) -> Exit {
    if libc::WIFEXITED(status) {
        Exit::Exited(libc::WEXITSTATUS(status))
    } else if libc::WCOREDUMP(status) {
        Exit::Dumped(libc::WTERMSIG(status))
    } else {
        Exit::Killed(libc::WTERMSIG(status))
    }
}

fn span(t: libc::timeval) -> Duration {
    let seconds = Duration::from_secs(u64::try_from(t.tv_sec).unwrap_or(0));
    seconds.saturating_add(Duration::from_micros(u64::try_from(t.tv_usec).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_number() {
        assert_eq!(exit_of(3 << 8), Exit::Exited(3));
        assert_eq!(exit_of(9), Exit::Killed(9));
        assert_eq!(exit_of(0x80 | 6), Exit::Dumped(6));
        assert_eq!(Exit::Killed(15).to_string(), "killed, signal=TERM");
        let stranger = reap(ProcessId::new(1).unwrap()).unwrap_err();
        assert_eq!(stranger.errno(), Some(libc::ECHILD));
    }
}
