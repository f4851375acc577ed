//! The names in an open folder, as the kernel gives them: no copy of each, and no allocation but the buffer.

use super::FileKind;
use crate::os::sys;
use nix::errno::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// As much as is read at once; untouched where there is less to read.
const ROOM: usize = 16 << 10;
/// struct linux_dirent64 of getdents(2): inode, offset, length of this entry, type, then the name.
const HEAD: usize = 19;

/// A folder that is read from its beginning.
pub(super) struct Listing {
    fd: OwnedFd,
    buffer: Vec<u8>,
    at: usize,
}

/// One name, neither `.` nor `..`.
pub(super) struct Listed<'b> {
    /// Without a NUL.
    pub name: &'b [u8],
    pub ino: u64,
    /// Some file systems do not say.
    pub kind: Option<FileKind>,
}

impl Listing {
    /// Of a folder that was opened for reading.
    pub(super) fn new(fd: OwnedFd) -> Listing {
        Listing { fd, buffer: Vec::with_capacity(ROOM), at: 0 }
    }

    /// The next one; in no order.
    pub(super) fn next(&mut self) -> nix::Result<Option<Listed<'_>>> {
        loop {
            if self.at >= self.buffer.len() {
                sys::getdents(self.fd.as_fd(), &mut self.buffer)?;
                self.at = 0;
                if self.buffer.is_empty() {
                    return Ok(None);
                }
            }
            let from = self.at;
            let rest = self.buffer.get(from..).unwrap_or_default();
            let Some(length) = parse(rest).map(|(_, length)| length) else { return Err(Errno::EIO) };
            self.at = from.saturating_add(length);
            // Parsed again, since what is returned in a loop cannot be borrowed before.
            let wanted = parse(rest).is_some_and(|(listed, _)| !matches!(listed.name, b"." | b".."));
            if wanted {
                return Ok(self.buffer.get(from..).and_then(parse).map(|(listed, _)| listed));
            }
        }
    }
}

impl AsFd for Listing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The first entry, and how long it is.
fn parse(bytes: &[u8]) -> Option<(Listed<'_>, usize)> {
    let (ino, rest) = bytes.split_first_chunk()?;
    let (_offset, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let kind = match *rest.first()? {
        libc::DT_REG => Some(FileKind::Regular),
        libc::DT_DIR => Some(FileKind::Dir),
        libc::DT_LNK => Some(FileKind::Symlink),
        libc::DT_FIFO => Some(FileKind::Fifo),
        libc::DT_SOCK => Some(FileKind::Socket),
        libc::DT_CHR => Some(FileKind::CharDevice),
        libc::DT_BLK => Some(FileKind::BlockDevice),
        _ => None,
    };
    let length = usize::from(u16::from_ne_bytes(*length));
    let name = bytes.get(HEAD..length)?.split(|b| *b == 0).next()?;
    Some((Listed { name, ino: u64::from_ne_bytes(*ino), kind }, length))
}
