//! `LoadCredential=` and `SetCredential=`: a folder that only root and the user of the service enter, in memory
//! that is never written to a disk, which goes with the end of the run (systemd's setup_credentials).
//!
//! What is in it is told nobody: no message, record or property has a byte of it.

use crate::os::error::{Error, Result};
use crate::os::ids::Credentials as Ids;
use crate::os::mounts::{self, Flags, OpenPath};
use crate::os::root::{Existing, FileKind, PermValue, Perms, Reader, Root, Sync};
use crate::unit::exec::credentials::{Credentials, FOLDER, Source, is_name};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The most that all of a unit may have together (`CREDENTIALS_TOTAL_SIZE_MAX`).
const TOTAL: u64 = 1 << 20;

/// How deep folders of them are looked at.
const DEPTH: usize = 16;

/// Where hosts keep what units ask for by its name alone.
const STORES: [&str; 4] =
    ["/etc/credstore", "/run/credstore", "/usr/local/lib/credstore", "/usr/lib/credstore"];

/// The folder of a unit, an inner path.
#[must_use]
pub fn folder(runtime: &Path, unit: &str) -> PathBuf {
    runtime.join(FOLDER).join(unit)
}

/// Makes it for the run. That of an earlier one goes, or is covered where it cannot go.
///
/// # Errors
/// Something that is asked for is missing, or cannot be put there.
pub fn make(root: &Root, folder: &Path, asked: &Credentials, user: &Ids) -> Result<()> {
    let stays = remove(root, folder);
    let all = Collected::new(root, asked, user)?.all;
    if let Some(above) = folder.parent() {
        root.safe_dir(above, 0o755, None, Existing::Keep)?;
    }
    root.safe_dir(folder, 0o700, None, Existing::Own)?;
    let made = fill(root, folder, &all, user, stays);
    if made.is_err() {
        // The first error is the one to report.
        let _ = remove(root, folder);
    }
    made
}

fn fill(
    root: &Root,
    folder: &Path,
    all: &BTreeMap<String, Vec<u8>>,
    user: &Ids,
    stays: Result<()>,
) -> Result<()> {
    let flags = Flags::MS_NODEV | Flags::MS_NOEXEC | Flags::MS_NOSUID;
    let options = format!("mode=0700,nr_inodes=1024,size={TOTAL}");
    let mounted = root.is_host() && {
        let mount = |kind, options: &str| OpenPath::safe(folder)?.fill(kind, flags, options);
        // What cannot be swapped out first; where nothing may be mounted the folder lies in /run.
        mount("ramfs", "mode=0700").or_else(|_| mount("tmpfs", &options)).is_ok()
    };
    if !mounted {
        // What is left of an earlier run would be taken for this one's.
        stays?;
    }
    for (name, bytes) in all {
        let path = folder.join(name);
        root.safe_write(&path, bytes, 0o400, Sync::No)?;
        root.settle(&path, &owned(user, 0o400))?;
    }
    root.settle(folder, &owned(user, 0o500))?;
    if mounted {
        let point = mounts::Point { path: folder.to_owned(), flags };
        mounts::change(&point, Flags::MS_RDONLY, Flags::empty())
            .map_err(|e| Error::new("protect", folder, e))?;
    }
    Ok(())
}

fn owned(user: &Ids, mode: u32) -> Perms {
    let is = |value| Some(PermValue { value, only_new: false });
    Perms { uid: is(user.uid), gid: is(user.gid), mode: is(mode), masked: false }
}

/// Takes it away.
///
/// # Errors
/// It stays, whole or in part.
pub fn remove(root: &Root, folder: &Path) -> Result<()> {
    if root.lstat(folder).is_err() {
        return Ok(());
    }
    if root.is_host() {
        mounts::uncover(folder, &mounts::table().map_err(|e| Error::new("list", "mounts", e))?);
    }
    root.remove_dir_all(folder)
}

/// What is asked for, read.
struct Collected<'a> {
    root: &'a Root,
    user: &'a Ids,
    all: BTreeMap<String, Vec<u8>>,
    /// How many bytes more there may be.
    left: u64,
}

impl<'a> Collected<'a> {
    /// What is said in the unit stands for what is not there.
    fn new(root: &'a Root, asked: &Credentials, user: &'a Ids) -> Result<Self> {
        let mut to = Self { root, user, all: BTreeMap::new(), left: TOTAL };
        for (name, source) in &asked.load {
            match source {
                Source::Path(path) => match to.load(name, Path::new(path), DEPTH) {
                    Err(e) if e.is_not_found() && asked.set.iter().any(|(set, _)| set == name) => {}
                    loaded => loaded?,
                },
                Source::Stored(stored) => {
                    let mut places = STORES.iter().map(|store| Path::new(store).join(stored));
                    if let Some(path) = places.find(|path| root.lstat(path).is_ok()) {
                        to.load(name, &path, DEPTH)?;
                    }
                }
            }
        }
        for (name, bytes) in &asked.set {
            if !to.all.contains_key(name) {
                to.put(name, bytes.0.clone(), Path::new("SetCredential="))?;
            }
        }
        Ok(to)
    }

    fn put(&mut self, name: &str, bytes: Vec<u8>, source: &Path) -> Result<()> {
        let left = self.left.checked_sub((name.len() as u64).saturating_add(bytes.len() as u64));
        self.left = left.ok_or_else(|| self.refuse(source, "credentials of a unit have 1 MiB at most"))?;
        self.all.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// A file under its name; a folder's files each under that name and its own. Where others than root lead
    /// there, only what the service's user may read.
    fn load(&mut self, name: &str, path: &Path, depth: usize) -> Result<()> {
        if self.root.stat(path)?.kind != FileKind::Dir {
            if !is_name(name) {
                return Err(self.refuse(path, "its name cannot be one of a credential"));
            }
            let (bytes, _) = self.root.safe_read(path, TOTAL, Reader::User(self.user))?;
            return self.put(name, bytes, path);
        }
        let deeper = depth.checked_sub(1).ok_or_else(|| self.refuse(path, "it lies too deep"))?;
        for entry in self.root.safe_list(path, self.user)? {
            let file = entry.name.to_string_lossy().into_owned();
            if !file.starts_with('.') {
                self.load(&format!("{name}_{file}"), &path.join(&entry.name), deeper)?;
            }
        }
        Ok(())
    }

    fn refuse(&self, path: &Path, cause: &str) -> Error {
        Error::other("load credential", self.root.outer(path), ErrorKind::InvalidInput, cause)
    }
}
