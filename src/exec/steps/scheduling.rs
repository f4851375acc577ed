//! `Nice=`, `CPUAffinity=`.

use super::{Applied, Done, fully, unless_forbidden};
use crate::exec::process::Process;
use crate::os::process;

pub(super) fn nice(p: &Process) -> Applied {
    p.context.scheduling.nice.map_or(Ok(Done::Fully), |level| unless_forbidden(process::set_nice(level)))
}

pub(super) fn cpu_affinity(p: &Process) -> Applied {
    let cpus = &p.context.scheduling.cpu_affinity;
    if cpus.is_empty() { Ok(Done::Fully) } else { fully(process::set_cpus(cpus)) }
}
