//! A folder below which all file access happens: `/` in life, any folder with `--root` and in tests.
//!
//! Promises: no path, link or `..` inside the tree leads out of it, also while others rename and
//! replace things in it; every descriptor is close-on-exec; reading never opens a device or a FIFO
//! and so never blocks. Paths are *inner* ones, as a program that lives in the tree would write
//! them (a leading `/` may be left out); messages name the *outer* path, as the host sees it.
//! For `/` itself the kernel resolves, which is quicker.

mod files;
mod find;
mod others;
mod refused;
mod remove;
mod safe;
mod stat;
#[cfg(test)]
pub(crate) mod tests;
mod walk;
mod write;

pub use find::Folder;
pub use others::{Other, Who};
pub use safe::{Author, Existing, InTheWay, Output, Passed, PermValue, Perms, Placed, Reader};
pub use stat::{FileKind, Stat};
pub use write::{Replaced, Sync, is_temporary, temporary_name};

use super::error::{Error, Result};
use super::opener::Opener;
use super::sys;
use nix::errno::Errno;
pub use nix::fcntl::OFlag;
use nix::fcntl::{AT_FDCWD, AtFlags, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, fstatat};
use stat::kind_of;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walk::{Last, Location, find, walk};

/// What most files of proc and cgroup fit into.
const KERNEL_ROOM: usize = 4096;

/// See the head of this file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Root {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The folder; `None` for the host's `/`, where the kernel resolves.
    fd: Option<OwnedFd>,
    prefix: PathBuf,
    /// What was there when it was opened.
    top: Option<Stat>,
    /// Whom to ask for what this process may not open, and how that one comes to this root.
    opener: Option<(Arc<Opener>, RootView)>,
}

/// How the process that opens what this one may not comes to a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RootView {
    /// It has the same.
    Same,
    /// By its prefix, `/proc/PID/root`.
    ByPrefix,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Any bytes but `/` and NUL.
    pub name: OsString,
    /// The type of the name itself: a link is a link.
    pub kind: FileKind,
}

impl Root {
    /// `/`.
    pub fn host() -> Result<Root> {
        Ok(Root { inner: Arc::new(Inner { fd: None, prefix: PathBuf::from("/"), top: None, opener: None }) })
    }

    /// A folder that stands for `/`.
    pub fn at(dir: &Path) -> Result<Root> {
        let root = Root::elsewhere(dir)?;
        let host = Root::host()?;
        Ok(if root.top()?.same_file(&host.stat(Path::new("/"))?) { host } else { root })
    }

    /// As [`Root::at`], also where it is `/` itself: a process of another mount namespace may have the same
    /// root, and sees other files below it.
    pub fn elsewhere(dir: &Path) -> Result<Root> {
        let prefix = std::path::absolute(dir).map_err(|e| Error::new("open", dir, e))?;
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = openat(AT_FDCWD, &prefix, flags, Mode::empty())
            .map_err(|e| Error::new("open", prefix.as_path(), e))?;
        let here = Stat::from_fd(&fd).map_err(|e| Error::new("examine", dir, e))?;
        Ok(Root { inner: Arc::new(Inner { fd: Some(fd), prefix, top: Some(here), opener: None }) })
    }

    /// Is this `/`?
    pub fn is_host(&self) -> bool {
        self.inner.fd.is_none()
    }

