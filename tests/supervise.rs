//! Supervisors with real processes: the faults that an operator meets, each with a sane end.
//!
//! Every test has a root of its own in a temporary folder; the supervisor is the real binary. As
//! root the kernel's groups are used where there are any, as an ordinary user kinship; both can be
//! forced. Waits are conditions with deadlines.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::indexing_slicing)]

use amr::os::root::Root;
use amr::service::client::{self, Answer, Options, Pending, Who};
use amr::service::machine::{ServiceResult, State};
use amr::service::place::{Place, Privilege};
use amr::service::status::Record;
use amr::unit::load::{Loader, search_path};
use amr::unit::model::Unit;
use amr::unit::name::UnitName;
use amr::unit::specifier::{Facts, User};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// No step of a test takes longer than this.
const LIMIT: Duration = Duration::from_secs(30);

struct Host {
    dir: PathBuf,
    place: Place,
    options: Options,
}

impl Host {
    fn new(switches: Option<&str>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("amr-sup-{}-{number}", std::process::id()));
        for folder in ["run", "etc/systemd/system", "var/log", "var/run", "var/lock/subsys", "tmp"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        std::fs::write(dir.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        std::fs::write(dir.join("etc/group"), "root:x:0:\n").unwrap();
        let root = Root::at(&dir).unwrap();
        let own = std::fs::metadata("/proc/self").unwrap();
        let privilege =
            if std::os::unix::fs::MetadataExt::uid(&own) == 0 { Privilege::Root } else { Privilege::User };
        let options = Options {
            lock_name: Some("app".into()),
            switches: switches.map(str::to_owned),
            timeout: Some(LIMIT),
            bound: false,
            program: Some(PathBuf::from(env!("CARGO_BIN_EXE_amr"))),
            ..Options::default()
        };
        Self { place: Place::of(root, privilege), dir, options }
    }

    /// Writes app.service; `ROOT` in it is the folder.
    fn unit(&self, text: &str) -> Unit {
        let text = text.replace("ROOT", &self.dir.display().to_string());
        std::fs::write(self.dir.join("etc/systemd/system/app.service"), text).unwrap();
        self.load()
    }

    fn load(&self) -> Unit {
        let facts = Facts { user: Some(User::default()), ..Facts::default() };
        Loader::new(&self.place.root, &search_path(None), &facts).load(&name())
    }

    fn begin_start(&self, unit: &Unit) -> Pending {
        client::start(&self.place, unit, &self.options).unwrap()
    }

    fn start(&self, unit: &Unit) -> Answer {
        self.begin_start(unit).finish().unwrap().answer
    }

    fn begin_stop(&self, unit: &Unit) -> Pending {
        client::stop(&self.place, unit, &self.options).unwrap()
    }

    fn stop(&self, unit: &Unit) -> Answer {
        self.begin_stop(unit).finish().unwrap().answer
    }

    fn status(&self) -> Record {
        client::status(&self.place, &name()).unwrap().unwrap()
    }

    fn state(&self) -> State {
        client::status(&self.place, &name()).unwrap().map_or(State::Dead, |r| r.state())
    }

    fn supervisor(&self) -> i32 {
        self.status().supervisor.unwrap().pid
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.dir.join(inner)
    }

    fn text(&self, inner: &str) -> String {
        std::fs::read_to_string(self.path(inner)).unwrap_or_default()
    }

    fn locked(&self) -> bool {
        self.path("var/lock/subsys/app").exists()
    }

    /// Kills the supervisor as the OOM killer would, and waits until it has gone.
    fn kill_supervisor(&self) {
        kill(self.supervisor(), "KILL");
        until("the supervisor to die", || !client::is_supervised(&self.place, &name()).unwrap());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let unit = self.load();
        if let Ok(mut pending) = client::stop(&self.place, &unit, &self.options) {
            let _ = pending.finish();
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

fn name() -> UnitName {
    UnitName::parse("app.service").unwrap()
}

fn kill(pid: i32, signal: &str) {
    assert!(pid > 1);
    let status =
        std::process::Command::new("/bin/kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    assert!(status.unwrap().success(), "kill -{signal} {pid}");
}

/// Does the process run (a zombie does not)?
fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|s| !s.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        amr::os::poll::wait(&[], Some(Duration::from_millis(2))).unwrap();
    }
}

/// The ways to keep a service's processes together.
const WAYS: [Option<&str>; 3] = [None, Some("no-cgroup"), Some("no-cgroup,no-pidfd,no-close-range,no-memfd")];

const DAEMON: &str =
    "[Service]\nExecStart=/bin/sh -c 'trap \"exit 0\" TERM; echo up; while :; do sleep 0.05; done'\n";
const STUBBORN: &str = "[Service]\nTimeoutStopSec=300ms\nExecStart=/bin/sh -c 'trap \"\" TERM; echo > ROOT/tmp/up; while :; do sleep 0.05; done'\n";

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
        assert_eq!(host.text("var/run/app.pid").trim(), main.to_string());
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

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
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
    client::reset_failed(&host.place, &name()).unwrap();
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
    client::reset_failed(&host.place, &name()).unwrap();
    assert_eq!(host.start(&unit), Answer::Started);
}

#[test]
fn a_killed_supervisor_is_replaced_by_the_next_command() {
    for way in WAYS {
        let host = Host::new(way);
        let unit = host.unit(DAEMON);
        host.start(&unit);
        let main = host.status().main.unwrap().pid;
        host.kill_supervisor();
        assert!(runs(main), "the service lives on");
        assert_eq!(host.state(), State::Running, "status says what is true");
        // A start takes it over; it is the same process.
        assert_eq!(host.start(&unit), Answer::Started);
        assert_eq!(host.status().main.unwrap().pid, main);
        assert!(client::is_supervised(&host.place, &name()).unwrap());
        // So does a stop.
        host.kill_supervisor();
        assert_eq!(host.stop(&unit), Answer::Stopped(ServiceResult::Success), "{way:?}");
        assert!(!runs(main) && !host.locked());
    }
}

#[test]
fn what_is_written_while_no_supervisor_lives_is_in_the_log_afterwards() {
    let host = Host::new(None);
    let unit = host.unit(
        "[Service]\nExecStart=/bin/sh -c 'while ! [ -e ROOT/tmp/say ]; do sleep 0.02; done; echo alone; echo > ROOT/tmp/said; sleep 1000'\n",
    );
    host.start(&unit);
    host.kill_supervisor();
    std::fs::write(host.path("tmp/say"), "").unwrap();
    until("the service to go on", || host.path("tmp/said").exists());
    host.start(&unit);
    until("the log", || host.text("var/log/amr-units/app.service.log").ends_with(" alone\n"));
}

#[test]
fn an_adopted_one_that_ends_counts_as_failed_and_is_restarted() {
    for way in WAYS {
        let host = Host::new(way);
        let unit = host.unit("[Service]\nRestart=on-failure\nRestartSec=0\nExecStart=/bin/sleep 1000\n");
        host.start(&unit);
        host.kill_supervisor();
        host.start(&unit);
        let old = host.status().main.unwrap().pid;
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
    let unit = host.unit("[Service]\nExecStart=/bin/sleep 1000\n");
    host.start(&unit);
    let main = host.status().main.unwrap().pid;
    host.kill_supervisor();
    kill(main, "KILL");
    until("the process to die", || !runs(main));
    until("status to say so", || host.state() == State::Failed);
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
    record.main = Some(amr::service::status::ProcessMark { pid: pid.cast_signed(), start_time: 1 });
    std::fs::write(host.place.root.outer(&host.place.files("app.service").status), record.encode()).unwrap();
    assert_eq!(host.stop(&unit), Answer::AlreadyDown);
    assert!(somebody.try_wait().unwrap().is_none(), "somebody else was killed");
    somebody.kill().unwrap();
    somebody.wait().unwrap();
}

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
    assert!(client::reload(&host.place, &unit, &host.options).is_err(), "it is not active");
    host.start(&unit);
    let answer = client::reload(&host.place, &unit, &host.options).unwrap().finish().unwrap().answer;
    assert_eq!(answer, Answer::Reloaded(ServiceResult::Success));
    assert_eq!(host.text("tmp/reloaded").trim(), host.status().main.unwrap().pid.to_string());
    client::kill(&host.place, &unit, &host.options, 9, Who::Main).unwrap();
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
    until("the end", || !client::is_supervised(&host.place, &name()).unwrap());
    assert!(began.elapsed() < Duration::from_secs(2), "killall5 gives two seconds");
    assert!(!runs(main) && !host.locked());
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let host = Host::new(None);
    let unit = host.unit(DAEMON);
    let run_dir = host.place.root.outer(&host.place.run_dir);
    std::fs::create_dir_all(&run_dir).unwrap();
    std::fs::set_permissions(&run_dir, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let refused = client::start(&host.place, &unit, &host.options).and_then(|mut start| start.finish());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("others can write to it"), "{refused}");
    // No lock is made in a folder that others can write, either.
    std::fs::set_permissions(&run_dir, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let locks = host.path("var/lock/subsys");
    std::fs::set_permissions(&locks, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(host.start(&unit), Answer::Started);
    assert!(!host.locked());
    let unit = host.unit("[Service]\nRuntimeDirectory=amr-supervise/x\nExecStart=/bin/true\n");
    assert!(client::start(&host.place, &unit, &host.options).unwrap_err().to_string().contains("overlap"));
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

impl Host {
    fn status_or_none(&self) -> Option<Record> {
        client::status(&self.place, &name()).ok().flatten()
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
    assert!(!host.place.root.exists(&host.place.run_dir.join("missing.service")));
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
