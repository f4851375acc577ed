//! Moments on a clock that only goes forward. What the judgement compares with one another are
//! moments; the clock on the wall can be set, and speaks of files and states alone.
//!
//! Pure.

use std::time::Duration;

/// A moment on a clock that only goes forward, in nanoseconds from where it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment, so much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}
