//! What is killed, left behind or stale: each with a sane end.

use amr::supervisor::client::{self, Answer};
use amr::supervisor::service::machine::{ServiceResult, State};

use crate::host::*;

#[test]
fn a_killed_one_comes_back_until_the_limit_says_no() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=100\n[Service]\nRestart=on-failure\nRestartSec=0\nExecStart=/bin/sleep 1000\n",
    );
    host.start(&unit);
    for restarts in 1..3 {
        let old = host.status().main.unwrap().pid;
        kill(old, "KILL");
        until("the restart", || {
            let r = host.status();
            r.restarts == restarts && r.state() == State::Running && r.main.is_some_and(|m| m.pid != old)
        });
        assert!(host.locked());
    }
    kill(host.status().main.unwrap().pid, "KILL");
    until("the end", || host.state() == State::Failed);
    assert_eq!(host.status().service_result(), ServiceResult::Signal, "the first failure is kept");
    until("the lock to go", || !host.locked());
    let Answer::Failed(..) = host.start(&unit) else { panic!("by hand counts, too") };
    client::reset_failed(&host.state_dir, &name()).unwrap();
    assert_eq!(host.start(&unit), Answer::Started);
}

#[test]
fn a_killed_supervisor_is_replaced_by_the_next_command() {
    for way in WAYS {
        let host = Host::new(way);
        let (unit, main) = host.start_and_lose(DAEMON);
        assert!(runs(main), "the service lives on");
        assert_eq!(host.state(), State::Running, "status says what is true");
        // A start takes it over; it is the same process.
        assert_eq!(host.start(&unit), Answer::Started);
        assert_eq!(host.status().main.unwrap().pid, main);
        assert!(client::is_supervised(&host.state_dir, &name()).unwrap());
        // So does a stop.
        host.kill_supervisor();
        assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success), "{way:?}");
        assert!(!runs(main) && !host.locked());
    }
}

#[test]
fn what_is_written_while_no_supervisor_lives_is_in_the_log_afterwards() {
    let host = Host::new(None);
    let (unit, _) = host.start_and_lose(
        "[Service]\nExecStart=/bin/sh -c 'while ! [ -e ROOT/tmp/say ]; do sleep 0.02; done; echo alone; echo > ROOT/tmp/said; sleep 1000'\n",
    );
    std::fs::write(host.path("tmp/say"), "").unwrap();
    until("the service to go on", || host.path("tmp/said").exists());
    host.start(&unit);
    until("the log", || host.text("var/log/amr-units/app.service.log").ends_with(" alone\n"));
}

#[test]
fn an_adopted_one_that_ends_counts_as_failed_and_is_restarted() {
    for way in WAYS {
        let host = Host::new(way);
        let (unit, old) =
            host.start_and_lose("[Service]\nRestart=on-failure\nRestartSec=0\nExecStart=/bin/sleep 1000\n");
        host.start(&unit);
        kill(old, "TERM");
        until("the restart", || {
            let r = host.status();
            r.restarts == 1 && r.main.is_some_and(|m| m.pid != old && runs(m.pid))
        });
    }
}

#[test]
fn supervisor_and_service_both_killed_is_a_failure_that_status_tells() {
    let host = Host::new(None);
    let unit = host.start_and_kill("[Service]\nExecStart=/bin/sleep 1000\n");
    assert!(host.locked(), "the lock is still there");
    assert_eq!(host.stop(&unit), Answer::AlreadyDown);
    assert!(!host.locked(), "and a stop takes it away");
    assert_eq!(host.start(&unit), Answer::Started);
}

#[test]
fn a_killed_starter_does_not_stop_the_start() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Service]\nExecStartPre=/bin/sh -c 'while ! [ -e ROOT/tmp/go ]; do sleep 0.02; done'\nExecStart=/bin/sleep 1000\n",
    );
    // The pipe is closed with the pending job: all that the death of the command does.
    let pending = host.begin_start(&unit);
    until("the first command", || host.state() == State::StartPre);
    drop(pending);
    std::fs::write(host.path("tmp/go"), "").unwrap();
    until("the start", || host.state() == State::Running);
    // The record comes first, so that whoever takes over knows of the lock.
    until("the lock", || host.locked());
}

#[test]
fn a_supervisor_killed_in_the_middle_of_a_start_leaves_nothing_that_a_stop_cannot_end() {
    for way in WAYS {
        let host = Host::new(way);
        let unit = host.unit("[Service]\nExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000\n");
        let pending = host.begin_start(&unit);
        until("the first command", || host.status_or_none().is_some_and(|r| r.control.is_some()));
        let control = host.status().control.unwrap().pid;
        drop(pending);
        host.kill_supervisor();
        host.stop(&unit);
        until("the command to go", || !runs(control));
        assert!(host.state().is_over(), "{way:?}");
    }
}

#[test]
fn a_stale_pid_file_or_record_never_gets_anybody_killed() {
    let mut somebody = std::process::Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    let pid = somebody.id();
    let host = Host::new(None);
    std::fs::create_dir_all(host.path("run")).unwrap();
    std::fs::write(host.path("run/other.pid"), format!("{pid}\n")).unwrap();
    let owner = if is_root() { 65534 } else { 0 };
    if is_root() {
        std::os::unix::fs::chown(host.path("run/other.pid"), Some(owner), Some(owner)).unwrap();
    }
    let unit = host.unit(
        "[Service]\nType=forking\nTimeoutStartSec=1\nPIDFile=/run/other.pid\nExecStart=/bin/sh -c 'sleep 1000 & exit 0'\n",
    );
    let Answer::Failed(result, _) = host.start(&unit) else { panic!("somebody else's process was taken") };
    assert_eq!(result, ServiceResult::Timeout);
    assert!(somebody.try_wait().unwrap().is_none(), "somebody else was killed");
    // A record whose process number now is somebody else's.
    let unit = host.unit(DAEMON);
    host.start(&unit);
    host.stop(&unit);
    let mut record = host.status();
    record.sub = "running".into();
    record.main = Some(amr::supervisor::core::mark::ProcessMark { pid: pid.cast_signed(), start_time: 1 });
    std::fs::write(host.state_dir.root.outer(&host.state_dir.files("app.service").status), record.encode())
        .unwrap();
    assert_eq!(host.stop(&unit), Answer::AlreadyDown);
    assert!(somebody.try_wait().unwrap().is_none(), "somebody else was killed");
    somebody.kill().unwrap();
    somebody.wait().unwrap();
}
