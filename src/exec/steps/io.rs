//! Standard descriptors, and that the process has no others.

use super::{Applied, StepDone, fully};
use crate::exec::process::Process;
use crate::os::process;

pub(super) fn stdin(p: &Process) -> Applied {
    let [stdin, _, _] = &p.stdio;
    stdin.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stdin(fd)))
}

pub(super) fn stdout(p: &Process) -> Applied {
    let [_, stdout, _] = &p.stdio;
    stdout.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stdout(fd)))
}

pub(super) fn stderr(p: &Process) -> Applied {
    let [_, _, stderr] = &p.stdio;
    stderr.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stderr(fd)))
}

/// Every descriptor of ours is close-on-exec from birth; this is for those that we inherited ourselves.
pub(super) fn descriptors(p: &Process) -> Applied {
    fully(process::keep_standard_descriptors(p.close_range))
}
