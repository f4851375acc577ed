//! What is in a folder, and which names match a pattern.

use super::{Entry, FileKind, Last, Root, Stat, kind_of};
use crate::os::error::{Error, Result};
use nix::dir::{Dir, Type};
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, fstatat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use strings::pattern::{Pattern, has_wildcard};

/// One name in an open folder.
pub(super) struct Name<'n> {
    /// Any bytes but `/` and NUL.
    pub name: &'n OsStr,
    pub ino: u64,
    /// `None` where the file system does not say.
    pub kind: Option<FileKind>,
}

/// Calls `each` with every name in an open folder, in no order, without `.` and `..`. Gives the folder.
pub(super) fn each_raw(dir: OwnedFd, each: &mut dyn FnMut(&Name<'_>)) -> nix::Result<Dir> {
    let mut dir = Dir::from_fd(dir)?;
    for entry in dir.iter() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            each(&Name { name, ino: entry.ino(), kind: entry.file_type().map(FileKind::from) });
        }
    }
    Ok(dir)
}

impl From<Type> for FileKind {
    fn from(of: Type) -> Self {
        match of {
            Type::File => Self::Regular,
            Type::Directory => Self::Dir,
            Type::Symlink => Self::Symlink,
            Type::Fifo => Self::Fifo,
            Type::Socket => Self::Socket,
            Type::CharacterDevice => Self::CharDevice,
            Type::BlockDevice => Self::BlockDevice,
        }
    }
}

impl Root {
    /// The names in a folder, sorted by their bytes, without `.` and `..`.
    pub fn list(&self, inner: &Path) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        self.each_name(inner, &mut |name, kind| entries.push(Entry { name: name.to_owned(), kind }))?;
        entries.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(entries)
    }

    /// Calls `each` with every name in a folder and its kind, in no order, without `.` and `..`. For
    /// folders of thousands of names, of which few are kept.
    pub fn each_name(&self, inner: &Path, each: &mut dyn FnMut(&OsStr, FileKind)) -> Result<()> {
        let mut unknown = Vec::new();
        let listed = each_raw(self.open_listing(inner)?, &mut |entry| match entry.kind {
            Some(kind) => each(entry.name, kind),
            None => unknown.push(entry.name.to_owned()),
        });
        let dir = listed.map_err(|e| self.error("list", inner, e))?;
        // Some file systems do not say: ask for each. What is gone meanwhile is left out.
        for name in unknown {
            match fstatat(&dir, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                Ok(stat) => each(&name, kind_of(stat.st_mode)),
                Err(nix::Error::ENOENT) => {}
                Err(e) => return Err(self.error("list", inner, e)),
            }
        }
        Ok(())
    }

    /// A folder whose files are read one after the other.
    pub fn folder(&self, inner: &Path) -> Result<Folder<'_>> {
        let dir = self.open_dir(inner)?;
        Ok(Folder { root: self, dir, inner: inner.to_owned() })
    }

    pub(super) fn open_listing(&self, inner: &Path) -> Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened = self.at_place("list", inner, Last::Follow, |dir, name, nofollow| {
            let flags = if nofollow { flags | OFlag::O_NOFOLLOW } else { flags };
            openat(dir, name, flags, Mode::empty())
        });
        self.or_refused(opened, inner, |asked| asked.open(flags))
    }

    /// The paths that match a shell pattern (glob(7): `*`, `?`, `[…]`, backslash), sorted. A `*`
    /// does not match a leading dot or a `/`; a name that is not UTF-8 can be matched by wildcards
    /// alone. No match is an empty list; a folder that cannot be read is an error.
    pub fn glob(&self, pattern: &str) -> Result<Vec<PathBuf>> {
        self.glob_by(pattern, &|dir| self.list(dir), &|path| self.lstat(path).is_ok())
    }

    /// The same with the eyes of the caller: `list` gives what is in a folder, `there` says of a path
    /// whether there is such a name.
    pub(super) fn glob_by(
        &self,
        pattern: &str,
        list: &dyn Fn(&Path) -> Result<Vec<Entry>>,
        there: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<PathBuf>> {
        let mut found = vec![PathBuf::from("/")];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            if has_wildcard(part) {
                let matcher = Pattern::new(part).map_err(|e| {
                    Error::other("match", pattern, io::ErrorKind::InvalidInput, e.msg.to_owned())
                })?;
                for dir in &found {
                    glob_folder(dir, list, &matcher, &mut next)?;
                }
            } else {
                let name = part.replace('\\', "");
                next.extend(found.iter().map(|dir| dir.join(&name)));
            }
            found = next;
        }
        found.retain(|path| there(path));
        found.sort_unstable();
        Ok(found)
    }
}

