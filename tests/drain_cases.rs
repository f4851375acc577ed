//! Golden cases of the drain: a tree with a registry, a configuration, log files and what `/proc`
//! shows, judged by `amr drain --once`.
//!
//! [`Row`] is the table of what must be shown: each generation of position file, each identity, and
//! each of the nineteen ways in which a position may legitimately stay below the size of its file. A
//! row without a case fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use amr::drain::report::Report;
use amr::drain::run::{Options, once};
use amr::drain::shipper::Shipper;
use amr::drain::verdict::Verdict;
use amr::os::root::Root;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Filebeat1,
    Filebeat5To6,
    Filebeat70To78,
    Filebeat79,
    CloudWatch,
    Native,
    ByPath,
    InodeMarker,
    Fingerprint,
    GrowingFingerprint,
    NoNewlineAtEnd,
    MultilinePending,
    FilteredAtEnd,
    BlankAtEnd,
    DroppedAtEnd,
    NulAtEnd,
    OverlongLine,
    OtherStream,
    PartOfLine,
    CloseEof,
    TooOld,
    NotTaken,
    Truncated,
    CopyTruncated,
    RenamedInside,
    RenamedOutOrDeleted,
    Gzip,
    TailFiles,
    Refused,
    OtherTerminator,
    NoFile,
    NothingInFlight,
}

const ROWS: [Row; 32] = [
    Row::Filebeat1,
    Row::Filebeat5To6,
    Row::Filebeat70To78,
    Row::Filebeat79,
    Row::CloudWatch,
    Row::Native,
    Row::ByPath,
    Row::InodeMarker,
    Row::Fingerprint,
    Row::GrowingFingerprint,
    Row::NoNewlineAtEnd,
    Row::MultilinePending,
    Row::FilteredAtEnd,
    Row::BlankAtEnd,
    Row::DroppedAtEnd,
    Row::NulAtEnd,
    Row::OverlongLine,
    Row::OtherStream,
    Row::PartOfLine,
    Row::CloseEof,
    Row::TooOld,
    Row::NotTaken,
    Row::Truncated,
    Row::CopyTruncated,
    Row::RenamedInside,
    Row::RenamedOutOrDeleted,
    Row::Gzip,
    Row::TailFiles,
    Row::Refused,
    Row::OtherTerminator,
    Row::NoFile,
    Row::NothingInFlight,
];

/// A tree that stands for a host with a running Filebeat.
struct Tree {
    root: PathBuf,
    inputs: String,
    log: String,
    ops: u64,
    held: Vec<(String, u64)>,
    alive: bool,
    shipper: Option<Shipper>,
}

/// When states were acknowledged: after the last write of every file here.
const TIME: &str = "2100-01-01T00:00:00Z";

