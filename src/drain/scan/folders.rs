//! Which folders are read, and what is in them.
//!
//! A driver: it reads folders.

use super::ScanRequest;
use super::limit::each;
use crate::drain::cursor::Cursors;
use crate::drain::judge::facts::Doubt;
use crate::drain::judge::glob::{DEPTH, Part, Pattern};
use crate::drain::judge::rules::FolderRules;
use crate::os::error::{Error as OsError, escape};
use crate::os::root::{FileKind, Root, Stat};
use crate::os::worker::within;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folders of every position whose path is absolute.
pub(super) fn known(cursors: &Cursors) -> BTreeSet<PathBuf> {
    let paths = cursors.used_folders().map(|folder| cursors.folder(folder));
    paths.filter(|path| path.first() == Some(&b'/')).map(without_trailing_slash).collect()
}

/// A folder's path without its last `/`.
fn without_trailing_slash(path: &[u8]) -> PathBuf {
    let path = match path {
        [rest @ .., b'/'] if !rest.is_empty() => rest,
        path => path,
    };
    PathBuf::from(OsStr::from_bytes(path))
}

/// What was met on the way to the folders of a pattern.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// The folders.
    found: BTreeSet<PathBuf>,
    /// Those above them whose names were listed, as they were before.
    listed: Vec<(PathBuf, Stamp)>,
    /// What could not be seen.
    blind: Vec<Doubt>,
    /// How deep the folders were looked into, by device and inode: links that lead back, which whoever may
    /// write there can make, are followed once.
    entered: HashMap<(u64, u64), usize>,
}

/// The folders in which files can match a pattern; those whose names were listed for it are added to
/// `listed`.
pub(super) fn matched(
    root: &Root,
    pattern: &Pattern,
    limit: Duration,
    listed: &mut Vec<(PathBuf, Stamp)>,
    doubts: &mut Vec<Doubt>,
) -> BTreeSet<PathBuf> {
    let (root, parts) = (root.clone(), pattern.parts().to_vec());
    let found = within(limit, move || {
        let mut met = Met::default();
        let folders = parts.len().saturating_sub(1);
        let any_last = parts.last() == Some(&Part::Any);
        let parts = parts.get(..folders + usize::from(any_last)).unwrap_or_default();
        walk(&root, PathBuf::from("/"), parts, &mut met);
        met
    });
    match found {
        Some(mut met) => {
            doubts.append(&mut met.blind);
            listed.append(&mut met.listed);
            met.found
        }
        None => {
            doubts.push(Doubt::Blind(pattern.text().to_owned(), HANGS.to_owned()));
            BTreeSet::new()
        }
    }
}

const HANGS: &str = "its file system did not answer in time";

fn walk(root: &Root, at: PathBuf, parts: &[Part], met: &mut Met) {
    let Some((part, later)) = parts.split_first() else {
        met.found.insert(at);
        return;
    };
    match part {
        Part::Name(name) => walk(root, at.join(name), later, met),
        Part::Wild(_) => {
            for name in subfolders(root, &at, met) {
                if part.matches(name.as_os_str().as_bytes()) {
                    walk(root, at.join(name), later, met);
                }
            }
        }
        Part::Any => below(root, at, DEPTH, later, met),
    }
}

fn below(root: &Root, at: PathBuf, depth: usize, later: &[Part], met: &mut Met) {
    if let Ok(stat) = root.stat(&at) {
        let deepest = met.entered.entry((stat.dev, stat.ino)).or_default();
        // 0 stands for never.
        if *deepest > depth {
            return;
        }
        *deepest = depth + 1;
    }
    walk(root, at.clone(), later, met);
    if depth > 0 {
        for name in subfolders(root, &at, met) {
            below(root, at.join(name), depth - 1, later, met);
        }
    }
}

fn subfolders(root: &Root, at: &Path, met: &mut Met) -> Vec<PathBuf> {
    let entries = root.stat(at).and_then(|stat| {
        met.listed.push((at.to_owned(), stamp_of(&stat)));
        root.list(at)
    });
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            met.blind.extend(blindness(at, &error));
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

/// A folder and the names in it that lead to regular files.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where it is, inside the root.
    pub path: PathBuf,
    /// Those names.
    pub files: Vec<FolderEntry>,
    /// Only a link led here: its files count where nothing that is asked for names them.
    pub beyond: bool,
    stamp: Stamp,
}

