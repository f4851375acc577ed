//! What is in a folder, and which names match a pattern.

use super::{Entry, FileKind, Last, Root, Stat, kind_of};
use crate::os::error::{Error, Result};
use glob::{MatchOptions, Pattern};
use nix::dir::{Dir, Type};
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstatat};
use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// As a shell matches one component: a leading dot only by a dot.
const SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

impl Root {
    /// The names in a folder, sorted by their bytes, without `.` and `..`.
    pub fn list(&self, inner: &Path) -> Result<Vec<Entry>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = self.at_place("list", inner, Last::Follow, |dir, name, nofollow| {
            let flags = if nofollow { flags | OFlag::O_NOFOLLOW } else { flags };
            openat(dir, name, flags, Mode::empty())
        })?;
        let mut dir = Dir::from_fd(fd).map_err(|e| self.error("list", inner, e))?;
        let mut found = Vec::new();
        for entry in dir.iter() {
            let entry = entry.map_err(|e| self.error("list", inner, e))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                found.push((name.to_owned(), entry.file_type()));
            }
        }
        let mut entries = Vec::with_capacity(found.len());
        for (name, kind) in found {
            let kind = match kind {
                Some(kind) => kind_from_type(kind),
                // Some file systems do not say: ask for each. What is gone meanwhile is left out.
                None => match fstatat(dir.as_fd(), name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                    Ok(stat) => kind_of(stat.st_mode),
                    Err(nix::Error::ENOENT) => continue,
                    Err(e) => return Err(self.error("list", inner, e)),
                },
            };
            entries.push(Entry { name, kind });
        }
        entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(entries)
    }

    /// The paths that match a shell pattern (glob(7): `*`, `?`, `[…]`, backslash), sorted. A `*`
    /// does not match a leading dot or a `/`; a name that is not UTF-8 can be matched by wildcards
    /// alone. No match is an empty list; a folder that cannot be read is an error.
    pub fn glob(&self, pattern: &str) -> Result<Vec<PathBuf>> {
        let mut found = vec![PathBuf::from("/")];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            if has_wildcard(part) {
                let matcher = Pattern::new(&translate(part)).map_err(|e| {
                    Error::other("match", pattern, io::ErrorKind::InvalidInput, e.msg.to_owned())
                })?;
                for dir in &found {
                    self.glob_folder(dir, &matcher, &mut next)?;
                }
            } else {
                let name = part.replace('\\', "");
                next.extend(found.iter().map(|dir| dir.join(&name)));
            }
            found = next;
        }
        found.retain(|path| self.lstat(path).is_ok());
        found.sort();
        Ok(found)
    }

    fn glob_folder(&self, dir: &Path, matcher: &Pattern, next: &mut Vec<PathBuf>) -> Result<()> {
        let entries = match self.list(dir) {
            Ok(entries) => entries,
            Err(e) if e.is_not_found() => return Ok(()),
            Err(e) => return Err(e),
        };
        for entry in entries {
            if matcher.matches_with(&entry.name.to_string_lossy(), SHELL) {
                next.push(dir.join(&entry.name));
            }
        }
        Ok(())
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

fn has_wildcard(part: &str) -> bool {
    let mut escaped = false;
    part.chars().any(|c| {
        let special = !escaped && matches!(c, '*' | '?' | '[');
        escaped = !escaped && c == '\\';
        special
    })
}

/// From glob(7) to the crate's dialect: it knows no backslash, takes `**` for something else, and
/// negates by `!` alone.
fn translate(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut chars = part.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                if let Some(literal) = chars.next() {
                    out.push_str(&Pattern::escape(literal.encode_utf8(&mut [0; 4])));
                }
            }
            '*' if out.ends_with('*') => {}
            '[' if chars.peek() == Some(&'^') => {
                chars.next();
                out.push_str("[!");
            }
            c => out.push(c),
        }
    }
    out
}

fn kind_from_type(kind: Type) -> FileKind {
    match kind {
        Type::File => FileKind::Regular,
        Type::Directory => FileKind::Dir,
        Type::Symlink => FileKind::Symlink,
        Type::Fifo => FileKind::Fifo,
        Type::Socket => FileKind::Socket,
        Type::CharacterDevice => FileKind::CharDevice,
        Type::BlockDevice => FileKind::BlockDevice,
    }
}

impl Stat {
    /// Are both the same file? (Same device and inode at this moment.)
    pub fn same_file(&self, other: &Stat) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }
}
