//! The controllers of the kernel, and what a unit demands of them. Pure.

use super::{devices, v1, v2};
use crate::os::cgroup::Version;
use crate::unit::cgroup::Resources;

/// One controller, whatever the hierarchy that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// Weights and quotas.
    Cpu,
    /// Counts time; the unified hierarchy does so by itself.
    Cpuacct,
    /// Which processors.
    Cpuset,
    /// Which device nodes may be opened; on the unified hierarchy a program of ours answers that.
    Devices,
    /// Reading and writing of block devices.
    Io,
    /// Memory and swap.
    Memory,
    /// Processes and threads.
    Pids,
}

impl Controller {
    /// Those that amr knows, in the order in which they are dealt with: systemd's.
    pub const ALL: [Controller; 7] = [
        Controller::Cpu,
        Controller::Cpuacct,
        Controller::Cpuset,
        Controller::Io,
        Controller::Memory,
        Controller::Devices,
        Controller::Pids,
    ];

    /// As the kernel names it; `None` where this kind of hierarchy has none of it.
    #[must_use]
    pub fn name(self, version: Version) -> Option<&'static str> {
        match (self, version) {
            (Controller::Cpu, _) => Some("cpu"),
            (Controller::Cpuacct, Version::V1) => Some("cpuacct"),
            (Controller::Cpuacct, Version::V2) => None,
            (Controller::Cpuset, _) => Some("cpuset"),
            (Controller::Devices, Version::V1) => Some("devices"),
            (Controller::Devices, Version::V2) => None,
            (Controller::Io, Version::V1) => Some("blkio"),
            (Controller::Io, Version::V2) => Some("io"),
            (Controller::Memory, _) => Some("memory"),
            (Controller::Pids, _) => Some("pids"),
        }
    }

    /// Does the unit ask that it counts, or anything else of it?
    #[must_use]
    pub fn is_wanted(self, resources: &Resources) -> bool {
        let counts = match self {
            Controller::Cpu | Controller::Cpuset => false,
            Controller::Devices => resources.devices.is_limited(),
            Controller::Io => resources.io.accounting || resources.io.block.accounting,
            Controller::Cpuacct => resources.cpu.accounting,
            Controller::Memory => resources.memory.accounting,
            Controller::Pids => resources.tasks.accounting,
        };
        counts || !self.lines(resources).is_empty()
    }

    /// The lines of the unit that ask something of it, the same whichever hierarchy it is in.
    #[must_use]
    pub fn lines(self, resources: &Resources) -> Vec<String> {
        if self == Controller::Devices {
            return devices::lines(&resources.devices);
        }
        self.attributes(resources, Version::V2).into_iter().filter_map(|attribute| attribute.said).collect()
    }

    /// What is to be written into its files, the defaults included.
    #[must_use]
    pub fn attributes(self, resources: &Resources, version: Version) -> Vec<Attribute> {
        match version {
            Version::V1 => v1::attributes(self, resources),
            Version::V2 => v2::attributes(self, resources),
        }
    }
}

/// One attribute of a controller that is to be set for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The line of the unit that asks for it; `None` where it is the kernel's default.
    pub said: Option<String>,
    /// How it is done, or why it cannot be.
    pub how: Result<Write, &'static str>,
}

/// A file of a group, and what is written into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Its name.
    pub file: &'static str,
    /// The numbers of these devices stand before the value.
    pub devices: Devices,
    /// In one write(2).
    pub value: String,
    /// The same for another scheduler of the kernel: one of the two is enough.
    pub or: Option<Box<Write>>,
}

/// Which devices a value is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// None: it is about the group.
    None,
    /// The disk behind a path.
    Of(String),
    /// All that the file names, which an earlier run left.
    Listed,
}

impl Write {
    /// About the group.
    pub(super) fn new(file: &'static str, value: impl ToString) -> Write {
        Write { file, devices: Devices::None, value: value.to_string(), or: None }
    }

    /// The same about devices.
    pub(super) fn about(self, devices: Devices) -> Write {
        Write { devices, ..self }
    }

    /// The same, or the other.
    pub(super) fn or(self, other: Write) -> Write {
        Write { or: Some(Box::new(other)), ..self }
    }
}

/// `value` into `file`, for the line that asks for it.
pub(super) fn write(said: Option<String>, file: &'static str, value: impl ToString) -> Attribute {
    Attribute { said, how: Ok(Write::new(file, value)) }
}

/// Nothing that this kind of hierarchy has.
pub(super) fn cannot(said: String, why: &'static str) -> Attribute {
    Attribute { said: Some(said), how: Err(why) }
}

/// The line of a unit about so many bytes, where they are not the default.
pub(super) fn line(name: &str, bytes: u64, default: u64) -> Option<String> {
    let units = [("G", 30), ("M", 20), ("K", 10)];
    let unit = units.into_iter().find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    let value = match unit {
        None if bytes == u64::MAX => "infinity".to_owned(),
        None => bytes.to_string(),
        Some((unit, shift)) => format!("{}{unit}", bytes >> shift),
    };
    (bytes != default).then(|| format!("{name}={value}"))
}

/// How much of each period may be used, and how long that is, both in microseconds
/// (`cgroup_cpu_adjust_period` of systemd 252): the kernel takes periods of 1 ms to 1 s, and no less than
/// 1 ms of them. `None` for no limit.
pub(super) fn quota(resources: &Resources) -> (Option<u64>, u64) {
    const RESOLUTION: u64 = 1_000;
    const SECOND: u64 = 1_000_000;
    const USUAL: u64 = 100_000;
    let Some(quota) = resources.cpu.quota.filter(|quota| *quota > 0) else { return (None, USUAL) };
    let period = resources.cpu.period.map_or(USUAL, |p| u64::try_from(p.as_micros()).unwrap_or(SECOND));
    let period = period.max(RESOLUTION).max(RESOLUTION.saturating_mul(SECOND) / quota).min(SECOND);
    (Some((quota.saturating_mul(period) / SECOND).max(RESOLUTION)), period)
}

/// The line that asks for the quota, as people write it.
pub(super) fn quota_line(resources: &Resources) -> Option<String> {
    resources.cpu.quota.map(|micros| format!("CPUQuota={}%", micros / 10_000))
}