/// One name in a folder that leads to a regular file.
#[derive(Debug)]
pub(super) struct FolderEntry {
    /// The whole path.
    pub path: Box<[u8]>,
    /// The file's.
    pub stat: Stat,
    /// Whether the name is a symbolic link.
    pub link: bool,
}

/// Reads each folder. A name that was renamed from one to another while they were read may be missing,
/// and so may a folder below those that were `listed`: that is [`Doubt::Unsteady`].
pub(super) fn read(
    root: &Root,
    folders: BTreeSet<PathBuf>,
    mut listed: Vec<(PathBuf, Stamp)>,
    limit: Duration,
    doubts: &mut Vec<Doubt>,
) -> Vec<Folder> {
    let paths: Vec<PathBuf> = folders.into_iter().collect();
    let answers = each(root, paths.clone(), limit, |root, path| read_one(root, path));
    let mut all = Vec::with_capacity(answers.len());
    for (path, answer) in paths.iter().zip(answers) {
        match answer {
            Some(Ok(folder)) => all.push(folder),
            Some(Err(error)) => doubts.extend(blindness(path, &error)),
            None => doubts.push(Doubt::Blind(escape(path.as_os_str()), HANGS.to_owned())),
        }
    }
    // A file that was renamed from a folder still to be read into one that was read already is in
    // neither list.
    listed.extend(all.iter().map(|folder| (folder.path.clone(), folder.stamp)));
    let same = |root: &Root, (path, stamp): &(PathBuf, Stamp)| {
        root.stat(path).is_ok_and(|stat| stamp_of(&stat) == *stamp)
    };
    let answers = each(root, listed.clone(), limit, same);
    let changed = listed.iter().zip(answers).find(|(_, same)| *same != Some(true));
    doubts.extend(changed.map(|((path, _), _)| Doubt::Unsteady(escape(path.as_os_str()))));
    all
}

/// And the folders that links lead to which are asked for: a file that such a link led to is renamed there
/// when it is rotated.
pub(super) fn with_targets(
    root: &Root,
    mut read: Vec<Folder>,
    asks: &ScanRequest<'_>,
    limit: Duration,
    doubts: &mut Vec<Doubt>,
) -> Vec<Folder> {
    let mut more = BTreeSet::new();
    for folder in &read {
        let rules = FolderRules::new(asks.inputs, folder.path.as_os_str().as_bytes(), asks.others);
        for seen in folder.files.iter().filter(|seen| seen.link) {
            if rules.demands(&seen.path, true).iter().any(|demand| demand.input.is_some()) {
                let target = root.resolve(Path::new(OsStr::from_bytes(&seen.path)));
                more.extend(target.ok().as_deref().and_then(Path::parent).map(Path::to_path_buf));
            }
        }
    }
    more.retain(|folder| !read.iter().any(|read| read.path == *folder));
    if !more.is_empty() {
        let mut targets = self::read(root, more, Vec::new(), limit, doubts);
        targets.iter_mut().for_each(|folder| folder.beyond = true);
        read.append(&mut targets);
    }
    read
}

/// Which folder it is, and when it changed last.
pub(super) type Stamp = (u64, u64, (i64, u32));

fn stamp_of(stat: &Stat) -> Stamp {
    (stat.dev, stat.ino, stat.mtime)
}

fn read_one(root: &Root, folder: &Path) -> Result<Folder, OsError> {
    let above = folder.as_os_str().as_bytes();
    let above = above.strip_suffix(b"/").unwrap_or(above);
    let mut files = Vec::new();
    let own = root.each_file(folder, |name, kind, stat| {
        let path = [above, b"/", name.as_bytes()].concat().into_boxed_slice();
        files.push(FolderEntry { path, stat: *stat, link: kind == FileKind::Symlink });
    })?;
    Ok(Folder { path: folder.to_owned(), files, beyond: false, stamp: stamp_of(&own) })
}
