//! The report: all that a judgement was made of, for people and machines.
//!
//! One schema, whose `schema` number rises when a field changes its meaning or goes; fields and words
//! may be added without. Names from the file system are written as [`shown`] writes them, in both
//! forms. Times are RFC 3339 in UTC.
//!
//! Pure.

pub mod keep;
mod text;

use crate::drain::cursor::{Positions, Timestamp};
use crate::drain::judge::facts::{Doubt, Evidence, Life};
use crate::drain::judge::file::Held;
use crate::drain::judge::progress::{Progress, Unshipped};
use crate::drain::judge::reason::ReasonClass;
use crate::drain::judge::tail::Stream;
use crate::drain::judge::verdict::{Verdict, bytes_left};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub use text::{counted, rfc3339, size};

/// Rises when a field of a report changes its meaning or goes; not for one that is added.
pub const SCHEMA: u32 = 1;

/// A judgement and what it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of amr that wrote it.
    pub amr: String,
    /// When it was made: RFC 3339 in UTC, to the second.
    pub at: String,
    /// Whether more is to come: an interim report of a drain under way.
    pub stage: Stage,
    /// The verdict in words; of an interim report the one that would be given now.
    pub verdict: String,
    /// The exit code of that verdict, 0 or 10 to 15.
    pub code: u8,
    /// Bytes that are to be shipped and are not known to be.
    pub bytes_left: u64,
    /// The file that lags most; none where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lags_most: Option<Lag>,
    /// Each shipper that was looked at.
    pub shippers: Vec<ShipperReport>,
}

/// A file with bytes left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// Its path, as [`shown`] writes it.
    pub path: String,
    /// Bytes of it that are to be shipped and are not known to be.
    pub rest: u64,
}

impl Lag {
    /// The one of these files that lags most.
    #[must_use]
    pub fn largest<'p>(files: impl Iterator<Item = &'p Progress>) -> Option<Self> {
        let rest = |file: &'p Progress| match (file.rest, file.reason.class()) {
            (_, ReasonClass::Done | ReasonClass::Unshippable | ReasonClass::LeftAlone)
            | (Unshipped::Unknown, _) => None,
            (Unshipped::Bytes(rest), _) => (rest > 0).then_some((file, rest)),
        };
        let (file, rest) = files.filter_map(rest).max_by_key(|(_, rest)| *rest)?;
        Some(Self { path: shown(&file.path), rest })
    }
}

/// Whether a report is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The drain is under way.
    Interim,
    /// This is how it ended.
    Final,
    /// Nobody waited: this is how things stood.
    Once,
}

/// What was found out about one shipper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipperReport {
    /// The shipper's name on the command line.
    pub name: String,
    /// As its files say, `8.1.3`; none where they do not.
    pub version: Option<String>,
    /// The generation of its position file.
    pub generation: String,
    /// The file or folder of its positions, as [`shown`] writes it.
    pub positions: String,
    /// Process numbers; empty where none was found.
    pub pids: Vec<i32>,
    /// `alive`, `dead`, `unknown`.
    pub health: String,
    /// Events in flight by its own counters, where they are known.
    pub in_flight: Option<u64>,
    /// Why its output takes nothing, as far as its own log or counters say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The verdict over this shipper.
    pub verdict: String,
    /// Every file that is to be shipped, or that it knows.
    pub files: Vec<FileReport>,
    /// States whose file was found nowhere.
    pub states_without_file: u64,
    /// What may be missing from the picture.
    pub doubts: Vec<String>,
    /// What is worth saying.
    pub notes: Vec<String>,
}

/// One file, or one state of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Its name when it was seen, as [`shown`] writes it.
    pub path: String,
    /// `st_dev`.
    pub dev: u64,
    /// `st_ino`.
    pub ino: u64,
    /// `st_size`, in bytes.
    pub size: u64,
    /// How many bytes are to be shipped: the size, or that at which it is frozen.
    pub goal: u64,
    /// The acknowledged offset; none where the shipper has no state of it.
    pub offset: Option<u64>,
    /// What is left; none where it cannot be counted in bytes.
    pub rest: Option<u64>,
    /// How far the shipper has read, where it has the file open.
    pub read: Option<u64>,
    /// Why: a word of [`Reason::word`](crate::drain::judge::reason::Reason::word).
    pub reason: Cow<'static, str>,
    /// What that means: `done`, `unshippable`, `left-alone`, `at-rest`, `unknown`, `pending`, `lost`.
    pub standing: Cow<'static, str>,
    /// What [`Reason::sentence`](crate::drain::judge::reason::Reason::sentence) says, for people.
    pub because: Cow<'static, str>,
    /// The state's input id, where it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// The container's stream, where the state counts one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
}

/// A name as it is printed: printable text as it stands, all else escaped, a backslash too, so that it can
/// neither break a line nor steer a terminal, and the name can be read back.
#[must_use]
pub fn shown(name: &[u8]) -> String {
    strings::escape(name, &['\\'])
}

