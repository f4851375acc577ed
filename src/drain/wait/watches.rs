//! Hears of changes: of the registry, of log folders, and of a shipper's end.
//!
//! What cannot be watched (the kernel's limits, a file system of the network, a kernel without pidfds)
//! is said, and must be polled. A driver.

use crate::drain::shipper::Found;
use crate::drain::shipper::PositionSource;
use crate::drain::wait::pace::ChangeSource;
use crate::os::clock::BootId;
use crate::os::error::{Error as OsError, escape};
use crate::os::features::Features;
use crate::os::inotify::{Change, Scope, Watcher};
use crate::os::kill::Target;
use crate::os::proc::Proc;
use crate::os::root::Root;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often what cannot be watched is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// So many folders are watched; what has more is polled.
const MOST: usize = 4096;

/// What is listened to.
#[derive(Debug, Default)]
pub(super) struct Watches {
    registries: Option<Watcher>,
    folders: Option<Watcher>,
    watched: BTreeSet<PathBuf>,
    targets: Vec<Target>,
    unwatched: BTreeSet<String>,
}

/// What was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Something happened there.
    pub(super) any: bool,
    /// Events were lost, or what was watched has gone.
    pub(super) lost: bool,
}

impl Watches {
    /// Watches the folders of registries, and the shippers' processes.
    pub(super) fn open(root: &Root, features: &Features, shippers: &[(&Found, &dyn PositionSource)]) -> Self {
        let mut watches = Self::default();
        if features.inotify {
            watches.registries = watches.watcher();
            watches.folders = watches.watcher();
        } else {
            watches.unwatched.insert("inotify is switched off".to_owned());
        }
        for (found, source) in shippers {
            watches.registry(&found.root, source.folder());
            watches.process(root, features, found);
        }
        watches
    }

    fn watcher(&mut self) -> Option<Watcher> {
        Watcher::new().inspect_err(|error| self.cannot(error)).ok()
    }

    /// Watches one registry's folder; a folder that was replaced is watched anew.
    pub(super) fn registry(&mut self, root: &Root, folder: &Path) {
        let heard = self.registries.as_ref().map(|watcher| watcher.add(root, folder, Scope::Folder));
        if let Some(Err(error)) = heard {
            self.cannot(&error);
        }
    }

    /// Watches a shipper's process.
    pub(super) fn process(&mut self, root: &Root, features: &Features, found: &Found) {
        let Some(pid) = found.process else { return };
        let proc = Proc::new(root.clone());
        let target = BootId::read(root).and_then(|boot| {
            let identity = proc.identity(pid, &boot)?;
            Target::open(&identity, &boot, &proc, features)
        });
        match target {
            Ok(Some(target)) if target.pidfd().is_some() => self.targets.push(target),
            Ok(Some(_)) => {
                self.unwatched.insert(format!("the end of process {pid} gives no event on this kernel"));
            }
            // It has ended: the next look sees it.
            Ok(None) | Err(_) => {}
        }
    }

    /// Watches the folders of these files too, and says which of them need not show every change.
    pub(super) fn folders<'p>(&mut self, root: &Root, paths: impl Iterator<Item = &'p Path>) {
        let Some(watcher) = &self.folders else { return };
        let (mut failed, before) = (None, self.watched.len());
        for folder in paths.filter_map(Path::parent) {
            if self.watched.contains(folder) {
                continue;
            }
            if self.watched.len() >= MOST {
                self.unwatched.insert(format!("more than {MOST} folders hold log files"));
                break;
            }
            match watcher.add(root, folder, Scope::Folder) {
                Ok(_) => {
                    self.watched.insert(folder.to_owned());
                }
                // A deleted file has no folder any more; the shipper's descriptor tells of it.
                Err(error) if error.is_not_found() => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = failed {
            self.cannot(&error);
        }
        if self.watched.len() > before {
            self.mounts(root);
        }
    }

    fn cannot(&mut self, error: &OsError) {
        self.unwatched.insert(error.to_string());
    }

    /// Takes out what happened to registries.
    pub(super) fn registry_changes(&self) -> Changes {
        self.registries.as_ref().map(read_changes).unwrap_or_default()
    }

    /// Takes out what happened in log folders. A folder that has gone is watched again when it is back.
    pub(super) fn folder_changes(&mut self) -> Changes {
        let heard = self.folders.as_ref().map(read_changes).unwrap_or_default();
        if heard.lost {
            self.watched.clear();
        }
        heard
    }

    /// Forgets processes that have ended; whether there was one.
    pub(super) fn ended(&mut self, ready: impl Fn(usize) -> bool) -> bool {
        let before = self.targets.len();
        let mut place = 0;
        self.targets.retain(|_| {
            place += 1;
            !ready(place - 1)
        });
        self.targets.len() < before
    }

    /// Where there is something to hear.
    pub(super) fn registry_fd(&self) -> Option<BorrowedFd<'_>> {
        self.registries.as_ref().map(AsFd::as_fd)
    }

    /// As [`Self::registry_fd`].
    pub(super) fn folder_fd(&self) -> Option<BorrowedFd<'_>> {
        self.folders.as_ref().map(AsFd::as_fd)
    }

    /// As [`Self::registry_fd`].
    pub(super) fn process_fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.targets.iter().filter_map(Target::pidfd)
    }

    /// Whether events are enough.
    pub(super) fn change_source(&self) -> ChangeSource {
        if self.unwatched.is_empty() { ChangeSource::Events } else { ChangeSource::Polling(INTERVAL) }
    }

    /// Why they are not, each a sentence that is given once.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.unwatched.iter().map(String::as_str)
    }
}

