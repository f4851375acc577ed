//! The child's life: the steps, then exec; and the pipe through which it tells how far it came.

use super::process::Process;
use super::stage::ExecPipe;
use super::steps::{Done, STEPS};
use crate::os::error::Result;
use crate::os::fork;
use crate::os::pipe::Reports;
use crate::os::proc::ProcessId;

/// A process that was started. It is a child: its number is its own until it is reaped.
#[derive(Debug)]
pub struct Started {
    /// Its number.
    pub pid: ProcessId,
    /// Tells when exec was done or what failed before.
    pub exec: ExecPipe,
}

/// Forks; returns at once.
///
/// # Errors
/// There is no process, for want of something or since this one has other threads.
pub fn start(process: &Process) -> Result<Started> {
    let reports = Reports::new()?;
    let pid = fork::child(|| live(process, &reports))?;
    Ok(Started { pid, exec: ExecPipe::new(reports.into_reader()) })
}

/// Returns only where a step failed: the exit status.
fn live(process: &Process, reports: &Reports) -> u8 {
    for step in STEPS {
        match step.apply(process) {
            Ok(Done::Fully) => {}
            Ok(Done::Without(errno)) => reports.send(&step.report(false, &errno.into()).line()),
            Err(fault) => {
                reports.send(&step.report(true, &fault).line());
                return step.status.code();
            }
        }
    }
    // The last step is exec, which does not return.
    fork::BROKEN
}
