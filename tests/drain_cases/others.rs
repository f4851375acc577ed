//! Inputs that read no files, and what the shipper's own counters say of them and of what was dropped.

use crate::tree::{A, Tree, counters};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::process::{Command, Stdio};

const LINES: &str = "one line\nanother line\n";
const ALL: u64 = LINES.len() as u64;

/// A host whose files are acknowledged, with counters.
fn counted(name: &str, more: &str, active: u64, dropped: u64) -> Tree {
    let mut tree = Tree::new(name);
    tree.input("log", "");
    tree.inputs += more;
    tree.inputs += &format!("http.enabled: true\nhttp.port: {}\n", counters(active, dropped));
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    tree.lay();
    tree
}

/// Each is named; without counters it cannot be told, with some that say that nothing is in flight it can.
#[test]
fn inputs_that_read_no_files_are_named_and_proved_empty_by_counters_alone() {
    for (kind, more) in [
        ("tcp", "  host: 'localhost:9000'\n"),
        ("udp", "  host: 'localhost:9000'\n"),
        ("syslog", "  protocol.udp.host: 'localhost:9000'\n"),
        ("unix", "  path: /run/x.sock\n"),
        ("journald", "  id: all\n"),
        ("winlog", "  name: Application\n"),
        ("aws-s3", "  queue_url: 'https://sqs/x'\n"),
        ("httpjson", "  request.url: 'https://x'\n"),
        ("kafka", "  hosts: ['x:9092']\n"),
        ("mqtt", "  hosts: ['tcp://x:1883']\n"),
    ] {
        let mut tree = Tree::new(&format!("other-{kind}"));
        tree.input("log", "");
        let input = format!("- type: {kind}\n{more}");
        tree.inputs += &input;
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        let (verdict, report) = tree.judge();
        let text = report::text(&report);
        let named = format!("counters say that nothing of theirs is in flight: {kind}");
        assert!(verdict == Verdict::CannotTell && text.contains(&named), "{verdict:?} {text}");
        for (active, verdict) in [(0, Verdict::Drained), (7, Verdict::CannotTell)] {
            let tree = counted(&format!("other-{kind}-{active}"), &input, active, 0);
            let (found, report) = tree.judge_what_is_there();
            assert_eq!(found, verdict, "{active} {}", report::text(&report));
        }
    }
}

/// The input of that name reads the files that Docker's daemon writes; what is found by its API comes and goes.
#[test]
fn containers_of_docker_are_files_and_those_of_its_api_a_doubt() {
    let log = "/var/lib/docker/containers/abc/abc-json.log";
    let line = "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n";
    let mut tree = Tree::new("other-docker");
    tree.inputs = "- type: docker\n  containers.ids: ['*']\n".into();
    tree.file(log, line);
    let (verdict, report) = tree.judge();
    assert_eq!(verdict, Verdict::GaveUp, "{}", report::text(&report));
    assert_eq!(report.shippers[0].files[0].path, log);
    let mut tree = Tree::new("other-docker-api");
    tree.input("log", "");
    tree.inputs += "filebeat.autodiscover.providers:\n- type: docker\n  hints.enabled: true\n";
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    let (verdict, report) = tree.judge();
    let text = report::text(&report);
    assert!(
        verdict == Verdict::CannotTell && text.contains("autodiscover: its inputs"),
        "{verdict:?} {text}"
    );
}

#[test]
fn what_the_output_dropped_is_named_at_the_end_of_a_wait_in_the_report_and_as_json() {
    let words = "its output refused and dropped 120 events";
    let tree = counted("dropped", "", 0, 120);
    let amr = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&tree.root).args(["drain", "filebeat", "--reports", "/reports"]).args(more);
        let told = command.stdin(Stdio::null()).output().unwrap();
        (told.status.code(), String::from_utf8(told.stdout).unwrap())
    };
    let (code, said) = amr(&["--timeout", "20s"]);
    let last = said.lines().last().unwrap_or_default();
    assert!(code == Some(0) && last.contains("drained after") && last.contains(words), "{said}");
    let (_, kept) = amr(&["--last"]);
    assert!(kept.contains(&format!("note: {words}")), "{kept}");
    for json in
        [amr(&["--last", "--json"]).1, amr(&["--once", "--json"]).1, amr(&["--timeout", "9s", "--json"]).1]
    {
        let from = json.find('{').unwrap_or(json.len());
        let report: serde_json::Value = serde_json::from_str(&json[from..]).unwrap();
        let notes = report["shippers"][0]["notes"].as_array().unwrap();
        assert!(notes.iter().any(|note| note == words), "{json}");
    }
}
