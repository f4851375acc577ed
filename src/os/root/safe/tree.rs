//! A folder with all that is in it changes hands, as systemd's path_chown_recursive has it, by descriptors
//! alone: nothing is reached by a path that somebody could change meanwhile, no link is followed, and depth
//! costs no descriptors.
//!
//! Whoever could write into the tree before may have given a file of root's a second name there, where the
//! kernel lets them (fs.protected_hardlinks, since 3.6 and off by default): a file with several names keeps
//! its owner, and is told of. Set-user-ID bits go with the owner, which systemd keeps: a program of the old
//! owner's would else act for the new one.

use super::LISTING;
use crate::os::root::find::each_raw;
use crate::os::root::{FileKind, Stat};
use crate::os::sys;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, fchownat};
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

/// So many files are told of that keep their owner; of the rest the first ones are enough.
const TOLD: usize = 5;

/// To whom a tree goes.
pub(super) struct TreeOwner {
    pub uid: u32,
    pub gid: u32,
    /// Only what this user has.
    pub of: Option<u32>,
    /// Files that keep their owner, as paths from the top.
    pub kept: Vec<PathBuf>,
}

/// A folder above the one at hand: the folders in it that are still to be entered.
struct Level {
    id: (u64, u64),
    name: OsString,
    waiting: Vec<OsString>,
}

impl TreeOwner {
    /// Gives what is in a folder; the folder itself is left for the end, so that one that was interrupted is
    /// done again.
    pub fn give_below(&mut self, top: &OwnedFd) -> nix::Result<()> {
        let mut dir = openat(top, ".", LISTING, Mode::empty())?;
        let mut above: Vec<Level> = Vec::new();
        let mut waiting = self.give_files(&dir, &above)?;
        loop {
            while let Some(name) = waiting.pop() {
                let below = match openat(&dir, name.as_os_str(), LISTING, Mode::empty()) {
                    // Moved meanwhile: what is there now is not what was listed.
                    Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => continue,
                    opened => opened?,
                };
                // Before what is in it: so its old owner puts nothing more there.
                self.give(&below, &super::stat(&below)?)?;
                above.push(Level { id: id(&dir)?, name, waiting });
                dir = below;
                waiting = self.give_files(&dir, &above)?;
            }
            let Some(level) = above.pop() else { return Ok(()) };
            dir = openat(&dir, "..", LISTING, Mode::empty())?;
            if id(&dir)? != level.id {
                return Err(Errno::EAGAIN);
            }
            waiting = level.waiting;
        }
    }

    /// Gives the files of a folder; returns the names of its folders.
    fn give_files(&mut self, dir: &OwnedFd, above: &[Level]) -> nix::Result<Vec<OsString>> {
        let (mut folders, mut failed) = (Vec::new(), Ok(()));
        each_raw(openat(dir, ".", LISTING, Mode::empty())?, &mut |entry| {
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let given = match openat(dir, entry.name, flags, Mode::empty()) {
                Err(Errno::ENOENT) => Ok(()),
                Err(e) => Err(e),
                Ok(file) => super::stat(&file).and_then(|stat| {
                    if stat.kind == FileKind::Dir {
                        folders.push(entry.name.to_owned());
                    } else if stat.nlink > 1 && self.would_change(&stat) {
                        let names = above.iter().map(|level| &level.name);
                        self.kept.push(names.collect::<PathBuf>().join(entry.name));
                        self.kept.truncate(TOLD);
                    } else {
                        self.give(&file, &stat)?;
                    }
                    Ok(())
                }),
            };
            if failed.is_ok() {
                failed = given;
            }
        })?;
        failed.map(|()| folders)
    }

    fn would_change(&self, stat: &Stat) -> bool {
        (stat.uid, stat.gid) != (self.uid, self.gid) && self.of.is_none_or(|of| of == stat.uid)
    }

    /// Rights that were given beside the mode go too.
    fn give(&self, file: &OwnedFd, stat: &Stat) -> nix::Result<()> {
        if !self.would_change(stat) {
            return Ok(());
        }
        if stat.kind != FileKind::Symlink {
            for name in [c"system.posix_acl_access", c"system.posix_acl_default"] {
                match sys::remove_attribute(file.as_fd(), name) {
                    // None there, none possible, or no /proc.
                    Ok(()) | Err(Errno::ENODATA | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::ENOENT) => {}
                    // A default is for folders only.
                    Err(Errno::EACCES | Errno::EINVAL) if stat.kind != FileKind::Dir => {}
                    Err(e) => return Err(e),
                }
            }
        }
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        fchownat(file, "", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH)
    }
}

fn id(dir: &OwnedFd) -> nix::Result<(u64, u64)> {
    let stat = super::stat(dir)?;
    Ok((stat.dev, stat.ino))
}
