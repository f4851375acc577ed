//! The kinds of value that directives take, each with its own small parser. Pure.
//!
//! Each parser reads what systemd 252 reads. A [`ValueError`] says where in the value it stopped, so
//! that the caller can put a caret there (`syntax::Value::span`).

pub mod utc;

use crate::json::{self, Json, Reader, Writer};
use std::time::Duration;
use thiserror::Error;

pub mod boolean;
pub mod capability;
pub mod cpu_set;
pub mod env;
pub mod escape;
pub mod exec;
pub mod exit_status;
pub mod expand;
pub mod limits;
pub mod mode;
mod number;
pub mod path;
pub mod signal;
pub mod size;
pub mod time;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timeout {
    /// Ends after this time.
    After(Duration),
    /// Never ends.
    Never,
}

crate::choice! { Timeout { Never } value { After } }

/// A signal by number; real-time signals included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(pub i32);

impl Json for Signal {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, json::Error> {
        i32::read(from).map(Self)
    }
}

/// A place in a file: 1-based line and column (in bytes), and the length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub col: u32,
    /// Length in bytes on that line; 0 points between two characters.
    pub len: u32,
}

crate::record! { Span { line, col, len } }
