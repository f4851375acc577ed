//! Which lines of a log `amr logs` prints. Pure.

use super::stamp::CONTINUED;
use crate::unit::value::utc::{self, STAMP_LEN, Utc};
use crate::unit::value::{Timeout, time};
use std::time::Duration;

/// One line of a log, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// When amr read it; `None` for a line that amr did not write.
    pub time: Option<Utc>,
    /// syslog's priority, 0 (emerg) to 7 (debug); 6 where the service did not say.
    pub priority: u8,
    /// The text without stamp and priority.
    pub text: &'a [u8],
}

/// What to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// From this time on.
    pub since: Option<Utc>,
    /// Up to this time.
    pub until: Option<Utc>,
    /// This priority and more urgent ones.
    pub priority: u8,
}

impl Default for Query {
    fn default() -> Self {
        Self { since: None, until: None, priority: 7 }
    }
}

impl Query {
    /// Is this line wanted? A line without a time passes the limits of time.
    #[must_use]
    pub fn wants(&self, line: &Line<'_>) -> bool {
        let in_time = line.time.is_none_or(|t| {
            self.since.is_none_or(|since| t >= since) && self.until.is_none_or(|until| t <= until)
        });
        in_time && line.priority <= self.priority
    }
}

/// Takes a line (without its line end) apart. One that goes on with another has no priority of its own.
#[must_use]
pub fn line(bytes: &[u8]) -> Line<'_> {
    let stamp = bytes.get(..STAMP_LEN).and_then(|s| std::str::from_utf8(s).ok()).and_then(Utc::parse);
    let text = match stamp {
        Some(_) => bytes.get(STAMP_LEN + 1..).unwrap_or_default(),
        None => bytes,
    };
    let continued = stamp.is_some() && bytes.get(STAMP_LEN) == Some(&CONTINUED);
    match text {
        [b'<', n @ b'0'..=b'7', b'>', rest @ ..] if !continued => {
            Line { time: stamp, priority: n - b'0', text: rest }
        }
        _ => Line { time: stamp, priority: 6, text },
    }
}

/// The text of a line that goes on with the one before it; `None` for any other.
#[must_use]
pub fn continued(bytes: &[u8]) -> Option<&[u8]> {
    let is_mark = bytes.get(STAMP_LEN) == Some(&CONTINUED);
    (is_mark && line(bytes).time.is_some()).then(|| bytes.get(STAMP_LEN + 1..).unwrap_or_default())
}

/// What marks a boot: nothing that a service is likely to write.
const BOOT: &str = "amr: here begins boot ";

/// The mark that the first supervisor of a boot writes into a log that is there already, so that `-b` needs
/// no clock.
#[must_use]
pub fn boot_note(boot_id: &str) -> String {
    format!("<6>{BOOT}{boot_id}")
}

/// The boot that begins with this line.
#[must_use]
pub fn boot_of<'a>(line: &Line<'a>) -> Option<&'a str> {
    std::str::from_utf8(line.text).ok()?.strip_prefix(BOOT)
}

/// A time as people type it: RFC 3339 and its short forms, `HH:MM[:SS]` today, `now`, `today`,
/// `yesterday`, `-1h` or `1h ago` (spans as in unit files). All in UTC.
///
/// # Errors
/// What was typed is none of these.
pub fn when(text: &str, now: Utc) -> Result<Utc, String> {
    const DAY: i64 = 86_400_000_000;
    let text = text.trim();
    let midnight = Utc(now.0.div_euclid(DAY) * DAY);
    let ago = text.strip_prefix('-').or_else(|| text.strip_suffix("ago").map(str::trim));
    if let Some(span) = ago {
        return match time::parse(span) {
            Ok(Timeout::After(span)) => Ok(now.before(span)),
            Ok(Timeout::Never) | Err(_) => Err(format!("'{text}' is not a span of time such as '-1h 30min'")),
        };
    }
    match text {
        "now" => return Ok(now),
        "today" => return Ok(midnight),
        "yesterday" => return Ok(midnight.before(Duration::from_secs(86_400))),
        _ => {}
    }
    Utc::parse(text)
        .or_else(|| utc::parse_clock(text).map(|c| Utc(midnight.0 + c)))
        .ok_or_else(|| format!("'{text}' is not a time such as '2026-03-01 12:00', '12:00' or '-1h'"))
}

