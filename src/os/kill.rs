//! Signals to processes that may end at any moment.
//!
//! Promises: a signal never reaches a process that was merely given the number of the one meant.
//! With a pidfd (Linux 5.3) the kernel holds that; without, the start time is compared right
//! before. A child that was not reaped cannot lose its number.

use super::clock::BootId;
use super::error::{Error, Result};
use super::features::Features;
use super::proc::{Identity, Life, Proc, ProcessId};
use super::sys;
use nix::errno::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Was there anybody to get it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The process was there when the signal was sent.
    Yes,
    /// The process has gone.
    Gone,
}

/// A process that need not be a child of ours.
#[derive(Debug)]
pub struct Target {
    identity: Identity,
    pidfd: Option<OwnedFd>,
}

impl Target {
    /// Takes hold of it; `None` when it has gone, also when another has its number.
    pub fn open(
        identity: &Identity,
        boot_id: &BootId,
        proc: &Proc,
        features: &Features,
    ) -> Result<Option<Target>> {
        let pidfd = match features.pidfd.then(|| sys::pidfd_open(identity.pid.get())) {
            Some(Err(Errno::ESRCH)) => return Ok(None),
            Some(Err(e)) => return Err(fail(identity.pid, e)),
            Some(Ok(fd)) => Some(fd),
            None => None,
        };
        // Looked at after the descriptor was opened: what it names can no longer change.
        Ok(match proc.life(identity, boot_id)? {
            Life::Gone => None,
            Life::Running | Life::Zombie => Some(Target { identity: identity.clone(), pidfd }),
        })
    }

    /// Sends a signal; 0 only asks.
    pub fn send(&self, signal: i32, boot_id: &BootId, proc: &Proc) -> Result<Delivery> {
        if let Some(pidfd) = &self.pidfd {
            return sent(self.identity.pid, sys::pidfd_send_signal(pidfd.as_fd(), signal));
        }
        match proc.life(&self.identity, boot_id)? {
            Life::Gone => Ok(Delivery::Gone),
            Life::Running | Life::Zombie => child(self.identity.pid, signal),
        }
    }

    /// Number and start time of the process, by which a number that was given anew is told.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Readable once the process has ended. Without it, look again from time to time.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }
}

/// Sends a signal by number: only for an unreaped child, or right after the kernel named it.
pub fn child(pid: ProcessId, signal: i32) -> Result<Delivery> {
    sent(pid, sys::kill(pid.get(), signal))
}

/// Sends a signal to a process group: only while an unreaped child leads it.
pub fn group(leader: ProcessId, signal: i32) -> Result<Delivery> {
    sent(leader, sys::kill(-leader.get(), signal))
}

fn sent(pid: ProcessId, outcome: nix::Result<()>) -> Result<Delivery> {
    match outcome {
        Ok(()) => Ok(Delivery::Yes),
        Err(Errno::ESRCH) => Ok(Delivery::Gone),
        Err(e) => Err(fail(pid, e)),
    }
}

fn fail(pid: ProcessId, e: Errno) -> Error {
    Error::new("signal", format!("process {pid}"), e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::child::{Spec, spawn};
    use crate::os::root::Root;
    use crate::os::wait::{Exit, reap};

    #[test]
    fn reaches_the_right_one_only_both_ways() {
        let proc = Proc::new(Root::host().unwrap());
        let boot = BootId::read(&Root::host().unwrap()).unwrap();
        for switch in [None, Some("no-pidfd")] {
            let features = Features::detect(switch).unwrap();
            let argv = ["sleep", "60"].map(Into::into).to_vec();
            let spec = Spec { program: "/bin/sleep".into(), argv, ..Spec::default() };
            let pid = spawn(&spec).unwrap().pid;
            let identity = proc.identity(pid, &boot).unwrap();
            let impostor = Identity { start_time: identity.start_time + 1, ..identity.clone() };
            assert!(Target::open(&impostor, &boot, &proc, &features).unwrap().is_none());
            let target = Target::open(&identity, &boot, &proc, &features).unwrap().unwrap();
            assert_eq!(target.pidfd().is_some(), features.pidfd);
            assert_eq!(target.send(0, &boot, &proc).unwrap(), Delivery::Yes);
            assert_eq!(target.send(libc::SIGTERM, &boot, &proc).unwrap(), Delivery::Yes);
            let reaped = loop {
                if let Some(reaped) = reap(pid).unwrap() {
                    break reaped;
                }
            };
            assert_eq!(reaped.exit, Exit::Killed(libc::SIGTERM));
            assert_eq!(target.send(libc::SIGTERM, &boot, &proc).unwrap(), Delivery::Gone);
            assert!(Target::open(&identity, &boot, &proc, &features).unwrap().is_none());
        }
    }
}
