//! What the drain asks of a shipper, and all that it knows of one that is here.
//!
//! A further shipper is one folder with a type that answers [`Shipper`], and its row in
//! [`ALL`](super::ALL): nothing else of the drain knows shippers by name.

use super::host::Host;
use super::trouble::OutputTrouble;
use crate::drain::cursor::{Positions, Timestamp};
use crate::drain::judge::facts::{Doubt, Trust};
use crate::drain::judge::rules::InputRules;
use crate::os::error::Error as OsError;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// All that is ever asked of a shipper on a connection: its counters, HTTP/1.0, so that the answer ends where the
/// connection does. The process that opens files asks it, and lets nothing else be said.
pub const QUESTION: &[u8] = b"GET /stats HTTP/1.0\r\nHost: localhost\r\n\r\n";

/// A log shipper that amr can read.
pub trait Shipper: Debug + Sync {
    /// Its name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// What it is, in half a line of help.
    fn about(&self) -> &'static str;

    /// The names of the programs that units start to run it.
    fn programs(&self) -> &'static [&'static str];

    /// What its positions are worth.
    fn trust(&self) -> Trust;

    /// Every one that runs or is installed.
    ///
    /// # Errors
    /// A process that may be one cannot be examined.
    fn find(&self, host: &Host) -> Result<Vec<Found>, OsError>;

    /// One that keeps its positions at this place, by whichever process has them open; where there is none,
    /// one of which no more is known.
    fn at(&self, host: &Host, positions: &Path) -> Found;

    /// The one that this process is, whatever its name, where it was told to keep its positions where `found` does.
    fn run_by(&self, _host: &Host, _found: &Found, _pid: ProcessId) -> Option<Found> {
        None
    }

    /// Whether one that runs may have nothing open but the logs that it reads.
    fn has_logs_alone(&self, _: &Found) -> bool {
        false
    }

    /// The place of the positions that is meant where a file or folder within it is named.
    fn place_of<'p>(&self, path: &'p Path) -> &'p Path {
        path
    }

    /// The files and folders that it writes where it keeps its positions.
    fn written(&self, positions: &Path) -> Vec<PathBuf> {
        vec![positions.to_owned()]
    }

    /// Takes a configuration that the operator names in place of what was found.
    ///
    /// # Errors
    /// It cannot be read.
    fn configure(&self, file: &Path, found: &mut Found) -> Result<(), Error>;

    /// Reads the positions. One that runs and has not written any has acknowledged nothing.
    ///
    /// # Errors
    /// They are not there, or cannot be read.
    fn open(&self, found: &Found) -> Result<Box<dyn PositionSource>, Error>;

    /// What its positions' format is called in reports.
    fn format(&self, positions: &Positions) -> &'static str;
}

/// Positions that were read, and are read again as they change.
pub trait PositionSource: Debug + Send {
    /// What they say.
    fn positions(&self) -> &Positions;

    /// Brings them up to date. `false`: nothing has changed.
    ///
    /// # Errors
    /// They cannot be read any more; they are as they were.
    fn refresh(&mut self) -> Result<bool, Error>;

    /// The folder in which changes show.
    fn folder(&self) -> &Path;
}

/// What a shipper says of itself. What does not answer says nothing, and silence proves nothing.
pub trait EvidenceSource: Debug + Send + Sync {
    /// What its own log says, if it can be read within `limit`.
    fn log(&self, root: &Root, limit: Duration) -> LogEvidence;

    /// The counters of this process now; asked when everything else has been seen. `None` where it has none, or
    /// does not answer.
    ///
    /// # Errors
    /// Another process answers, or listens, in its place; a sentence.
    fn counters(&self, root: &Root, process: ProcessId) -> Result<Option<Counters>, String>;

    /// Why what it has acknowledged to its inputs may not have arrived: a queue on its own disk that is not seen to be
    /// empty, an output that waits for no answer.
    fn delivery_doubt(&self, root: &Root) -> Option<Doubt>;
}

/// A shipper's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Events read and not yet acknowledged.
    pub active: u64,
    /// Events that it gave up since it began.
    pub dropped: u64,
    /// Events that its output has acknowledged since it began.
    pub acknowledged: u64,
    /// Events and writes that failed since it began and are tried again.
    pub failed: u64,
}

/// What a shipper's own log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEvidence {
    /// Events read and not yet acknowledged, and when they were counted.
    pub in_flight: Option<(u64, Timestamp)>,
    /// The files that it could not open.
    pub refused: BTreeSet<String>,
    /// What is worth reporting.
    pub notes: Vec<String>,
    /// Why its output stands still, where it says so and has not said otherwise since.
    pub trouble: Option<OutputTrouble>,
}

