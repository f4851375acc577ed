//! A model of a shipper, of the writers it follows, and of the disk between them.
//!
//! It is built from what was measured on real shippers and knows nothing of the judge. What is still
//! to be shipped is found by letting a copy of it run on: whatever a copy with a working output would
//! yet deliver, is outstanding.

mod harvest;
mod shipper;
mod truth;
mod writers;

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Log,
    Filestream,
    Container,
    CloudWatch,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    Inode,
    Path,
    Fingerprint,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub kind: Kind,
    pub by: By,
    pub joined: bool,
    pub filtered: bool,
    pub cr: bool,
    pub gzip: bool,
    pub ignore_older: Option<u64>,
    pub drift: bool,
    pub queue: usize,
    pub close_removed: bool,
    /// The log input closes a file after so long, whatever it has in hand.
    pub close_timeout: Option<u64>,
    /// The queue is on disk: it acknowledges to the inputs, and outlives the shipper.
    pub disk_queue: bool,
    /// Files that are too short for their fingerprint are not owed.
    pub ignore_short: bool,
    /// Another user can write the registry.
    pub changeable: bool,
    /// Another input may take the same files.
    pub second: Second,
    /// It keeps a file open that was renamed to where no pattern leads, which the first one closes.
    pub keeps_renamed: bool,
}

/// The second input of a shipper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Second {
    /// There is none.
    Never,
    /// There is one.
    Always,
    /// The configuration changes while the shipper runs, which reads it again with its scans.
    Reloaded,
}

/// How often the second input scans, in seconds.
pub const SECOND_SCAN: u64 = 60;

/// The place of the second input among the streams of a key.
pub const SECOND: u8 = 3;

pub const LONGEST: usize = 5;
pub const PRINT: usize = 4;
const UNKNOWN: (u64, u64) = (u64::MAX, u64::MAX);
pub const JOIN_WAIT: u64 = 5;
pub const SCAN: u64 = 10;

/// Where a file is: below the pattern, beside it, taken out by `exclude_files`, or without a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    In(u8),
    Excluded(u8),
    Out(u8),
    Gone,
}

#[derive(Clone, Debug)]
pub struct File {
    pub dev: u64,
    pub ino: u64,
    pub life: u32,
    pub place: Place,
    pub last: u8,
    pub plain: Vec<u8>,
    pub gz: bool,
    pub modified: u64,
}

impl File {
    pub fn size(&self) -> u64 {
        if self.gz { self.plain.len() as u64 / 3 + 3 } else { self.plain.len() as u64 }
    }
}

/// A line or event, by file, generation of its content, place of its first byte, and stream.
pub type Id = (usize, u32, u64);

#[derive(Clone, Debug)]
struct Event {
    file: usize,
    key: Key,
    ids: Vec<Id>,
    from: u64,
    to: u64,
    reset: bool,
    eof: bool,
    life: u32,
    published: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    Inode(u64, u64, u8),
    Path(u8),
    Print([u8; PRINT]),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    Never,
    Unclaimed,
    Deleted,
    New,
}

#[derive(Clone, Debug)]
pub struct State {
    pub seen: (u64, u64),
    pub name: Place,
    pub offset: Option<u64>,
    pub ranges: Vec<(u64, u64)>,
    pub ttl: Ttl,
    pub eof: bool,
    pub updated: u64,
    /// Of which file, and of which generation of it, the state speaks.
    pub of: usize,
    pub life: u32,
}

#[derive(Clone, Debug)]
struct Harvester {
    file: usize,
    life: u32,
    key: Key,
    stream: u8,
    /// Where the descriptor is.
    read: u64,
    /// Where the next line begins.
    parsed: u64,
    /// What was read from there on: the file may hold other bytes by now.
    buffer: Vec<u8>,
    /// What is counted for it, which drifts after over-long lines.
    counted: u64,
    joined: Option<Joined>,
    next_read: u64,
    idle: u64,
    opened: u64,
}

