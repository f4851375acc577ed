//! Whoever holds the lock in a unit's folder is its only supervisor.

use super::state_dir::{Files, StateDir};
use crate::os::error::Result;
use crate::os::lock::Lock;
use std::os::fd::{AsFd, BorrowedFd};

/// A unit that has this supervisor and no other.
#[derive(Debug)]
pub struct Claim {
    /// The paths of its record, plan and sockets, inside the root.
    pub files: Files,
    /// Until it has finished.
    lock: Option<Lock>,
}

impl Claim {
    /// Makes the unit's folders and takes its lock; `None` where another supervisor has it, be it at the
    /// other place.
    ///
    /// # Errors
    /// A folder cannot be made or is not to be trusted, or the lock cannot be taken.
    pub fn take(dir: &StateDir, unit: &str) -> Result<Option<Self>> {
        let files = dir.prepare(unit)?;
        let Some(lock) = Lock::try_take(&dir.root, &files.lock)? else { return Ok(None) };
        if dir.is_held_elsewhere(unit)? {
            return Ok(None);
        }
        Ok(Some(Self { files, lock: Some(lock) }))
    }

    /// What holds it: nobody else has the unit while this is open somewhere.
    #[must_use]
    pub fn held(&self) -> Option<BorrowedFd<'_>> {
        self.lock.as_ref().map(AsFd::as_fd)
    }

    /// Gives the unit up, at the end: whoever gets an answer after that need not meet this process again.
    pub fn release(&mut self) {
        self.lock = None;
    }
}
