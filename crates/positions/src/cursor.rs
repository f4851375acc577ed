//! How far a shipper has come: what every position file, whatever its format, is turned into.
//!
//! A [`Cursor`] says of one file: who it is, where it was last seen, and how much of it has been
//! acknowledged. [`Positions`] is all that one reading of a position file gave: the cursors, the
//! names of what are no files, and every fault met on the way. A fault never vanishes: whoever
//! judges must not call anything drained while [`Positions::faults`] holds one.
//!
//! Registries with a million states are real, so cursors live in [`Cursors`], a compact table
//! (64 bytes and the file's name for each; folders, devices and input names are kept once), and
//! a [`Cursor`] is a view into it.
//!
//! Pure.

mod intern;
mod record;
mod store;

pub(crate) use store::Novelty;
pub use store::{Cursors, FolderId, Full};

use std::time::Duration;

/// Device and inode: which file this is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// `st_dev`.
    pub dev: u64,
    /// `st_ino`.
    pub ino: u64,
}

/// A table by device and inode.
pub type ByFile<T> = std::collections::HashMap<FileId, T, std::hash::BuildHasherDefault<FileHasher>>;

/// The hash of a [`FileId`], quick since a million states are looked up. The kernel gives the numbers
/// that are put into such a table, so nobody can choose them to be alike.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileHasher(u64);

impl std::hash::Hasher for FileHasher {
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// Nanoseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// By what the shipper recognises a file (Filebeat's `file_identity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// Device and inode (`native`).
    Inode(FileId),
    /// The path alone (`path`; also the CloudWatch agent's).
    Path,
    /// The inode and the text of a marker file (`inode_marker`).
    InodeMarker {
        /// The inode.
        ino: u64,
        /// The marker's text.
        marker: &'a [u8],
    },
    /// SHA-256 of a part of the file (`fingerprint`).
    Fingerprint {
        /// The digest.
        sha256: [u8; 32],
        /// Where the part begins. The registry does not say it: it is the default, 0, unless the
        /// configuration says otherwise.
        offset: u64,
        /// How many bytes it covers: the default, 1024, unless the registry says otherwise.
        len: u64,
        /// The digest is that of the lower-case hexadecimal text of the bytes, and is made anew
        /// as the file grows (Filebeat 9.5 and later, files shorter than the full length).
        growing: bool,
    },
}

/// How much of a file has been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged<'a> {
    /// Known to the shipper, nothing acknowledged yet (filestream's `cursor: null`).
    Nothing,
    /// Every byte below this offset.
    Offset(u64),
    /// An offset with an end-of-file mark (Filebeat 9.2 and later write it for every file). For a
    /// compressed file the offset counts plain bytes and only the mark says that it is done.
    OffsetEof {
        /// Bytes acknowledged, of the plain text.
        offset: u64,
        /// The shipper has had the file's end acknowledged.
        eof: bool,
    },
    /// These ranges, sorted, half open, not touching; `u64::MAX` is no end (CloudWatch agent).
    Ranges(&'a [(u64, u64)]),
}

impl Acknowledged<'_> {
    /// The offset below which every byte is acknowledged.
    #[must_use]
    pub fn prefix(&self) -> u64 {
        match *self {
            Self::Nothing => 0,
            Self::Offset(offset) | Self::OffsetEof { offset, .. } => offset,
            Self::Ranges(ranges) => match ranges.first() {
                Some(&(0, end)) => end,
                Some(_) | None => 0,
            },
        }
    }
}

/// How long the shipper keeps a state, and what its special values say about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// `-1`: an input owns it.
    Never,
    /// `-2`: read from disk, no running input has claimed it. Nobody will ship the rest.
    Unclaimed,
    /// `0` with a real time: removed, waits for the next clean-up.
    Deleted,
    /// `0` with the zero time: written before its harvester has run (or left aside by `ignore_older`).
    New,
    /// Kept for so long after its last update.
    For(Duration),
}

/// Which kind of input the state belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Filebeat's `log` (and everything before types were written).
    Log,
    /// Filebeat's `container`.
    Container,
    /// Filebeat's `docker`.
    Docker,
    /// Filebeat's `stdin`: no file to judge.
    Stdin,
    /// Filebeat's `filestream`.
    Filestream,
    /// A log file of the CloudWatch agent.
    CloudWatch,
}

impl Input {
    /// Whether blank lines at a file's end are counted as acknowledged. Filestream's offset stops at the
    /// last line that it exported.
    #[must_use]
    pub fn counts_blank_lines(self) -> bool {
        self != Self::Filestream
    }

    /// Whether its positions move by acknowledgements alone, so that what is beyond may be on its way. The
    /// CloudWatch agent's are kept by name, and stay for files that are no more.
    #[must_use]
    pub fn is_acknowledged_alone(self) -> bool {
        self != Self::CloudWatch
    }

    /// Whether a file that was closed is opened again only when it has grown. The log input's scan opens
    /// one whose offset is below its size.
    #[must_use]
    pub fn reopens_only_on_growth(self) -> bool {
        self == Self::Filestream
    }
}

