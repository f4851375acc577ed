//! The end of the way: `Environment=` and its kin become the process's, and its program is executed.

use super::{Applied, Fault};
use crate::exec::process::Process;
use crate::os::process;

/// Comes back only where it failed.
pub(super) fn execute(p: &Process) -> Applied {
    let mut env = p.env.clone();
    let own = std::process::id().to_string();
    env.extend(p.pid_variables.iter().map(|name| (name.into(), own.clone().into())));
    let Err(errno) = process::execute(&p.program, &p.argv, &env);
    Err(Fault::about(errno, p.name.clone()))
}
