//! `amr daemon-reload`: a service that runs goes by its unit files as they are now.

use super::{ClientError, Options, Result, ask, is_left, is_supervised, plan};
use crate::os::root::{Reader, Sync};
use crate::supervisor::core::plan::PLAN_LIMIT;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::service::message::Request;
use crate::supervisor::service::plan::FirstAction;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;

/// Does the unit have a plan that it goes by: a supervisor, or a service that one left?
///
/// # Errors
/// It cannot be seen.
pub fn has_plan(state_dir: &StateDir, name: &UnitName) -> Result<bool> {
    Ok(is_supervised(state_dir, name)? || is_left(state_dir.record(name.as_str())?.as_ref())?)
}

/// Puts the plan of the unit as it was loaded into its folder, and has its supervisor go by it. Where that
/// was lost, the next one does. What ends meanwhile needs none.
///
/// # Errors
/// The plan cannot be written or the supervisor does not take it, since it is of a release that does not know
/// how: then the old plan stays.
pub fn replan(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<()> {
    let name = unit.name.as_str();
    let bytes = plan(state_dir, unit, options, FirstAction::Adopt)?.encode();
    let file = state_dir.files(name).plan;
    let before = match state_dir.root.safe_read(&file, PLAN_LIMIT, Reader::Amr) {
        Ok((bytes, _)) => Some(bytes),
        Err(e) if e.is_not_found() => None,
        Err(e) => return Err(e.into()),
    };
    state_dir.root.safe_write(&file, &bytes, 0o600, Sync::No)?;
    if !is_supervised(state_dir, &unit.name)? {
        return Ok(());
    }
    match ask(state_dir, name, Request::Replan) {
        Err(e) if is_supervised(state_dir, &unit.name)? => {
            if matches!(e, ClientError::Refused { .. }) {
                match before {
                    Some(bytes) => state_dir.root.safe_write(&file, &bytes, 0o600, Sync::No)?,
                    None => state_dir.root.safe_remove_file(&file)?,
                }
            }
            Err(e)
        }
        // It has ended, or the next supervisor finds the file.
        Ok(()) | Err(_) => Ok(()),
    }
}
