//! What becomes of a service whose supervisor is killed in the middle of something: what lives goes on,
//! there is never a second one, and what nobody saw is said to be unknown.

use crate::host::*;
use amr::supervisor::client::Answer;
use amr::supervisor::service::machine::{ServiceResult, State};
use std::fs;

/// The service of a start in the middle of which its supervisor is killed goes on; the next start says
/// that it is up, and it is the same process.
fn goes_on(host: &Host, text: &str, alive: impl Fn() -> Option<i32>) {
    let unit = host.unit(text);
    let pending = host.begin_start(&unit);
    until("the process", || alive().is_some());
    let pid = alive().unwrap();
    drop(pending);
    host.kill_supervisor();
    fs::write(host.path("tmp/go"), "").unwrap();
    until("the service to go on", || host.path("tmp/up").exists());
    assert!(host.status().unknown.is_some_and(|said| said.contains("is unknown")));
    assert_eq!(host.start(&unit), Answer::Started);
    assert!(runs(pid), "what lived lives");
    assert_eq!(host.status().main.unwrap().pid, pid);
    assert!(host.locked() && host.state() == State::Running);
    assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success));
    assert!(!runs(pid) && !host.locked());
}

fn number(host: &Host, inner: &str) -> Option<i32> {
    host.text(inner).trim().parse().ok()
}

#[test]
fn a_ready_that_went_to_a_dead_supervisor_costs_nothing() {
    for way in WAYS {
        let host = Host::new(way);
        let text = "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sh -c 'echo $$$$ > ROOT/tmp/pid; \
             while ! [ -e ROOT/tmp/go ]; do sleep 0.02; done; echo > ROOT/tmp/up; exec sleep 1000'\n";
        goes_on(&host, text, || number(&host, "tmp/pid"));
    }
}

#[test]
fn a_daemon_that_came_while_nobody_watched_is_found() {
    for pid_file in ["PIDFile=/run/own.pid\n", ""] {
        for way in WAYS {
            let host = Host::new(way);
            // In a session of its own, and no child of anybody's: without a group its run's id tells.
            let text = format!(
                "[Service]\nType=forking\n{pid_file}TimeoutStartSec=5\nExecStart=/bin/sh -c 'setsid sh -c \"echo \\$\\$ > \
                 ROOT/tmp/daemon; while ! [ -e ROOT/tmp/go ]; do sleep 0.02; done; cp ROOT/tmp/daemon \
                 ROOT/run/own.pid; echo > ROOT/tmp/up; exec sleep 1000\" >/dev/null 2>&1 & \
                 while ! [ -e ROOT/tmp/up ]; do sleep 0.02; done'\n"
            );
            goes_on(&host, &text, || number(&host, "tmp/daemon"));
        }
    }
}

#[test]
fn a_start_after_a_lost_stop_brings_one() {
    for way in WAYS {
        let host = Host::new(way);
        // Mixed: a SIGTERM to its sleep would end the stop before it is seen.
        let unit = host.unit(
            "[Service]\nKillMode=mixed\nExecStart=/bin/sh -c 'trap \"sleep 0.3; exit 0\" TERM; echo $$$$ >> ROOT/tmp/pids; \
             sleep 1000 & wait; wait'\n",
        );
        host.start(&unit);
        until("the trap", || host.text("tmp/pids").lines().count() == 1);
        let stop = host.begin_stop(&unit);
        until("the stop", || host.state().is_stopping());
        host.kill_supervisor();
        drop(stop);
        assert_eq!(host.start(&unit), Answer::Started, "{way:?}");
        until("the second run", || host.text("tmp/pids").lines().count() == 2);
        let main = host.status().main.unwrap().pid;
        assert!(runs(main) && host.state() == State::Running, "{way:?}");
        assert!(host.text("tmp/pids").ends_with(&format!("{main}\n")));
    }
}

#[test]
fn an_end_that_nobody_saw_is_unknown() {
    let host = Host::new(None);
    let unit = host.start_and_kill("[Service]\nExecStart=/bin/sleep 1000\n");
    let record = host.status();
    assert!(record.unknown.unwrap().contains("when and how it ended is unknown"));
    assert_eq!((record.exec_main_code, record.state_change.real), (0, 0), "nothing is invented");
    assert_eq!(host.start(&unit), Answer::Started);
    assert_eq!(host.status().unknown, None);
}
