//! The jobs that commands have yet to do, for other commands to see: systemd has one queue, here each command has
//! its own. What a supervisor is at work with its record says; what waits for something else, or belongs to
//! a command that nobody waits for, is noted in the unit's folder, in a file `job.PID` of the process that will do it.
//!
//! A job waits for what was asked for before it, by the start of the processes, and never for what comes later:
//! so no two commands wait for one another. A note is worth what its process lives; whoever finds one of a process that
//! has ended removes it. docs/decisions/truth-of-ok.md.

use crate::order::transaction::{Activity, Job, JobKind};
use crate::os::clock::BootId;
use crate::os::error::Result;
use crate::os::proc::{Identity, Proc, ProcessId};
use crate::os::root::{Reader, Root, Sync};
use crate::supervisor::core::mark::ProcessMark;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::store::{living, mark};
use crate::unit::name::UnitName;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A note is not longer than this, in bytes.
const LIMIT: u64 = 4096;

/// What the names of notes begin with.
const PREFIX: &str = "job.";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    process: ProcessMark,
    boot_id: String,
    /// The unit is stopped first.
    stops: bool,
}

/// The notes of one process.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    place: &'a StateDir,
    own: OnceCell<Option<Identity>>,
    /// Another process has noted all jobs for this one.
    all_noted: bool,
    noted: Vec<UnitName>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(place: &'a StateDir, all_noted: bool) -> Self {
        Self { place, own: OnceCell::new(), all_noted, noted: Vec::new() }
    }

    fn own(&self) -> Option<&Identity> {
        self.own.get_or_init(|| identity(ProcessId::own()).ok()).as_ref()
    }

    /// Notes the jobs that this process has yet to begin.
    pub(super) fn note<'j>(&mut self, jobs: impl Iterator<Item = &'j Job>) {
        let Some(own) = self.own().cloned() else { return };
        self.noted.extend(note(self.place, jobs, &own));
    }

    /// All jobs of this process with the unit have ended.
    pub(super) fn done(&mut self, unit: &UnitName) {
        if (self.all_noted || self.noted.contains(unit))
            && let Err(e) = self.place.root.safe_remove_file(&path(self.place, unit, ProcessId::own()))
        {
            log::debug!("{e}");
        }
    }

    /// What another process, that began before this one, has yet to do with the unit.
    pub(super) fn earlier(&self, unit: &UnitName) -> Option<Activity> {
        let root = &self.place.root;
        let folder = self.place.files(unit.as_str()).folder;
        let names = root.list(&folder).ok()?.into_iter().map(|entry| entry.name);
        let notes = names.filter(|name| name.to_str().is_some_and(|name| name.starts_with(PREFIX)));
        let found = notes.filter_map(|name| self.living(&folder.join(name))).collect::<Vec<_>>();
        let own = order(self.own()?);
        let earlier = found.iter().filter(|(other, _)| order(other) < own);
        let stops = earlier.map(|(_, note)| note.stops).reduce(|a, b| a || b)?;
        Some(if stops { Activity::Deactivating } else { Activity::Activating })
    }

    /// A note whose process lives.
    fn living(&self, path: &Path) -> Option<(Identity, Note)> {
        let (bytes, _) = self.place.root.safe_read(path, LIMIT, Reader::Amr).ok()?;
        let alive = || {
            let note: Note = serde_json::from_slice(&bytes).ok()?;
            let host = Root::host().ok()?;
            let boot = BootId::read(&host).ok().filter(|boot| boot.as_str() == note.boot_id)?;
            let process = living(Some(note.process), &boot, &Proc::new(host)).ok()??;
            Some((process, note))
        };
        let found = alive();
        if found.is_none() {
            // It is nobody's any more.
            let _ = self.place.root.safe_remove_file(path);
        }
        found
    }
}

/// Which of two comes first.
fn order(identity: &Identity) -> (u64, i32) {
    (identity.start_time, identity.pid.get())
}

/// A process, such that it is told from others.
///
/// # Errors
/// It cannot be looked at, or has ended.
pub(super) fn identity(pid: ProcessId) -> Result<Identity> {
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    Proc::new(host).identity(pid, &boot)
}

/// Notes jobs that a process is to do; the units that were noted. A note that cannot be written is none: others
/// then see the job when it is begun.
pub(super) fn note<'j>(
    place: &StateDir,
    jobs: impl Iterator<Item = &'j Job>,
    process: &Identity,
) -> Vec<UnitName> {
    let mut units: BTreeMap<&UnitName, bool> = BTreeMap::new();
    for job in jobs {
        let stops = match job.kind {
            JobKind::Stop | JobKind::RestartStop | JobKind::RestartStart => true,
            JobKind::Start => false,
            JobKind::Reload | JobKind::VerifyActive => continue,
        };
        *units.entry(&job.unit).or_default() |= stops;
    }
    let write = |(unit, stops): (&UnitName, bool)| {
        let note = Note { process: mark(process), boot_id: process.boot_id.as_str().to_owned(), stops };
        let bytes = serde_json::to_vec(&note).unwrap_or_default();
        let written = place
            .prepare(unit.as_str())
            .and_then(|_| place.root.safe_write(&path(place, unit, process.pid), &bytes, 0o600, Sync::No));
        written.map(|()| unit.clone()).inspect_err(|e| log::debug!("{e}")).ok()
    };
    units.into_iter().filter_map(write).collect()
}

fn path(place: &StateDir, unit: &UnitName, process: ProcessId) -> PathBuf {
    place.files(unit.as_str()).folder.join(format!("{PREFIX}{}", process.get()))
}