/// A shipper that is here.
#[derive(Clone, Debug)]
pub struct Found {
    /// The program, and what is known of its ways.
    pub shipper: &'static dyn Shipper,
    /// Where its paths lead: the host's root, or that of its process where this lives in another mount
    /// namespace.
    pub root: Root,
    /// The process that is taken for it; none where none is believed to be.
    pub process: Option<ProcessId>,
    /// When that process began, in clock ticks since boot: its number alone may be another's later.
    pub started: Option<u64>,
    /// The same by the clock on the wall, within a second.
    pub began: Option<Timestamp>,
    /// Where it keeps its positions, a file or folder.
    pub positions: PathBuf,
    /// The folder of its own files, which are no logs to be shipped.
    pub own: PathBuf,
    /// What its inputs ask for.
    pub inputs: Vec<InputRules>,
    /// How long it takes at most until a line's position is visible.
    pub latency: Latency,
    /// Its version, where that can be told.
    pub version: Option<Version>,
    /// What could not be found out of its inputs; each is a sentence.
    pub unknown: Vec<String>,
    /// Why its positions cannot be read, where others are judged all the same.
    pub unreadable: Option<String>,
    /// Its inputs that read no files, by their names: they are not judged.
    pub others: Vec<String>,
    /// The files and folders of its configuration, as they were when they were read.
    pub sources: Vec<Source>,
    /// Where others could have put another program, configuration or registry; each is a sentence.
    pub changeable: Vec<String>,
    /// What is worth saying of how it was found.
    pub notes: Vec<String>,
    /// Whom to ask for its counters.
    pub witness: Option<Arc<dyn EvidenceSource>>,
}

impl Found {
    /// Does the very process that was found still run? One that has ended and waits for its parent
    /// does not, nor does another one that has its number now.
    #[must_use]
    pub fn runs(&self, proc: &Proc) -> bool {
        let own =
            |pid| proc.stat(pid).is_ok_and(|stat| !stat.is_zombie() && Some(stat.start_time) == self.started);
        self.process.is_some_and(own)
    }

    /// Whether its positions lie at this place, by whatever path.
    #[must_use]
    pub fn keeps(&self, root: &Root, place: &Path) -> bool {
        if self.root.prefix() == root.prefix() && self.positions == place {
            return true;
        }
        match (self.root.stat(&self.positions), root.stat(place)) {
            (Ok(own), Ok(other)) => own.same_file(&other),
            _ => false,
        }
    }

    /// Whether two descriptions mean the same positions.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.shipper.name() == other.shipper.name() && self.keeps(&other.root, &other.positions)
    }

    /// Whether its configuration has changed since it was read.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.sources.iter().any(|source| Source::inspect(&self.root, &source.path, source.reread) != *source)
    }
}

/// A file or folder that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is, inside the root.
    pub path: PathBuf,
    /// Its device, inode and size, and when it was last written and changed; `None` where it was not there.
    pub seen: Option<Seen>,
    /// The shipper reads it again by itself.
    pub reread: bool,
}

type Seen = (u64, u64, u64, (i64, u32), (i64, u32));

impl Source {
    /// As it is now.
    #[must_use]
    pub fn inspect(root: &Root, path: &Path, reread: bool) -> Self {
        let seen = root.stat(path).ok();
        let seen = seen.map(|stat| (stat.dev, stat.ino, stat.size, stat.mtime, stat.ctime));
        Self { path: path.to_owned(), seen, reread }
    }

    /// The same of a file that is read once, where it is there.
    #[must_use]
    pub fn there(root: &Root, path: &Path) -> Option<Self> {
        Some(Self::inspect(root, path, false)).filter(|source| source.seen.is_some())
    }
}

/// Why there are no positions or no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error(transparent)]
    Os(#[from] OsError),
    /// What is there is none that amr can read; a sentence.
    #[error("{0}")]
    Unreadable(String),
}

/// The longest time from a line being written to its position being visible, each part apart. Their
/// sum is what silence must outlast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Until a new file is noticed (`scan_frequency`, `prospector.scanner.check_interval`).
    pub scan: Duration,
    /// Until new lines in an open file are noticed (`max_backoff`, `backoff.max`).
    pub backoff: Duration,
    /// Until the queue hands on a batch that is not full (`queue.mem.flush.timeout`).
    pub flush: Duration,
    /// Until an acknowledgement is in the registry (`registry.flush`).
    pub registry: Duration,
}

impl Latency {
    /// From the moment a line is written until the registry has it, at most, while the output takes what it is
    /// given.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.scan + self.backoff + self.flush + self.registry
    }

    /// How long nothing has to move until that is a stall, where `allowed` is: two turns at least of an input that looks
    /// at its files less often than by default.
    #[must_use]
    pub fn stall(&self, allowed: Duration) -> Duration {
        let turn = self.scan.max(self.backoff);
        if turn > TURN { allowed.max(turn.saturating_mul(2)) } else { allowed }
    }
}

/// How often inputs look by default (`scan_frequency`, `max_backoff`).
const TURN: Duration = Duration::from_secs(10);

/// A version, as far as it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 8 of `8.1.3`.
    pub major: u32,
    /// 1 of `8.1.3`.
    pub minor: u32,
    /// 3 of `8.1.3`; 0 where it is left out.
    pub patch: u32,
}

impl Version {
    /// `8.1.3`, also with something after it (`8.1.3-SNAPSHOT`, `1.300057.0b1`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches('v').splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let rest = parts.next().unwrap_or("0");
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self { major, minor, patch: rest.get(..digits)?.parse().ok()? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let version = |text| Version::parse(text).unwrap();
        assert_eq!(version("8.1.3-SNAPSHOT").to_string(), "8.1.3");
        assert_eq!(version("1.300057.0b1123"), Version { major: 1, minor: 300_057, patch: 0 });
        assert!(version("8.12.0") > version("8.9.9") && version("9.5") > version("8.19.9"));
        assert_eq!(Version::parse("unknown"), None);
    }
}
