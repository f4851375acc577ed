//! Paths in which somebody else may have a say: a service's own folders, /tmp, PID files, logs.
//!
//! Root must open, make, change and remove nothing that another user led it to. So every component is
//! looked at on a descriptor of its own, from the root folder on, and a link is followed only where root
//! (or this user) owns it and nobody else can change the folder that holds it, nor any folder above:
//! `/var/run` leads to `/run`, and what a service plants in its folder leads nowhere. What is then done is
//! done in the folder that was reached, by one name, never through a link. docs/decisions/safe-paths.md
//! says what each rule is against. Works on every kernel that has O_PATH (2.6.39).

mod folder;
mod give;
mod hold;
mod link;
mod open;
mod passed;
mod replace;
#[cfg(test)]
mod tests;
mod tree;

pub use folder::Existing;
pub(super) use folder::{LISTING, is_private};
pub use give::{InTheWay, PermValue, Perms, Placed};
pub use open::{Author, Output, Reader};
pub use passed::Passed;

use super::walk::{Last, Location, MAX_LINKS, push_components};
use super::{FileKind, Root, Stat};
use crate::os::error::{Error, Result, escape};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat, readlinkat};
use nix::sys::stat::Mode;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Others may write.
const OTHERS_WRITE: u32 = 0o022;
/// Names in the folder can be removed and renamed by their owner alone, sticky(7).
const STICKY: u32 = 0o1000;

/// Root, or whoever runs this.
pub(super) fn is_own(uid: u32) -> bool {
    uid == 0 || uid == nix::unistd::geteuid().as_raw()
}

/// What others can do in a folder.
#[derive(Clone, Copy)]
pub(super) struct FolderTrust {
    /// Of the folder itself.
    pub stat: Stat,
    /// No folder of root's in it can be put elsewhere by others, nor can the folder, nor those above.
    pub steady: bool,
    /// Nobody else can change any name in it, nor in the folders above.
    pub alone: bool,
}

impl FolderTrust {
    fn from_stat(stat: Stat, above_is_steady: bool) -> Self {
        let own = above_is_steady && is_own(stat.uid);
        let closed = stat.mode & OTHERS_WRITE == 0;
        Self { stat, steady: own && (closed || stat.mode & STICKY != 0), alone: own && closed }
    }

    /// Can others put a name into it and take it away, though they could not lead elsewhere?
    pub fn is_shared(&self) -> bool {
        !is_own(self.stat.uid) || self.stat.mode & OTHERS_WRITE != 0
    }
}

/// A name in a folder that nobody else could lead to another place.
pub(super) struct SafePlace {
    pub dir: OwnedFd,
    /// One component; was no link when it was looked at, unless links were to be kept.
    pub name: OsString,
    pub folder: FolderTrust,
    /// What is there.
    pub entry: Option<Stat>,
}

impl SafePlace {
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// For what is common to all ways of reaching a name.
    pub fn into_place(self) -> Location {
        Location { dir: self.dir, name: self.name }
    }
}

/// A folder on the way down.
struct Step {
    fd: OwnedFd,
    name: OsString,
    standing: FolderTrust,
}

/// The folders from the root to where the walk has come; the root is always there.
struct Walk {
    root: Step,
    below: Vec<Step>,
}

impl Walk {
    fn begin(root: &Root) -> nix::Result<Self> {
        let fd = match &root.inner.fd {
            Some(fd) => fd.try_clone().map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EMFILE))),
            None => {
                let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                openat(AT_FDCWD, "/", flags, Mode::empty())
            }
        }?;
        let standing = FolderTrust::from_stat(stat(&fd)?, true);
        Ok(Self { root: Step { fd, name: OsString::new(), standing }, below: Vec::new() })
    }

    fn top(&self) -> &Step {
        self.below.last().unwrap_or(&self.root)
    }

    /// The name in the uppermost folder, opened but not followed; `None` where there is none.
    fn open_name(&self, name: &OsStr) -> nix::Result<Option<(OwnedFd, Stat)>> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        // As a folder first: that mounts what is mounted when it is needed.
        let as_folder = openat(&self.top().fd, name, flags | OFlag::O_DIRECTORY, Mode::empty());
        let opened = match as_folder {
            Err(Errno::ENOTDIR | Errno::ELOOP) => openat(&self.top().fd, name, flags, Mode::empty()),
            other => other,
        };
        match opened {
            Ok(fd) => stat(&fd).map(|stat| Some((fd, stat))),
            Err(Errno::ENOENT) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn down(&mut self, fd: OwnedFd, name: OsString, stat: Stat) {
        let standing = FolderTrust::from_stat(stat, self.top().standing.steady);
        self.below.push(Step { fd, name, standing });
    }

    /// What the path is that leads to this name, without links.
    fn path(&self, name: &OsStr) -> PathBuf {
        let above = self.below.iter().map(|step| step.name.as_os_str());
        Path::new("/").join(above.chain([name]).collect::<PathBuf>())
    }

    fn place(mut self, name: OsString, entry: Option<Stat>) -> SafePlace {
        let top = self.below.pop().unwrap_or(self.root);
        SafePlace { dir: top.fd, name, folder: top.standing, entry }
    }
}

