//! The report of a drain: all that a judgement was made of, for people and machines.
//!
//! One schema, whose `schema` number rises when a field changes its meaning or goes; fields and words
//! may be added without. Names from the file system are escaped so that they can be printed and read back.
//! Times are RFC 3339 in UTC.
//!
//! A report may have a line for each of a million files, and a shutdown waits until it is written. So this is a
//! crate of its own, compiled otherwise than what is around it (`docs/decisions/08-crates.md`).
//!
//! Pure.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Rises when a field of a report changes its meaning or goes; not for one that is added.
pub const SCHEMA: u32 = 1;

/// So many bytes has the report on one file, about.
const PER_FILE: usize = 256;

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
    /// Its path, escaped.
    pub path: String,
    /// Bytes of it that are to be shipped and are not known to be.
    pub rest: u64,
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
    /// The file or folder of its positions, escaped.
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
    /// Its name when it was seen, escaped.
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
    /// Why, in a word.
    pub reason: Cow<'static, str>,
    /// What that means: `done`, `unshippable`, `left-alone`, `at-rest`, `unknown`, `pending`, `lost`.
    pub standing: Cow<'static, str>,
    /// Why, in a sentence for people.
    pub because: Cow<'static, str>,
    /// The state's input id, where it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// The container's stream, where the state counts one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
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
        let mut text = Vec::new();
        self.add_to(&mut text);
        text
    }

    /// As [`Self::json`], behind what `text` holds.
    pub fn add_to(&self, text: &mut Vec<u8>) {
        let files: usize = self.shippers.iter().map(|shipper| shipper.files.len()).sum();
        text.reserve(files.saturating_add(4).saturating_mul(PER_FILE));
        // Into memory, and no type here has a value without a form: it does not fail.
        let _ = serde_json::to_writer(&mut *text, self);
        text.push(b'\n');
    }

    /// As it was written by [`Self::json`].
    ///
    /// # Errors
    /// It is not such a report; the error names line and column.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}
