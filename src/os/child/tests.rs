//! Real children.

#![allow(clippy::disallowed_methods)]

use super::*;
use crate::os::capture::{Captured, capture};
use crate::os::root::Root;
use crate::os::root::tests::Scratch;
use crate::os::wait::Exit;
use crate::unit::value::limits::Resource;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn sh(script: &str) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        argv: ["sh", "-c", script].map(OsString::from).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        ..Spec::default()
    }
}

fn run_with(spec: &Spec, features: &Features) -> Captured {
    capture(spec, features, 1 << 20, Duration::from_secs(20)).unwrap()
}

fn run(spec: &Spec) -> Captured {
    run_with(spec, &Features::detect(None).unwrap())
}

fn output(spec: &Spec) -> String {
    let got = run(spec);
    assert_eq!((got.exit, got.failure), (Exit::Exited(0), None));
    String::from_utf8(got.stdout).unwrap().trim().to_owned()
}

fn failure(spec: &Spec) -> Failure {
    let got = run(spec);
    let failure = got.failure.unwrap();
    assert_eq!(got.exit, Exit::Exited(failure.stage.code().into()));
    failure
}

/// Is this root? Says what is left out if not.
fn is_root(what: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        println!("left out, as it needs root: {what}");
    }
    root
}

#[test]
fn passes_words_environment_and_folder_as_they_are() {
    let scratch = Scratch::new();
    let mut spec = sh("printf '%s|' \"$0\" \"$@\" \"$A\"; pwd; umask; env | wc -l");
    spec.argv.extend(["zero".into(), OsString::from_vec(b"\xff b".to_vec())]);
    spec.env = vec![("A".into(), "x=y ".into())];
    spec.cwd = Cwd::Path { path: scratch.0.clone(), missing_ok: false };
    spec.umask = Some(0o027);
    let got = run(&spec).stdout;
    let head = b"zero|\xff b|x=y |";
    assert!(got.starts_with(head));
    let tail = String::from_utf8(got[head.len()..].to_vec()).unwrap();
    let lines: Vec<&str> = tail.lines().collect();
    assert_eq!(lines[..2], [scratch.0.to_str().unwrap(), "0027"]);
    let folder = Root::host().unwrap().open_dir(&scratch.0).unwrap();
    let by_fd = Spec { cwd: Cwd::Fd(Arc::new(folder)), ..sh("pwd -P") };
    assert_eq!(output(&by_fd), std::fs::canonicalize(&scratch.0).unwrap().to_str().unwrap());
}

#[test]
fn failures_come_back_with_their_stage() {
    let mut spec = sh("exit 0");
    spec.program = "/nonexistent/x".into();
    assert_eq!(failure(&spec), Failure { stage: Stage::Exec, errno: libc::ENOENT });
    assert_eq!(failure(&spec).to_string(), "cannot execute: No such file or directory");
    let mut spec = sh("pwd");
    spec.cwd = Cwd::Path { path: "/nonexistent".into(), missing_ok: false };
    assert_eq!(failure(&spec), Failure { stage: Stage::Chdir, errno: libc::ENOENT });
    spec.cwd = Cwd::Path { path: "/nonexistent".into(), missing_ok: true };
    assert_eq!(output(&spec), "/");
    let spec = Spec { scheduler: Some(Scheduler { policy: 77, priority: 0 }), ..sh("exit 0") };
    assert_eq!(failure(&spec).stage, Stage::SetScheduler);
    let not_a_group = Arc::new(OwnedFd::from(std::fs::File::open("/dev/null").unwrap()));
    let spec = Spec { cgroup: Some(not_a_group), ..sh("exit 0") };
    assert_eq!(failure(&spec), Failure { stage: Stage::Cgroup, errno: libc::EBADF });
    let nul = Spec { argv: vec![OsString::from_vec(b"a\0b".to_vec())], ..sh("") };
    assert!(spawn(&nul, &Features::detect(None).unwrap()).is_err());
}

