//! What root opens for a service that could not open it itself (`OpenFile=`): also devices, folders, and sockets, to
//! which it connects. Others than root lead to none of these, and to no file that the user could not read.

use super::{Last, SafePlace};
use crate::os::error::Result;
use crate::os::ids::Credentials;
use crate::os::root::{FileKind, Root, Stat};
use crate::os::socket::connect_at;
use nix::fcntl::OFlag;
use nix::sys::socket::{Shutdown, shutdown};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// What a service does with what is opened for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Reads it.
    ReadOnly,
    /// Reads and writes it.
    Both,
    /// The same, at its end.
    Append,
    /// The same, once it is empty.
    Truncate,
}

impl Root {
    /// Opens what is there. Nothing waits for the other end of a FIFO or of a socket.
    ///
    /// # Errors
    /// It is not there (`is_not_found`), cannot be opened, or is not to be trusted.
    pub fn safe_passed(&self, inner: &Path, how: Passed, user: &Credentials) -> Result<OwnedFd> {
        let place = self.safe_place("open", inner, Last::Follow)?;
        let is_socket = place.entry.is_some_and(|stat| stat.kind == FileKind::Socket);
        if is_socket && place.folder.alone {
            let fd = connect_at(&place.dir, place.name());
            return fd
                .and_then(|fd| {
                    if how == Passed::ReadOnly {
                        shutdown(fd.as_raw_fd(), Shutdown::Write).map(|()| fd)
                    } else {
                        Ok(fd)
                    }
                })
                .map_err(|e| self.error("connect to", inner, e));
        }
        let mut flags = if how == Passed::ReadOnly { OFlag::O_RDONLY } else { OFlag::O_RDWR };
        flags.set(OFlag::O_APPEND, how == Passed::Append);
        let allowed = |place: &SafePlace, stat: &Stat| match stat.kind {
            FileKind::Dir | FileKind::BlockDevice if place.folder.alone => Ok(()),
            FileKind::Dir
            | FileKind::BlockDevice
            | FileKind::Regular
            | FileKind::Symlink
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::Other => self.judge(inner, place, stat, user, true),
        };
        let (file, stat) = self.safe_open_at(inner, &place, flags, &allowed)?;
        if how == Passed::Truncate && stat.kind == FileKind::Regular {
            file.set_len(0).map_err(|e| self.error("truncate", inner, e))?;
        }
        self.set_blocking(file, inner).map(OwnedFd::from)
    }
}
