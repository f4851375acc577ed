//! Replacing a file of the host's by one that has its owner, mode and label; moving a folder.

use super::SafePlace;
use crate::os::error::Result;
use crate::os::root::walk::Last;
use crate::os::root::write::with_temp_name;
use crate::os::root::{FileKind, Root, Stat};
use crate::os::sys;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fsync, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

impl Root {
    /// Replaces a file in one step, where root alone can change the folders. The new one has the owner, the
    /// mode and SELinux's label of the old one, whose bytes `old` are kept in a file of that name with a dash
    /// behind it; `mode` counts where there is none. On the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written, is no regular file, or others can change the folder.
    pub fn safe_replace(&self, inner: &Path, bytes: &[u8], old: Option<&[u8]>, mode: u32) -> Result<()> {
        const VERB: &str = "replace";
        let place = self.safe_place(VERB, inner, Last::Keep)?;
        if !place.folder.alone {
            return Err(self.unsafe_path(VERB, inner, "it lies"));
        }
        let like = match place.entry {
            Some(stat) if stat.kind != FileKind::Regular => {
                return Err(self.irregular(VERB, inner, stat.kind));
            }
            Some(_) => {
                let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
                let fd = openat(&place.dir, place.name(), flags, Mode::empty());
                Some(fd.map_err(|e| self.error(VERB, inner, e))?)
            }
            None => None,
        };
        if let (Some(old), Some(like)) = (old, &like) {
            let mut name = OsString::from(place.name());
            name.push("-");
            put_like(&place, &name, old, Some(like), mode).map_err(|e| self.error("back up", inner, e))?;
        }
        put_like(&place, place.name(), bytes, like.as_ref(), mode).map_err(|e| self.error(VERB, inner, e))
    }

    /// rename(2) of a folder to where nothing is or an empty folder, both where root alone can change the folders.
    ///
    /// # Errors
    /// It cannot be moved, as to another file system (EXDEV) or to where a folder is that is not empty (ENOTEMPTY);
    /// others can change the folders.
    pub fn safe_move(&self, from: &Path, to: &Path) -> Result<()> {
        const VERB: &str = "move";
        let find = |path: &Path| {
            let place = self.safe_place(VERB, path, Last::Keep)?;
            if place.folder.alone { Ok(place) } else { Err(self.unsafe_path(VERB, path, "it lies")) }
        };
        let (source, target) = (find(from)?, find(to)?);
        if target.entry.is_some_and(|there| there.kind != FileKind::Dir) {
            return Err(self.taken(VERB, to, "something is there"));
        }
        renameat(&source.dir, source.name(), &target.dir, target.name())
            .map_err(|e| self.error(VERB, from, e))
    }
}

fn put_like(
    place: &SafePlace,
    name: &OsStr,
    bytes: &[u8],
    like: Option<&OwnedFd>,
    mode: u32,
) -> std::io::Result<()> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let (temp, fd) = with_temp_name(|temp| openat(&place.dir, temp, flags, Mode::S_IRUSR | Mode::S_IWUSR))?;
    let filled = fill(File::from(fd), bytes, like, mode)
        .and_then(|()| Ok(renameat(&place.dir, temp.as_str(), &place.dir, name)?));
    if filled.is_err() {
        // The first error is the one to report.
        let _ = unlinkat(&place.dir, temp.as_str(), UnlinkatFlags::NoRemoveDir);
    }
    filled?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(fsync(openat(&place.dir, ".", flags, Mode::empty())?)?)
}

fn fill(mut file: File, bytes: &[u8], like: Option<&OwnedFd>, mode: u32) -> std::io::Result<()> {
    file.write_all(bytes)?;
    let mut mode = mode;
    if let Some(like) = like {
        let stat = Stat::from_fd(like)?;
        fchown(&file, Some(Uid::from_raw(stat.uid)), Some(Gid::from_raw(stat.gid)))?;
        sys::copy_label(like.as_fd(), file.as_fd())?;
        mode = stat.mode;
    }
    fchmod(&file, Mode::from_bits_truncate(mode))?;
    file.sync_all()
}
