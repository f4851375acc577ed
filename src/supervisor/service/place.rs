//! Where supervisors keep their files, and whether these may be trusted.
//!
//! `RUN/UNIT/` holds `lock` (held by the supervisor), `status` (readable by all), `plan`, `notify.d` (with the
//! socket of NOTIFY_SOCKET, in a folder that nobody lists), `out.fifo` (the service's output) and
//! `control/socket`, in a folder that only the owner enters. A folder that belongs to somebody else, or
//! that somebody else can write, is refused.
//!
//! RUN is where the host keeps such things (`host::runtime`). A host may become another one while services
//! run (a /run is mounted, a link is made), and an earlier amr may have gone by less: so what a unit has
//! at the other place and what lives is found there, and stays there until the unit is down.

use super::machine::State;
use super::plan::{ApplyMode, FileMark, Paths};
use super::status::{Living, ProcessMark, Record, TooNew};
use crate::os::cgroup::{Group, Version};
use crate::os::clock::BootId;
use crate::os::error::{Error, Result};
use crate::os::ids;
use crate::os::lock::Lock;
use crate::os::proc::{Identity, Life, Proc, ProcessId};
use crate::os::root::{Existing, FileKind, Root};
use crate::unit::model::Unit;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of supervisors in the host's.
const OWN: &str = "amr-supervise";

/// The longest record or PID file that is read.
const LIMIT: u64 = 1 << 20;

/// The folders of supervisors.
#[derive(Clone, Debug)]
pub struct Place {
    /// `/` in life.
    pub root: Root,
    /// For locks, records and sockets, of units that have nothing at `other_run_dir`; an inner path. So
    /// with the others.
    pub run_dir: PathBuf,
    /// The same on a host that is seen otherwise; `None` where there is no such folder.
    pub other_run_dir: Option<PathBuf>,
    /// Where `RuntimeDirectory=` lies.
    pub runtime_dir: PathBuf,
    /// For the output of services.
    pub log_dir: PathBuf,
    /// /var/lock/subsys.
    pub lock_dir: PathBuf,
    /// On whose behalf.
    pub privilege: Privilege,
}

/// On whose behalf a supervisor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Everything can be applied.
    Root,
    /// What needs root is left out.
    User,
}

/// The files of one unit.
#[derive(Clone, Debug)]
pub struct Files {
    /// Their folder.
    pub folder: PathBuf,
    /// Held by the supervisor.
    pub lock: PathBuf,
    /// The record.
    pub status: PathBuf,
    /// The plan that the service goes by while it runs: of its start, or of the last daemon-reload.
    pub plan: PathBuf,
    /// The folder of NOTIFY_SOCKET.
    pub notify_dir: PathBuf,
    /// The service's output.
    pub output: PathBuf,
    /// The control socket's folder.
    pub control_dir: PathBuf,
    /// The control socket.
    pub control: PathBuf,
}

impl Files {
    /// Of the unit with this name.
    #[must_use]
    pub fn of(run_dir: &Path, unit: &str) -> Self {
        let folder = run_dir.join(unit);
        let control_dir = folder.join("control");
        Self {
            lock: folder.join("lock"),
            status: folder.join("status"),
            plan: folder.join("plan"),
            notify_dir: folder.join("notify.d"),
            output: folder.join("out.fifo"),
            control: control_dir.join("socket"),
            control_dir,
            folder,
        }
    }
}

impl Place {
    /// The usual folders of a root.
    #[must_use]
    pub fn of(root: Root, privilege: Privilege) -> Self {
        let runtime = crate::host::runtime(&root);
        Self {
            run_dir: runtime.dir.join(OWN),
            other_run_dir: runtime.other.map(|dir| dir.join(OWN)).filter(|dir| may_be_dir(&root, dir)),
            runtime_dir: runtime.dir.to_owned(),
            log_dir: PathBuf::from("/var/log/amr-units"),
            lock_dir: PathBuf::from("/var/lock/subsys"),
            root,
            privilege,
        }
    }

    /// For the plan of a unit.
    #[must_use]
    pub fn paths(&self, unit: &str) -> Paths {
        let run_dir = self.run_dir_of(unit);
        let elsewhere = Some(run_dir) == self.other_run_dir.as_deref();
        let beside = run_dir.parent().filter(|_| elsewhere);
        Paths {
            root: self.root.prefix().to_owned(),
            runtime_dir: beside.unwrap_or(&self.runtime_dir).to_owned(),
            run_dir: run_dir.to_owned(),
            log_dir: self.log_dir.clone(),
            lock_dir: self.lock_dir.clone(),
        }
    }

