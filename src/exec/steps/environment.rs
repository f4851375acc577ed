//! The end of the way: `Environment=` and its kin become the process's, and its program is executed.

use super::{Applied, StepError};
use crate::exec::process::Process;

/// Comes back only where it failed.
pub(super) fn execute(p: &Process) -> Applied {
    let errno = match p.ready() {
        Ok(image) => image.execute(),
        Err(errno) => *errno,
    };
    Err(StepError::about(errno, p.name.clone()))
}
