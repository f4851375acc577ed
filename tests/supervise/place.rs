//! Where the state lies never moves under a running service.

use crate::host::{Host, runs, until};
use amr::supervisor::client::Answer;
use amr::supervisor::service::machine::State;
use std::fs;

const SLEEPER: &str = "[Service]\nRuntimeDirectory=zed\nExecStart=/bin/sh -c 'echo $RUNTIME_DIRECTORY > ROOT/tmp/told; exec sleep 1000'\n";

/// RHEL 6: /var/run and no /run.
fn old_host() -> Host {
    let mut host = Host::new(None);
    fs::remove_file(host.path("var/run")).unwrap();
    fs::remove_dir_all(host.path("run")).unwrap();
    fs::create_dir(host.path("var/run")).unwrap();
    host.look_again();
    host
}

/// It is known, has one main process however often it is started, and a stop ends it.
fn is_known_and_ends(host: &Host, text: &str) {
    let unit = host.unit(text);
    let main = host.status().main.unwrap().pid;
    assert_eq!(host.state(), State::Running);
    assert_eq!(host.start(&unit), Answer::Started);
    assert_eq!(host.status().main.unwrap().pid, main, "no second one");
    assert!(matches!(host.stop(&unit), Answer::Stopped(_)));
    assert!(!runs(main));
}

#[test]
fn a_host_without_run_gets_none_and_one_that_comes_changes_nothing() {
    let mut host = old_host();
    let unit = host.unit(SLEEPER);
    assert_eq!(host.start(&unit), Answer::Started);
    until("the folder to be told", || !host.text("tmp/told").is_empty());
    assert_eq!(host.text("tmp/told").trim(), host.path("var/run/zed").to_str().unwrap());
    assert!(host.path("var/run/zed").is_dir() && !host.path("run").exists());
    // Somebody makes it.
    fs::create_dir(host.path("run")).unwrap();
    host.look_again();
    is_known_and_ends(&host, SLEEPER);
    assert!(!host.path("var/run/zed").exists(), "it went with its unit");
}

#[test]
fn a_host_that_becomes_another_one_keeps_what_lives() {
    for kill in [false, true] {
        let mut host = old_host();
        fs::rename(host.path("var/run"), host.path("run")).unwrap();
        host.look_again();
        let unit = host.unit(SLEEPER);
        assert_eq!(host.start(&unit), Answer::Started);
        assert!(host.path("run/amr-supervise/app.service").is_dir());
        fs::create_dir(host.path("var/run")).unwrap();
        host.look_again();
        if kill {
            host.kill_supervisor();
        }
        is_known_and_ends(&host, SLEEPER);
        // What is started now is where the host says.
        assert_eq!(host.start(&unit), Answer::Started);
        assert!(host.path("var/run/amr-supervise/app.service").is_dir());
        assert!(host.path("var/run/zed").is_dir() && !host.path("run/zed").exists());
        assert!(matches!(host.stop(&unit), Answer::Stopped(_)));
    }
}

#[test]
fn what_an_earlier_boot_left_in_a_plain_run_is_nothing() {
    let mut host = old_host();
    let unit = host.unit(SLEEPER);
    assert_eq!(host.start(&unit), Answer::Started);
    let record = host.text("var/run/amr-supervise/app.service/status");
    let boot = host.status().boot_id;
    assert!(matches!(host.stop(&unit), Answer::Stopped(_)));
    fs::create_dir_all(host.path("run/amr-supervise/app.service")).unwrap();
    let stale = record.replace(&boot, "00000000-0000-0000-0000-000000000000");
    assert_ne!(stale, record);
    fs::write(host.path("run/amr-supervise/app.service/status"), stale).unwrap();
    host.look_again();
    assert_eq!(host.state(), State::Dead);
    assert_eq!(host.start(&unit), Answer::Started);
    is_known_and_ends(&host, SLEEPER);
}

#[test]
fn a_pid_file_is_found_where_the_host_has_it_and_where_the_unit_says() {
    for (made, folder) in [("var/run", "var/run/zed"), ("run/zed", "run/zed")] {
        let host = old_host();
        fs::create_dir_all(host.path(made)).unwrap();
        let unit = host.unit(&format!(
            "[Service]\nType=forking\nRuntimeDirectory=zed\nPIDFile=/run/zed/a.pid\nTimeoutStartSec=10\n\
             ExecStart=/bin/sh -c 'sleep 1000 & echo $! > ROOT/{folder}/a.pid'\n"
        ));
        assert_eq!(host.start(&unit), Answer::Started, "{folder}");
        let pid = host.text(&format!("{folder}/a.pid"));
        assert_eq!(host.status().main.unwrap().pid.to_string(), pid.trim());
        assert!(matches!(host.stop(&unit), Answer::Stopped(_)));
        assert!(!host.path(&format!("{folder}/a.pid")).exists());
    }
}
