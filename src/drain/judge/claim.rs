//! Which state belongs to which file.
//!
//! Each file that was found meets the states that claim it: by device and inode, by path, by marker
//! or by fingerprint, whatever the shipper goes by. A file can have several claims (two inputs, the
//! two streams of a container); each is an obligation of its own. A file without one stays alone,
//! and is to be judged by what the configuration asks for. States whose file is nowhere are counted
//! only: there can be a million of them, so the files are indexed and the states pass by.
//!
//! Pure.

use crate::drain::cursor::{ByFile, Cursor, Cursors, Identity};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::file::LogFile;
use std::cell::OnceCell;
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

/// The files, indexed by everything that a state may know them by. What few registries need is made
/// when it is asked for.
#[derive(Debug)]
pub struct Index<'f> {
    files: &'f [LogFile],
    inodes: &'f ByFile<usize>,
    bare: OnceCell<HashMap<u64, Vec<usize>>>,
    paths: OnceCell<HashMap<&'f [u8], usize>>,
    prints: HashMap<Fingerprint, Vec<usize>>,
}

/// A claim as a file's place, a state's number and whether it is ambiguous.
type Pair = (usize, Option<u32>, bool);

impl<'f> Index<'f> {
    /// Indexes files, whose places by device and inode are `inodes`, and the fingerprints taken of them,
    /// which name files by their place.
    #[must_use]
    pub fn new(files: &'f [LogFile], inodes: &'f ByFile<usize>, taken: &[(usize, Fingerprint)]) -> Self {
        let mut prints: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (place, print) in taken {
            prints.entry(*print).or_default().push(*place);
        }
        Self { files, inodes, bare: OnceCell::new(), paths: OnceCell::new(), prints }
    }

    /// Pairs each file with its states.
    #[must_use]
    pub fn pair<'c>(&self, cursors: &'c Cursors, checks: Checks) -> Claims<'c> {
        let native = checks.on(Check::Device) && checks.on(Check::Moved);
        let mut gone = 0u64;
        let mut pairs: Vec<Pair> = Vec::with_capacity(self.files.len());
        let mut claimed = vec![false; self.files.len()];
        let mut path = Vec::new();
        for (number, id) in cursors.of_files() {
            let found = match id.filter(|_| native) {
                Some(id) => Found::of(self.inodes.get(&id)),
                None => match cursors.get(number) {
                    Some(cursor) => self.find(&cursor, &mut path, checks),
                    None => continue,
                },
            };
            if found.is_empty() {
                gone = gone.saturating_add(1);
            }
            let ambiguous = found.as_slice().len() > 1 && checks.on(Check::Ambiguity);
            for &file in found.as_slice() {
                if let Some(mark) = claimed.get_mut(file) {
                    *mark = true;
                }
                pairs.push((file, Some(number), ambiguous));
            }
        }
        let alone = claimed.iter().enumerate().filter(|(_, claimed)| !**claimed);
        pairs.extend(alone.map(|(file, _)| (file, None, false)));
        pairs.sort_by_key(|&(file, ..)| file);
        if !checks.on(Check::EveryState) {
            pairs.dedup_by_key(|&mut (file, ..)| file);
        }
        let claim = |(file, number, ambiguous): Pair| Claim {
            file,
            cursor: number.and_then(|number| cursors.get(number)),
            ambiguous,
        };
        Claims { claims: pairs.into_iter().map(claim).collect(), gone }
    }

    /// By the inode alone.
    fn bare(&self, ino: u64) -> &[usize] {
        let table = self.bare.get_or_init(|| {
            let mut table: HashMap<u64, Vec<usize>> = HashMap::new();
            for (place, file) in self.files.iter().enumerate() {
                table.entry(file.id.ino).or_default().push(place);
            }
            table
        });
        table.get(&ino).map(Vec::as_slice).unwrap_or_default()
    }

    fn find(&self, cursor: &Cursor<'_>, path: &mut Vec<u8>, checks: Checks) -> Found<'_> {
        match cursor.identity {
            Identity::Inode(id) if !checks.on(Check::Device) => Found::of(self.bare(id.ino).first()),
            Identity::Inode(_) if !checks.on(Check::Moved) => self.by_path(cursor, path),
            Identity::Inode(id) => Found::of(self.inodes.get(&id)),
            Identity::Path => self.by_path(cursor, path),
            Identity::InodeMarker { ino, .. } => match cursor.seen.and_then(|id| self.inodes.get(&id)) {
                Some(&place) => Found::One(place),
                None => Found::Many(self.bare(ino)),
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
        let paths = self.paths.get_or_init(|| {
            let named = self.files.iter().enumerate().filter(|(_, file)| file.links > 0);
            named.map(|(place, file)| (&*file.path, place)).collect()
        });
        Found::of(paths.get(path.as_slice()))
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
