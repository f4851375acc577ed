//! What tmpfiles.d(5) asks for: folders and files that are made where they are missing, and owner and mode
//! of what is there. (Links: `link.rs`.)
//!
//! The rules are those of [`safe_dir`](Root::safe_dir): what root alone could have put there is taken as it
//! is; where others could have, only what is root's own, or the wanted owner's already, and under no second
//! name. Nothing is done by a name that others could lead elsewhere meanwhile.

use super::folder::LISTING;
use super::{SafePlace, is_own};
use crate::os::error::{Error, Result};
use crate::os::root::walk::Last;
use crate::os::root::{FileKind, Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmod, fchmodat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fchownat, getegid, geteuid, unlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A number for a user, a group or a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermValue {
    /// The number.
    pub value: u32,
    /// Only what is made anew gets it.
    pub only_new: bool,
}

/// Owner and mode; what is `None` stays as it is, and of what is made anew is this process's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Perms {
    /// The user.
    pub uid: Option<PermValue>,
    /// The group.
    pub gid: Option<PermValue>,
    /// The permission bits.
    pub mode: Option<PermValue>,
    /// Of the mode only what the old one has as well: no execution where nobody may execute, and so on.
    pub masked: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It was not there, or had to make room.
    Made,
    /// It got another owner, mode or content.
    Changed,
    /// All was right already.
    Kept,
    /// Something else is there in place of a link, and stays, which is no error.
    Left,
}

/// What stands in the way of a file, folder or link of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InTheWay {
    /// It stays, and that is an error.
    Stays,
    /// It goes, but never a folder with something in it.
    Goes,
}

impl Perms {
    /// Owner, group and mode of what has those of `stat` now, or is made with that mode.
    #[must_use]
    pub fn resolve(&self, stat: &Stat, new: bool) -> (u32, u32, u32) {
        let pick = |wanted: Option<PermValue>, now: u32| {
            wanted.filter(|w| new || !w.only_new).map_or(now, |w| w.value)
        };
        let mode = match self.mode.filter(|w| new || !w.only_new) {
            Some(w) if self.masked => masked(w.value, stat),
            Some(w) => w.value,
            None => stat.mode,
        };
        (pick(self.uid, stat.uid), pick(self.gid, stat.gid), mode)
    }
}

/// systemd's `process_mask_perms`.
fn masked(mode: u32, now: &Stat) -> u32 {
    let classes = [0o111, 0o222, 0o444].into_iter().filter(|bits| now.mode & bits == 0);
    let special = if now.kind == FileKind::Dir { 0 } else { 0o7000 };
    mode & !classes.fold(special, |all, bits| all | bits)
}

const SET_UP: &str = "set up folder";
const CREATE: &str = "create";
const SETTLE: &str = "set owner and mode of";

/// How a file is opened to be looked at and given away.
const SEEN: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY)
    .union(OFlag::O_CLOEXEC);

impl Root {
    /// Makes a folder, and those above it where they are missing (0755, as this process); one that is there
    /// gets owner and mode. `new_mode` counts where `perms` has none.
    ///
    /// # Errors
    /// It cannot be made, something else is in the way, or it must not be taken.
    pub fn place_dir(&self, inner: &Path, perms: &Perms, new_mode: u32, way: InTheWay) -> Result<Placed> {
        let fail = |e: Errno| self.error(SET_UP, inner, e);
        self.safe_parents(SET_UP, inner)?;
        let place = self.safe_place(SET_UP, inner, Last::Follow)?;
        let cleared = match &place.entry {
            Some(stat) if stat.kind != FileKind::Dir => {
                self.make_way(SET_UP, inner, &place, way)?;
                true
            }
            Some(_) | None => false,
        };
        if place.entry.is_none() || cleared {
            let (uid, gid, mode) = perms.resolve(&blank(FileKind::Dir, new_mode), true);
            place.make(mode, Some((uid, gid))).map_err(fail)?;
            return Ok(Placed::Made);
        }
        let fd = openat(&place.dir, place.name(), LISTING, Mode::empty()).map_err(fail)?;
        self.give_open(SET_UP, inner, &place, &fd, perms)
    }

