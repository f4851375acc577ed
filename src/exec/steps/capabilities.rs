//! `CapabilityBoundingSet=`, `NoNewPrivileges=`.

use super::{Applied, Done, fully};
use crate::exec::filters;
use crate::exec::process::Process;
use crate::os::{capability, process};

pub(super) fn bounding_set(p: &Process) -> Applied {
    p.context.capabilities.bounding_set.map_or(Ok(Done::Fully), |set| fully(capability::keep(set)))
}

/// Asked for, or needed: only root's right or this lets a process filter its calls
/// (`context_has_no_new_privileges`).
pub(super) fn no_new_privileges(p: &Process) -> Applied {
    let asked = p.context.capabilities.no_new_privileges
        || filters::any(&p.context) && !capability::is_effective(capability::SYS_ADMIN);
    if asked { fully(process::renounce_new_privileges()) } else { Ok(Done::Fully) }
}
