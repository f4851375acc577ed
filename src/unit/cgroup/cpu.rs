//! The processors: how much of their time (`CPUQuota=`), in which proportion to others (`CPUWeight=`), and
//! which of them (`AllowedCPUs=`).

use super::{Field, Resources, limit, or_not_set, ranged};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use crate::unit::value::{Timeout, cpu_set, size, time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// See [`Resources`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cpu {
    /// `CPUAccounting=`
    pub accounting: bool,
    /// `CPUWeight=`, 1 to 10000; what is not set weighs 100.
    pub weight: Option<Weight>,
    /// `CPUShares=`, the older one, 2 to 262144: counts where the other is not set. 1024 is what weighs 100.
    pub shares: Option<u64>,
    /// `CPUQuota=`: microseconds of processor in each second; `None` for no limit.
    pub quota: Option<u64>,
    /// `CPUQuotaPeriodSec=`: in how much time the quota is reckoned; `None`: 100 ms.
    pub period: Option<Duration>,
    /// `AllowedCPUs=`: sorted, each once; empty for all. So with the next.
    pub cpus: Vec<u32>,
    /// `AllowedMemoryNodes=`
    pub nodes: Vec<u32>,
}

/// A share of what others want as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weight {
    /// Only what nobody else wants.
    Idle,
    /// In proportion.
    Of(u64),
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "AllowedCPUs",
        property: "AllowedCPUs",
        read: |r, l| numbers(&mut r.cpu.cpus, l),
        show: |r| cpu_set::show(&r.cpu.cpus),
    },
    Field {
        name: "AllowedMemoryNodes",
        property: "AllowedMemoryNodes",
        read: |r, l| numbers(&mut r.cpu.nodes, l),
        show: |r| cpu_set::show(&r.cpu.nodes),
    },
    Field {
        name: "CPUAccounting",
        property: "CPUAccounting",
        read: |r, l| set(&mut r.cpu.accounting, l.boolean()),
        show: |r: &Resources| yes_no(r.cpu.accounting),
    },
    Field { name: "CPUQuota", property: "CPUQuotaPerSecUSec", read: quota, show: show_quota },
    Field {
        name: "CPUQuotaPeriodSec",
        property: "CPUQuotaPeriodUSec",
        read: period,
        show: |r| r.cpu.period.map_or_else(|| limit(u64::MAX), time::format),
    },
    Field {
        name: "CPUShares",
        property: "CPUShares",
        read: |r, l| set(&mut r.cpu.shares, ranged(l, 2, 262_144)),
        show: |r| or_not_set(r.cpu.shares),
    },
    Field { name: "CPUWeight", property: "CPUWeight", read: weight, show: show_weight },
];

/// Lists and ranges add up; an empty value clears them.
fn numbers(list: &mut Vec<u32>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if cpu_set::parse(l.text)?.is_empty() {
        list.clear();
    }
    Ok(cpu_set::add(list, l.text)?)
}

fn quota(r: &mut Resources, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        r.cpu.quota = None;
        return Ok(());
    }
    let part = size::parse_permyriad(l.text).filter(|part| *part > 0);
    let part =
        part.ok_or_else(|| l.trouble(format!("'{}' is not a percentage of one CPU, such as 150%", l.text)))?;
    // A million microseconds in ten thousand parts.
    r.cpu.quota = Some(u64::from(part).saturating_mul(100));
    Ok(())
}

fn show_quota(r: &Resources) -> String {
    r.cpu.quota.map_or_else(|| limit(u64::MAX), |micros| time::format(Duration::from_micros(micros)))
}

fn period(r: &mut Resources, l: &Line<'_>) -> Result<(), ValueProblem> {
    r.cpu.period = if l.text.is_empty() {
        None
    } else {
        match l.time()? {
            Timeout::After(time) => Some(time),
            Timeout::Never => None,
        }
    };
    Ok(())
}

fn weight(r: &mut Resources, l: &Line<'_>) -> Result<(), ValueProblem> {
    r.cpu.weight = if l.text == "idle" { Some(Weight::Idle) } else { ranged(l, 1, 10_000)?.map(Weight::Of) };
    Ok(())
}

fn show_weight(r: &Resources) -> String {
    match r.cpu.weight {
        Some(Weight::Idle) => "idle".to_owned(),
        Some(Weight::Of(weight)) => weight.to_string(),
        None => or_not_set(None),
    }
}