fn glob_folder(
    dir: &Path,
    list: &dyn Fn(&Path) -> Result<Vec<Entry>>,
    matcher: &Pattern,
    next: &mut Vec<PathBuf>,
) -> Result<()> {
    let entries = match list(dir) {
        Ok(entries) => entries,
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e),
    };
    let matching = entries.iter().filter(|entry| matcher.matches_component(&entry.name.to_string_lossy()));
    next.extend(matching.map(|entry| dir.join(&entry.name)));
    Ok(())
}

/// See [`Root::folder`].
pub struct Folder<'r> {
    root: &'r Root,
    dir: OwnedFd,
    inner: PathBuf,
}

impl Folder<'_> {
    /// Where it is, inside the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner
    }

    /// As [`Root::read_link`], with one system call.
    pub fn read_link(&self, name: &OsStr) -> Result<PathBuf> {
        readlinkat(&self.dir, name)
            .map(PathBuf::from)
            .map_err(|e| self.root.error("read link", &self.inner.join(name), e))
    }

    /// As [`Root::read`], into `bytes` in place of what they hold, and with the file's stat.
    pub fn read(&self, name: &OsStr, kind: FileKind, limit: u64, bytes: &mut Vec<u8>) -> Result<Stat> {
        let stat = self.read_head(name, kind, limit.saturating_add(1), bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            let cause = format!("it is larger than {limit} bytes");
            let outer = self.root.outer(&self.inner.join(name));
            return Err(Error::other("read", outer, io::ErrorKind::FileTooLarge, cause));
        }
        Ok(stat)
    }

    /// As [`Root::read_head`], into `bytes` in place of what they hold, and with the file's stat. A name
    /// whose kind is known to be regular costs four system calls.
    pub fn read_head(&self, name: &OsStr, kind: FileKind, limit: u64, bytes: &mut Vec<u8>) -> Result<Stat> {
        // Only for messages and links: a name costs no path of its own.
        let inner = || self.inner.join(name);
        if kind != FileKind::Regular {
            // Looked at before it is opened, and resolved inside the root.
            *bytes = self.root.read_head(&inner(), limit)?;
            return self.root.stat(&inner());
        }
        let fail = |e: nix::Error| self.root.error("read", &inner(), e);
        // A device or a FIFO that took the file's place meanwhile is opened without waiting, and refused.
        let flags =
            OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let mut file = File::from(openat(&self.dir, name, flags, Mode::empty()).map_err(fail)?);
        let stat = Stat::from_fd(&file).map_err(|e| self.root.error("read", &inner(), e))?;
        if stat.kind != FileKind::Regular {
            return Err(self.root.irregular("read", &inner(), stat.kind));
        }
        // With room to see the end; what they hold already is room that need not be cleared.
        let size = usize::try_from(stat.size.saturating_add(1).min(limit)).unwrap_or(usize::MAX);
        bytes.resize(size, 0);
        let read = file.read(bytes).map_err(|e| self.root.error("read", &inner(), e))?;
        bytes.truncate(read);
        if u64::try_from(read).unwrap_or(u64::MAX) != stat.size.min(limit) {
            // It changes while it is read, or its size says nothing.
            let rest = limit.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
            file.take(rest).read_to_end(bytes).map_err(|e| self.root.error("read", &inner(), e))?;
        }
        Ok(stat)
    }
}

impl Root {
    /// Can what is in this folder be trusted? It is a folder itself (no link), root's or this user's
    /// own, and nobody else may write to it.
    pub fn is_trusted_dir(&self, inner: &Path) -> Result<bool> {
        let stat = self.lstat(inner)?;
        let owner = stat.uid == 0 || stat.uid == nix::unistd::geteuid().as_raw();
        Ok(stat.kind == FileKind::Dir && owner && stat.mode & 0o022 == 0)
    }
}

impl Stat {
    /// Are both the same file? (Same device and inode at this moment.)
    pub fn same_file(&self, other: &Stat) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// Is it the device that /dev/null is?
    #[must_use]
    pub fn is_null_device(&self) -> bool {
        let number = (libc::major(self.rdev), libc::minor(self.rdev));
        self.kind == FileKind::CharDevice && number == (1, 3)
    }
}
