//! Opening and replacing files on paths in which somebody else may have a say.
//!
//! Where root alone can change the folders, a file is what root put there. Elsewhere it must be a regular
//! file with one name that belongs to root or to the service's user, and to be read it must be one that
//! the user may read as well: a service can put whatever lies in its folders under any name in them.
//! Nothing waits for the other end of a FIFO, and nothing is cut before it was looked at.

use super::{LISTING, OTHERS_WRITE, SafePlace, is_own};
use crate::os::error::{Error, Result};
use crate::os::ids::Credentials;
use crate::os::root::find::{Name, each_raw};
use crate::os::root::walk::Last;
use crate::os::root::write::{Replaced, replace_at};
use crate::os::root::{Entry, FileKind, Root, Stat, Sync};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, openat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How a service's output goes into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Over what is there, from its beginning.
    Over,
    /// Behind what is there.
    Append,
    /// In place of what is there.
    Truncate,
}

/// On whose behalf a file is read.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// Of a process of this user: what the user could not read is not read.
    User(&'a Credentials),
    /// Of amr itself, which goes by who can have written it.
    Amr,
}

/// Who can have written a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Root alone (or whoever runs this), also by way of the folders above it.
    Root,
    /// Others as well.
    Others,
}

const COMMON: OFlag =
    OFlag::O_NOFOLLOW.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

impl Root {
    /// Opens a file for a service's output, made with exactly this mode, and root's, if it is not there.
    ///
    /// # Errors
    /// It cannot be opened, or is not to be trusted; a FIFO that nobody reads.
    pub fn safe_output(&self, inner: &Path, how: Output, mode: u32, user: &Credentials) -> Result<File> {
        let mut flags = OFlag::O_WRONLY;
        flags.set(OFlag::O_APPEND, how == Output::Append);
        let place = self.safe_place("open", inner, Last::Follow)?;
        let allowed = |place: &SafePlace, stat: &Stat| self.judge(inner, place, stat, user, false);
        let (file, stat) = self.safe_open_or_make(inner, &place, flags, mode, &allowed)?;
        if how == Output::Truncate && stat.kind == FileKind::Regular && stat.size > 0 {
            file.set_len(0).map_err(|e| self.error("truncate", inner, e))?;
        }
        self.set_blocking(file, inner)
    }

    /// Opens a file for a service's input. A FIFO is opened so that reading waits for a writer.
    ///
    /// # Errors
    /// It cannot be opened, or is not to be trusted.
    pub fn safe_input(&self, inner: &Path, user: &Credentials) -> Result<File> {
        let place = self.safe_place("open", inner, Last::Follow)?;
        let fifo = place.entry.is_some_and(|stat| stat.kind == FileKind::Fifo);
        let flags = if fifo { OFlag::O_RDWR } else { OFlag::O_RDONLY };
        let allowed = |place: &SafePlace, stat: &Stat| self.judge(inner, place, stat, user, true);
        let (file, _) = self.safe_open_at(inner, &place, flags, &allowed)?;
        self.set_blocking(file, inner)
    }

    /// Opens one file for a service's input and output, made with exactly this mode if it is not there.
    ///
    /// # Errors
    /// It cannot be opened, or is not to be trusted.
    pub fn safe_input_output(&self, inner: &Path, mode: u32, user: &Credentials) -> Result<File> {
        let place = self.safe_place("open", inner, Last::Follow)?;
        let allowed = |place: &SafePlace, stat: &Stat| self.judge(inner, place, stat, user, true);
        let (file, _) = self.safe_open_or_make(inner, &place, OFlag::O_RDWR, mode, &allowed)?;
        self.set_blocking(file, inner)
    }

    /// A terminal or another device of a service, for reading and writing. Only by folders that root alone
    /// can change.
    ///
    /// # Errors
    /// It cannot be opened, or is no device.
    pub fn safe_device(&self, inner: &Path) -> Result<File> {
        let place = self.safe_place("open", inner, Last::Follow)?;
        let allowed = |place: &SafePlace, stat: &Stat| match stat.kind {
            _ if !place.folder.alone => Err(self.unsafe_path("open", inner, "it lies")),
            FileKind::CharDevice | FileKind::Regular => Ok(()),
            FileKind::Dir
            | FileKind::Symlink
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::BlockDevice
            | FileKind::Other => Err(self.irregular("open", inner, stat.kind)),
        };
        let (file, _) = self.safe_open_at(inner, &place, OFlag::O_RDWR, &allowed)?;
        self.set_blocking(file, inner)
    }

