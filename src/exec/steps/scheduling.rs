//! `Nice=`, `CPUAffinity=`.

use super::{Applied, Done, Step, fully, step, unless_forbidden};
use crate::exec::process::Process;
use crate::exec::stage::Stage;
use crate::os::process;

/// They follow one another.
pub(super) const STEPS: &[Step] =
    &[step("nice", Stage::Nice, nice), step("cpu-affinity", Stage::CpuAffinity, cpu_affinity)];

fn nice(p: &Process) -> Applied {
    p.context.scheduling.nice.map_or(Ok(Done::Fully), |level| unless_forbidden(process::set_nice(level)))
}

fn cpu_affinity(p: &Process) -> Applied {
    let cpus = &p.context.scheduling.cpu_affinity;
    if cpus.is_empty() { Ok(Done::Fully) } else { fully(process::set_cpus(cpus)) }
}
