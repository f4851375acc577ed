//! The folders of a service: made, given to their owner, taken as they are, or refused.

use super::tree::TreeOwner;
use super::{SafePlace, is_own};
use crate::os::error::Result;
use crate::os::root::walk::Last;
use crate::os::root::write::with_temp_name;
use crate::os::root::{FileKind, Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, unlinkat};
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What becomes of a folder that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It gets the owner and the mode.
    Adopt,
    /// It stays as it is.
    Keep,
    /// It must be root's (or of whoever runs this), and gets the mode.
    Own,
}

/// The mode of folders that are made on the way, as systemd's mkdir_parents has it.
const PARENTS: u32 = 0o755;

pub(in crate::os::root) const LISTING: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

impl Root {
    /// Makes a folder with exactly this mode and owner (user and group; `None`: as this process), and those
    /// above it where they are missing (0755, as this process), or takes the one that is there. Of folders
    /// that others could have put in this place only the owner's own is taken. With one that is adopted all
    /// that is in it goes to the owner; the files that do not, since they have other names, are returned.
    ///
    /// # Errors
    /// It cannot be made, is no folder, or must not be taken.
    pub fn safe_dir(
        &self,
        inner: &Path,
        mode: u32,
        owner: Option<(u32, u32)>,
        existing: Existing,
    ) -> Result<Vec<PathBuf>> {
        const VERB: &str = "set up folder";
        let fail = |e: Errno| self.error(VERB, inner, e);
        self.safe_parents(VERB, inner)?;
        let mut place = self.safe_place(VERB, inner, Last::Follow)?;
        if place.entry.is_none() {
            match place.make(mode, owner) {
                Err(e) if is_there(e) => place = self.safe_place(VERB, inner, Last::Follow)?,
                made => return made.map(|()| Vec::new()).map_err(fail),
            }
        }
        let fd = openat(&place.dir, place.name(), LISTING, Mode::empty()).map_err(fail)?;
        let stat = Stat::from_fd(&fd).map_err(|e| self.error(VERB, inner, e))?;
        if existing == Existing::Keep {
            return Ok(Vec::new());
        }
        let wanted = owner.map_or_else(|| nix::unistd::geteuid().as_raw(), |(uid, _)| uid);
        let taken = match existing {
            Existing::Own => is_own(stat.uid),
            // Where names can be added but no folder of root's be moved, root's is the one that was meant.
            Existing::Adopt | Existing::Keep => {
                place.folder.alone
                    || (place.folder.steady && is_own(stat.uid))
                    || (stat.uid == wanted && !is_own(wanted))
            }
        };
        if !taken {
            return Err(self.unsafe_path(VERB, inner, &format!("it belongs to user {}", stat.uid)));
        }
        let kept = match owner {
            Some(owner) if existing == Existing::Adopt => give_below(&fd, &stat, owner).map_err(fail)?,
            Some(_) | None => Vec::new(),
        };
        give(&fd, mode, owner).map_err(fail)?;
        Ok(kept.iter().map(|path| inner.join(path)).collect())
    }

    /// Makes the folders above a path where they are missing (0755, as this process).
    pub(super) fn safe_parents(&self, verb: &'static str, inner: &Path) -> Result<()> {
        let mut above: Vec<&Path> = inner.ancestors().skip(1).filter(|p| p.file_name().is_some()).collect();
        while let Some(parent) = above.pop() {
            let place = self.safe_place(verb, parent, Last::Follow)?;
            if place.entry.is_none() {
                match place.make(PARENTS, None) {
                    Err(e) if !is_there(e) => return Err(self.error(verb, parent, e)),
                    Ok(()) | Err(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// Somebody made it meanwhile: what is there now is looked at like what was there before.
fn is_there(e: Errno) -> bool {
    matches!(e, Errno::EEXIST | Errno::ENOTEMPTY)
}

/// What is in a folder goes to its new owner. Where the folder is the user's already, and only the group
/// differs, that is the user's own doing: then only what is the user's own.
fn give_below(fd: &OwnedFd, stat: &Stat, (uid, gid): (u32, u32)) -> nix::Result<Vec<PathBuf>> {
    if (stat.uid, stat.gid) == (uid, gid) {
        return Ok(Vec::new());
    }
    let mut gift = TreeOwner { uid, gid, of: (stat.uid == uid).then_some(uid), kept: Vec::new() };
    gift.give_below(fd)?;
    Ok(gift.kept)
}

impl SafePlace {
    /// Makes the folder, which is not there. It has its owner before others can lay hands on it.
    pub(super) fn make(&self, mode: u32, owner: Option<(u32, u32)>) -> nix::Result<()> {
        if self.folder.steady {
            return make_in(&self.dir, self.name(), mode, owner);
        }
        // mkdir(2) gives no descriptor, and between it and open(2) the folder's owner could put another
        // folder of root's in its place. So it is made in one that nobody else enters, then moved.
        let (cradle, ()) = with_temp_name(|name| mkdirat(&self.dir, name, Mode::S_IRWXU))?;
        let made = openat(&self.dir, cradle.as_str(), LISTING, Mode::empty()).and_then(|fd| {
            if !is_private(&fd)? {
                return Err(Errno::EAGAIN);
            }
            let name = OsStr::new("new");
            make_in(&fd, name, mode, owner)?;
            let moved = renameat(&fd, name, &self.dir, self.name());
            if moved.is_err() {
                // The first error is the one to report.
                let _ = unlinkat(&fd, name, UnlinkatFlags::RemoveDir);
            }
            moved
        });
        let gone = unlinkat(&self.dir, cradle.as_str(), UnlinkatFlags::RemoveDir);
        made.and(gone)
    }
}

/// Is this a folder of root's (or of whoever runs this) that nobody else enters?
pub(in crate::os::root) fn is_private(fd: &OwnedFd) -> nix::Result<bool> {
    let stat = super::stat(fd)?;
    Ok(stat.kind == FileKind::Dir && is_own(stat.uid) && stat.mode & 0o077 == 0)
}

fn make_in(dir: impl AsFd, name: &OsStr, mode: u32, owner: Option<(u32, u32)>) -> nix::Result<()> {
    mkdirat(&dir, name, Mode::S_IRWXU)?;
    let fd = openat(&dir, name, LISTING, Mode::empty())?;
    give(&fd, mode, owner)
}

/// The mode last: a change of owner may take bits away.
fn give(fd: &OwnedFd, mode: u32, owner: Option<(u32, u32)>) -> nix::Result<()> {
    if let Some((uid, gid)) = owner {
        fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    fchmod(fd, Mode::from_bits_truncate(mode))
}
