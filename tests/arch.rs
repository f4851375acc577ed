//! Holds the layers: reads the `use` lines and paths of every source file below `src/` and `crates/`.
//!
//! Subjects do not import one another, except that all may use `unit`; they meet in `job` and `cli`. Pure
//! files use neither the layer of system calls nor the clock, files, environment or processes of the
//! standard library; nothing below the doors prints or exits; `unsafe` stands in `os` alone. No circle of
//! files goes through the doors, `job`, `order` or chkconfig. The libraries below `crates/` are pure
//! throughout.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

#[path = "arch/source.rs"]
mod source;

use source::{Source, below, is_test_file, module, names, paths, sources, uses};
use std::collections::BTreeSet;

const SUBJECTS: [&str; 6] = ["unit", "sysv", "order", "supervisor", "drain", "tmpfiles"];

/// Drivers below the subjects: they may use `os`, `host` and the standard library's outside world.
const DRIVERS: &[&str] = &[
    "unit/load",
    "sysv/apply",
    "supervisor/client",
    "supervisor/core/claim",
    "supervisor/core/control",
    "supervisor/core/events",
    "supervisor/core/base",
    "supervisor/core/job",
    "supervisor/core/launch",
    "supervisor/core/state_dir",
    "supervisor/core/store",
    "supervisor/log",
    "supervisor/service/found",
    "supervisor/service/run",
    "drain/inspect",
    "drain/report/keep",
    "drain/scan",
    "drain/shipper/belief",
    "drain/shipper/changed",
    "drain/shipper/cloudwatch/follow",
    "drain/shipper/cloudwatch/own_log",
    "drain/shipper/cloudwatch/shipper",
    "drain/shipper/filebeat/agent",
    "drain/shipper/filebeat/disk_queue",
    "drain/shipper/filebeat/find",
    "drain/shipper/filebeat/follow",
    "drain/shipper/filebeat/http",
    "drain/shipper/filebeat/load",
    "drain/shipper/filebeat/own_log",
    "drain/shipper/filebeat/shipper",
    "drain/shipper/host",
    "drain/shipper/interface",
    "drain/shipper/listener",
    "drain/shipper/log_end",
    "drain/shipper/mod",
    "drain/wait/mod",
    "drain/wait/one",
    "drain/wait/output",
    "drain/wait/sleep",
    "drain/wait/watches",
    "tmpfiles/apply",
    "tmpfiles/load",
    "tmpfiles/sysusers/write",
];

fn is_driver(rel: &str) -> bool {
    DRIVERS.iter().any(|d| rel == format!("{d}.rs") || rel.starts_with(&format!("{d}/")))
}

