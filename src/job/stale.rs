//! What a dead service left behind: the lock by which rc takes it to be up, and the file with its pid.
//!
//! `stop` of a script that is down already removes both, as RHEL's killproc and the `rm -f` behind it do;
//! `status` is then 3, and the next shutdown does not stop it a second time.

use super::activity;
use super::context::Context;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::supervisor::client::ClientError;
use crate::sysv::subsys;
use crate::unit::name::UnitName;
use std::path::{Path, PathBuf};

/// Removes what is left of `unit`, for which the init script `script` stands, where it does not run. The
/// file of a pid stays while there is such a process: it may be somebody else's.
///
/// # Errors
/// One of them is there and cannot be removed, or it cannot be seen whether the unit runs.
pub fn clear(ctx: &Context, unit: &UnitName, script: &str) -> Result<(), ClientError> {
    if !activity::inspect(ctx, unit)?.is_inactive() {
        return Ok(());
    }
    let pid_file = PathBuf::from(format!("/var/run/{script}.pid"));
    if is_of_nobody(&ctx.root, &pid_file) {
        ctx.root.remove_file_if_there(&pid_file)?;
    }
    for lock in subsys::lock_names(script) {
        ctx.root.remove_file_if_there(&Path::new(subsys::FOLDER).join(lock))?;
    }
    Ok(())
}

/// Is there such a file, and no process of a number in it?
fn is_of_nobody(root: &Root, pid_file: &Path) -> bool {
    let Ok(bytes) = root.read(pid_file, 4096) else { return false };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut pids = text.split_whitespace().filter_map(|word| ProcessId::new(word.parse().ok()?));
    // Processes are the kernel's, whatever the root.
    let Ok(host) = Root::host() else { return false };
    let processes = Proc::new(host);
    !pids.any(|pid| processes.stat(pid).is_ok())
}