#[derive(Clone, Debug)]
struct Joined {
    starts: Vec<u64>,
    counted: u64,
    text: bool,
    due: u64,
}

#[derive(Clone)]
pub struct World {
    pub config: Config,
    pub files: Vec<File>,
    pub alive: bool,
    pub blocked: bool,
    pub now: u64,
    ops: u64,
    harvesters: Vec<Harvester>,
    queue: Vec<Event>,
    states: BTreeMap<Key, State>,
    /// What was last put into the queue: who opens a file again goes on from there, not from what was
    /// acknowledged (`Harvester.SendStateUpdate`; `pendingCursor` of filestream).
    published: BTreeMap<Key, u64>,
    /// The registry as it can be read.
    pub visible: BTreeMap<Key, State>,
    dirty: Option<u64>,
    next_scan: u64,
    scanned: BTreeMap<(usize, u8), (u64, u64)>,
    /// Whether the configuration that is there names the second input, and the one that was read.
    pub configured: bool,
    running: bool,
    next_second_scan: u64,
    pub delivered: BTreeSet<Id>,
    pub dropped_at_stop: bool,
    /// The metrics line of the shipper's log: events in flight, and when.
    pub metrics: Option<(u64, u64)>,
}

impl Key {
    /// The key of the second input's state of the same file.
    fn of_second(self) -> Self {
        self.of_stream(SECOND)
    }

    fn of_first(self) -> Self {
        self.of_stream(0)
    }

    fn of_stream(self, stream: u8) -> Self {
        match self {
            Self::Inode(dev, ino, _) => Self::Inode(dev, ino, stream),
            Self::Path(_) | Self::Print(_) => self,
        }
    }
}

impl Config {
    /// Whether two inputs keep one state of a file, each with a copy of its own to ship.
    pub fn one_position(&self) -> bool {
        self.kind == Kind::Log && self.second != Second::Never
    }

    /// The longest time between two scans of an input, in seconds.
    pub fn scan(&self) -> u64 {
        if self.second == Second::Never { SCAN } else { SECOND_SCAN }
    }

    /// What lies above every latency, in seconds.
    pub fn settle(&self) -> u64 {
        20 + self.scan()
    }
}

impl World {
    pub fn new(config: Config) -> Self {
        let second = config.second == Second::Always;
        Self {
            config,
            files: Vec::new(),
            alive: true,
            blocked: false,
            now: 1000,
            ops: 0,
            harvesters: Vec::new(),
            queue: Vec::new(),
            states: BTreeMap::new(),
            published: BTreeMap::new(),
            visible: BTreeMap::new(),
            dirty: None,
            next_scan: 1000,
            scanned: BTreeMap::new(),
            configured: second,
            running: second,
            next_second_scan: 1000,
            delivered: BTreeSet::new(),
            dropped_at_stop: false,
            metrics: None,
        }
    }

    /// The time in nanoseconds; each operation takes one.
    pub fn clock(&mut self) -> u64 {
        self.ops += 1;
        self.now * 1_000_000_000 + self.ops
    }

    /// Events that are not acknowledged to their inputs.
    pub fn active(&self) -> u64 {
        if self.config.disk_queue { 0 } else { self.queue.len() as u64 }
    }

    /// Events in the queue, wherever it is.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether segments of a queue on disk are left.
    pub fn has_segments(&self) -> bool {
        self.config.disk_queue && !self.queue.is_empty()
    }

    /// How far the shipper has read a file, if it has it open.
    pub fn held(&self, file: usize) -> Option<u64> {
        let open = self.harvesters.iter().filter(|harvester| harvester.file == file);
        open.map(|harvester| if self.files[file].gz { self.files[file].size() } else { harvester.read }).min()
    }

    fn at(&self, place: Place) -> Option<usize> {
        self.files.iter().position(|file| file.place == place)
    }
}
