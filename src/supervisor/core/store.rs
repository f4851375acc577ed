//! Records on disk: read by whoever wants to know, written by the supervisor in one step when something has
//! changed; and whether the processes that a record names still live.

use super::mark::{Moment, ProcessMark};
use super::record::{self, Record, TooNew};
use crate::os::clock::{self, BootId};
use crate::os::error::{Error, Result};
use crate::os::proc::{Identity, Life, Proc, ProcessId};
use crate::os::root::{Replaced, Root, Sync};
use std::io::ErrorKind;
use std::path::Path;

/// The longest record that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The record at this path; `None` where there is none, or one of an earlier boot that a newer amr wrote.
///
/// # Errors
/// It cannot be read, or is of this boot and a newer amr's.
pub fn read<R: Record>(root: &Root, path: &Path) -> Result<Option<R>> {
    match root.read(path, LIMIT) {
        Ok(bytes) => match record::decode(&bytes) {
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

/// Puts a record there in one step, readable by all.
///
/// # Errors
/// It cannot be written.
pub fn write<R: Record>(root: &Root, path: &Path, record: &R) -> Result<()> {
    replace(root, path, record).map(drop)
}

fn replace<R: Record>(root: &Root, path: &Path, record: &R) -> Result<Replaced> {
    root.safe_write_over(path, &record::encode(record), 0o644, Sync::No)
}

/// The record as a supervisor last wrote it.
#[derive(Debug)]
pub struct Published<R>(Option<R>);

impl<R> Default for Published<R> {
    fn default() -> Self {
        Self(None)
    }
}

impl<R: Record> Published<R> {
    /// Writes the record if it is not what is on the disk.
    ///
    /// # Errors
    /// It cannot be written; with the next change it is tried again.
    pub fn write(&mut self, root: &Root, path: &Path, record: &R) -> Result<()> {
        self.write_first(root, path, record, || ())
    }

    /// The same, and does something as soon as it is there, or cannot be: before anything that can wait.
    ///
    /// # Errors
    /// As [`Published::write`].
    pub fn write_first(&mut self, root: &Root, path: &Path, record: &R, then: impl FnOnce()) -> Result<()> {
        let replaced = (self.0.as_ref() != Some(record)).then(|| replace(root, path, record)).transpose();
        then();
        if replaced?.is_some() {
            self.0 = Some(record.clone());
        }
        Ok(())
    }
}

fn is_this_boot(boot_id: &str) -> Result<bool> {
    Ok(BootId::read(&Root::host()?)?.as_str() == boot_id)
}

/// Now, by both clocks.
#[must_use]
pub fn moment() -> Moment {
    Moment::at(clock::realtime(), clock::now())
}

/// A process for the record.
#[must_use]
pub fn mark(identity: &Identity) -> ProcessMark {
    ProcessMark { pid: identity.pid.get(), start_time: identity.start_time }
}

/// The process of a mark of this boot, if it is still the same one and has not ended.
///
/// # Errors
/// It cannot be looked at.
pub fn living(mark: Option<ProcessMark>, boot: &BootId, proc: &Proc) -> Result<Option<Identity>> {
    let Some((pid, mark)) = mark.and_then(|mark| Some((ProcessId::new(mark.pid)?, mark))) else {
        return Ok(None);
    };
    let identity = Identity { pid, start_time: mark.start_time, boot_id: boot.clone() };
    Ok((proc.life(&identity, boot)? == Life::Running).then_some(identity))
}
