//! Real children.

use super::*;
use crate::os::capture::{Captured, capture};
use crate::os::root::tests::Scratch;
use crate::os::wait::Exit;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

fn sh(script: &str) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        argv: ["sh", "-c", script].map(OsString::from).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        ..Spec::default()
    }
}

fn run(spec: &Spec) -> Captured {
    capture(spec, 1 << 20, Duration::from_secs(20)).unwrap()
}

fn output(spec: &Spec) -> String {
    let got = run(spec);
    assert_eq!(got.exit, Exit::Exited(0));
    String::from_utf8(got.stdout).unwrap().trim().to_owned()
}

#[test]
fn passes_words_environment_and_folder_as_they_are() {
    let scratch = Scratch::new();
    let mut spec = sh("printf '%s|' \"$0\" \"$@\" \"$A\"; pwd; umask; env | wc -l");
    spec.argv.extend(["zero".into(), OsString::from_vec(b"\xff b".to_vec())]);
    spec.env = vec![("A".into(), "x=y ".into())];
    spec.cwd = Some(scratch.0.clone());
    spec.umask = Some(0o027);
    let got = run(&spec).stdout;
    let head = b"zero|\xff b|x=y |";
    assert!(got.starts_with(head));
    let tail = String::from_utf8(got[head.len()..].to_vec()).unwrap();
    assert_eq!(tail.lines().take(2).collect::<Vec<_>>(), [scratch.0.to_str().unwrap(), "0027"]);
}

#[test]
fn what_cannot_be_executed_is_an_error() {
    let spec = Spec { program: "/nonexistent/x".into(), ..sh("exit 0") };
    assert_eq!(
        spawn(&spec).unwrap_err().to_string(),
        "cannot start '/nonexistent/x': No such file or directory"
    );
}

#[test]
fn only_the_given_descriptors_are_open() {
    use std::io::Write;
    // One that is not close-on-exec, as an inherited one may be.
    let null = std::fs::File::open("/dev/null").unwrap();
    let stray = nix::fcntl::fcntl(&null, nix::fcntl::FcntlArg::F_DUPFD(50)).unwrap();
    let (r, w) = nix::unistd::pipe2(OFlag::O_CLOEXEC).unwrap();
    File::from(w).write_all(b"plan").unwrap();
    let (third, fourth) = (Arc::new(null.try_clone().unwrap().into()), Arc::new(r));
    let script = "ls /proc/$$/fd | tr '\\n' ' '; cat <&4 | wc -c";
    let text = output(&Spec { fds: vec![third, fourth], ..sh(script) });
    assert!(text.starts_with("0 1 2 3 4 ") && text.ends_with('4'), "{text}");
    assert!(!text.contains(&stray.to_string()), "{text}");
    nix::unistd::close(stray).unwrap();
}

#[test]
fn signals_are_reset_and_none_is_blocked() {
    let ignore = nix::sys::signal::SigHandler::SigIgn;
    // SAFETY: no code of ours runs when it comes.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGURG, ignore) }.unwrap();
    let zero = "0000000000000000";
    let mask = output(&sh("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
    assert_eq!(mask, format!("SigBlk:\t{zero}\nSigIgn:\t{zero}"));
}

#[test]
fn a_plan_travels_with_and_without_memfd() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let plan = vec![b'p'; 200_000];
    for switch in [None, Some("no-memfd")] {
        let features = Features::detect(switch).unwrap();
        let fd = plan_file(&plan, &features, &root, Path::new("/")).unwrap();
        let argv = ["sh", "-c", "wc -c <&3; ps -o sid= -p $$ | tr -d ' '; echo $$"].map(Into::into);
        let mut spec = Spec::detached("/bin/sh".into(), argv.into(), vec![Arc::new(fd)]);
        spec.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
        let text = output(&spec);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0].trim(), lines[1]), ("200000", lines[2]), "the plan, and a session of its own");
        assert!(root.list(Path::new("/")).unwrap().is_empty());
    }
    let host = Root::host().unwrap();
    assert_eq!(own_executable(&host).unwrap(), std::env::current_exe().unwrap());
}

#[test]
#[allow(clippy::disallowed_methods)]
fn a_descriptor_is_taken_over_once() {
    if std::env::var("AMR_TEST_CHILD_INNER").is_ok() {
        let mut text = String::new();
        let mut plan = File::from(inherited(3).unwrap());
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
    assert!(output(&spec).contains("1 passed"));
}
