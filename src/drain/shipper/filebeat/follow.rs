//! Reads a Filebeat registry where it lies, and reads it again as it changes.
//!
//! [`Registry::find`] looks at what stands under the registry's path and so tells its generation;
//! [`Registry::refresh`] brings the positions up to date: a one-file registry is read anew (it is
//! replaced by a rename, so what is open is whole), memlog from where it was read before, and from
//! its checkpoint on when there is a new one or the log was truncated. A driver: it reads files.

use super::memlog::{LOG, Memlog, Step};
use super::registry;
use crate::drain::cursor::{Generation, Note, Positions};
use crate::os::error::Error as OsError;
use crate::os::root::{FileKind, Root, Stat};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How often a memlog that changes under the reader is read anew before it is said to be damaged.
const ATTEMPTS: usize = 8;
/// What `bbolt` writes as magic, behind the 16 bytes of a page's header.
const BBOLT: [u8; 4] = 0xED0C_DAED_u32.to_le_bytes();

/// Why there are no positions.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error(transparent)]
    Os(#[from] OsError),
    /// Nothing is there.
    #[error("no registry at '{}': Filebeat has kept no position yet, or keeps it elsewhere", crate::os::error::escape(.0.as_os_str()))]
    Missing(PathBuf),
    /// A backend that amr does not read.
    #[error("cannot read '{}': it is a bbolt database (registry.backend), which amr does not read", crate::os::error::escape(.0.as_os_str()))]
    Bbolt(PathBuf),
    /// `meta.json` names another version.
    #[error("cannot read '{}': its version is '{version}', amr reads 0 and 1", crate::os::error::escape(.path.as_os_str()))]
    Version {
        /// `meta.json`.
        path: PathBuf,
        /// What it says.
        version: String,
    },
}

/// What a refresh changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing was appended.
    Same,
    /// Operations were appended and taken.
    Advanced,
    /// All was read anew.
    Reloaded,
}

/// A registry of any of Filebeat's formats, read again where it has changed.
#[derive(Debug)]
pub struct Registry {
    root: Root,
    /// The file, or memlog's folder.
    path: PathBuf,
    generation: Generation,
    both: bool,
    store: Memlog,
    /// The log that `store` was fed from.
    log: Option<Stat>,
    positions: Positions,
}

impl Registry {
    /// Finds out what stands at `path` (`/var/lib/filebeat/registry`: a file up to 6.x, a folder
    /// since 7.0) and reads it.
    ///
    /// # Errors
    /// Nothing is there, it cannot be read, or it is of a kind that amr does not read.
    pub fn find(root: &Root, path: &Path) -> Result<Self, Error> {
        let stat = match root.stat(path) {
            Err(error) if error.is_not_found() => return Err(Error::Missing(path.into())),
            other => other?,
        };
        let (path, generation, both) = if stat.kind == FileKind::Dir {
            in_folder(root, path)?
        } else {
            refuse_bbolt(root, path)?;
            (path.to_path_buf(), Generation::Array, false)
        };
        let mut found = Self {
            root: root.clone(),
            path,
            generation,
            both,
            store: Memlog::new(),
            log: None,
            positions: Positions::new(generation),
        };
        found.refresh()?;
        Ok(found)
    }

    /// What the registry says.
    #[must_use]
    pub fn positions(&self) -> &Positions {
        if self.generation == Generation::Memlog { self.store.positions() } else { &self.positions }
    }

