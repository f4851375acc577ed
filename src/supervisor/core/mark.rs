//! How records and plans name what could be mistaken for another: a process, a point in time, a file as it was.
//!
//! Pure.

use crate::unit::value::{Timeout, raw_path};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A process that is not mistaken for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMark {
    /// Its number.
    pub pid: i32,
    /// Clock ticks between boot and its start.
    pub start_time: u64,
}

/// A point in time on both clocks, in microseconds; 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Since 1970, UTC.
    pub real: u64,
    /// Since boot.
    pub mono: u64,
}

impl Moment {
    /// From the two clocks.
    #[must_use]
    pub fn at(real: Duration, mono: Duration) -> Self {
        Self { real: micros(real), mono: micros(mono) }
    }
}

/// Microseconds, at most as many as a record takes.
#[must_use]
pub fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

/// A time as a record has it, 0 for none.
#[must_use]
pub fn micros_or_none(time: Timeout) -> u64 {
    match time {
        Timeout::After(time) => micros(time),
        Timeout::Never => 0,
    }
}

/// One of the unit's files, as it was when the unit was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// Path inside the root.
    #[serde(with = "raw_path")]
    pub path: PathBuf,
    /// When it was changed, in seconds since 1970.
    pub mtime: i64,
    /// And nanoseconds; 0 of a release that did not note them.
    #[serde(default)]
    pub mtime_nsec: u32,
}

impl FileMark {
    /// Was it made of the file as `now` has it?
    #[must_use]
    pub fn is_of(&self, now: &Self) -> bool {
        (&self.path, self.mtime) == (&now.path, now.mtime)
            && (self.mtime_nsec == 0 || self.mtime_nsec == now.mtime_nsec)
    }
}
