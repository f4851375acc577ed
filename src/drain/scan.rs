//! Looks for log files and reads what must be read of them.
//!
//! Folders are read whole, once each: those of every known position and those that patterns name. So
//! a million positions of files that are gone cost one readdir for each folder, and a file is found by
//! device and inode wherever a rotation moved it among them. What the shipper holds open is found by
//! its descriptors, also where it has no name any more.
//!
//! Log folders belong to others. Files are opened O_NONBLOCK, O_NOFOLLOW and O_NOCTTY and must be the
//! regular file that was seen; nothing is written. Each folder is looked at by a thread of its own
//! with a limit, so that a file system which hangs makes its files unknown and not a hang.
//!
//! A driver: it reads folders, files and /proc.

use crate::drain::cursor::{Cursors, FileId, Timestamp};
use crate::drain::file::{Coding, Held, LogFile, Rules, Wanted};
use crate::drain::shipper::filebeat::glob::{Part, Pattern};
use crate::drain::verdict::Doubt;
use crate::drain::wish::{Wish, rules_of, worth};
use crate::os::error::{Error as OsError, escape};
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{FileKind, Root, Stat};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

mod read;
mod said;
pub use read::{Request, coding, prints, tails};
pub use said::said;

/// How often folders that change while they are read are read again.
const ATTEMPTS: usize = 3;

/// How many folders deep `**` reaches (`recursiveGlobDepth` of Beats).
const DEPTH: usize = 8;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asks<'a> {
    /// By the shipper's inputs, and by the operator.
    pub wishes: &'a [Wish],
    /// What holds for all other files: nobody asks, or that is not known.
    pub others: Wanted,
}

impl Asks<'_> {
    fn of(&self, path: &[u8], link: bool) -> Rules {
        rules_of(self.wishes, path, link, self.others)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Scene {
    /// The files, each once.
    pub files: Vec<LogFile>,
    /// Where each of them can be opened.
    pub open: Vec<PathBuf>,
    /// What the shipper was told of each.
    pub rules: Vec<Rules>,
    /// Why this may not be all.
    pub doubts: Vec<Doubt>,
}

/// Runs `job` in a thread of its own; `None` if it is not done within `limit`. A thread that hangs in
/// the kernel stays behind: there is no way to end it.
pub fn within<T: Send + 'static>(limit: Duration, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let result = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&result);
    // What is sent is the same for all jobs, so that there is one channel's code for all.
    let (done, ended) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().spawn(move || {
        let value = job();
        if let Ok(mut slot) = theirs.lock() {
            *slot = Some(value);
        }
        // Nobody waits any more where this fails.
        let _ = done.send(());
    });
    thread.ok()?;
    ended.recv_timeout(limit).ok()?;
    result.lock().ok()?.take()
}

/// Looks. `pids` are the shipper's processes; files below `own` are the shipper's and no logs.
#[must_use]
pub fn scan(
    root: &Root,
    cursors: &Cursors,
    asks: &Asks<'_>,
    pids: &[ProcessId],
    own: &Path,
    limit: Duration,
) -> Scene {
    let mut scene = Scene::default();
    let held = held(root, pids, own, &mut scene.doubts);
    let known = known_folders(cursors);
    for attempt in 1..=ATTEMPTS {
        let mut doubts = Vec::new();
        let mut folders = known.clone();
        for pattern in asks.wishes.iter().flat_map(|wish| &wish.patterns) {
            folders.extend(folders_of(root, pattern, limit, &mut doubts));
        }
        let seen = read_folders(root, &folders, limit, &mut doubts);
        if attempt < ATTEMPTS && doubts.iter().any(|doubt| matches!(doubt, Doubt::Unsteady(_))) {
            continue;
        }
        scene.doubts.append(&mut doubts);
        scene.gather(root, seen, asks, &held);
        break;
    }
    scene.deleted(held, asks);
    scene
}

fn known_folders(cursors: &Cursors) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut last = None;
    let mut seen = std::collections::HashSet::new();
    for number in cursors.numbers() {
        let folder = cursors.folder_of(number);
        if folder == last || !seen.insert(folder) {
            continue;
        }
        last = folder;
        let path = folder.map(|folder| cursors.folder(folder)).unwrap_or_default();
        if path.first() == Some(&b'/') {
            folders.insert(tidy(path));
        }
    }
    folders
}

/// A folder's path without its last `/`.
fn tidy(path: &[u8]) -> PathBuf {
    let path = match path {
        [rest @ .., b'/'] if !rest.is_empty() => rest,
        path => path,
    };
    PathBuf::from(OsStr::from_bytes(path))
}

