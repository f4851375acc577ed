//! What an exit code of 0 needs: an obligation for each input and file, a configuration that is known to
//! the end, and nothing that may be on its way. Rebuilt from public reports.

use crate::tree::{A, Tree};
use amr::drain::judge::file::ShortFiles;
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Command, Stdio};

/// Judges a tree; the verdict, the reasons of its files, and the whole text.
fn said(tree: &Tree) -> (Verdict, Vec<String>, String) {
    let (verdict, report) = tree.judge();
    let files = report.shippers.iter().flat_map(|shipper| &shipper.files);
    let mut reasons: Vec<String> = files.map(|file| file.reason.to_string()).collect();
    reasons.sort();
    (verdict, reasons, report::text(&report))
}

fn expect(tree: &Tree, verdict: Verdict, reasons: &[&str], words: &str) {
    let (found, why, text) = said(tree);
    assert_eq!((found, why.iter().map(String::as_str).collect()), (verdict, reasons.to_vec()), "{text}");
    assert!(text.contains(words), "'{words}' is not in\n{text}");
}

const LINES: &str = "one line\nanother line\n";
const ALL: u64 = LINES.len() as u64;

#[test]
fn each_input_that_takes_a_file_is_owed_its_own_copy() {
    let mut tree = Tree::new("two-filestreams");
    tree.input("filestream", "  id: one\n");
    tree.input("filestream", "  id: two\n");
    let id = tree.file(A, LINES);
    tree.filestream_of("one", A, id, ALL);
    expect(
        &tree,
        Verdict::GaveUp,
        &["acknowledged", "not-picked-up"],
        "the shipper does not know the file yet",
    );
    tree.filestream_of("two", A, id, ALL);
    expect(again(&tree), Verdict::Drained, &["acknowledged", "acknowledged"], "drained");
}

/// Filebeat keeps one state of a file that several log inputs take: it says how far the one is that was acknowledged last.
#[test]
fn one_position_of_several_inputs_says_nothing_of_the_one_that_lags() {
    let other = "- type: log\n  paths: [/var/log/app/a.*]\n";
    for (name, more, verdict, reason) in [
        ("two", other.to_owned(), Verdict::CannotTell, "one-position"),
        ("excluded", format!("{other}  exclude_files: [a]\n"), Verdict::Drained, "acknowledged"),
        ("link", other.replace("a.*", "link"), Verdict::Drained, "acknowledged"),
        ("container", other.replace("log\n", "container\n"), Verdict::CannotTell, "one-position"),
        ("other", other.replace("a.*", "b.log"), Verdict::Drained, "acknowledged"),
    ] {
        let mut tree = Tree::new(&format!("one-position-{name}"));
        tree.input("log", "");
        tree.inputs += &more;
        let id = tree.file(A, LINES);
        symlink("a.log", tree.root.join("var/log/app/link")).unwrap();
        tree.log_state(A, id, ALL);
        expect(&tree, verdict, &[reason], "");
    }
    // One input by two names of the file.
    let mut tree = Tree::new("one-position-names");
    tree.inputs = "- type: log\n  paths: [/var/log/app/*.log, /var/log/app/a.*]\n".into();
    let id = tree.file(A, LINES);
    fs::hard_link(tree.root.join(&A[1..]), tree.root.join("var/log/app/a.second")).unwrap();
    tree.log_state(A, id, ALL);
    expect(&tree, Verdict::Drained, &["acknowledged"], "");
    // Renamed to where none of them asks for it: the state still has the name that both took it by.
    let mut tree = Tree::new("one-position-renamed");
    tree.input("log", "");
    tree.input("log", "");
    let id = tree.file("/var/log/app/a.log.1", LINES);
    tree.log_state(A, id, ALL);
    expect(&tree, Verdict::CannotTell, &["one-position"], "let one input take it");
    // Filestreams of one id take turns on one position.
    let mut tree = Tree::new("one-position-turns");
    tree.input("filestream", "  id: app\n");
    tree.input("filestream", "  id: app\n");
    let id = tree.file(A, LINES);
    tree.filestream_of("app", A, id, ALL);
    expect(&tree, Verdict::Drained, &["acknowledged"], "");
}

