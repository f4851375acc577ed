//! What the shipper's processes have open. A driver: it reads `/proc`.

use crate::drain::cursor::FileId;
use crate::drain::judge::facts::Doubt;
use crate::drain::judge::file::Held;
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
    /// What the descriptor's link says.
    pub link: PathBuf,
    /// Where the file can be opened.
    pub open: PathBuf,
    /// Each time that it is open.
    pub readers: Readers,
}

/// The descriptors of one file, each with the offset up to which it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers(Vec<((ProcessId, i32), u64)>);

impl Readers {
    /// How far the file was read by whoever has read least of it.
    pub(super) fn held(&self) -> Held {
        self.0.iter().map(|(_, read)| *read).min().map_or(Held::No, |read| Held::Open { read })
    }

    /// Only those that are still there.
    pub(super) fn retain(&mut self, still: Option<&Self>) {
        let is_open = |which| still.is_some_and(|still| still.0.iter().any(|(other, _)| *other == which));
        self.0.retain(|(which, _)| is_open(*which));
    }
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
            let seen = all.entry(id).or_insert(Descriptor { stat, link, open, readers: Readers::default() });
            seen.readers.0.push(((pid, fd), info.pos));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_read_least_counts_while_he_has_the_file_open() {
        let readers = |all: &[(i32, u64)]| {
            let pid = ProcessId::own();
            Readers(all.iter().map(|&(fd, read)| ((pid, fd), read)).collect())
        };
        let mut seen = readers(&[(3, 900), (7, 512)]);
        assert_eq!(seen.held(), Held::Open { read: 512 });
        // What was read since then the sizes do not know of.
        seen.retain(Some(&readers(&[(3, 950), (8, 0)])));
        assert_eq!(seen.held(), Held::Open { read: 900 });
        seen.retain(None);
        assert_eq!(seen.held(), Held::No);
    }
}
