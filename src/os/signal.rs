//! Signals as events: blocked, and read from a descriptor (signalfd, since Linux 2.6.27).
//!
//! No handler ever runs in amr. Children get default actions and an empty mask (see `child`).

use super::error::{Error, Result};
use super::root::Root;
use super::sys;
use nix::errno::Errno;
pub use nix::sys::signal::Signal;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::borrow::Cow;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Signals that this process takes as events from now on.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub signal: i32,
    /// Who sent it; 0 for the kernel.
    pub pid: i32,
    /// As which user.
    pub uid: u32,
}

impl Signals {
    /// Blocks these and opens a descriptor that is readable when one comes. For the whole process
    /// this must be called before there is a second thread.
    pub fn watch(signals: &[Signal]) -> Result<Signals> {
        let fail = |e: Errno| Error::new("watch", "signals", e);
        let set: SigSet = signals.iter().copied().collect();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None).map_err(fail)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { fd: SignalFd::with_flags(&set, flags).map_err(fail)? })
    }

    /// The next one, without blocking. Equal ones that came close together may be one: on SIGCHLD
    /// reap until there is none.
    pub fn next(&self) -> Result<Option<Received>> {
        match self.fd.read_signal() {
            Ok(info) => Ok(info.map(|i| Received {
                signal: i32::try_from(i.ssi_signo).unwrap_or(0),
                pid: i32::try_from(i.ssi_pid).unwrap_or(0),
                uid: i.ssi_uid,
            })),
            Err(Errno::EINTR) => Ok(None),
            Err(e) => Err(Error::new("read", "signals", e)),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The signals whose action here is not the default one: bit 0 is signal 1. All of them where /proc does
/// not tell.
pub(super) fn not_default() -> u64 {
    match NOTED.load(Ordering::Relaxed) {
        0 => look().unwrap_or(u64::MAX),
        noted => noted,
    }
}

/// What [`note_actions`] saw; 0 before.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// Looks once which signals have another action than the default one: for a process that changes no
/// action from now on, and starts others.
pub fn note_actions() {
    NOTED.store(look().unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn look() -> Option<u64> {
    let status = Root::host().ok()?.read_kernel(Path::new("/proc/self/status"), 64 << 10).ok()?;
    parse_actions(&status)
}

/// Ignored and caught ones of a status file, proc_pid_status(5).
fn parse_actions(status: &[u8]) -> Option<u64> {
    let value = |line: &[u8], key: &[u8]| {
        let text = std::str::from_utf8(line.strip_prefix(key)?).ok()?;
        u64::from_str_radix(text.trim(), 16).ok()
    };
    let mut lines = status.split(|byte| *byte == b'\n');
    // In this order.
    let ignored = lines.find_map(|line| value(line, b"SigIgn:"))?;
    Some(ignored | lines.find_map(|line| value(line, b"SigCgt:"))?)
}

/// To be called first thing: what a careless parent left is undone. With SIGCHLD ignored the kernel
/// would reap children itself and nobody would learn how they ended.
pub fn reset() -> Result<()> {
    let fail = |e: Errno| Error::new("reset", "signals", e);
    sys::default_action(libc::SIGCHLD).map_err(fail)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(fail)
}

/// A signal's name without `SIG`: `TERM`, `RTMIN+4`; the number where there is none.
pub fn name(signal: i32) -> Cow<'static, str> {
    if let Ok(known) = Signal::try_from(signal) {
        return Cow::Borrowed(known.as_str().trim_start_matches("SIG"));
    }
    // Libraries keep the first real-time signals for themselves, how many differs: what kill(1)
    // prints goes by glibc's 34.
    match signal {
        34 => Cow::Borrowed("RTMIN"),
        35..=64 => Cow::Owned(format!("RTMIN+{}", signal - 34)),
        _ => Cow::Owned(signal.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_kill_prints_them() {
        assert_eq!((name(15), name(34), name(38)), ("TERM".into(), "RTMIN".into(), "RTMIN+4".into()));
        assert_eq!(name(99), "99");
    }

    #[test]
    fn tells_which_signals_have_another_action() {
        let status =
            "Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\nSigCgt:\t8000000000000440\n";
        assert_eq!(parse_actions(status.as_bytes()), Some(0x8000_0000_0000_1440));
        assert_eq!(parse_actions(b"SigIgn:\t0\n"), None);
        // Rust ignores SIGPIPE (13) in every program.
        assert_ne!(not_default() & 1 << 12, 0);
        assert_eq!(not_default() & 1 << 13, 0, "SIGALRM");
    }

    #[test]
    fn nothing_stays_blocked() {
        let set = SigSet::from(Signal::SIGUSR2);
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None).unwrap();
        reset().unwrap();
        assert_eq!(SigSet::thread_get_mask().unwrap(), SigSet::empty());
    }

    #[test]
    fn a_signal_becomes_an_event() {
        let signals = Signals::watch(&[Signal::SIGWINCH]).unwrap();
        assert_eq!(signals.next().unwrap(), None);
        nix::sys::signal::raise(Signal::SIGWINCH).unwrap();
        let got = signals.next().unwrap().unwrap();
        assert_eq!((got.signal, got.pid), (libc::SIGWINCH, std::process::id().cast_signed()));
    }
}