    /// What a supervisor may apply here.
    #[must_use]
    pub fn mode(&self) -> ApplyMode {
        match self.privilege {
            Privilege::Root => ApplyMode::Strict,
            Privilege::User => ApplyMode::BestEffort,
        }
    }

    /// From a plan.
    pub(super) fn from_plan(paths: &Paths, mode: ApplyMode) -> Result<Self> {
        Ok(Self {
            root: Root::at(&paths.root)?,
            run_dir: paths.run_dir.clone(),
            other_run_dir: None,
            runtime_dir: paths.runtime_dir.clone(),
            log_dir: paths.log_dir.clone(),
            lock_dir: paths.lock_dir.clone(),
            privilege: match mode {
                ApplyMode::Strict => Privilege::Root,
                ApplyMode::BestEffort => Privilege::User,
            },
        })
    }

    /// The files of a unit.
    #[must_use]
    pub fn files(&self, unit: &str) -> Files {
        Files::of(self.run_dir_of(unit), unit)
    }

    /// Where this unit has its folder: at the other place while something of it lives there.
    fn run_dir_of(&self, unit: &str) -> &Path {
        match &self.other_run_dir {
            Some(other) if !self.lives(&self.run_dir, unit) && self.lives(other, unit) => other,
            Some(_) | None => &self.run_dir,
        }
    }

    /// Is there a supervisor in this folder, or a service that one left? What cannot be examined may
    /// live; whoever looks closer meets the same trouble and says so.
    fn lives(&self, run_dir: &Path, unit: &str) -> bool {
        let files = Files::of(run_dir, unit);
        if !self.root.exists(&files.folder) {
            return false;
        }
        matches!(Lock::is_held(&self.root, &files.lock), Ok(true))
            || read_record(&self.root, &files.status).and_then(|r| is_left(r.as_ref())).unwrap_or(true)
    }