    /// The registry's file; of memlog its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder in which changes show: renames of the one-file registries and of checkpoints,
    /// writes to `log.json`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.generation {
            Generation::Memlog => &self.path,
            Generation::Object | Generation::Array | Generation::DataJson | Generation::CloudWatch => {
                self.path.parent().unwrap_or(Path::new("/"))
            }
        }
    }

    /// Brings the positions up to date.
    ///
    /// # Errors
    /// A file cannot be read, or the registry has gone. The positions are as they were.
    pub fn refresh(&mut self) -> Result<Change, Error> {
        if self.generation == Generation::Memlog {
            return self.refresh_memlog();
        }
        let file = match self.root.open(&self.path) {
            Err(error) if error.is_not_found() => return Err(Error::Missing(self.path.clone())),
            other => other?,
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let size = size_of(&file).map_err(|error| self.failed(error))?;
        let read = registry::read(file, size, &name, self.generation);
        self.positions = read.map_err(|error| self.failed(error))?;
        if self.both {
            self.positions.notes.push(Note::TwoGenerations("data.json"));
        }
        Ok(Change::Reloaded)
    }

    fn refresh_memlog(&mut self) -> Result<Change, Error> {
        let mut disagreement = None;
        for _ in 0..ATTEMPTS {
            let checkpoint = self.highest_checkpoint()?;
            let (log, stat) = self.open_log()?;
            let follows = disagreement.is_none()
                && checkpoint == self.store.checkpoint()
                && self.log.is_some_and(|old| old.same_file(&stat))
                && stat.size >= self.store.offset();
            let mut fresh = None;
            if !follows {
                match self.load(checkpoint)? {
                    Some(store) => fresh = Some(store),
                    None => continue,
                }
            }
            let store = fresh.as_mut().unwrap_or(&mut self.store);
            let step = feed(store, log).map_err(|error| OsError::new("read", self.path.join(LOG), error))?;
            let change = match (&fresh, &step) {
                (Some(_), _) => Change::Reloaded,
                (None, Step::Taken(0)) => Change::Same,
                (None, Step::Taken(_) | Step::Disagrees(_)) => Change::Advanced,
            };
            match step {
                Step::Taken(_) => {
                    self.keep(fresh, stat);
                    return Ok(change);
                }
                Step::Disagrees(fault) => disagreement = Some((fresh, stat, fault)),
            }
        }
        // It never agreed, so it is damage and no race: what was true up to there is kept.
        if let Some((fresh, stat, fault)) = disagreement {
            self.keep(fresh, stat);
            self.store.accept(fault);
            return Ok(Change::Reloaded);
        }
        let at = self.path.join(LOG);
        let cause = "its checkpoints went away each time they were to be read";
        Err(OsError::other("read", at, io::ErrorKind::Other, cause).into())
    }

    fn keep(&mut self, fresh: Option<Memlog>, log: Stat) {
        if let Some(store) = fresh {
            self.store = store;
        }
        if self.both {
            self.store.note_once(Note::TwoGenerations(LOG));
        }
        self.log = Some(log);
    }

    /// The store of a checkpoint; `None` when a newer one has taken its place.
    fn load(&self, checkpoint: u64) -> Result<Option<Memlog>, Error> {
        if checkpoint == 0 {
            return Ok(Some(Memlog::new()));
        }
        match self.root.open(&self.path.join(format!("{checkpoint}.json"))) {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
            Ok(file) => {
                let size = size_of(&file).map_err(|error| self.failed(error))?;
                let store = Memlog::from_checkpoint(file, size, checkpoint);
                store.map(Some).map_err(|error| self.failed(error))
            }
        }
    }

    /// The highest number of a `<number>.json`; 0 if there is none. Filebeat picks it the same way.
    fn highest_checkpoint(&self) -> Result<u64, Error> {
        let entries = match self.root.list(&self.path) {
            Err(error) if error.is_not_found() => return Err(Error::Missing(self.path.clone())),
            other => other?,
        };
        Ok(entries.iter().filter_map(|entry| checkpoint_number(&entry.name)).max().unwrap_or(0))
    }

    fn open_log(&self) -> Result<(File, Stat), Error> {
        let at = self.path.join(LOG);
        let log = match self.root.open(&at) {
            Err(error) if error.is_not_found() => return Err(Error::Missing(at)),
            other => other?,
        };
        let stat = Stat::from_fd(&log).map_err(|error| OsError::new("examine", at, error))?;
        Ok((log, stat))
    }

    fn failed(&self, error: io::Error) -> Error {
        OsError::new("read", self.root.outer(&self.path), error).into()
    }
}

fn size_of(file: &File) -> io::Result<u64> {
    Stat::from_fd(file).map(|stat| stat.size)
}

/// Feeds what `log` holds beyond what was read.
fn feed(store: &mut Memlog, mut log: File) -> io::Result<Step> {
    log.seek(SeekFrom::Start(store.offset()))?;
    store.feed(log)
}

fn checkpoint_number(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(".json")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The folder of a registry since 7.0, or the folder above it: what is in it.
fn in_folder(root: &Root, path: &Path) -> Result<(PathBuf, Generation, bool), Error> {
    let own = path.join("filebeat");
    let folder = if holds_registry(root, path) || !root.exists(&own) { path.to_path_buf() } else { own };
    let (log, data) = (folder.join(LOG), folder.join("data.json"));
    let both = root.exists(&log) && root.exists(&data);
    match version(root, &folder)?.as_deref() {
        Some("1") => {}
        Some("0") => return Ok((data, Generation::DataJson, both)),
        Some(other) => {
            return Err(Error::Version { path: folder.join("meta.json"), version: other.into() });
        }
        None if !root.exists(&log) && root.exists(&data) => {
            return Ok((data, Generation::DataJson, both));
        }
        None => {}
    }
    if !root.exists(&log) {
        for entry in root.list(&folder)? {
            if entry.kind == FileKind::Regular {
                refuse_bbolt(root, &folder.join(entry.name))?;
            }
        }
        return Err(Error::Missing(log));
    }
    Ok((folder, Generation::Memlog, both))
}

fn holds_registry(root: &Root, folder: &Path) -> bool {
    ["meta.json", LOG, "data.json"].iter().any(|name| root.exists(&folder.join(name)))
}

/// The version in `meta.json`; `None` where there is none.
fn version(root: &Root, folder: &Path) -> Result<Option<String>, Error> {
    let path = folder.join("meta.json");
    let text = match root.read(&path, 64 * 1024) {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let meta: Value = match serde_json::from_slice(&text) {
        Ok(meta) => meta,
        // As after a power loss. What stands beside it tells the generation as well.
        Err(_) => return Ok(None),
    };
    let version = meta.get("version").map(|version| match version.as_str() {
        Some(text) => text.to_owned(),
        None => version.to_string(),
    });
    Ok(version)
}

fn refuse_bbolt(root: &Root, path: &Path) -> Result<(), Error> {
    let mut start = Vec::new();
    let read = root.open(path)?.take(20).read_to_end(&mut start);
    read.map_err(|error| OsError::new("read", root.outer(path), error))?;
    match start.get(16..) == Some(&BBOLT) {
        true => Err(Error::Bbolt(path.into())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
