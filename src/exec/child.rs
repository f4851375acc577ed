//! The child's life: the steps, then exec; and the pipe through which it tells how far it came. Before
//! exec it waits until its parent has it in the record: docs/decisions/intent-first.md.

use super::process::Process;
use super::stage::ExecPipe;
use super::steps::{self, Step, StepDone, StepError};
use crate::os::error::{Errno, Result};
use crate::os::fork::{self, Birth};
use crate::os::pipe::{Gate, Opener, Reports};
use crate::os::proc::ProcessId;
use std::os::fd::{AsFd, OwnedFd};

/// A process that was started. It is a child: its number is its own until it is reaped.
#[derive(Debug)]
pub struct Started {
    /// Its number.
    pub pid: ProcessId,
    /// Tells when exec was done or what failed before.
    pub exec: ExecPipe,
    /// Until it is opened, the process does not execute anything.
    pub gate: Opener,
}

/// Forks; returns at once.
///
/// # Errors
/// There is no process, for want of something or since this one has other threads.
pub fn start(process: &Process) -> Result<Started> {
    let (reports, mut gate) = (Reports::new(process.passed.count())?, Gate::new(process.passed.count())?);
    let folder = process.group.as_ref().and_then(|group| group.folder.as_ref()).map(OwnedFd::as_fd);
    let pid = fork::child(folder, |birth| live(process, birth, &reports, &mut gate))?;
    Ok(Started { pid, exec: ExecPipe::new(reports.into_reader()), gate: gate.into_opener() })
}

/// Returns only where a step failed, or where nobody is left who knows of it: the exit status.
fn live(process: &Process, birth: Birth, reports: &Reports, gate: &mut Gate) -> u8 {
    process.birth.set(Some(birth));
    for step in steps::unknown() {
        if let Some(status) = failure(step, process, reports) {
            return status;
        }
        match if step.changes_rights { birth.parent.die_with() } else { Ok(()) } {
            Ok(()) => {}
            Err(Errno::ESRCH) => return fork::BROKEN,
            Err(errno) => return failed(step, reports, &errno.into()),
        }
        debug_assert!(birth.parent.is_died_with(), "the kernel forgot it in {}", step.name);
    }
    process.ready();
    // Who is in the record lives on without this supervisor; until then the gate tells of its end.
    match birth.parent.outlive().and_then(|()| gate.pass()) {
        Ok(true) => {}
        Ok(false) => return fork::BROKEN,
        Err(errno) => return failed(&steps::EXECUTE, reports, &errno.into()),
    }
    // The last does not return but with a failure.
    let last = steps::filters().chain([&steps::EXECUTE]);
    last.into_iter().find_map(|step| failure(step, process, reports)).unwrap_or(fork::BROKEN)
}

/// Takes a step; the exit status where it failed.
fn failure(step: &Step, process: &Process, reports: &Reports) -> Option<u8> {
    match step.apply(process) {
        Ok(StepDone::Fully) => None,
        Ok(StepDone::Without(errno)) => {
            reports.send(&step.report(false, &errno.into()).line());
            None
        }
        Ok(StepDone::But(fault)) => {
            reports.send(&step.report(false, &fault).line());
            None
        }
        Err(fault) => Some(failed(step, reports, &fault)),
    }
}

/// Tells that a step failed; the exit status.
fn failed(step: &Step, reports: &Reports, fault: &StepError) -> u8 {
    reports.send(&step.report(true, fault).line());
    step.status.code()
}