/// A priority by number or name (syslog(3)).
///
/// # Errors
/// What was typed is none.
pub fn priority(text: &str) -> Result<u8, String> {
    const NAMES: [&[&str]; 8] = [
        &["emerg", "panic"],
        &["alert"],
        &["crit"],
        &["err", "error"],
        &["warning", "warn"],
        &["notice"],
        &["info"],
        &["debug"],
    ];
    let by_name = NAMES.iter().position(|names| names.contains(&text));
    let number = by_name.or_else(|| text.parse().ok()).and_then(|n| u8::try_from(n).ok());
    number.filter(|n| *n <= 7).ok_or_else(|| {
        format!("'{text}' is not a priority: 0-7, emerg, alert, crit, err, warning, notice, info, debug")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Utc = Utc(1_709_210_096_000_000); // 2024-02-29T12:34:56Z

    #[test]
    fn lines() {
        let l = line(b"2024-02-29T12:34:56.000000Z <3>disk on fire");
        assert_eq!((l.time, l.priority, l.text), (Some(NOW), 3, b"disk on fire".as_slice()));
        let l = line(b"2024-02-29T12:34:56.000000Z plain");
        assert_eq!((l.priority, l.text), (6, b"plain".as_slice()));
        let l = line(b"no stamp \xff");
        assert_eq!((l.time, l.text), (None, b"no stamp \xff".as_slice()));
        assert_eq!(line(b""), Line { time: None, priority: 6, text: b"" });
        let more = b"2024-02-29T12:34:56.000000Z+<0>more".as_slice();
        assert_eq!(line(more), Line { time: Some(NOW), priority: 6, text: b"<0>more" });
        assert_eq!(continued(more), Some(b"<0>more".as_slice()));
        assert_eq!(continued(b"2024-02-29T12:34:56.000000Z <3>+"), None);
    }

    #[test]
    fn boots() {
        let text = format!("2024-02-29T12:34:56.000000Z {}", boot_note("abc"));
        assert_eq!(boot_of(&line(text.as_bytes())), Some("abc"));
        assert_eq!(boot_of(&line(b"2024-02-29T12:34:56.000000Z boot abc")), None);
    }

    #[test]
    fn times_as_typed() {
        let at = |text| when(text, NOW).map(Utc::to_rfc3339);
        assert_eq!(at("-1h").unwrap(), "2024-02-29T11:34:56.000000Z");
        assert_eq!(at("1min ago").unwrap(), "2024-02-29T12:33:56.000000Z");
        assert_eq!(at("08:15").unwrap(), "2024-02-29T08:15:00.000000Z");
        assert_eq!(at("yesterday").unwrap(), "2024-02-28T00:00:00.000000Z");
        assert_eq!(at("2024-01-01").unwrap(), "2024-01-01T00:00:00.000000Z");
        assert!(at("soon").unwrap_err().contains("'soon' is not a time"));
        assert!(at("-x").unwrap_err().contains("span"));
    }

    #[test]
    fn priorities() {
        assert_eq!(priority("err"), Ok(3));
        assert_eq!(priority("7"), Ok(7));
        assert!(priority("8").is_err());
        assert!(priority("loud").is_err());
    }

    #[test]
    fn limits_of_time_and_priority() {
        let q = Query { since: Some(NOW), until: None, priority: 4 };
        assert!(q.wants(&line(b"2024-02-29T12:34:56.000000Z <4>a")));
        assert!(!q.wants(&line(b"2024-02-29T12:34:56.000000Z <5>a")));
        assert!(!q.wants(&line(b"2024-02-29T12:34:55.999999Z <4>a")));
        let q = Query { until: Some(NOW), ..Query::default() };
        assert!(!q.wants(&line(b"2024-02-29T12:34:56.000001Z a")));
    }
}
