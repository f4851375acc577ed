//! What the process that looks tells the one that speaks.
//!
//! Looking may hang in a file system for ever, speaking must not; so they are two processes with a
//! stream between them. [`Message`]s go one way, one JSON text a line; [`Order`]s the other, one byte each.
//!
//! Pure.

use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::{Reason, ReasonClass};
use crate::drain::judge::verdict::{Verdict, bytes_left, decisive};
use crate::drain::report::{Lag, largest_lag};
use serde::{Deserialize, Serialize};

/// How things stand, in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many files have bytes left.
    pub files: u64,
    /// How many bytes are left in all of them.
    pub bytes: u64,
    /// The verdict if it were due now, in words.
    pub verdict: String,
    /// The exit code of that verdict.
    pub code: u8,
    /// What stands in the way, as a sentence; empty where nothing does.
    pub because: String,
    /// Why an output takes nothing, where a shipper says so.
    pub trouble: Option<String>,
    /// The file that lags most.
    pub most: Option<Lag>,
}

impl Summary {
    /// Of a look, whose verdict would be this one.
    #[must_use]
    pub fn from_files<'p>(files: impl Iterator<Item = &'p [Progress]> + Clone, verdict: Verdict) -> Self {
        let left = |file: &&Progress| match file.reason.class() {
            ReasonClass::AtRest | ReasonClass::Unknown | ReasonClass::Pending | ReasonClass::Lost => true,
            ReasonClass::Done | ReasonClass::Unshippable | ReasonClass::LeftAlone => false,
        };
        let count = |files: &[Progress]| files.iter().filter(left).count() as u64;
        let worst = files.clone().filter_map(decisive).max_by_key(|reason| reason.class());
        // What is through stands in nobody's way.
        let through = |reason: &&Reason| {
            let done = [ReasonClass::Done, ReasonClass::Unshippable, ReasonClass::LeftAlone];
            done.contains(&reason.class())
        };
        let worst = worst.filter(|reason| verdict != Verdict::Drained && !through(reason));
        Self {
            files: files.clone().map(count).sum(),
            bytes: files.clone().map(bytes_left).fold(0, u64::saturating_add),
            verdict: verdict.words().to_owned(),
            code: verdict.code(),
            because: worst.map(|reason| reason.sentence().into_owned()).unwrap_or_default(),
            trouble: None,
            most: largest_lag(files.flatten()),
        }
    }

    /// With what the shippers say of their outputs, while something is to be shipped.
    #[must_use]
    pub fn troubled(self, mut troubles: impl Iterator<Item = String>) -> Self {
        let trouble = if self.code == Verdict::Drained.code() { None } else { troubles.next() };
        Self { trouble, ..self }
    }

    /// With what stands in the way beside the files: where they are through, or the verdict is one of doubt.
    #[must_use]
    pub fn hindered(mut self, hindrances: &[String]) -> Self {
        let counts = self.code == Verdict::CannotTell.code() || self.because.is_empty();
        if let Some((first, more)) = hindrances.split_first().filter(|_| counts && self.code != 0) {
            let more = match more.len() {
                0 => String::new(),
                1 => "; another doubt in the report".to_owned(),
                count => format!("; {count} more doubts in the report"),
            };
            let before = if self.because.is_empty() { "" } else { "; " };
            self.because += &format!("{before}{first}{more}");
        }
        self
    }

    /// With what was not delivered and is not waited for, named where nothing else stands in the way.
    #[must_use]
    pub fn with(mut self, remarks: impl Iterator<Item = String>) -> Self {
        for remark in remarks {
            if !self.because.is_empty() {
                self.because.push_str("; ");
            }
            self.because.push_str(&remark);
        }
        self
    }
}

/// A phase of a drain. At each the report is written and synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The first look has been taken.
    Started,
    /// The soft timeout has come.
    SoFar,
    /// Nothing has moved for long.
    Stalled,
    /// The verdict is there.
    Ended,
}

/// What the looking process says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A phase begins.
    Phase {
        /// Which.
        phase: Phase,
        /// How things stand.
        summary: Summary,
        /// Where the report of it is kept, if it could be.
        report: Option<String>,
        /// The report itself as JSON, of the last phase and where it was asked for.
        json: Option<String>,
    },
    /// Things have moved.
    Moved(Summary),
    /// Something the operator should know.
    Note(String),
    /// The table that was asked for.
    Table(String),
    /// The one judgement that was asked for.
    Answer {
        /// The verdict's code.
        code: u8,
        /// The report, as it is printed.
        text: String,
    },
    /// There is no judgement, and why.
    Failed(String),
}

/// What the speaking process asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The table of all files.
    Table,
    /// The end, at once.
    GiveUp,
}

impl Order {
    /// As it is sent.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Table => b'T',
            Self::GiveUp => b'G',
        }
    }

    /// As it was sent.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Table, Self::GiveUp].into_iter().find(|order| order.byte() == byte)
    }
}

impl Message {
    /// As JSON on one line, the line end included.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        // Into memory, and no type here has a value without a form: it does not fail.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// From one line.
    ///
    /// # Errors
    /// It is no message.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_beside_the_files_is_named() {
        let all = ["a was changed".to_owned(), "b".to_owned(), "c".to_owned()];
        let because = |verdict: Verdict, because: &str, all: &[String]| {
            let summary = Summary { code: verdict.code(), because: because.into(), ..Summary::default() };
            summary.hindered(all).because
        };
        let (doubted, late) = (Verdict::CannotTell, Verdict::GaveUp);
        assert_eq!(because(doubted, "", &all[..1]), "a was changed");
        assert_eq!(because(doubted, "x", &all), "x; a was changed; 2 more doubts in the report");
        assert_eq!(because(late, "", &all[..2]), "a was changed; another doubt in the report");
        assert_eq!(because(late, "lines are left", &all), "lines are left");
        assert_eq!(because(Verdict::Drained, "", &all), "");
    }

    #[test]
    fn messages_arrive_as_they_were_sent() {
        let summary = Summary { files: 2, bytes: 9, because: "a\nb".into(), ..Summary::default() };
        for message in [
            Message::Phase { phase: Phase::SoFar, summary: summary.clone(), report: None, json: None },
            Message::Moved(summary),
            Message::Table("a\nb\n".into()),
        ] {
            let line = message.line();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(Message::parse(&line).unwrap(), message);
        }
        for order in [Order::Table, Order::GiveUp] {
            assert_eq!(Order::from_byte(order.byte()), Some(order));
        }
        assert_eq!(Order::from_byte(b'x'), None);
    }
}
