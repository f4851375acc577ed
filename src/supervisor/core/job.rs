//! How a supervisor has jobs done that concern other units: by another process of this program, which goes the
//! way of every command, while the supervisor goes on.

use super::state_dir::StateDir;
use crate::os::child::{self, Spec};
use crate::os::error::Result;
use crate::os::proc::ProcessId;
use crate::os::root::Root;

/// Runs `amr VERB…` on behalf of the units below the state folder's root.
///
/// # Errors
/// The process cannot be started.
pub fn ask_for(host: &Root, dir: &StateDir, verb: &[&str]) -> Result<ProcessId> {
    let program = child::own_executable(host)?;
    let mut argv = vec!["amr".into()];
    if !dir.root.is_host() {
        argv.extend(["--root".into(), dir.root.prefix().into()]);
    }
    argv.extend(verb.iter().map(Into::into));
    Ok(child::spawn(&Spec::detached(program, argv, Vec::new()))?.pid)
}
