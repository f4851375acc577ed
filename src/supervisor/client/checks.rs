//! That a start was left, since a condition or an assert of the unit was not met: kept in its record, where
//! `status` and `show` find it. That they were met its supervisor notes, with the start.

use super::Result;
use crate::os::clock::BootId;
use crate::os::lock::Lock;
use crate::os::root::Root;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::store;
use crate::supervisor::core::version::{NEEDS, VERSION};
use crate::supervisor::service::machine::{ServiceResult, State};
use crate::supervisor::service::status::{CheckMark, Record};
use crate::unit::model::Unit;

/// Notes it; of a unit that has a supervisor nothing, since that writes the record.
///
/// # Errors
/// The record cannot be read or written.
pub fn note_unmet(place: &StateDir, unit: &Unit, condition: CheckMark, assertion: CheckMark) -> Result<()> {
    let files = place.prepare(unit.name.as_str())?;
    let Some(_lock) = Lock::try_take(&place.root, &files.lock)? else { return Ok(()) };
    let boot = BootId::read(&Root::host()?)?;
    let none = || Record {
        version: VERSION,
        needs: NEEDS,
        unit: unit.name.to_string(),
        description: unit.description.clone(),
        boot_id: boot.as_str().to_owned(),
        sub: State::Dead.sub().to_owned(),
        result: ServiceResult::Success.as_str().to_owned(),
        ..Record::default()
    };
    let old = place.record(unit.name.as_str())?.filter(|record| record.boot_id == boot.as_str());
    let record = Record { condition, assertion, ..old.unwrap_or_else(none) };
    Ok(store::write(&place.root, &files.status, &record)?)
}