    /// The contents of a regular file of at most `limit` bytes, and who can have written them: looked at
    /// and read through one descriptor.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, is too large, or is nothing that the reader may read.
    pub fn safe_read(&self, inner: &Path, limit: u64, reader: Reader<'_>) -> Result<(Vec<u8>, Author)> {
        let place = self.safe_place("read", inner, Last::Follow)?;
        let allowed = |place: &SafePlace, stat: &Stat| match reader {
            _ if stat.kind != FileKind::Regular => Err(self.irregular("read", inner, stat.kind)),
            Reader::User(user) => self.judge(inner, place, stat, user, true),
            Reader::Amr => Ok(()),
        };
        let (file, stat) = self.safe_open_at(inner, &place, OFlag::O_RDONLY, &allowed)?;
        let roots = place.folder.alone && is_own(stat.uid) && stat.mode & OTHERS_WRITE == 0;
        let room = usize::try_from(stat.size.min(limit)).unwrap_or(0).saturating_add(64);
        let bytes = self.read_open(file, inner, room, limit)?;
        Ok((bytes, if roots { Author::Root } else { Author::Others }))
    }

    /// As [`Root::glob`], on behalf of a user: no folder is listed to which others lead, but by way of its
    /// owner's rights. A name that cannot be looked at is one of the paths, for whoever opens it to tell.
    ///
    /// # Errors
    /// A folder cannot be listed, or the user could not list it.
    pub fn safe_glob(&self, pattern: &str, user: &Credentials) -> Result<Vec<PathBuf>> {
        let there = |path: &Path| match self.safe_place("read", path, Last::Keep) {
            Ok(place) => place.entry.is_some(),
            Err(e) => !e.is_not_found(),
        };
        self.glob_by(pattern, &|dir| self.safe_list(dir, user), &there)
    }