#[test]
fn only_the_given_descriptors_are_open_both_ways() {
    use std::io::Write;
    // One that is not close-on-exec, as an inherited one may be.
    let null = std::fs::File::open("/dev/null").unwrap();
    let stray = nix::fcntl::fcntl(&null, nix::fcntl::FcntlArg::F_DUPFD(50)).unwrap();
    let (r, w) = nix::unistd::pipe2(OFlag::O_CLOEXEC).unwrap();
    std::fs::File::from(w).write_all(b"plan").unwrap();
    for switch in [None, Some("no-close-range")] {
        let features = Features::detect(switch).unwrap();
        assert!(switch.is_none() || !features.close_range);
        let script = "ls /proc/$$/fd | tr '\\n' ' '; [ -e /dev/fd/4 ] && cat <&4 | wc -c";
        let (third, fourth) = (Arc::new(null.try_clone().unwrap().into()), Arc::new(r.try_clone().unwrap()));
        let spec = Spec { fds: vec![third, fourth], ..sh(script) };
        let text = String::from_utf8(run_with(&spec, &features).stdout).unwrap();
        assert!(text.starts_with("0 1 2 3 4 "), "{text}");
        assert!(!text.contains(&stray.to_string()), "{text}");
    }
    nix::unistd::close(stray).unwrap();
}

#[test]
fn signals_are_reset_and_none_is_blocked() {
    let mask = "grep -E '^Sig(Blk|Ign)' /proc/self/status";
    let zero = "0000000000000000";
    let ignore = nix::sys::signal::SigHandler::SigIgn;
    // SAFETY: no code of ours runs when it comes.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGURG, ignore) }.unwrap();
    assert_eq!(output(&sh(mask)), format!("SigBlk:\t{zero}\nSigIgn:\t{zero}"));
    let spec = Spec { ignore_sigpipe: true, ..sh(mask) };
    assert!(output(&spec).ends_with("SigIgn:\t0000000000001000"));
}

#[test]
fn limits_nice_session_and_privileges() {
    let script = "ulimit -n; ulimit -Hn; nice; ps -o sid= -p $$ 2>/dev/null | tr -d ' '; echo $$; \
                  grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj; \
                  grep Cpus_allowed_list /proc/self/status";
    let spec = Spec {
        limits: vec![Limit { resource: Resource::Nofile, soft: 100, hard: 200 }],
        nice: Some(7),
        oom_score_adjust: Some(500),
        cpu_affinity: vec![0],
        no_new_privileges: true,
        new_session: true,
        ..sh(script)
    };
    let text = output(&spec);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["100", "200", "7"]);
    assert_eq!(lines[3], lines[4], "its own session");
    let expected = ["NoNewPrivs:\t1", "500", "Cpus_allowed_list:\t0"];
    assert_eq!(lines[5..], expected);
}

#[test]
fn what_may_not_be_raised_is_a_notice() {
    let infinite = Limit { resource: Resource::Memlock, soft: u64::MAX, hard: u64::MAX };
    let spec = Spec { limits: vec![infinite], ..sh("exit 0") };
    let got = run(&spec);
    assert_eq!((got.exit, got.failure), (Exit::Exited(0), None));
    // With CAP_SYS_RESOURCE there is none.
    assert!(got.notices.iter().all(|n| n.stage == Stage::Limits), "{:?}", got.notices);
}

#[test]
fn a_user_in_41_groups_and_no_way_back() {
    if !is_root("changing the user") {
        return;
    }
    let groups: Vec<u32> = (5000..5041).collect();
    let credentials = Credentials { uid: 65534, gid: 5000, groups: groups.clone() };
    let spec = Spec {
        credentials: Some(credentials),
        capability_bounding_set: Some(1 << 10),
        ..sh(
            "id -u; id -g; sed -n 's/^Groups:\\t//p;s/^Cap\\(Bnd\\|Prm\\|Inh\\):\\t//p;s/^Uid://p' /proc/self/status",
        )
    };
    let text = output(&spec);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["65534", "5000", "\t65534\t65534\t65534\t65534"]);
    let seen: Vec<u32> = lines[3].split_whitespace().map(|g| g.parse().unwrap()).collect();
    assert_eq!(seen, groups);
    let none = "0000000000000000";
    assert_eq!(lines[4..], [none, none, "0000000000000400"]);
}

