//! SCHEDULING: `Nice=`, `CPUAffinity=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::cpu_set;
use serde::{Deserialize, Serialize};

/// When and where the kernel lets it run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scheduling {
    /// `Nice=`: -20, the most favoured, to 19.
    pub nice: Option<i32>,
    /// `CPUAffinity=`: sorted, each once; empty for all.
    pub cpu_affinity: Vec<u32>,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "CPUAffinity",
        property: "CPUAffinity",
        read: |c, l| cpus(&mut c.scheduling.cpu_affinity, l),
        show: |c| cpu_set::show(&c.scheduling.cpu_affinity),
    },
    Field {
        name: "Nice",
        property: "Nice",
        read: |c, l| set(&mut c.scheduling.nice, l.integer(-20, 19)),
        show: |c| c.scheduling.nice.unwrap_or(0).to_string(),
    },
];

/// Lists and ranges add up: `0-3,8 10`; an empty value clears them.
fn cpus(cpus: &mut Vec<u32>, l: &Line<'_>) -> Result<(), ValueProblem> {
    match l.text {
        "" => cpus.clear(),
        "numa" => l.unapplied("amr sets no NUMA policy"),
        text => cpu_set::add(cpus, text)?,
    }
    Ok(())
}
