//! Groups of processes that the kernel keeps together however they fork.
//!
//! Only the grouping is used, no controller. Where they can be made says `hierarchy`; where they
//! cannot be made at all see `tracking`.

mod hierarchy;
#[cfg(test)]
mod tests;

pub use hierarchy::{Hierarchy, Mount, mount_controller, mounts};

use super::error::{Error, Result};
use super::features::Features;
use super::fork::may_be_born_in;
use super::kill;
use super::proc::ProcessId;
use super::root::{FileKind, Root};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, mkdir, unlinkat};
use std::collections::BTreeSet;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

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

impl Version {
    /// By whether it is the unified hierarchy.
    #[must_use]
    pub fn from_unified(is_unified: bool) -> Self {
        if is_unified { Self::V2 } else { Self::V1 }
    }

    /// Is it the unified hierarchy?
    #[must_use]
    pub fn is_unified(self) -> bool {
        self == Self::V2
    }
}

/// The namespace of control groups that the kernel begins with (`PROC_CGROUP_INIT_INO`, linux/proc_ns.h).
const FIRST_NAMESPACE: u64 = 0xEFFF_FFFB;

/// Is this process in the root of the unified hierarchy, which has no cgroup.kill? `false` where that cannot be found
/// out: the root of another namespace may be anybody's group.
fn is_in_root_group(host: &Root) -> bool {
    let namespace = host.stat(Path::new("/proc/self/ns/cgroup"));
    let is_first = namespace.is_ok_and(|namespace| namespace.ino == FIRST_NAMESPACE);
    is_first
        && host
            .read_kernel(Path::new("/proc/self/cgroup"), LIMIT)
            .is_ok_and(|groups| groups.split(|byte| *byte == b'\n').any(|line| line == b"0::/"))
}

/// The ways into a group for a process that is about to be.
#[derive(Debug)]
pub struct GroupEntry {
    /// Its folder, where the kernel may let a process be born in it: see [`super::fork::child`].
    pub folder: Option<OwnedFd>,
    group: Group,
}

impl GroupEntry {
    /// Moves this process there.
    ///
    /// # Errors
    /// The kernel's, or there is no such group any more.
    pub fn enter(&self) -> Result<()> {
        let failed = |e: Errno| Error::new("enter", &self.group.dir, e);
        super::process::write_all(&self.group.procs()?, b"0").map_err(failed)
    }
}

/// A control group: a folder of a hierarchy, by its outer path.
#[derive(Clone, Debug)]
pub struct Group {
    host: Root,
    dir: PathBuf,
    version: Version,
    /// May processes be born in it? Only in one that this process has made and not killed, and where nobody can have
    /// killed this process's own or one that was tried has lived: see [`may_be_born_in`].
    births: Arc<AtomicBool>,
    tried: Arc<OnceLock<bool>>,
}

/// Whether a group was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was not: nobody is in it.
    New,
    /// Somebody may be in it.
    Before,
}

impl Group {
    /// One that a record names.
    pub fn at(host: &Root, dir: PathBuf, version: Version) -> Group {
        Group { host: host.clone(), dir, version, births: Arc::default(), tried: Arc::default() }
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
        let made = mkdir(&self.dir, Mode::from_bits_truncate(0o755)).is_ok();
        self.births.fetch_or(made && self.version.is_unified(), Ordering::Relaxed);
        made
    }

    /// Is it there?
    pub fn exists(&self) -> bool {
        self.host.is_dir(&self.dir)
    }

    /// The file that a child, which has one thread, writes itself into; see `crate::exec`. On the old
    /// hierarchies that is `tasks`: since Linux 5.5 a thread that moves itself alone takes no lock that
    /// waits for all CPUs, which costs some ten milliseconds.
    pub fn procs(&self) -> Result<OwnedFd> {
        let name = match self.version {
            Version::V1 => "tasks",
            Version::V2 => "cgroup.procs",
        };
        Ok(OwnedFd::from(self.host.open_with(&self.dir.join(name), OFlag::O_WRONLY, 0)?))
    }

    /// Both ways into it for a process that is about to be.
    pub fn entrance(&self) -> Result<GroupEntry> {
        let folder = if self.births.load(Ordering::Relaxed) { Some(self.open()?) } else { None };
        let lives = |folder: &OwnedFd| {
            *self.tried.get_or_init(|| is_in_root_group(&self.host) || may_be_born_in(folder.as_fd()))
        };
        let folder = folder.filter(lives);
        Ok(GroupEntry { folder, group: self.clone() })
    }

    /// Its folder.
    pub fn open(&self) -> Result<OwnedFd> {
        self.host.open_dir(&self.dir)
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
                self.births.store(false, Ordering::Relaxed);
                return self.write(&file, "1").map(|()| count);
            }
        }
        let mut told = BTreeSet::from_iter(spared.iter().copied());
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

    /// Writes a value into one of its files, in one call.
    pub fn set(&self, file: &str, value: &str) -> Result<()> {
        self.write(&self.dir.join(file), value)
    }

    /// What one of its files holds.
    pub fn get(&self, file: &str) -> Result<String> {
        let bytes = self.host.read_kernel(&self.dir.join(file), LIMIT)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The one above it; `None` at the top of the hierarchy that is mounted at `top`.
    pub fn parent(&self, top: &Path) -> Option<Group> {
        let above = self.dir.parent().filter(|above| self.dir != top && above.starts_with(top))?;
        Some(Group { dir: above.to_owned(), births: Arc::default(), tried: Arc::default(), ..self.clone() })
    }

    fn write(&self, path: &Path, text: &str) -> Result<()> {
        let mut file = self.host.open_with(path, OFlag::O_WRONLY, 0)?;
        file.write_all(text.as_bytes()).map_err(|e| Error::new("write", path, e))
    }
}

fn rmdir(dir: &Path) -> bool {
    unlinkat(AT_FDCWD, dir, UnlinkatFlags::RemoveDir).is_ok()
}

/// A group that is removed while it is read gives ENODEV.
fn is_gone(e: &Error) -> bool {
    e.is_not_found() || e.errno() == Some(Errno::ENODEV as i32)
}
