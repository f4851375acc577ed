//! Making, replacing and removing files below a root.
//!
//! Promises: a file or link is replaced in one step (temporary name in the same folder, then
//! rename), never seen half-written and never missing; a failure leaves no temporary name behind;
//! the last component is never followed when it is a link.

use super::{FileKind, Location, Root, kind_of};
use crate::os::error::{Error, Result};
use crate::os::sys;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod, fstatat, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, linkat, mkfifoat, symlinkat, unlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Must the bytes be on the disk before the call returns?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Sync {
    Yes,
    No,
}

/// An old file that has only a temporary name left, which goes when this is dropped: whoever waits for the new one
/// need not wait for that.
#[derive(Debug)]
#[must_use]
pub struct Replaced {
    dir: OwnedFd,
    temp: Option<String>,
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if let Some(temp) = &self.temp {
            remove_temp(&self.dir, temp);
        }
    }
}

/// One that cannot be removed is known by its name for what it is.
fn remove_temp(dir: &OwnedFd, temp: &str) {
    let _ = unlinkat(dir, temp, UnlinkatFlags::NoRemoveDir);
}

/// Gives the file its name, in the place of that in `from`. Where nothing is promised for the time after a
/// crash, it changes places with the old file, which is then removed: a rename over a file has ext4 write
/// the new one out at once (mount option `auto_da_alloc`), which costs more than all else. Kernels before
/// 3.15 and file systems that cannot do that take the rename. Where it fails, no name is left behind.
///
/// The temporary name where the old file has it now.
fn put(from: &OwnedFd, temp: String, place: &Location, sync: Sync) -> nix::Result<Option<String>> {
    let name = place.name.as_os_str();
    if sync == Sync::No {
        let old = fstatat(&place.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        let is_file = old.is_ok_and(|old| kind_of(old.st_mode) == FileKind::Regular);
        if is_file && sys::exchange((from.as_fd(), OsStr::new(&temp)), (place.dir.as_fd(), name)).is_ok() {
            return Ok(Some(temp));
        }
    }
    // The first error is the one to report.
    renameat(from, temp.as_str(), &place.dir, name).inspect_err(|_| {
        remove_temp(from, &temp);
    })?;
    Ok(None)
}

/// Makes temporary names differ within this process; the pid makes them differ between processes,
/// and O_EXCL settles what is left.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Root {
    /// Makes a folder and those above it. `mode` holds for the ones made here, whatever the umask;
    /// those that exist stay as they are.
    pub fn create_dir_all(&self, inner: &Path, mode: u32) -> Result<()> {
        match self.stat(inner) {
            Ok(stat) if stat.kind == FileKind::Dir => return Ok(()),
            Ok(_) => return Err(self.error("create folder", inner, Errno::ENOTDIR)),
            Err(e) if e.errno() != Some(libc::ENOENT) => {
                return Err(self.error("create folder", inner, Errno::from_raw(e.errno().unwrap_or(0))));
            }
            Err(_) => {}
        }
        if let Some(parent) = inner.parent().filter(|p| !p.as_os_str().is_empty()) {
            self.create_dir_all(parent, mode)?;
        }
        match self.create_dir(inner, mode) {
            // Somebody else was quicker; it must be a folder all the same.
            Err(e) if e.errno() == Some(libc::EEXIST) && self.is_dir(inner) => Ok(()),
            outcome => outcome,
        }
    }

    /// Makes one folder, which must not exist, with exactly this mode.
    pub fn create_dir(&self, inner: &Path, mode: u32) -> Result<()> {
        let place = self.place("create folder", inner)?;
        let name = place.name.as_os_str();
        let mode = Mode::from_bits_truncate(mode);
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        mkdirat(&place.dir, name, mode | Mode::S_IRUSR)
            .and_then(|()| openat(&place.dir, name, flags, Mode::empty()))
            .and_then(|fd| fchmod(&fd, mode))
            .map_err(|e| self.error("create folder", inner, e))
    }

    /// Is it a folder, links followed?
    pub fn is_dir(&self, inner: &Path) -> bool {
        self.stat(inner).is_ok_and(|stat| stat.kind == FileKind::Dir)
    }

    /// Makes or replaces a regular file in one step. `mode` holds whatever the umask.
    pub fn write_atomic(&self, inner: &Path, bytes: &[u8], mode: u32, sync: Sync) -> Result<()> {
        let place = self.place("write", inner)?;
        write_at(&place, bytes, mode, sync).map_err(|e| Error::new("write", self.outer(inner), e))
    }

    /// Writes a file that a person named. What is no regular file stays as it is: a rename would put a file
    /// in the place of `/dev/null`.
    ///
    /// A process that is killed meanwhile leaves nothing beside it. Until it is whole it has no name
    /// (O_TMPFILE, Linux 3.11); it replaces an old one from a name in `aside`, a folder of amr's own. Where
    /// that lies on another file system, or there is none, the old one is removed first, and for a moment
    /// there is neither. Only where the file system knows no file without a name, and `aside` lies elsewhere,
    /// a temporary name stands beside it as in [`Root::write_atomic`].
    pub fn write_named(
        &self,
        inner: &Path,
        bytes: &[u8],
        (mode, sync): (u32, Sync),
        aside: Option<&Path>,
    ) -> Result<()> {
        if self.lstat(inner).is_ok_and(|stat| stat.kind != FileKind::Regular) {
            let cause = "it is not a regular file";
            return Err(Error::other("write", self.outer(inner), ErrorKind::AlreadyExists, cause));
        }
        let place = self.place("write", inner)?;
        let aside = aside.and_then(|folder| self.open_dir(folder).ok());
        let written = match write_unnamed(&place, aside.as_ref(), bytes, mode, sync) {
            Some(written) => written,
            None => write_with_name(&place, aside.as_ref(), bytes, mode, sync),
        };
        written.map_err(|e| Error::new("write", self.outer(inner), e))
    }

    /// Makes or replaces a link in one step.
    pub fn symlink_atomic(&self, target: &Path, inner: &Path) -> Result<()> {
        let place = self.place("link", inner)?;
        let outcome = with_temp_name(|name| symlinkat(target, &place.dir, name)).and_then(|(temp, ())| {
            renameat(&place.dir, temp.as_str(), &place.dir, place.name.as_os_str()).inspect_err(|_| {
                let _ = unlinkat(&place.dir, temp.as_str(), UnlinkatFlags::NoRemoveDir);
            })
        });
        outcome.map_err(|e| self.error("link", inner, e))
    }

    /// Removes a name that is not a folder. A link goes, not what it leads to.
    pub fn remove_file(&self, inner: &Path) -> Result<()> {
        let place = self.place("remove", inner)?;
        unlinkat(&place.dir, place.name.as_os_str(), UnlinkatFlags::NoRemoveDir)
            .map_err(|e| self.error("remove", inner, e))
    }

    /// As [`Root::remove_file`], and content when there was none.
    pub fn remove_file_if_there(&self, inner: &Path) -> Result<()> {
        match self.remove_file(inner) {
            Err(e) if e.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }

    /// Removes an empty folder.
    pub fn remove_dir(&self, inner: &Path) -> Result<()> {
        let place = self.place("remove folder", inner)?;
        unlinkat(&place.dir, place.name.as_os_str(), UnlinkatFlags::RemoveDir)
            .map_err(|e| self.error("remove folder", inner, e))
    }

    /// rename(2); both paths inside this root.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let source = self.place("rename", from)?;
        let target = self.place("rename", to)?;
        renameat(&source.dir, source.name.as_os_str(), &target.dir, target.name.as_os_str())
            .map_err(|e| self.error("rename", from, e))
    }

    /// Gives a file, folder or link (not its target) to a user and a group.
    pub fn chown(&self, inner: &Path, uid: u32, gid: u32) -> Result<()> {
        let place = self.place("change the owner of", inner)?;
        let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
        fchownat(&place.dir, place.name.as_os_str(), uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW)
            .map_err(|e| self.error("change the owner of", inner, e))
    }

    /// Sets the permission bits of a file or folder. A link is refused (ELOOP).
    pub fn chmod(&self, inner: &Path, mode: u32) -> Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
        let file = self.open_flags("change the mode of", inner, flags, 0)?;
        fchmod(&file, Mode::from_bits_truncate(mode)).map_err(|e| self.error("change the mode of", inner, e))
    }

    /// Makes a FIFO, which must not exist. `mode` is under the umask.
    pub fn make_fifo(&self, inner: &Path, mode: u32) -> Result<()> {
        let place = self.place("create FIFO", inner)?;
        mkfifoat(&place.dir, place.name.as_os_str(), Mode::from_bits_truncate(mode))
            .map_err(|e| self.error("create FIFO", inner, e))
    }
}

