//! Golden cases of the drain: trees with a registry, a configuration, log files and what `/proc`
//! shows, judged by `amr drain --once`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod cases;
mod changeable;
mod changed;
mod changing;
mod holders;
mod others;
mod proof;
mod registries;
mod table;
mod tree;
mod waits;

use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use amr::drain::shipper::cloudwatch::CloudWatchAgent;
use std::fs;
use std::os::unix::fs::symlink;
use tree::{A, TIME, Tree, fifo};

/// Two Filebeats that run, one component of the Elastic Agent that does not, and the CloudWatch agent.
#[test]
fn auto_judges_every_shipper_and_the_worst_verdict_counts() {
    let mut tree = Tree::new("auto");
    tree.shipper = None;
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    tree.log_state(A, id, 2);
    let other = tree.file("/srv/log/b.log", "a\n");
    let third = tree.file("/srv/log/c.log", "a\nb\n");
    tree.file("/srv/log/d.log", "a\n");
    tree.put(
        "/opt/fb/filebeat.yml",
        "filebeat.inputs:\n- type: log\n  paths: [/srv/log/b.log]\npath.data: /srv/fb\n",
    );
    tree.put("/srv/fb/registry", format!("[{}]", Tree::array_state("/srv/log/b.log", other, 2)));
    tree.put("/proc/43/stat", format!("43 (filebeat) S 1 43 43{}", " 0".repeat(48)));
    tree.put("/proc/43/cmdline", "/opt/fb/filebeat\0-e\0");
    symlink("/opt/fb/filebeat", tree.root.join("proc/43/exe")).unwrap();
    fs::create_dir_all(tree.root.join("proc/43/fd")).unwrap();
    let agent = "/opt/Elastic/Agent/data/elastic-agent-9.1-abc/run/log-default/registry";
    tree.put(&format!("{agent}/filebeat/meta.json"), "{\"version\":\"0\"}");
    let state = format!("[{}]", Tree::array_state("/srv/log/c.log", third, 2));
    tree.put(&format!("{agent}/filebeat/data.json"), state);
    let states = "/opt/aws/amazon-cloudwatch-agent/logs/state";
    tree.put(&format!("{states}/_srv_log_d.log"), "2\n/srv/log/d.log");
    let (verdict, report) = tree.judge();
    let found: Vec<(&str, &str, &str)> = report
        .shippers
        .iter()
        .map(|one| (one.positions.as_str(), one.health.as_ref(), one.verdict.as_ref()))
        .collect();
    let wanted = [
        ("/var/lib/filebeat/registry", "alive", "drained"),
        ("/srv/fb/registry", "alive", "drained"),
        (agent, "dead", "shipper dead"),
        (states, "dead", "cannot tell"),
    ];
    assert_eq!((found.as_slice(), verdict), (&wanted[..], Verdict::ShipperDead), "{}", report::text(&report));
    assert_eq!(report.bytes_left, 2);
}

/// An empty file, as a full disk leaves it, is not what the shipper was started with.
#[test]
fn a_configuration_that_names_no_input_is_no_proof() {
    for inputs in ["", "- type: log\n  enabled: false\n  paths: ['/var/log/app/*.log']\n"] {
        let mut tree = Tree::new("no-input");
        let id = tree.file(A, "a\n");
        tree.log_state(A, id, 2);
        tree.inputs = inputs.to_owned();
        let (verdict, report) = tree.judge();
        assert_eq!(verdict, Verdict::CannotTell);
        assert!(
            report::text(&report).contains("names no input that is switched on"),
            "{}",
            report::text(&report)
        );
    }
}

#[test]
fn nothing_that_is_no_log_makes_it_hang() {
    let mut tree = Tree::new("hostile");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    tree.log_state(A, id, 2);
    let at = |name: &str| tree.root.join("var/log/app").join(name);
    symlink("loop.log", at("loop.log")).unwrap();
    symlink("/dev/zero", at("zero.log")).unwrap();
    fifo(&at("fifo.log"));
    fs::create_dir(at("folder.log")).unwrap();
    fs::write(at("a\n\u{1b}[2J.log"), "a\n").unwrap();
    let (verdict, report) = tree.judge();
    assert_eq!(verdict, Verdict::GaveUp);
    assert!(report::text(&report).contains("a\\n\\u{1b}[2J.log"), "{}", report::text(&report));
    assert!(!report.json().contains('\u{1b}'));
}

/// `touch`, a clock that was set, a server's clock: the state sticks to the file, and its bytes are there.
#[test]
fn a_file_that_was_touched_is_still_acknowledged() {
    let mut tree = Tree::new("older");
    tree.input("log", "");
    let id = tree.file(A, "new\n");
    let state = Tree::array_state(A, id, 4).replace(TIME, "2001-01-01T00:00:00Z");
    tree.put("/var/lib/filebeat/registry", format!("[{state}]"));
    let (verdict, report) = tree.judge();
    assert_eq!((verdict, &*report.shippers[0].files[0].reason), (Verdict::Drained, "acknowledged"));
}

#[test]
fn the_position_of_a_name_is_no_proof_for_a_file_that_the_agent_does_not_follow() {
    let mut tree = Tree::new("unfollowed");
    tree.alive = false;
    tree.shipper = Some(&CloudWatchAgent);
    tree.file(A, "a\nb\n");
    let state = "/opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_app_a.log";
    tree.put(state, format!("4\n{A}\n0-4"));
    let (verdict, report) = tree.judge();
    assert_eq!((verdict, &*report.shippers[0].files[0].reason), (Verdict::CannotTell, "perhaps-other"));
}

#[test]
fn what_is_open_was_claimed_though_the_registry_is_behind() {
    for (held, expected) in [
        (true, (Verdict::GaveUp, vec!["behind".to_owned()])),
        (false, (Verdict::Drained, vec!["unclaimed".to_owned()])),
    ] {
        let mut tree = Tree::new("claimed");
        tree.input("log", "");
        let old = "/var/log/old/a.log";
        let id = tree.file(old, "a\nb\n");
        tree.log_state(old, id, 2);
        tree.log = tree.log.replace("\"ttl\":-1", "\"ttl\":-2");
        if held {
            tree.hold(old, 2);
        }
        let (verdict, report) = tree.judge();
        let reasons = report.shippers[0].files.iter().map(|file| file.reason.to_string()).collect();
        assert_eq!((verdict, reasons), expected);
    }
}

#[test]
fn what_the_shipper_says_of_drops_is_reported() {
    let mut tree = Tree::new("drops");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    tree.log_state(A, id, 2);
    let line = "{\"@timestamp\":\"2026-01-01T00:00:00.000Z\",\"message\":\"Cannot index event \\u001b: dropping event!\"}\n";
    tree.put("/var/log/filebeat/filebeat-20260101.ndjson", line.repeat(9000));
    let (verdict, report) = tree.judge();
    let text = report::text(&report);
    assert_eq!(verdict, Verdict::Drained, "{text}");
    assert!(text.contains("dropped events") && text.contains("Cannot index event \\u{1b}"), "{text}");
}
