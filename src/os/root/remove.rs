//! Removing a folder with everything in it, also one that somebody has filled to do harm.
//!
//! Every folder that is not empty is moved up into one that nobody else enters, and emptied there: so the
//! depth of the tree costs neither descriptors nor stack nor memory, each folder is moved once, and
//! only a few are open at a time. What is emptied is known by its descriptor; links are removed, never followed; a
//! mount point is left alone (rmdir(2) says EBUSY before it says that a folder is not empty). Whoever goes
//! on filling folders meanwhile gets no further than the deadline.

use super::find::each_raw;
use super::safe::{LISTING, SafePlace, is_own, is_private};
use super::walk::Last;
use super::write::with_temp_name;
use super::{FileKind, Root, Stat};
use crate::os::clock;
use crate::os::error::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{openat, renameat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

const VERB: &str = "remove folder";

/// How long one removal may take: a million files are gone in a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a folder is read again that was not empty after it had been emptied.
const PASSES: u32 = 16;

/// How deep folders are emptied in place that cannot be moved: those of an overlay's lower layer, or of
/// another quota. Nobody but root makes them.
const IN_PLACE: u32 = 32;

impl Root {
    /// Removes a folder with everything in it, or the file or link that is in its place; and what an
    /// earlier removal of it did not come to. Nothing there is no error.
    ///
    /// # Errors
    /// Something cannot be removed, is a mount point, or is nothing that those who can lead there could
    /// remove themselves; it is filled faster than it can be emptied.
    pub fn remove_dir_all(&self, inner: &Path) -> Result<()> {
        self.remove_dir_all_within(inner, None, PATIENCE)
    }

    /// As [`remove_dir_all`](Self::remove_dir_all), and also a folder of user `gone` in a folder of root's that is
    /// sticky, as /dev/shm is. None of that user's processes lives, as the caller knows: so nobody but root puts
    /// another one in its place.
    ///
    /// # Errors
    /// The same.
    pub fn remove_dir_all_of(&self, gone: u32, inner: &Path) -> Result<()> {
        self.remove_dir_all_within(inner, Some(gone), PATIENCE)
    }

    pub(super) fn remove_dir_all_within(
        &self,
        inner: &Path,
        gone: Option<u32>,
        patience: Duration,
    ) -> Result<()> {
        let place = match self.safe_place(VERB, inner, Last::Keep) {
            Err(e) if e.is_not_found() => return Ok(()),
            found => found?,
        };
        let until = clock::now().saturating_add(patience);
        let mut work = Removal { until, next: 0, moved: 0, failed: None };
        let outcome = match place.entry {
            Some(stat) if stat.kind != FileKind::Dir => return self.safe_remove_file(inner),
            Some(stat) => {
                self.check_removable(inner, &place, &stat, gone)?;
                work.remove(&place)
            }
            None => Ok(()),
        };
        match outcome.and_then(|()| work.finish_earlier(&place)) {
            Err(Errno::ETIME) => {
                let left = inner.with_file_name(trash_name(&place));
                let cause = format!(
                    "it took longer than {} s; what is left lies in '{}'",
                    patience.as_secs(),
                    self.outer(&left).display()
                );
                Err(Error::other(VERB, self.outer(inner), ErrorKind::TimedOut, cause))
            }
            outcome => outcome.map_err(|e| self.error(VERB, inner, e)),
        }
    }

    fn check_removable(&self, inner: &Path, place: &SafePlace, stat: &Stat, gone: Option<u32>) -> Result<()> {
        let folder = &place.folder;
        let theirs = folder.is_shared() && stat.uid == folder.stat.uid;
        let steady = folder.steady && (is_own(stat.uid) || gone == Some(stat.uid));
        if !(folder.alone || steady || theirs) {
            let cause = format!("it belongs to user {}", stat.uid);
            return Err(self.unsafe_path(VERB, inner, &cause));
        }
        Ok(())
    }
}

/// The work, and what went wrong first.
struct Removal {
    until: Duration,
    /// The next name for a folder that is moved.
    next: u64,
    /// Names that went from where they were.
    moved: u64,
    failed: Option<Errno>,
}

impl Removal {
    fn remove(&mut self, place: &SafePlace) -> nix::Result<()> {
        match unlinkat(&place.dir, place.name(), UnlinkatFlags::RemoveDir) {
            Err(Errno::ENOTEMPTY | Errno::EEXIST) => {}
            Ok(()) | Err(Errno::ENOENT) => return Ok(()),
            Err(e) => return Err(e),
        }
        let top = openat(&place.dir, place.name(), LISTING, Mode::empty())?;
        if place.folder.steady && is_private(&top)? {
            self.clear(&top)?;
            return unlinkat(&place.dir, place.name(), UnlinkatFlags::RemoveDir);
        }
        let (trash, name) = trash(place)?;
        let moved = self.move_to(&trash, &place.dir, place.name());
        let cleared = match moved {
            Err(Errno::EXDEV) => self
                .clear_in_place(&trash, &top, 0)
                .and_then(|()| unlinkat(&place.dir, place.name(), UnlinkatFlags::RemoveDir)),
            moved => moved,
        };
        cleared.and_then(|()| self.clear(&trash))?;
        unlinkat(&place.dir, name.as_os_str(), UnlinkatFlags::RemoveDir)
    }

    /// Removes what a removal left that was too slow, or whose process was killed.
    fn finish_earlier(&mut self, place: &SafePlace) -> nix::Result<()> {
        let name = trash_name(place);
        let trash = match openat(&place.dir, name.as_os_str(), LISTING, Mode::empty()) {
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(()),
            trash => trash?,
        };
        // Elsewhere it could be a folder of root's that others have put in this place.
        if !place.folder.steady || !is_private(&trash)? {
            return Ok(());
        }
        self.clear(&trash)?;
        unlinkat(&place.dir, name.as_os_str(), UnlinkatFlags::RemoveDir)
    }

    /// Empties a folder that nobody else enters, into which the folders below are moved.
    fn clear(&mut self, trash: &OwnedFd) -> nix::Result<()> {
        loop {
            let before = self.moved;
            if self.pass(trash, &mut |work, name| work.empty(trash, trash, name, 0))? == 0 {
                return Ok(());
            }
            if clock::now() > self.until {
                return Err(Errno::ETIME);
            }
            if self.moved == before {
                return Err(self.failed.unwrap_or(Errno::ENOTEMPTY));
            }
        }
    }

    /// Removes what is in a folder; `full` gets the folders that are not empty. Returns how many names were
    /// there.
    fn pass(&mut self, dir: &OwnedFd, full: &mut dyn FnMut(&mut Self, &OsStr)) -> nix::Result<u64> {
        let mut seen = 0;
        each_raw(again(dir)?, &mut |entry| {
            seen += 1;
            if clock::now() > self.until {
                return;
            }
            match remove_one(dir, entry.name, entry.kind) {
                Ok(()) => self.moved += 1,
                Err(Errno::ENOTEMPTY | Errno::EEXIST) => full(self, entry.name),
                Err(e) => {
                    self.failed.get_or_insert(e);
                }
            }
        })?;
        Ok(seen)
    }

    /// Empties one folder of `dir` and removes it; what is full in it goes to the trash.
    fn empty(&mut self, trash: &OwnedFd, dir: &OwnedFd, name: &OsStr, depth: u32) {
        let emptied = openat(dir, name, LISTING, Mode::empty())
            .and_then(|folder| self.clear_in_place(trash, &folder, depth))
            .and_then(|()| unlinkat(dir, name, UnlinkatFlags::RemoveDir));
        match emptied {
            Ok(()) => self.moved += 1,
            // Others have moved it, or fill it: the next pass sees.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => {}
            Err(e) => {
                self.failed.get_or_insert(e);
            }
        }
    }

    fn clear_in_place(&mut self, trash: &OwnedFd, folder: &OwnedFd, depth: u32) -> nix::Result<()> {
        for _ in 0..PASSES {
            let before = self.moved;
            let mut full = |work: &mut Self, name: &OsStr| match work.move_to(trash, folder, name) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(Errno::EXDEV) if depth < IN_PLACE => work.empty(trash, folder, name, depth + 1),
                Err(e) => {
                    work.failed.get_or_insert(e);
                }
            };
            if self.pass(folder, &mut full)? == 0 || self.moved == before {
                break;
            }
        }
        Ok(())
    }

    /// Gives a folder a new name in the trash. A name that was left there by an earlier removal is passed
    /// over.
    fn move_to(&mut self, trash: &OwnedFd, dir: impl AsFd, name: &OsStr) -> nix::Result<()> {
        loop {
            let new = self.next.to_string();
            self.next += 1;
            match renameat(&dir, name, trash, new.as_str()) {
                Err(Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR) if clock::now() <= self.until => {}
                moved => {
                    self.moved += u64::from(moved.is_ok());
                    return moved;
                }
            }
        }
    }
}

