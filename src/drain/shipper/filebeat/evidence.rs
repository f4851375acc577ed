//! What Filebeat says of itself: its counters over HTTP (`/stats`) and the lines of its own log.
//!
//! Both count the events that were read and not yet acknowledged. In the log's metrics line, which
//! comes every 30 s, only gauges are absolute: `libbeat.pipeline.events.active` is one in every
//! version that has it (6.0 and later), `filebeat.events.active` is not, it is a difference there.
//! Source: `libbeat/monitoring/report/log/log.go`. Pure.

use super::time::{Time, rfc3339};
use crate::drain::cursor::Timestamp;
use crate::drain::shipper::trouble::OutputTrouble;
use serde_json::Value;
use std::collections::BTreeSet;

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
    /// Files open.
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
    /// What it says.
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

/// What the end of a log says of the Filebeat that wrote it last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogDigest {
    /// The newest metrics line with a time.
    pub metrics: Option<(Timestamp, Counters)>,
    /// The files that it could not open.
    pub refused: BTreeSet<String>,
    /// How many lines speak of dropped events, and the last of them.
    pub dropped: Option<(u64, String)>,
    /// The last word about an output that does not answer.
    pub unreachable: Option<String>,
    /// Why nothing is taken, since the last sign that something is.
    pub trouble: Option<OutputTrouble>,
}

impl LogDigest {
    /// Reads the lines in their order. What was said before the last start is of another process.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut said = Self::default();
        for Line { at, word } in text.lines().filter_map(line) {
            match word {
                Entry::Metrics(counters) => {
                    // They are of the whole time since the ones before: only a trouble from then is over.
                    let before = said.metrics.map(|(at, _)| at);
                    if counters.acknowledged > Some(0)
                        && said.trouble.as_ref().and_then(OutputTrouble::last) < before
                    {
                        said.trouble = None;
                    }
                    said.metrics = at.map(|at| (at, counters));
                }
                Entry::Reached => said.trouble = None,
                Entry::Refused(path) => {
                    said.refused.insert(path);
                }
                Entry::Dropped(message) => {
                    let before = said.dropped.map_or(0, |(count, _)| count);
                    said.dropped = Some((before.saturating_add(1), message));
                }
                Entry::Unreachable { message, head } => {
                    said.trouble = Some(OutputTrouble::further(said.trouble, &message, &head, at));
                    said.unreachable = Some(message.chars().take(KEPT).collect());
                }
                Entry::Started(_) => said = Self { dropped: said.dropped, ..Self::default() },
            }
        }
        said
    }

    /// What of it is worth reporting.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let dropped = self.dropped.iter().map(|(count, message)| {
            format!("its log has {count} lines about dropped events, the last: '{message}'")
        });
        let trouble = self.unreachable.iter().map(|message| format!("its log says: '{message}'"));
        dropped.chain(trouble).collect()
    }
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
mod tests {
    use super::*;

