//! Controllers that this host mounts nowhere, for who allows amr to mount them (`amr cgroups --mount`): hosts of the
//! kind that mount no hierarchy at all, where without them no limit could be applied.

use super::controllers::Controller;
use crate::os::cgroup::{Mount, Version, mount_controller, mounts};
use crate::os::error::Result;
use crate::os::root::Root;
use std::path::{Path, PathBuf};

/// A controller that amr uses, and where this host has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As the kernel names it.
    pub controller: &'static str,
    /// Where it is.
    pub place: Place,
}

/// Where a controller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a hierarchy of v1 that is mounted here.
    Mounted(PathBuf),
    /// In the unified hierarchy, which is mounted here, or done without in it.
    Unified(PathBuf),
    /// In a hierarchy that is in use and not mounted here: by another mount namespace, or by groups that are left.
    Elsewhere,
    /// The kernel has it and is told not to use it (`cgroup_disable=`, or without `cgroup_enable=`).
    SwitchedOff,
    /// The kernel has none.
    Unknown,
    /// Nowhere: it can be mounted.
    Free,
}

/// All that amr uses.
///
/// # Errors
/// The kernel does not tell.
pub fn find(host: &Root) -> Result<Vec<Found>> {
    let table = super::text(host, Path::new("/proc/cgroups")).unwrap_or_default();
    let mounts = mounts(host)?;
    let unified = mounts.iter().find(|mount| mount.version == Version::V2).map(|mount| {
        let listed = super::text(host, &mount.point.join("cgroup.controllers")).unwrap_or_default();
        (mount.point.clone(), listed)
    });
    Ok(places(&table, &mounts, unified.as_ref()))
}

/// Mounts one that is free, by itself, below /sys/fs/cgroup; where.
///
/// # Errors
/// The kernel's: it is in use by now, or nothing can be mounted there.
pub fn mount(host: &Root, found: &Found) -> Result<PathBuf> {
    mount_controller(host, found.controller)
}

/// By /proc/cgroups, the mounts, and what the unified hierarchy lists.
fn places(table: &str, mounts: &[Mount], unified: Option<&(PathBuf, String)>) -> Vec<Found> {
    let place = |controller: Controller, name: &str| {
        let has = |mount: &&Mount| mount.options.split(',').any(|option| option == name);
        if let Some(mount) = mounts.iter().filter(|mount| mount.version == Version::V1).find(has) {
            return Place::Mounted(mount.point.clone());
        }
        let row = table.lines().map(|line| line.split_whitespace()).find_map(|mut row| {
            (row.next()? == name).then_some(())?;
            Some((row.next()?, row.next()?, row.next()?))
        });
        let Some((hierarchy, groups, enabled)) = row else { return Place::Unknown };
        if let Some((point, listed)) = unified
            && is_unified(controller, listed)
        {
            return Place::Unified(point.clone());
        }
        // Of the unified hierarchy, whose number is 0, others may see it that this process does not.
        let is_used = hierarchy != "0" || controller.name(Version::V2).is_some() && groups != "1";
        match (enabled, is_used) {
            ("0", _) => Place::SwitchedOff,
            (_, true) => Place::Elsewhere,
            (_, false) => Place::Free,
        }
    };
    let named = Controller::ALL.into_iter().filter_map(|c| Some((c, c.name(Version::V1)?)));
    named.map(|(controller, name)| Found { controller: name, place: place(controller, name) }).collect()
}

/// Does the unified hierarchy have it, or need none? It counts time with the cpu controller, and a program at a group
/// says which devices may be opened.
fn is_unified(controller: Controller, listed: &str) -> bool {
    let lists = |name: &str| listed.split_whitespace().any(|word| word == name);
    match (controller, controller.name(Version::V2)) {
        (Controller::Devices, _) => true,
        (Controller::Cpuacct, _) => lists("cpu"),
        (_, name) => name.is_some_and(lists),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";

    fn of(rows: &str, mounts: &[Mount], unified: Option<&(PathBuf, String)>) -> Vec<(&'static str, Place)> {
        let all = places(&format!("{HEAD}{rows}"), mounts, unified);
        all.into_iter().map(|found| (found.controller, found.place)).collect()
    }

    fn v1(point: &str, options: &str) -> Mount {
        Mount { point: point.into(), version: Version::V1, name: None, options: options.into() }
    }

    /// As Amazon Linux AMI 2017.03 has them: no hierarchy.
    #[test]
    fn nothing_is_mounted() {
        let rows = "cpuset\t0\t1\t1\ncpu\t0\t1\t1\ncpuacct\t0\t1\t1\nblkio\t0\t1\t1\nmemory\t0\t1\t0\npids\t0\t1\t1\n";
        let all = of(rows, &[], None);
        let free: Vec<_> =
            all.iter().filter(|(_, place)| *place == Place::Free).map(|(name, _)| *name).collect();
        assert_eq!(free, ["cpu", "cpuacct", "cpuset", "blkio", "pids"]);
        assert!(all.contains(&("memory", Place::SwitchedOff)));
        assert!(all.contains(&("devices", Place::Unknown)));
    }

    #[test]
    fn what_is_mounted_or_in_use_is_left() {
        let rows = "cpu\t4\t1\t1\ncpuacct\t4\t1\t1\nmemory\t5\t7\t1\npids\t0\t3\t1\ndevices\t0\t3\t1\ncpuset\t0\t1\t1\n";
        let all = of(rows, &[v1("/c", "rw,cpu,cpuacct")], None);
        for (name, place) in [
            ("cpu", Place::Mounted("/c".into())),
            ("cpuacct", Place::Mounted("/c".into())),
            ("memory", Place::Elsewhere),
            // Of a unified hierarchy that is not seen here.
            ("pids", Place::Elsewhere),
            // Which that has not.
            ("devices", Place::Free),
            ("cpuset", Place::Free),
        ] {
            assert!(all.contains(&(name, place.clone())), "{name} {place:?} {all:?}");
        }
    }

    #[test]
    fn the_unified_hierarchy_keeps_its_own() {
        let rows = "cpu\t0\t9\t1\ncpuacct\t0\t9\t1\nblkio\t0\t9\t1\nmemory\t0\t9\t1\ndevices\t0\t9\t1\npids\t7\t9\t1\n";
        let unified = (PathBuf::from("/u"), "cpu io memory".to_owned());
        let all = of(rows, &[v1("/p", "rw,pids")], Some(&unified));
        for name in ["cpu", "cpuacct", "blkio", "memory", "devices"] {
            assert!(all.contains(&(name, Place::Unified("/u".into()))), "{name} {all:?}");
        }
        assert!(all.contains(&("pids", Place::Mounted("/p".into()))));
        // One without controllers takes nobody's place but that of devices.
        let all = of("cpu\t0\t1\t1\n", &[], Some(&("/u".into(), String::new())));
        assert!(all.contains(&("cpu", Place::Free)));
    }
}
