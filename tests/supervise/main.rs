//! Supervisors with real processes: the faults that an operator meets, each with a sane end.
//!
//! Every test has a root of its own in a temporary folder; the supervisor is the real binary. As
//! root the kernel's groups are used where there are any, as an ordinary user kinship; both can be
//! forced. Waits are conditions with deadlines.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::indexing_slicing)]

mod commands;
mod faults;
mod host;
mod lost;
mod place;
mod replan;
mod restarts;

use amr::supervisor::client::{self, Answer};
use amr::supervisor::service::machine::{ServiceResult, State};
use host::*;
use std::path::PathBuf;

#[test]
fn a_life_leaves_record_lock_and_log_and_takes_the_lock_back() {
    for way in WAYS {
        let host = Host::new(way);
        let unit = host.unit(DAEMON);
        assert_eq!(host.start(&unit), Answer::Started);
        let record = host.status();
        assert_eq!(record.state(), State::Running);
        let main = record.main.unwrap().pid;
        assert!(runs(main) && host.locked());
        assert!(!host.path("var/run/app.pid").exists(), "a program that looks for itself there finds nobody");
        assert_eq!(
            record.tracking.cgroup.is_some(),
            way.is_none() && record.not_applied.is_empty() && is_root()
        );
        assert_eq!(host.start(&unit), Answer::Started, "a second start is content");
        until("the log", || host.text("var/log/amr-units/app.service.log").ends_with(" up\n"));
        assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success));
        assert!(!runs(main) && !host.locked() && !host.path("var/run/app.pid").exists());
        assert_eq!(host.state(), State::Dead);
        assert_eq!(host.stop(&unit), Answer::AlreadyDown);
    }
}

#[test]
fn one_that_ignores_term_is_killed_and_counts_as_failed() {
    let host = Host::new(None);
    let unit = host.unit(STUBBORN);
    host.start(&unit);
    until("the trap", || host.path("tmp/up").exists());
    assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Timeout));
    let record = host.status();
    assert_eq!((record.state(), record.exec_main_status), (State::Failed, 9));
    assert!(!host.locked());
    client::reset_failed(&host.state_dir, &name()).unwrap();
    assert_eq!(host.state(), State::Dead);
}

#[test]
fn children_that_fork_away_are_found_and_ended() {
    for way in WAYS {
        let host = Host::new(way);
        let unit = host.unit(
            "[Service]\nTimeoutStopSec=5\nExecStart=/bin/sh -c '(setsid sh -c \"echo \\$\\$ > ROOT/tmp/child; exec sleep 1000\" &) ; exec sleep 1000'\n",
        );
        host.start(&unit);
        until("the child", || host.text("tmp/child").ends_with('\n'));
        let child: i32 = host.text("tmp/child").trim().parse().unwrap();
        assert!(runs(child));
        assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success), "{way:?}");
        assert!(!runs(child), "{way:?}");
    }
}

#[test]
fn a_forking_daemon_is_known_by_its_pid_file_or_by_guess() {
    let fork = "Type=forking\nTimeoutStartSec=20\nExecStart=/bin/sh -c '(setsid sh -c \"echo \\$\\$ > ROOT/run/app.tmp; mv ROOT/run/app.tmp ROOT/run/app.pid; exec sleep 1000\" &)'\n";
    for (way, pid_file) in WAYS.into_iter().flat_map(|w| [(w, "PIDFile=/run/app.pid\n"), (w, "")]) {
        let host = Host::new(way);
        let unit = host.unit(&format!("[Service]\n{fork}{pid_file}"));
        assert_eq!(host.start(&unit), Answer::Started);
        until("the pid file", || host.path("run/app.pid").exists());
        let daemon: i32 = host.text("run/app.pid").trim().parse().unwrap();
        if !pid_file.is_empty() {
            assert_eq!(host.status().main.unwrap().pid, daemon);
        }
        assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success), "{way:?} {pid_file}");
        assert!(!runs(daemon));
    }
}

#[test]
fn exits_before_it_is_ready() {
    let host = Host::new(None);
    let unit = host.unit("[Service]\nType=notify\nExecStart=/bin/sh -c 'exit 0'\n");
    assert_eq!(host.start(&unit), Answer::Failed(ServiceResult::Protocol, String::new()));
    assert_eq!(host.state(), State::Failed);
    assert!(!host.locked());
}

#[test]
fn a_missing_binary_user_or_folder_is_said_in_words_and_in_systemds_code() {
    let host = Host::new(None);
    for (line, code, word) in [
        ("ExecStart=/no/such/program", 203, "execute"),
        ("ExecStart=/bin/true\nWorkingDirectory=/no/such", 200, "working directory"),
        ("ExecStart=/bin/true\nUser=no-such-user", 217, "no-such-user"),
        ("ExecStart=/bin/true\nGroup=no-such-group", 216, "no-such-group"),
    ] {
        let unit = host.unit(&format!("[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n{line}\n"));
        let Answer::Failed(ServiceResult::ExitCode, why) = host.start(&unit) else { panic!("{line}") };
        assert!(why.contains(word), "{why}");
        assert_eq!(host.status().exec_main_status, code);
    }
    let unit = host.unit("[Service]\nExecStart=/bin/true\nEnvironmentFile=/no/such\n");
    let Answer::Failed(result, _) = host.start(&unit) else { panic!() };
    assert_eq!(result, ServiceResult::Resources);
}

/// A v1 memory group of the test's own, with a limit.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    fn new() -> Option<Self> {
        let dir = PathBuf::from(format!("/sys/fs/cgroup/memory/amr-oom-{}", std::process::id()));
        std::fs::create_dir(&dir).ok()?;
        let group = Self(dir);
        std::fs::write(group.0.join("memory.limit_in_bytes"), "30M").ok()?;
        std::fs::File::open("/dev/kmsg").ok()?;
        Some(group)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn one_that_the_oom_killer_ended_is_known_as_such() {
    let Some(group) = MemoryGroup::new() else {
        println!("left out: needs root, a memory group (cgroup v1) and the kernel's log");
        return;
    };
    let host = Host::new(None);
    let hog = "#!/bin/sh\necho $$ > GROUP/cgroup.procs\nx=xxxxxxxxxxxxxxxx\nwhile :; do x=$x$x; done\n";
    let script = host.dir.join("hog");
    std::fs::write(&script, hog.replace("GROUP", &group.0.display().to_string())).unwrap();
    let unit = host.unit("[Service]\nExecStart=/bin/sh ROOT/hog\n");
    assert_eq!(host.start(&unit), Answer::Started);
    until("the kernel ends it", || host.state() == State::Failed);
    assert_eq!(host.status().result, "oom-kill");
}
