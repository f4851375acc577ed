//! Mounts in a view of the file system of one's own, mount(2).
//!
//! A place is opened before anything is mounted there, and has to be the one that was meant: a link that
//! somebody puts in the way in the meantime is an error and not a way.
//!
//! Descriptors are reached by the host's /proc. While a view is made ([`begin`] to [`end`]) that is the working
//! directory: the view may cover /proc, or have none.

use super::error::{Error, errno};
use super::root::{Existing, InTheWay, Perms, Root};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, mknod};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub use nix::mount::MsFlags as Flags;

const NONE: Option<&str> = None;

/// A file or folder, whoever puts what in its place.
#[derive(Debug)]
pub struct OpenPath {
    fd: OwnedFd,
    /// Where it is, without links.
    pub path: PathBuf,
}

impl OpenPath {
    /// That to which a path leads, through links.
    pub fn find(path: &Path) -> nix::Result<OpenPath> {
        OpenPath::from_fd(open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?, path)
    }

    /// The same by no link that others than root can change: ELOOP where there is one.
    pub fn safe(path: &Path) -> nix::Result<OpenPath> {
        OpenPath::from_fd(hold(path)?, path)
    }

    fn from_fd(fd: OwnedFd, path: &Path) -> nix::Result<OpenPath> {
        let named: PathBuf = nix::fcntl::readlink(&through(&fd))?.into();
        // So the kernel names what somebody has taken away and is still mounted.
        let path = match named.to_str().and_then(|name| name.strip_suffix(" (deleted)")) {
            Some(name) if named != path => name.into(),
            Some(_) | None => named,
        };
        Ok(OpenPath { fd, path })
    }

    /// That at a path without links: ELOOP where there is one by now.
    fn exactly(path: &Path) -> nix::Result<OpenPath> {
        let place = OpenPath::find(path)?;
        if place.path == path { Ok(place) } else { Err(Errno::ELOOP) }
    }

    /// A path that leads to it, and nowhere else.
    fn way(&self) -> PathBuf {
        through(&self.fd)
    }

    /// Whether a folder lies there (fstat(2)).
    pub fn is_folder(&self) -> nix::Result<bool> {
        let mode = nix::sys::stat::fstat(&self.fd)?.st_mode;
        Ok(mode & libc::S_IFMT == libc::S_IFDIR)
    }

    /// Has another seen in its place.
    pub fn cover(&self, with: &OpenPath, recursive: bool) -> nix::Result<()> {
        let deep = if recursive { MsFlags::MS_REC } else { MsFlags::empty() };
        mount(Some(&with.way()), &self.way(), NONE, MsFlags::MS_BIND | deep, NONE)
    }

    /// Mounts a file system there that needs no device.
    pub fn fill(&self, kind: &str, flags: Flags, options: &str) -> nix::Result<()> {
        mount(Some(kind), &self.way(), Some(kind), flags, Some(options).filter(|o| !o.is_empty()))
    }
}

/// Is the host's /proc the working directory? Of a process that makes a view, and has one thread.
static IN_PROC: AtomicBool = AtomicBool::new(false);

/// What the host's /proc says of this process.
fn of_self(file: &str) -> PathBuf {
    let proc = if IN_PROC.load(Ordering::Relaxed) { "" } else { "/proc" };
    Path::new(proc).join("self").join(file)
}

fn through(fd: &OwnedFd) -> PathBuf {
    of_self(&format!("fd/{}", fd.as_raw_fd()))
}

/// Comes before a view is made.
pub fn begin() -> nix::Result<()> {
    nix::unistd::chdir("/proc")?;
    IN_PROC.store(true, Ordering::Relaxed);
    Ok(())
}

/// The view is made.
pub fn end() -> nix::Result<()> {
    IN_PROC.store(false, Ordering::Relaxed);
    nix::unistd::chdir("/")
}