    /// The folder's own descriptor; none of the host's.
    #[must_use]
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inner.fd.as_ref().map(AsFd::as_fd)
    }

    /// What stat(2) said of the folder when it was opened.
    pub fn top(&self) -> Result<Stat> {
        self.inner.top.map_or_else(|| self.stat(Path::new("/")), Ok)
    }

    /// `/`, or the folder.
    pub fn prefix(&self) -> &Path {
        &self.inner.prefix
    }

    /// An inner path as the host sees it, links not followed. For messages and for execve(2); not a
    /// way around this type, since the kernel would follow links out of the tree.
    pub fn outer(&self, inner: &Path) -> PathBuf {
        let relative = inner.strip_prefix("/").unwrap_or(inner);
        if relative.as_os_str().is_empty() {
            return self.inner.prefix.clone();
        }
        self.inner.prefix.join(relative)
    }

    /// The contents of a regular file of at most `limit` bytes. A longer one is an error, not cut.
    pub fn read(&self, inner: &Path, limit: u64) -> Result<Vec<u8>> {
        let (file, size) = self.open_verb("read", inner)?;
        // Not by size alone: files in /proc say 0.
        let room = usize::try_from(size.min(limit)).unwrap_or(0).max(1024).saturating_add(64);
        self.read_open(file, inner, room, limit)
    }

    /// The first `limit` bytes of a regular file; all of one that is not longer.
    pub fn read_head(&self, inner: &Path, limit: u64) -> Result<Vec<u8>> {
        let (file, size) = self.open_verb("read", inner)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0).saturating_add(64));
        file.take(limit).read_to_end(&mut bytes).map_err(|e| self.error("read", inner, e))?;
        Ok(bytes)
    }

    /// As [`Root::read`], for a file that the kernel makes up (proc, cgroup): on the host it is opened
    /// without a look at what it is.
    pub fn read_kernel(&self, inner: &Path, limit: u64) -> Result<Vec<u8>> {
        if !self.is_host() {
            return self.read(inner, limit);
        }
        let file = self.open_flags("read", inner, OFlag::O_RDONLY | OFlag::O_NONBLOCK, 0)?;
        self.read_open(file, inner, KERNEL_ROOM, limit)
    }

    /// Reads to the end, with room to see it in the same buffer.
    fn read_open(&self, file: File, inner: &Path, room: usize, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(room);
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|e| self.error("read", inner, e))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            let cause = format!("it is larger than {limit} bytes");
            return Err(Error::other("read", self.outer(inner), io::ErrorKind::FileTooLarge, cause));
        }
        Ok(bytes)
    }

    /// Opens a regular file for reading.
    pub fn open(&self, inner: &Path) -> Result<File> {
        self.open_verb("open", inner).map(|(file, _)| file)
    }

    /// With its size.
    fn open_verb(&self, verb: &'static str, inner: &Path) -> Result<(File, u64)> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let fd = self.or_refused(self.open_readable(verb, inner, flags), inner, |asked| asked.open(flags))?;
        let file = File::from(fd);
        let stat = Stat::from_fd(&file).map_err(|e| self.error(verb, inner, e))?;
        if stat.kind == FileKind::Regular {
            Ok((file, stat.size))
        } else {
            Err(self.irregular(verb, inner, stat.kind))
        }
    }

    fn open_readable(&self, verb: &'static str, inner: &Path, flags: OFlag) -> Result<OwnedFd> {
        let Some(seen) = self.seen(inner, Last::Follow) else { return self.open_regular(verb, inner, flags) };
        let (place, raw) = seen.map_err(|e| self.error(verb, inner, e))?;
        if kind_of(raw.st_mode) != FileKind::Regular {
            return Err(self.irregular(verb, inner, kind_of(raw.st_mode)));
        }
        openat(&place.dir, place.name.as_os_str(), flags | OFlag::O_NOFOLLOW, Mode::empty())
            .map_err(|e| self.error(verb, inner, e))
    }

    fn open_regular(&self, verb: &'static str, inner: &Path, flags: OFlag) -> Result<OwnedFd> {
        let opened = self.at_place(verb, inner, Last::Follow, |dir, name, seen_no_link| {
            // Looked at before it is opened, since opening a device may already do something.
            let seen = if seen_no_link { AtFlags::AT_SYMLINK_NOFOLLOW } else { AtFlags::empty() };
            let stat = Stat::from(&fstatat(dir, name, seen)?);
            if stat.kind != FileKind::Regular {
                return Ok(Err(stat));
            }
            let flags = if seen_no_link { flags | OFlag::O_NOFOLLOW } else { flags };
            openat(dir, name, flags, Mode::empty()).map(Ok)
        })?;
        opened.map_err(|stat| self.irregular(verb, inner, stat.kind))
    }

    /// As [`walk::seen`]; `None` on the host, where one call does all.
    fn seen(&self, inner: &Path, last: Last) -> Option<nix::Result<(Location, FileStat)>> {
        walk::seen(self.inner.fd.as_ref()?.as_fd(), inner, last)
    }

    fn irregular(&self, verb: &'static str, inner: &Path, kind: FileKind) -> Error {
        if kind == FileKind::Dir {
            return self.error(verb, inner, Errno::EISDIR);
        }
        Error::other(verb, self.outer(inner), io::ErrorKind::InvalidInput, "it is not a regular file")
    }

    /// Opens with any flags of open(2); O_CLOEXEC and O_NOCTTY are added. `mode` counts where
    /// O_CREAT does, under the umask. With O_NOFOLLOW a link as last component is refused (ELOOP).
    pub fn open_with(&self, inner: &Path, flags: OFlag, mode: u32) -> Result<File> {
        self.open_flags("open", inner, flags, mode)
    }

    fn open_flags(&self, verb: &'static str, inner: &Path, flags: OFlag, mode: u32) -> Result<File> {
        let last = if flags.contains(OFlag::O_NOFOLLOW) { Last::Keep } else { Last::Follow };
        let flags = flags | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let opened = self.at_place(verb, inner, last, |dir, name, seen_no_link| {
            let flags = if seen_no_link { flags | OFlag::O_NOFOLLOW } else { flags };
            openat(dir, name, flags, Mode::from_bits_truncate(mode))
        });
        if flags.intersects(OFlag::O_WRONLY | OFlag::O_RDWR | OFlag::O_CREAT) {
            return opened.map(File::from);
        }
        self.or_refused(opened, inner, |asked| asked.open(flags)).map(File::from)
    }

    /// A folder, for fchdir(2) and as a starting point; O_PATH, so no read permission is needed.
    pub fn open_dir(&self, inner: &Path) -> Result<OwnedFd> {
        if let Some(Ok(dir)) = self.inner.fd.as_ref().map(|root| sys::open_dir_in_root(root.as_fd(), inner)) {
            return Ok(dir);
        }
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
        Ok(OwnedFd::from(self.open_flags("open", inner, flags, 0)?))
    }

    /// stat(2): links are followed.
    pub fn stat(&self, inner: &Path) -> Result<Stat> {
        self.stat_verb("examine", inner, Last::Follow)
    }

    /// lstat(2): a link as last component is itself the answer.
    pub fn lstat(&self, inner: &Path) -> Result<Stat> {
        self.stat_verb("examine", inner, Last::Keep)
    }

    fn stat_verb(&self, verb: &'static str, inner: &Path, last: Last) -> Result<Stat> {
        self.or_refused(self.stat_place(verb, inner, last), inner, |asked| asked.stat(last))
    }

    fn stat_place(&self, verb: &'static str, inner: &Path, last: Last) -> Result<Stat> {
        if let Some(seen) = self.seen(inner, last) {
            return match seen {
                Ok((_, raw)) => Ok(Stat::from(&raw)),
                Err(e) => Err(self.error(verb, inner, e)),
            };
        }
        let raw = self.at_place(verb, inner, last, |dir, name, nofollow| {
            let nofollow = nofollow || last == Last::Keep;
            fstatat(dir, name, if nofollow { AtFlags::AT_SYMLINK_NOFOLLOW } else { AtFlags::empty() })
        })?;
        Ok(Stat::from(&raw))
    }

    /// Does it exist, links followed? `false` also where that cannot be found out.
    pub fn exists(&self, inner: &Path) -> bool {
        self.stat(inner).is_ok()
    }

    /// What a link says, not what it leads to.
    pub fn read_link(&self, inner: &Path) -> Result<PathBuf> {
        let link = self
            .at_place("read link", inner, Last::Keep, |dir, name, _| readlinkat(dir, name))
            .map(PathBuf::from);
        self.or_refused(link, inner, |asked| asked.link())
    }

    /// The path inside the root without links, `.` and `..`. The file must exist.
    pub fn resolve(&self, inner: &Path) -> Result<PathBuf> {
        let Some(root) = &self.inner.fd else {
            return std::fs::canonicalize(self.outer(inner)).map_err(|e| self.error("find", inner, e));
        };
        let (place, canonical) =
            walk(root.as_fd(), inner, Last::Follow).map_err(|e| Error::new("find", self.outer(inner), e))?;
        fstatat(&place.dir, place.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
            .map_err(|e| Error::new("find", self.outer(inner), e))?;
        Ok(canonical)
    }

    /// Runs one `…at` call for a path. The closure gets a folder, a name in it, and whether a link
    /// at that name must not be followed (because it was looked at, and was none, or is wanted).
    fn at_place<T>(
        &self,
        verb: &'static str,
        inner: &Path,
        last: Last,
        call: impl FnOnce(BorrowedFd<'_>, &OsStr, bool) -> nix::Result<T>,
    ) -> Result<T> {
        let outcome = match &self.inner.fd {
            None => call(AT_FDCWD, self.outer(inner).as_os_str(), false),
            Some(root) => {
                find(root.as_fd(), inner, last).and_then(|place| call(place.dir.as_fd(), &place.name, true))
            }
        };
        outcome.map_err(|e| self.error(verb, inner, e))
    }

    /// The folder and the name of what is to be made, replaced or removed.
    fn place(&self, verb: &'static str, inner: &Path) -> Result<Location> {
        if let Some(root) = &self.inner.fd {
            return find(root.as_fd(), inner, Last::Keep).map_err(|e| self.error(verb, inner, e));
        }
        let outer = self.outer(inner);
        let (Some(parent), Some(name)) = (outer.parent(), outer.file_name()) else {
            return Err(self.error(verb, inner, Errno::EINVAL));
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = openat(AT_FDCWD, parent, flags, Mode::empty()).map_err(|e| self.error(verb, inner, e))?;
        let name = name.to_owned();
        Ok(Location { dir, name })
    }

    fn error(&self, verb: &'static str, inner: &Path, source: impl Into<io::Error>) -> Error {
        Error::new(verb, self.outer(inner), source)
    }
}
