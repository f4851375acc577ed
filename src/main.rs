//! The binary: argv goes to the doors, their answer becomes the exit code.

use std::process::ExitCode;

/// musl's own maps and unmaps a page or two for every few objects; why: docs/decisions/07-memory.md.
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    amr::cli::main(std::env::args_os())
}
