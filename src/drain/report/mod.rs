//! The report: all that a judgement was made of, for people and machines. What it says is `crates/report`; here it
//! is made, [`text`] and kept. Names from the file system are written as [`shown`] writes them.
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
pub use ::report::{FileReport, Lag, Report, SCHEMA, ShipperReport, Stage};
pub use text::{counted, line, rfc3339, size, text};

/// The one of these files that lags most.
#[must_use]
pub fn largest_lag<'p>(files: impl Iterator<Item = &'p Progress>) -> Option<Lag> {
    let rest = |file: &'p Progress| match (file.rest, file.reason.class()) {
        (_, ReasonClass::Done | ReasonClass::Unshippable | ReasonClass::LeftAlone)
        | (Unshipped::Unknown, _) => None,
        (Unshipped::Bytes(rest), _) => (rest > 0).then_some((file, rest)),
    };
    let (file, rest) = files.filter_map(rest).max_by_key(|(_, rest)| *rest)?;
    Some(Lag { path: shown(&file.path), rest })
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
        health: about.life.word().to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_a_line() {
        assert_eq!(shown(b"/var/log/a\n\x1b[2Jb\\"), "/var/log/a\\n\\u{1b}[2Jb\\\\");
        assert_eq!(shown(b"/\xff/\xe2\x80\xae\xc3\xa4"), "/\\xff/\\u{202e}\u{e4}");
    }
}
