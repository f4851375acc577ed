//! Why a shipper's output stands still, in the words of the shipper's own log.
//!
//! Go programs wrap errors with the cause at the end, `Failed to connect to …: dial tcp …: connection
//! refused`: the end is what an operator acts upon. Times are given as the log writes them, so that they
//! can be searched for there.
//!
//! Pure.

use super::interface::Counters;
use crate::drain::cursor::Timestamp;

/// How much of a cause is kept.
const KEPT: usize = 120;

/// After so long without a further line about it the output may be well again: shippers try again every
/// minute at least (`backoff.max`, 60 s; the CloudWatch agent's longest pause).
const STALE: i64 = 300_000_000_000;

/// Why the output does not take anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputTrouble {
    /// What the last line about it ends with: `connection refused`.
    pub cause: String,
    /// Since when: day and time of day, as the log has them; none where its lines have no time.
    since: Option<(String, String)>,
    /// The day of the last line about it.
    day: Option<String>,
    /// When that was.
    last: Option<Timestamp>,
}

impl OutputTrouble {
    /// After a further line of the log: `head` is where its time stands, `at` the same time.
    #[must_use]
    pub fn further(before: Option<Self>, message: &str, head: &str, at: Option<Timestamp>) -> Self {
        let written = stamp(head);
        let since = before.and_then(|before| before.since).or_else(|| written.clone());
        Self { cause: cause(message), since, day: written.map(|(day, _)| day), last: at }
    }

    /// After a line that says that it is still so.
    #[must_use]
    pub fn again(self, at: Option<Timestamp>) -> Self {
        Self { last: at.or(self.last), ..self }
    }

    /// Whether it is still so by now: its last line is not too old.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.0.saturating_sub(last.0) < STALE)
    }

    /// When the last line about it was written.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }
}

impl std::fmt::Display for OutputTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "output refuses: {}", self.cause)?;
        match &self.since {
            Some((day, time)) if self.day.as_ref() == Some(day) => write!(f, " since {time}"),
            Some((day, time)) => write!(f, " since {day} {time}"),
            None => Ok(()),
        }
    }
}

/// What counters say of an output, `before` and now: what failed since, where nothing was acknowledged.
/// Without ones from before they speak of the time since the shipper began.
#[must_use]
pub fn failing(before: Option<Counters>, now: Counters) -> Option<String> {
    let (acknowledged, failed) = before.map_or((0, 0), |before| (before.acknowledged, before.failed));
    let count = now.failed.saturating_sub(failed);
    let words = "failed and none was acknowledged, as its counters say";
    (now.acknowledged <= acknowledged && count > 0).then(|| format!("output refuses: {count} events {words}"))
}

/// The end of a message, or the HTTP status in it, behind which a server's whole answer stands.
fn cause(message: &str) -> String {
    let status = |part: &&str| {
        let (code, words) = part.split_once(' ').unwrap_or_default();
        let is_code = code.len() == 3 && code.starts_with(['4', '5']);
        is_code && code.bytes().all(|byte| byte.is_ascii_digit()) && !words.is_empty()
    };
    let line = message.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut parts = message.split(": ").map(str::trim);
    let chosen = parts.find(status).or_else(|| line.rsplit(": ").find(|part| !part.trim().is_empty()));
    chosen.unwrap_or(message).trim().chars().take(KEPT).collect()
}

/// Day and minute at the head of a line: `2026-01-31T14:02:07…`, `2026/01/31 14:02:07…`.
fn stamp(head: &str) -> Option<(String, String)> {
    let shape = "dddd-dd-dd dd:dd";
    let text = head.get(..shape.len())?;
    let fits = |(byte, shape): (u8, u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'-' => matches!(byte, b'-' | b'/'),
        b' ' => matches!(byte, b' ' | b'T'),
        _ => byte == shape,
    };
    let whole = text.bytes().zip(shape.bytes()).all(fits);
    whole.then(|| Some((text.get(..10)?.replace('/', "-"), text.get(11..)?.to_owned())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_a_message_ends_with() {
        for (message, told) in [
            (
                "Failed to connect to backoff(elasticsearch(http://x:9200)): Get \"http://x:9200\": dial tcp 127.0.0.1:9200: connect: connection refused",
                "connection refused",
            ),
            ("Failed to publish events: write tcp 1.2.3.4:1->1.2.3.4:2: write: broken pipe", "broken pipe"),
            ("Connecting error publishing events (retrying): EOF", "EOF"),
            (
                "Failed to connect to backoff(elasticsearch(http://x)): 401 Unauthorized: {\"error\":{\"type\":\"a: b\"}}",
                "401 Unauthorized",
            ),
            (
                "Aws error received when sending logs to a/b: RequestError: send request failed\ncaused by: Post \"https://x/\": dial tcp: lookup x: no such host",
                "no such host",
            ),
            ("Failed to publish events", "Failed to publish events"),
            ("", ""),
        ] {
            assert_eq!(cause(message), told, "{message}");
        }
        assert_eq!(cause(&"x".repeat(5000)).len(), KEPT);
    }

    #[test]
    fn since_when_is_told_as_the_log_has_it() {
        let said = |since: &str, last: &str| {
            let first = OutputTrouble::further(None, "a: refused", since, None);
            OutputTrouble::further(Some(first), "a: timeout", last, None).to_string()
        };
        let iso = ["2026-01-31T14:02:07.1Z", "2026-01-31T14:09:00Z"];
        assert_eq!(said(iso[0], iso[1]), "output refuses: timeout since 14:02");
        let next_day = "2026/02/01 00:01:02.123456 x.go:1: INFO";
        assert_eq!(said(iso[0], next_day), "output refuses: timeout since 2026-01-31 14:02");
        for none in ["", "ERR x", "2026-01-31", "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}x"] {
            assert_eq!(said(none, none), "output refuses: timeout");
        }
    }

    #[test]
    fn counters_tell_of_an_output_that_takes_nothing() {
        let counters = |acknowledged, failed| Counters { active: 9, dropped: 0, acknowledged, failed };
        let words = "output refuses: 4 events failed and none was acknowledged, as its counters say";
        assert_eq!(failing(None, counters(0, 4)).as_deref(), Some(words));
        assert_eq!(failing(Some(counters(7, 3)), counters(7, 7)).as_deref(), Some(words));
        for (before, now) in [(Some(counters(7, 3)), counters(8, 7)), (Some(counters(7, 3)), counters(7, 3))]
        {
            assert_eq!(failing(before, now), None);
        }
        assert_eq!(failing(None, counters(1, 4)), None, "not known to be now");
    }

    #[test]
    fn what_was_said_long_ago_may_be_over() {
        let minute = |count: i64| Timestamp(count * 60_000_000_000);
        let trouble = OutputTrouble::further(None, "a", "", Some(minute(10)));
        assert!(trouble.is_fresh(minute(14)) && !trouble.is_fresh(minute(15)));
        assert!(OutputTrouble::further(None, "a", "", None).is_fresh(minute(99)));
    }
}