impl Tree {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("amr-drain-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("proc")).unwrap();
        Self {
            root,
            inputs: String::new(),
            log: String::new(),
            ops: 0,
            held: Vec::new(),
            alive: true,
            shipper: Some(Shipper::Filebeat),
        }
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(&path[1..]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A log file, and its inode and device.
    fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> (u64, u64) {
        self.put(path, bytes);
        let stat = fs::metadata(self.root.join(&path[1..])).unwrap();
        (stat.ino(), stat.dev())
    }

    fn input(&mut self, kind: &str, more: &str) {
        self.inputs += &format!("- type: {kind}\n  paths: [/var/log/app/*.log]\n{more}");
    }

    /// A state of 7.9 and later.
    fn set(&mut self, key: &str, value: &str) {
        self.ops += 1;
        let id = self.ops;
        self.log += &format!("{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"{key}\",\"v\":{value}}}\n");
    }

    fn log_state(&mut self, path: &str, (ino, dev): (u64, u64), offset: u64) {
        self.log_state_of(path, (ino, dev), offset, "log", "null", "");
    }

    fn log_state_of(
        &mut self,
        path: &str,
        (ino, dev): (u64, u64),
        offset: u64,
        kind: &str,
        meta: &str,
        prefix: &str,
    ) {
        let key = format!("filebeat::logs::{prefix}native::{ino}-{dev}");
        let value = format!(
            "{{\"id\":\"{prefix}native::{ino}-{dev}\",\"prev_id\":\"\",\"source\":\"{path}\",\"offset\":{offset},\
             \"timestamp\":[0,4102444800],\"ttl\":-1,\"type\":\"{kind}\",\"meta\":{meta},\
             \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}},\"identifier_name\":\"native\"}}"
        );
        self.set(&key, &value);
    }

    fn filestream(&mut self, identity: &str, path: &str, cursor: &str, more: &str) {
        let key = format!("filestream::app::{identity}");
        let name = identity.split("::").next().unwrap();
        let value = format!(
            "{{\"ttl\":-1,\"updated\":[0,4102444800],\"cursor\":{cursor},\
             \"meta\":{{\"source\":\"{path}\",\"identifier_name\":\"{name}\"{more}}}}}"
        );
        self.set(&key, &value);
    }

    fn hold(&mut self, path: &str, read: u64) {
        self.held.push((path.to_owned(), read));
    }

    fn old(&self, path: &str) {
        let file = fs::File::options().write(true).open(self.root.join(&path[1..])).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }

    /// Lays everything down and judges.
    fn judge(&self) -> (Verdict, Report) {
        self.lay();
        self.look().unwrap()
    }

    fn lay(&self) {
        self.put("/etc/filebeat/filebeat.yml", format!("filebeat.inputs:\n{}", self.inputs));
        if !self.log.is_empty() {
            self.put("/var/lib/filebeat/registry/filebeat/meta.json", "{\"version\":\"1\"}");
            self.put("/var/lib/filebeat/registry/filebeat/log.json", &self.log);
        }
        if self.alive {
            self.process();
        }
    }

    /// Judges what is there.
    fn look(&self) -> Result<(Verdict, Report), String> {
        let options = Options { shipper: self.shipper, ..Options::default() };
        let judged = once(&Root::at(&self.root).unwrap(), &options).map_err(|error| error.to_string())?;
        Ok((judged.verdict, judged.report))
    }

    fn process(&self) {
        let words = [
            "/usr/share/filebeat/bin/filebeat",
            "--path.home",
            "/usr/share/filebeat",
            "--path.config",
            "/etc/filebeat",
            "--path.data",
            "/var/lib/filebeat",
            "--path.logs",
            "/var/log/filebeat",
            "",
        ];
        let zeros = " 0".repeat(48);
        self.put("/proc/42/stat", format!("42 (filebeat) S 1 42 42{zeros}"));
        self.put("/proc/42/cmdline", words.join("\0"));
        symlink("/usr/share/filebeat/bin/filebeat", self.root.join("proc/42/exe")).unwrap();
        fs::create_dir_all(self.root.join("proc/42/fd")).unwrap();
        for (number, (path, read)) in self.held.iter().enumerate() {
            let number = number + 3;
            symlink(path, self.root.join(format!("proc/42/fd/{number}"))).unwrap();
            let info = format!("pos:\t{read}\nflags:\t0100000\nmnt_id:\t1\n");
            self.put(&format!("/proc/42/fdinfo/{number}"), info);
        }
    }

    fn array_state(path: &str, (ino, dev): (u64, u64), offset: u64) -> String {
        format!(
            "{{\"source\":\"{path}\",\"offset\":{offset},\"timestamp\":\"{TIME}\",\"ttl\":-1,\"type\":\"log\",\
             \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}"
        )
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// What must come out: the verdict, and the reason of each file, by its path.
type Expected = (Verdict, Vec<(&'static str, &'static str)>);

struct Case {
    name: &'static str,
    shows: &'static [Row],
    build: fn(&mut Tree),
    expect: fn() -> Expected,
}

const A: &str = "/var/log/app/a.log";

fn sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

const CASES: &[Case] = &[
    Case {
        name: "object",
        shows: &[Row::Filebeat1, Row::Native],
        build: |tree| {
            tree.input("log", "");
            let (ino, dev) = tree.file(A, "a\nb\n");
            let state = format!(
                "{{\"{A}\":{{\"source\":\"{A}\",\"offset\":2,\"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}}}\n"
            );
            tree.put("/var/lib/filebeat/registry", state);
        },
        expect: || (Verdict::GaveUp, vec![(A, "behind")]),
    },
    Case {
        name: "array",
        shows: &[Row::Filebeat5To6, Row::DroppedAtEnd],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "a\ndropped\n");
            tree.put("/var/lib/filebeat/registry", format!("[{}]", Tree::array_state(A, id, 10)));
        },
        expect: || (Verdict::Drained, vec![(A, "acknowledged")]),
    },
    Case {
        name: "data-json",
        shows: &[Row::Filebeat70To78],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "a\nb\n");
            tree.put("/var/lib/filebeat/registry/filebeat/meta.json", "{\"version\":\"0\"}");
            let state = format!("[{}]", Tree::array_state(A, id, 4));
            tree.put("/var/lib/filebeat/registry/filebeat/data.json", state);
        },
        expect: || (Verdict::Drained, vec![(A, "acknowledged")]),
    },
    Case {
        name: "memlog-dead",
        shows: &[Row::Filebeat79],
        build: |tree| {
            tree.alive = false;
            tree.input("log", "");
            let id = tree.file(A, "a\nb\n");
            tree.log_state(A, id, 2);
        },
        expect: || (Verdict::ShipperDead, vec![(A, "behind")]),
    },
    Case {
        name: "path",
        shows: &[Row::ByPath],
        build: |tree| {
            tree.input("filestream", "  id: app\n  file_identity.path: ~\n");
            tree.file(A, "a\nb\n");
            tree.filestream(&format!("path::{A}"), A, "{\"offset\":4}", "");
        },
        expect: || (Verdict::Drained, vec![(A, "acknowledged")]),
    },
    Case {
        name: "inode-marker",
        shows: &[Row::InodeMarker],
        build: |tree| {
            tree.input("filestream", "  id: app\n  file_identity.inode_marker.path: /marker\n");
            let (ino, _) = tree.file(A, "a\nb\n");
            tree.filestream(&format!("inode_marker::{ino}-host"), A, "{\"offset\":2}", "");
        },
        expect: || (Verdict::GaveUp, vec![(A, "behind")]),
    },
    Case {
        name: "fingerprint",
        shows: &[Row::Fingerprint],
        build: |tree| {
            tree.input("filestream", "  id: app\n  file_identity.fingerprint: ~\n");
            let text = "0123456789abcde\n".repeat(80);
            tree.file("/var/log/app/moved.log", &text);
            let print = sha(&text.as_bytes()[..1024]);
            tree.filestream(&format!("fingerprint::{print}"), A, "{\"offset\":1280}", "");
        },
        expect: || (Verdict::Drained, vec![("/var/log/app/moved.log", "acknowledged")]),
    },
    Case {
        name: "growing-fingerprint",
        shows: &[Row::GrowingFingerprint],
        build: |tree| {
            tree.input("filestream", "  id: app\n  file_identity.fingerprint: ~\n");
            tree.file(A, "a\nb\n");
            let print = sha(b"610a");
            tree.filestream(&format!("fingerprint::{print}"), A, "{\"offset\":4}", ",\"fingerprint_len\":2");
        },
        expect: || (Verdict::Drained, vec![(A, "acknowledged")]),
    },
    Case {
        name: "no-newline",
        shows: &[Row::NoNewlineAtEnd],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "a\nno end");
            tree.log_state(A, id, 2);
        },
        expect: || (Verdict::Drained, vec![(A, "unterminated-line")]),
    },
    Case {
        name: "close-eof",
        shows: &[Row::CloseEof],
        build: |tree| {
            tree.input("log", "  close_eof: true\n");
            let id = tree.file(A, "a\nno end");
            tree.log_state(A, id, 2);
        },
        expect: || (Verdict::Drained, vec![(A, "unterminated-line")]),
    },
    Case {
        name: "multiline",
        shows: &[Row::MultilinePending],
        build: |tree| {
            tree.input("log", "  multiline.pattern: '^ '\n  multiline.match: after\n");
            let id = tree.file(A, "a\n no end");
            tree.log_state(A, id, 2);
        },
        expect: || (Verdict::Drained, vec![(A, "unterminated-multiline")]),
    },
    Case {
        name: "filtered",
        shows: &[Row::FilteredAtEnd],
        build: |tree| {
            tree.input("filestream", "  id: app\n  exclude_lines: ['^#']\n");
            let (ino, dev) = tree.file(A, "a\n#b\n");
            tree.filestream(&format!("native::{ino}-{dev}"), A, "{\"offset\":2}", "");
            tree.hold(A, 5);
        },
        expect: || (Verdict::CannotTell, vec![(A, "read-filtered")]),
    },
    Case {
        name: "blank",
        shows: &[Row::BlankAtEnd],
        build: |tree| {
            tree.input("filestream", "  id: app\n");
            let (ino, dev) = tree.file(A, "a\n\n\r\n");
            tree.filestream(&format!("native::{ino}-{dev}"), A, "{\"offset\":2}", "");
        },
        expect: || (Verdict::Drained, vec![(A, "blank-lines")]),
    },
    Case {
        name: "nul",
        shows: &[Row::NulAtEnd],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, [&b"a\n"[..], &[0; 5000]].concat());
            tree.log_state(A, id, 2);
        },
        expect: || (Verdict::Drained, vec![(A, "nul-bytes")]),
    },
    Case {
        name: "overlong",
        shows: &[Row::OverlongLine],
        build: |tree| {
            tree.input("log", "  max_bytes: 100\n");
            let id = tree.file(A, [&b"a\n"[..], &[b'x'; 500], b"\n"].concat());
            tree.log_state(A, id, 2);
            tree.hold(A, 503);
        },
        expect: || (Verdict::CannotTell, vec![(A, "read-overlong-line")]),
    },
    Case {
        name: "other-stream",
        shows: &[Row::OtherStream],
        build: |tree| {
            tree.input("container", "");
            let line = |stream| format!("2026-01-01T00:00:00Z {stream} F x\n");
            let id = tree.file(A, line("stdout") + &line("stderr"));
            let end = line("stdout").len() as u64;
            tree.log_state_of(A, id, end, "container", "{\"stream\":\"stdout\"}", "1b59052b95e61943-");
            tree.log_state_of(A, id, end * 2, "container", "{\"stream\":\"stderr\"}", "2c59052b95e61943-");
        },
        expect: || (Verdict::Drained, vec![(A, "other-stream"), (A, "acknowledged")]),
    },
    Case {
        name: "part-of-line",
        shows: &[Row::PartOfLine],
        build: |tree| {
            tree.input("docker", "  containers.path: /var/log/app\n");
            let id = tree.file(A, "{\"log\":\"half\",\"stream\":\"stdout\",\"time\":\"t\"}\n");
            tree.log_state_of(A, id, 0, "docker", "{\"stream\":\"stdout\"}", "1b59052b95e61943-");
        },
        expect: || (Verdict::Drained, vec![(A, "part-of-line")]),
    },
    Case {
        name: "too-old",
        shows: &[Row::TooOld],
        build: |tree| {
            tree.input("log", "  ignore_older: 2h\n");
            tree.log_state("/var/log/app/gone.log", (1, 1), 7);
            tree.file(A, "a\n");
            tree.old(A);
        },
        expect: || (Verdict::Drained, vec![(A, "ignored-by-age")]),
    },
    Case {
        name: "not-taken",
        shows: &[Row::NotTaken],
        build: |tree| {
            tree.input("log", "  exclude_files: ['x']\n");
            let id = tree.file(A, "a\n");
            tree.log_state(A, id, 2);
            tree.file("/var/log/app/x.log", "a\n");
            tree.put("/var/elsewhere", "a\n");
            symlink("/var/elsewhere", tree.root.join("var/log/app/link.log")).unwrap();
            tree.file("/var/log/app/new.log", "a\n");
            tree.file("/var/log/app/empty.log", "");
        },
        expect: || {
            let files = vec![
                (A, "acknowledged"),
                ("/var/log/app/x.log", "excluded"),
                ("/var/log/app/link.log", "symbolic-link"),
                ("/var/log/app/new.log", "not-picked-up"),
                ("/var/log/app/empty.log", "empty"),
            ];
            (Verdict::GaveUp, files)
        },
    },
    Case {
        name: "truncated",
        shows: &[Row::Truncated],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "a\n");
            tree.log_state(A, id, 1000);
        },
        expect: || (Verdict::GaveUp, vec![(A, "truncated")]),
    },
    Case {
        name: "copytruncate",
        shows: &[Row::CopyTruncated],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "");
            tree.file("/var/log/app/a.1.log", "a\nb\n");
            tree.log_state(A, id, 0);
        },
        expect: || (Verdict::GaveUp, vec![(A, "empty"), ("/var/log/app/a.1.log", "not-picked-up")]),
    },
    Case {
        name: "renamed-inside",
        shows: &[Row::RenamedInside],
        build: |tree| {
            tree.input("log", "");
            let old = tree.file("/var/log/app/a.1.log", "a\nb\n");
            let new = tree.file(A, "c\n");
            tree.log_state(A, old, 2);
            tree.log_state("", new, 2);
        },
        expect: || (Verdict::GaveUp, vec![("/var/log/app/a.1.log", "behind"), (A, "acknowledged")]),
    },
    Case {
        name: "renamed-out",
        shows: &[Row::RenamedOutOrDeleted],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file("/var/old/a.1", "a\nb\n");
            tree.log_state(A, id, 2);
            tree.hold("/var/old/a.1", 2);
        },
        expect: || (Verdict::GaveUp, vec![("/var/old/a.1", "behind")]),
    },
    Case {
        name: "gzip",
        shows: &[Row::Gzip],
        build: |tree| {
            tree.input("filestream", "  id: app\n  compression: auto\n");
            let done = tree.file(A, b"\x1f\x8b\x08rest of it");
            let open = tree.file("/var/log/app/b.log", b"\x1f\x8b\x08rest of it");
            tree.filestream(
                &format!("native::{}-{}", done.0, done.1),
                A,
                "{\"offset\":900,\"eof\":true}",
                "",
            );
            let cursor = "{\"offset\":13,\"eof\":false}";
            tree.filestream(&format!("native::{}-{}", open.0, open.1), "/var/log/app/b.log", cursor, "");
        },
        expect: || (Verdict::GaveUp, vec![(A, "compressed-done"), ("/var/log/app/b.log", "compressed")]),
    },
    Case {
        name: "tail-files",
        shows: &[Row::TailFiles],
        build: |tree| {
            tree.input("log", "  tail_files: true\n");
            let id = tree.file(A, "a\nb\n");
            tree.log_state(A, id, 0);
            tree.hold(A, 4);
        },
        expect: || (Verdict::CannotTell, vec![(A, "read-skipped-to-end")]),
    },
    Case {
        name: "refused",
        shows: &[Row::Refused],
        build: |tree| {
            tree.input("log", "");
            tree.log_state("/var/log/app/gone.log", (1, 1), 7);
            tree.file(A, "a\n");
            tree.file("/var/log/app/b.log", "a\n");
            let said = format!(
                "2026-01-01T00:00:00.000Z\tERROR\tlog/input.go:1\tFailed opening {A}: open {A}: permission denied\n"
            );
            tree.put("/var/log/filebeat/filebeat", said);
        },
        expect: || (Verdict::GaveUp, vec![(A, "refused"), ("/var/log/app/b.log", "not-picked-up")]),
    },
    Case {
        name: "other-terminator",
        shows: &[Row::OtherTerminator],
        build: |tree| {
            tree.input("filestream", "  id: app\n  line_terminator: carriage_return\n");
            let (ino, dev) = tree.file(A, "a\rb\rno end");
            tree.filestream(&format!("native::{ino}-{dev}"), A, "{\"offset\":4}", "");
        },
        expect: || (Verdict::CannotTell, vec![(A, "other-terminator")]),
    },
    Case {
        name: "no-file",
        shows: &[Row::NoFile],
        build: |tree| {
            tree.input("log", "");
            let id = tree.file(A, "a\n");
            tree.log_state(A, id, 2);
            tree.set("journald::j::LOCAL_SYSTEM_JOURNAL", "{\"ttl\":-1,\"cursor\":{\"position\":\"s=1\"}}");
        },
        expect: || (Verdict::Drained, vec![(A, "acknowledged")]),
    },
    Case {
        name: "nothing-in-flight",
        shows: &[Row::NothingInFlight],
        build: |tree| left_out(tree, 0),
        expect: || (Verdict::Settled, vec![(A, "read-filtered")]),
    },
    Case {
        name: "something-in-flight",
        shows: &[Row::NothingInFlight],
        build: |tree| left_out(tree, 1),
        expect: || (Verdict::GaveUp, vec![(A, "read-filtered")]),
    },
    Case {
        name: "cloudwatch",
        shows: &[Row::CloudWatch],
        build: |tree| {
            tree.alive = false;
            tree.shipper = Some(Shipper::CloudWatchAgent);
            tree.file(A, "a\nb\n");
            tree.put(
                "/opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_app_a.log",
                format!("2\n{A}\n0-2"),
            );
        },
        expect: || (Verdict::ShipperDead, vec![(A, "behind")]),
    },
];

