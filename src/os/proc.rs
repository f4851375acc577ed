//! Reading /proc: who a process is, whose child, and what it holds open.
//!
//! A pid is never trusted by number alone: an [`Identity`] also has the process's start time and
//! the boot, so that a number that the kernel gave to somebody else is seen as such. All reading
//! goes through a [`Root`], which is the host's `/` but in tests of the parsing.

mod stat;

pub use stat::ProcStat;

use super::clock::BootId;
use super::error::{Error, Result};
use super::opener::{OpenFile, Opener, Text};
use super::root::{Root, Stat};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Records in /proc are short; a command line may be long.
const LIMIT: u64 = 4 << 20;

/// The number of a process: more than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(i32);

impl ProcessId {
    /// `None` for zero and below, which kill(2) takes for groups.
    pub fn new(pid: i32) -> Option<ProcessId> {
        (pid > 0).then_some(ProcessId(pid))
    }
    /// The number of this process in its own PID namespace.
    pub fn own() -> ProcessId {
        ProcessId(std::process::id().cast_signed())
    }
    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl std::fmt::Display for ProcessId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One process and no other, also after its number was given away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its number.
    pub pid: ProcessId,
    /// Clock ticks since boot, field 22 of /proc/PID/stat.
    pub start_time: u64,
    /// In which its start time counts.
    pub boot_id: BootId,
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It is there.
    Running,
    /// It has ended and waits for its parent.
    Zombie,
    /// It is not there; perhaps somebody else has its number.
    Gone,
}

/// /proc below a root.
#[derive(Clone, Debug)]
pub struct Proc {
    root: Root,
}

impl Proc {
    /// Of this root.
    pub fn new(root: Root) -> Proc {
        Proc { root }
    }

    /// /proc/PID/stat. A process that ends meanwhile is not found.
    pub fn stat(&self, pid: ProcessId) -> Result<ProcStat> {
        let path = file(pid, "stat");
        let bytes = self.root.read_kernel(&path, LIMIT).map_err(gone_is_not_found)?;
        ProcStat::parse(&bytes).ok_or_else(|| self.malformed(&path))
    }

    /// The same of each of its threads, which ends by itself: /proc/PID/task. Of a process whose first thread has ended the
    /// other ones may still run.
    pub fn threads(&self, pid: ProcessId) -> Result<Vec<ProcStat>> {
        let folder = file(pid, "task");
        let names = self.root.list(&folder).map_err(gone_is_not_found)?.into_iter().map(|entry| entry.name);
        let stats = names.filter_map(|name| self.root.read(&folder.join(name).join("stat"), LIMIT).ok());
        Ok(stats.filter_map(|line| ProcStat::parse(&line)).collect())
    }

    /// Who is that now? Read at a moment when the number surely is the right process's: an unreaped
    /// child, or a sender whose credentials the kernel gave and who is then looked at again.
    pub fn identity(&self, pid: ProcessId, boot_id: &BootId) -> Result<Identity> {
        Ok(Identity { pid, start_time: self.stat(pid)?.start_time, boot_id: boot_id.clone() })
    }

    /// What became of it.
    pub fn life(&self, identity: &Identity, boot_id: &BootId) -> Result<Life> {
        if identity.boot_id != *boot_id {
            return Ok(Life::Gone);
        }
        match self.stat(identity.pid) {
            Ok(stat) if stat.start_time != identity.start_time => Ok(Life::Gone),
            Ok(stat) if stat.is_zombie() => Ok(Life::Zombie),
            Ok(_) => Ok(Life::Running),
            Err(e) if e.is_not_found() => Ok(Life::Gone),
            Err(e) => Err(e),
        }
    }

    /// The real, effective and saved user of a process; empty where it says none. (The owner of its folder is the
    /// effective one alone.)
    pub fn users(&self, pid: ProcessId) -> Result<Vec<u32>> {
        let bytes = self.root.read(&file(pid, "status"), LIMIT).map_err(gone_is_not_found)?;
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
        Ok(line.split_ascii_whitespace().take(3).filter_map(|word| word.parse().ok()).collect())
    }

    /// The executable; one that was replaced ends in ` (deleted)`.
    pub fn exe(&self, pid: ProcessId) -> Result<PathBuf> {
        self.root.read_link(&file(pid, "exe"))
    }

    /// The words of the command line; empty for a kernel thread and a zombie.
    pub fn cmdline(&self, pid: ProcessId) -> Result<Vec<OsString>> {
        let mut bytes = self.root.read(&file(pid, "cmdline"), LIMIT).map_err(gone_is_not_found)?;
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(bytes.split(|&b| b == 0).map(|word| OsString::from_vec(word.to_vec())).collect())
    }

