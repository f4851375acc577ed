//! What is mounted where, by /proc/self/mountinfo.

use super::SIZE_MAX;
use crate::os::mounts::unescaped;
use crate::os::root::Root;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One mount, proc(5): `36 35 98:0 /root /point rw,noatime - ext3 /dev/root rw`.
pub(super) struct Mount {
    pub(super) point: PathBuf,
    pub(super) read_only: bool,
    /// The type of the file system.
    pub(super) kind: String,
    /// What is mounted: a device, mostly.
    pub(super) source: PathBuf,
    /// The options of the file system; of control groups these name the controllers.
    pub(super) options: String,
}

/// All of them; of two on one point the later hides the earlier.
pub(super) fn mounts(root: &Root) -> Option<Vec<Mount>> {
    let text = root.read(Path::new("/proc/self/mountinfo"), SIZE_MAX).ok()?;
    let text = String::from_utf8_lossy(&text);
    let unescaped = |word: &str| PathBuf::from(OsString::from_vec(unescaped(word.as_bytes())));
    let read = |line: &str| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(4);
        let (point, flags) = (fields.next()?, fields.next()?);
        let mut words = file_system.split(' ');
        let (kind, source, options) = (words.next()?, words.next()?, words.next()?);
        let is_ro = |options: &str| options.split(',').any(|o| o == "ro");
        Some(Mount {
            point: unescaped(point),
            read_only: is_ro(flags) || is_ro(options),
            kind: kind.to_owned(),
            source: unescaped(source),
            options: options.to_owned(),
        })
    };
    Some(text.lines().filter_map(read).collect())
}

/// The mount that holds what the path leads to.
pub(super) fn mount_of(root: &Root, path: &Path) -> Option<Mount> {
    let resolved = root.resolve(path).ok()?;
    let above = mounts(root)?.into_iter().filter(|m| resolved.starts_with(&m.point));
    above.max_by_key(|m| m.point.components().count())
}
