//! What other units have to do with the end of one: that its supervisor knows of them, and how often it is
//! brought up again for those that uphold it.

use super::{Result, ask, is_supervised};
use crate::os::clock;
use crate::os::root::{Reader, Sync};
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::service::message::Request;
use crate::supervisor::service::restart::{Permit, Window};
use crate::supervisor::service::status::StartWindow;
use crate::unit::model::StartLimit;
use crate::unit::name::UnitName;
use std::time::Duration;

/// How often a unit comes up for `Upholds=`: systemd's `auto_start_stop_ratelimit`.
const UPHELD: StartLimit = StartLimit { interval: Duration::from_secs(10), burst: 16 };

/// A count is not longer than this.
const LIMIT: u64 = 4096;

/// Tells the supervisor of a unit, if there is one, that its end concerns others now.
///
/// # Errors
/// See [`super::ClientError`].
pub fn note_interest(state_dir: &StateDir, name: &UnitName) -> Result<()> {
    if is_supervised(state_dir, name)? { ask(state_dir, name.as_str(), Request::Concerns) } else { Ok(()) }
}

/// May the unit be started once more because others uphold it? Counts the start.
///
/// # Errors
/// The count cannot be kept: then it is not started, since nothing would end that.
pub fn may_uphold(state_dir: &StateDir, name: &UnitName) -> Result<bool> {
    let path = state_dir.files(name.as_str()).folder.join("upheld");
    let kept = match state_dir.root.safe_read(&path, LIMIT, Reader::Amr) {
        Err(e) if e.is_not_found() => StartWindow::default(),
        read => serde_json::from_slice(&read?.0).unwrap_or_default(),
    };
    let (window, permit) = Window::from(kept).take(UPHELD, clock::now());
    let bytes = serde_json::to_vec(&StartWindow::from(window)).unwrap_or_default();
    state_dir.root.safe_write(&path, &bytes, 0o600, Sync::No)?;
    Ok(permit == Permit::Granted)
}
