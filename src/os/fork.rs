//! A process that works while its parent stays free to answer: what hangs in the kernel then hangs in
//! the child, and a parent that ends is not kept by it, as it would be by a thread.
#![allow(unsafe_code)]

use super::clock;
use super::error::{Error, Result};
use super::poll;
use super::proc::{Proc, ProcessId};
use super::root::Root;
use super::{signal, sys};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
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

/// How a process came to be, as it knows it itself.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// Who made it.
    pub parent: Parent,
    /// Where it was made.
    pub born: Born,
}

/// Where a new process finds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Born {
    /// In the control group of whoever made it.
    WithParent,
    /// In the control group that it was made for.
    InGroup,
}

/// A child that does what it is told and ends: the one fork of processes of services. Where the kernel can
/// (clone3 with CLONE_INTO_CGROUP, 5.7) it is born in `group`, the folder of a group of the unified hierarchy;
/// else `body`, which is told by its [`Birth`], has to enter it.
///
/// It begins with all signals blocked and the actions of this process, and dies when this process ends, until it
/// says otherwise ([`Parent::outlive`]): it holds all that this one has open, its lock and its sockets among that,
/// and may be waiting for what never comes. It has a copy of all memory (no CLONE_VM), so that it may allocate, and
/// nothing that it does is seen here. It ends by `body`'s exec or its exit status, also where the body panics: then
/// with [`BROKEN`].
///
/// # Errors
/// There are other threads, whose locks the child would never see released; or there are no processes
/// to be had.
pub fn child(group: Option<BorrowedFd<'_>>, body: impl FnOnce(Birth) -> u8) -> Result<ProcessId> {
    let fail = |error: Errno| Error::new("start", "process", error);
    only_thread().map_err(fail)?;
    let parent = Parent(nix::unistd::getpid());
    let whole = |born| {
        // A parent that has ended asks for nothing any more. What else the kernel might say is `body`'s to tell.
        if parent.die_with() == Err(Errno::ESRCH) {
            end(BROKEN);
        }
        // Runs before anything is unwound, also where a panic aborts.
        std::panic::set_hook(Box::new(|_| end(BROKEN)));
        body(Birth { parent, born })
    };
    // SAFETY: this is the only thread, so the child is a whole copy with no lock held in it.
    unsafe { forked(group, whole) }.map_err(fail)
}

/// The process that forks, as its child knows it.
#[derive(Clone, Copy, Debug)]
pub struct Parent(Pid);

impl Parent {
    /// In the child: the kernel kills it when this parent ends. It forgets that where the child becomes another
    /// user.
    ///
    /// # Errors
    /// ESRCH: the parent has ended already.
    pub fn die_with(self) -> nix::Result<()> {
        sys::prctl(libc::PR_SET_PDEATHSIG, KILL, 0)?;
        if nix::unistd::getppid() == self.0 { Ok(()) } else { Err(Errno::ESRCH) }
    }

    /// In the child: does the kernel know of it?
    #[must_use]
    pub fn is_died_with(self) -> bool {
        nix::sys::prctl::get_pdeathsig() == Ok(Some(nix::sys::signal::Signal::SIGKILL))
    }

    /// In the child: no more.
    ///
    /// # Errors
    /// None that the kernel gives for it.
    pub fn outlive(self) -> nix::Result<()> {
        sys::prctl(libc::PR_SET_PDEATHSIG, 0, 0).map(drop)
    }
}

/// SIGKILL as prctl(2) takes it.
const KILL: libc::c_ulong = 9;

/// A child with all signals blocked, which ends by what `body` returns.
///
/// # Errors
/// There are no processes to be had.
///
/// # Safety
/// Where there are other threads `body` makes async-signal-safe calls alone: it neither allocates nor panics.
pub(super) unsafe fn bare(body: impl FnOnce() -> u8) -> nix::Result<ProcessId> {
    // SAFETY: as the caller vouches.
    unsafe { forked(None, |_| body()) }
}