/// The shipper has the file open once for each input. A descriptor that is behind one's position may be the other's, or
/// its own in a file that was truncated; behind both of them, somebody begins anew.
#[test]
fn what_one_input_has_read_says_nothing_of_the_other() {
    let mut tree = two_inputs("apart", 9);
    expect(&tree, Verdict::GaveUp, &["behind", "position-older"], "lines are not acknowledged yet");
    for held in [0, 8] {
        tree.held[1].1 = held;
        expect(again(&tree), Verdict::GaveUp, &["truncated", "truncated"], "");
    }
}

/// Two inputs and a file, open for both: one is through with it, the other one is acknowledged and read up to
/// `offset`.
fn two_inputs(name: &str, offset: u64) -> Tree {
    let mut tree = Tree::new(name);
    tree.input("filestream", "  id: one\n");
    tree.input("filestream", "  id: two\n");
    let id = tree.file(A, LINES);
    tree.filestream_of("one", A, id, ALL);
    tree.filestream_of("two", A, id, offset);
    tree.hold(A, ALL);
    tree.hold(A, offset);
    tree
}

#[test]
fn a_wait_for_the_second_input_ends_drained() {
    let mut tree = two_inputs("second", 9);
    tree.lay();
    let file = fs::metadata(tree.root.join(&A[1..])).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
    command.arg("--root").arg(&tree.root).args(["drain", "filebeat", "--timeout", "20s"]);
    command.args(["--reports", "/reports"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    // Its descriptor goes on, and its position follows.
    tree.put("/proc/42/fdinfo/4", format!("pos:\t{ALL}\nflags:\t0100000\nmnt_id:\t1\n"));
    let before = tree.log.len();
    tree.filestream_of("two", A, (file.ino(), file.dev()), ALL);
    let registry = tree.root.join("var/lib/filebeat/registry/filebeat/log.json");
    let mut registry = fs::OpenOptions::new().append(true).open(registry).unwrap();
    registry.write_all(&tree.log.as_bytes()[before..]).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{line}");
}

/// A further judgement of a tree: `/proc` is laid anew.
fn again(tree: &Tree) -> &Tree {
    let _ = fs::remove_dir_all(tree.root.join("proc/42"));
    tree
}

/// elastic/beats#48515
#[test]
fn each_stream_of_a_container_is_owed_its_own_lines() {
    let mut tree = Tree::new("two-streams");
    tree.input("container", "  stream: stdout\n");
    tree.input("container", "  stream: stderr\n");
    let text = "2026-01-01T00:00:00Z stdout F x\n2026-01-01T00:00:00Z stderr F y\n";
    let id = tree.file(A, text);
    tree.log_state_of(A, id, 32, "container", "{\"stream\":\"stdout\"}", "ea745ab688be85a9-");
    expect(&tree, Verdict::GaveUp, &["not-picked-up", "other-stream"], "");
}

/// A migration from log to filestream, an id that was changed (elastic/beats#42884), and `take_over`, which
/// keeps the old state on purpose (elastic/beats#47747).
#[test]
fn the_state_of_an_input_that_is_no_more_is_no_obligation() {
    for old in ["log", "id", "take-over"] {
        let mut tree = Tree::new(&format!("migrated-{old}"));
        tree.input("filestream", "  id: new\n  file_identity.native: ~\n");
        let id = tree.file(A, LINES);
        tree.filestream_of("new", A, id, ALL);
        match old {
            "id" => tree.filestream_of("old", A, id, 9),
            _ => tree.log_state(A, id, 9),
        }
        if old == "take-over" {
            tree.log = tree.log.replace("\"ttl\":-1,\"type\"", "\"ttl\":-2,\"type\"");
        }
        expect(
            &tree,
            Verdict::Drained,
            &["acknowledged", "unclaimed"],
            "no input of the shipper asks for it",
        );
    }
}

#[test]
fn a_file_whose_input_was_taken_away_is_left_alone() {
    let mut tree = Tree::new("input-gone");
    tree.inputs = "- type: log\n  paths: [/var/log/app/b.log]\n".into();
    let b = tree.file("/var/log/app/b.log", LINES);
    tree.log_state("/var/log/app/b.log", b, ALL);
    let a = tree.file(A, LINES);
    tree.log_state(A, a, 9);
    expect(&tree, Verdict::Drained, &["acknowledged", "unclaimed"], "");
    // What it has open it reads.
    tree.hold(A, 9);
    expect(again(&tree), Verdict::GaveUp, &["acknowledged", "behind"], "");
}

#[test]
fn an_option_counts_only_for_the_inputs_that_read_it() {
    for (kind, more) in [
        ("filestream", "  id: x\n  exclude_files: [a]\n"),
        ("log", "  include_files: [other]\n"),
        ("log", "  prospector.scanner.exclude_files: [a]\n"),
    ] {
        let mut tree = Tree::new(&format!("option-{kind}-{}", more.len()));
        tree.input(kind, more);
        tree.file(A, LINES);
        expect(&tree, Verdict::GaveUp, &["not-picked-up"], "");
    }
    let mut tree = Tree::new("option-recursive");
    tree.inputs =
        "- type: filestream\n  id: x\n  paths: [/var/log/app/**/n.log]\n  recursive_glob.enabled: false\n"
            .into();
    tree.file("/var/log/app/a/b/n.log", LINES);
    expect(&tree, Verdict::GaveUp, &["not-picked-up"], "");
    let mut tree = Tree::new("option-container-link");
    tree.inputs = "- type: container\n  symlinks: false\n  paths: [/var/log/containers/*.log]\n".into();
    tree.file("/var/log/pods/p/0.log", "2026-01-01T00:00:00Z stdout F x\n");
    fs::create_dir_all(tree.root.join("var/log/containers")).unwrap();
    symlink("../pods/p/0.log", tree.root.join("var/log/containers/x.log")).unwrap();
    expect(&tree, Verdict::GaveUp, &["not-picked-up"], "");
}

/// A queue on disk acknowledges what has not left the host (elastic/beats#16676).
#[test]
fn a_queue_on_disk_is_no_proof_until_it_is_empty() {
    for (queue, verdict, words) in [
        ("queue.disk.max_size: 1GB\n", Verdict::CannotTell, "is not shipped to its end"),
        ("queue.disk: {max_size: 1GB, path: /q}\n", Verdict::Drained, "drained"),
        ("queue.spool: {file.size: 1GB}\n", Verdict::CannotTell, "queue.spool"),
        ("queue.mem.events: 10\n", Verdict::Drained, "drained"),
        ("queue.other: {size: 1GB}\n", Verdict::CannotTell, "queue.other"),
        // Below the output, from 8.12 on (elastic/beats#36788).
        ("output.elasticsearch.queue.disk.max_size: 1GB\n", Verdict::CannotTell, "is not shipped to its end"),
        ("output.logstash:\n  queue: {disk: {path: /q}}\n", Verdict::Drained, "drained"),
        ("output.kafka.queue.other.size: 1GB\n", Verdict::CannotTell, "output.kafka.queue.other"),
        ("output.logstash: {enabled: false, queue.disk.max_size: 1GB}\n", Verdict::Drained, "drained"),
        ("output.logstash.queue.mem.events: 10\n", Verdict::Drained, "drained"),
    ] {
        let mut tree = Tree::new(&format!("queue-{}", queue.len()));
        tree.input("log", "");
        tree.inputs += queue;
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        tree.put("/var/lib/filebeat/diskqueue/0.seg", [0; 5000]);
        expect(&tree, verdict, &["acknowledged"], words);
    }
}

/// What a broker that answers nothing has received is not known.
#[test]
fn an_output_that_waits_for_no_answer_proves_nothing() {
    for (acks, verdict) in [("0", Verdict::CannotTell), ("1", Verdict::Drained), ("-1", Verdict::Drained)] {
        let mut tree = Tree::new(&format!("acks{acks}"));
        tree.input("log", "");
        tree.inputs += &format!("output.kafka: {{hosts: [x], required_acks: {acks}}}\n");
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        expect(&tree, verdict, &["acknowledged"], "");
    }
}

#[test]
fn a_queue_on_disk_is_empty_where_its_position_is_the_end_of_the_last_segment() {
    let position = |version: u32, segment: u64, byte: u64| {
        [&version.to_le_bytes()[..], &segment.to_le_bytes(), &byte.to_le_bytes(), &7u64.to_le_bytes()]
            .concat()
    };
    for (name, state, verdict) in [
        ("end", position(1, 3, 5000), Verdict::Drained),
        ("short", position(1, 3, 4999), Verdict::CannotTell),
        ("before", position(1, 2, 9000), Verdict::CannotTell),
        ("other", position(2, 3, 5000), Verdict::CannotTell),
    ] {
        let mut tree = Tree::new(&format!("queue-position-{name}"));
        tree.input("log", "");
        tree.inputs += "queue.disk.max_size: 1GB\n";
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        tree.put("/var/lib/filebeat/diskqueue/2.seg", [0; 9000]);
        tree.put("/var/lib/filebeat/diskqueue/3.seg", [0; 5000]);
        tree.put("/var/lib/filebeat/diskqueue/state.dat", state);
        expect(&tree, verdict, &["acknowledged"], "");
    }
}

/// elastic/beats#27526
#[test]
fn filesets_are_on_as_each_generation_reckons() {
    let access = "filebeat.modules:\n- module: nginx\n  access:\n    enabled: true\n    var.paths: [/var/log/nginx/access.log*]\n";
    let dotted = "  error.enabled: true\n  error.var.paths: [/var/log/nginx/error.log*]\n";
    for (version, more, verdict) in [
        ("7.17.0", "", Verdict::CannotTell),
        ("8.1.3", "", Verdict::Drained),
        ("8.1.3", "  error:\n", Verdict::CannotTell),
        ("8.1.3", dotted, Verdict::GaveUp),
    ] {
        let mut tree = Tree::new(&format!("filesets-{version}-{}", more.len()));
        tree.version(version);
        tree.config(&format!("{access}{more}"));
        let id = tree.file("/var/log/nginx/access.log", LINES);
        tree.log_state("/var/log/nginx/access.log", id, ALL);
        tree.file("/var/log/nginx/error.log", LINES);
        let (found, _, text) = said(&tree);
        assert_eq!(found, verdict, "{version} {more}{text}");
    }
}

#[test]
fn the_default_paths_of_a_module_are_in_its_manifest() {
    for version in ["7.17.0", "8.1.3"] {
        let mut tree = Tree::new(&format!("manifest-{version}"));
        tree.version(version);
        tree.config("filebeat.modules:\n- module: system\n  syslog:\n    enabled: true\n");
        let folder = "/usr/share/filebeat/module/system";
        for (fileset, path) in [("syslog", "/var/log/messages*"), ("auth", "/var/log/secure*")] {
            let manifest = format!("var:\n- name: paths\n  default: ['{path}']\ninput: config/x.yml\n");
            tree.put(&format!("{folder}/{fileset}/manifest.yml"), manifest);
            tree.put(&format!("{folder}/{fileset}/config/x.yml"), "type: log\npaths:\n");
        }
        let id = tree.file("/var/log/messages", LINES);
        tree.log_state("/var/log/messages", id, ALL);
        expect(&tree, Verdict::Drained, &["acknowledged"], "");
        tree.file("/var/log/secure", LINES);
        // A fileset that is not named is on before 8.0.
        let verdict = if version == "7.17.0" { Verdict::GaveUp } else { Verdict::Drained };
        assert_eq!(said(again(&tree)).0, verdict, "{version}");
    }
}

/// Go's `filepath.Glob` matches a leading dot with `*`.
#[test]
fn a_hidden_include_is_one() {
    let mut tree = Tree::new("hidden-include");
    tree.config("filebeat.config.inputs.path: /etc/filebeat/inputs.d/*.yml\n");
    tree.put("/etc/filebeat/inputs.d/a.yml", "- type: log\n  paths: [/var/log/app/*.log]\n");
    tree.put("/etc/filebeat/inputs.d/.b.yml", "- type: log\n  paths: [/var/log/app/*.txt]\n");
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    tree.file("/var/log/app/n.txt", LINES);
    expect(&tree, Verdict::GaveUp, &["acknowledged", "not-picked-up"], "");
}

#[test]
fn what_the_command_line_adds_counts() {
    for (words, verdict, what) in [
        (
            "-E\0filebeat.inputs.1.type=log\0-E\0filebeat.inputs.1.paths.0=/var/log/app/*.txt",
            Verdict::GaveUp,
            "n.txt",
        ),
        ("-E\0filebeat.inputs.0.paths=[/var/log/app/*.txt]", Verdict::GaveUp, "n.txt"),
        ("--modules\0nginx", Verdict::CannotTell, "--modules nginx"),
        (
            "--modules\0nginx\0-E\0filebeat.modules.0.module=nginx\0\
             -E\0filebeat.modules.0.access.enabled=true\0\
             -E\0filebeat.modules.0.access.var.paths.0=/var/log/app/*.txt",
            Verdict::GaveUp,
            "n.txt",
        ),
        ("-M\0nginx.access.var.paths=[/x]", Verdict::CannotTell, "-M nginx"),
        ("-c\0filebeat.yml\0-c\0more.yml", Verdict::GaveUp, "n.txt"),
    ] {
        let mut tree = Tree::new(&format!("words-{}", words.len()));
        tree.input("log", "");
        tree.put(
            "/etc/filebeat/more.yml",
            "filebeat.inputs.1:\n  type: log\n  paths: [/var/log/app/*.txt]\n",
        );
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        tree.file("/var/log/app/n.txt", LINES);
        tree.lay();
        let line = fs::read_to_string(tree.root.join("proc/42/cmdline")).unwrap();
        tree.put("/proc/42/cmdline", format!("{}\0{words}\0", line.trim_end_matches('\0')));
        let (found, report) = tree.look().unwrap();
        assert_eq!(found, verdict, "{words}: {}", report::text(&report));
        assert!(report::text(&report).contains(what), "{what}: {}", report::text(&report));
    }
}

#[test]
fn variables_are_those_of_the_process_itself() {
    for (paths, environ, verdict) in [
        ("${LOGDIR}/*.log", Some("LOGDIR=/var/log/app\0"), Verdict::Drained),
        ("${LOGDIR:/var/log/app}/*.log", Some(""), Verdict::Drained),
        ("${LOGDIR:/var/log/app}/*.log", None, Verdict::CannotTell),
        ("${LOGDIR}/*.log", Some(""), Verdict::CannotTell),
    ] {
        let mut tree = Tree::new(&format!("variables-{}-{}", paths.len(), environ.map_or(9, str::len)));
        tree.inputs = format!("- type: log\n  paths: ['{paths}']\n");
        let id = tree.file(A, LINES);
        tree.log_state(A, id, ALL);
        if let Some(environ) = environ {
            tree.put("/proc/42/environ", environ);
        }
        let (found, _, text) = said(&tree);
        assert_eq!(found, verdict, "{paths} {environ:?}: {text}");
    }
}

#[test]
fn aliases_are_followed() {
    let mut tree = Tree::new("alias");
    tree.config("x: &d {scan_frequency: 5s}\nfilebeat.inputs:\n- type: log\n  paths: [/var/log/app/*.log]\n  <<: *d\n");
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    expect(&tree, Verdict::Drained, &["acknowledged"], "");
}

/// 8.0 to 8.3 write a state of a file that they leave out for its age. Beside a process that began when it was
/// young yet, it may have been read at once, with its lines in the queue.
#[test]
fn a_file_that_was_too_old_from_the_start_was_never_begun_with() {
    for (began, verdict, reason) in [
        (Some(2_000_000_000), Verdict::Drained, "ignored-by-age"),
        (Some(1000), Verdict::CannotTell, "perhaps-aged"),
        (None, Verdict::Drained, "ignored-by-age"),
    ] {
        let mut tree = Tree::new(&format!("aged-{}", began.unwrap_or(0)));
        tree.version("8.1.3");
        tree.alive = began.is_some();
        tree.input("filestream", "  id: x\n  ignore_older: 2h\n");
        let (ino, dev) = tree.file(A, LINES);
        let day = std::time::Duration::from_secs(86_400);
        let file = fs::File::options().write(true).open(tree.root.join(&A[1..])).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * day).unwrap();
        let value = format!(
            "{{\"ttl\":0,\"updated\":[515396075520,18446744011573954816],\"cursor\":null,\
             \"meta\":{{\"source\":\"{A}\",\"identifier_name\":\"native\"}}}}"
        );
        tree.set(&format!("filestream::x::native::{ino}-{dev}"), &value);
        tree.lay();
        if let Some(second) = began {
            tree.put("/proc/stat", format!("cpu 1 2\nbtime {second}\n"));
        }
        let (found, report) = tree.look().unwrap();
        let why = &*report.shippers[0].files[0].reason;
        assert_eq!((found, why), (verdict, reason), "{began:?}: {}", report::text(&report));
    }
}

/// Kubernetes' layout: the runtime renames what the link led to. The shipper is dead, so nobody reads it.
#[test]
fn what_a_link_led_to_is_found_where_it_was_renamed() {
    let mut tree = Tree::new("rotated-pod");
    tree.alive = false;
    tree.inputs = "- type: container\n  paths: [/var/log/containers/*.log]\n".into();
    let id = tree.file("/var/log/pods/p/0.log", "2026-01-01T00:00:00Z stdout F x\n".repeat(3));
    tree.log_state("/var/log/containers/x.log", id, 32);
    let pod = |name: &str| tree.root.join("var/log/pods/p").join(name);
    fs::rename(pod("0.log"), pod("0.log.20260101")).unwrap();
    fs::write(pod("0.log"), "").unwrap();
    fs::create_dir_all(tree.root.join("var/log/containers")).unwrap();
    symlink("../pods/p/0.log", tree.root.join("var/log/containers/x.log")).unwrap();
    let (verdict, reasons, text) = said(&tree);
    assert_eq!(verdict, Verdict::ShipperDead, "{text}");
    assert!(reasons.contains(&"behind".to_owned()), "{text}");
}

/// logrotate's `olddir`: the file lies where nobody looks.
#[test]
fn a_state_whose_file_is_gone_is_no_proof() {
    for (alive, verdict) in [(false, Verdict::ShipperDead), (true, Verdict::CannotTell)] {
        let mut tree = Tree::new(&format!("olddir-{alive}"));
        tree.alive = alive;
        tree.input("log", "");
        let id = tree.file(A, LINES);
        tree.log_state(A, id, 9);
        fs::create_dir_all(tree.root.join("var/log/old")).unwrap();
        fs::rename(tree.root.join(&A[1..]), tree.root.join("var/log/old/a.log.1")).unwrap();
        tree.put(A, "");
        let (found, _, text) = said(&tree);
        assert_eq!(found, verdict, "{text}");
    }
}

/// Truncated, and grown past its position before the shipper looked: the bytes themselves say so where that is
/// within a line.
#[test]
fn a_position_within_a_line_proves_nothing_of_it() {
    for (text, offset, verdict, reason) in [
        ("line 101 of a.log\n", 17, Verdict::CannotTell, "position-older"),
        ("line 101 of a.log", 9, Verdict::CannotTell, "position-older"),
        // Whoever reads on from there ships the end of a line.
        ("line 101 of a.log\n", 9, Verdict::GaveUp, "behind"),
        ("line 101 of a.log\n\n", 18, Verdict::Drained, "blank-lines"),
        ("line 101 of a.log\nx", 18, Verdict::Drained, "unterminated-line"),
    ] {
        let mut tree = Tree::new(&format!("within-{offset}-{}", text.len()));
        tree.input("filestream", "  id: app\n  file_identity.native: ~\n");
        let id = tree.file(A, text);
        tree.filestream_of("app", A, id, offset);
        expect(&tree, verdict, &[reason], "");
    }
}

#[test]
fn an_input_that_reads_no_files_is_said() {
    let mut tree = Tree::new("tcp");
    tree.input("log", "");
    tree.inputs += "- type: tcp\n  host: localhost:9000\n";
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    expect(&tree, Verdict::CannotTell, &["acknowledged"], "nothing of theirs is in flight: tcp");
}

#[test]
fn a_shipper_that_has_written_nothing_yet_has_acknowledged_nothing() {
    let mut tree = Tree::new("no-registry-yet");
    tree.input("log", "");
    tree.file(A, LINES);
    expect(&tree, Verdict::GaveUp, &["not-picked-up"], "");
}

/// Filebeat 9 goes by fingerprints and leaves alone what is shorter: at a shutdown that stays so, and dies with
/// the host.
#[test]
fn a_file_below_the_fingerprint_length_is_owed_unless_the_operator_does_without() {
    let short = "0123456789abcde\n".repeat(63);
    for (version, extra, file, ignored, verdict, reason) in [
        ("9.4.2", "", &*short, false, Verdict::GaveUp, "too-short"),
        ("9.4.2", "", &*short, true, Verdict::Drained, "short-ignored"),
        (
            "9.4.2",
            "  prospector.scanner.fingerprint.length: 64\n",
            &*short,
            false,
            Verdict::GaveUp,
            "not-picked-up",
        ),
        (
            "9.4.2",
            "  prospector.scanner.fingerprint.length: 64\n",
            &*short,
            true,
            Verdict::GaveUp,
            "not-picked-up",
        ),
        (
            "9.4.2",
            "  prospector.scanner.fingerprint: {offset: 900, length: 128}\n",
            &*short,
            false,
            Verdict::GaveUp,
            "too-short",
        ),
        // Identities that need no first bytes.
        ("9.4.2", "  file_identity.native: ~\n", &*short, false, Verdict::GaveUp, "not-picked-up"),
        ("8.19.0", "", &*short, false, Verdict::GaveUp, "not-picked-up"),
        ("9.5.0", "", &*short, false, Verdict::GaveUp, "not-picked-up"),
        // Nothing of these is shippable, or there.
        ("9.4.2", "", "no newline", false, Verdict::Drained, "unterminated-line"),
        ("9.4.2", "", "", false, Verdict::Drained, "empty"),
    ] {
        let mut tree = Tree::new("short");
        tree.version(version);
        tree.input("filestream", &format!("  id: app\n{extra}"));
        tree.file(A, file);
        tree.short = ignored.then_some(ShortFiles::Ignored);
        let (found, why, text) = said(&tree);
        assert_eq!((found, &*why), (verdict, &[reason.to_owned()][..]), "{version} {extra} {ignored} {text}");
    }
}
