//! Signals as events: signal-hook's handler notes which came and wakes a socket that poll(2) waits for.
//!
//! No other handler runs in amr, and that one does nothing else. Children get default actions and an empty
//! mask; none of them is born while a signal could be taken by the parent's handler (see `child`).

use super::error::{Error, Result};
use super::root::Root;
use super::sys;
use nix::errno::Errno;
pub use nix::sys::signal::Signal;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::borrow::Cow;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Signals that this process takes as events from now on. Dropped, they are taken by nobody: they do
/// nothing from then on.
#[derive(Debug)]
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Signals {
    /// Takes these, and opens a descriptor that is readable when one comes.
    pub fn watch(signals: &[Signal]) -> Result<Signals> {
        let numbers = signals.iter().map(|signal| *signal as i32);
        let delivery = UnixStream::pair()
            .and_then(|(reader, writer)| SignalDelivery::with_pipe(reader, writer, SignalOnly, numbers))
            .map_err(|error| Error::new("watch", "signals", error))?;
        Ok(Signals { delivery })
    }

    /// Those that have come since, without waiting. Equal ones are one: on SIGCHLD reap until there is none.
    pub fn take(&mut self) -> Vec<i32> {
        self.delivery.pending().collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
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
        let mut signals = Signals::watch(&[Signal::SIGWINCH]).unwrap();
        let woken = |signals: &Signals| {
            let fd = [(signals.as_fd(), crate::os::poll::Interest::Read)];
            !crate::os::poll::wait(&fd, Some(std::time::Duration::ZERO)).unwrap().is_empty()
        };
        assert!(signals.take().is_empty() && !woken(&signals));
        nix::sys::signal::raise(Signal::SIGWINCH).unwrap();
        assert!(woken(&signals));
        assert_eq!(signals.take(), [libc::SIGWINCH]);
        assert!(signals.take().is_empty() && !woken(&signals));
    }
}
