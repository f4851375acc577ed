//! What the verdict depends on beside the files: whether the shipper runs, what its positions are
//! worth, what its own counters say, what may be missing from the picture, and what time it is.
//!
//! Facts only, gathered by the drivers; what follows from them is decided in
//! [`verdict`](crate::drain::judge::verdict).
//!
//! Pure.

use crate::drain::judge::moment::Moment;
use std::time::Duration;

/// Whether the shipper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It does not.
    Dead,
    /// That cannot be found out.
    Unknown,
}

impl Life {
    /// Its word in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

/// What an acknowledged position of this shipper is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// They move when the output has acknowledged, and never else.
    Acknowledged,
    /// They also move past what was dropped: an unretryable error, retries spent, a stop meanwhile.
    AlsoDropped,
}

/// What the shipper's counters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Lines of files and nothing else.
    FilesOnly,
    /// Events of other inputs as well (journal, network), which never come to rest.
    OthersToo,
}

/// What the shipper's own counters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Events read and not yet acknowledged.
    pub active: u64,
    /// When they were counted.
    pub at: Moment,
}

/// Why the files that were seen may not be all there is to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The position file has faults.
    #[error("faults in the position file: {0}, the first: {1}")]
    Faults(u64, String),
    /// Folders changed whenever they were read.
    #[error("folder '{0}' changed each time it was read")]
    Unsteady(String),
    /// A folder could not be read.
    #[error("cannot read folder '{0}': {1}")]
    Blind(String, String),
    /// Which files the shipper takes is not known.
    #[error("which files the shipper takes is not known: {0}")]
    Configuration(String),
    /// The shipper's descriptors cannot be seen, so neither can deleted files that it still reads.
    #[error("the open files of process {0} cannot be seen")]
    Descriptors(u32),
    /// Positions, or a part of them, could not be read; a sentence.
    #[error("{0}")]
    Positions(String),
    /// Others can change its program, its configuration or its registry; a sentence with the remedy.
    #[error("{0}")]
    Changeable(String),
    /// What is acknowledged may not have left the host; a sentence.
    #[error("{0}")]
    KeptBack(String),
    /// Inputs that read no files.
    #[error(
        "inputs that read no files are not judged, and no counters say that nothing of theirs is in flight: {0}"
    )]
    NotJudged(String),
}

/// All that the verdict depends on beside the files.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Whether the shipper runs.
    pub life: Life,
    /// What its positions are worth.
    pub trust: Trust,
    /// Its counters, the newest there are.
    pub evidence: Option<Evidence>,
    /// Since when every reading of them has said that nothing is in flight, and nothing was kept back on disk
    /// ([`History::idle`](crate::drain::judge::history::History::idle)).
    pub idle: Option<Moment>,
    /// States whose file is gone and whose lines may be in the shipper's memory, and since when there are
    /// so many.
    pub gone: (u64, Moment),
    /// What these counters count.
    pub counted: Counted,
    /// What may be missing from the picture.
    pub doubts: &'a [Doubt],
    /// When this look began; counters are asked later.
    pub now: Moment,
    /// When a size, a position or what is open last changed, as far as looks have seen.
    pub moved: Moment,
    /// The end of `--timeout`; the moment of the look where an answer is due at once.
    pub deadline: Moment,
    /// After so long without movement the drain is stalled; `None` waits for the deadline.
    pub stall: Option<Duration>,
    /// How long a file must be still before its silence counts beside evidence: above every latency
    /// of the shipper. Nothing without evidence.
    pub settle: Duration,
    /// How long a file that the shipper has not taken up is waited for: two of its scans at least.
    /// `None` waits for the deadline.
    pub pickup: Option<Duration>,
}
