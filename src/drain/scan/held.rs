//! What the shipper's processes have open. A driver: it reads `/proc`.

use crate::drain::cursor::FileId;
use crate::drain::judge::facts::Doubt;
use crate::os::opener::OpenFile;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{FileKind, Stat};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file that the shipper has open for reading.
#[derive(Debug)]
pub(super) struct Descriptor {
    /// The file's.
    pub stat: Stat,
    /// Offset up to which it was read: the lowest, where it is open several times.
    pub read: u64,
    /// What the descriptor's link says.
    pub link: PathBuf,
    /// Where the file can be opened.
    pub open: PathBuf,
}

/// What the shipper's processes have open. Their positions are taken before the sizes, so that a
/// position at the size means that the file was read to that size.
pub(super) fn held(
    proc: &Proc,
    pids: &[ProcessId],
    own: &Path,
    doubts: &mut Vec<Doubt>,
) -> BTreeMap<FileId, Descriptor> {
    let mut all: BTreeMap<FileId, Descriptor> = BTreeMap::new();
    for &pid in pids {
        let Ok(files) = proc.open_files(pid) else {
            doubts.push(Doubt::Descriptors(pid.get().unsigned_abs()));
            continue;
        };
        for OpenFile { fd, info, stat, link } in files {
            let link = PathBuf::from(link);
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
