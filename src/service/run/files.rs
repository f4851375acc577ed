//! The two files that other people's tools look for: the subsys lock and the PID file.
//!
//! Both are made only where root (or whoever runs this) alone can change the folders: rc and killall
//! believe whatever lies there.

use super::Supervisor;
use crate::os::error::Result;
use crate::os::root::{OFlag, Sync};
use std::path::{Path, PathBuf};

impl Supervisor {
    pub(super) fn take_lock(&mut self) {
        let Some(path) = self.record.lock.clone() else { return };
        match self.place.root.safe_own_file(&path, OFlag::O_WRONLY, 0o644) {
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
        self.note_failure(self.place.root.safe_remove_file(&path));
    }

    pub(super) fn lock_path(&self) -> Option<PathBuf> {
        self.among_our_own(&self.place.lock_dir, self.plan.lock_name.as_ref()?)
    }

    fn pid_path(&self) -> Option<PathBuf> {
        let name = self.plan.lock_name.as_ref()?;
        self.among_our_own(Path::new("/var/run"), &format!("{name}.pid"))
    }

    /// A name in a folder that is there and that nobody else can change.
    fn among_our_own(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        let root = &self.place.root;
        if !root.is_dir(folder) {
            return None;
        }
        let path = folder.join(name);
        if root.is_alone(&path) {
            return Some(path);
        }
        log::warn!("'{}' can be changed by others than root: '{name}' is not made there", folder.display());
        None
    }

    pub(super) fn write_pid_file(&self) -> Result<()> {
        let (Some(path), Some(main)) = (self.pid_path(), &self.main) else { return Ok(()) };
        let text = format!("{}\n", main.pid());
        self.place.root.safe_write(&path, text.as_bytes(), 0o644, Sync::No)
    }

    pub(super) fn remove_pid_file(&self) {
        if let Some(path) = self.pid_path() {
            self.note_failure(self.place.root.safe_remove_file(&path));
        }
    }
}
