//! Where groups can be made: a mounted hierarchy, found or mounted by ourselves.
//!
//! Looked for in this order: amr's own named hierarchy, mounted before; a writable cgroup2; a writable
//! hierarchy named `systemd` (as elogind and cgroupfs-mount leave it); else amr mounts its own,
//! `none,name=amr`.

use super::{Group, LIMIT, Version};
use crate::os::error::{Error, Result};
use crate::os::features::Features;
use crate::os::mounts::unescaped;
use crate::os::root::Root;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, SYSFS_MAGIC, statfs};
use nix::unistd::{AccessFlags, access};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A mounted hierarchy in which groups can be made.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    host: Root,
    mount: PathBuf,
    version: Version,
}

/// One line of /proc/self/mountinfo that is about cgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where the hierarchy is mounted, an outer path.
    pub point: PathBuf,
    /// Which interface.
    pub version: Version,
    /// `name=` of a v1 hierarchy.
    pub name: Option<String>,
    /// The options of the file system, among which a v1 hierarchy has its controllers.
    pub options: String,
}

impl Hierarchy {
    /// Finds one, or mounts our own named `name` at /sys/fs/cgroup/NAME, or at RUN_DIR/cgroup where
    /// that cannot be. `None` where there is nothing, or where `features` forbids it.
    pub fn find(host: &Root, features: &Features, run_dir: &Path, name: &str) -> Result<Option<Hierarchy>> {
        if !features.cgroup {
            return Ok(None);
        }
        if let Some(hierarchy) = Hierarchy::usual(host, run_dir, name).filter(Hierarchy::is_usable) {
            return Ok(Some(hierarchy));
        }
        let mounts = mounts(host)?;
        let named = |wanted: &str| mounts.iter().find(|m| m.name.as_deref() == Some(wanted));
        let unified = mounts.iter().find(|m| m.version == Version::V2);
        for found in [named(name), unified, named("systemd")].into_iter().flatten() {
            let hierarchy = Hierarchy::at(host, found.point.clone(), found.version);
            if hierarchy.is_usable() {
                return Ok(Some(hierarchy));
            }
        }
        Ok(Hierarchy::mount_own(host, run_dir, name))
    }

    fn at(host: &Root, mount: PathBuf, version: Version) -> Hierarchy {
        Hierarchy { host: host.clone(), mount, version }
    }

    /// The first of those in question that is mounted at its usual place: the table of all mounts can
    /// be long, and is then not read.
    fn usual(host: &Root, run_dir: &Path, name: &str) -> Option<Hierarchy> {
        let top = Path::new("/sys/fs/cgroup");
        let own = [top.join(name), run_dir.join("cgroup")].map(|place| (place, Version::V1));
        let unified = [top.to_owned(), top.join("unified")].map(|place| (place, Version::V2));
        own.into_iter().chain(unified).find_map(|(mount, version)| {
            let kind = statfs(&mount).ok()?.filesystem_type();
            let is_it = match version {
                // A folder in another hierarchy is no mount.
                Version::V1 => kind == CGROUP_SUPER_MAGIC && is_mount(host, &mount),
                Version::V2 => kind == CGROUP2_SUPER_MAGIC,
            };
            is_it.then(|| Hierarchy::at(host, mount, version))
        })
    }

    /// Mounts a named hierarchy of v1 without controllers; a kernel without v1, or the lack of the
    /// privilege, is no error but `None`.
    pub fn mount_own(host: &Root, run_dir: &Path, name: &str) -> Option<Hierarchy> {
        let folders = [Path::new("/sys/fs/cgroup").join(name), run_dir.join("cgroup")];
        folders.into_iter().find_map(|folder| {
            // Not `create_dir_all` for the first: without /sys/fs/cgroup nothing can be made there.
            host.create_dir(&folder, 0o755)
                .or_else(|e| if host.is_dir(&folder) { Ok(()) } else { Err(e) })
                .ok()?;
            let options = format!("none,name={name}");
            if mount(Some(name), &folder, Some("cgroup"), INERT, Some(options.as_str())).is_err() {
                // Made for nothing.
                let _ = host.remove_dir(&folder);
                return None;
            }
            Some(Hierarchy::at(host, folder, Version::V1))
        })
    }

    /// Where it is mounted, and which interface it has.
    pub fn describe(&self) -> (&Path, Version) {
        (&self.mount, self.version)
    }

    /// The group of a unit, not made yet.
    pub fn group(&self, unit: &str) -> Group {
        Group::at(&self.host, self.mount.join("amr").join(unit), self.version)
    }

