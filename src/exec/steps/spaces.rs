//! `PrivateNetwork=`, `PrivateIPC=`, `NetworkNamespacePath=`, `IPCNamespacePath=`, `PrivateUsers=`; and
//! `AppArmorProfile=`.

use super::{Applied, StepDone, StepError, fully};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::process;
use crate::os::spaces::{self, Space};

pub(super) fn network(p: &Process) -> Applied {
    enter(p.network.as_deref(), Space::Network)
}

/// Before the view, whose /dev/mqueue is of the namespace that this process is in.
pub(super) fn ipc(p: &Process) -> Applied {
    enter(p.ipc.as_deref(), Space::Ipc)
}

/// What a container forbids systemd goes on without (`setup_shareable_ns` in exec_child).
fn enter(space: Option<&std::os::fd::OwnedFd>, kind: Space) -> Applied {
    match space.map(|space| kind.enter(space)) {
        None => Ok(StepDone::Fully),
        Some(Err(errno @ Errno::EPERM)) => Ok(StepDone::Without(errno)),
        Some(done) => fully(done),
    }
}

/// Behind all other namespaces, which a process in one of these may not have; and behind the groups, which are
/// fixed in it.
pub(super) fn users(p: &Process) -> Applied {
    p.users.as_ref().map_or(Ok(StepDone::Fully), |seen| fully(spaces::own_users(seen)))
}

/// Takes effect at exec.
pub(super) fn apparmor(p: &Process) -> Applied {
    let Some(profile) = &p.apparmor else { return Ok(StepDone::Fully) };
    match process::confine_at_exec(&profile.name) {
        Err(errno) if profile.optional => Ok(StepDone::Without(errno)),
        done => done.map_err(|errno| StepError::about(errno, profile.name.clone())).map(|()| StepDone::Fully),
    }
}