/// The folders in which files can match a pattern.
fn folders_of(root: &Root, pattern: &Pattern, limit: Duration, doubts: &mut Vec<Doubt>) -> BTreeSet<PathBuf> {
    let (root, parts) = (root.clone(), pattern.parts().to_vec());
    let found = within(limit, move || {
        let mut found = BTreeSet::new();
        let mut blind = Vec::new();
        let folders = parts.len().saturating_sub(1);
        let any_last = parts.last() == Some(&Part::Any);
        let parts = parts.get(..folders + usize::from(any_last)).unwrap_or_default();
        walk(&root, PathBuf::from("/"), parts, &mut found, &mut blind);
        (found, blind)
    });
    match found {
        Some((found, blind)) => {
            doubts.extend(blind);
            found
        }
        None => {
            doubts.push(Doubt::Blind(pattern.text().to_owned(), HANGS.to_owned()));
            BTreeSet::new()
        }
    }
}

const HANGS: &str = "its file system did not answer in time";

fn walk(root: &Root, at: PathBuf, parts: &[Part], found: &mut BTreeSet<PathBuf>, blind: &mut Vec<Doubt>) {
    let Some((part, later)) = parts.split_first() else {
        found.insert(at);
        return;
    };
    match part {
        Part::Name(name) => walk(root, at.join(name), later, found, blind),
        Part::Wild(_) => {
            for name in subfolders(root, &at, blind) {
                if part.matches(name.as_os_str().as_bytes()) {
                    walk(root, at.join(name), later, found, blind);
                }
            }
        }
        Part::Any => below(
            root,
            at,
            DEPTH,
            &mut |folder, blind| {
                walk(root, folder, later, found, blind);
            },
            blind,
        ),
    }
}

fn below(
    root: &Root,
    at: PathBuf,
    depth: usize,
    take: &mut dyn FnMut(PathBuf, &mut Vec<Doubt>),
    blind: &mut Vec<Doubt>,
) {
    take(at.clone(), blind);
    if depth > 0 {
        for name in subfolders(root, &at, blind) {
            below(root, at.join(name), depth - 1, take, blind);
        }
    }
}

fn subfolders(root: &Root, at: &Path, blind: &mut Vec<Doubt>) -> Vec<PathBuf> {
    let entries = match root.list(at) {
        Ok(entries) => entries,
        Err(error) => {
            blind.extend(blindness(at, &error));
            return Vec::new();
        }
    };
    let folder = |kind, name: &OsStr| match kind {
        FileKind::Dir => true,
        FileKind::Symlink => root.is_dir(&at.join(name)),
        FileKind::Regular
        | FileKind::Fifo
        | FileKind::Socket
        | FileKind::CharDevice
        | FileKind::BlockDevice
        | FileKind::Other => false,
    };
    entries
        .into_iter()
        .filter(|entry| folder(entry.kind, &entry.name))
        .map(|entry| entry.name.into())
        .collect()
}

/// A folder that is not there holds nothing; any other error hides something.
fn blindness(at: &Path, error: &OsError) -> Option<Doubt> {
    let nothing = error.is_not_found() || error.kind() == std::io::ErrorKind::NotADirectory;
    (!nothing).then(|| Doubt::Blind(escape(at.as_os_str()), error.cause()))
}

/// One name in a folder that leads to a regular file.
#[derive(Debug)]
struct Seen {
    path: PathBuf,
    stat: Stat,
    link: bool,
}

fn read_folders(
    root: &Root,
    folders: &BTreeSet<PathBuf>,
    limit: Duration,
    doubts: &mut Vec<Doubt>,
) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut stamps = Vec::new();
    for folder in folders {
        let (job_root, at) = (root.clone(), folder.clone());
        match within(limit, move || read_folder(&job_root, &at)) {
            Some(Ok((stamp, seen))) => {
                stamps.push((folder.clone(), stamp));
                all.extend(seen);
            }
            Some(Err(error)) => doubts.extend(blindness(folder, &error)),
            None => doubts.push(Doubt::Blind(escape(folder.as_os_str()), HANGS.to_owned())),
        }
    }
    // A file that was renamed from a folder still to be read into one that was read already is in
    // neither list.
    let job_root = root.clone();
    let checked = within(limit, move || {
        stamps.into_iter().find(|(folder, stamp)| stamp_of(&job_root, folder).ok().as_ref() != Some(stamp))
    });
    if let Some((folder, _)) = checked.flatten() {
        doubts.push(Doubt::Unsteady(escape(folder.as_os_str())));
    }
    all
}

type Stamp = (u64, u64, (i64, u32));

fn stamp_of(root: &Root, folder: &Path) -> Result<Stamp, OsError> {
    let stat = root.stat(folder)?;
    Ok((stat.dev, stat.ino, stat.mtime))
}

