//! Spans of time in words. Pure.

use crate::unit::value::time;
use std::time::Duration;

/// `1min 30s`, as systemd writes spans; whole seconds.
#[must_use]
pub fn span(of: Duration) -> String {
    time::format(Duration::from_secs(of.as_secs()))
}
