//! The cases: what lies on the host, and what must come out.

use crate::table::{Case, Row};
use crate::tree::{A, Tree, left_out, sha};
use amr::drain::judge::verdict::Verdict;
use amr::drain::shipper::cloudwatch::CloudWatchAgent;
use std::os::unix::fs::symlink;

pub const CASES: &[Case] = &[
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
            // Nothing of it was read since the shipper began.
            tree.log = tree.log.replace("\"ttl\":-1", "\"ttl\":-2");
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
            // Nothing of it was read since the shipper began.
            tree.log = tree.log.replace("\"ttl\":-1", "\"ttl\":-2");
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
            tree.shipper = Some(&CloudWatchAgent);
            tree.file(A, "a\nb\n");
            tree.put(
                "/opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_app_a.log",
                format!("2\n{A}\n0-2"),
            );
        },
        expect: || (Verdict::ShipperDead, vec![(A, "behind")]),
    },
];