/// See [`Root::write_atomic`].
pub(super) fn write_at(place: &Location, bytes: &[u8], mode: u32, sync: Sync) -> std::io::Result<()> {
    write_from(&place.dir, place, bytes, mode, sync)
}

/// The same; the old file goes with what is returned.
pub(super) fn replace_at(place: Location, bytes: &[u8], mode: u32, sync: Sync) -> std::io::Result<Replaced> {
    let temp = put_from(&place.dir, &place, bytes, mode, sync)?;
    Ok(Replaced { dir: place.dir, temp })
}

/// The same, with the temporary name in this folder.
fn write_from(from: &OwnedFd, place: &Location, bytes: &[u8], mode: u32, sync: Sync) -> std::io::Result<()> {
    let old = put_from(from, place, bytes, mode, sync)?;
    old.iter().for_each(|temp| remove_temp(from, temp));
    Ok(())
}

/// As [`put`].
fn put_from(
    from: &OwnedFd,
    place: &Location,
    bytes: &[u8],
    mode: u32,
    sync: Sync,
) -> std::io::Result<Option<String>> {
    let (temp, fd) = with_temp_name(|name| {
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_EXCL
            | OFlag::O_NOFOLLOW
            | OFlag::O_CLOEXEC
            | OFlag::O_NOCTTY;
        openat(from, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)
    })?;
    let filled = fill(&mut File::from(fd), bytes, mode, sync);
    filled.inspect_err(|_| remove_temp(from, &temp))?;
    let old = put(from, temp, place, sync)?;
    if sync == Sync::Yes {
        sync_folder(place)?;
    }
    Ok(old)
}

