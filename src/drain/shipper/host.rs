//! The processes of a host, as shippers look for themselves among them. A driver: it reads `/proc`.

use super::belief::{Asker, Known};
use crate::drain::cursor::{FileId, Timestamp};
use crate::os::error::Error as OsError;
use crate::os::opener::OpenFile;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{Root, Stat};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// `/proc/locks` has a line of some fifty bytes for each lock, and `/proc/stat` one for each processor.
const LOCKS: u64 = 64 << 20;

/// The environment of a process is at most so long, as its arguments are.
const ENVIRONMENT: u64 = 4 << 20;

/// `USER_HZ`: 100 on every architecture that Linux has kept.
const TICKS: i64 = 100;

/// A host, and every process with a program of its own.
#[derive(Debug)]
pub struct Host {
    /// Its files.
    pub root: Root,
    /// Its processes' files.
    pub proc: Proc,
    /// All processes of the host that this one may see.
    pub processes: Vec<Process>,
    /// Whose drain it is.
    pub asker: Asker,
    pub(super) known: Known,
}

/// A process that may be a shipper's.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number in this PID namespace.
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
        for (pid, exe) in pids.iter().copied().zip(proc.exes(&pids)) {
            match executable(root, &proc, pid, exe) {
                Ok(exe) => processes.extend(exe.map(|exe| Process { pid, exe })),
                // It ended meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { root: root.clone(), proc, processes, asker: Asker::default(), known: Known::default() })
    }

    /// The same, as a user's drain sees it.
    #[must_use]
    pub fn asked_by(self, asker: Asker) -> Self {
        Self { asker, ..self }
    }

    /// The process that holds a flock(2) on a file of `root`, from /proc/locks.
    #[must_use]
    pub fn lock_holder(&self, root: &Root, file: &Path) -> Option<ProcessId> {
        let stat = root.stat(file).ok()?;
        let locks = BufReader::new(self.root.open(Path::new("/proc/locks")).ok()?.take(LOCKS));
        // A line at a time: whoever wants to hide one holds many.
        locks.lines().map_while(Result::ok).find_map(|line| holder_of(&line, &stat)).and_then(ProcessId::new)
    }

    /// The processes that have such a file open.
    pub fn with_open<'h>(
        &'h self,
        wanted: impl Fn(&OpenFile) -> bool + 'h,
    ) -> impl Iterator<Item = &'h Process> {
        let has = move |process: &&Process| {
            self.proc.open_files(process.pid).unwrap_or_default().iter().any(&wanted)
        };
        self.processes.iter().filter(has)
    }

    /// The processes that read one of these files and are no look of somebody's: none at a terminal (`tail -f`),
    /// and no drain.
    pub fn readers<'h>(&'h self, files: &'h BTreeSet<FileId>) -> impl Iterator<Item = &'h Process> {
        let reads = |open: &OpenFile| {
            !open.info.is_writable() && files.contains(&FileId { dev: open.stat.dev, ino: open.stat.ino })
        };
        let drain = self.processes.iter().find(|process| process.pid == ProcessId::own());
        let is_drain = move |process: &Process| drain.is_some_and(|drain| drain.exe == process.exe);
        let by_hand = |pid| self.proc.stat(pid).is_ok_and(|stat| stat.has_terminal);
        self.with_open(reads).filter(move |process| !is_drain(process) && !by_hand(process.pid))
    }

    /// Whether the users of a process's numbers are this one's: in a user namespace of its own whoever made that
    /// says who is root.
    #[must_use]
    pub fn has_same_users(&self, pid: ProcessId) -> bool {
        let users = |pid: &str| self.root.read_link(Path::new(&format!("/proc/{pid}/ns/user"))).ok();
        users(&pid.to_string()) == users("self")
    }

    /// Where the paths of a process lead. `None`: it lives in another mount namespace, or below another
    /// root, that cannot be looked into.
    #[must_use]
    pub fn root_of(&self, pid: ProcessId) -> Option<Root> {
        let link =
            |pid: &str, name: &str| self.root.read_link(Path::new(&format!("/proc/{pid}/{name}"))).ok();
        let own = link(&pid.to_string(), "ns/mnt");
        let same = own.is_none() || own == link("self", "ns/mnt");
        let top = link(&pid.to_string(), "root");
        if !self.root.is_host() || (same && top.is_none_or(|top| top == Path::new("/"))) {
            return Some(self.root.clone());
        }
        self.root.of_process(Path::new(&format!("/proc/{pid}/root"))).ok()
    }

    /// The environment of a process; `None` where it may not be seen.
    #[must_use]
    pub fn environment(&self, pid: ProcessId) -> Option<BTreeMap<String, String>> {
        let bytes = self.root.read(Path::new(&format!("/proc/{pid}/environ")), ENVIRONMENT).ok()?;
        let pairs = bytes.split(|&byte| byte == 0).filter_map(|pair| std::str::from_utf8(pair).ok());
        Some(
            pairs
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    /// When a process began, by the clock on the wall; within a second, since the kernel says in whole ones
    /// when it began itself.
    #[must_use]
    pub fn began(&self, pid: ProcessId) -> Option<Timestamp> {
        let ticks = self.proc.stat(pid).ok()?.start_time;
        let stat = self.root.read(Path::new("/proc/stat"), LOCKS).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let boot: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        let since = i64::try_from(ticks).ok()?.checked_mul(1_000_000_000 / TICKS)?;
        Some(Timestamp(boot.checked_mul(1_000_000_000)?.checked_add(since)?))
    }
}

/// `None` for a kernel thread.
fn executable(
    root: &Root,
    proc: &Proc,
    pid: ProcessId,
    exe: Result<PathBuf, OsError>,
) -> Result<Option<PathBuf>, OsError> {
    match exe {
        Ok(exe) => Ok(Some(exe)),
        Err(error) if error.is_not_found() && root.is_host() => Ok(None),
        Err(_) => Ok(proc.cmdline(pid)?.into_iter().next().map(PathBuf::from)),
    }
}

/// `1: FLOCK  ADVISORY  WRITE 707 fe:00:1234 0 EOF`; a waiting one has `->` behind its number.
fn holder_of(line: &str, stat: &Stat) -> Option<i32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", pid, place, ..] = words.as_slice() else { return None };
    let mut place = place.split(':');
    let major = u64::from_str_radix(place.next()?, 16).ok()?;
    let minor = u64::from_str_radix(place.next()?, 16).ok()?;
    let ino: u64 = place.next()?.parse().ok()?;
    let own = stat.device();
    (own == (u32::try_from(major).ok()?, u32::try_from(minor).ok()?) && ino == stat.ino)
        .then(|| pid.parse().ok())?
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
        assert_eq!(host.lock_holder(&root, Path::new("/lock")).map(ProcessId::get), Some(707));
        fs::write(tree.join("proc/locks"), "").unwrap();
        assert_eq!(host.lock_holder(&root, Path::new("/lock")), None);
        fs::remove_dir_all(tree).unwrap();
    }
}
