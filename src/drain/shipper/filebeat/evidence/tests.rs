use super::*;
use std::collections::BTreeSet;

#[test]
fn the_stats_of_a_blocked_and_of_a_drained_one() {
    let blocked = br#"{"filebeat":{"events":{"active":4117},"harvester":{"open_files":1}},
        "libbeat":{"output":{"events":{"acked":7,"active":50,"dropped":1,"failed":3}},"pipeline":{"events":{"active":4117}}}}"#;
    let counters = stats(blocked).unwrap();
    assert_eq!(counters.in_flight(), Some(4117));
    assert_eq!((counters.acknowledged, counters.dropped, counters.failed), (Some(7), Some(1), Some(3)));
    let drained = br#"{"filebeat":{"events":{"active":0}},"libbeat":{"pipeline":{"events":{"active":0}}}}"#;
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
    assert!(trouble(&format!("{}\n{later}\n{}", metrics(8, 7), metrics(10, 7))).is_some(), "or before it");
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
        word("2019-01-29T05:38:45.928Z\tINFO\tinstance/beat.go:292\tSetup Beat: filebeat; Version: 6.8.14"),
        Some(Entry::Started(Some(version)))
    );
    assert_eq!(word("2019-01-29T05:38:45.928Z\tINFO\tcrawler.go\tLoading Inputs: 1"), None);
    assert_eq!(word(""), None);
}
