//! The two files that other people's tools look for: the subsys lock and the PID file.
//!
//! Both are made only where root (or whoever runs this) alone can change the folders: rc and killall
//! believe whatever lies there.

use super::{Clock, Supervisor};
use crate::os::clock;
use crate::os::error::{Error, Result};
use crate::os::root::{FileKind, OFlag, Sync};
use crate::supervisor::service::pid_file;
use crate::unit::model::ServiceType;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// In which a program that nobody hears of looks for an instance of itself, also while the host boots.
pub const TIME_TO_LOOK: Duration = Duration::from_secs(10);

/// Between two tries of what could not be written.
const AGAIN: Duration = Duration::from_secs(15);

impl Supervisor {
    pub(super) fn take_lock(&mut self) {
        let Some(path) = self.record.lock.clone() else { return };
        match self.state_dir.root.safe_own_file(&path, OFlag::O_WRONLY, 0o644) {
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
        self.note_failure(self.state_dir.root.safe_remove_file(&path));
    }

    /// Which lock it will take, for the record.
    pub(super) fn name_lock(&mut self) {
        self.record.lock = match self.lock_path() {
            Ok(path) => path,
            Err(e) => {
                self.unfinished = Some(e);
                None
            }
        };
    }

    fn lock_path(&self) -> Result<Option<PathBuf>> {
        match &self.plan.lock_name {
            Some(name) => self.trusted_path(&self.state_dir.lock_dir, name),
            None => Ok(None),
        }
    }

    /// `None` where the service's own program keeps that file.
    fn pid_path(&self) -> Result<Option<PathBuf>> {
        match &self.plan.lock_name {
            Some(name) if pid_file::is_the_programs(&self.plan.service, name) => Ok(None),
            Some(name) => self.trusted_path(Path::new("/var/run"), &format!("{name}.pid")),
            None => Ok(None),
        }
    }

    /// A name in a folder that nobody else can change; `None` where there is no such folder.
    fn trusted_path(&self, folder: &Path, name: &str) -> Result<Option<PathBuf>> {
        let root = &self.state_dir.root;
        match root.stat(folder) {
            Ok(stat) if stat.kind == FileKind::Dir => {}
            Err(e) if !e.is_not_found() => return Err(e),
            Ok(_) | Err(_) => return Ok(None),
        }
        let path = folder.join(name);
        if root.is_alone(&path)? {
            return Ok(Some(path));
        }
        log::warn!("'{}' can be changed by others than root: '{name}' is not made there", folder.display());
        Ok(None)
    }

    /// The PID file of a service that is up. One that looks there for an instance of itself must not find
    /// itself: where nothing tells that it has come further than that, it gets the time for it first.
    pub(super) fn give_pid_file(&mut self) -> Result<()> {
        match self.policy.kind {
            ServiceType::Notify | ServiceType::NotifyReload | ServiceType::Forking => self.write_pid_file(),
            ServiceType::Simple
            | ServiceType::Exec
            | ServiceType::Idle
            | ServiceType::Dbus
            | ServiceType::Oneshot => {
                if self.pid_path()?.is_some() {
                    self.events.timers.arm(Clock::Files, clock::now().saturating_add(TIME_TO_LOOK));
                }
                Ok(())
            }
        }
    }

    /// Writes what is still to be written, at its time.
    pub(super) fn complete_files(&mut self) {
        match self.take_missing_lock().and_then(|()| self.write_pid_file()) {
            Ok(()) => self.record.unwritten = None,
            Err(e) => self.note_unwritten(&e),
        }
        self.publish();
    }

    /// What could not be written of a service that is up is no reason to end it: it is in the record, for
    /// status, and tried again.
    pub(super) fn note_unwritten(&mut self, why: &Error) {
        if self.record.unwritten.is_none() {
            log::warn!("{why}; '{}' goes on, and it is tried again", self.plan.unit);
        }
        self.record.unwritten = Some(why.to_string());
        self.events.timers.arm(Clock::Files, clock::now().saturating_add(AGAIN));
    }

    fn take_missing_lock(&mut self) -> Result<()> {
        if self.machine.locked && self.record.lock.is_none() {
            self.name_lock();
            self.publish();
            self.take_lock();
        }
        self.unfinished.take().map_or(Ok(()), Err)
    }

    /// Never over one that the service has written: it names one of its processes.
    pub(super) fn write_pid_file(&mut self) -> Result<()> {
        let Some(path) = self.pid_path()? else { return Ok(()) };
        if let Ok(Some((pid, _))) = self.read_pid_file(&path)
            && self.is_ours(pid)
        {
            return Ok(());
        }
        let Some(main) = &self.main else { return Ok(()) };
        let text = format!("{}\n", main.pid());
        self.state_dir.root.safe_write(&path, text.as_bytes(), 0o644, Sync::No)
    }

    pub(super) fn remove_pid_file(&mut self) {
        self.events.timers.disarm(Clock::Files);
        let removed = self.pid_path().and_then(|path| match path {
            Some(path) => self.state_dir.root.safe_remove_file(&path),
            None => Ok(()),
        });
        self.note_failure(removed);
    }
}
