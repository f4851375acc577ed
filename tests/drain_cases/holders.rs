//! Who is taken for the shipper beside a process of its name: whoever has its lock, its registry or its logs open.

use crate::tree::{A, Tree};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

const LINES: &str = "one line\nanother line\n";
const ALL: u64 = LINES.len() as u64;
const REGISTRY: &str = "/var/lib/filebeat/registry";

/// What a process has open: a path, and the flags of its descriptor.
type Open<'t> = (&'t str, &'t str);

const READ: &str = "0100000";
const WRITE: &str = "0100001";

/// A process of another name.
fn process(tree: &Tree, pid: u32, line: &str, terminal: u32, open: &[Open<'_>]) {
    let zeros = " 0".repeat(46);
    tree.put(&format!("/proc/{pid}/stat"), format!("{pid} (x) S 1 {pid} {pid} {terminal} 0{zeros}"));
    tree.put(&format!("/proc/{pid}/cmdline"), line.replace(' ', "\0") + "\0");
    let at = tree.root.join(format!("proc/{pid}"));
    symlink(line.split(' ').next().unwrap(), at.join("exe")).unwrap();
    fs::create_dir_all(at.join("fd")).unwrap();
    for (number, (path, flags)) in open.iter().enumerate() {
        symlink(path, at.join(format!("fd/{number}"))).unwrap();
        let info = format!("pos:\t9\nflags:\t{flags}\nmnt_id:\t1\n");
        tree.put(&format!("/proc/{pid}/fdinfo/{number}"), info);
    }
}

/// A host of 6.x, whose Filebeat has neither a lock nor an open registry, with `offset` acknowledged.
fn six(name: &str, offset: u64) -> Tree {
    let mut tree = Tree::new(name);
    tree.alive = false;
    tree.input("log", "");
    let id = tree.file(A, LINES);
    tree.put(REGISTRY, format!("[{}]", Tree::array_state(A, id, offset)));
    tree.lay();
    tree
}

/// The verdict, the processes, and the whole text.
fn said(tree: &Tree) -> (Verdict, Vec<i32>, String) {
    let (verdict, report) = tree.judge_what_is_there();
    (verdict, report.shippers[0].pids.clone(), report::text(&report))
}

#[test]
fn before_7_0_whoever_reads_the_logs_is_the_shipper() {
    let logs = [(A, READ)];
    for (name, line, terminal, open, verdict, pids) in [
        ("reads", "/usr/local/bin/shipper -e", 0, &logs[..], Verdict::GaveUp, vec![7]),
        ("none", "/usr/local/bin/shipper -e", 0, &[], Verdict::ShipperDead, vec![]),
        // A log daemon, somebody at a terminal.
        ("writes", "/usr/sbin/rsyslogd", 0, &[(A, WRITE)], Verdict::ShipperDead, vec![]),
        ("looks", "/usr/bin/tail -f", 34816, &logs, Verdict::ShipperDead, vec![]),
        ("other", "/usr/local/bin/other", 0, &[("/var/log/other.log", READ)], Verdict::ShipperDead, vec![]),
    ] {
        let tree = six(&format!("logs-{name}"), 9);
        tree.put("/var/log/other.log", "a\n");
        process(&tree, 7, line, terminal, open);
        let (found, who, text) = said(&tree);
        assert_eq!((found, &who), (verdict, &pids), "{name}: {text}");
        let note = "note: process 7 is taken for the shipper, since it has its logs open";
        assert_eq!(text.contains(note), !pids.is_empty(), "{text}");
    }
}

#[test]
fn of_several_readers_it_is_the_one_that_was_told_to_keep_this_registry() {
    let tree = six("logs-told", 9);
    process(&tree, 7, "/usr/bin/fail2ban-server", 0, &[(A, READ)]);
    let told = "/opt/shipper -c /etc/filebeat/filebeat.yml --path.data /var/lib/filebeat";
    process(&tree, 8, told, 0, &[(A, READ)]);
    let (verdict, pids, text) = said(&tree);
    assert_eq!((verdict, pids), (Verdict::GaveUp, vec![8]), "{text}");
}

/// A second Filebeat, with positions of its own.
#[test]
fn a_shipper_that_reads_the_logs_for_itself_is_another() {
    let tree = six("logs-second", 9);
    tree.put("/opt/fb/filebeat.yml", "filebeat.inputs:\n- type: log\n  paths: [/var/log/app/*.log]\n");
    tree.put("/opt/fb/data/registry", "[]");
    process(&tree, 7, "/opt/fb/filebeat -e", 0, &[(A, READ)]);
    let (_, report) = tree.judge_what_is_there();
    let first = report.shippers.iter().find(|one| one.positions == REGISTRY).unwrap();
    assert_eq!((first.health.as_str(), first.verdict.as_str()), ("dead", "shipper dead"));
}

#[test]
fn from_7_0_on_it_keeps_its_lock_or_its_registry_open() {
    let lock = "/var/lib/filebeat/filebeat.lock";
    let folder = "/var/lib/filebeat/registry/filebeat";
    let (log, meta) = (format!("{folder}/log.json"), format!("{folder}/meta.json"));
    for (name, open, verdict) in [
        ("lock", &[(lock, READ)][..], Verdict::GaveUp),
        ("log", &[(&log, WRITE)], Verdict::GaveUp),
        ("other-file", &[(&meta, WRITE)], Verdict::GaveUp),
        ("folder", &[(folder, READ)], Verdict::GaveUp),
        ("above", &[(REGISTRY, READ)], Verdict::GaveUp),
        // A backup; and whoever reads logs where the shipper would have more open.
        ("reads", &[(&log, READ)], Verdict::ShipperDead),
        ("logs", &[(A, READ)], Verdict::ShipperDead),
    ] {
        let mut tree = Tree::new(&format!("keeps-{name}"));
        tree.alive = false;
        tree.input("log", "");
        let id = tree.file(A, LINES);
        tree.log_state(A, id, 9);
        tree.lay();
        tree.put(lock, "");
        process(&tree, 7, "/usr/local/bin/shipper", 0, open);
        let (found, pids, text) = said(&tree);
        assert_eq!(found, verdict, "{name}: {text}");
        assert_eq!(pids.is_empty(), verdict == Verdict::ShipperDead, "{name}: {text}");
    }
}

#[test]
fn a_wait_for_a_shipper_of_another_name_ends_drained() {
    let tree = six("logs-wait", 9);
    process(&tree, 7, "/usr/local/bin/shipper", 0, &[(A, READ)]);
    tree.put("/proc/7/fdinfo/0", format!("pos:\t{ALL}\nflags:\t{READ}\nmnt_id:\t1\n"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
    command.arg("--root").arg(&tree.root).args(["drain", "filebeat", "--timeout", "20s"]);
    command.args(["--reports", "/reports"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    let registry = tree.root.join(&REGISTRY[1..]);
    let text = fs::read_to_string(&registry).unwrap().replace("\"offset\":9", &format!("\"offset\":{ALL}"));
    fs::write(registry.with_extension("new"), text).unwrap();
    fs::rename(registry.with_extension("new"), registry).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{line}");
}
