//! Spans of time in words. Pure.

use std::time::Duration;

/// `1min 30s`, as systemd writes spans; whole seconds.
#[must_use]
pub fn span(of: Duration) -> String {
    let seconds = of.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let shown: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}
