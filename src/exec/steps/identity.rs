//! `User=`, `Group=`, `SupplementaryGroups=`; and the session keyring, which is the user's.

use super::{Applied, Done, fully};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::process;

pub(super) fn group(p: &Process) -> Applied {
    p.credentials.as_ref().map_or(Ok(Done::Fully), |credentials| fully(credentials.take_groups()))
}

pub(super) fn user(p: &Process) -> Applied {
    p.credentials.as_ref().map_or(Ok(Done::Fully), |credentials| fully(credentials.take_user()))
}

/// A kernel may have no keys, and a container may forbid them: then there are none to be seen either.
pub(super) fn keyring(_: &Process) -> Applied {
    match process::join_new_session_keyring() {
        Ok(()) | Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) => Ok(Done::Fully),
        Err(errno) => Ok(Done::Without(errno)),
    }
}
