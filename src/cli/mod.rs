//! The doors: argv and environment in, printed words and an exit code out.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that `argv` names and returns the exit code of the process.
#[must_use]
pub fn main(argv: Vec<OsString>) -> ExitCode {
    drop(argv);
    ExitCode::from(2)
}