    /// Is there a supervisor of the unit at the other place, as the host is now? For one that has its own
    /// lock already, and must be the only one.
    ///
    /// # Errors
    /// The lock there cannot be examined.
    pub(super) fn is_held_elsewhere(&self, unit: &str) -> Result<bool> {
        let now = Place::of(self.root.clone(), self.privilege);
        let both = [Some(now.run_dir), now.other_run_dir].into_iter().flatten();
        let (here, others): (Vec<_>, Vec<_>) = both.partition(|dir| *dir == self.run_dir);
        if here.is_empty() {
            // A folder of its own, that nobody else knows.
            return Ok(false);
        }
        for dir in others {
            if Lock::is_held(&self.root, &Files::of(&dir, unit).lock)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The names of the folders of units.
    ///
    /// # Errors
    /// They cannot be listed. That no unit was ever started is no error.
    pub fn folders(&self) -> Result<Vec<OsString>> {
        let mut names: Vec<OsString> = Vec::new();
        for dir in [Some(&self.run_dir), self.other_run_dir.as_ref()].into_iter().flatten() {
            match self.root.list(dir) {
                Err(e) if e.is_not_found() => {}
                listed => names.extend(listed?.into_iter().map(|entry| entry.name)),
            }
        }
        if self.other_run_dir.is_some() {
            names.sort_unstable();
            names.dedup();
        }
        Ok(names)
    }

    /// Makes the folders of a unit where they are missing, and checks that they are ours.
    ///
    /// # Errors
    /// A folder cannot be made, or is not to be trusted.
    pub fn prepare(&self, unit: &str) -> Result<Files> {
        let files = self.files(unit);
        let run_dir = self.run_dir_of(unit).to_owned();
        let private = [&files.control_dir, &files.notify_dir].map(|folder| (folder, 0o700));
        for (folder, mode) in [(&run_dir, 0o755), (&files.folder, 0o755)].into_iter().chain(private) {
            match self.check(folder) {
                Err(e) if e.is_not_found() => {
                    self.root.safe_dir(folder, mode, None, Existing::Own)?;
                    self.check(folder)?;
                }
                checked => checked?,
            }
        }
        self.root.safe_dir(&self.log_dir, 0o755, None, Existing::Keep)?;
        Ok(files)
    }

    /// A folder, not a link, that is ours and that nobody else can write.
    fn check(&self, folder: &Path) -> Result<()> {
        let stat = self.root.lstat(folder)?;
        let owner = ids::effective_uid();
        let cause = if stat.kind != FileKind::Dir {
            "it is not a folder"
        } else if stat.uid != owner {
            "it belongs to another user"
        } else if stat.mode & 0o022 != 0 {
            "others can write to it"
        } else {
            return Ok(());
        };
        Err(Error::other("use", self.root.outer(folder), ErrorKind::PermissionDenied, cause))
    }

    /// The record of a unit as its supervisor last wrote it.
    ///
    /// # Errors
    /// It cannot be read. That there is none is no error.
    pub fn record(&self, unit: &str) -> Result<Option<Record>> {
        read_record(&self.root, &self.files(unit).status)
    }

    /// The times of change of a unit's files.
    #[must_use]
    pub fn marks<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> Vec<FileMark> {
        let mark = |path: &PathBuf| {
            let (mtime, mtime_nsec) = self.root.stat(path).ok()?.mtime;
            Some(FileMark { path: path.clone(), mtime, mtime_nsec })
        };
        files.filter_map(mark).collect()
    }

    /// Is a unit that runs described by other files than its plan was made of, or were these changed since
    /// (`unit_need_daemon_reload` of systemd)? It is not where no plan is kept.
    #[must_use]
    pub fn needs_reload(&self, unit: &Unit, record: &Record) -> bool {
        if record.supervisor.is_none() || record.state() == State::Dead {
            return false;
        }
        let now = self.marks(unit.fragment.iter().chain(&unit.dropins));
        let same = |(then, now): (&FileMark, &FileMark)| then.is_of(now);
        now.len() != record.files.len() || !record.files.iter().zip(&now).all(same)
    }
}

/// What cannot be looked at may be one; whoever looks into it meets the same trouble and says so.
fn may_be_dir(root: &Root, dir: &Path) -> bool {
    match root.stat(dir) {
        Ok(stat) => stat.kind == FileKind::Dir,
        Err(e) => !e.is_not_found(),
    }
}

fn read_record(root: &Root, path: &Path) -> Result<Option<Record>> {
    match root.read(path, LIMIT) {
        Ok(bytes) => match Record::decode(&bytes) {
            Ok(record) => Ok(record),
            Err(TooNew { newer, boot_id }) if is_this_boot(&boot_id)? => {
                Err(Error::other("read", root.outer(path), ErrorKind::Unsupported, newer.to_string()))
            }
            // Of an earlier boot: about nobody.
            Err(_) => Ok(None),
        },
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e),
    }
}

fn is_this_boot(boot_id: &str) -> Result<bool> {
    Ok(BootId::read(&Root::host()?)?.as_str() == boot_id)
}

/// Has a killed supervisor left something that lives?
pub(in crate::supervisor) fn is_left(record: Option<&Record>) -> Result<bool> {
    let Some(record) = record else { return Ok(false) };
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    let Living { main, others, .. } = alive(record, &host, &boot)?;
    Ok(record.boot_id == boot.as_str() && record.phase(main, others).is_some())
}

/// Which processes of a record still live?
pub(in crate::supervisor) fn alive(record: &Record, host: &Root, boot: &BootId) -> Result<Living> {
    if record.boot_id != boot.as_str() {
        return Ok(Living::default());
    }
    let proc = Proc::new(host.clone());
    let main = living(record.main, boot, &proc)?.is_some();
    let control = living(record.control, boot, &proc)?.is_some();
    let version = if record.tracking.unified { Version::V2 } else { Version::V1 };
    let grouped = match &record.tracking.cgroup {
        Some(dir) => !Group::at(host, dir.clone(), version).is_empty()?,
        None => false,
    };
    let others = grouped || !relatives(record, boot, &proc)?.is_empty();
    Ok(Living { main, control, others })
}

/// The living processes that a record names and, where there is no group to tell, those that its
/// supervisor would have come to know as well: they began with the run's id in their environment.
pub(in crate::supervisor) fn relatives(record: &Record, boot: &BootId, proc: &Proc) -> Result<Vec<Identity>> {
    let mut found = Vec::new();
    for mark in record.marks() {
        found.extend(living(Some(mark), boot, proc)?);
    }
    if record.tracking.cgroup.is_none() && !record.state().is_over() && !record.invocation_id.is_empty() {
        for stat in proc.with_variable("INVOCATION_ID", &record.invocation_id)? {
            found.push(Identity { pid: stat.pid, start_time: stat.start_time, boot_id: boot.clone() });
        }
    }
    Ok(found)
}

/// The process of a mark, if it is still the same one and has not ended.
///
/// # Errors
/// It cannot be looked at.
pub(in crate::supervisor) fn living(
    mark: Option<ProcessMark>,
    boot: &BootId,
    proc: &Proc,
) -> Result<Option<Identity>> {
    let Some((pid, mark)) = mark.and_then(|mark| Some((ProcessId::new(mark.pid)?, mark))) else {
        return Ok(None);
    };
    let identity = Identity { pid, start_time: mark.start_time, boot_id: boot.clone() };
    Ok((proc.life(&identity, boot)? == Life::Running).then_some(identity))
}
