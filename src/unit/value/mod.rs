//! The kinds of value that directives take, each with its own small parser. Pure.

pub mod utc;

use std::time::Duration;

/// A time limit; `infinity` and, for the two stop and start limits, `0` mean that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timeout {
    /// Ends after this time.
    After(Duration),
    /// Never ends.
    Never,
}

/// A signal by number; real-time signals included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(pub i32);

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
