//! What stat(2) says of a file.

use nix::sys::stat::{FileStat, SFlag, fstat};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::AsFd;

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum FileKind {
    Regular,
    Dir,
    Symlink,
    Fifo,
    Socket,
    CharDevice,
    BlockDevice,
    /// None of those that Linux names.
    Other,
}

/// What stat(2) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// The type.
    pub kind: FileKind,
    /// The device that holds it.
    pub dev: u64,
    /// The inode on that device.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Permission bits, 0o7777.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links; 0 for a file that is open but deleted.
    pub nlink: u64,
    /// Last change of the contents: seconds and nanoseconds since 1970.
    pub mtime: (i64, u32),
    /// Last change of the contents, name, owner or mode, the same way. No program can set it.
    pub ctime: (i64, u32),
    /// The device that a device file stands for.
    pub rdev: u64,
}

impl Stat {
    /// Last change of whatever is known of it, as [`mtime`](Self::mtime), which a program may have set to a time ahead.
    #[must_use]
    pub fn changed(&self) -> (i64, u32) {
        self.mtime.max(self.ctime)
    }

    /// The major and minor number of the device that holds it, as /proc writes them.
    #[must_use]
    pub fn device(&self) -> (u32, u32) {
        (libc::major(self.dev), libc::minor(self.dev))
    }

    /// The major and minor number of the device that a device file stands for.
    #[must_use]
    pub fn node(&self) -> (u32, u32) {
        (libc::major(self.rdev), libc::minor(self.rdev))
    }

    /// What fstat(2) says of an open file.
    pub fn from_fd(fd: impl AsFd) -> io::Result<Stat> {
        Ok(Stat::from(&fstat(fd)?))
    }
}

impl From<&FileStat> for Stat {
    fn from(s: &FileStat) -> Stat {
        Stat {
            kind: kind_of(s.st_mode),
            dev: s.st_dev,
            ino: s.st_ino,
            size: u64::try_from(s.st_size).unwrap_or(0),
            mode: s.st_mode & 0o7777,
            uid: s.st_uid,
            gid: s.st_gid,
            // The type of st_nlink differs between architectures.
            #[allow(clippy::useless_conversion)]
            nlink: u64::from(s.st_nlink),
            mtime: (s.st_mtime, u32::try_from(s.st_mtime_nsec).unwrap_or(0)),
            ctime: (s.st_ctime, u32::try_from(s.st_ctime_nsec).unwrap_or(0)),
            rdev: s.st_rdev,
        }
    }
}

pub(super) fn kind_of(mode: libc::mode_t) -> FileKind {
    match mode & SFlag::S_IFMT.bits() {
        libc::S_IFREG => FileKind::Regular,
        libc::S_IFDIR => FileKind::Dir,
        libc::S_IFLNK => FileKind::Symlink,
        libc::S_IFIFO => FileKind::Fifo,
        libc::S_IFSOCK => FileKind::Socket,
        libc::S_IFCHR => FileKind::CharDevice,
        libc::S_IFBLK => FileKind::BlockDevice,
        _ => FileKind::Other,
    }
}