fn read_changes(watcher: &Watcher) -> Changes {
    let mut heard = Changes::default();
    loop {
        match watcher.changes() {
            Ok(changes) if changes.is_empty() => return heard,
            Ok(changes) => {
                heard.any = true;
                heard.lost = heard.lost
                    || changes.iter().any(|change| matches!(change, Change::Overflow | Change::Gone(_)));
            }
            Err(_) => return Changes { any: true, lost: true },
        }
    }
}

/// File systems on which other hosts write, of which inotify tells nothing (inotify(7)).
const REMOTE: [&str; 6] = ["nfs", "nfs4", "cifs", "smb3", "ceph", "9p"];

impl Watches {
    /// Says which of the watched folders lie on a file system whose changes need not show here.
    fn mounts(&mut self, root: &Root) {
        let Ok(mounts) = root.read(Path::new("/proc/self/mounts"), 4 << 20) else { return };
        let text = String::from_utf8_lossy(&mounts);
        for (at, kind) in text.lines().filter_map(mount) {
            let remote = REMOTE.contains(&kind) || kind.starts_with("fuse.");
            if remote && at != "/" && self.watched.iter().any(|folder| folder.starts_with(at)) {
                let name = escape(at.as_ref());
                self.unwatched.insert(format!("'{name}' is a file system of type {kind}"));
            }
        }
    }
}

/// Where it is mounted, and its type: the second and third word of a line.
fn mount(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ').skip(1);
    Some((words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree whose mounts are of these types. What is watched is real.
    fn hearing(types: [&str; 2]) -> Watches {
        let at = std::env::temp_dir().join(format!("amr-hear-{}-{}", std::process::id(), types.concat()));
        for folder in ["proc/self", "logs/far", "near"] {
            std::fs::create_dir_all(at.join(folder)).unwrap();
        }
        let [far, near] = types;
        let mounts = format!("/dev/vda / {near} rw 0 0\nserver:/logs /logs/far {far} rw 0 0\n");
        std::fs::write(at.join("proc/self/mounts"), mounts).unwrap();
        let root = Root::at(&at).unwrap();
        let mut watches = Watches::default();
        watches.folders = watches.watcher();
        watches.folders(&root, ["/near/a.log", "/logs/far/a.log"].map(Path::new).into_iter());
        std::fs::remove_dir_all(at).unwrap();
        watches
    }

    #[test]
    fn a_file_system_without_events_is_polled_and_said() {
        for far in ["nfs4", "cifs", "fuse.sshfs", "9p"] {
            let watches = hearing([far, "ext4"]);
            assert_eq!(watches.change_source(), ChangeSource::Polling(INTERVAL));
            let excuses: Vec<&str> = watches.warnings().collect();
            assert_eq!(excuses, [format!("'/logs/far' is a file system of type {far}")]);
        }
        // Where everything is on the network, as on a diskless host, only what else is mounted is named.
        assert_eq!(hearing(["xfs", "ext4"]).change_source(), ChangeSource::Events);
    }
}
