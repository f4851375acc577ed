//! `CapabilityBoundingSet=`, `AmbientCapabilities=`, `SecureBits=`, `NoNewPrivileges=`.

use super::{Applied, StepDone, fully};
use crate::exec::filters;
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::{capability, process};

pub(super) fn bounding_set(p: &Process) -> Applied {
    p.context.capabilities.bounding_set.map_or(Ok(StepDone::Fully), |set| fully(capability::keep(set)))
}

/// Before the user changes, which they are to outlive, and the right to set secure bits as well: with one that
/// is set anew at the end.
pub(super) fn inheritable(p: &Process) -> Applied {
    let c = &p.context.capabilities;
    // What the unit takes away again is not missed (`capability_ambient_set_apply`).
    let ambient = capability::bounded(c.ambient);
    if (c.ambient != 0 || c.secure_bits != 0) && changes_user(p) {
        capability::secure(capability::KEEP)?;
    }
    if c.ambient == 0 { Ok(StepDone::Fully) } else { ambient_set(capability::pass_on(ambient)) }
}

fn changes_user(p: &Process) -> bool {
    p.credentials.as_ref().is_some_and(|own| own.uid != 0)
}

/// What the change of the user took away again.
pub(super) fn ambient(p: &Process) -> Applied {
    let set = p.context.capabilities.ambient;
    if set == 0 || !changes_user(p) {
        Ok(StepDone::Fully)
    } else {
        ambient_set(capability::raise(capability::bounded(set)))
    }
}

/// Before Linux 4.3 there are none, and the service would lack what it needs (`capability_ambient_set_apply`).
fn ambient_set(done: Result<(), Errno>) -> Applied {
    fully(done.map_err(|errno| if errno == Errno::EINVAL { Errno::EOPNOTSUPP } else { errno }))
}

pub(super) fn secure_bits(p: &Process) -> Applied {
    let c = &p.context.capabilities;
    let kept = if c.ambient != 0 && changes_user(p) { capability::KEEP } else { 0 };
    // Where the bit was set for a while it goes again.
    if c.secure_bits == 0 && c.ambient == 0 {
        Ok(StepDone::Fully)
    } else {
        fully(capability::secure(c.secure_bits | kept))
    }
}

/// Asked for, or needed: only root's right or this lets a process filter its calls
/// (`context_has_no_new_privileges`).
pub(super) fn no_new_privileges(p: &Process) -> Applied {
    let asked = p.context.capabilities.no_new_privileges
        || filters::any(&p.context) && !capability::is_effective(capability::SYS_ADMIN);
    if asked { fully(process::renounce_new_privileges()) } else { Ok(StepDone::Fully) }
}
