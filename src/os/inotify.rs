//! Being told of changes in folders and files, instead of looking again and again.
//!
//! An event says only where something happened; what is there now must be looked at. When the
//! kernel's queue overflows, that is an event too, and everything must be looked at.

use super::error::{Error, Result};
use super::root::Root;
use nix::errno::Errno;
pub use nix::sys::inotify::AddWatchFlags;
use nix::sys::inotify::{InitFlags, Inotify, WatchDescriptor};
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

/// A set of watches.
#[derive(Debug)]
pub struct Watcher {
    inotify: Inotify,
}

/// What an event refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Watch(WatchDescriptor);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something at this watch: in a folder, to the entry of this name.
    At {
        /// Which watch.
        watch: Watch,
        /// The entry, for a folder.
        name: Option<OsString>,
        /// What the kernel calls it.
        what: AddWatchFlags,
    },
    /// The watched thing is gone, and the watch with it.
    Gone(Watch),
    /// Events were lost: look at everything.
    Overflow,
}

/// What one wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Names that come, go and change in a folder, and writes to its files.
    Folder,
    /// Names that come into a folder, complete: moved there, or closed after writing. For PID files.
    Arrivals,
    /// Writes to one file, cgroup.events among them.
    File,
}

impl Watcher {
    /// Without watches yet.
    pub fn new() -> Result<Watcher> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
            .map_err(|e| Error::new("watch", "files", e))?;
        Ok(Watcher { inotify })
    }

    /// Adds a watch. The same folder again gives the same watch. The kernel's limit on watches
    /// (fs.inotify.max_user_watches) shows as "No space left on device".
    pub fn add(&self, root: &Root, path: &Path, scope: Scope) -> Result<Watch> {
        let own = AddWatchFlags::IN_DELETE_SELF | AddWatchFlags::IN_MOVE_SELF;
        let arrivals = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_CREATE;
        let mask = match scope {
            Scope::Folder => {
                arrivals
                    | AddWatchFlags::IN_MODIFY
                    | AddWatchFlags::IN_MOVED_FROM
                    | AddWatchFlags::IN_DELETE
                    | AddWatchFlags::IN_ONLYDIR
                    | own
            }
            Scope::Arrivals => arrivals | AddWatchFlags::IN_ONLYDIR | own,
            Scope::File => AddWatchFlags::IN_MODIFY | own,
        };
        let fail = |e: Errno| Error::new("watch", root.outer(path), e);
        let watch = if root.is_host() {
            self.inotify.add_watch(&root.outer(path), mask)
        } else {
            // The descriptor leads to what the root resolved; the kernel's link is followed.
            let flags = nix::fcntl::OFlag::O_PATH;
            let found = root.open_with(path, flags, 0)?;
            let link = Path::new("/proc/self/fd").join(found.as_raw_fd().to_string());
            self.inotify.add_watch(&link, mask)
        };
        watch.map(Watch).map_err(fail)
    }

    /// Removes a watch; one that has gone by itself is no error.
    pub fn remove(&self, watch: Watch) -> Result<()> {
        match self.inotify.rm_watch(watch.0) {
            Ok(()) | Err(Errno::EINVAL) => Ok(()),
            Err(e) => Err(Error::new("watch", "files", e)),
        }
    }

    /// What has happened since, without blocking; empty when nothing has.
    pub fn changes(&self) -> Result<Vec<Change>> {
        let events = match self.inotify.read_events() {
            Ok(events) => events,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Vec::new()),
            Err(e) => return Err(Error::new("read", "file events", e)),
        };
        let change = |event: nix::sys::inotify::InotifyEvent| {
            if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                Change::Overflow
            } else if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                Change::Gone(Watch(event.wd))
            } else {
                Change::At { watch: Watch(event.wd), name: event.name, what: event.mask }
            }
        };
        Ok(events.into_iter().map(change).collect())
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::Sync;
    use crate::os::root::tests::Scratch;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn tells_of_what_comes_and_goes() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let dir = Path::new("/run");
        root.create_dir_all(dir, 0o755).unwrap();
        let watcher = Watcher::new().unwrap();
        let watch = watcher.add(&root, dir, Scope::Arrivals).unwrap();
        assert_eq!(watcher.changes().unwrap(), []);
        let name = OsString::from_vec(b"\xff.pid".to_vec());
        root.write_atomic(&dir.join(&name), b"1\n", 0o644, Sync::No).unwrap();
        let moved = Change::At { watch, name: Some(name.clone()), what: AddWatchFlags::IN_MOVED_TO };
        assert!(watcher.changes().unwrap().contains(&moved));
        assert_eq!(watcher.add(&root, dir, Scope::Folder).unwrap(), watch);
        root.remove_file(&dir.join(&name)).unwrap();
        let gone = Change::At { watch, name: Some(name), what: AddWatchFlags::IN_DELETE };
        assert_eq!(watcher.changes().unwrap(), [gone]);
        root.remove_dir(dir).unwrap();
        // A child of another test's thread may hold the folder until it executes its program.
        let told = || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            watcher.changes().unwrap().last() == Some(&Change::Gone(watch))
        };
        assert!((0..500).any(|_| told()));
        watcher.remove(watch).unwrap();
        assert!(watcher.add(&root, dir, Scope::Folder).unwrap_err().is_not_found());
    }
}
