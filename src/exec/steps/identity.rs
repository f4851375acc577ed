//! `User=`, `Group=`, `SupplementaryGroups=`; and the session keyring, which is the user's.

use super::{Applied, StepDone, fully};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::process;
use crate::unit::exec::process::Keyring;

pub(super) fn group(p: &Process) -> Applied {
    p.credentials.as_ref().map_or(Ok(StepDone::Fully), |credentials| fully(credentials.take_groups()))
}

pub(super) fn user(p: &Process) -> Applied {
    p.credentials.as_ref().map_or(Ok(StepDone::Fully), |credentials| fully(credentials.take_user()))
}

/// `KeyringMode=`. A kernel may have no keys, and a container may forbid them: then there are none to be seen
/// either.
pub(super) fn keyring(p: &Process) -> Applied {
    let mode = p.context.process.keyring;
    if mode == Keyring::Inherit {
        return Ok(StepDone::Fully);
    }
    let made = process::join_new_session_keyring();
    let linked =
        if mode == Keyring::Shared { made.and_then(|()| process::link_user_keyring()) } else { made };
    match linked {
        Ok(()) | Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) => Ok(StepDone::Fully),
        Err(errno) => Ok(StepDone::Without(errno)),
    }
}
