//! The processes of a host, as shippers look for themselves among them. A driver: it reads `/proc`.

use crate::os::error::Error as OsError;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{Root, Stat};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// `/proc/locks` has a line of some fifty bytes for each lock.
const LOCKS: u64 = 4 << 20;

/// A host, and every process with a program of its own.
#[derive(Debug)]
pub struct Host {
    /// Its files.
    pub root: Root,
    /// Its processes' files.
    pub proc: Proc,
    /// Its processes.
    pub processes: Vec<Process>,
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: ProcessId,
    /// Its executable; of a process of somebody else's, which an unprivileged caller may not see, the
    /// first word of its command line.
    pub exe: PathBuf,
}

impl Process {
    /// The name of its executable, also of one that was replaced since it began.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.exe.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_suffix(" (deleted)").unwrap_or(name)
    }
}

impl Host {
    /// Looks at every process.
    ///
    /// # Errors
    /// `/proc` cannot be read, or shows no process although this one runs.
    pub fn inspect(root: &Root) -> Result<Self, OsError> {
        let proc = Proc::new(root.clone());
        let pids = match proc.pids() {
            // A tree without /proc has no processes.
            Err(error) if error.is_not_found() && !root.is_host() => Vec::new(),
            other => other?,
        };
        if pids.is_empty() && root.is_host() {
            let cause = "it shows no process; is it mounted?";
            return Err(OsError::other("find processes in", "/proc", ErrorKind::NotFound, cause));
        }
        let mut processes = Vec::with_capacity(pids.len());
        for pid in pids {
            match executable(root, &proc, pid) {
                Ok(exe) => processes.extend(exe.map(|exe| Process { pid, exe })),
                // It ended meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { root: root.clone(), proc, processes })
    }

    /// The process that holds a flock(2) on a file, from /proc/locks.
    #[must_use]
    pub fn lock_holder(&self, file: &Path) -> Option<ProcessId> {
        let stat = self.root.stat(file).ok()?;
        let locks = self.root.read(Path::new("/proc/locks"), LOCKS).ok()?;
        holder_of(&String::from_utf8_lossy(&locks), &stat).and_then(ProcessId::new)
    }
}

/// `None` for a kernel thread.
fn executable(root: &Root, proc: &Proc, pid: ProcessId) -> Result<Option<PathBuf>, OsError> {
    match proc.exe(pid) {
        Ok(exe) => Ok(Some(exe)),
        Err(error) if error.is_not_found() && root.is_host() => Ok(None),
        Err(_) => Ok(proc.cmdline(pid)?.into_iter().next().map(PathBuf::from)),
    }
}

/// `1: FLOCK  ADVISORY  WRITE 707 fe:00:1234 0 EOF`; a waiting one has `->` behind its number.
fn holder_of(locks: &str, stat: &Stat) -> Option<i32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words.as_slice() else { return None };
        let mut place = place.split(':');
        let major = u64::from_str_radix(place.next()?, 16).ok()?;
        let minor = u64::from_str_radix(place.next()?, 16).ok()?;
        let ino: u64 = place.next()?.parse().ok()?;
        let own = stat.device();
        (own == (u32::try_from(major).ok()?, u32::try_from(minor).ok()?) && ino == stat.ino)
            .then(|| pid.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_lock_names_its_holder() {
        let tree = std::env::temp_dir().join(format!("amr-host-{}", std::process::id()));
        fs::create_dir_all(tree.join("proc")).unwrap();
        fs::write(tree.join("lock"), "").unwrap();
        let root = Root::at(&tree).unwrap();
        let stat = root.stat(Path::new("/lock")).unwrap();
        let place = format!("{:02x}:{:02x}:{}", libc::major(stat.dev), libc::minor(stat.dev), stat.ino);
        let locks = format!(
            "1: POSIX  ADVISORY  WRITE 1 {place} 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 3 {place} 0 EOF\n\
             3: FLOCK  ADVISORY  WRITE 707 {place} 0 EOF\n"
        );
        let host = Host::inspect(&root).unwrap();
        fs::write(tree.join("proc/locks"), locks).unwrap();
        assert_eq!(host.lock_holder(Path::new("/lock")).map(ProcessId::get), Some(707));
        fs::write(tree.join("proc/locks"), "").unwrap();
        assert_eq!(host.lock_holder(Path::new("/lock")), None);
        fs::remove_dir_all(tree).unwrap();
    }
}
