//! The binary: argv goes to the doors, their answer becomes the exit code.

use std::process::ExitCode;

/// musl's own maps and unmaps a page for every few objects; why: docs/decisions/07-memory.md.
#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

fn main() -> ExitCode {
    amr::cli::main(std::env::args_os().collect())
}