/// One file's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<'a> {
    /// By what the shipper recognises the file.
    pub identity: Identity<'a>,
    /// Device and inode that the state names, whatever the identity; `None` where it names none
    /// (filestream by path, marker or fingerprint).
    pub seen: Option<FileId>,
    /// The path up to and with its last `/`. May be stale after a rotation, or empty.
    pub folder: &'a [u8],
    /// The rest of the path.
    pub name: &'a [u8],
    /// How much is acknowledged.
    pub acknowledged: Acknowledged<'a>,
    /// How long the state is kept.
    pub ttl: Ttl,
    /// The kind of input.
    pub input: Input,
    /// The input's id (filestream; `.global` where it has none), or empty.
    pub input_id: &'a [u8],
    /// The state's `meta` in a canonical form, `key=value` lines sorted by key, or empty. Several
    /// states of one file differ in it.
    pub meta: &'a [u8],
    /// When the state was last updated.
    pub updated: Option<Timestamp>,
}

impl<'a> Cursor<'a> {
    /// A `log` input's cursor with a native identity: the commonest one.
    #[must_use]
    pub fn native(path: &'a [u8], id: FileId, offset: u64) -> Self {
        let (folder, name) = split(path);
        Self {
            identity: Identity::Inode(id),
            seen: Some(id),
            folder,
            name,
            acknowledged: Acknowledged::Offset(offset),
            ttl: Ttl::Never,
            input: Input::Log,
            input_id: b"",
            meta: b"",
            updated: None,
        }
    }

    /// The whole path.
    #[must_use]
    pub fn path(&self) -> Vec<u8> {
        [self.folder, self.name].concat()
    }

    /// Which stream of a container this state counts (`stdout`, `stderr`), where it counts one.
    #[must_use]
    pub fn stream(&self) -> Option<&'a [u8]> {
        self.meta.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"stream="))
    }
}

/// Cuts a path after its last `/`.
#[must_use]
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let at = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    path.split_at(at)
}

/// Which kind of position file this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// Filebeat 1.x: one JSON object.
    Object,
    /// Filebeat 5.x and 6.x: a JSON array in the file `registry`.
    Array,
    /// Filebeat 7.0 to 7.8: a JSON array in `registry/filebeat/data.json`.
    DataJson,
    /// Filebeat 7.9 and later: `log.json` and checkpoints.
    Memlog,
    /// CloudWatch agent: a folder of small text files.
    CloudWatch,
}

/// A cursor that is no file (journald, winlog, aws-s3 …): named, and left out of the judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAFile {
    /// The key as the registry has it.
    pub key: Box<[u8]>,
    /// The kind of input, the key's first part.
    pub kind: Box<[u8]>,
}

/// Something in a position file that could not be taken as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: byte {at}: {kind}")]
pub struct Fault {
    /// The file's name, without its folder.
    pub file: Box<str>,
    /// The byte at which the fault shows.
    pub at: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The text is not what the format has here.
    #[error("{0}")]
    Syntax(String),
    /// A state lacks a field without which it says nothing.
    #[error("the state lacks '{0}': it belongs to no file")]
    Missing(&'static str),
    /// A field is negative, huge or of another type.
    #[error("'{0}' has a value that it cannot have, it claims nothing")]
    Value(&'static str),
    /// A field occurs twice in one state with different values.
    #[error("'{0}' occurs twice in one state, the smaller claim counts")]
    Twice(&'static str),
    /// The key is in no known form.
    #[error("unknown form of the key '{0}': its file is not judged")]
    Key(String),
    /// The operations of `log.json` are not in sequence.
    #[error("operation {found} follows operation {last}: the rest of the log is left out")]
    Sequence {
        /// The last operation taken.
        last: u64,
        /// The one found.
        found: u64,
    },
    /// An operation that the format does not have.
    #[error("unknown operation '{0}', expected 'set' or 'remove': the rest of the log is left out")]
    Operation(String),
    /// The file is empty or begins with NUL bytes.
    #[error("the file is empty or begins with NUL bytes, as a power loss leaves it")]
    Blank,
    /// More than the table can hold.
    #[error(transparent)]
    Full(#[from] Full),
}

/// Faults, the first ones in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    first: Vec<Fault>,
    count: u64,
}

impl Faults {
    /// How many are kept in full.
    pub const KEPT: usize = 64;

    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < Self::KEPT {
            self.first.push(fault);
        }
    }

    /// The first [`Self::KEPT`] of them.
    #[must_use]
    pub fn first(&self) -> &[Fault] {
        &self.first
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// There were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Something worth saying that takes nothing away from the truth of the cursors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The last operation is half written; it counts when its rest is there.
    #[error("'{file}' ends in a half-written operation at byte {at}, left out until its rest is there")]
    Torn {
        /// The file's name.
        file: Box<str>,
        /// Where the operation begins.
        at: u64,
    },
    /// The same file and meta occurred more than once, the higher offset was taken.
    #[error("{0} states occurred more than once, the higher offset was taken as Filebeat does")]
    Duplicates(u64),
    /// Two generations of registry stand side by side; which one was taken.
    #[error("both 'data.json' and 'log.json' are there, '{0}' was taken as meta.json says")]
    TwoGenerations(&'static str),
}

/// All that one reading of a position file gave.
#[derive(Clone, Debug)]
pub struct Positions {
    /// One for each file and input that the registry names.
    pub cursors: Cursors,
    /// Cursors that are no files.
    pub not_files: Vec<NotAFile>,
    /// The kind of position file.
    pub generation: Generation,
    /// What could not be taken as it stands. Not empty: nothing may be called drained.
    pub faults: Faults,
    /// What is worth saying.
    pub notes: Vec<Note>,
}

impl Positions {
    /// Nothing yet.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self {
            cursors: Cursors::default(),
            not_files: Vec::new(),
            generation,
            faults: Faults::default(),
            notes: Vec::new(),
        }
    }
}
