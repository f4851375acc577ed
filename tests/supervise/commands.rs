//! Commands that meet one another, and what a start takes and refuses.

use amr::supervisor::client::{self, Answer, Who};
use amr::supervisor::service::machine::{ServiceResult, State};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::host::*;

#[test]
fn a_second_stop_joins_the_first_and_a_start_waits_for_both() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Service]\nExecStop=/bin/sh -c 'echo stop >> ROOT/tmp/stops; while ! [ -e ROOT/tmp/go ]; do sleep 0.02; done'\nExecStart=/bin/sleep 1000\n",
    );
    host.start(&unit);
    let first = host.status().main.unwrap().pid;
    let (mut one, mut two) = (host.begin_stop(&unit), host.begin_stop(&unit));
    until("the stop command", || host.path("tmp/stops").exists());
    let mut again = host.begin_start(&unit);
    assert!(one.advance().unwrap().is_none() && again.advance().unwrap().is_none());
    std::fs::write(host.path("tmp/go"), "").unwrap();
    let stopped = Answer::Stopped(ServiceResult::Success);
    assert_eq!(one.finish().unwrap().answer, stopped);
    assert_eq!(two.finish().unwrap().answer, stopped);
    assert_eq!(again.finish().unwrap().answer, Answer::Started);
    assert_ne!(host.status().main.unwrap().pid, first);
    assert_eq!(host.text("tmp/stops"), "stop\n");
}

#[test]
fn reload_and_kill_reach_the_service() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Service]\nExecReload=/bin/sh -c 'echo $MAINPID > ROOT/tmp/reloaded'\nExecStart=/bin/sleep 1000\n",
    );
    assert!(client::reload(&host.state_dir, &unit, &host.options).is_err(), "it is not active");
    host.start(&unit);
    let answer = client::reload(&host.state_dir, &unit, &host.options).unwrap().finish().unwrap().answer;
    assert_eq!(answer, Answer::Reloaded(ServiceResult::Success));
    assert_eq!(host.text("tmp/reloaded").trim(), host.status().main.unwrap().pid.to_string());
    client::kill(&host.state_dir, &unit, &host.options, 9, Who::Main).unwrap();
    until("the end", || host.state() == State::Failed);
}

#[test]
fn sigterm_to_the_supervisor_stops_the_unit_soon() {
    let host = Host::new(None);
    let unit = host.unit(&STUBBORN.replace("300ms", "100"));
    host.start(&unit);
    until("the trap", || host.path("tmp/up").exists());
    let (main, began) = (host.status().main.unwrap().pid, Instant::now());
    kill(host.supervisor(), "TERM");
    until("the end", || !client::is_supervised(&host.state_dir, &name()).unwrap());
    assert!(began.elapsed() < Duration::from_secs(2), "killall5 gives two seconds");
    assert!(!runs(main) && !host.locked());
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let host = Host::new(None);
    let unit = host.unit(DAEMON);
    let run_dir = host.state_dir.root.outer(&host.state_dir.run_dir);
    std::fs::create_dir_all(&run_dir).unwrap();
    std::fs::set_permissions(&run_dir, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let refused = client::start(&host.state_dir, &unit, &host.options).and_then(|mut start| start.finish());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("others can write to it"), "{refused}");
    // No lock is made in a folder that others can write, either.
    std::fs::set_permissions(&run_dir, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let locks = host.path("var/lock/subsys");
    std::fs::set_permissions(&locks, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(host.start(&unit), Answer::Started);
    assert!(!host.locked());
    let unit = host.unit("[Service]\nRuntimeDirectory=amr-supervise/x\nExecStart=/bin/true\n");
    assert!(
        client::start(&host.state_dir, &unit, &host.options).unwrap_err().to_string().contains("overlap")
    );
    assert_eq!(
        host.stop(&unit),
        Answer::Stopped(ServiceResult::Success),
        "what runs can be stopped all the same"
    );
}

#[test]
fn the_environment_is_systemds_and_nothing_of_the_callers() {
    let host = Host::new(None);
    let unit = host.unit("[Service]\nType=oneshot\nEnvironment=A=b\nRuntimeDirectory=x\nExecStart=/bin/sh -c 'env | cut -d= -f1 | sort > ROOT/tmp/env; test $$SYSTEMD_EXEC_PID = $$$$'\n");
    assert_eq!(host.start(&unit), Answer::Done);
    let names = host.text("tmp/env");
    let expected: Vec<&str> =
        names.lines().filter(|n| !["PWD", "SHLVL", "_", "OLDPWD"].contains(n)).collect();
    assert_eq!(expected, ["A", "INVOCATION_ID", "PATH", "RUNTIME_DIRECTORY", "SYSTEMD_EXEC_PID"]);
    assert!(!host.path("run/x").exists(), "the runtime directory goes with the run");
}

#[test]
fn the_locale_is_the_hosts() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo $$LANG $$LC_TIME $$LC_ALL $$SYSFONT > ROOT/tmp/told'\n",
    );
    let told = || {
        assert_eq!(host.start(&unit), Answer::Done);
        host.text("tmp/told").trim().to_owned()
    };
    assert_eq!(told(), "", "nothing is known of it");
    std::fs::create_dir_all(host.path("usr/lib/locale/C.utf8")).unwrap();
    assert_eq!(told(), "C.UTF-8", "as systemd 252 has it by default");
    std::fs::create_dir_all(host.path("etc/sysconfig")).unwrap();
    std::fs::write(host.path("etc/sysconfig/i18n"), "LANG=\"en_US.UTF-8\"\nSYSFONT=\"latarcyrheb-sun16\"\n")
        .unwrap();
    assert_eq!(told(), "en_US.UTF-8", "RHEL 6 and the Amazon Linux AMI");
    std::fs::write(host.path("etc/locale.conf"), "LANG=de_DE.UTF-8\nLC_TIME=C\nLC_ALL=C\n").unwrap();
    assert_eq!(told(), "de_DE.UTF-8 C", "systemd's own file, and what it knows of it");
}