/// Has a folder, with what is mounted below it, seen as the root folder; `at` is a folder where it is mounted on
/// the way (`mount_move_root`).
pub fn enter_root(root: &OpenPath, at: &Path) -> nix::Result<()> {
    OpenPath::exactly(at)?.cover(root, true)?;
    let proc = open(".", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
    nix::unistd::fchdir(OpenPath::exactly(at)?.fd)?;
    let moved = mount(Some("."), "/", NONE, MsFlags::MS_MOVE, NONE);
    if moved.is_err() {
        // Where others share what it is mounted on it would stay with them.
        nix::unistd::fchdir(&proc)?;
        umount2(at, MntFlags::MNT_DETACH)?;
        return moved;
    }
    nix::unistd::chroot(".")?;
    nix::unistd::fchdir(proc)
}

/// What is at a path by no link that others than root can change: ELOOP where there is one.
pub(super) fn hold(path: &Path) -> nix::Result<OwnedFd> {
    Root::host().and_then(|host| host.safe_hold(path)).map_err(|e| number(&e))
}

/// That others lead elsewhere has no number of its own.
fn number(error: &Error) -> Errno {
    Errno::from_raw(error.errno().unwrap_or(libc::ELOOP))
}

/// Makes it what the source is, a folder or an empty file, with the folders above it; through no link that others
/// than root can change.
pub fn make_like(path: &Path, source: &OpenPath) -> nix::Result<()> {
    let is_folder = source.is_folder()?;
    let host = Root::host().map_err(|e| number(&e))?;
    let made = if is_folder {
        host.safe_dir(path, 0o755, None, Existing::Keep).map(drop)
    } else {
        host.safe_empty_file(path)
    };
    made.map_err(|e| number(&e))
}

/// A device like another, or where that may not be made that one itself; a link is made like a link.
pub fn make_device(path: &Path, like: &OpenPath) -> nix::Result<()> {
    let stat = nix::sys::stat::fstat(&like.fd)?;
    let kind = SFlag::from_bits_truncate(stat.st_mode & libc::S_IFMT);
    if !kind.intersects(SFlag::S_IFCHR) {
        return Err(Errno::ENXIO);
    }
    match mknod(path, kind, Mode::from_bits_truncate(stat.st_mode & 0o7777), stat.st_rdev) {
        Err(Errno::EPERM) => {
            mknod(path, SFlag::S_IFREG, Mode::empty(), 0)?;
            OpenPath::exactly(path)?.cover(like, false)
        }
        done => done,
    }
}

/// One line of /proc/self/mountinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The mount point, as the kernel names it.
    pub path: PathBuf,
    /// Its own flags (`ro`, `nosuid` …), not those of the file system.
    pub flags: Flags,
}

/// All that is mounted, what lies below before what covers it.
pub fn table() -> nix::Result<Vec<Point>> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let mut file = File::from(open(&of_self("mountinfo"), flags, Mode::empty())?);
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|e| errno(&e))?;
    Ok(text.split(|b| *b == b'\n').filter_map(point).collect())
}

/// Those that are seen: of several at a place the last.
#[must_use]
pub fn seen(table: Vec<Point>) -> Vec<Point> {
    let mut places = BTreeSet::new();
    let mut seen: Vec<Point> =
        table.into_iter().rev().filter(|point| places.insert(point.path.as_os_str().to_owned())).collect();
    seen.reverse();
    seen
}

fn point(line: &[u8]) -> Option<Point> {
    let mut words = line.split(|b| *b == b' ');
    let path = PathBuf::from(OsString::from_vec(unescaped(words.nth(4)?)));
    let options = std::str::from_utf8(words.next()?).ok()?;
    Some(Point { path, flags: options.split(',').map(flag).fold(Flags::empty(), Flags::union) })
}

/// Of an option of mount(8) that all file systems have.
pub fn flag(option: &str) -> Flags {
    match option {
        "ro" => Flags::MS_RDONLY,
        "nosuid" => Flags::MS_NOSUID,
        "nodev" => Flags::MS_NODEV,
        "noexec" => Flags::MS_NOEXEC,
        "noatime" => Flags::MS_NOATIME,
        "nodiratime" => Flags::MS_NODIRATIME,
        "relatime" => Flags::MS_RELATIME,
        "strictatime" => Flags::MS_STRICTATIME,
        _ => Flags::empty(),
    }
}

/// A word of a table of mounts without its escapes: `\040` is a blank.
#[must_use]
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits =
            after.get(..3).filter(|d| *first == b'\\' && d.iter().all(|b| (b'0'..=b'7').contains(b)));
        let number = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 8).ok());
        out.push(number.unwrap_or(*first));
        rest = if number.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    out
}

/// Is something mounted there?
#[must_use]
pub fn is_point(table: &[Point], path: &Path) -> bool {
    table.iter().any(|point| point.path.as_os_str().as_bytes() == path.as_os_str().as_bytes())
}

