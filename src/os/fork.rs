//! A process that works while its parent stays free to answer: what hangs in the kernel then hangs in
//! the child, and a parent that ends is not kept by it, as it would be by a thread.
#![allow(unsafe_code)]

use super::clock;
use super::error::{Error, Result};
use super::proc::ProcessId;
use super::root::Root;
use super::signal;
use nix::errno::Errno;
use nix::unistd::{ForkResult, fork};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Which of the two this is now, with its end of a stream between them.
#[derive(Debug)]
pub enum Side {
    /// The one that called.
    Parent(ProcessId, UnixStream),
    /// The new one.
    Child(UnixStream),
}

/// Goes on twice. Each end of the stream reads its end of file when the other process is gone.
///
/// # Errors
/// There are other threads, whose locks the child would never see released; or there are no processes
/// to be had.
pub fn fork_pair() -> Result<Side> {
    let fail = |error: Errno| Error::new("start", "second process", error);
    only_thread().map_err(fail)?;
    let (ours, theirs) = UnixStream::pair().map_err(|error| Error::new("start", "second process", error))?;
    // SAFETY: this is the only thread, so the child is a whole copy with no lock held in it.
    match unsafe { fork() }.map_err(fail)? {
        ForkResult::Child => Ok(Side::Child(theirs)),
        ForkResult::Parent { child } => {
            let child = ProcessId::new(child.as_raw()).ok_or_else(|| fail(Errno::ECHILD))?;
            Ok(Side::Parent(child, ours))
        }
    }
}

/// A child that does what it is told and ends: the one fork of processes of services.
///
/// It begins with all signals blocked and the actions of this process. It has a copy of all memory (no
/// CLONE_VM), so that it may allocate, and nothing that it does is seen here. It ends by `body`'s exec or its
/// exit status, also where the body panics: then with [`BROKEN`].
///
/// # Errors
/// There are other threads, whose locks the child would never see released; or there are no processes
/// to be had.
pub fn child(body: impl FnOnce() -> u8) -> Result<ProcessId> {
    let fail = |error: Errno| Error::new("start", "process", error);
    only_thread().map_err(fail)?;
    let whole = || {
        // Runs before anything is unwound, also where a panic aborts.
        std::panic::set_hook(Box::new(|_| end(BROKEN)));
        body()
    };
    // SAFETY: this is the only thread, so the child is a whole copy with no lock held in it.
    unsafe { bare(whole) }.map_err(fail)
}

/// A child with all signals blocked, which ends by what `body` returns.
///
/// # Errors
/// There are no processes to be had.
///
/// # Safety
/// Where there are other threads `body` makes async-signal-safe calls alone: it neither allocates nor panics.
pub(super) unsafe fn bare(body: impl FnOnce() -> u8) -> nix::Result<ProcessId> {
    let forked = signal::blocked(|| {
        // SAFETY: the child does what the caller vouches for, and never returns from here.
        let forked = unsafe { fork() };
        if let Ok(ForkResult::Child) = forked {
            end(body());
        }
        forked
    })?;
    match forked? {
        // `end` does not return.
        ForkResult::Child => Err(Errno::ECHILD),
        ForkResult::Parent { child } => ProcessId::new(child.as_raw()).ok_or(Errno::ECHILD),
    }
}

/// How a child ends that has a fault of ours: no step of systemd's has this number.
pub const BROKEN: u8 = 199;

fn end(status: u8) -> ! {
    // SAFETY: ends the process at once, without the duties of an exit, which are the parent's.
    unsafe { libc::_exit(i32::from(status)) }
}

/// How long the kernel may take to bury a thread that has been joined.
const BURIAL: Duration = Duration::from_millis(200);

/// Is this the only thread? One that ended just now may still be counted: it is waited for.
fn only_thread() -> nix::Result<()> {
    let host = Root::host().map_err(|_| Errno::ENOENT)?;
    let until = clock::now().saturating_add(BURIAL);
    loop {
        // Without /proc there is no telling, and the caller's word for it that there are none.
        let threads = host.list(Path::new("/proc/self/task")).map_or(1, |tasks| tasks.len());
        if threads == 1 {
            return Ok(());
        }
        if clock::now() > until {
            return Err(Errno::EBUSY);
        }
        nix::sched::sched_yield()?;
    }
}

/// Ends this process at once, without the duties of an exit: those are the parent's.
pub fn leave() -> ! {
    end(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_among_threads() {
        // The test's own thread and that of the harness.
        assert_eq!(fork_pair().unwrap_err().errno(), Some(libc::EBUSY));
        assert_eq!(child(|| 0).unwrap_err().errno(), Some(libc::EBUSY));
    }
}