    /// Can groups be made here, and would they take processes? (Below a threaded group of v2 they
    /// would not.)
    fn is_usable(&self) -> bool {
        let folder = self.mount.join("amr");
        // One that root made is no use to an ordinary user.
        let may_write = |dir: &Path| access(dir, AccessFlags::W_OK).is_ok();
        if self.host.create_dir_all(&folder, 0o755).is_err() || !may_write(&folder) {
            return false;
        }
        match self.version {
            Version::V1 => true,
            Version::V2 => {
                let kind = self.host.read_kernel(&folder.join("cgroup.type"), LIMIT);
                let takes = kind.is_ok_and(|kind| kind.trim_ascii() == b"domain");
                if !takes {
                    // Made for nothing; one that is in use stays by itself.
                    let _ = self.host.remove_dir(&folder);
                }
                takes
            }
        }
    }
}

/// Is something mounted there? (On another file system than the folder above.)
fn is_mount(host: &Root, place: &Path) -> bool {
    let dev = |path: &Path| host.stat(path).ok().map(|stat| stat.dev);
    place.parent().is_some_and(|above| dev(above) != dev(place))
}

/// What nobody starts or opens as a device on a hierarchy.
const INERT: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// Mounts a controller of v1 in a hierarchy of its own, at /sys/fs/cgroup/NAME, where a tmpfs is mounted first if that is the
/// kernel's own folder, in which none can be made (as cgroupfs-mount does).
///
/// # Errors
/// EBUSY: it is in use. The unified hierarchy is mounted there. Without privilege: EPERM.
pub fn mount_controller(host: &Root, name: &str) -> Result<PathBuf> {
    let top = Path::new("/sys/fs/cgroup");
    let place = top.join(name);
    let fail = |errno: Errno| Error::new("mount", place.as_path(), errno);
    let kind = statfs(top).map_err(fail)?.filesystem_type();
    if kind == SYSFS_MAGIC {
        mount(Some("cgroup"), top, Some("tmpfs"), INERT, Some("mode=755")).map_err(fail)?;
    } else if kind == CGROUP2_SUPER_MAGIC {
        // A folder there would be a group.
        return Err(fail(Errno::EBUSY));
    }
    if !host.is_dir(&place) {
        host.create_dir(&place, 0o755)?;
    }
    mount(Some("cgroup"), &place, Some("cgroup"), INERT, Some(name)).map_err(fail)?;
    Ok(place)
}

/// The cgroup mounts of this process's view.
///
/// # Errors
/// The table cannot be read.
pub fn mounts(host: &Root) -> Result<Vec<Mount>> {
    let bytes = host.read_kernel(Path::new("/proc/self/mountinfo"), LIMIT)?;
    let mut mounts = parse_mounts(&String::from_utf8_lossy(&bytes));
    mounts.retain(Mount::is_seen);
    Ok(mounts)
}

impl Mount {
    /// Is it what is found at its place? Something else may be mounted over it.
    fn is_seen(&self) -> bool {
        let kind = match self.version {
            Version::V1 => CGROUP_SUPER_MAGIC,
            Version::V2 => CGROUP2_SUPER_MAGIC,
        };
        statfs(&self.point).is_ok_and(|found| found.filesystem_type() == kind)
    }
}

/// The lines of /proc/self/mountinfo that are about cgroups (proc(5)).
fn parse_mounts(text: &str) -> Vec<Mount> {
    let parse = |line: &str| {
        let (front, back) = line.split_once(" - ")?;
        let point = PathBuf::from(OsString::from_vec(unescaped(front.split(' ').nth(4)?.as_bytes())));
        let mut back = back.split(' ');
        let version = match back.next()? {
            "cgroup" => Version::V1,
            "cgroup2" => Version::V2,
            _ => return None,
        };
        let options = back.nth(1)?;
        let name = options.split(',').find_map(|option| option.strip_prefix("name=")).map(str::to_owned);
        Some(Mount { point, version, name, options: options.to_owned() })
    };
    text.lines().filter_map(parse).collect()
}

/// The unified hierarchy of this host, where groups can be made in it.
#[cfg(test)]
pub(super) fn unified(host: &Root) -> Option<Hierarchy> {
    let mounts = mounts(host).unwrap_or_default();
    let found = mounts.into_iter().find(|mount| mount.version == Version::V2)?;
    Some(Hierarchy::at(host, found.point, found.version)).filter(Hierarchy::is_usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_mount_table() {
        let text = "26 25 0:23 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,xattr,name=systemd\n\
                    27 25 0:24 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n\
                    28 25 0:25 / /my\\040dir rw - cgroup amr rw,name=amr\n\
                    29 25 0:26 / /proc rw - proc proc rw\nnonsense\n";
        let mounts = parse_mounts(text);
        assert_eq!(mounts.len(), 3);
        assert_eq!(mounts[0].name.as_deref(), Some("systemd"));
        assert_eq!((mounts[1].version, mounts[1].name.as_deref()), (Version::V2, None));
        assert_eq!(mounts[2].point, Path::new("/my dir"));
    }
}
