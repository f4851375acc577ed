//! Is there a person at a descriptor?

use super::sys;
use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd};

/// isatty(3).
pub fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    fd.is_terminal()
}

/// The width in characters; `None` for what is no terminal and for one that does not say, as a
/// serial console.
pub fn columns(fd: impl AsFd) -> Option<u16> {
    sys::columns(fd.as_fd()).ok().filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_no_terminal() {
        let (reader, _writer) = nix::unistd::pipe().unwrap();
        assert!(!is_terminal(reader.as_fd()));
        assert_eq!(columns(&reader), None);
    }
}