fn read_folder(root: &Root, folder: &Path) -> Result<(Stamp, Vec<Seen>), OsError> {
    let stamp = stamp_of(root, folder)?;
    let mut all = Vec::new();
    for entry in root.list(folder)? {
        let path = folder.join(&entry.name);
        let link = match entry.kind {
            FileKind::Regular => false,
            FileKind::Symlink => true,
            FileKind::Dir
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::BlockDevice
            | FileKind::Other => continue,
        };
        let stat = if link { root.stat(&path) } else { root.lstat(&path) };
        match stat {
            Ok(stat) if stat.kind == FileKind::Regular => all.push(Seen { path, stat, link }),
            // A link to something else, to nothing or to itself.
            Ok(_) => {}
            Err(_) if link => {}
            // Renamed or removed since: the folder's stamp tells.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok((stamp, all))
}

/// A file that the shipper has open for reading.
#[derive(Debug)]
struct Descriptor {
    stat: Stat,
    read: u64,
    link: PathBuf,
    open: PathBuf,
}

/// What the shipper's processes have open. Their positions are taken before the sizes, so that a
/// position at the size means that the file was read to that size.
fn held(
    root: &Root,
    pids: &[ProcessId],
    own: &Path,
    doubts: &mut Vec<Doubt>,
) -> BTreeMap<FileId, Descriptor> {
    let proc = Proc::new(root.clone());
    let mut all: BTreeMap<FileId, Descriptor> = BTreeMap::new();
    for &pid in pids {
        let Ok(fds) = proc.fds(pid) else {
            doubts.push(Doubt::Descriptors(pid.get().unsigned_abs()));
            continue;
        };
        for fd in fds {
            // A descriptor that is closed meanwhile is none.
            let Ok(info) = proc.fd_info(pid, fd) else { continue };
            let (Ok(stat), Ok(link)) = (proc.fd_stat(pid, fd), proc.fd_link(pid, fd)) else { continue };
            let elsewhere = link.starts_with("/proc") || link.starts_with("/sys") || link.starts_with(own);
            if info.is_writable() || stat.kind != FileKind::Regular || elsewhere {
                continue;
            }
            let open = PathBuf::from(format!("/proc/{}/fd/{fd}", pid.get()));
            let id = FileId { dev: stat.dev, ino: stat.ino };
            all.entry(id).and_modify(|other| other.read = other.read.min(info.pos)).or_insert(Descriptor {
                stat,
                read: info.pos,
                link,
                open,
            });
        }
    }
    all
}

impl Scene {
    fn gather(&mut self, root: &Root, seen: Vec<Seen>, asks: &Asks<'_>, held: &BTreeMap<FileId, Descriptor>) {
        let mut places: HashMap<FileId, usize> = HashMap::with_capacity(seen.len());
        // Plain names first: a link counts only where no plain name is asked for.
        let (links, plain): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(|seen| seen.link);
        for seen in plain.into_iter().chain(links) {
            let id = FileId { dev: seen.stat.dev, ino: seen.stat.ino };
            let rules = asks.of(seen.path.as_os_str().as_bytes(), seen.link);
            let better = |old: &Rules| worth(old.wanted) < worth(rules.wanted);
            match places.get(&id) {
                Some(&place) => {
                    if let Some(old) = self.rules.get_mut(place).filter(|old| better(old)) {
                        *old = rules;
                    }
                    continue;
                }
                None if seen.link && matches!(rules.wanted, Wanted::No | Wanted::Unknown) => continue,
                None => places.insert(id, self.files.len()),
            };
            let open =
                if seen.link { root.resolve(&seen.path).unwrap_or_default() } else { seen.path.clone() };
            let held = held.get(&id).map_or(Held::No, |held| Held::Open { read: held.read });
            self.push(log_file(&seen.stat, seen.path.into_os_string().into_vec(), held), open, rules);
        }
    }

    /// Adds what the shipper holds open and no folder showed.
    fn deleted(&mut self, held: BTreeMap<FileId, Descriptor>, asks: &Asks<'_>) {
        let known: BTreeSet<FileId> = self.files.iter().map(|file| file.id).collect();
        for (_, descriptor) in held.into_iter().filter(|(id, _)| !known.contains(id)) {
            let link = descriptor.link.as_os_str().as_bytes();
            let path = match descriptor.stat.nlink {
                0 => link.strip_suffix(b" (deleted)").unwrap_or(link),
                _ => link,
            };
            let rules = asks.of(path, false);
            let held = Held::Open { read: descriptor.read };
            self.push(log_file(&descriptor.stat, path.to_vec(), held), descriptor.open, rules);
        }
    }

    fn push(&mut self, file: LogFile, open: PathBuf, rules: Rules) {
        self.files.push(file);
        self.open.push(open);
        self.rules.push(rules);
    }
}

fn log_file(stat: &Stat, path: Vec<u8>, held: Held) -> LogFile {
    let (seconds, nanoseconds) = stat.mtime;
    LogFile {
        id: FileId { dev: stat.dev, ino: stat.ino },
        path: path.into(),
        size: stat.size,
        goal: stat.size,
        modified: Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanoseconds))),
        links: stat.nlink,
        held,
        coding: Coding::NotLooked,
    }
}

/// One look at a batch of files, shared with the thread that takes it.
pub(in crate::drain) type Batch<T> = Arc<Vec<T>>;
