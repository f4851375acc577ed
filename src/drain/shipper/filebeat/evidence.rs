//! What Filebeat says of itself: its counters over HTTP (`/stats`) and the lines of its own log.
//!
//! Both count the events that were read and not yet acknowledged. In the log's metrics line, which
//! comes every 30 s, only gauges are absolute: `libbeat.pipeline.events.active` is one in every
//! version that has it (6.0 and later), `filebeat.events.active` is not, it is a difference there.
//! Source: `libbeat/monitoring/report/log/log.go`. Pure.

mod digest;

pub use digest::LogDigest;

use super::time::{Time, rfc3339};
use crate::drain::cursor::Timestamp;
use serde_json::Value;

/// Counters at one moment. A counter that was not said is `None`, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events read and not yet acknowledged and registered (`filebeat.events.active`).
    pub read: Option<u64>,
    /// Events in the pipeline (`libbeat.pipeline.events.active`).
    pub pipeline: Option<u64>,
    /// Events under way to the output (`libbeat.output.events.active`).
    pub output: Option<u64>,
    /// Events acknowledged by the output: since the start over HTTP, since the line before in a log.
    pub acknowledged: Option<u64>,
    /// Events that Filebeat dropped, counted likewise.
    pub dropped: Option<u64>,
    /// Events whose shipping failed and is tried again, and writes that failed, counted likewise.
    pub failed: Option<u64>,
    /// Files that it has open (`filebeat.harvester.open_files`), a gauge.
    pub open_files: Option<u64>,
}

impl Counters {
    /// How many events are in flight, by the highest counter; `None` if none was said.
    #[must_use]
    pub fn in_flight(&self) -> Option<u64> {
        self.read.max(self.pipeline).max(self.output)
    }

    fn from_metrics(metrics: &Value, read: Option<u64>) -> Self {
        let at = |path: &str| metrics.pointer(path).and_then(Value::as_u64);
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (None, None) => None,
            (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
        };
        Self {
            read,
            pipeline: at("/libbeat/pipeline/events/active"),
            output: at("/libbeat/output/events/active"),
            acknowledged: at("/libbeat/output/events/acked"),
            dropped: sum(at("/libbeat/output/events/dropped"), at("/libbeat/pipeline/events/dropped")),
            failed: sum(at("/libbeat/output/events/failed"), at("/libbeat/output/write/errors")),
            open_files: at("/filebeat/harvester/open_files"),
        }
    }
}

/// The answer to `GET /stats`; `None` if it is not one.
#[must_use]
pub fn stats(body: &[u8]) -> Option<Counters> {
    let metrics: Value = serde_json::from_slice(body).ok()?;
    let read = metrics.pointer("/filebeat/events/active").and_then(Value::as_u64);
    let counters = Counters::from_metrics(&metrics, read);
    counters.in_flight().map(|_| counters)
}

/// One line of Filebeat's log that means something for a drain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// The one thing in it that means something for a drain.
    pub word: Entry,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The metrics of the last interval.
    Metrics(Counters),
    /// The output refused an event for good and it was dropped: acknowledged, and not there.
    Dropped(String),
    /// The output cannot be reached.
    Unreachable {
        /// The message, and what the line has of the error beside it.
        message: String,
        /// Where the line's time stands.
        head: String,
    },
    /// The output can be reached.
    Reached,
    /// A file could not be opened.
    Refused(String),
    /// It began; the version, where the line has it.
    Started(Option<crate::drain::shipper::interface::Version>),
}

/// How much of a message is kept.
const KEPT: usize = 300;

/// How much of one is read for its cause, which stands at the end.
const READ: usize = 4096;

/// Reads one line of the log, whichever format: text of 5.x to 7.x, JSON of 8.x and later. `None`
/// for a line that says nothing here.
#[must_use]
pub fn line(text: &str) -> Option<Line> {
    let text = text.trim_end();
    let parsed: Option<Value> =
        if text.starts_with('{') { serde_json::from_slice(text.as_bytes()).ok() } else { None };
    let (at, message) = match &parsed {
        Some(json) => (
            json.get("@timestamp").and_then(Value::as_str).unwrap_or_default(),
            json.get("message").and_then(Value::as_str).unwrap_or_default(),
        ),
        None => {
            let end = text.find(['\t', ' ']).unwrap_or(text.len());
            (text.get(..end).unwrap_or_default(), text)
        }
    };
    let head = if parsed.is_some() { at } else { text };
    let at = match rfc3339(at.as_bytes()) {
        Some(Time::At(at)) => Some(at),
        Some(Time::Zero) | None => None,
    };
    let word = match &parsed {
        Some(json) => metrics(message, json.pointer("/monitoring/metrics")),
        None => text_metrics(message),
    };
    word.or_else(|| output(message, head, parsed.as_ref()))
        .or_else(|| trouble(message, parsed.as_ref()))
        .map(|word| Line { at, word })
}

