//! A process that works while its parent stays free to answer: what hangs in the kernel then hangs in
//! the child, and a parent that ends is not kept by it, as it would be by a thread.
#![allow(unsafe_code)]

use super::error::{Error, Result};
use super::proc::ProcessId;
use super::root::Root;
use nix::errno::Errno;
use nix::unistd::{ForkResult, fork};
use std::os::unix::net::UnixStream;
use std::path::Path;

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
pub fn in_two() -> Result<Side> {
    let fail = |error: Errno| Error::new("start", "second process", error);
    // Without /proc there is no telling, and the caller's word for it that there are none.
    let threads = Root::host()?.list(Path::new("/proc/self/task")).map_or(1, |tasks| tasks.len());
    if threads != 1 {
        return Err(fail(Errno::EBUSY));
    }
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

/// Ends this process at once, without the duties of an exit: those are the parent's.
pub fn leave() -> ! {
    // SAFETY: ends the process; nothing of it is used any more.
    unsafe { libc::_exit(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_among_threads() {
        // The test's own thread and that of the harness.
        assert_eq!(in_two().unwrap_err().errno(), Some(libc::EBUSY));
    }
}
