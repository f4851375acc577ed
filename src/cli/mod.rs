//! The doors: argv and environment in, printed words and an exit code out.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that `argv` names and returns the exit code of the process.
#[must_use]
pub fn main(argv: Vec<OsString>) -> ExitCode {
    let words: Vec<&str> = argv.iter().filter_map(|w| w.to_str()).collect();
    match words.as_slice() {
        [_, "supervise", "--plan-fd", fd] => supervise(fd),
        _ => ExitCode::from(2),
    }
}

/// The hidden verb by which amr executes itself anew as a supervisor.
fn supervise(fd: &str) -> ExitCode {
    match fd.parse().map(crate::service::run::supervise) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(_) => ExitCode::from(2),
    }
}
