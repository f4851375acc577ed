//! Signals as events: signal-hook's handler notes which came and wakes a socket that poll(2) waits for.
//!
//! No other handler runs in amr, and that one does nothing else. Children get default actions and an empty
//! mask; none of them is born while a signal could be taken by the parent's handler (see `child`, `fork`).
#![allow(unsafe_code)]

use super::error::{Error, Result};
pub use nix::sys::signal::Signal;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::borrow::Cow;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

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

/// The size of the kernel's set of 64 signals.
const SIGSET_BYTES: usize = 8;

/// Does something while no signal is taken: what is born meanwhile blocks them all, until it has given
/// them their default actions.
pub fn blocked<T>(act: impl FnOnce() -> T) -> nix::Result<T> {
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut before))?;
    let done = act();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    Ok(done)
}

/// Gives all signals their default action. Async-signal-safe.
///
/// Not through libc, which refuses the two or three signals that it uses itself: ignored by some
/// ancestor, they would stay so.
pub fn default_actions() {
    (1..=64).for_each(|signal| set_action(signal, libc::SIG_DFL));
}

/// Ignores a signal. Async-signal-safe.
pub fn ignore(signal: Signal) {
    set_action(signal as i32, libc::SIG_IGN);
}

/// Blocks no signal any more. Async-signal-safe.
pub fn unblock_all() -> nix::Result<()> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
}

fn set_action(signal: i32, handler: usize) {
    // The kernel's struct sigaction, handler first and with room to spare.
    let action: [usize; 8] = [handler, 0, 0, 0, 0, 0, 0, 0];
    let old = std::ptr::null_mut::<usize>();
    // KILL and STOP are refused: they are as they should be.
    // SAFETY: `action` lives through the call and is no shorter than what the kernel reads; SIG_DFL and
    // SIG_IGN run no code of ours; the old action is not asked for.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), old, SIGSET_BYTES) };
}

/// To be called first thing: what a careless parent left is undone. With SIGCHLD ignored the kernel
/// would reap children itself and nobody would learn how they ended.
pub fn reset() -> Result<()> {
    set_action(libc::SIGCHLD, libc::SIG_DFL);
    unblock_all().map_err(|e| Error::new("reset", "signals", e))
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