    /// The executables of many processes, as [`Self::exe`] gives them.
    pub fn exes(&self, pids: &[ProcessId]) -> Vec<Result<PathBuf>> {
        let paths: Vec<PathBuf> = pids.iter().map(|pid| file(*pid, "exe")).collect();
        self.root.read_links(&paths)
    }

    /// The number of every process; nothing is read of any. Where other users' processes are hidden from
    /// this one (`hidepid=`), and it has somebody to ask, that process says.
    pub fn pids(&self) -> Result<Vec<ProcessId>> {
        let first = file(ProcessId(1), "stat");
        let asked = self.root.opener().filter(|_| !self.root.exists(&first)).map(Opener::processes);
        let numbers = match asked {
            Some(Ok(numbers)) => numbers,
            Some(Err(_)) | None => self.numbers(Path::new("/proc"))?,
        };
        Ok(numbers.into_iter().filter_map(ProcessId::new).collect())
    }

    /// What a process has open, sorted by number. The position is taken before the size, so that a position
    /// at the size means that the file was read to that size. A descriptor that is closed meanwhile is none.
    pub fn open_files(&self, pid: ProcessId) -> Result<Vec<OpenFile>> {
        if let Some(opener) = self.root.opener() {
            let failed = |error| Error::new("list", self.root.outer(&file(pid, "fd")), error);
            return opener.files(pid).map_err(failed);
        }
        let one = |fd| {
            let info = self.fd_info(pid, fd).ok()?;
            let (stat, link) = (self.fd_stat(pid, fd).ok()?, self.fd_link(pid, fd).ok()?);
            Some(OpenFile { fd, info, stat, link: Text::from(&*link) })
        };
        Ok(self.fds(pid)?.into_iter().filter_map(one).collect())
    }

    /// Every process that is visible. One that ends meanwhile is left out.
    pub fn all(&self) -> Result<Vec<ProcStat>> {
        let mut found = Vec::new();
        for pid in self.pids()? {
            match self.stat(pid) {
                Ok(stat) => found.push(stat),
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e),
            }
        }
        Ok(found)
    }

    /// The processes that have not ended and began with this variable in their environment. Those whose
    /// environment this user may not read are left out.
    pub fn with_variable(&self, name: &str, value: &str) -> Result<Vec<ProcStat>> {
        let wanted = format!("{name}={value}");
        let mut found = self.all()?;
        found.retain(|stat| {
            let environment = self.root.read(&file(stat.pid, "environ"), LIMIT).unwrap_or_default();
            !stat.is_zombie() && environment.split(|byte| *byte == 0).any(|pair| pair == wanted.as_bytes())
        });
        Ok(found)
    }

    /// The children of a process.
    pub fn children(&self, pid: ProcessId) -> Result<Vec<ProcStat>> {
        Ok(self.all()?.into_iter().filter(|stat| stat.ppid == pid.get()).collect())
    }

    /// The children of a process that has one thread, read from that thread's list (since Linux 4.2
    /// where the kernel was built so). `None` with more threads, whose lists could not be read at one
    /// moment, and where there is no such list.
    pub fn only_children(&self, pid: ProcessId) -> Option<Vec<ProcessId>> {
        if !self.has_one_thread(pid).ok()? {
            return None;
        }
        let bytes = self.root.read_kernel(&file(pid, &format!("task/{pid}/children")), LIMIT).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        text.split_ascii_whitespace().map(|word| ProcessId::new(word.parse().ok()?)).collect()
    }

    /// By the links to the list of its threads: one of each, and two of the list itself (`proc_task_getattr`).
    pub fn has_one_thread(&self, pid: ProcessId) -> Result<bool> {
        Ok(self.root.stat(&file(pid, "task"))?.nlink == 3)
    }

    /// The same of this process, also where /proc counts processes otherwise than it does itself; by the list where
    /// the links say no, since kernels that only behave like Linux need not count them.
    pub fn is_one_thread(&self) -> Result<bool> {
        let tasks = Path::new("/proc/self/task");
        let by_links = self.root.stat(tasks).is_ok_and(|list| list.nlink == 3);
        Ok(by_links || self.root.list(tasks)?.len() == 1)
    }

    /// The open descriptors of a process, sorted.
    pub fn fds(&self, pid: ProcessId) -> Result<Vec<i32>> {
        self.numbers(&file(pid, "fd"))
    }

    /// What a descriptor of a process is open on, as a path for people: `pipe:[1]`, `/x (deleted)`.
    pub fn fd_link(&self, pid: ProcessId, fd: i32) -> Result<PathBuf> {
        self.root.read_link(&file(pid, &format!("fd/{fd}")))
    }

    /// The inodes of the sockets that a process has open.
    pub fn sockets(&self, pid: ProcessId) -> Result<Vec<u64>> {
        let links: Vec<PathBuf> =
            self.fds(pid)?.into_iter().map(|fd| file(pid, &format!("fd/{fd}"))).collect();
        let inode = |link: Result<PathBuf>| {
            let link = link.ok()?;
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        };
        Ok(self.root.read_links(&links).into_iter().filter_map(inode).collect())
    }

    /// What a descriptor of a process is open on; right also for deleted files. On the host alone,
    /// where the kernel follows the link.
    pub fn fd_stat(&self, pid: ProcessId, fd: i32) -> Result<Stat> {
        self.root.stat(&file(pid, &format!("fd/{fd}")))
    }

    /// Position in bytes and open(2)'s flags of a descriptor of a process.
    pub fn fd_info(&self, pid: ProcessId, fd: i32) -> Result<FdInfo> {
        let path = file(pid, &format!("fdinfo/{fd}"));
        let bytes = self.root.read(&path, LIMIT).map_err(gone_is_not_found)?;
        FdInfo::parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| self.malformed(&path))
    }

    fn numbers(&self, folder: &Path) -> Result<Vec<i32>> {
        let entries = self.root.list(folder).map_err(gone_is_not_found)?;
        let mut numbers: Vec<i32> =
            entries.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn malformed(&self, path: &Path) -> Error {
        let cause = "expected the form of proc(5)";
        Error::other("read", self.root.outer(path), io::ErrorKind::InvalidData, cause)
    }
}

