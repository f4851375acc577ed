//! Places of a view of the file system: what is mounted there, or covered, is held before it is, and what is
//! missing is made. Whoever could lead root elsewhere would have it cover /etc, or show what he may not enter.

use super::{Last, Walk};
use crate::os::error::Result;
use crate::os::root::{FileKind, Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, SFlag, mknodat};
use std::os::fd::OwnedFd;
use std::path::Path;

const HOLD: &str = "reach";
const MAKE: &str = "create";

impl Root {
    /// What is at a path, of whatever kind, by no link that others than root can change. Opened with O_PATH.
    ///
    /// # Errors
    /// It is missing (`is_not_found`), or such a link is on the way.
    pub fn safe_hold(&self, inner: &Path) -> Result<OwnedFd> {
        let fail = |e: Errno| self.error(HOLD, inner, e);
        if inner.file_name().is_none() {
            return Walk::begin(self).map(|walk| walk.root.fd).map_err(fail);
        }
        let place = self.safe_place(HOLD, inner, Last::Follow)?;
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let fd = openat(&place.dir, place.name(), flags, Mode::empty()).map_err(fail)?;
        // It was none before.
        let kind = Stat::from_fd(&fd).map_err(|e| self.error(HOLD, inner, e))?.kind;
        if kind == FileKind::Symlink { Err(fail(Errno::ELOOP)) } else { Ok(fd) }
    }

    /// Makes what is to be mounted on: an empty file, and the folders above it where they are missing.
    ///
    /// # Errors
    /// It cannot be made, or others than root lead elsewhere.
    pub fn safe_empty_file(&self, inner: &Path) -> Result<()> {
        self.safe_parents(MAKE, inner)?;
        let place = self.safe_place(MAKE, inner, Last::Follow)?;
        let mode = Mode::from_bits_truncate(0o644);
        mknodat(&place.dir, place.name(), SFlag::S_IFREG, mode, 0).map_err(|e| self.error(MAKE, inner, e))
    }
}