/// What is known of a shipper beside its files.
#[derive(Clone, Debug)]
pub struct ShipperFacts<'a> {
    /// As on the command line.
    pub name: &'a str,
    /// As its files say; none where they do not.
    pub version: Option<String>,
    /// The path of its positions, any bytes.
    pub positions_at: &'a [u8],
    /// Process numbers; empty where none was found.
    pub pids: Vec<i32>,
    /// Whether it runs.
    pub life: Life,
    /// The newest counters that are believed, of its endpoint or its log.
    pub evidence: Option<Evidence>,
    /// What its positions' format is called.
    pub format: &'static str,
    /// What its own log says that is worth saying.
    pub said: Vec<String>,
    /// Why its output takes nothing.
    pub trouble: Option<String>,
}

/// One report for each obligation, in the order that is given.
#[must_use]
pub fn files(files: &[Progress]) -> Vec<FileReport> {
    files.iter().map(file).collect()
}

/// The report on one shipper, without that on its [`files`]: a drain that waits makes many, and writes
/// few.
#[must_use]
pub fn shipper(
    about: &ShipperFacts<'_>,
    verdict: Verdict,
    positions: &Positions,
    gone: u64,
    doubts: &[Doubt],
) -> ShipperReport {
    let others = positions
        .not_files
        .iter()
        .map(|other| format!("'{}' is not a file and is not judged", shown(&other.key)));
    let said = about.said.iter().map(|line| shown(line.as_bytes()));
    let faults = positions.faults.first().iter().map(|fault| fault.to_string());
    ShipperReport {
        name: about.name.to_owned(),
        version: about.version.clone(),
        generation: about.format.to_owned(),
        positions: shown(about.positions_at),
        pids: about.pids.clone(),
        health: match about.life {
            Life::Alive => "alive",
            Life::Dead => "dead",
            Life::Unknown => "unknown",
        }
        .to_owned(),
        in_flight: about.evidence.map(|evidence| evidence.active),
        trouble: about.trouble.as_ref().map(|trouble| shown(trouble.as_bytes())),
        verdict: verdict.words().to_owned(),
        files: Vec::new(),
        states_without_file: gone,
        doubts: doubts.iter().map(ToString::to_string).collect(),
        notes: positions
            .notes
            .iter()
            .map(ToString::to_string)
            .chain(faults)
            .chain(others)
            .chain(said)
            .collect(),
    }
}

/// The report on all of them: the worst verdict counts.
#[must_use]
pub fn whole(
    at: Timestamp,
    stage: Stage,
    verdict: Verdict,
    left: u64,
    lags_most: Option<Lag>,
    shippers: Vec<ShipperReport>,
) -> Report {
    Report {
        schema: SCHEMA,
        amr: env!("CARGO_PKG_VERSION").to_owned(),
        at: rfc3339(at),
        stage,
        verdict: verdict.words().to_owned(),
        code: verdict.code(),
        bytes_left: left,
        lags_most,
        shippers,
    }
}

/// How many bytes of these files are left.
#[must_use]
pub fn left(files: &[Progress]) -> u64 {
    bytes_left(files)
}

fn file(progress: &Progress) -> FileReport {
    FileReport {
        path: shown(&progress.path),
        dev: progress.file.dev,
        ino: progress.file.ino,
        size: progress.size,
        goal: progress.goal,
        offset: progress.acknowledged,
        rest: match progress.rest {
            Unshipped::Bytes(bytes) => Some(bytes),
            Unshipped::Unknown => None,
        },
        read: match progress.held {
            Held::Open { read } => Some(read),
            Held::No | Held::Unknown | Held::Apart => None,
        },
        reason: progress.reason.word().into(),
        standing: class_word(progress.reason.class()).into(),
        because: progress.reason.sentence(),
        input: shown(&progress.input_id),
        stream: progress.stream.map(|stream| {
            match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            }
            .to_owned()
        }),
    }
}

fn class_word(standing: ReasonClass) -> &'static str {
    match standing {
        ReasonClass::Done => "done",
        ReasonClass::Unshippable => "unshippable",
        ReasonClass::LeftAlone => "left-alone",
        ReasonClass::AtRest => "at-rest",
        ReasonClass::Unknown => "unknown",
        ReasonClass::Pending => "pending",
        ReasonClass::Lost => "lost",
    }
}

impl Report {
    /// As JSON, with a newline at its end.
    #[must_use]
    pub fn json(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// As [`Self::json`], for a file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Into memory, and no type here has a value without a form: it does not fail.
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// As it was written by [`Self::json`].
    ///
    /// # Errors
    /// It is not such a report; the error names line and column.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_a_line() {
        assert_eq!(shown(b"/var/log/a\n\x1b[2Jb\\"), "/var/log/a\\n\\u{1b}[2Jb\\\\");
        assert_eq!(shown(b"/\xff/\xe2\x80\xae\xc3\xa4"), "/\\xff/\\u{202e}\u{e4}");
    }
}