    /// What is in a folder. Where others than root lead there, only what the user may list.
    ///
    /// # Errors
    /// It cannot be listed, or the user could not list it.
    pub fn safe_list(&self, inner: &Path, user: &Credentials) -> Result<Vec<Entry>> {
        if inner == Path::new("/") {
            return self.list(inner);
        }
        let place = self.safe_place("list", inner, Last::Follow)?;
        let fd = openat(&place.dir, place.name(), LISTING, Mode::empty());
        let fd = fd.map_err(|e| self.error("list", inner, e))?;
        let stat = Stat::from_fd(&fd).map_err(|e| self.error("examine", inner, e))?;
        if !place.folder.alone && !may_read(&stat, user) {
            let cause = format!("user {} may not list it", user.uid);
            return Err(self.unsafe_path("list", inner, &cause));
        }
        let mut entries = Vec::new();
        // The kind is for others, who would not go by it where it is not known.
        let each = &mut |name: &Name<'_>| {
            entries.push(Entry { name: name.name.to_owned(), kind: name.kind.unwrap_or(FileKind::Other) });
        };
        each_raw(fd, each).map_err(|e| self.error("list", inner, e))?;
        Ok(entries)
    }

    /// Opens a regular file of amr's own, made with this mode if it is not there. A link in its place is
    /// nobody's doing but a mistake or a trap, whosever it is.
    ///
    /// # Errors
    /// It cannot be opened, is no regular file, or is not to be trusted.
    pub fn safe_own_file(&self, inner: &Path, flags: OFlag, mode: u32) -> Result<File> {
        let own = Credentials::own();
        let place = self.safe_place("open", inner, Last::Keep)?;
        let allowed = |place: &SafePlace, stat: &Stat| {
            if stat.kind != FileKind::Regular {
                return Err(self.irregular("open", inner, stat.kind));
            }
            self.judge(inner, place, stat, &own, false)
        };
        self.safe_open_or_make(inner, &place, flags, mode, &allowed).map(|(file, _)| file)
    }

    /// Makes or replaces a regular file in one step, where root alone can change the folders.
    ///
    /// # Errors
    /// It cannot be written, or others can change the folder.
    pub fn safe_write(&self, inner: &Path, bytes: &[u8], mode: u32, sync: Sync) -> Result<()> {
        self.safe_write_over(inner, bytes, mode, sync).map(drop)
    }

    /// The same; the old file goes with what is returned.
    ///
    /// # Errors
    /// As [`Root::safe_write`].
    pub fn safe_write_over(&self, inner: &Path, bytes: &[u8], mode: u32, sync: Sync) -> Result<Replaced> {
        let place = self.safe_place("write", inner, Last::Keep)?;
        if !place.folder.alone {
            return Err(self.unsafe_path("write", inner, "it lies"));
        }
        replace_at(place.into_place(), bytes, mode, sync).map_err(|e| self.error("write", inner, e))
    }

    /// Removes a file if it is there. A link goes, not what it leads to.
    ///
    /// # Errors
    /// It cannot be removed, or is something that those who can lead there could not remove themselves.
    pub fn safe_remove_file(&self, inner: &Path) -> Result<()> {
        let place = match self.safe_place("remove", inner, Last::Keep) {
            Err(e) if e.is_not_found() => return Ok(()),
            found => found?,
        };
        let Some(stat) = place.entry else { return Ok(()) };
        if !place.is_removable(&stat) {
            return Err(self.unsafe_path("remove", inner, "it is not theirs"));
        }
        match unlinkat(&place.dir, place.name(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(e) => Err(self.error("remove", inner, e)),
        }
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// It cannot be removed, or is something that those who can lead there could not remove themselves.
    pub fn safe_remove_dir(&self, inner: &Path) -> Result<()> {
        const VERB: &str = "remove folder";
        let place = self.safe_place(VERB, inner, Last::Keep)?;
        let Some(stat) = place.entry else { return Err(self.error(VERB, inner, Errno::ENOENT)) };
        if !place.is_removable(&stat) {
            return Err(self.unsafe_path(VERB, inner, "it is not theirs"));
        }
        unlinkat(&place.dir, place.name(), UnlinkatFlags::RemoveDir).map_err(|e| self.error(VERB, inner, e))
    }

    /// May this file be handed to a process of the user?
    pub(super) fn judge(
        &self,
        inner: &Path,
        place: &SafePlace,
        stat: &Stat,
        user: &Credentials,
        read: bool,
    ) -> Result<()> {
        match stat.kind {
            FileKind::Regular => {}
            FileKind::CharDevice | FileKind::Fifo if place.folder.alone => return Ok(()),
            FileKind::Dir
            | FileKind::Symlink
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::BlockDevice
            | FileKind::Other => return Err(self.irregular("open", inner, stat.kind)),
        }
        let cause = if place.folder.alone {
            return Ok(());
        } else if stat.nlink > 1 {
            format!("it has {} names", stat.nlink)
        } else if !is_own(stat.uid) && stat.uid != user.uid {
            format!("it belongs to user {}", stat.uid)
        } else if read && !may_read(stat, user) {
            format!("user {} may not read it", user.uid)
        } else {
            return Ok(());
        };
        Err(self.unsafe_path("open", inner, &cause))
    }

    /// Opens what is there, after a look and before another at what was opened.
    pub(super) fn safe_open_at(
        &self,
        inner: &Path,
        place: &SafePlace,
        flags: OFlag,
        allowed: &dyn Fn(&SafePlace, &Stat) -> Result<()>,
    ) -> Result<(File, Stat)> {
        if let Some(stat) = &place.entry {
            allowed(place, stat)?;
        }
        let opened = openat(&place.dir, place.name(), flags | COMMON, Mode::empty());
        let failed = |e| if e == Errno::ENXIO { self.unread(inner) } else { self.error("open", inner, e) };
        let file = File::from(opened.map_err(failed)?);
        let stat = Stat::from_fd(&file).map_err(|e| self.error("examine", inner, e))?;
        allowed(place, &stat)?;
        Ok((file, stat))
    }

    fn safe_open_or_make(
        &self,
        inner: &Path,
        place: &SafePlace,
        flags: OFlag,
        mode: u32,
        allowed: &dyn Fn(&SafePlace, &Stat) -> Result<()>,
    ) -> Result<(File, Stat)> {
        if place.entry.is_none() {
            let flags = flags | COMMON | OFlag::O_CREAT | OFlag::O_EXCL;
            match openat(&place.dir, place.name(), flags, Mode::from_bits_truncate(mode)) {
                Ok(fd) => {
                    let file = File::from(fd);
                    // Whatever this process's own umask is.
                    fchmod(&file, Mode::from_bits_truncate(mode))
                        .map_err(|e| self.error("open", inner, e))?;
                    let stat = Stat::from_fd(&file).map_err(|e| self.error("examine", inner, e))?;
                    return Ok((file, stat));
                }
                // Somebody else was quicker: it is judged as what is there.
                Err(Errno::EEXIST) => {}
                Err(e) => return Err(self.error("open", inner, e)),
            }
        }
        self.safe_open_at(inner, place, flags, allowed)
    }

    fn unread(&self, inner: &Path) -> Error {
        let cause = "it is a FIFO that nobody reads; hint: start its reader first";
        Error::other("open", self.outer(inner), ErrorKind::InvalidInput, cause)
    }

    /// It was opened without waiting; who uses it expects to wait.
    pub(super) fn set_blocking(&self, file: File, inner: &Path) -> Result<File> {
        fcntl(&file, FcntlArg::F_GETFL)
            .map(OFlag::from_bits_retain)
            .and_then(|flags| fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK)))
            .map_err(|e| self.error("open", inner, e))?;
        Ok(file)
    }
}

impl SafePlace {
    /// Could those who can lead here remove this name themselves? Else root must not do it for them.
    pub(super) fn is_removable(&self, stat: &Stat) -> bool {
        let folder = &self.folder;
        let sticky = folder.stat.mode & super::STICKY != 0;
        folder.alone || (folder.is_shared() && (!sticky || is_own(stat.uid) || stat.uid == folder.stat.uid))
    }
}

/// By the permission bits, as the kernel reads them for one who is not root.
fn may_read(stat: &Stat, user: &Credentials) -> bool {
    let class = if user.uid == 0 {
        return true;
    } else if stat.uid == user.uid {
        0o400
    } else if stat.gid == user.gid || user.groups.contains(&stat.gid) {
        0o040
    } else {
        0o004
    };
    stat.mode & class != 0
}
