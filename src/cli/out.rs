//! The only place that writes to the terminal. A reader that went away is no error; a full disk is said,
//! and the exit code stays that of what was done.

use crate::os::error::cause;
use std::io::{ErrorKind, IsTerminal, Write};

/// Writes to standard output.
pub fn print_raw(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            eprint_raw(&format!("amr: cannot write to standard output: {}\n", cause(&e)));
        }
        Ok(()) | Err(_) => {}
    }
}

/// Writes bytes and a line end to standard output; false when nobody reads any more.
pub fn print_line(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.write_all(b"\n")).is_ok()
}

/// `amr: VERB: what went wrong` on standard error, and a `hint:` line where a remedy is known.
pub fn print_error(verb: &str, what: &str, hint: Option<&str>) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "amr: {verb}: {what}");
    if let Some(hint) = hint {
        let _ = writeln!(err, "hint: {hint}");
    }
}

/// Writes to standard error as it is.
pub fn eprint_raw(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Is standard output a terminal?
#[must_use]
pub fn on_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Escapes what could move a cursor or end a line: names and texts from outside.
#[must_use]
pub fn escape(text: &str) -> String {
    strings::escape(text.as_bytes(), &[])
}
