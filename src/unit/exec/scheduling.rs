//! SCHEDULING: `Nice=`, `CPUAffinity=`, `CPUSchedulingPolicy=` and its kin, `TimerSlackNSec=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::{Timeout, cpu_set, time};
use serde::{Deserialize, Serialize};

/// When and where the kernel lets it run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scheduling {
    /// `Nice=`: -20, the most favoured, to 19.
    pub nice: Option<i32>,
    /// `CPUAffinity=`: sorted, each once; empty for all.
    pub cpu_affinity: Vec<u32>,
    /// `CPUSchedulingPolicy=` and `CPUSchedulingPriority=`; `None` where neither is said.
    pub policy: Option<Policy>,
    /// `TimerSlackNSec=`: by how many nanoseconds the kernel may delay its timers; `None`: the host's.
    pub timer_slack: Option<u64>,
}

/// How the kernel lets it run beside others, sched(7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The kernel's number: 0 is SCHED_OTHER.
    pub number: i32,
    /// From 1 to 99 with a real-time policy, else 0.
    pub priority: i32,
}

/// The policies by name, and by their number, as they may be written too.
const POLICIES: [(&str, i32); 10] = [
    ("other", 0),
    ("batch", 3),
    ("idle", 5),
    ("fifo", 1),
    ("rr", 2),
    ("0", 0),
    ("1", 1),
    ("2", 2),
    ("3", 3),
    ("5", 5),
];

impl Policy {
    /// Does it have priorities?
    #[must_use]
    pub fn is_realtime(self) -> bool {
        matches!(self.number, 1 | 2)
    }

    /// The least and the highest of them, sched_get_priority_min(2).
    fn priorities(self) -> (i32, i32) {
        if self.is_realtime() { (1, 99) } else { (0, 0) }
    }
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "CPUAffinity",
        property: "CPUAffinity",
        read: |c, l| cpus(&mut c.scheduling.cpu_affinity, l),
        show: |c| cpu_set::show(&c.scheduling.cpu_affinity),
    },
    Field {
        name: "CPUSchedulingPolicy",
        property: "CPUSchedulingPolicy",
        read: |c, l| policy(&mut c.scheduling, l),
        show: |c| c.scheduling.policy.unwrap_or_default().number.to_string(),
    },
    Field {
        name: "CPUSchedulingPriority",
        property: "CPUSchedulingPriority",
        read: |c, l| priority(&mut c.scheduling, l),
        show: |c| c.scheduling.policy.unwrap_or_default().priority.to_string(),
    },
    Field {
        name: "Nice",
        property: "Nice",
        read: |c, l| set(&mut c.scheduling.nice, l.integer(-20, 19)),
        show: |c| c.scheduling.nice.unwrap_or(0).to_string(),
    },
    Field {
        name: "TimerSlackNSec",
        property: "TimerSlackNSec",
        read: |c, l| timer_slack(&mut c.scheduling.timer_slack, l),
        show: |c| c.scheduling.timer_slack.unwrap_or(TIMER_SLACK).to_string(),
    },
];

/// What the kernel gives a process that asks for nothing.
const TIMER_SLACK: u64 = 50_000;

fn timer_slack(slack: &mut Option<u64>, l: &Line<'_>) -> Result<(), ValueProblem> {
    *slack = match time::parse_with(l.text, time::DefaultUnit::Nanoseconds)? {
        Timeout::After(span) => span.as_nanos().try_into().ok(),
        Timeout::Never => None,
    };
    Ok(())
}

/// The priority goes along as far as the policy has it (`config_parse_exec_cpu_sched_policy`).
fn policy(scheduling: &mut Scheduling, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        scheduling.policy = None;
        return Ok(());
    }
    let number = l.choice(&POLICIES)?;
    let new = Policy { number, ..scheduling.policy.unwrap_or_default() };
    let (least, most) = new.priorities();
    scheduling.policy = Some(Policy { priority: new.priority.clamp(least, most), ..new });
    Ok(())
}

/// As the policy may follow, no more is looked at than what any of them has (`config_parse_exec_cpu_sched_prio`).
fn priority(scheduling: &mut Scheduling, l: &Line<'_>) -> Result<(), ValueProblem> {
    let Some(priority) = l.integer(0, 99)? else { return Err(l.no_value()) };
    scheduling.policy = Some(Policy { priority, ..scheduling.policy.unwrap_or_default() });
    Ok(())
}

/// Lists and ranges add up: `0-3,8 10`; an empty value clears them.
fn cpus(cpus: &mut Vec<u32>, l: &Line<'_>) -> Result<(), ValueProblem> {
    match l.text {
        "" => cpus.clear(),
        "numa" => l.unapplied("amr sets no NUMA policy"),
        text => cpu_set::add(cpus, text)?,
    }
    Ok(())
}
