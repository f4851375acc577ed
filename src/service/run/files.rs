//! The two files that other people's tools look for: the subsys lock and the PID file.
//!
//! The lock is made only where its folder is root's (or ours) and nobody else can write it, and
//! without following a link: rc and killall believe whatever lies there.

use super::Supervisor;
use crate::os::error::Result;
use crate::os::ids;
use crate::os::root::{FileKind, OFlag, Sync};
use std::path::{Path, PathBuf};

impl Supervisor {
    pub(super) fn take_lock(&mut self) {
        let Some(path) = self.record.lock.clone() else { return };
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        match self.place.root.open_with(&path, flags, 0o644) {
            Ok(_) => {}
            Err(e) => {
                log::warn!("{e}; rc will not stop '{}' by itself", self.plan.unit);
                self.record.lock = None;
                self.unfinished = Some(e);
            }
        }
    }

    pub(super) fn drop_lock(&mut self) {
        let Some(path) = self.record.lock.take() else { return };
        self.note_failure(self.place.root.remove_file_if_there(&path));
    }

    pub(super) fn lock_path(&self) -> Option<PathBuf> {
        let name = self.plan.lock_name.as_ref()?;
        let stat = self.place.root.lstat(&self.place.lock_dir).ok()?;
        let owner = ids::effective_uid();
        let safe =
            stat.kind == FileKind::Dir && (stat.uid == owner || stat.uid == 0) && stat.mode & 0o022 == 0;
        if !safe {
            log::warn!("'{}' can be written by others: no lock made there", self.place.lock_dir.display());
        }
        safe.then(|| self.place.lock_dir.join(name))
    }

    fn pid_path(&self) -> Option<PathBuf> {
        let name = self.plan.lock_name.as_ref()?;
        let folder = Path::new("/var/run");
        self.place.root.is_dir(folder).then(|| folder.join(format!("{name}.pid")))
    }

    pub(super) fn write_pid_file(&self) -> Result<()> {
        let (Some(path), Some(main)) = (self.pid_path(), &self.main) else { return Ok(()) };
        let text = format!("{}\n", main.pid());
        self.place.root.write_atomic(&path, text.as_bytes(), 0o644, Sync::No)
    }

    pub(super) fn remove_pid_file(&self) {
        if let Some(path) = self.pid_path() {
            self.note_failure(self.place.root.remove_file_if_there(&path));
        }
    }
}
