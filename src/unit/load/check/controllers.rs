//! `ConditionControlGroupController=`: which controllers of control groups there are, and in which version.

use super::mounts::mounts;
use super::text;
use crate::os::root::Root;
use std::path::{Path, PathBuf};

/// Those that systemd means by a name.
const OF_V1: [&str; 6] = ["cpu", "cpuacct", "blkio", "memory", "devices", "pids"];
const OF_V2: [&str; 5] = ["cpu", "cpuset", "io", "memory", "pids"];
const KNOWN: [&str; 13] = [
    "cpu",
    "cpuacct",
    "cpuset",
    "io",
    "blkio",
    "memory",
    "devices",
    "pids",
    "bpf-firewall",
    "bpf-devices",
    "bpf-foreign",
    "bpf-socket-bind",
    "bpf-restrict-network-interfaces",
];

/// What is mounted, wherever it is.
pub(super) struct Hierarchies {
    /// The first mount of the unified one.
    unified: Option<PathBuf>,
    /// One of version 1 has controllers, or is systemd's own.
    legacy: bool,
    controllers: Vec<String>,
}

impl Hierarchies {
    /// `None` where there is none at all.
    pub(super) fn find(root: &Root) -> Option<Self> {
        let all = mounts(root)?;
        let legacy: Vec<_> = all.iter().filter(|m| m.kind == "cgroup").collect();
        let unified = all.iter().find(|m| m.kind == "cgroup2").map(|m| m.point.clone());
        if legacy.is_empty() && unified.is_none() {
            return None;
        }
        let controllers = if legacy.is_empty() {
            let path = unified.as_ref()?.join("cgroup.controllers");
            let told = text(root, &path.to_string_lossy()).unwrap_or_default();
            told.split_whitespace().filter(|name| OF_V2.contains(name)).map(str::to_owned).collect()
        } else {
            let options = legacy.iter().flat_map(|m| m.options.split(','));
            options.filter(|name| OF_V1.contains(name)).map(str::to_owned).collect()
        };
        Some(Self { unified, legacy: !legacy.is_empty(), controllers })
    }

    /// Where it is, if there are none of version 1 beside it.
    pub(super) fn unified_only(&self) -> Option<&Path> {
        self.unified.as_deref().filter(|_| !self.legacy)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.controllers.iter().any(|c| c == name)
    }
}

/// `v1`, `v2`, or controllers that must all be there; words that are none do not count.
pub(super) fn holds(root: &Root, value: &str) -> Option<bool> {
    let all = Hierarchies::find(root)?;
    Some(match value {
        "v1" => all.legacy,
        "v2" => !all.legacy,
        names => names.split_whitespace().filter(|name| KNOWN.contains(name)).all(|name| all.has(name)),
    })
}