    #[test]
    fn the_stats_of_a_blocked_and_of_a_drained_one() {
        let blocked = br#"{"filebeat":{"events":{"active":4117},"harvester":{"open_files":1}},
            "libbeat":{"output":{"events":{"acked":7,"active":50,"dropped":1,"failed":3}},"pipeline":{"events":{"active":4117}}}}"#;
        let counters = stats(blocked).unwrap();
        assert_eq!(counters.in_flight(), Some(4117));
        assert_eq!((counters.acknowledged, counters.dropped, counters.failed), (Some(7), Some(1), Some(3)));
        let drained =
            br#"{"filebeat":{"events":{"active":0}},"libbeat":{"pipeline":{"events":{"active":0}}}}"#;
        assert_eq!(stats(drained).unwrap().in_flight(), Some(0));
        for none in ["", "{}", "[]", "null", "{\"filebeat\":{\"events\":{\"active\":-1}}}"] {
            assert_eq!(stats(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn the_metrics_line_of_each_format() {
        let text = "2019-01-29T05:38:45.928Z\tINFO\t[monitoring]\tlog/log.go:144\tNon-zero metrics in the last 30s\t\
            {\"monitoring\": {\"metrics\": {\"filebeat\":{\"events\":{\"active\":-3,\"added\":3343}},\
            \"libbeat\":{\"output\":{\"events\":{\"acked\":3342}},\"pipeline\":{\"events\":{\"active\":6}}}}}}";
        let json = r#"{"log.level":"info","@timestamp":"2019-01-29T05:38:45.928Z","log.logger":"monitoring","message":"Non-zero metrics in the last 30s","monitoring":{"metrics":{"filebeat":{"events":{"active":-3}},"libbeat":{"output":{"events":{"acked":3342}},"pipeline":{"events":{"active":6}}}}}}"#;
        let words = "2019-01-29T13:38:45.928+0800 INFO Non-zero metrics in the last 30s: \
            filebeat.events.active=-3 libbeat.output.events.acked=3342 libbeat.pipeline.events.active=6";
        let counters = Counters { pipeline: Some(6), acknowledged: Some(3342), ..Counters::default() };
        let at = Some(Timestamp(1_548_740_325_928_000_000));
        for text in [text, json, words] {
            assert_eq!(line(text), Some(Line { at, word: Entry::Metrics(counters) }), "{text}");
        }
    }

    #[test]
    fn a_line_without_the_gauge_is_no_evidence() {
        let text = "2017-01-01T00:00:00Z INFO Non-zero metrics in the last 30s: publish.events=3";
        let Some(Entry::Metrics(counters)) = line(text).map(|line| line.word) else { panic!("no metrics") };
        assert_eq!(counters.in_flight(), None);
    }

    #[test]
    fn a_log_speaks_of_the_last_start_alone() {
        let at = |second: u32| format!("2026-01-01T00:00:{second:02}.000Z");
        let metrics = |second, active: u64| {
            format!(
                "{} INFO Non-zero metrics in the last 30s: libbeat.pipeline.events.active={active}",
                at(second)
            )
        };
        let dropped = format!("{} WARN Cannot index event: dropping event!", at(2));
        let refused = format!("{} ERROR open /l/a: permission denied", at(3));
        let log = [metrics(1, 0), dropped, refused].join("\n");
        let said = LogDigest::parse(&log);
        assert_eq!(said.metrics.map(|(_, counters)| counters.in_flight()), Some(Some(0)));
        assert_eq!(said.refused, BTreeSet::from(["/l/a".to_owned()]));
        let said = LogDigest::parse(&format!("{log}\n{} INFO filebeat start running.", at(4)));
        assert_eq!((said.metrics, said.refused.len()), (None, 0));
        assert_eq!(said.notes().len(), 1, "{:?}", said.notes());
        let said = LogDigest::parse(&format!("{log}\n{}\nhalf a li", metrics(5, 7)));
        assert_eq!(said.metrics.map(|(_, counters)| counters.in_flight()), Some(Some(7)));
        assert_eq!(LogDigest::parse(""), LogDigest::default());
    }

    /// Each generation's lines about an output that refuses, as its source writes them.
    #[test]
    fn why_the_output_stands_still_is_told_for_each_generation() {
        let refused = "dial tcp 127.0.0.1:9200: connect: connection refused";
        let json = |time: &str, logger: &str, message: &str| {
            format!(
                r#"{{"log.level":"error","@timestamp":"2026-01-01T{time}:03.000Z","log.logger":"{logger}","message":"{message}"}}"#
            )
        };
        let message = format!(
            "Failed to connect to backoff(elasticsearch(http://x:9200)): Get \\\"http://x:9200\\\": {refused}"
        );
        let get = "Failed to connect to backoff(async(tcp://x:5044))";
        let told = [
            format!(
                "2026-01-01T14:02:03+01:00 INFO Connecting error publishing events (retrying): {refused}"
            ),
            format!(
                "2026/01/01 14:02:03.346158 single.go:91: INFO Error publishing events (retrying): {refused}"
            ),
            format!("2026-01-01T14:02:03Z ERR Connecting error publishing events (retrying): {refused}"),
            format!("2026-01-01T14:02:03.123Z\tERROR\tpipeline/output.go:74\t{get}: {refused}"),
            format!(
                "2026-01-01T14:02:03.123+0100\tERROR\t[publisher_pipeline_output]\tpipeline/output.go:154\t{get}: {refused}"
            ),
            json("14:02", "publisher_pipeline_output", &message),
            format!(
                r#"{{"@timestamp":"2026-01-01T14:02:03.000Z","message":"{get}","error":{{"message":"{refused}"}}}}"#
            ),
            "2026/01/01 14:02:03.301520 sync.go:85: ERR Failed to publish events caused by: write tcp 1.2.3.4:1->1.2.3.4:5044: write: connection refused".to_owned(),
            format!(
                "2026-01-01T14:02:03+01:00 ERR Failed to perform any bulk index operations: Post http://x:9200/_bulk: {refused}"
            ),
            "2026-01-01T14:02:03.266+0800\tERROR\t[publisher_pipeline_output]\tpipeline/output.go:180\tfailed to publish events: write tcp 1.2.3.4:1->1.2.3.4:5044: write: connection refused".to_owned(),
            json(
                "14:02",
                "elasticsearch",
                &format!(
                    "failed to perform any bulk index operations: Post \\\"http://x:9200/_bulk\\\": {refused}"
                ),
            ),
            json(
                "14:02",
                "publisher_pipeline_output",
                &format!("failed to publish events: Post \\\"http://x:9200/_bulk\\\": {refused}"),
            ),
            json(
                "14:02",
                "kafka",
                "Kafka publish failed with: dial tcp 1.2.3.4:9092: connect: connection refused",
            ),
        ];
        let trouble = |log: &str| LogDigest::parse(log).trouble.map(|trouble| trouble.to_string());
        for line in &told {
            assert_eq!(
                trouble(line).as_deref(),
                Some("output refuses: connection refused since 14:02"),
                "{line}"
            );
        }
        let later =
            json("14:09", "publisher_pipeline_output", &message.replace("connection refused", "i/o timeout"));
        let both = format!("{}\n{later}", told[5]);
        assert_eq!(trouble(&both).as_deref(), Some("output refuses: i/o timeout since 14:02"));
        let well = json(
            "14:10",
            "publisher_pipeline_output",
            "Connection to backoff(elasticsearch(http://x:9200)) established",
        );
        assert_eq!(trouble(&format!("{both}\n{well}")), None);
        assert_eq!(trouble(&json("14:02", "monitoring", &message)), None, "of its own monitoring");
        let metrics = |minute: u32, acked: u64| {
            format!(
                "2026-01-01T14:{minute:02}:00.000Z INFO Non-zero metrics in the last 30s: libbeat.output.events.acked={acked} libbeat.pipeline.events.active=3"
            )
        };
        let over = [metrics(10, 0), metrics(11, 7)].join("\n");
        assert_eq!(trouble(&format!("{both}\n{over}")), None, "a batch was acknowledged since");
        let before = [metrics(8, 0), metrics(10, 7)].join("\n");
        assert!(trouble(&format!("{}\n{before}", told[5])).is_none());
        assert!(
            trouble(&format!("{}\n{later}\n{}", metrics(8, 7), metrics(10, 7))).is_some(),
            "or before it"
        );
    }

    #[test]
    fn troubles_are_named() {
        let word = |text: &str| line(text).map(|line| line.word);
        let json =
            |message: &str| format!(r#"{{"@timestamp":"2022-01-01T00:00:00.000Z","message":"{message}"}}"#);
        assert!(matches!(
            word(&json("Cannot index event '' (status=400): dropping event!")),
            Some(Entry::Dropped(_))
        ));
        assert!(matches!(
            word(
                "2019-01-29T05:38:45.928Z\tERROR\tpipeline/output.go:100\tFailed to connect to backoff(elasticsearch(http://x:9200))"
            ),
            Some(Entry::Unreachable { .. })
        ));
        assert_eq!(
            word(&json(
                "Harvester could not be started on new file: /l/a, Err: Failed opening /l/a: open /l/a b: permission denied"
            )),
            Some(Entry::Refused("/l/a b".into()))
        );
        let version = crate::drain::shipper::Version { major: 6, minor: 8, patch: 14 };
        assert_eq!(
            word(
                "2019-01-29T05:38:45.928Z\tINFO\tinstance/beat.go:292\tSetup Beat: filebeat; Version: 6.8.14"
            ),
            Some(Entry::Started(Some(version)))
        );
        assert_eq!(word("2019-01-29T05:38:45.928Z\tINFO\tcrawler.go\tLoading Inputs: 1"), None);
        assert_eq!(word(""), None);
    }
}