/// Soft limits, which anybody may raise, so that this holds without any privilege; the rest is in
/// tests/e2e/hostile/inherits-nothing.sh.
#[test]
fn limits_of_the_caller_reach_neither_supervisor_nor_service() {
    let host = Host::new(None);
    host.unit("[Service]\nExecStart=/bin/sleep 1000\n");
    let root = host.dir.to_str().unwrap();
    let odd = ["--cpu=70:", "--fsize=8192:", "--nofile=20:", "--stack=1048576:", "--core=4096:"];
    let start = ["amr", "--root", root, "start", "app"];
    let status = std::process::Command::new("prlimit")
        .args(odd)
        .arg(env!("CARGO_BIN_EXE_amr"))
        .args(&start[1..])
        .status()
        .unwrap();
    assert!(status.success());
    let soft = |pid: i32, name: &str| {
        let table = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let line = table.lines().find_map(|l| l.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let init = |name: &str| soft(1, name);
    let record = host.status();
    let (supervisor, main) = (record.supervisor.unwrap().pid, record.main.unwrap().pid);
    // Started is it once it was forked.
    until("the limits of the service", || soft(main, "Max open files") == "1024");
    for name in ["Max cpu time", "Max file size", "Max stack size", "Max core file size"] {
        assert_eq!(soft(main, name), init(name), "{name}");
    }
    assert!(soft(supervisor, "Max open files").parse::<u64>().unwrap() > 1024);
    for name in ["Max cpu time", "Max file size"] {
        assert_eq!(soft(supervisor, name), "unlimited", "{name}");
    }
}

#[test]
fn one_that_gets_no_plan_ends_without_a_word() {
    let script = "exec \"$0\" supervise --plan-fd 3 3</dev/null";
    let program = env!("CARGO_BIN_EXE_amr");
    let got = std::process::Command::new("sh").args(["-c", script, program]).output().unwrap();
    assert!(got.status.success() && got.stdout.is_empty() && got.stderr.is_empty(), "{got:?}");
}

#[test]
fn a_start_that_is_refused_leaves_nothing() {
    let host = Host::new(None);
    std::fs::create_dir_all(host.path("etc/init.d")).unwrap();
    let script = host.path("etc/init.d/missing");
    std::fs::write(&script, "#!/usr/sbin/amr initd\n").unwrap();
    let mut door = std::process::Command::new(env!("CARGO_BIN_EXE_amr"));
    let got = door.arg("initd").arg(&script).arg("start").output().unwrap();
    assert_eq!(got.status.code(), Some(5), "not installed: {got:?}");
    assert!(!host.state_dir.root.exists(&host.state_dir.run_dir.join("missing.service")));
}

#[test]
fn an_idle_supervisor_does_not_wake_up() {
    let host = Host::new(None);
    let unit = host.unit("[Service]\nExecStart=/bin/sleep 1000\n");
    host.start(&unit);
    let switches = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", host.supervisor())).unwrap();
        let line = status.lines().find(|l| l.starts_with("voluntary_ctxt_switches")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    // It has come to rest when it sleeps and a look in between changes nothing.
    let mut last = switches();
    until("rest", || {
        amr::os::poll::wait(&[], Some(Duration::from_millis(100))).unwrap();
        let now = switches();
        std::mem::replace(&mut last, now) == now
    });
    amr::os::poll::wait(&[], Some(Duration::from_millis(1500))).unwrap();
    assert_eq!(switches(), last);
    assert!(Path::new(&format!("/proc/{}", host.supervisor())).exists());
}
