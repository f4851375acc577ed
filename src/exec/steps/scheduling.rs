//! `Nice=`, `CPUSchedulingPolicy=` and its kin, `CPUAffinity=`, `IOSchedulingClass=` and
//! `IOSchedulingPriority=`, `TimerSlackNSec=`.

use super::{Applied, Step, StepDone, fully, step, unless_forbidden};
use crate::exec::process::Process;
use crate::exec::stage::Stage;
use crate::os::process;

/// They follow one another.
pub(super) const STEPS: &[Step] = &[
    step("nice", Stage::Nice, nice),
    step("scheduler", Stage::SetScheduler, scheduler),
    step("cpu-affinity", Stage::CpuAffinity, cpu_affinity),
    step("io-priority", Stage::IoPrio, io_priority),
    step("timer-slack", Stage::TimerSlack, timer_slack),
];

fn nice(p: &Process) -> Applied {
    p.context.scheduling.nice.map_or(Ok(StepDone::Fully), |level| unless_forbidden(process::set_nice(level)))
}

/// `CPUSchedulingResetOnFork=` alone asks for nothing, as with systemd.
fn scheduler(p: &Process) -> Applied {
    let Some(policy) = p.context.scheduling.policy else { return Ok(StepDone::Fully) };
    let resets = p.context.is_on("CPUSchedulingResetOnFork");
    fully(process::set_scheduler(policy.number, policy.priority, resets))
}

fn cpu_affinity(p: &Process) -> Applied {
    let cpus = &p.context.scheduling.cpu_affinity;
    if cpus.is_empty() { Ok(StepDone::Fully) } else { fully(process::set_cpus(cpus)) }
}

/// One call sets both; what the unit does not say is best effort of level 4, as systemd has it.
fn io_priority(p: &Process) -> Applied {
    let plain = &p.context.plain;
    match (plain.get("IOSchedulingClass"), plain.get("IOSchedulingPriority")) {
        (None, None) => Ok(StepDone::Fully),
        (class, level) => fully(process::set_io_priority(class.unwrap_or(2), level.unwrap_or(4))),
    }
}

fn timer_slack(p: &Process) -> Applied {
    p.context.scheduling.timer_slack.map_or(Ok(StepDone::Fully), |nsec| fully(process::set_timer_slack(nsec)))
}