/// The folder beside that takes what is removed. Left by a supervisor that was killed, it is used again; whatever
/// else may be in its place is passed over.
fn trash(place: &SafePlace) -> nix::Result<(OwnedFd, OsString)> {
    match usual_trash(place) {
        Err(Errno::EPERM | Errno::ENOTDIR | Errno::ELOOP) => {
            let (name, ()) = with_temp_name(|name| mkdirat(&place.dir, name, Mode::S_IRWXU))?;
            let trash = openat(&place.dir, name.as_str(), LISTING, Mode::empty())?;
            if is_private(&trash)? { Ok((trash, name.into())) } else { Err(Errno::EPERM) }
        }
        usual => usual,
    }
}

fn trash_name(place: &SafePlace) -> OsString {
    let mut name = OsString::from(".amr-removed-");
    // As much of it as a name has room for.
    let bytes = place.name().as_bytes();
    name.push(OsStr::from_bytes(bytes.get(..200).unwrap_or(bytes)));
    name
}

fn usual_trash(place: &SafePlace) -> nix::Result<(OwnedFd, OsString)> {
    let name = trash_name(place);
    let made = mkdirat(&place.dir, name.as_os_str(), Mode::S_IRWXU);
    let trash = openat(&place.dir, name.as_os_str(), LISTING, Mode::empty())?;
    let mut left = 0_u64;
    if made == Err(Errno::EEXIST) || !place.folder.steady {
        each_raw(again(&trash)?, &mut |_| left += 1)?;
    }
    // Elsewhere others could have put a folder of root's in this place, with what is in it.
    if is_private(&trash)? && (place.folder.steady || left == 0) {
        Ok((trash, name))
    } else {
        Err(Errno::EPERM)
    }
}

/// The same folder, to be read from its beginning.
fn again(dir: &OwnedFd) -> nix::Result<OwnedFd> {
    openat(dir, ".", LISTING, Mode::empty())
}

fn remove_one(dir: &OwnedFd, name: &OsStr, kind: Option<FileKind>) -> nix::Result<()> {
    if kind != Some(FileKind::Dir) {
        match unlinkat(dir, name, UnlinkatFlags::NoRemoveDir) {
            // POSIX and Linux, each for a folder.
            Err(e @ (Errno::EPERM | Errno::EISDIR)) => {
                return match unlinkat(dir, name, UnlinkatFlags::RemoveDir) {
                    Err(Errno::ENOTDIR) => Err(e),
                    other => there_or_not(other),
                };
            }
            other => return there_or_not(other),
        }
    }
    match unlinkat(dir, name, UnlinkatFlags::RemoveDir) {
        // It was a folder when it was listed.
        Err(Errno::ENOTDIR) => there_or_not(unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)),
        other => there_or_not(other),
    }
}

fn there_or_not(removed: nix::Result<()>) -> nix::Result<()> {
    if removed == Err(Errno::ENOENT) { Ok(()) } else { removed }
}