/// As [`child`], unchecked.
///
/// # Safety
/// As [`bare`].
unsafe fn forked(group: Option<BorrowedFd<'_>>, body: impl FnOnce(Born) -> u8) -> nix::Result<ProcessId> {
    let made = signal::blocked(|| {
        // Whatever keeps it from being born there is said by the step that enters the group.
        let into = group.and_then(|group| fork_into(group).ok());
        let born = if into.is_some() { Born::InGroup } else { Born::WithParent };
        // SAFETY: the child does what the caller vouches for, and never returns from here.
        let made = into.map_or_else(|| unsafe { fork() }, Ok);
        if let Ok(ForkResult::Child) = made {
            end(body(born));
        }
        made
    })?;
    match made? {
        // `end` does not return.
        ForkResult::Child => Err(Errno::ECHILD),
        ForkResult::Parent { child } => ProcessId::new(child.as_raw()).ok_or(Errno::ECHILD),
    }
}

/// fork(2) into a control group. A process that moves later makes the kernel wait for all processors, some ten
/// milliseconds.
///
/// The C library does not know of this child: until it executes something, abort(3) in it names this process's
/// thread. SIGABRT is therefore ignored from the first such fork on; the child dies of what abort(3) does next.
fn fork_into(group: BorrowedFd<'_>) -> nix::Result<ForkResult> {
    signal::ignore(signal::Signal::SIGABRT);
    // SAFETY: a struct of numbers, for which zeros stand for nothing asked.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = INTO_CGROUP;
    args.exit_signal = libc::SIGCHLD as u64;
    args.cgroup = group.as_raw_fd() as u64;
    // SAFETY: the kernel reads the struct, whose size it is told; no memory is shared and no stack is given, so
    // that the child is a copy as after fork(2).
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) };
    match Errno::result(pid)? {
        0 => Ok(ForkResult::Child),
        pid => {
            Ok(ForkResult::Parent { child: Pid::from_raw(i32::try_from(pid).map_err(|_| Errno::ECHILD)?) })
        }
    }
}

/// Does a process live that is born in this group? One that ends at once is tried, by the only thread.
///
/// Linux 6.18 ends whoever is born in a group that was killed as often as its parent's was not: it takes the one count
/// (`kill_seq`) for the other. So a shell in a group whose cgroup.kill was ever written has supervisors whose
/// services would all die.
#[must_use]
pub fn may_be_born_in(group: BorrowedFd<'_>) -> bool {
    if only_thread().is_err() {
        return false;
    }
    let tried = signal::blocked(|| match fork_into(group) {
        Ok(ForkResult::Child) => end(0),
        Ok(ForkResult::Parent { child }) => waitpid(child, None),
        Err(errno) => Err(errno),
    });
    matches!(tried, Ok(Ok(WaitStatus::Exited(_, 0))))
}

/// CLONE_INTO_CGROUP of linux/sched.h.
const INTO_CGROUP: u64 = 0x2_0000_0000;

/// How a child ends that has a fault of ours: no step of systemd's has this number.
pub const BROKEN: u8 = 199;

fn end(status: u8) -> ! {
    // SAFETY: ends the process at once, without the duties of an exit, which are the parent's.
    unsafe { libc::_exit(i32::from(status)) }
}

/// How long the kernel may take to bury a thread that has been joined: on a busy host it waits for a CPU like others.
const BURIAL: Duration = Duration::from_secs(2);
/// How long it is left to it between two looks.
const A_LOOK: Duration = Duration::from_micros(200);

/// Is this the only thread? One that ended just now may still be counted: it is waited for.
fn only_thread() -> nix::Result<()> {
    // unshare(2): it does nothing in a process of one thread, and is refused to any other. A reader of its /proc may
    // look like a thread to kernels before 4.4, and a container may forbid the call.
    if unshare(CloneFlags::CLONE_THREAD).is_ok() {
        return Ok(());
    }
    let proc = Proc::new(Root::host().map_err(|_| Errno::ENOENT)?);
    let until = clock::now().saturating_add(BURIAL);
    loop {
        // Without /proc there is no telling, and the caller's word for it that there are none.
        if proc.is_one_thread().unwrap_or(true) {
            return Ok(());
        }
        if clock::now() > until {
            return Err(Errno::EBUSY);
        }
        let _ = poll::wait(&[], Some(A_LOOK));
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
        assert_eq!(child(None, |_| 0).unwrap_err().errno(), Some(libc::EBUSY));
    }
}
