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

use crate::drain::cursor::{ByFile, Cursors, FileId, Timestamp};
use crate::drain::judge::facts::Doubt;
use crate::drain::judge::file::{Coding, Held, LogFile, Wanted};
use crate::drain::judge::rules::{Demand, FolderRules, InputRules, add, demands_of};
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{Root, Stat};
use folders::{Folder, FolderEntry};
use held::{Descriptor, Readers};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod folders;
mod held;
mod limit;
mod read;
pub use read::{Request, codings, open, prints, tails};

/// How often folders that change while they are read are read again.
const ATTEMPTS: usize = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ScanRequest<'a> {
    /// By the shipper's inputs, and by the operator.
    pub inputs: &'a [InputRules],
    /// What holds for all other files: nobody asks, or that is not known.
    pub others: Wanted,
}

/// What was found.
#[derive(Debug, Default)]
pub struct ScanResult {
    /// The files, each once.
    pub files: Vec<LogFile>,
    /// What is asked for each.
    pub demands: Vec<Vec<Demand>>,
    /// Why this may not be all.
    pub doubts: Vec<Doubt>,
    /// The place of each among the files.
    pub places: ByFile<usize>,
    /// Where those can be opened that cannot be by their path.
    elsewhere: BTreeMap<usize, PathBuf>,
    /// By which descriptors the shipper has them open.
    readers: BTreeMap<FileId, Readers>,
}

/// Looks below `root`. `pids` are the shipper's processes, among those of `proc`; files below `own` are the
/// shipper's and no logs.
#[must_use]
pub fn scan(
    root: &Root,
    proc: &Proc,
    cursors: &Cursors,
    asks: &ScanRequest<'_>,
    pids: &[ProcessId],
    own: &Path,
    limit: Duration,
) -> ScanResult {
    let mut scene = ScanResult::default();
    let held = held::held(proc, pids, own, &mut scene.doubts);
    let known = folders::known(cursors);
    for attempt in 1..=ATTEMPTS {
        let mut doubts = Vec::new();
        let (mut all, mut listed) = (known.clone(), Vec::new());
        for pattern in asks.inputs.iter().flat_map(|input| &input.patterns) {
            all.extend(folders::matched(root, pattern, limit, &mut listed, &mut doubts));
        }
        let read = folders::read(root, all, listed, limit, &mut doubts);
        let read = folders::with_targets(root, read, asks, limit, &mut doubts);
        if attempt < ATTEMPTS && doubts.iter().any(|doubt| matches!(doubt, Doubt::Unsteady(_))) {
            continue;
        }
        scene.doubts.append(&mut doubts);
        scene.gather(root, read, asks, &held);
        break;
    }
    scene.deleted(&held, asks);
    scene.readers = held.into_iter().map(|(id, descriptor)| (id, descriptor.readers)).collect();
    scene
}

impl ScanResult {
    /// Where a file can be opened.
    #[must_use]
    pub fn opened_at(&self, place: usize) -> PathBuf {
        match (self.elsewhere.get(&place), self.files.get(place)) {
            (Some(path), _) => path.clone(),
            (None, Some(file)) => PathBuf::from(OsStr::from_bytes(&file.path)),
            (None, None) => PathBuf::new(),
        }
    }

    /// Looks once more at what the shipper has open. What it has closed meanwhile it had opened for a moment and not to
    /// ship it: Filebeat takes the fingerprint of each file at each scan, from its beginning.
    pub fn forget_passing(&mut self, proc: &Proc, pids: &[ProcessId], own: &Path) {
        let mut doubts = Vec::new();
        let still = held::held(proc, pids, own, &mut doubts);
        // Nothing is known of a process that has ended.
        if !doubts.is_empty() {
            return;
        }
        for file in self.files.iter_mut().filter(|file| file.links > 0) {
            let Some(readers) = self.readers.get_mut(&file.id) else { continue };
            readers.retain(still.get(&file.id).map(|descriptor| &descriptor.readers));
            file.held = readers.held();
        }
    }

    fn gather(
        &mut self,
        root: &Root,
        mut folders: Vec<Folder>,
        asks: &ScanRequest<'_>,
        held: &BTreeMap<FileId, Descriptor>,
    ) {
        let count = folders.iter().map(|folder| folder.files.len()).sum();
        self.places.reserve(count);
        self.files.reserve(count);
        self.demands.reserve(count);
        // Plain names first: a link counts only where no plain name is asked for.
        for (links, further) in [(false, false), (true, false), (false, true)] {
            for Folder { path, files, .. } in folders.iter_mut().filter(|folder| folder.beyond == further) {
                let here = FolderRules::new(asks.inputs, path.as_os_str().as_bytes(), asks.others);
                for seen in files.iter_mut().filter(|seen| seen.link == links) {
                    let demands = here.demands(&seen.path, links);
                    self.take(root, seen, demands, held);
                }
            }
        }
    }

    fn take(
        &mut self,
        root: &Root,
        seen: &mut FolderEntry,
        demands: Vec<Demand>,
        held: &BTreeMap<FileId, Descriptor>,
    ) {
        let id = FileId { dev: seen.stat.dev, ino: seen.stat.ino };
        if let Some(&place) = self.places.get(&id) {
            let old = self.demands.get_mut(place).into_iter();
            old.for_each(|old| demands.iter().for_each(|demand| add(old, *demand)));
            return;
        }
        let path = std::mem::take(&mut seen.path);
        if seen.link {
            if demands.iter().all(|demand| demand.input.is_none()) {
                return;
            }
            let target = root.resolve(Path::new(OsStr::from_bytes(&path))).unwrap_or_default();
            self.elsewhere.insert(self.files.len(), target);
        }
        self.places.insert(id, self.files.len());
        let held = held.get(&id).map_or(Held::No, |held| held.readers.held());
        self.files.push(log_file(&seen.stat, path, held));
        self.demands.push(demands);
    }

    /// Adds what the shipper holds open and no folder showed.
    fn deleted(&mut self, held: &BTreeMap<FileId, Descriptor>, asks: &ScanRequest<'_>) {
        for (&id, descriptor) in held {
            if self.places.contains_key(&id) {
                continue;
            }
            let link = descriptor.link.as_os_str().as_bytes();
            let path = match descriptor.stat.nlink {
                0 => link.strip_suffix(b" (deleted)").unwrap_or(link),
                _ => link,
            };
            self.demands.push(demands_of(asks.inputs, path, false, asks.others));
            self.places.insert(id, self.files.len());
            self.elsewhere.insert(self.files.len(), descriptor.open.clone());
            self.files.push(log_file(&descriptor.stat, path.into(), descriptor.readers.held()));
        }
    }
}

fn log_file(stat: &Stat, path: Box<[u8]>, held: Held) -> LogFile {
    let (seconds, nanoseconds) = stat.mtime;
    LogFile {
        id: FileId { dev: stat.dev, ino: stat.ino },
        path,
        size: stat.size,
        goal: stat.size,
        modified: Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanoseconds))),
        links: stat.nlink,
        held,
        coding: Coding::NotLooked,
    }
}
