//! `PrivateTmp=`: a view of the file system of its own. What the host mounts later is seen in it, what
//! is mounted in it is not seen outside.

use super::{Applied, Done, Fault};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::process;

/// A kernel without such views, or a container that forbids them, is what systemd's
/// apply_mount_namespace goes on without.
pub(super) fn namespace(p: &Process) -> Applied {
    if p.binds.is_empty() {
        return Ok(Done::Fully);
    }
    match process::own_mounts() {
        Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL)) => {
            return Ok(Done::Without(errno));
        }
        done => done?,
    }
    for bind in &p.binds {
        process::bind(&bind.source, &bind.target)
            .map_err(|errno| Fault::about(errno, bind.target.display().to_string()))?;
    }
    Ok(Done::Fully)
}