/// Filebeat's own counters over HTTP, for one question; the port.
fn stats(active: u64) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut asker, _) = listener.accept().unwrap();
        let _ = std::io::Read::read(&mut asker, &mut [0; 4096]);
        let body = format!(
            "{{\"filebeat\":{{\"events\":{{\"active\":{active}}}}},\
             \"libbeat\":{{\"pipeline\":{{\"events\":{{\"active\":{active}}}}}}}}}"
        );
        write!(asker, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    port
}

/// A file whose last line is left out by the configuration, and what the shipper counts as in flight.
fn left_out(tree: &mut Tree, active: u64) {
    tree.input("filestream", "  id: app\n  exclude_lines: ['^#']\n");
    tree.inputs += &format!("http.enabled: true\nhttp.port: {}\n", stats(active));
    let (ino, dev) = tree.file(A, "a\n#b\n");
    tree.filestream(&format!("native::{ino}-{dev}"), A, "{\"offset\":2}", "");
    tree.hold(A, 5);
}

#[test]
fn every_row_has_a_case() {
    let shown: BTreeSet<Row> = CASES.iter().flat_map(|case| case.shows).copied().collect();
    let missing: Vec<Row> = ROWS.into_iter().filter(|row| !shown.contains(row)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut wrong = Vec::new();
    for case in CASES {
        let mut tree = Tree::new(case.name);
        (case.build)(&mut tree);
        let (verdict, report) = tree.judge();
        let (expected, files) = (case.expect)();
        let files: BTreeSet<(String, String)> =
            files.into_iter().map(|(path, reason)| (path.to_owned(), reason.to_owned())).collect();
        let found: BTreeSet<(String, String)> = report
            .shippers
            .iter()
            .flat_map(|shipper| &shipper.files)
            .map(|file| (file.path.clone(), file.reason.to_string()))
            .collect();
        if (verdict, &found) != (expected, &files) {
            wrong.push(format!(
                "{}: {verdict:?} {found:?}, not {expected:?} {files:?}\n{}",
                case.name,
                report.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases of {} went wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

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
        (states, "dead", "cannot tell"),
        (agent, "dead", "shipper dead"),
    ];
    assert_eq!((found.as_slice(), verdict), (&wanted[..], Verdict::ShipperDead), "{}", report.text());
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
        assert!(report.text().contains("names no input that is switched on"), "{}", report.text());
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
    assert!(report.text().contains("a\\x0a\\x1b[2J.log"), "{}", report.text());
    assert!(!report.json().contains('\u{1b}'));
}

fn fifo(path: &Path) {
    let status = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_position_older_than_the_last_write_is_no_proof() {
    let mut tree = Tree::new("older");
    tree.input("log", "");
    let id = tree.file(A, "new\n");
    let state = Tree::array_state(A, id, 4).replace(TIME, "2001-01-01T00:00:00Z");
    tree.put("/var/lib/filebeat/registry", format!("[{state}]"));
    let (verdict, report) = tree.judge();
    assert_eq!((verdict, &*report.shippers[0].files[0].reason), (Verdict::CannotTell, "position-older"));
}

#[test]
fn the_position_of_a_name_is_no_proof_for_a_file_that_the_agent_does_not_follow() {
    let mut tree = Tree::new("unfollowed");
    tree.alive = false;
    tree.shipper = Some(Shipper::CloudWatchAgent);
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
    let text = report.text();
    assert_eq!(verdict, Verdict::Drained, "{text}");
    assert!(text.contains("dropped events") && text.contains("Cannot index event \\x1b"), "{text}");
}

/// A registry that is not as Filebeat writes it: what it is, and what must be said.
fn bad_registries() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let state = |offset: &str| {
        format!(
            "{{\"source\":\"/x\",{offset}\"ttl\":-1,\"type\":\"log\",\"FileStateOS\":{{\"inode\":9,\"device\":9}}}}"
        )
    };
    let array = |states: &[String]| format!("[{}]", states.join(",")).into_bytes();
    let mut half = array(&[state("\"offset\":1,"), state("\"offset\":2,")]);
    half.truncate(half.len() * 2 / 3);
    let mut nul_tail = array(&[state("\"offset\":1,")]);
    nul_tail.truncate(30);
    nul_tail.resize(4096, 0);
    let bad = |field: &str| array(&[state(field)]);
    vec![
        ("empty", Vec::new(), "byte 0"),
        ("nul", vec![0; 4096], "byte 0"),
        ("nul-tail", nul_tail, "byte 30"),
        ("half", half, "byte"),
        ("text", b"not JSON at all".to_vec(), "byte 1"),
        ("number", b"7".to_vec(), "byte 0"),
        ("nested", b"[".repeat(1 << 16), "byte"),
        ("offset-negative", bad("\"offset\":-1,"), "offset"),
        ("offset-huge", bad("\"offset\":99999999999999999999999,"), "offset"),
        ("offset-text", bad("\"offset\":\"1\","), "offset"),
        ("offset-null", bad("\"offset\":null,"), "offset"),
        ("no-inode", b"[{\"source\":\"/x\",\"offset\":1,\"ttl\":-1}]".to_vec(), "byte"),
        ("no-object", b"[1,null,\"x\"]".to_vec(), "byte"),
    ]
}

#[test]
fn a_bad_registry_is_never_drained() {
    let mut wrong = Vec::new();
    for (name, bytes, must_say) in bad_registries() {
        let mut tree = Tree::new(name);
        tree.input("log", "");
        // All of it would be drained but for the registry.
        tree.file(A, "");
        tree.put("/var/lib/filebeat/registry", bytes);
        tree.lay();
        match tree.look() {
            Ok((Verdict::Drained | Verdict::Settled, report)) => {
                wrong.push(format!("{name}: {}", report.text()));
            }
            Ok((_, report)) if !report.text().contains(must_say) => {
                wrong.push(format!("{name} does not say '{must_say}': {}", report.text()));
            }
            Err(error) if !error.contains("/var/lib/filebeat/registry") => {
                wrong.push(format!("{name} does not name the file: {error}"));
            }
            Ok(_) | Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_registry_is_an_error_that_names_it() {
    let at = "/var/lib/filebeat/registry";
    let error = |name: &str, lay: &dyn Fn(&Path)| {
        let mut tree = Tree::new(name);
        tree.input("log", "");
        tree.lay();
        fs::create_dir_all(tree.root.join("var/lib/filebeat")).unwrap();
        lay(&tree.root.join(&at[1..]));
        tree.look().unwrap_err()
    };
    for (name, lay) in [
        ("missing", (&|_: &Path| {}) as &dyn Fn(&Path)),
        ("fifo", &|path| fifo(path)),
        ("link-loop", &|path| symlink("registry", path).unwrap()),
        ("device", &|path| symlink("/dev/zero", path).unwrap()),
        ("bbolt", &|path| {
            fs::write(path, [&[0; 16][..], &0xED0C_DAED_u32.to_le_bytes(), &[0; 64]].concat()).unwrap()
        }),
        ("empty-folder", &|path| fs::create_dir(path).unwrap()),
    ] {
        let said = error(name, lay);
        assert!(said.contains(at), "{name}: {said}");
    }
}

#[test]
fn a_state_without_an_offset_has_acknowledged_nothing() {
    let mut tree = Tree::new("no-offset");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    let state = Tree::array_state(A, id, 2).replace("\"offset\":2,", "");
    tree.put("/var/lib/filebeat/registry", format!("[{state}]"));
    assert_eq!(tree.judge().0, Verdict::GaveUp);
}

#[test]
fn of_two_states_with_the_same_name_none_is_believed_blindly() {
    let mut tree = Tree::new("duplicate");
    tree.input("log", "");
    let (ino, dev) = tree.file(A, "a\nb\n");
    let state = format!(
        "[{{\"source\":\"{A}\",\"offset\":2,\"offset\":4,\"timestamp\":\"{TIME}\",\"ttl\":-1,\"type\":\"log\",\
         \"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}]"
    );
    tree.put("/var/lib/filebeat/registry", state);
    let (verdict, report) = tree.judge();
    assert!(!matches!(verdict, Verdict::Drained | Verdict::Settled), "{}", report.text());
}

#[test]
fn a_gigantic_registry_without_sense_is_given_up_at_once() {
    let mut tree = Tree::new("gigantic");
    tree.input("log", "");
    tree.put("/var/lib/filebeat/registry", "");
    let file = fs::File::options().write(true).open(tree.root.join("var/lib/filebeat/registry")).unwrap();
    file.set_len(1 << 40).unwrap();
    tree.lay();
    if let Ok((verdict, report)) = tree.look() {
        assert!(!matches!(verdict, Verdict::Drained | Verdict::Settled), "{}", report.text());
    }
}

#[test]
fn names_that_are_not_utf_8_are_found_and_escaped() {
    use std::os::unix::ffi::OsStrExt;
    let mut tree = Tree::new("names");
    tree.input("log", "");
    let id = tree.file(A, "a\n");
    tree.log_state(A, id, 2);
    let name = std::ffi::OsStr::from_bytes(b"\xff\n.log");
    fs::write(tree.root.join("var/log/app").join(name), "a\n").unwrap();
    let (verdict, report) = tree.judge();
    assert_eq!(verdict, Verdict::GaveUp);
    assert!(report.text().contains("/var/log/app/\\xff\\x0a.log"), "{}", report.text());
}

/// Changes a registry all the time, never to one that has acknowledged the last line.
fn disturb(path: &Path, folder: bool, states: &[String], stop: &AtomicBool) {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let state = &states[turn % states.len()];
        let new = path.with_extension("new");
        match turn % 5 {
            0 => fs::write(path, &state[..state.len() * 2 / 3]).unwrap(),
            1 => drop(fs::remove_file(path)),
            2 => fs::write(path, "").unwrap(),
            _ => {
                fs::write(&new, state).unwrap();
                fs::rename(&new, path).unwrap();
            }
        }
        if folder && turn % 7 == 0 {
            let checkpoint = path.with_file_name("9.json");
            fs::write(&checkpoint, "[\n]").unwrap();
            fs::remove_file(&checkpoint).unwrap();
        }
    }
}

#[test]
fn a_registry_that_changes_while_it_is_read_never_drains() {
    for folder in [false, true] {
        let mut tree = Tree::new(if folder { "changes-memlog" } else { "changes" });
        tree.input("log", "");
        let id = tree.file(A, "a\nb\n");
        let mut states: Vec<String> =
            [0, 2].map(|offset| format!("[{}]", Tree::array_state(A, id, offset))).into();
        let mut path = tree.root.join("var/lib/filebeat/registry");
        if folder {
            tree.log_state(A, id, 2);
            states = vec![tree.log.clone()];
            path = path.join("filebeat/log.json");
        } else {
            tree.put("/var/lib/filebeat/registry", &states[0]);
        }
        tree.lay();
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, at) = (Arc::clone(&stop), path.clone());
        let writer = std::thread::spawn(move || disturb(&at, folder, &states, &ended));
        let mut verdicts = BTreeMap::new();
        for _ in 0..200 {
            match tree.look() {
                Ok((verdict, _)) => *verdicts.entry(format!("{verdict:?}")).or_insert(0) += 1,
                Err(error) => {
                    assert!(error.contains("/var/lib/filebeat/registry"), "{error}");
                    *verdicts.entry("error".to_owned()).or_insert(0) += 1;
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
    }
}

/// Changes a log all the time: it grows, is cut back, and another file takes its name. There is always
/// a line in it that is not acknowledged, behind blank ones without end.
fn rotate(path: &Path, base: &[u8], stop: &AtomicBool) {
    let new = path.with_extension("new");
    while !stop.load(Ordering::Relaxed) {
        let mut file = fs::File::options().append(true).open(path).unwrap();
        for _ in 0..8 {
            file.write_all(b"\n\nc\n").unwrap();
        }
        file.set_len(base.len() as u64).unwrap();
        fs::write(&new, base).unwrap();
        fs::rename(&new, path).unwrap();
    }
}

#[test]
fn a_log_that_changes_while_it_is_judged_never_drains() {
    let mut tree = Tree::new("changing-log");
    tree.input("log", "");
    let base = [b"a\n".as_slice(), &[b'\n'; 200_000], b"b\n"].concat();
    let id = tree.file(A, &base);
    tree.log_state(A, id, 2);
    tree.lay();
    let stop = Arc::new(AtomicBool::new(false));
    let (ended, at) = (Arc::clone(&stop), tree.root.join(&A[1..]));
    let writer = std::thread::spawn(move || rotate(&at, &base, &ended));
    let mut verdicts = BTreeMap::new();
    for _ in 0..200 {
        let (verdict, report) = tree.look().unwrap();
        if !matches!(verdict, Verdict::Drained | Verdict::Settled) {
            // A folder that changes each time it is read is named in place of the file.
            assert!(report.text().contains("/var/log/app"), "{}", report.text());
        }
        *verdicts.entry(format!("{verdict:?}")).or_insert(0) += 1;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
}

/// A folder on the way to the files has another name each time that one looks. No state tells of it.
#[test]
fn a_folder_that_is_renamed_while_it_is_looked_for_never_drains() {
    let mut tree = Tree::new("renamed-folder");
    tree.inputs = "- type: log\n  paths: ['/var/log/app/*/*.log']\n".to_owned();
    tree.file("/var/log/app/one/a.log", "a\n");
    tree.log_state("/var/log/app/one/gone.log", (1, 1), 2);
    tree.lay();
    let names = ["one", "two"].map(|name| tree.root.join("var/log/app").join(name));
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    let writer = std::thread::spawn(move || {
        let mut turn = 0;
        while !ended.load(Ordering::Relaxed) {
            fs::rename(&names[turn % 2], &names[(turn + 1) % 2]).unwrap();
            turn += 1;
            // Older kernels tell times apart by the tick.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    let mut verdicts = BTreeMap::new();
    for _ in 0..400 {
        *verdicts.entry(format!("{:?}", tree.look().unwrap().0)).or_insert(0) += 1;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
}