#[test]
fn subjects_do_not_import_one_another() {
    let mut wrong = Vec::new();
    for s in sources() {
        let Some(me) = SUBJECTS.iter().find(|m| s.rel.starts_with(&format!("{m}/"))) else { continue };
        if is_test_file(&s.rel) {
            continue;
        }
        for other in SUBJECTS.iter().filter(|o| *o != me && **o != "unit") {
            if uses(&s.code, other) {
                wrong.push(format!("src/{} imports {other}", s.rel));
            }
        }
        for above in ["cli", "job"].iter().filter(|above| uses(&s.code, above)) {
            wrong.push(format!("src/{} imports {above}", s.rel));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A supervisor, a timer or a socket asks for jobs as a verb does: words and exit codes are the doors'.
#[test]
fn jobs_know_nothing_of_the_doors() {
    let mut wrong = Vec::new();
    for s in sources().iter().filter(|s| s.rel.starts_with("job/")) {
        for f in ["crate::cli", "clap", "ExitCode"].iter().filter(|f| s.code.contains(**f)) {
            wrong.push(format!("src/{} uses {f}", s.rel));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where a number that a process ends with is known: what the doors' answers become, and what a child that
/// never executes a program tells its parent.
const NUMBERED: &[(&str, &[&str])] = &[
    ("main.rs", &["ExitCode"]),
    ("cli/mod.rs", &["ExitCode"]),
    ("cli/exit.rs", &["ExitCode", "-> u8"]),
    // What `amr run` ends with is the status of the main process, by systemd's numbers.
    ("cli/run.rs", &["-> u8"]),
    // Those are a runlevel and a level of syslog(3).
    ("cli/order/sysv.rs", &["-> u8"]),
    ("cli/logger.rs", &["-> u8"]),
    ("os/fork.rs", &["libc::_exit("]),
];

/// Verbs answer with values, and one place gives them numbers; nothing else ends the process.
#[test]
fn exit_codes_are_made_in_one_place() {
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for s in sources().iter().filter(|s| !is_test_file(&s.rel)) {
        let may = NUMBERED.iter().find(|(rel, _)| *rel == s.rel).map_or(&[] as &[&str], |(_, may)| may);
        // `ServiceResult::ExitCode` is a word of systemd's.
        let code = s.code.replace("ServiceResult::ExitCode", "");
        let is_door = s.rel.starts_with("cli/") || s.rel.starts_with("job/");
        let always = ["process::ExitCode", "ExitCode::", "process::exit", "libc::_exit("];
        let at_doors: &[&str] = if is_door { &["-> u8", ", u8>", "Option<u8> {"] } else { &[] };
        for f in always.iter().chain(at_doors).filter(|f| code.contains(**f)) {
            match may.iter().find(|m| f.contains(**m)) {
                Some(m) => drop(used.insert((s.rel.clone(), *m))),
                None => wrong.push(format!("src/{} has {f}; hint: Answered, of cli/exit.rs", s.rel)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (rel, may) in NUMBERED {
        for m in *may {
            assert!(used.contains(&((*rel).to_owned(), *m)), "src/{rel} needs no {m} any more");
        }
    }
}

/// Where no file may name one that names it in turn, on whatever way.
const WITHOUT_CIRCLES: [&str; 4] = ["cli::", "job::", "order::", "sysv::chkconfig::"];

#[test]
fn no_circle_of_files() {
    let graph = source::graph(&sources());
    let reach = |from: &str| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(next) = waiting.pop() {
            for to in graph.get(&next).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    waiting.push(to.clone());
                }
            }
        }
        seen
    };
    let held = |name: &&String| WITHOUT_CIRCLES.iter().any(|top| name.starts_with(top));
    let circles: Vec<&String> =
        graph.keys().filter(held).filter(|name| reach(name).contains(*name)).collect();
    assert!(circles.is_empty(), "these files name themselves through others: {circles:?}");
    // It sees one where there is one.
    let two = [("cli/a.rs", "use crate::cli::{b::c, d};"), ("cli/b.rs", "fn f() { super::a::g() }")];
    let two = two.map(|(rel, code)| Source { rel: rel.to_owned(), code: code.to_owned() });
    let seen = source::graph(&two);
    assert!(seen["cli::a"].contains("cli::b") && seen["cli::b"].contains("cli::a"), "{seen:?}");
    let parent = [("cli/a.rs", "mod c; fn f() { c::g() }"), ("cli/a/c.rs", "use super::f;")];
    let parent = parent.map(|(rel, code)| Source { rel: rel.to_owned(), code: code.to_owned() });
    let seen = source::graph(&parent);
    assert!(seen["cli::a"].contains("cli::a::c") && seen["cli::a::c"].contains("cli::a"), "{seen:?}");
}

/// A socket or a timer stands on the core of supervisors as a service does.
#[test]
fn the_core_of_supervisors_knows_no_kind_of_unit() {
    let core: Vec<Source> = sources().into_iter().filter(|s| s.rel.starts_with("supervisor/core/")).collect();
    assert!(core.len() > 10, "found only {} files of the core", core.len());
    let mut wrong = Vec::new();
    for s in core.iter().filter(|s| !is_test_file(&s.rel)) {
        for path in paths(&s.code, &module(&s.rel)) {
            let known = ["supervisor::core", "os", "unit::value", "unit::exec::ApplyMode", "host::runtime"];
            let inside = |top: &&&str| path == **top || path.starts_with(&format!("{top}::"));
            let ours =
                ["supervisor", "unit", "exec", "cgroup", "host", "sysv", "order", "job", "cli", "drain"];
            if ours.iter().any(|top| inside(&top)) && !known.iter().any(|top| inside(&top)) {
                wrong.push(format!("src/{} names {path}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a pure file must not name.
const IMPURE: &[&str] = &[
    "crate::os",
    "crate::host",
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::os::unix::net",
    "Instant::now",
    "SystemTime::now",
    "std::thread",
    "nix::",
    "libc::",
];

/// What only the doors may do.
const OUTWARD: &[&str] =
    &["println!", "eprintln!", "print!(", "eprint!(", "process::exit", "std::env::var", "env::args"];

#[test]
fn pure_files_touch_neither_the_system_nor_the_clock() {
    let mut wrong = Vec::new();
    for s in sources() {
        let subject = SUBJECTS.iter().any(|m| s.rel.starts_with(&format!("{m}/")));
        if !subject || is_driver(&s.rel) || is_test_file(&s.rel) {
            continue;
        }
        for f in IMPURE {
            if names(&s.code, f) {
                wrong.push(format!("src/{} is pure and uses {f}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What controllers are told follows from the description alone, whatever the host.
#[test]
fn what_controllers_are_told_is_pure() {
    let pure = ["cgroup/controllers.rs", "cgroup/v1.rs", "cgroup/v2.rs"];
    let mut wrong = Vec::new();
    for s in sources().iter().filter(|s| s.rel.starts_with("cgroup/")) {
        // Which of the two interfaces is a word of `os`.
        let code = s.code.replace("crate::os::cgroup::Version", "");
        for f in IMPURE.iter().filter(|f| pure.contains(&s.rel.as_str()) && names(&code, f)) {
            wrong.push(format!("src/{} is pure and uses {f}", s.rel));
        }
        for m in ["sysv", "order", "supervisor", "drain", "tmpfiles", "cli", "job", "exec", "host"] {
            if uses(&s.code, m) {
                wrong.push(format!("src/{} imports {m}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A further shipper is one folder: nothing else of the drain, and nothing of amr but its words for people
/// and its own hook, knows this one by name.
#[test]
fn filebeat_is_known_in_its_folder_alone() {
    let known = |s: &Source| {
        s.rel.starts_with("drain/shipper/filebeat/") || s.rel.starts_with("cli/") || s.rel == "sysv/initd.rs"
    };
    let mut wrong = Vec::new();
    for s in sources().iter().filter(|s| !known(s) && !is_test_file(&s.rel)) {
        for (at, line) in s.code.lines().enumerate() {
            let names = line.to_ascii_lowercase();
            // The list of all shippers has one line for each.
            let listed = s.rel == "drain/shipper/mod.rs"
                && (line == "pub mod filebeat;" || line.starts_with("pub const ALL:"));
            if !listed && ["filebeat", "filestream"].iter().any(|name| names.contains(name)) {
                wrong.push(format!("src/{}:{}: {}", s.rel, at + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_libraries_below_crates_are_pure() {
    let found = below("crates");
    assert!(found.len() > 10, "found only {} source files", found.len());
    let mut wrong = Vec::new();
    for s in found.iter().filter(|s| !is_test_file(&s.rel)) {
        for f in IMPURE.iter().chain(OUTWARD).chain(&["unsafe ", "unsafe{"]) {
            if names(&s.code, f) {
                wrong.push(format!("crates/{} is pure and uses {f}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_doors_print_exit_and_read_the_environment() {
    let mut wrong = Vec::new();
    for s in sources() {
        if s.rel.starts_with("cli/") || s.rel == "main.rs" || is_test_file(&s.rel) {
            continue;
        }
        for f in OUTWARD {
            if s.code.contains(f) {
                wrong.push(format!("src/{} uses {f}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_and_system_calls_stand_in_os_alone() {
    let mut wrong = Vec::new();
    for s in sources() {
        if s.rel.starts_with("os/") || is_test_file(&s.rel) {
            continue;
        }
        for f in ["unsafe ", "unsafe{", "libc::", "nix::"] {
            if names(&s.code, f) {
                wrong.push(format!("src/{} uses {}", s.rel, f.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn os_knows_nothing_of_the_subjects() {
    let mut wrong = Vec::new();
    for s in sources() {
        if !(s.rel.starts_with("os/") || s.rel.starts_with("host/")) || is_test_file(&s.rel) {
            continue;
        }
        let below: &[&str] = if s.rel.starts_with("os/") { &["os"] } else { &["os", "host", "unit"] };
        for line in s.code.lines().filter(|l| l.contains("crate::")) {
            let named = line.split("crate::").skip(1).filter_map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|m| !m.is_empty())
            });
            for m in named.filter(|m| !below.contains(m)) {
                wrong.push(format!("src/{} imports {m}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How processes begin is `exec`'s; it is told what to begin, and asks nobody.
#[test]
fn exec_knows_units_and_the_system_alone() {
    let mut wrong = Vec::new();
    for s in sources() {
        if !s.rel.starts_with("exec/") || is_test_file(&s.rel) {
            continue;
        }
        for m in ["sysv", "order", "supervisor", "drain", "cli", "job", "host"] {
            if uses(&s.code, m) {
                wrong.push(format!("src/{} imports {m}", s.rel));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What may follow a link that another user planted, or change what is behind it.
const UNGUARDED: &[&str] = &[
    "root.read(",
    "root.open(",
    ".open_with(",
    ".create_dir(",
    ".create_dir_all(",
    ".write_atomic(",
    ".write_named(",
    ".symlink_atomic(",
    ".remove_file(",
    ".remove_file_if_there(",
    ".remove_dir(",
    ".rename(",
    ".chown(",
    ".chmod(",
    ".make_fifo(",
    "File::open",
    "File::create",
    "OpenOptions",
    "fs::read",
    "fs::write",
    "fs::remove",
    "fs::rename",
    "fs::create_dir",
];

/// Where that is right all the same: nobody else comes between.
const NOBODY_BETWEEN: &[(&str, &str)] = &[
    // The kernel's own file.
    ("supervisor/core/base.rs", "host.open_with(own, OFlag::O_WRONLY, 0)"),
    ("exec/resolve/io.rs", "Root::host()?.open_with(Path::new(\"/dev/null\")"),
    // What the host says of itself in /etc, and what is asked for: os-release, machine-id.
    ("exec/facts.rs", "root.read(Path::new(path), 64 * 1024)"),
    // The record, in a folder that was checked (`StateDir::check`), and nothing is changed.
    ("supervisor/core/store.rs", "root.read("),
    // `amr logs`, for whoever calls it.
    ("supervisor/log/read.rs", "root.open("),
    // Names of amr's own in its folder of logs.
    ("supervisor/log/file.rs", "self.root.remove_file_if_there(&rotated("),
    ("supervisor/log/file.rs", "self.root.rename(&from, &rotated("),
];

#[test]
fn supervisors_touch_files_by_safe_paths_alone() {
    let (mut wrong, mut used) = (Vec::new(), vec![false; NOBODY_BETWEEN.len()]);
    for s in sources().iter().filter(|s| {
        ["supervisor/", "exec/", "tmpfiles/"].iter().any(|top| s.rel.starts_with(top))
            && !is_test_file(&s.rel)
    }) {
        let mut code = s.code.clone();
        for ((_, right), used) in NOBODY_BETWEEN.iter().zip(&mut used).filter(|((rel, _), _)| *rel == s.rel) {
            *used |= code.contains(right);
            code = code.replace(right, "");
        }
        let found = |f: &str| if f.starts_with('.') { code.contains(f) } else { names(&code, f) };
        for f in UNGUARDED.iter().filter(|f| found(f)) {
            wrong.push(format!("src/{} uses {f}; hint: Root::safe_…", s.rel));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(used.iter().all(|used| *used), "an exception that nobody needs: {used:?}");
}
