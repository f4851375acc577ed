//! What is found of a service: its record, and whether what that names still lives.

use super::machine::State;
use super::status::{Living, Record};
use crate::os::cgroup::{Group, Version};
use crate::os::clock::BootId;
use crate::os::error::Result;
use crate::os::proc::{Identity, Proc, ProcessId};
use crate::os::root::Root;
use crate::supervisor::core::mark::FileMark;
use crate::supervisor::core::state_dir::{Privilege, StateDir};
use crate::supervisor::core::store::{self, living};
use crate::unit::model::Unit;
use std::path::Path;

impl StateDir {
    /// The usual folders of a root.
    #[must_use]
    pub fn for_services(root: Root, privilege: Privilege) -> Self {
        Self::new(root, privilege, is_left_at)
    }

    /// The record of a service as its supervisor last wrote it.
    ///
    /// # Errors
    /// It cannot be read. That there is none is no error.
    pub fn record(&self, unit: &str) -> Result<Option<Record>> {
        store::read(&self.root, &self.files(unit).status)
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

/// For [`StateDir::is_left`].
pub(super) fn is_left_at(root: &Root, record: &Path) -> Result<bool> {
    is_left(store::read(root, record)?.as_ref())
}

/// Has a killed supervisor left something that lives?
pub fn is_left(record: Option<&Record>) -> Result<bool> {
    let Some(record) = record else { return Ok(false) };
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    let Living { main, others, .. } = alive(record, &host, &boot)?;
    Ok(record.boot_id == boot.as_str() && record.phase(main, others).is_some())
}

/// Which processes of a record still live?
pub fn alive(record: &Record, host: &Root, boot: &BootId) -> Result<Living> {
    if record.boot_id != boot.as_str() {
        return Ok(Living::default());
    }
    let proc = Proc::new(host.clone());
    let main = living(record.main, boot, &proc)?.is_some();
    let control = living(record.control, boot, &proc)?.is_some();
    let version = Version::from_unified(record.tracking.unified);
    let grouped = match &record.tracking.cgroup {
        Some(dir) => !Group::at(host, dir.clone(), version).is_empty()?,
        None => false,
    };
    let others = grouped || !relatives(record, boot, &proc)?.is_empty();
    Ok(Living { main, control, others })
}

/// The living processes of a service that is down: what SIGKILL was not sent to, or could not end.
///
/// # Errors
/// They cannot be looked at.
pub fn survivors(record: &Record) -> Result<Vec<ProcessId>> {
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    if record.boot_id != boot.as_str() {
        return Ok(Vec::new());
    }
    let version = if record.tracking.unified { Version::V2 } else { Version::V1 };
    match &record.tracking.cgroup {
        Some(dir) => match Group::at(&host, dir.clone(), version).pids() {
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            pids => pids,
        },
        None => Ok(relatives(record, &boot, &Proc::new(host))?.into_iter().map(|of| of.pid).collect()),
    }
}

/// The living processes that a record names and, where there is no group to tell, those that its
/// supervisor would have come to know as well: they began with the run's id in their environment.
pub fn relatives(record: &Record, boot: &BootId, proc: &Proc) -> Result<Vec<Identity>> {
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
