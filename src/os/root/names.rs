//! The names in an open folder, as getdents64(2) gives them.
//!
//! readdir(3) of musl asks the kernel for two kilobytes at a time, thirty names, and the crates above it
//! copy each name. Here it is 32 KiB, and nothing is copied.

use super::{FileKind, Result, Root, kind_of};
use crate::os::sys;
use nix::errno::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the kernel is asked for at a time.
const ROOM: usize = 32 << 10;

/// Where the length of a record, the type of the file and its name begin (`struct linux_dirent64`).
const LENGTH: usize = 16;
const TYPE: usize = 18;
const NAME: usize = 19;

/// One name.
pub(super) struct Name<'n> {
    /// Any bytes but `/` and NUL.
    pub name: &'n OsStr,
    pub ino: u64,
    /// `None` where the file system does not say.
    pub kind: Option<FileKind>,
}

impl Root {
    /// Calls `each` with every name, in no order, without `.` and `..`. Gives the open folder.
    pub(super) fn each_raw(&self, inner: &Path, each: &mut dyn FnMut(&Name<'_>)) -> Result<OwnedFd> {
        let dir = self.open_listing(inner)?;
        each_raw(&dir, each).map_err(|e| self.error("list", inner, e))?;
        Ok(dir)
    }
}

pub(super) fn each_raw(dir: impl AsFd, each: &mut dyn FnMut(&Name<'_>)) -> nix::Result<()> {
    let mut bytes = Vec::with_capacity(ROOM);
    loop {
        sys::getdents(dir.as_fd(), &mut bytes)?;
        let mut rest = bytes.as_slice();
        if rest.is_empty() {
            return Ok(());
        }
        while let Some((first, behind)) = record(rest)? {
            if first.name != "." && first.name != ".." {
                each(&first);
            }
            rest = behind;
        }
    }
}

/// The first record, and what stands behind it.
fn record(bytes: &[u8]) -> nix::Result<Option<(Name<'_>, &[u8])>> {
    let Some(length) = bytes.get(LENGTH..TYPE) else { return Ok(None) };
    let length = u16::from_ne_bytes(length.try_into().unwrap_or_default());
    let (record, rest) = bytes.split_at_checked(length.into()).ok_or(Errno::EIO)?;
    // NULs fill the record up to a multiple of eight bytes.
    let name = record.get(NAME..).ok_or(Errno::EIO)?;
    let (before, last) = name.split_at(name.len().saturating_sub(8));
    let end = last.iter().position(|b| *b == 0).ok_or(Errno::EIO)?;
    let name = OsStr::from_bytes(name.get(..before.len() + end).unwrap_or_default());
    let ino = record.first_chunk().map_or(0, |ino| u64::from_ne_bytes(*ino));
    let kind = kind(record.get(TYPE).copied().unwrap_or_default());
    Ok(Some((Name { name, ino, kind }, rest)))
}

/// A record's type is that of a file's mode, without the bits below it.
fn kind(of: u8) -> Option<FileKind> {
    Some(kind_of(libc::mode_t::from(of) << 12)).filter(|kind| *kind != FileKind::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel lays it out: 64 bits of inode, 64 of position, 16 of length, 8 of type, the name.
    fn entry(ino: u64, kind: u8, name: &str) -> Vec<u8> {
        let length = (NAME + name.len() + 1).next_multiple_of(8);
        let mut bytes =
            [&ino.to_ne_bytes()[..], &[0; 8], &u16::try_from(length).unwrap().to_ne_bytes(), &[kind]]
                .concat();
        bytes.extend_from_slice(name.as_bytes());
        bytes.resize(length, 0);
        bytes
    }

    #[test]
    fn records() {
        let two = [entry(7, libc::DT_LNK, "S95amr"), entry(8, 0, "x")].concat();
        let (first, rest) = record(&two).unwrap().unwrap();
        assert_eq!(
            (first.name.as_bytes(), first.ino, first.kind),
            (&b"S95amr"[..], 7, Some(FileKind::Symlink))
        );
        let (second, rest) = record(rest).unwrap().unwrap();
        assert_eq!((second.name.as_bytes(), second.ino, second.kind), (&b"x"[..], 8, None));
        assert!(record(rest).unwrap().is_none());
        for cut in 18..two.len() / 2 {
            assert_eq!(record(&two[..cut]).err(), Some(Errno::EIO), "{cut}");
        }
    }

    /// More than one call of the kernel's gives.
    #[test]
    fn many_names() {
        let scratch = crate::os::root::tests::Scratch::new();
        let name = |n: u32| format!("{n:0200}");
        for n in 0..400 {
            std::fs::write(scratch.0.join("root").join(name(n)), "").unwrap();
        }
        let mut found = Vec::new();
        let root = scratch.root();
        root.each_raw(Path::new("/"), &mut |n| found.push(n.name.to_str().unwrap().to_owned())).unwrap();
        found.sort();
        assert_eq!(found, (0..400).map(name).collect::<Vec<_>>());
    }
}