    /// Makes a file with these bytes and the folders above it. One that is there gets owner and mode, and
    /// the bytes with `overwrite`.
    ///
    /// # Errors
    /// As [`Root::place_dir`].
    pub fn place_file(
        &self,
        inner: &Path,
        bytes: &[u8],
        overwrite: bool,
        perms: &Perms,
        way: InTheWay,
    ) -> Result<Placed> {
        let fail = |e: Errno| self.error(CREATE, inner, e);
        self.safe_parents(CREATE, inner)?;
        let mut place = self.safe_place(CREATE, inner, Last::Keep)?;
        if place.entry.is_some_and(|stat| stat.kind != FileKind::Regular) {
            self.make_way(CREATE, inner, &place, way)?;
            place.entry = None;
        }
        if place.entry.is_none() {
            let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | SEEN;
            let made = openat(&place.dir, place.name(), flags, Mode::S_IRUSR | Mode::S_IWUSR);
            let mut file = File::from(made.map_err(fail)?);
            let (uid, gid, mode) = perms.resolve(&blank(FileKind::Regular, NEW_FILE), true);
            let filled = file.write_all(bytes).and_then(|()| Ok(give(&file, (uid, gid, mode))?));
            if filled.is_err() && place.folder.steady {
                // Half of a file would be taken for the whole next time; the first error is the one to report.
                let _ = unlinkat(&place.dir, place.name(), UnlinkatFlags::NoRemoveDir);
            }
            return filled.map(|()| Placed::Made).map_err(|e| self.error(CREATE, inner, e));
        }
        let flags = if overwrite { SEEN | OFlag::O_RDWR } else { SEEN };
        let fd = openat(&place.dir, place.name(), flags, Mode::empty()).map_err(fail)?;
        if !overwrite {
            return self.give_open(CREATE, inner, &place, &fd, perms);
        }
        let stat = Stat::from_fd(&fd).map_err(|e| self.error(CREATE, inner, e))?;
        self.may_give(CREATE, inner, &place, &stat, perms)?;
        self.give_open(CREATE, inner, &place, &fd, perms)?;
        let mut file = File::from(fd);
        file.set_len(0).and_then(|()| file.write_all(bytes)).map_err(|e| self.error("write", inner, e))?;
        Ok(Placed::Changed)
    }

    /// Gives owner and mode to what is there, of any kind; a link itself gets an owner. Nothing there is no
    /// error, and nothing done.
    ///
    /// # Errors
    /// As [`Root::place_dir`].
    pub fn settle(&self, inner: &Path, perms: &Perms) -> Result<Placed> {
        let place = match self.safe_place(SETTLE, inner, Last::Keep) {
            Err(e) if e.is_not_found() => return Ok(Placed::Kept),
            found => found?,
        };
        let fail = |e: Errno| self.error(SETTLE, inner, e);
        let Some(stat) = place.entry else { return Ok(Placed::Kept) };
        match stat.kind {
            FileKind::Regular | FileKind::Dir => {
                let flags = if stat.kind == FileKind::Dir { LISTING } else { SEEN };
                let fd = openat(&place.dir, place.name(), flags, Mode::empty()).map_err(fail)?;
                self.give_open(SETTLE, inner, &place, &fd, perms)
            }
            FileKind::Symlink => self.own_link(inner, perms, false),
            // To open one may do something already; by name it is safe where root alone names.
            FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::BlockDevice
            | FileKind::Other => {
                if !place.folder.alone {
                    return Err(self.unsafe_path(SETTLE, inner, "it lies"));
                }
                let (uid, gid, mode) = perms.resolve(&stat, false);
                if (uid, gid, mode) == (stat.uid, stat.gid, stat.mode) {
                    return Ok(Placed::Kept);
                }
                own_name(&place, uid, gid).map_err(fail)?;
                let bits = Mode::from_bits_truncate(mode);
                fchmodat(&place.dir, place.name(), bits, FchmodatFlags::FollowSymlink).map_err(fail)?;
                Ok(Placed::Changed)
            }
        }
    }

    /// Looks at what was opened, and gives it owner and mode.
    fn give_open(
        &self,
        verb: &'static str,
        inner: &Path,
        place: &SafePlace,
        fd: &OwnedFd,
        perms: &Perms,
    ) -> Result<Placed> {
        let stat = Stat::from_fd(fd).map_err(|e| self.error(verb, inner, e))?;
        let (uid, gid, mode) = perms.resolve(&stat, false);
        // Whatever it is, and whoever put it there: nothing is done.
        if (uid, gid, mode) == (stat.uid, stat.gid, stat.mode) {
            return Ok(Placed::Kept);
        }
        self.may_give(verb, inner, place, &stat, perms)?;
        let now = (stat.uid, stat.gid) == (uid, gid);
        // Between the two calls nobody may do what neither the old nor the new mode allows.
        let given = if now { Ok(()) } else { narrow(fd, stat.mode & mode) };
        given.and_then(|()| give(fd, (uid, gid, mode))).map_err(|e| self.error(verb, inner, e))?;
        Ok(Placed::Changed)
    }

