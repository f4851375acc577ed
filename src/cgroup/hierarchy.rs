//! Which hierarchy of this host has which controller, and how a group comes to have it.

use super::controllers::Controller;
use crate::os::cgroup::{Group, Made, Mount, Version, mounts};
use crate::os::error::Result;
use crate::os::root::Root;
use std::path::Path;

/// The hierarchies that are mounted.
#[derive(Debug)]
pub(super) struct Hierarchies {
    host: Root,
    mounts: Vec<Mount>,
}

impl Hierarchies {
    pub fn read(host: &Root) -> Result<Hierarchies> {
        Ok(Hierarchies { host: host.clone(), mounts: mounts(host)? })
    }

    /// The one that has a controller; no two have the same one. Which devices may be opened any group of the
    /// unified hierarchy can be told, where no hierarchy of v1 has the controller.
    pub fn mount_of(&self, controller: Controller) -> Option<&Mount> {
        let unified = || {
            let mut mounts = self.mounts.iter().filter(|_| controller == Controller::Devices);
            mounts.find(|mount| mount.version == Version::V2)
        };
        self.with(controller).or_else(unified)
    }

    fn with(&self, controller: Controller) -> Option<&Mount> {
        self.mounts.iter().find(|mount| {
            let Some(name) = controller.name(mount.version) else { return false };
            match mount.version {
                Version::V1 => mount.options.split(',').any(|option| option == name),
                Version::V2 => {
                    let top = Group::at(&self.host, mount.point.clone(), Version::V2);
                    lists(&top, "cgroup.controllers", name)
                }
            }
        })
    }

    /// The group of a unit in a hierarchy, made if it is not there, with a controller of that hierarchy.
    pub fn group(&self, mount: &Mount, unit: &str, controller: Controller) -> Result<(Group, Made)> {
        let group = Group::at(&self.host, mount.point.join("amr").join(unit), mount.version);
        let made = group.create()?;
        match (mount.version, controller) {
            (Version::V2, _) => enable(&group, &mount.point, controller)?,
            (Version::V1, Controller::Cpuset) => inherit(&group, &mount.point)?,
            (Version::V1, _) => {}
        }
        Ok((group, made))
    }
}

fn lists(group: &Group, file: &str, name: &str) -> bool {
    group.get(file).is_ok_and(|text| text.split_whitespace().any(|word| word == name))
}

/// The groups above it, the highest first.
fn above(group: &Group, top: &Path) -> Vec<Group> {
    let mut above: Vec<Group> = std::iter::successors(group.parent(top), |group| group.parent(top)).collect();
    above.reverse();
    above
}

/// Unified: a group has a controller when each group above hands it down.
fn enable(group: &Group, top: &Path, controller: Controller) -> Result<()> {
    let Some(name) = controller.name(Version::V2) else { return Ok(()) };
    for above in above(group, top) {
        if !lists(&above, "cgroup.subtree_control", name) {
            above.set("cgroup.subtree_control", &format!("+{name}"))?;
        }
    }
    Ok(())
}

/// A new group of v1 takes nobody until it has processors and memory nodes: those of the group above it.
fn inherit(group: &Group, top: &Path) -> Result<()> {
    let mut chain = above(group, top);
    chain.push(group.clone());
    for pair in chain.windows(2) {
        let [above, below] = pair else { continue };
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if below.get(file)?.trim().is_empty() {
                below.set(file, above.get(file)?.trim())?;
            }
        }
    }
    Ok(())
}

/// Can groups be told here which devices may be opened?
#[must_use]
pub fn lists_devices() -> bool {
    let found = Root::host().and_then(|host| Hierarchies::read(&host));
    found.is_ok_and(|all| all.mount_of(Controller::Devices).is_some())
}

/// Bytes of memory that this host has.
#[must_use]
pub fn memory_in_all() -> Option<u64> {
    let text = text("/proc/meminfo")?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?;
    kib.parse::<u64>().ok()?.checked_mul(1024)
}

/// So many processes and threads this host may have at a time.
#[must_use]
pub fn tasks_in_all() -> Option<u64> {
    let number = |path: &str| text(path)?.trim().parse::<u64>().ok();
    let limits = ["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"];
    limits.into_iter().filter_map(number).min()
}

fn text(path: &str) -> Option<String> {
    super::text(&Root::host().ok()?, Path::new(path))
}
