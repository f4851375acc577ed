//! What is known of units without asking anybody: their records, and whether there is a supervisor. A target
//! has no process, so that its record is all there is of it.

use super::Result;
use crate::os::clock::BootId;
use crate::os::lock::Lock;
use crate::os::proc::Proc;
use crate::os::root::Root;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::store::{self, living, moment};
use crate::supervisor::core::version::{NEEDS, VERSION};
use crate::supervisor::service::found::alive;
use crate::supervisor::service::machine::{ServiceResult, State};
use crate::supervisor::service::status::{CheckMark, Record};
use crate::unit::model::Unit;
use crate::unit::name::UnitName;

/// The units that have a record, sorted.
///
/// # Errors
/// It cannot be seen which have one.
pub fn recorded(state_dir: &StateDir) -> Result<Vec<UnitName>> {
    let mut names = Vec::new();
    for name in known(state_dir)? {
        match state_dir.root.lstat(&state_dir.files(name.as_str()).status) {
            Err(e) if e.is_not_found() => {}
            seen => {
                seen?;
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The units that have a folder, sorted: those with a record, and a few more. What is no unit's folder is
/// passed over.
///
/// # Errors
/// The folders cannot be listed.
pub fn known(state_dir: &StateDir) -> Result<Vec<UnitName>> {
    Ok(state_dir.folders()?.iter().filter_map(|name| UnitName::parse(name.to_str()?).ok()).collect())
}

/// Notes that a target is up: it has no process, so that its record is all there is of it.
///
/// # Errors
/// The record cannot be written.
pub fn note_up(state_dir: &StateDir, unit: &Unit) -> Result<()> {
    let files = state_dir.prepare(unit.name.as_str())?;
    let at = moment();
    let record = Record {
        version: VERSION,
        needs: NEEDS,
        unit: unit.name.to_string(),
        description: unit.description.clone(),
        boot_id: BootId::read(&Root::host()?)?.as_str().to_owned(),
        // Up without a process, as a service is after it has exited.
        sub: State::Exited.sub().to_owned(),
        result: ServiceResult::Success.as_str().to_owned(),
        state_change: at,
        active_enter: at,
        condition: CheckMark::met(at),
        assertion: CheckMark::met(at),
        ..Record::default()
    };
    Ok(store::write(&state_dir.root, &files.status, &record)?)
}

/// Notes that a target is down.
///
/// # Errors
/// The record cannot be written.
pub fn note_down(state_dir: &StateDir, name: &UnitName) -> Result<()> {
    let Some(mut record) = state_dir.record(name.as_str())? else { return Ok(()) };
    let at = moment();
    State::Dead.sub().clone_into(&mut record.sub);
    (record.state_change, record.active_exit, record.inactive_enter) = (at, at, at);
    let path = state_dir.files(name.as_str()).status;
    Ok(store::write(&state_dir.root, &path, &record)?)
}

/// Is there a supervisor for the unit? Whoever may not look at the lock, which nobody but its owner
/// may open lest others hold it, goes by the process that the record names.
///
/// # Errors
/// Neither lock nor record can be examined.
pub fn is_supervised(state_dir: &StateDir, name: &UnitName) -> Result<bool> {
    match Lock::is_held(&state_dir.root, &state_dir.files(name.as_str()).lock) {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {}
        outcome => return Ok(outcome?),
    }
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    let supervisor = state_dir.record(name.as_str())?.and_then(|r| r.supervisor);
    Ok(living(supervisor, &boot, &Proc::new(host))?.is_some())
}

/// What is true of a unit now; `None` when it was never started. No daemon is asked.
///
/// # Errors
/// The record cannot be read.
pub fn status(state_dir: &StateDir, name: &UnitName) -> Result<Option<Record>> {
    // The lock first: a supervisor that ends in between has written its last record.
    let held = is_supervised(state_dir, name)?;
    let Some(record) = state_dir.record(name.as_str())? else { return Ok(None) };
    if held {
        return Ok(Some(record));
    }
    let host = Root::host()?;
    let boot = BootId::read(&host)?;
    let living = alive(&record, &host, &boot)?;
    Ok(Some(record.unsupervised(boot.as_str(), living)))
}