/// /proc/PID/fdinfo/N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdInfo {
    /// The offset in bytes.
    pub pos: u64,
    /// The flags of open(2).
    pub flags: i32,
}

impl FdInfo {
    fn parse(text: &str) -> Option<FdInfo> {
        let value = |key: &str| {
            text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
        };
        let flags = i32::from_str_radix(value("flags")?, 8).ok()?;
        Some(FdInfo { pos: value("pos")?.parse().ok()?, flags })
    }

    /// Can it be written through?
    pub fn is_writable(&self) -> bool {
        self.flags & libc::O_ACCMODE != libc::O_RDONLY
    }
}

fn file(pid: ProcessId, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

/// A process that ends between open and read gives ESRCH.
fn gone_is_not_found(e: Error) -> Error {
    if e.errno() == Some(libc::ESRCH) {
        return Error::new("read", e.path(), nix::errno::Errno::ENOENT);
    }
    e
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_with_blanks_and_parentheses() {
        let tail = "S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9999 1000 33 18446744073709551615";
        let stat = ProcStat::parse(format!("42 (a) b (c) {tail}\n").as_bytes()).unwrap();
        assert_eq!((stat.comm.as_slice(), stat.state, stat.ppid), (&b"a) b (c"[..], b'S', 1));
        assert_eq!((stat.cpu_ticks, stat.start_time, stat.rss_pages), (11, 9999, 33));
        assert_eq!(ProcStat::parse(b"42 (x S 1"), None);
    }

    #[test]
    fn sees_itself() {
        let proc = Proc::new(Root::host().unwrap());
        let boot = BootId::read(&Root::host().unwrap()).unwrap();
        let me = ProcessId::own();
        let identity = proc.identity(me, &boot).unwrap();
        assert_eq!(proc.life(&identity, &boot).unwrap(), Life::Running);
        let other = Identity { start_time: identity.start_time + 1, ..identity.clone() };
        assert_eq!(proc.life(&other, &boot).unwrap(), Life::Gone);
        let last_boot = BootId::parse("00000000-0000-0000-0000-000000000000").unwrap();
        let old = Identity { boot_id: last_boot, ..identity };
        assert_eq!(proc.life(&old, &boot).unwrap(), Life::Gone);
        assert_eq!(proc.exe(me).unwrap(), std::env::current_exe().unwrap());
        let words: Vec<_> = std::env::args_os().collect();
        assert_eq!(proc.cmdline(me).unwrap(), words);
        assert!(proc.all().unwrap().iter().any(|s| s.pid == me));
        assert!(proc.fds(me).unwrap().len() > 2);
    }

    #[test]
    fn reads_the_position_of_an_open_file() {
        let info = FdInfo::parse("pos:\t4096\nflags:\t0102001\nmnt_id:\t9\n").unwrap();
        assert_eq!(info.pos, 4096);
        assert!(info.is_writable());
        assert_eq!(FdInfo::parse("pos:\tx\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ProcStat::parse(&line);
        }
    }
}
