//! What everything in the picture shares: measures, colours, the frame, and words that XML takes. Pure.

use crate::order::step::Role;
use std::fmt::Write as _;
use std::time::Duration;

pub const LABEL: f64 = 250.0;
pub const CHART: f64 = 750.0;
pub const METER: f64 = 120.0;
pub const SPAN: f64 = 90.0;
pub const MARGIN: f64 = 28.0;
pub const WIDTH: f64 = MARGIN + LABEL + CHART + MARGIN;
pub const ROW: f64 = 34.0;
pub const BAR: f64 = 18.0;
pub const HEAD: f64 = 118.0;
pub const INK: &str = "#1c2430";
pub const FAINT: &str = "#6b7686";
pub const RULE: &str = "#e6eaf0";
pub const GOOD: &str = "#1a7f4b";
pub const BAD: &str = "#c4314b";
pub const ARROW: &str = "#7c8696";
pub const CORNER: f64 = 5.0;

/// The colour of a role.
pub fn colour(role: Role) -> &'static str {
    match role {
        Role::Writer => "#4f83e0",
        Role::Drain => "#23a566",
        Role::Shipper => "#f0a02b",
        Role::Network => "#8a78d6",
        Role::Other => "#c5ccd8",
    }
}

/// What the rows share.
pub struct Frame {
    /// Columns of time.
    pub columns: usize,
    /// The width of all of them.
    pub chart: f64,
    /// The longest limit, which fills the meter; `None` where nothing has a limit.
    pub longest: Option<Duration>,
    /// What the drain may need.
    pub needs: Option<Duration>,
}

impl Frame {
    /// `limits` are those of the rows.
    pub fn new(limits: impl Iterator<Item = Duration>, columns: usize, needs: Option<Duration>) -> Self {
        let longest = limits.max().map(|l| l.max(needs.unwrap_or_default()));
        let meter = if longest.is_some() { METER } else { 0.0 };
        Self { columns, chart: CHART - meter - SPAN, longest: longest.filter(|l| !l.is_zero()), needs }
    }

    /// Where a column begins.
    pub fn x(&self, column: usize) -> f64 {
        MARGIN + LABEL + self.chart * count(column) / count(self.columns)
    }

    /// Where the meter begins.
    pub fn meter(&self) -> f64 {
        MARGIN + LABEL + self.chart + 16.0
    }

    /// How wide a span is on the meter.
    pub fn scaled(&self, span: Duration) -> f64 {
        let longest = self.longest.map_or(1.0, |l| l.as_secs_f64());
        (METER - 16.0) * (span.as_secs_f64() / longest).min(1.0)
    }
}

/// As a measure.
#[allow(clippy::cast_precision_loss, reason = "counts of rows and columns of a picture")]
pub fn count(n: usize) -> f64 {
    n as f64
}

/// A line of words.
pub fn text(out: &mut String, at: (f64, f64), size: u32, fill: &str, extra: &str, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{fill}\"{extra}>{}</text>",
        at.0,
        at.1,
        escape(words)
    );
}

/// At most `most` characters; the last is an ellipsis where more were there.
pub fn shorten(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let kept: String = words.chars().take(most - 1).collect();
    format!("{kept}…")
}

/// Text that XML takes: markup escaped, characters that it forbids replaced.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