    /// Refuses what was opened where others could have put it there.
    fn may_give(
        &self,
        verb: &'static str,
        inner: &Path,
        place: &SafePlace,
        stat: &Stat,
        perms: &Perms,
    ) -> Result<()> {
        let (uid, _, mode) = perms.resolve(stat, false);
        refusal(place, stat, uid, mode).map_or(Ok(()), |cause| Err(self.unsafe_path(verb, inner, &cause)))
    }

    /// Removes what has another kind than what is to be made.
    pub(super) fn make_way(
        &self,
        verb: &'static str,
        inner: &Path,
        place: &SafePlace,
        way: InTheWay,
    ) -> Result<()> {
        let stat = match (way, &place.entry) {
            (InTheWay::Goes, Some(stat)) => stat,
            (InTheWay::Stays, _) | (_, None) => {
                return Err(self.taken(verb, inner, "something else is there"));
            }
        };
        if stat.kind != FileKind::Dir {
            return self.safe_remove_file(inner);
        }
        let theirs = place.folder.is_shared() && stat.uid == place.folder.stat.uid;
        if !(place.folder.alone || (place.folder.steady && is_own(stat.uid)) || theirs) {
            return Err(self.unsafe_path(verb, inner, &format!("it belongs to user {}", stat.uid)));
        }
        match unlinkat(&place.dir, place.name(), UnlinkatFlags::RemoveDir) {
            Err(Errno::ENOTEMPTY | Errno::EEXIST) => {
                Err(self.taken(verb, inner, "a folder with something in it is there"))
            }
            outcome => outcome.map_err(|e| self.error(verb, inner, e)),
        }
    }

    pub(super) fn taken(&self, verb: &'static str, inner: &Path, cause: &str) -> Error {
        let cause = format!("{cause}; hint: move it away");
        Error::other(verb, self.outer(inner), ErrorKind::AlreadyExists, cause)
    }
}

/// The mode of files that are made without one.
const NEW_FILE: u32 = 0o644;

/// What is made anew, before it has an owner of its own.
fn blank(kind: FileKind, mode: u32) -> Stat {
    Stat {
        kind,
        dev: 0,
        ino: 0,
        size: 0,
        mode,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
        nlink: 1,
        mtime: (0, 0),
        ctime: (0, 0),
        rdev: 0,
    }
}

/// Why what is there must not be given to this user with this mode.
fn refusal(place: &SafePlace, stat: &Stat, uid: u32, mode: u32) -> Option<String> {
    let folder = &place.folder;
    let file = stat.kind != FileKind::Dir;
    if folder.alone {
        None
    } else if file && stat.nlink > 1 {
        Some(format!("it has {} names", stat.nlink))
    } else if folder.steady && is_own(stat.uid) {
        None
    } else if is_own(uid) || stat.uid != uid {
        Some(format!("it belongs to user {}", stat.uid))
    } else if file && mode & 0o6000 != 0 {
        Some(format!("it would run as others than user {uid}, who wrote it"))
    } else {
        None
    }
}

fn narrow(fd: impl AsFd, mode: u32) -> nix::Result<()> {
    fchmod(fd, Mode::from_bits_truncate(mode & 0o777))
}

/// The mode last: a change of owner may take bits away.
fn give(fd: impl AsFd, (uid, gid, mode): (u32, u32, u32)) -> nix::Result<()> {
    fchown(&fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    fchmod(&fd, Mode::from_bits_truncate(mode))
}

pub(super) fn own_name(place: &SafePlace, uid: u32, gid: u32) -> nix::Result<()> {
    let name: &OsStr = OsStr::from_bytes(place.name().as_bytes());
    let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    fchownat(&place.dir, name, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_mode_gives_nothing_that_nobody_had() {
        let masked = |value, old, kind| {
            let mode = Some(PermValue { value, only_new: false });
            Perms { mode, masked: true, ..Perms::default() }.resolve(&blank(kind, old), false).2
        };
        assert_eq!(masked(0o777, 0o600, FileKind::Regular), 0o666);
        assert_eq!(masked(0o2775, 0o500, FileKind::Dir), 0o2555);
        assert_eq!(masked(0o4755, 0o755, FileKind::Regular), 0o755);
        let only_new = Some(PermValue { value: 0o700, only_new: true });
        let perms = Perms { mode: only_new, uid: only_new, ..Perms::default() };
        let stat = Stat { uid: 7, ..blank(FileKind::Dir, 0o755) };
        assert_eq!((perms.resolve(&stat, false).0, perms.resolve(&stat, false).2), (7, 0o755));
        assert_eq!((perms.resolve(&stat, true).0, perms.resolve(&stat, true).2), (0o700, 0o700));
    }
}
