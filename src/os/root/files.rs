//! The regular files of a folder, each with what stat(2) says: for folders of thousands of log files.
//!
//! Costs one stat a file, relative to the open folder and in the order of inodes (on a cold disk that
//! is the order of their blocks), and no allocation a file. Nothing is opened.

use super::find::each_raw;
use super::{FileKind, Last, Result, Root, Stat};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use std::ffi::{CStr, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
        let mut stats = vec![None; names.len()];
        for place in order_by(&names, |name| name.ino) {
            if let (Some(name), Some(stat)) = (names.get(place), stats.get_mut(place)) {
                *stat = self.stat_name(&dir, inner, name, &text)?;
            }
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
