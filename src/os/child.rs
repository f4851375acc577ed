//! Starting a process: everything is prepared before the fork, and between fork and exec only
//! async-signal-safe calls run (`between.rs`).
//!
//! What fails there comes back through a close-on-exec pipe as a stage and an error number; the
//! pipe's end without such a record means that exec was done. The caller polls the pipe, so that it
//! never blocks. The order of the stages and their exit codes are those of systemd's exec_child.
#![allow(unsafe_code)]

mod anew;
mod between;
mod prepare;
mod spec;
mod stage;
#[cfg(test)]
mod tests;

pub use anew::{inherited, own_executable, plan_file};
pub use spec::{Bind, Credentials, Cwd, Limit, Memory, Scheduler, Spec, Stdio};
pub use stage::{ExecPipe, ExecState, Failure, Stage};

use super::error::{Error, Result};
use super::features::Features;
use super::proc::ProcessId;
use super::sys;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use prepare::Prepared;
use std::os::fd::{AsFd, OwnedFd};

/// A process that was forked. It is a child: its number is its own until it is reaped.
#[derive(Debug)]
pub struct Spawned {
    /// Its number.
    pub pid: ProcessId,
    /// Tells when exec was done or what failed before.
    pub exec: ExecPipe,
}

/// Takes all capabilities out of the inheritable set of this process.
pub(super) fn clear_inheritable() -> nix::Result<()> {
    between::clear_inheritable(0).map_err(|(_, errno)| errno)
}

/// Forks; returns at once. An error here means that there is no process.
pub fn spawn(spec: &Spec, features: &Features) -> Result<Spawned> {
    let fail = |e: Errno| Error::new("start", spec.program.as_path(), e);
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(fail)?;
    let mut prepared = Prepared::new(spec, features, write_end).map_err(fail)?;
    let mut old_mask = SigSet::empty();
    // No handler of ours may run in the child before they are gone.
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut old_mask)).map_err(fail)?;
    // SAFETY: the child calls only async-signal-safe functions on memory made before the fork, and
    // ends in exec or _exit.
    let forked = unsafe { fork_for(spec, features, &mut prepared) };
    if let Ok(ForkResult::Child) = forked {
        between::run(&mut prepared);
    }
    let unblocked = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&old_mask), None);
    drop(prepared);
    let pid = match forked.map_err(fail)? {
        ForkResult::Parent { child } => ProcessId::new(child.as_raw()).ok_or_else(|| fail(Errno::ECHILD))?,
        // `run` does not return.
        ForkResult::Child => return Err(fail(Errno::ECHILD)),
    };
    unblocked.map_err(fail)?;
    Ok(Spawned { pid, exec: ExecPipe::new(read_end) })
}

impl Spawned {
    /// A descriptor that becomes readable when the process has ended, where the kernel has that.
    pub fn pidfd(&self, features: &Features) -> Option<OwnedFd> {
        if features.pidfd { sys::pidfd_open(self.pid.get()).ok() } else { None }
    }
}

/// Forks, into the group at once where kernel and hierarchy can do that.
///
/// # Safety
/// As `fork`: the child may only make system calls on memory that was prepared before.
unsafe fn fork_for(spec: &Spec, features: &Features, prepared: &mut Prepared) -> nix::Result<ForkResult> {
    if let Some(folder) = spec.cgroup_folder.as_ref().filter(|_| features.clone_into) {
        let procs = prepared.cgroup.take();
        // SAFETY: the caller's promise.
        match unsafe { sys::fork_into_cgroup(folder.as_fd()) } {
            Ok(0) => return Ok(ForkResult::Child),
            Ok(pid) => return Ok(ForkResult::Parent { child: Pid::from_raw(pid) }),
            // An old kernel, a filter, or a group that takes nobody: the usual way works or says why.
            Err(_) => prepared.cgroup = procs,
        }
    }
    match spec.memory {
        // SAFETY: the caller's promise.
        Memory::Copied => unsafe { fork() },
        Memory::Borrowed => borrow(prepared),
    }
}

/// Room for the child's stack: `between` needs some hundred bytes.
const BORROWED_STACK: usize = 64 << 10;

/// As posix_spawn does it: the child works on a stack of its own in this memory, and the kernel keeps
/// this thread waiting until it has executed or ended.
fn borrow(prepared: &mut Prepared) -> nix::Result<ForkResult> {
    extern "C" fn child(prepared: *mut libc::c_void) -> libc::c_int {
        // SAFETY: it is the `Prepared` below, which nobody else looks at meanwhile.
        between::run(unsafe { &mut *prepared.cast::<Prepared>() })
    }
    let mut stack: Vec<std::mem::MaybeUninit<u128>> = Vec::with_capacity(BORROWED_STACK / 16);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack's end, aligned to 16 bytes by its type; it grows down and is freed only after
    // the child has left it. All signals are blocked, so that no handler runs on it.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.capacity());
        libc::clone(child, top.cast(), flags, (&raw mut *prepared).cast())
    };
    Errno::result(pid).map(|pid| ForkResult::Parent { child: Pid::from_raw(pid) })
}
