//! The regular files of a folder, each with what stat(2) says: for folders of thousands of log files.
//!
//! Costs one stat a file, relative to the open folder and in the order of inodes (on a cold disk that
//! is the order of their blocks), and no allocation a file; half of them by a second thread where there are many.
//! Nothing is opened.

use super::find::each_raw;
use super::{FileKind, Last, Result, Root, Stat};
use crate::os::cpu;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use std::ffi::{CStr, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::Builder;

/// A name that was read.
struct Name {
    /// The inode, as the folder has it.
    ino: u64,
    /// Where it stands among the bytes of all names, and its length without the NUL behind it.
    at: usize,
    len: usize,
    kind: Option<FileKind>,
}

impl Name {
    fn bytes<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.at..self.at.saturating_add(self.len)).unwrap_or_default()
    }
}

impl Root {
    /// Calls `each` with every name in a folder that is or leads to a regular file, in the order of
    /// their bytes: the name, what it is itself (a regular file or a link), and what stat(2) says of
    /// the file. Gives what stat(2) said of the folder before it was read.
    ///
    /// A name that is removed meanwhile is left out, and so is a link that leads nowhere.
    pub fn each_file(&self, inner: &Path, mut each: impl FnMut(&OsStr, FileKind, &Stat)) -> Result<Stat> {
        let dir = self.open_listing(inner)?;
        let own = Stat::from_fd(&dir).map_err(|e| self.error("examine", inner, e))?;
        let (mut text, mut names) = (Vec::new(), Vec::new());
        let dir = each_raw(dir, &mut |entry| {
            if matches!(entry.kind, None | Some(FileKind::Regular | FileKind::Symlink)) {
                let (name, kind) = (entry.name.as_bytes(), entry.kind);
                names.push(Name { ino: entry.ino, at: text.len(), len: name.len(), kind });
                text.extend_from_slice(name);
                text.push(0);
            }
        })
        .map_err(|e| self.error("list", inner, e))?;
        let order = order_by(&names, |name| name.ino);
        let fd = dir.as_fd();
        let look = |places: &[usize]| -> Result<Vec<_>> {
            let mut stats = Vec::with_capacity(places.len());
            for name in places.iter().filter_map(|place| names.get(*place)) {
                stats.push(self.stat_name(fd, inner, name, &text)?);
            }
            Ok(stats)
        };
        let (first, second) = in_halves(&order, look);
        let mut stats = vec![None; names.len()];
        for (place, stat) in order.iter().zip(first?.into_iter().chain(second?)) {
            stats.get_mut(*place).into_iter().for_each(|into| *into = stat);
        }
        for place in by_bytes(&names, &text) {
            let (Some(name), Some(stat)) = (names.get(place), stats.get(place)) else { continue };
            if let Some((kind, stat)) = stat {
                each(OsStr::from_bytes(name.bytes(&text)), *kind, stat);
            }
        }
        Ok(own)
    }

    /// What a name is, and what stat(2) says of the regular file; `None` for anything else.
    fn stat_name(
        &self,
        dir: impl AsFd,
        inner: &Path,
        name: &Name,
        text: &[u8],
    ) -> Result<Option<(FileKind, Stat)>> {
        let path = || inner.join(OsStr::from_bytes(name.bytes(text)));
        if name.kind != Some(FileKind::Symlink) {
            let bytes = text.get(name.at..).and_then(|rest| CStr::from_bytes_until_nul(rest).ok());
            let stat = match fstatat(dir, bytes.unwrap_or_default(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                Ok(stat) => Stat::from(&stat),
                Err(Errno::ENOENT) => return Ok(None),
                Err(error) => {
                    let own = Err(self.error("examine", &path(), error));
                    self.or_refused(own, &path(), |asked| asked.stat(Last::Keep))?
                }
            };
            match stat.kind {
                FileKind::Regular => return Ok(Some((FileKind::Regular, stat))),
                FileKind::Symlink => {}
                FileKind::Dir
                | FileKind::Fifo
                | FileKind::Socket
                | FileKind::CharDevice
                | FileKind::BlockDevice
                | FileKind::Other => return Ok(None),
            }
        }
        // To something else, to nothing or to itself: no file either way.
        let stat = self.stat(&path()).ok();
        Ok(stat.filter(|stat| stat.kind == FileKind::Regular).map(|stat| (FileKind::Symlink, stat)))
    }
}

/// From so many names on a second thread saves more than it costs.
const MANY: usize = 256;

/// What `look` says of each half of the places: side by side, where there are many and a second processor.
fn in_halves<T: Send>(places: &[usize], look: impl Fn(&[usize]) -> T + Sync) -> (T, T) {
    let alone = places.len() < MANY || cpu::count() < 2;
    let (first, second) = places.split_at(if alone { places.len() } else { places.len() / 2 });
    std::thread::scope(|scope| {
        let other = if alone { None } else { Builder::new().spawn_scoped(scope, || look(second)).ok() };
        let first = look(first);
        // Where there are no threads to be had.
        (first, other.and_then(|other| other.join().ok()).unwrap_or_else(|| look(second)))
    })
}

/// The places of the names by such a key, the lowest first; of equal keys the earlier place.
fn order_by(names: &[Name], key: impl Fn(&Name) -> u64) -> Vec<usize> {
    // Numbers alone are sorted several times as fast as what they stand for.
    let mut keys: Vec<u128> =
        names.iter().zip(0u128..).map(|(name, place)| u128::from(key(name)) << 64 | place).collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| key as usize).collect()
}

/// The places of the names in the order of their bytes.
fn by_bytes(names: &[Name], text: &[u8]) -> Vec<usize> {
    // Most names of a folder begin alike: the eight bytes behind that tell nearly all of them apart.
    let first = names.first().map(|name| name.bytes(text)).unwrap_or_default();
    let alike =
        |name: &Name| name.bytes(text).iter().zip(first).take_while(|(one, other)| one == other).count();
    let alike = names.iter().map(alike).min().unwrap_or(0);
    let part = |name: &Name| {
        let mut part = [0; 8];
        let rest = name.bytes(text).get(alike..).unwrap_or_default();
        part.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        u64::from_be_bytes(part)
    };
    let mut order = order_by(names, part);
    let bytes = |place: &usize| names.get(*place).map(|name| name.bytes(text)).unwrap_or_default();
    let parts = |place: &usize| names.get(*place).map(part);
    for same in order.chunk_by_mut(|one, other| parts(one) == parts(other)) {
        same.sort_by(|one, other| bytes(one).cmp(bytes(other)));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// As many as two threads look at, with what is no file among them.
    #[test]
    fn each_of_many_files_is_told_once_with_its_own_stat_in_the_order_of_their_names() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let folder = root.outer(Path::new("/logs"));
        fs::create_dir_all(folder.join("between")).unwrap();
        let count = 2 * MANY + 1;
        // Not in that order.
        for number in (0..count).rev() {
            fs::write(folder.join(format!("{number:04}.log")), vec![b'x'; number]).unwrap();
        }
        symlink("0007.log", folder.join("link")).unwrap();
        symlink("nowhere", folder.join("loose")).unwrap();
        let mut seen = Vec::new();
        root.each_file(Path::new("/logs"), |name, kind, stat| {
            seen.push((name.to_str().unwrap().to_owned(), kind, stat.size));
        })
        .unwrap();
        let files = (0..count).map(|number| (format!("{number:04}.log"), FileKind::Regular, number as u64));
        let link = ("link".to_owned(), FileKind::Symlink, 7);
        assert_eq!(seen, files.chain([link]).collect::<Vec<_>>());
    }
}