/// Makes it a mount of its own, that is not one yet.
pub fn make_point(path: &Path, table: &[Point]) -> nix::Result<()> {
    if is_point(table, path) {
        return Ok(());
    }
    let place = OpenPath::exactly(path)?;
    place.cover(&place, true)
}

/// Takes away what is mounted at a path and below it, as far as can be. What lies below another mount goes with that,
/// by the one call: each may wait for all CPUs.
pub fn uncover(path: &Path, table: &[Point]) {
    let there: Vec<&Path> =
        table.iter().map(|point| &*point.path).filter(|point| point.starts_with(path)).collect();
    let is_below = |point: &Path| there.iter().any(|other| *other != point && point.starts_with(other));
    for point in there.iter().rev().filter(|point| !is_below(point)) {
        if let Ok(place) = OpenPath::exactly(point) {
            let _ = umount2(&place.way(), MntFlags::MNT_DETACH);
        }
    }
}

/// Where a link leads; `None` for what is none.
#[must_use]
pub fn link(path: &Path) -> Option<PathBuf> {
    nix::fcntl::readlink(path).ok().map(PathBuf::from)
}

/// Makes a symbolic link; EEXIST where something is there.
pub fn make_link(to: &Path, path: &Path) -> nix::Result<()> {
    std::os::unix::fs::symlink(to, path).map_err(|e| errno(&e))
}

/// A link, and the folders above it, where nothing is; through no link that others than root can change.
pub fn make_safe_link(to: &Path, path: &Path) -> nix::Result<()> {
    let host = Root::host().map_err(|e| number(&e))?;
    host.place_link(path, to, &Perms::default(), InTheWay::Stays).map(drop).map_err(|e| number(&e))
}

/// A folder that all may enter.
pub fn make_folder(path: &Path) -> nix::Result<()> {
    nix::unistd::mkdir(path, Mode::from_bits_truncate(0o755))
}

/// The place at a path that was looked at before; see [`Place`].
pub fn place(path: &Path) -> nix::Result<OpenPath> {
    OpenPath::exactly(path)
}

/// Sets flags of what is mounted there, and takes others away; what is covered is left alone.
pub fn change(point: &Point, set: Flags, clear: Flags) -> nix::Result<()> {
    let wanted = point.flags.difference(clear).union(set);
    if wanted == point.flags {
        return Ok(());
    }
    let place = match OpenPath::exactly(&point.path) {
        // Something else is mounted above.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EACCES) => return Ok(()),
        place => place?,
    };
    let flags = Flags::MS_BIND | Flags::MS_REMOUNT | wanted;
    match mount(NONE, &place.way(), NONE, flags, NONE) {
        Err(Errno::EINVAL) => Ok(()),
        done => done,
    }
}

/// What nobody reads or enters, a file and a folder.
pub fn empty_nodes(folder: &Path) -> nix::Result<[OpenPath; 2]> {
    use std::os::unix::fs::OpenOptionsExt;
    let [file, dir] = ["inaccessible", "inaccessible.d"].map(|name| folder.join(name));
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o000).open(&file).map(drop);
    there(made.map_err(|e| errno(&e)))?;
    there(fs::DirBuilder::new().mode(0o000).create(&dir).map_err(|e| errno(&e)))?;
    Ok([OpenPath::exactly(&file)?, OpenPath::exactly(&dir)?])
}

/// A folder in it for [`enter_root`].
pub fn root_folder(folder: &Path) -> nix::Result<PathBuf> {
    let path = folder.join("root");
    there(nix::unistd::mkdir(&path, Mode::S_IRWXU))?;
    Ok(path)
}

/// Made by another process of this unit or another one, it is as good.
fn there(made: nix::Result<()>) -> nix::Result<()> {
    match made {
        Err(Errno::EEXIST) => Ok(()),
        made => made,
    }
}

/// How mounts pass between this view and others.
pub fn propagate(flag: Flags) -> nix::Result<()> {
    mount(NONE, "/", NONE, flag | Flags::MS_REC, NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_table() {
        let line = b"36 35 98:0 /mnt1 /mnt\\0402\\134 ro,nosuid,relatime master:1 - ext3 /dev/root rw,errors=continue";
        let flags = Flags::MS_RDONLY | Flags::MS_NOSUID | Flags::MS_RELATIME;
        assert_eq!(point(line), Some(Point { path: "/mnt 2\\".into(), flags }));
        assert_eq!(point(b""), None);
        assert!(is_point(&table().unwrap(), Path::new("/proc")));
    }
}
