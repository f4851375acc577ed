//! Groups of processes that the kernel keeps together however they fork.
//!
//! Only the grouping is used, no controller. Looked for in this order: amr's own named hierarchy,
//! mounted before; a writable cgroup2; a writable hierarchy named `systemd` (as elogind and
//! cgroupfs-mount leave it); else amr mounts its own, `none,name=amr`. Without any of these see
//! `tracking`.

use super::error::{Error, Result};
use super::features::Features;
use super::kill;
use super::proc::ProcessId;
use super::root::{FileKind, Root};
use crate::sort;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{AccessFlags, UnlinkatFlags, access, mkdir, unlinkat};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A list of pids may be long.
const LIMIT: u64 = 64 << 20;

/// A signal is sent to newcomers in at most this many passes: past that only a fork bomb is left.
const PASSES: u32 = 100;

/// Which of the two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A named hierarchy of cgroup v1.
    V1,
    /// The unified hierarchy.
    V2,
}

/// A mounted hierarchy in which groups can be made.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    host: Root,
    mount: PathBuf,
    version: Version,
}

/// One group.
#[derive(Clone, Debug)]
pub struct Group {
    host: Root,
    dir: PathBuf,
    version: Version,
}

/// Whether a group was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was not: nobody is in it.
    New,
    /// Somebody may be in it.
    Before,
}

