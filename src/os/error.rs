//! What went wrong at the border to the kernel: a verb, an object and a cause.
//!
//! One type for all of `os`, so that every message has the same form. Paths come from outside;
//! what could play tricks on a terminal or a log is escaped before it is shown.

pub use nix::errno::Errno;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `cannot VERB 'PATH': cause`.
#[derive(Debug)]
pub struct Error {
    verb: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// What `os` returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error while doing `verb` to `path`, e.g. `("read", "/etc/passwd", ENOENT)`.
    pub fn new(verb: &'static str, path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Error { verb, path: path.into(), source: source.into() }
    }

    /// An error whose cause is not the kernel's but a sentence of ours.
    pub fn other(
        verb: &'static str,
        path: impl Into<PathBuf>,
        kind: io::ErrorKind,
        cause: impl Into<String>,
    ) -> Self {
        Error { verb, path: path.into(), source: io::Error::new(kind, cause.into()) }
    }

    pub(super) fn verb(&self) -> &'static str {
        self.verb
    }

    /// The kind of the cause.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// The kernel's error number, if the cause is one.
    pub fn errno(&self) -> Option<i32> {
        self.source.raw_os_error()
    }

    /// The same to hand on; EIO where the cause is none of the kernel's.
    #[must_use]
    pub fn number(&self) -> Errno {
        errno(&self.source)
    }

    /// Is it that the object, or a folder on the way to it, does not exist?
    pub fn is_not_found(&self) -> bool {
        matches!(self.errno(), Some(libc::ENOENT | libc::ENOTDIR)) || self.kind() == io::ErrorKind::NotFound
    }

    /// The object, as the host sees it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The cause alone, as a sentence: `Permission denied`.
    pub fn cause(&self) -> String {
        cause(&self.source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} '{}': {}", self.verb, escape(self.path.as_os_str()), self.cause())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The kernel's number of an `io::Error`; EIO for one that is none of the kernel's.
#[must_use]
pub fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// The sentence for an `io::Error`, without Rust's `(os error N)` behind it.
pub fn cause(error: &io::Error) -> String {
    match error.raw_os_error().map(|number| (number, Errno::from_raw(number))) {
        Some((number, Errno::UnknownErrno)) => format!("error {number}"),
        Some((_, known)) => known.desc().to_owned(),
        None => error.to_string(),
    }
}

/// A name from outside as text that is safe on a terminal and in a log: control characters, quotes,
/// backslashes and bytes that are not UTF-8 become escapes; everything else stays.
pub fn escape(name: &OsStr) -> String {
    strings::escape(name.as_bytes(), &['\'', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_verb_object_cause() {
        let e = Error::new("read", "/var/lib/x", Errno::EACCES);
        assert_eq!(e.to_string(), "cannot read '/var/lib/x': Permission denied");
        assert!(!e.is_not_found());
        assert!(Error::new("read", "/x", Errno::ENOENT).is_not_found());
        let e = Error::other("read", "/x", io::ErrorKind::InvalidData, "not a number");
        assert_eq!(e.to_string(), "cannot read '/x': not a number");
    }
}
