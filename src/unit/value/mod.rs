//! The kinds of value that directives take, each with its own small parser. Pure.
//!
//! Each parser reads what systemd 252 reads. A [`ValueError`] says where in the value it stopped, so
//! that the caller can put a caret there (`syntax::Value::span`).

use serde::{Deserialize, Serialize};
use std::time::Duration;
use thiserror::Error;

pub mod address_family;
pub mod base64;
pub mod boolean;
pub mod capability;
pub mod cpu_set;
pub mod descriptor;
pub mod dynamic;
pub mod env;
pub mod errno;
pub mod escape;
pub mod exec;
pub mod exit_status;
pub mod expand;
pub mod limits;
pub mod mode;
pub(in crate::unit) mod number;
pub mod path;
pub mod raw_path;
pub mod signal;
pub mod size;
pub mod syscall;
pub mod time;
pub mod utc;
pub mod words;

/// What expands the specifiers of one word.
pub type Expand<'a> = &'a dyn Fn(&str) -> Result<String, ValueError>;

/// Why a value, or a part of it, cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ValueError {
    /// Offset in the value, in bytes.
    pub at: usize,
    /// Length in bytes.
    pub len: usize,
    /// One sentence, lower case, no full stop.
    pub message: String,
}

impl ValueError {
    /// An error at a place.
    #[must_use]
    pub fn new(at: usize, len: usize, message: impl Into<String>) -> Self {
        Self { at, len, message: message.into() }
    }

    /// An error about all of `value`.
    #[must_use]
    pub fn whole(value: &str, message: impl Into<String>) -> Self {
        Self::new(0, value.len(), message)
    }

    /// The same error, seen from a value in which this one begins at `offset`.
    #[must_use]
    pub fn shifted(mut self, offset: usize) -> Self {
        self.at = self.at.saturating_add(offset);
        self
    }
}

/// A time limit; `infinity` and, for the two stop and start limits, `0` mean that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timeout {
    /// Ends after this time.
    After(Duration),
    /// Never ends.
    Never,
}

/// A signal by number; real-time signals included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signal(pub i32);

/// A place in a file: 1-based line and column (in bytes), and the length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub col: u32,
    /// Length in bytes on that line; 0 points between two characters.
    pub len: u32,
}