fn stat(fd: &OwnedFd) -> nix::Result<Stat> {
    Ok(Stat::from(&nix::sys::stat::fstat(fd)?))
}

impl Root {
    /// Where a path leads without anybody else's doing. A folder of another user on the way is entered; a
    /// link that is not root's alone is refused, also as the last component unless that is to be kept.
    ///
    /// # Errors
    /// A folder on the way is missing (`is_not_found`), is none, or is such a link.
    pub(super) fn safe_place(&self, verb: &'static str, inner: &Path, last: Last) -> Result<SafePlace> {
        let fail = |e: Errno| self.error(verb, inner, e);
        let mut way = Walk::begin(self).map_err(fail)?;
        let mut pending = Vec::new();
        push_components(&mut pending, inner);
        let mut links = 0;
        while let Some(name) = pending.pop() {
            if name == ".." {
                way.below.pop();
                continue;
            }
            let at_end = pending.is_empty();
            match way.open_name(&name).map_err(fail)? {
                None if at_end => return Ok(way.place(name, None)),
                None => return Err(fail(Errno::ENOENT)),
                Some((_, stat)) if at_end && (stat.kind != FileKind::Symlink || last == Last::Keep) => {
                    return Ok(way.place(name, Some(stat)));
                }
                Some((fd, stat)) if stat.kind == FileKind::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(fail(Errno::ELOOP));
                    }
                    if !way.top().standing.alone || !is_own(stat.uid) {
                        return Err(self.foreign_link(verb, inner, &way.path(&name)));
                    }
                    let target = PathBuf::from(readlinkat(&fd, "").map_err(fail)?);
                    if target.is_absolute() {
                        way.below.clear();
                    }
                    push_components(&mut pending, &target);
                }
                Some((fd, stat)) if stat.kind == FileKind::Dir => way.down(fd, name, stat),
                Some(_) => return Err(fail(Errno::ENOTDIR)),
            }
        }
        let Some(last) = way.below.pop() else { return Err(fail(Errno::EINVAL)) };
        Ok(way.place(last.name, Some(last.standing.stat)))
    }

    fn foreign_link(&self, verb: &'static str, inner: &Path, link: &Path) -> Error {
        let link = escape(self.outer(link).as_os_str());
        let cause = format!(
            "'{link}' is a link that others than root can change; \
             hint: write the path without the link, or let root alone own the link and the folders above it"
        );
        Error::other(verb, self.outer(inner), ErrorKind::PermissionDenied, cause)
    }

    /// That something is not done because of who else can change what is there.
    pub(super) fn unsafe_path(&self, verb: &'static str, inner: &Path, cause: &str) -> Error {
        let cause = format!(
            "{cause}, in a folder that others than root can change; \
             hint: remove it, or let root alone own the folders above it"
        );
        Error::other(verb, self.outer(inner), ErrorKind::PermissionDenied, cause)
    }

    /// Can nobody else change what this path leads to, links included? The name itself need not be there.
    ///
    /// # Errors
    /// That cannot be found out.
    pub fn is_alone(&self, inner: &Path) -> Result<bool> {
        match self.safe_place("examine", inner, Last::Follow) {
            Ok(place) => Ok(place.folder.alone),
            // A link that is not followed is another's.
            Err(e) if e.kind() == ErrorKind::PermissionDenied && e.errno().is_none() => Ok(false),
            Err(e) => Err(e),
        }
    }
}
