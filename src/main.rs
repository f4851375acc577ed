//! The binary: argv goes to the doors, their answer becomes the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    amr::cli::main(std::env::args_os().collect())
}