/// The name of a temporary file of this process.
#[must_use]
pub fn temporary_name(number: u64) -> String {
    format!("{TEMPORARY}{}-{number}.tmp", std::process::id())
}

/// Whether some process of amr's has given this name to a temporary file.
#[must_use]
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY.as_bytes()) && name.ends_with(b".tmp")
}

/// How the names of temporary files begin.
const TEMPORARY: &str = ".amr-";

/// Calls `make` with fresh names until one was not taken yet.
pub(super) fn with_temp_name<T>(make: impl Fn(&str) -> nix::Result<T>) -> nix::Result<(String, T)> {
    loop {
        let name = temporary_name(NEXT.fetch_add(1, Ordering::Relaxed));
        match make(&name) {
            Err(Errno::EEXIST) => {}
            outcome => return outcome.map(|made| (name, made)),
        }
    }
}

/// See [`Root::write_named`]; `None` where the file system or the kernel knows no file without a name, or there
/// is no /proc to give it one.
fn write_unnamed(
    place: &Location,
    aside: Option<&OwnedFd>,
    bytes: &[u8],
    mode: u32,
    sync: Sync,
) -> Option<std::io::Result<()>> {
    let flags = OFlag::O_WRONLY | OFlag::O_TMPFILE | OFlag::O_CLOEXEC;
    // Old kernels and file systems say one of several things; what is really wrong shows again with a name.
    let mut file = File::from(openat(&place.dir, ".", flags, Mode::S_IRUSR | Mode::S_IWUSR).ok()?);
    if let Err(error) = fill(&mut file, bytes, mode, sync) {
        return Some(Err(error));
    }
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link =
        |dir: &OwnedFd, name: &OsStr| linkat(AT_FDCWD, own.as_str(), dir, name, AtFlags::AT_SYMLINK_FOLLOW);
    let from_aside = |aside: &OwnedFd| {
        let (temp, ()) = with_temp_name(|temp| link(aside, OsStr::new(temp)))?;
        let old = put(aside, temp, place, sync)?;
        old.iter().for_each(|temp| remove_temp(aside, temp));
        Ok(())
    };
    let named = match link(&place.dir, &place.name) {
        Err(Errno::ENOENT) => return None,
        // A link replaces nothing; a rename does.
        Err(Errno::EEXIST) => aside.map_or(Err(Errno::EXDEV), from_aside).or_else(|_| {
            unlinkat(&place.dir, place.name.as_os_str(), UnlinkatFlags::NoRemoveDir)?;
            link(&place.dir, &place.name)
        }),
        named => named,
    };
    let synced = named.and_then(|()| if sync == Sync::Yes { sync_folder(place) } else { Ok(()) });
    Some(synced.map_err(Into::into))
}

/// The same, by a name in `aside` where that lies on the same file system, else beside the file.
pub(super) fn write_with_name(
    place: &Location,
    aside: Option<&OwnedFd>,
    bytes: &[u8],
    mode: u32,
    sync: Sync,
) -> std::io::Result<()> {
    let from_aside = aside.map(|aside| write_from(aside, place, bytes, mode, sync));
    match from_aside {
        Some(Ok(())) => Ok(()),
        // What is wrong with the file itself shows again.
        Some(Err(_)) | None => write_at(place, bytes, mode, sync),
    }
}

fn fill(file: &mut File, bytes: &[u8], mode: u32, sync: Sync) -> std::io::Result<()> {
    file.write_all(bytes)?;
    fchmod(&*file, Mode::from_bits_truncate(mode))?;
    if sync == Sync::Yes {
        file.sync_all()?;
    }
    Ok(())
}

/// Makes a rename durable.
fn sync_folder(place: &Location) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    nix::unistd::fsync(openat(&place.dir, ".", flags, Mode::empty())?)
}