/// One line of /proc/self/mountinfo that is about cgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    point: PathBuf,
    version: Version,
    /// `name=` of a v1 hierarchy.
    name: Option<String>,
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
        let mounts = host.read_kernel(Path::new("/proc/self/mountinfo"), LIMIT)?;
        let mounts = parse_mounts(&String::from_utf8_lossy(&mounts));
        let named = |wanted: &str| mounts.iter().find(|m| m.name.as_deref() == Some(wanted));
        let unified = mounts.iter().find(|m| m.version == Version::V2);
        for found in [named(name), unified, named("systemd")].into_iter().flatten() {
            let hierarchy =
                Hierarchy { host: host.clone(), mount: found.point.clone(), version: found.version };
            if hierarchy.is_usable() {
                return Ok(Some(hierarchy));
            }
        }
        Ok(Hierarchy::mount_own(host, run_dir, name))
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
            is_it.then(|| Hierarchy { host: host.clone(), mount, version })
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
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            let options = format!("none,name={name}");
            if mount(Some(name), &folder, Some("cgroup"), flags, Some(options.as_str())).is_err() {
                // Made for nothing.
                let _ = host.remove_dir(&folder);
                return None;
            }
            Some(Hierarchy { host: host.clone(), mount: folder, version: Version::V1 })
        })
    }

    /// Where it is mounted, and which interface it has.
    pub fn describe(&self) -> (&Path, Version) {
        (&self.mount, self.version)
    }

    /// The group of a unit, not made yet.
    pub fn group(&self, unit: &str) -> Group {
        Group { host: self.host.clone(), dir: self.mount.join("amr").join(unit), version: self.version }
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

impl Group {
    /// One that a record names.
    pub fn at(host: &Root, dir: PathBuf, version: Version) -> Group {
        Group { host: host.clone(), dir, version }
    }

    /// For a record.
    pub fn dir(&self) -> (&Path, Version) {
        (&self.dir, self.version)
    }

    /// Makes it; one that is there is taken over.
    pub fn create(&self) -> Result<Made> {
        if self.is_made_anew() {
            return Ok(Made::New);
        }
        self.host.create_dir_all(&self.dir, 0o755).map(|()| Made::Before)
    }

    /// Makes it, unless it is there or its hierarchy is not any more.
    pub fn is_made_anew(&self) -> bool {
        mkdir(&self.dir, Mode::from_bits_truncate(0o755)).is_ok()
    }

    /// Is it there?
    pub fn exists(&self) -> bool {
        self.host.is_dir(&self.dir)
    }

    /// The file that a child writes itself into; see `child::Spec`.
    pub fn procs(&self) -> Result<OwnedFd> {
        Ok(OwnedFd::from(self.host.open_with(&self.dir.join("cgroup.procs"), OFlag::O_WRONLY, 0)?))
    }

    /// Its folder, for a child to be born in (`child::Spec`); `None` on the old hierarchies, where
    /// the kernel cannot do that.
    pub fn folder(&self) -> Option<OwnedFd> {
        match self.version {
            Version::V1 => None,
            Version::V2 => self.host.open_dir(&self.dir).ok(),
        }
    }

    /// Moves a process into it.
    pub fn attach(&self, pid: ProcessId) -> Result<()> {
        let path = self.dir.join("cgroup.procs");
        self.write(&path, &pid.to_string())
    }

    /// All processes in it and in the groups below, sorted. Those of other pid namespaces, which
    /// the kernel shows as 0, are left out.
    pub fn pids(&self) -> Result<Vec<ProcessId>> {
        let mut found = BTreeSet::new();
        for dir in self.folders()? {
            match self.host.read_kernel(&dir.join("cgroup.procs"), LIMIT) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    found.extend(text.lines().filter_map(|l| ProcessId::new(l.trim().parse().ok()?)));
                }
                Err(e) if is_gone(&e) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Does nobody live in it? A group that is not there is empty.
    pub fn is_empty(&self) -> Result<bool> {
        match self.version {
            Version::V1 => Ok(self.pids()?.is_empty()),
            Version::V2 => match self.host.read_kernel(&self.dir.join("cgroup.events"), LIMIT) {
                Ok(bytes) => Ok(!String::from_utf8_lossy(&bytes).lines().any(|l| l == "populated 1")),
                Err(e) if is_gone(&e) => Ok(true),
                Err(e) => Err(e),
            },
        }
    }

    /// The file whose change (inotify: modified) says that the group became empty or populated;
    /// `None` with v1, where nothing says so: look when a child has ended.
    pub fn events(&self) -> Option<PathBuf> {
        match self.version {
            Version::V1 => None,
            Version::V2 => Some(self.dir.join("cgroup.events")),
        }
    }

    /// Sends a signal to all in it once, newcomers included; `spared` get none. Returns to
    /// how many. One that may not be signalled is an error, told after all others got theirs.
    pub fn kill_all(&self, signal: i32, spared: &[ProcessId], features: &Features) -> Result<usize> {
        if signal == libc::SIGKILL && spared.is_empty() && self.version == Version::V2 && features.cgroup_kill
        {
            let count = self.pids()?.len();
            let file = self.dir.join("cgroup.kill");
            if self.host.exists(&file) {
                return self.write(&file, "1").map(|()| count);
            }
        }
        let mut told = sort::set(spared.iter().copied());
        let mut failed = None;
        for _ in 0..PASSES {
            let fresh: Vec<_> = self.pids()?.into_iter().filter(|pid| told.insert(*pid)).collect();
            if fresh.is_empty() {
                break;
            }
            for pid in fresh {
                failed = failed.or(kill::child(pid, signal).err());
            }
        }
        failed.map_or(Ok(told.len().saturating_sub(spared.len())), Err)
    }

    /// Removes it with all groups below. One that still holds processes is an error (EBUSY).
    pub fn remove(&self) -> Result<()> {
        if rmdir(&self.dir) {
            return Ok(());
        }
        for dir in self.folders()?.iter().rev() {
            match self.host.remove_dir(dir) {
                Err(e) if !e.is_not_found() => return Err(e),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// This group and those below, parents first. Not there: none.
    fn folders(&self) -> Result<Vec<PathBuf>> {
        let mut found = vec![self.dir.clone()];
        let mut place = 0;
        while let Some(dir) = found.get(place).cloned() {
            place += 1;
            // "." and the name above: there is none below.
            if self.host.stat(&dir).is_ok_and(|stat| stat.nlink == 2) {
                continue;
            }
            match self.host.list(&dir) {
                Ok(entries) => {
                    let below = entries.into_iter().filter(|e| e.kind == FileKind::Dir);
                    found.extend(below.map(|e| dir.join(e.name)));
                }
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e),
            }
        }
        Ok(found)
    }

    fn write(&self, path: &Path, text: &str) -> Result<()> {
        let mut file = self.host.open_with(path, OFlag::O_WRONLY, 0)?;
        file.write_all(text.as_bytes()).map_err(|e| Error::new("write", path, e))
    }
}

fn rmdir(dir: &Path) -> bool {
    unlinkat(AT_FDCWD, dir, UnlinkatFlags::RemoveDir).is_ok()
}

/// Is something mounted there? (On another file system than the folder above.)
fn is_mount(host: &Root, place: &Path) -> bool {
    let dev = |path: &Path| host.stat(path).ok().map(|stat| stat.dev);
    place.parent().is_some_and(|above| dev(above) != dev(place))
}

/// A group that is removed while it is read gives ENODEV.
fn is_gone(e: &Error) -> bool {
    e.is_not_found() || e.errno() == Some(Errno::ENODEV as i32) || e.kind() == ErrorKind::NotFound
}

/// The cgroup mounts in /proc/self/mountinfo (proc(5)).
fn parse_mounts(text: &str) -> Vec<Mount> {
    let parse = |line: &str| {
        let (front, back) = line.split_once(" - ")?;
        let point = PathBuf::from(unescape(front.split(' ').nth(4)?));
        let mut back = back.split(' ');
        let version = match back.next()? {
            "cgroup" => Version::V1,
            "cgroup2" => Version::V2,
            _ => return None,
        };
        let options = back.nth(1)?;
        let name = options.split(',').find_map(|option| option.strip_prefix("name=")).map(str::to_owned);
        Some(Mount { point, version, name })
    };
    text.lines().filter_map(parse).collect()
}

/// Undoes the octal escapes of blanks in mount points.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::child::{Spec, spawn};
    use crate::os::clock;
    use crate::os::root::tests::Scratch;
    use std::sync::Arc;
    use std::time::Duration;

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

    /// A family of three processes in the group is seen, killed and gone.
    fn life_of_a_group(group: &Group, features: &Features) {
        group.create().unwrap();
        assert!(group.is_empty().unwrap());
        let spec = Spec {
            program: "/bin/sh".into(),
            argv: ["sh", "-c", "setsid sleep 60 & sleep 60 & wait"].map(Into::into).to_vec(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            cgroup: Some(Arc::new(group.procs().unwrap())),
            cgroup_folder: group.folder().map(Arc::new),
            ..Spec::default()
        };
        let pid = spawn(&spec, features).unwrap().pid;
        until("three processes", || group.pids().unwrap().len() == 3);
        assert!(!group.is_empty().unwrap());
        assert!(group.remove().is_err(), "it is not empty");
        assert_eq!(group.kill_all(libc::SIGCONT, &[pid], features).unwrap(), 2);
        assert!(group.kill_all(libc::SIGKILL, &[], features).unwrap() >= 3);
        until("the end of the shell", || crate::os::wait::reap(pid).unwrap().is_some());
        until("an empty group", || group.is_empty().unwrap());
        until("the group to go", || group.remove().is_ok());
        assert!(!group.exists() && group.is_empty().unwrap() && group.pids().unwrap().is_empty());
    }

    fn until(what: &str, mut done: impl FnMut() -> bool) {
        let deadline = clock::now() + Duration::from_secs(20);
        while !done() {
            assert!(clock::now() < deadline, "no {what}");
            crate::os::poll::wait(&[], Some(Duration::from_millis(2))).unwrap();
        }
    }

    #[test]
    fn own_hierarchy() {
        let host = Root::host().unwrap();
        let scratch = Scratch::new();
        // One name for all runs: the kernel may keep an unmounted hierarchy for a while.
        let name = "amrtest";
        let Some(hierarchy) = Hierarchy::mount_own(&host, &scratch.0, name) else {
            println!("left out: no hierarchy of cgroup v1 can be mounted here");
            return;
        };
        assert_eq!(hierarchy.version, Version::V1);
        let features = Features::detect(None).unwrap();
        let again = Hierarchy::find(&host, &features, &scratch.0, name).unwrap().unwrap();
        assert_eq!(again.mount, hierarchy.mount, "found again, not mounted twice");
        life_of_a_group(&again.group(&format!("a@{}.service", std::process::id())), &features);
        // Another run may still use them, and a child that another test is just forking may hold a
        // descriptor in them.
        until("the end of its use", || {
            let _ = host.remove_dir(&hierarchy.mount.join("amr"));
            nix::mount::umount(&hierarchy.mount).is_ok()
        });
        let _ = host.remove_dir(&hierarchy.mount);
        let off = Features::detect(Some("no-cgroup")).unwrap();
        assert!(Hierarchy::find(&host, &off, &scratch.0, name).unwrap().is_none());
    }

    #[test]
    fn unified_hierarchy_with_and_without_its_kill_file() {
        let host = Root::host().unwrap();
        let scratch = Scratch::new();
        let features = Features::detect(None).unwrap();
        let mounts = host.read(Path::new("/proc/self/mountinfo"), LIMIT).unwrap();
        let mounts = parse_mounts(&String::from_utf8_lossy(&mounts));
        let unified = mounts.iter().find(|m| m.version == Version::V2);
        let hierarchy = unified
            .map(|m| Hierarchy { host: host.clone(), mount: m.point.clone(), version: m.version })
            .filter(Hierarchy::is_usable);
        let Some(hierarchy) = hierarchy else {
            println!("left out: no writable cgroup2 here");
            return;
        };
        let unit = format!("{}.service", scratch.0.file_name().unwrap().to_str().unwrap());
        let group = hierarchy.group(&unit);
        assert!(host_events(&group));
        life_of_a_group(&group, &features);
        life_of_a_group(&group, &Features::detect(Some("no-cgroup-kill")).unwrap());
        life_of_a_group(&group, &Features::detect(Some("no-clone-into")).unwrap());
    }

    /// Which way was taken shows where the child has nothing to write itself into.
    #[test]
    fn a_child_is_born_in_the_group_unless_that_is_switched_off() {
        let host = Root::host().unwrap();
        let mounts = host.read(Path::new("/proc/self/mountinfo"), LIMIT).unwrap();
        let mounts = parse_mounts(&String::from_utf8_lossy(&mounts));
        let hierarchy = mounts
            .iter()
            .find(|m| m.version == Version::V2)
            .map(|m| Hierarchy { host: host.clone(), mount: m.point.clone(), version: m.version })
            .filter(Hierarchy::is_usable);
        let Some(hierarchy) = hierarchy else {
            println!("left out: no writable cgroup2 here");
            return;
        };
        let group = hierarchy.group(&format!("born-{}.service", std::process::id()));
        group.create().unwrap();
        for (switch, inside) in [(None, 1), (Some("no-clone-into"), 0)] {
            let features = Features::detect(switch).unwrap();
            let spec = Spec {
                program: "/bin/sleep".into(),
                argv: ["sleep", "60"].map(Into::into).to_vec(),
                cgroup_folder: group.folder().map(Arc::new),
                ..Spec::default()
            };
            let pid = spawn(&spec, &features).unwrap().pid;
            assert_eq!(group.pids().unwrap().len(), inside, "{switch:?}; the kernel is 5.7 or newer?");
            crate::os::kill::child(pid, libc::SIGKILL).unwrap();
            until("the end of it", || crate::os::wait::reap(pid).unwrap().is_some());
        }
        until("the group to go", || group.remove().is_ok());
    }

    fn host_events(group: &Group) -> bool {
        group.events().is_some_and(|path| path.ends_with("cgroup.events"))
    }
}
