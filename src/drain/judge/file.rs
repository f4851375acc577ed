//! What is known of one log file, and what its shipper was told to do with it.
//!
//! A [`LogFile`] holds what the disk and `/proc` say; [`Rules`] what the shipper's configuration
//! says. Both are facts only: what follows from them is decided in `progress`.
//!
//! Pure.

use crate::drain::cursor::{FileId, Timestamp};
use std::time::Duration;

/// A log file, as it was seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// `st_dev` and `st_ino`.
    pub id: FileId,
    /// A name it has, absolute; that of `/proc/PID/fd` where it has none any more.
    pub path: Box<[u8]>,
    /// `st_size`.
    pub size: u64,
    /// How many of its bytes are to be shipped: its size, or the size at which it is frozen.
    pub goal: u64,
    /// `st_mtime`.
    pub modified: Timestamp,
    /// `st_nlink`; 0 when only an open descriptor keeps it.
    pub links: u64,
    /// Whether the shipper has it open.
    pub held: Held,
    /// Whether it holds plain text, as far as somebody looked.
    pub coding: Coding,
}

/// Whether the shipper has a file open, and how far it has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// No descriptor of the shipper leads to it.
    No,
    /// Open; `pos` of `/proc/PID/fdinfo`, the least one where there are several.
    Open {
        /// Bytes read.
        read: u64,
    },
    /// The shipper's descriptors cannot be seen.
    Unknown,
    /// Open, and read less far than this input's position: by another input, or by this one in a file that was
    /// truncated and has grown again.
    Apart,
}

/// What a file's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Nobody looked.
    NotLooked,
    /// It does not begin as gzip does.
    Plain,
    /// It begins as gzip does (RFC 1952: 1f 8b).
    Gzip,
}

/// What the shipper's configuration says about one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether it is to be shipped.
    pub wanted: Wanted,
    /// What ends a line.
    pub terminator: Terminator,
    /// Whether lines are put together or left out.
    pub lines: Lines,
    /// The longest line that is shipped whole.
    pub longest_line: Option<u64>,
    /// `ignore_older`, where it is set.
    pub ignore_older: Option<Duration>,
    /// Files shorter than this are not picked up (an identity by a fingerprint of fixed length).
    pub shortest: u64,
    /// Whether those are owed all the same: at a shutdown nobody makes them longer.
    pub short: ShortFiles,
    /// Whether compressed files are read as such.
    pub compression: Compression,
    /// Where reading begins.
    pub start: Start,
    /// Whether the number of files open at a time is limited (`harvester_limit`).
    pub open_files: OpenFiles,
    /// Whether the shipper said that it cannot read it.
    pub access: Access,
    /// Since when the shipper runs.
    pub running: Running,
    /// How many inputs go by one state of it.
    pub takers: Takers,
}

impl Rules {
    /// Nothing is known of the configuration.
    pub const UNKNOWN: Self = Self {
        wanted: Wanted::Unknown,
        terminator: Terminator::Unknown,
        lines: Lines::Unknown,
        longest_line: None,
        ignore_older: None,
        shortest: 0,
        short: ShortFiles::Owed,
        compression: Compression::Unknown,
        start: Start::Beginning,
        open_files: OpenFiles::Unknown,
        access: Access::NothingSaid,
        running: Running::Unknown,
        takers: Takers::One,
    };

    /// An input asks for the file, with every option at its default.
    pub const DEFAULT: Self = Self {
        wanted: Wanted::Matched,
        terminator: Terminator::LineFeed,
        lines: Lines::AsTheyAre,
        longest_line: None,
        ignore_older: None,
        shortest: 0,
        short: ShortFiles::Owed,
        compression: Compression::Never,
        start: Start::Beginning,
        open_files: OpenFiles::Any,
        access: Access::NothingSaid,
        running: Running::Unknown,
        takers: Takers::One,
    };
}

/// How many inputs take a file and go by one state of it, each with a copy of its own to ship: log inputs, and
/// containers without a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takers {
    /// One at most.
    One,
    /// Several: the state says how far the one is that was acknowledged last.
    Several,
}

/// Whether files are owed that are too short to be picked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortFiles {
    /// They are.
    Owed,
    /// The operator does without them (`--ignore-short`).
    Ignored,
}

/// Whether a file is to be shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The operator named it (`--logs`).
    Asked,
    /// An input's pattern matches it.
    Matched,
    /// A pattern matches it and `exclude_files` takes it out.
    Excluded,
    /// It is reached through a symbolic link only, and `symlinks` is off.
    Link,
    /// No input asks for it.
    No,
    /// The input whose state this is is no more, and no other one asks for it.
    Orphaned,
    /// The configuration is not known well enough.
    Unknown,
}

/// What ends a line for the shipper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// LF, with or without CR before it.
    LineFeed,
    /// Something else, or an encoding in which LF is not one byte.
    Other,
    /// The configuration is not known.
    Unknown,
}

/// What happens to lines before they are shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Each is one event.
    AsTheyAre,
    /// Some are left out (`include_lines`, `exclude_lines`).
    Filtered,
    /// Several make one event (`multiline`), which waits for its end at most this long.
    Joined {
        /// `multiline.timeout`.
        wait: Duration,
    },
    /// The configuration is not known.
    Unknown,
}

/// Whether compressed files are read as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Bytes are bytes.
    Never,
    /// Files that begin as gzip does are unpacked.
    ByContent,
    /// The configuration is not known.
    Unknown,
}

/// Where reading of a file begins that has no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first byte.
    Beginning,
    /// At its end (`tail_files`, `seek_to_tail`).
    End,
}

/// How many files are open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFiles {
    /// All that there are.
    Any,
    /// No more than `harvester_limit`.
    Limited,
    /// The configuration is not known.
    Unknown,
}

/// Since when the shipper runs: what was too old for it by then it has not begun with, and what it read
/// before it ended is in nobody's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// It does not.
    Not,
    /// Since then, by the clock on the wall.
    Since(Timestamp),
    /// That is not known.
    Unknown,
}

/// What the shipper's own log says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No line of it is about the file.
    NothingSaid,
    /// It could not open or read it.
    Refused,
}