fn metrics(message: &str, metrics: Option<&Value>) -> Option<Entry> {
    let known = message.starts_with("Non-zero metrics") || message.starts_with("Total metrics");
    Some(Entry::Metrics(Counters::from_metrics(metrics.filter(|_| known)?, None)))
}

/// The metrics of a text line: JSON behind a tab (6.2 and later), or `name=value` words.
fn text_metrics(message: &str) -> Option<Entry> {
    let start = message.find("Non-zero metrics in the last").or_else(|| message.find("Total non-zero"))?;
    let rest = message.get(start..)?;
    if let Some(brace) = rest.find('{') {
        let json: Value = serde_json::from_slice(rest.get(brace..)?.as_bytes()).ok()?;
        return Some(Entry::Metrics(Counters::from_metrics(json.pointer("/monitoring/metrics")?, None)));
    }
    let number = |name: &str| {
        rest.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    Some(Entry::Metrics(Counters {
        pipeline: number("libbeat.pipeline.events.active"),
        acknowledged: number("libbeat.output.events.acked"),
        dropped: number("libbeat.output.events.dropped"),
        failed: number("libbeat.output.events.failed"),
        open_files: number("filebeat.harvester.open_files"),
        ..Counters::default()
    }))
}

/// What tells that the output cannot be reached, by generation: 1.x and 5.x (`outputs/mode`: `single.go`,
/// `balance.go`), 6.0 to 7.x (`publisher/pipeline/output.go`), 8.x and later (`client_worker.go` there), and the
/// single outputs' own. Some begin with a small letter from 7.6 on.
const UNREACHABLE: [&str; 11] = [
    "Failed to connect",
    "Connecting error publishing events",
    "Error publishing events (retrying)",
    "ailed to publish events",
    "Connection marked as failed",
    "Ping request failed with",
    "Error dialing",
    "ailed to perform any bulk index operations",
    "Kafka publish failed with",
    "client has run out of available brokers",
    "Failed to RPUSH to redis list",
];

/// What tells that it can: 6.4 and later, and the client of Elasticsearch.
const REACHED: [&str; 3] =
    [") established", "Connected to Elasticsearch version", "Attempting to connect to Elasticsearch version"];

/// What a line says of the output. That of Filebeat's own monitoring is another one.
fn output(message: &str, head: &str, json: Option<&Value>) -> Option<Entry> {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let logger = json.and_then(|json| json.get("log.logger")).and_then(Value::as_str).unwrap_or_default();
    if logger.starts_with("monitoring") || message.contains("[monitoring]") {
        return None;
    }
    if has(&REACHED) {
        return Some(Entry::Reached);
    }
    if !has(&UNREACHABLE) || has(&["ropping event"]) {
        return None;
    }
    let error = json.and_then(|json| json.get("error.message").or_else(|| json.pointer("/error/message")));
    let error = error.and_then(Value::as_str).map(|error| format!(": {error}")).unwrap_or_default();
    // A text line has its time, level and place before the message.
    let message = if json.is_some() { message } else { message.rsplit('\t').next().unwrap_or(message) };
    let message = format!("{message}{error}").chars().take(READ).collect();
    Some(Entry::Unreachable { message, head: head.chars().take(HEAD).collect() })
}

/// A time is not longer.
const HEAD: usize = 40;

fn trouble(message: &str, json: Option<&Value>) -> Option<Entry> {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let kept: String = message.chars().take(KEPT).collect();
    if has(&["Cannot index event", "dropping event", "Dropping event", "Drop event"]) {
        return Some(Entry::Dropped(kept));
    }
    if let Some((_, rest)) = message.split_once("open /")
        && let Some((path, _)) = rest.split_once(": permission denied")
    {
        return Some(Entry::Refused(format!("/{path}")));
    }
    if has(&["filebeat start running"]) {
        return Some(Entry::Started(None));
    }
    if message.starts_with("Setup Beat: ") || message.contains("\tSetup Beat: ") || has(&[" Setup Beat: "]) {
        let version =
            message.split("Version: ").nth(1).and_then(crate::drain::shipper::interface::Version::parse);
        return Some(Entry::Started(version));
    }
    let build = json?.pointer("/system_info/build/version")?.as_str()?;
    Some(Entry::Started(crate::drain::shipper::interface::Version::parse(build)))
}

#[cfg(test)]
mod tests;