#[test]
fn killed_before_exec_is_told_by_the_exit() {
    let features = Features::detect(Some("no-pidfd")).unwrap();
    let spawned = spawn(&sh("exec sleep 60"), &features).unwrap();
    assert!(spawned.pidfd(&features).is_none(), "the fallback was taken");
    crate::os::sys::kill(spawned.pid.get(), libc::SIGKILL).unwrap();
    let reaped = loop {
        if let Some(reaped) = crate::os::wait::reap(spawned.pid).unwrap() {
            break reaped;
        }
    };
    assert_eq!(reaped.exit, Exit::Killed(9));
}

#[test]
fn a_plan_travels_with_and_without_memfd() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let plan = vec![b'p'; 200_000];
    for switch in [None, Some("no-memfd")] {
        let features = Features::detect(switch).unwrap();
        let fd = plan_file(&plan, &features, &root, Path::new("/")).unwrap();
        let mut spec = Spec::detached(
            "/bin/sh".into(),
            ["sh", "-c", "wc -c <&3"].map(Into::into).into(),
            vec![Arc::new(fd)],
        );
        spec.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
        let text = String::from_utf8(run_with(&spec, &features).stdout).unwrap();
        assert_eq!(text.trim(), "200000");
        assert!(root.list(Path::new("/")).unwrap().is_empty());
    }
    let host = Root::host().unwrap();
    assert_eq!(own_executable(&host).unwrap(), std::env::current_exe().unwrap());
}

#[test]
fn a_descriptor_is_taken_over_once() {
    if std::env::var("AMR_TEST_CHILD_INNER").is_ok() {
        let mut text = String::new();
        let mut plan = std::fs::File::from(inherited(3).unwrap());
        std::io::Read::read_to_string(&mut plan, &mut text).unwrap();
        assert_eq!(text, "the plan");
        assert_eq!(inherited(3).unwrap_err().errno(), Some(libc::EBUSY));
        assert!(inherited(63).is_err() && inherited(1).is_err());
        return;
    }
    let features = Features::detect(None).unwrap();
    let scratch = Scratch::new();
    let plan = plan_file(b"the plan", &features, &scratch.root(), Path::new("/")).unwrap();
    let argv = ["amr", "--exact", "os::child::tests::a_descriptor_is_taken_over_once"].map(OsString::from);
    let program = own_executable(&Root::host().unwrap()).unwrap();
    let mut spec = Spec::detached(program, argv.to_vec(), vec![Arc::new(plan)]);
    spec.env = vec![("AMR_TEST_CHILD_INNER".into(), "1".into())];
    let got = run(&spec);
    assert_eq!((got.exit, got.failure), (Exit::Exited(0), None));
    assert!(String::from_utf8(got.stdout).unwrap().contains("1 passed"));
}

#[test]
fn every_stage_has_a_code_a_name_and_a_task() {
    for code in 0..256 {
        if let Some(stage) = Stage::from_code(code) {
            assert_eq!(i32::from(stage.code()), code);
            assert!(!stage.name().is_empty() && !stage.task().is_empty());
        }
    }
    assert_eq!(Stage::from_code(203), Some(Stage::Exec));
    assert_eq!(Stage::from_code(1), None);
}

#[test]
fn a_folder_is_seen_in_the_place_of_another_by_this_process_alone() {
    if !is_root("a mount namespace") {
        return;
    }
    let scratch = Scratch::new();
    let (source, target) = (scratch.0.join("source"), scratch.0.join("target"));
    for dir in [&source, &target] {
        std::fs::create_dir(dir).unwrap();
    }
    std::fs::write(source.join("inside"), "").unwrap();
    let mut spec = sh("cd \"$0\" && ls && touch made");
    spec.argv.splice(3.., [target.clone().into()]);
    spec.binds = vec![Bind { source: source.clone(), target: target.clone() }];
    assert_eq!(output(&spec), "inside");
    assert!(source.join("made").exists() && !target.join("made").exists());
    spec.binds = vec![Bind { source: scratch.0.join("missing"), target }];
    assert_eq!(failure(&spec), Failure { stage: Stage::Namespace, errno: libc::ENOENT });
}
