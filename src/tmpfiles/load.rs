//! Reads the files of tmpfiles.d(5) and sysusers.d(5) of a root. A file that others than root could have
//! written is not gone by: what it says is done as root.

use super::folders::{self, Kind};
use crate::os::error::{Error, escape};
use crate::os::root::{Author, FileKind, Reader, Root};
use std::path::{Path, PathBuf};

/// Larger than any such file.
const LIMIT: u64 = 4 << 20;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Inside the root.
    pub path: PathBuf,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// The files of `NAME.d` that count, in order, and what could not be read of them. `wanted` says, by their
/// names, which of them are looked at.
pub fn files(
    root: &Root,
    runtime: &Path,
    name: &str,
    wanted: &dyn Fn(&Path) -> bool,
) -> (Vec<File>, Vec<String>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    // Where /lib is /usr/lib there is nothing to see twice.
    let merged = root.lstat(Path::new("/lib")).is_ok_and(|stat| stat.kind == FileKind::Symlink);
    for folder in folders::folders(runtime, name) {
        if merged && folder.starts_with("/lib") {
            continue;
        }
        match names(root, &folder, wanted) {
            Ok(names) => found.push((folder, names)),
            Err(e) if e.is_not_found() => {}
            Err(e) => troubles.push(e.to_string()),
        }
    }
    let mut files = Vec::new();
    for path in folders::choose(&found) {
        match root.safe_read(&path, LIMIT, Reader::Amr) {
            Ok((bytes, Author::Root)) => files.push(File { path, bytes }),
            Ok((_, Author::Others)) => troubles.push(format!(
                "cannot use '{}': others than root can write it; \
                 hint: let root alone own it and the folders above it",
                escape(root.outer(&path).as_os_str())
            )),
            Err(e) => troubles.push(e.to_string()),
        }
    }
    (files, troubles)
}

/// The names in a folder that count. A link that leads nowhere hides as one to /dev/null does, as with systemd.
fn names(root: &Root, folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<(String, Kind)>, Error> {
    let listed = root.list(folder)?;
    let named = listed.into_iter().filter_map(|entry| entry.name.into_string().ok());
    let kinds = named.filter(|name| folders::is_listed(name)).filter_map(|name| {
        let path = folder.join(&name);
        if !wanted(&path) {
            return None;
        }
        if root.read_link(&path).is_ok_and(|target| target == Path::new("/dev/null")) {
            return Some((name, Kind::Mask));
        }
        let Ok(stat) = root.stat(&path) else { return Some((name, Kind::Mask)) };
        match stat.kind {
            FileKind::Regular if stat.size > 0 => Some((name, Kind::File)),
            FileKind::Regular => Some((name, Kind::Mask)),
            FileKind::CharDevice if stat.is_null_device() => Some((name, Kind::Mask)),
            FileKind::Dir
            | FileKind::Symlink
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::BlockDevice
            | FileKind::Other => None,
        }
    });
    Ok(kinds.collect())
}
