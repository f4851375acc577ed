//! Where supervisors keep their files, and whether these may be trusted.
//!
//! `RUN/UNIT/` holds `lock` (held by the supervisor), `status` (the record, readable by all), `plan`, `notify.d`
//! (with the socket of NOTIFY_SOCKET, in a folder that nobody lists), `out.fifo` (the unit's output) and
//! `control/socket` and `control/store`, in a folder that only the owner enters. A folder that belongs to somebody
//! else, or that somebody else can write, is refused.
//!
//! RUN is where the host keeps such things (`host::runtime`). A host may become another one while services
//! run (a /run is mounted, a link is made), and an earlier amr may have gone by less: so what a unit has
//! at the other place and what lives is found there, and stays there until the unit is down.

use super::mark::FileMark;
use super::plan::Paths;
use crate::os::error::{Error, Result};
use crate::os::ids;
use crate::os::lock::Lock;
use crate::os::root::{Existing, FileKind, Root};
use crate::unit::exec::ApplyMode;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of supervisors in the host's.
const OWN: &str = "amr-supervise";

/// The folders of supervisors.
#[derive(Clone, Debug)]
pub struct StateDir {
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
    /// Whether a record there tells of something that lives without a supervisor.
    pub is_left: IsLeft,
}

/// Does the record at this path below the root tell of something that lives? What that is, the kinds of units
/// know.
pub type IsLeft = fn(&Root, &Path) -> Result<bool>;

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
    /// `RUN/UNIT`, in which the others lie.
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
    /// Where whoever keeps descriptors waits for the next supervisor.
    pub store: PathBuf,
}

impl Files {
    /// Of the unit with this name.
    #[must_use]
    pub fn new(run_dir: &Path, unit: &str) -> Self {
        let folder = run_dir.join(unit);
        let control_dir = folder.join("control");
        Self {
            lock: folder.join("lock"),
            status: folder.join("status"),
            plan: folder.join("plan"),
            notify_dir: folder.join("notify.d"),
            output: folder.join("out.fifo"),
            control: control_dir.join("socket"),
            store: control_dir.join("store"),
            control_dir,
            folder,
        }
    }
}

impl StateDir {
    /// The usual folders of a root.
    #[must_use]
    pub fn new(root: Root, privilege: Privilege, is_left: IsLeft) -> Self {
        let runtime = crate::host::runtime(&root);
        Self {
            run_dir: runtime.dir.join(OWN),
            other_run_dir: runtime.other.map(|dir| dir.join(OWN)).filter(|dir| may_be_dir(&root, dir)),
            runtime_dir: runtime.dir.to_owned(),
            log_dir: PathBuf::from("/var/log/amr-units"),
            lock_dir: PathBuf::from("/var/lock/subsys"),
            root,
            privilege,
            is_left,
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

    /// The folders that a plan names.
    ///
    /// # Errors
    /// The root cannot be opened.
    pub fn from_plan(paths: &Paths, mode: ApplyMode, is_left: IsLeft) -> Result<Self> {
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
            is_left,
        })
    }

    /// The files of a unit.
    #[must_use]
    pub fn files(&self, unit: &str) -> Files {
        Files::new(self.run_dir_of(unit), unit)
    }

    /// Where this unit has its folder: at the other place while something of it lives there.
    fn run_dir_of(&self, unit: &str) -> &Path {
        match &self.other_run_dir {
            Some(other) if !self.lives(&self.run_dir, unit) && self.lives(other, unit) => other,
            Some(_) | None => &self.run_dir,
        }
    }

    /// Is there a supervisor in this folder, or something that one left? What cannot be examined may
    /// live; whoever looks closer meets the same trouble and says so.
    fn lives(&self, run_dir: &Path, unit: &str) -> bool {
        let files = Files::new(run_dir, unit);
        if !self.root.exists(&files.folder) {
            return false;
        }
        matches!(Lock::is_held(&self.root, &files.lock), Ok(true))
            || (self.is_left)(&self.root, &files.status).unwrap_or(true)
    }

    /// Is there a supervisor of the unit at the other place, as the host is now? For one that has its own
    /// lock already, and must be the only one.
    ///
    /// # Errors
    /// The lock there cannot be examined.
    pub fn is_held_elsewhere(&self, unit: &str) -> Result<bool> {
        let now = Self::new(self.root.clone(), self.privilege, self.is_left);
        let both = [Some(now.run_dir), now.other_run_dir].into_iter().flatten();
        let (here, others): (Vec<_>, Vec<_>) = both.partition(|dir| *dir == self.run_dir);
        if here.is_empty() {
            // A folder of its own, that nobody else knows.
            return Ok(false);
        }
        for dir in others {
            if Lock::is_held(&self.root, &Files::new(&dir, unit).lock)? {
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

    /// The times of change of a unit's files.
    #[must_use]
    pub fn marks<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> Vec<FileMark> {
        let mark = |path: &PathBuf| {
            let (mtime, mtime_nsec) = self.root.stat(path).ok()?.mtime;
            Some(FileMark { path: path.clone(), mtime, mtime_nsec })
        };
        files.filter_map(mark).collect()
    }
}

/// What cannot be looked at may be one; whoever looks into it meets the same trouble and says so.
fn may_be_dir(root: &Root, dir: &Path) -> bool {
    match root.stat(dir) {
        Ok(stat) => stat.kind == FileKind::Dir,
        Err(e) => !e.is_not_found(),
    }
}
