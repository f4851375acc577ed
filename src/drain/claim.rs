//! Which state belongs to which file.
//!
//! Each file that was found meets the states that claim it: by device and inode, by path, by marker
//! or by fingerprint, whatever the shipper goes by. A file can have several claims (two inputs, the
//! two streams of a container); each is an obligation of its own. A file without one stays alone,
//! and is to be judged by what the configuration asks for. States whose file is nowhere are counted
//! only: there can be a million of them, so the files are indexed and the states pass by.
//!
//! Pure.

use crate::drain::cursor::{Cursor, Cursors, FileId, Identity, Input};
use crate::drain::file::LogFile;
use crate::drain::verdict::{Check, Checks};
use std::collections::HashMap;

/// A file and one state of it.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The file's place in the list.
    pub file: usize,
    /// The state; `None` where the shipper knows nothing of the file.
    pub cursor: Option<Cursor<'a>>,
    /// Several files fit the state and nothing tells which one is meant.
    pub ambiguous: bool,
}

/// Every claim, and the states that have none.
#[derive(Clone, Debug, Default)]
pub struct Claims<'a> {
    /// Every file has at least one.
    pub claims: Vec<Claim<'a>>,
    /// States whose file was found nowhere.
    pub gone: u64,
}

/// The digest of a part of a file, as the fingerprint identity makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// SHA-256.
    pub sha256: [u8; 32],
    /// Where the part begins.
    pub offset: u64,
    /// How many bytes it covers.
    pub len: u64,
    /// The digest of their hexadecimal text.
    pub growing: bool,
}

/// The files, indexed by everything that a state may know them by.
#[derive(Debug, Default)]
pub struct Index<'f> {
    inodes: HashMap<FileId, usize>,
    bare: HashMap<u64, Vec<usize>>,
    paths: HashMap<&'f [u8], usize>,
    prints: HashMap<Fingerprint, Vec<usize>>,
}

impl<'f> Index<'f> {
    /// Indexes files and the fingerprints taken of them; `prints` names files by their place.
    #[must_use]
    pub fn new(files: &'f [LogFile], prints: &[(usize, Fingerprint)]) -> Self {
        let mut index = Self::default();
        for (place, file) in files.iter().enumerate() {
            index.inodes.insert(file.id, place);
            index.bare.entry(file.id.ino).or_default().push(place);
            if file.links > 0 {
                index.paths.insert(&file.path, place);
            }
        }
        for (place, print) in prints {
            index.prints.entry(*print).or_default().push(*place);
        }
        index
    }

    /// Pairs each file with its states.
    #[must_use]
    pub fn pair<'c>(&self, files: &[LogFile], cursors: &'c Cursors, checks: Checks) -> Claims<'c> {
        let mut all = Claims::default();
        let mut claimed = vec![false; files.len()];
        let mut path = Vec::new();
        for cursor in cursors.iter().filter(|cursor| cursor.input != Input::Stdin) {
            let found = self.find(&cursor, &mut path, checks);
            if found.is_empty() {
                all.gone = all.gone.saturating_add(1);
            }
            for &file in found.as_slice() {
                if let Some(mark) = claimed.get_mut(file) {
                    *mark = true;
                }
                let ambiguous = found.as_slice().len() > 1 && checks.on(Check::Ambiguity);
                all.claims.push(Claim { file, cursor: Some(cursor), ambiguous });
            }
        }
        for (file, _) in claimed.iter().enumerate().filter(|(_, claimed)| !**claimed) {
            all.claims.push(Claim { file, cursor: None, ambiguous: false });
        }
        all.claims.sort_by_key(|claim| claim.file);
        if !checks.on(Check::EveryState) {
            all.claims.dedup_by_key(|claim| claim.file);
        }
        all
    }

    fn find(&self, cursor: &Cursor<'_>, path: &mut Vec<u8>, checks: Checks) -> Found<'_> {
        match cursor.identity {
            Identity::Inode(id) if !checks.on(Check::Device) => {
                Found::of(self.bare.get(&id.ino).and_then(|places| places.first()))
            }
            Identity::Inode(_) if !checks.on(Check::Moved) => self.by_path(cursor, path),
            Identity::Inode(id) => Found::of(self.inodes.get(&id)),
            Identity::Path => self.by_path(cursor, path),
            Identity::InodeMarker { ino, .. } => match cursor.seen.and_then(|id| self.inodes.get(&id)) {
                Some(&place) => Found::One(place),
                None => Found::Many(self.bare.get(&ino).map(Vec::as_slice).unwrap_or_default()),
            },
            Identity::Fingerprint { sha256, offset, len, growing } => {
                let print = Fingerprint { sha256, offset, len, growing };
                Found::Many(self.prints.get(&print).map(Vec::as_slice).unwrap_or_default())
            }
        }
    }

    fn by_path(&self, cursor: &Cursor<'_>, path: &mut Vec<u8>) -> Found<'_> {
        path.clear();
        path.extend_from_slice(cursor.folder);
        path.extend_from_slice(cursor.name);
        Found::of(self.paths.get(path.as_slice()))
    }
}

/// The files that a state may mean.
enum Found<'i> {
    One(usize),
    Many(&'i [usize]),
}

impl Found<'_> {
    fn of(place: Option<&usize>) -> Self {
        match place {
            Some(&place) => Self::One(place),
            None => Self::Many(&[]),
        }
    }

    fn as_slice(&self) -> &[usize] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Many(places) => places,
        }
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}
