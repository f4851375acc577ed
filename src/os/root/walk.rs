//! Finding a path inside a root, component by component.
//!
//! Every step is an `openat` with O_PATH and O_NOFOLLOW; links are read and followed here, so that
//! an absolute link starts at the root again and `..` stops there. Nothing that is renamed or
//! replaced meanwhile can lead outside. Works on every kernel from 2.6.39. Where the kernel can do
//! the same in one call (openat2 with RESOLVE_IN_ROOT, Linux 5.6), it does.

use crate::os::sys;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel itself follows.
pub(super) const MAX_LINKS: u32 = 40;

/// What to do when the last component is a link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Follow it.
    Follow,
    /// Stop at it.
    Keep,
}

/// Where a path leads: a name in a folder. The name need not exist.
pub(super) struct Location {
    /// The folder, opened with O_PATH.
    pub dir: OwnedFd,
    /// One component; `.` for the root itself.
    pub name: OsString,
}

/// A folder on the way down.
struct Step {
    fd: OwnedFd,
    name: OsString,
}

/// Finds `inner` below `root`, the quick way where there is one.
pub(super) fn find(root: BorrowedFd<'_>, inner: &Path, last: Last) -> Result<Location, Errno> {
    match quick(root, inner, last) {
        Some(outcome) => outcome,
        None => walk(root, inner, last).map(|(place, _)| place),
    }
}

/// By openat2(2); `None` where the kernel has none, where something is renamed at this moment
/// (EAGAIN), where the last component is a link that is to be followed, and for every error whose
/// reason the walk knows better.
pub(super) fn quick(root: BorrowedFd<'_>, inner: &Path, last: Last) -> Option<Result<Location, Errno>> {
    let name = inner.file_name()?;
    let above = inner.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = match sys::open_dir_in_root(root, above) {
        Ok(dir) => dir,
        Err(Errno::ENOENT) => return Some(Err(Errno::ENOENT)),
        Err(_) => return None,
    };
    if last == Last::Follow {
        let stat = fstatat(&dir, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        match stat {
            Ok(stat) if is_link(stat.st_mode) => return None,
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(_) => return None,
        }
    }
    Some(Ok(Location { dir, name: name.to_owned() }))
}

/// Finds `inner` the quick way, with what is there; `None` where [`find`] is to be asked, as for a link
/// that is to be followed.
pub(super) fn seen(
    root: BorrowedFd<'_>,
    inner: &Path,
    last: Last,
) -> Option<Result<(Location, FileStat), Errno>> {
    let place = match quick(root, inner, Last::Keep)? {
        Ok(place) => place,
        Err(e) => return Some(Err(e)),
    };
    match fstatat(&place.dir, place.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) if last == Last::Follow && is_link(stat.st_mode) => None,
        Ok(stat) => Some(Ok((place, stat))),
        Err(Errno::ENOENT) => Some(Err(Errno::ENOENT)),
        Err(_) => None,
    }
}

fn is_link(mode: libc::mode_t) -> bool {
    SFlag::from_bits_truncate(mode) & SFlag::S_IFMT == SFlag::S_IFLNK
}

/// Finds `inner` below `root`; with the whole path as seen from the root, without links.
pub(super) fn walk(root: BorrowedFd<'_>, inner: &Path, last: Last) -> Result<(Location, PathBuf), Errno> {
    let mut stack: Vec<Step> = Vec::new();
    let mut pending: Vec<OsString> = Vec::new();
    push_components(&mut pending, inner);
    let mut links = 0;
    while let Some(name) = pending.pop() {
        if name == ".." {
            stack.pop();
            continue;
        }
        let at_end = pending.is_empty();
        if at_end && last == Last::Keep {
            return place(root, stack, name);
        }
        let top = stack.last().map_or(root, |step| step.fd.as_fd());
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let fd = match openat(top, name.as_os_str(), flags, Mode::empty()) {
            Err(Errno::ENOENT) if at_end => return place(root, stack, name),
            opened => opened?,
        };
        let kind = SFlag::from_bits_truncate(fstat(&fd)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFLNK {
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::ELOOP);
            }
            let target = PathBuf::from(readlinkat(&fd, "")?);
            if target.is_absolute() {
                stack.clear();
            }
            push_components(&mut pending, &target);
        } else if at_end {
            return place(root, stack, name);
        } else if kind == SFlag::S_IFDIR {
            stack.push(Step { fd, name });
        } else {
            return Err(Errno::ENOTDIR);
        }
    }
    match stack.pop() {
        Some(step) => place(root, stack, step.name),
        None => place(root, stack, OsString::from(".")),
    }
}

/// Puts the components of `path` on top of `pending`, the first one uppermost.
pub(super) fn push_components(pending: &mut Vec<OsString>, path: &Path) {
    pending.extend(path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    }));
}

fn place(root: BorrowedFd<'_>, mut stack: Vec<Step>, name: OsString) -> Result<(Location, PathBuf), Errno> {
    let mut canonical = PathBuf::from("/");
    canonical.extend(stack.iter().map(|step| step.name.as_os_str()));
    if name != OsStr::new(".") {
        canonical.push(&name);
    }
    let dir = match stack.pop() {
        Some(step) => step.fd,
        None => root
            .try_clone_to_owned()
            .map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EMFILE)))?,
    };
    Ok((Location { dir, name }, canonical))
}
