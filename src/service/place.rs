//! Where supervisors keep their files, and whether these may be trusted.
//!
//! `RUN/UNIT/` holds `lock` (held by the supervisor), `status` (readable by all), `notify` (the
//! socket of NOTIFY_SOCKET), `out.fifo` (the service's output) and `control/socket`, in a folder
//! that only the owner enters. A folder that belongs to somebody else, or that somebody else can
//! write, is refused.

use super::plan::{ApplyMode, FileMark, Paths};
use super::status::{ProcessMark, Record};
use crate::os::clock::BootId;
use crate::os::error::{Error, Result};
use crate::os::ids;
use crate::os::proc::{Identity, Life, Proc, ProcessId};
use crate::os::root::{FileKind, Root};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The longest record or PID file that is read.
const LIMIT: u64 = 1 << 20;

/// The folders of supervisors.
#[derive(Clone, Debug)]
pub struct Place {
    /// `/` in life.
    pub root: Root,
    /// For locks, records and sockets; an inner path. So with the others.
    pub run_dir: PathBuf,
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
    /// NOTIFY_SOCKET.
    pub notify: PathBuf,
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
            notify: folder.join("notify"),
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
        Self {
            run_dir: crate::host::run_dir(&root),
            log_dir: PathBuf::from("/var/log/amr-units"),
            lock_dir: PathBuf::from("/var/lock/subsys"),
            root,
            privilege,
        }
    }

    /// For a plan.
    #[must_use]
    pub fn paths(&self) -> Paths {
        Paths {
            root: self.root.prefix().to_owned(),
            run_dir: self.run_dir.clone(),
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
        Files::of(&self.run_dir, unit)
    }

    /// Makes the folders of a unit where they are missing, and checks that they are ours.
    ///
    /// # Errors
    /// A folder cannot be made, or is not to be trusted.
    pub fn prepare(&self, unit: &str) -> Result<Files> {
        let files = self.files(unit);
        for (folder, mode) in [(&self.run_dir, 0o755), (&files.folder, 0o755), (&files.control_dir, 0o700)] {
            match self.check(folder) {
                Err(e) if e.is_not_found() => {
                    self.root.create_dir_all(folder, mode)?;
                    self.check(folder)?;
                }
                checked => checked?,
            }
        }
        self.root.create_dir_all(&self.log_dir, 0o755)?;
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
        match self.root.read(&self.files(unit).status, LIMIT) {
            Ok(bytes) => Ok(Record::decode(&bytes)),
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The times of change of a unit's files.
    #[must_use]
    pub fn marks<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> Vec<FileMark> {
        let mark = |path: &PathBuf| {
            let mtime = self.root.stat(path).ok()?.mtime.0;
            Some(FileMark { path: path.clone(), mtime })
        };
        files.filter_map(mark).collect()
    }
}

/// The process of a mark, if it is still the same one and has not ended.
#[must_use]
pub(super) fn living(mark: Option<ProcessMark>, boot: &BootId, proc: &Proc) -> Option<Identity> {
    let mark = mark?;
    let pid = ProcessId::new(mark.pid)?;
    let identity = Identity { pid, start_time: mark.start_time, boot_id: boot.clone() };
    matches!(proc.life(&identity, boot), Ok(Life::Running)).then_some(identity)
}
