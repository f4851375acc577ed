//! Real processes by way of `amr::exec`: what the description of a unit makes of them, seen from inside.
//!
//! Without the harness of cargo, since amr forks only where there is one thread. Each case prints its
//! name; the first that fails ends the test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

use amr::exec::spaces::Spaces;
use amr::exec::stage::{ExecState, Failure, Stage};
use amr::exec::{self, HostFolders, Passing, Refused, Request, Streams, Variables};
use amr::os::cgroup::{Group, Mount, Version, mounts};
use amr::os::features::Features;
use amr::os::proc::ProcessId;
use amr::os::root::Root;
use amr::os::wait::{Exit, reap};
use amr::unit::build::{self, Input};
use amr::unit::exec::{ApplyMode, ExecContext};
use amr::unit::merge::Source;
use amr::unit::model::{Body, ExecCommand, ExecPrivilege, Severity};
use amr::unit::name::UnitName;
use amr::unit::specifier::Facts;
use std::cell::Cell;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What came of a process.
#[derive(Debug)]
struct Outcome {
    exit: Exit,
    failure: Option<Failure>,
    notices: Vec<Failure>,
    output: String,
}

struct Lab {
    folder: PathBuf,
    root: Root,
    close_range: Cell<bool>,
    seccomp: Cell<bool>,
    mounts: Cell<bool>,
    proc_options: Cell<bool>,
}

impl Lab {
    fn new() -> Lab {
        let folder = std::env::temp_dir().join(format!("amr-exec-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Lab {
            folder,
            root: Root::host().unwrap(),
            close_range: Cell::new(true),
            seccomp: Cell::new(true),
            mounts: Cell::new(true),
            proc_options: Cell::new(true),
        }
    }

    /// Runs a script as the process of a unit with these lines in [Service].
    fn run(&self, lines: &str, script: &str) -> Result<Outcome, Refused> {
        let (context, mut command) = service(lines);
        // `$$` is for the shell.
        command.no_env_expand = true;
        command.path = "/bin/sh".into();
        command.argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        self.run_command(&context, &command)
    }

    fn run_command(&self, context: &ExecContext, command: &ExecCommand) -> Result<Outcome, Refused> {
        let path = self.folder.join("output");
        let output = Arc::new(OwnedFd::from(fs::File::create(&path).unwrap()));
        let (close_range, seccomp) = (self.close_range.get(), self.seccomp.get());
        let features = Features {
            close_range,
            seccomp,
            mount_namespace: self.mounts.get(),
            proc_options: self.proc_options.get(),
            ..Features::detect(None).unwrap()
        };
        let request = Request {
            passing: Passing::default(),
            terminal: false,
            credentials: true,
            unit: "lab.service",
            context,
            command,
            host: &exec::of_host(&self.root),
            variables: Variables::default(),
            invocation: "0123",
            mode: ApplyMode::Strict,
            root: &self.root,
            places: HostFolders { runtime: Path::new("/run"), own: &self.folder },
            spaces: &Spaces::default(),
            features: &features,
            log: Some(output),
            streams: Streams::Unit,
            notify: None,
            group: None,
            controllers: &[],
            oom_score: None,
            limits: &[],
        };
        let process = exec::resolve(&request, &mut Vec::new())?;
        let mut started = exec::start(&process).unwrap();
        started.gate.open();
        let exit = loop {
            if let Some(reaped) = reap(started.pid).unwrap() {
                break reaped.exit;
            }
            std::thread::yield_now();
        };
        let failure = match started.exec.state() {
            ExecState::Failed(failure) => Some(failure),
            ExecState::Pending | ExecState::Done => None,
        };
        let notices = started.exec.notices().to_vec();
        let output = fs::read_to_string(path).unwrap().trim().to_owned();
        Ok(Outcome { exit, failure, notices, output })
    }

    /// What a process of such a unit prints.
    fn output(&self, lines: &str, script: &str) -> String {
        let outcome = self.run(lines, script).unwrap();
        assert_eq!((outcome.exit, &outcome.failure), (Exit::Exited(0), &None), "{outcome:?}");
        outcome.output
    }

    fn failure(&self, lines: &str) -> Failure {
        let outcome = self.run(lines, "exit 0").unwrap();
        let failure = outcome.failure.unwrap();
        assert_eq!(outcome.exit, Exit::Exited(failure.stage.code().into()));
        failure
    }
}

impl Lab {
    /// The same on a host that is a folder.
    fn below_a_folder(&self) -> Lab {
        let folder = self.folder.join("host");
        for name in ["run", "var/lib", "var/cache", "var/log", "etc"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("etc/passwd"), "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n")
            .unwrap();
        Lab {
            root: Root::at(&folder).unwrap(),
            folder,
            close_range: Cell::new(true),
            seccomp: Cell::new(true),
            mounts: Cell::new(true),
            proc_options: Cell::new(true),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn service(lines: &str) -> (ExecContext, ExecCommand) {
    let text = format!("[Service]\nExecStart=/bin/true\n{lines}\n");
    let source = Source::new(Path::new("/lab.service"), text.as_bytes());
    let input = Input {
        name: UnitName::parse("lab.service").unwrap(),
        aliases: Vec::new(),
        fragment: Some("/lab.service".into()),
        dropins: Vec::new(),
        sources: vec![source],
        links: Vec::new(),
    };
    let unit = build::build(input, &Facts::default());
    // That a directive came after 252 is said of it, and no more.
    let faults: Vec<_> = unit.findings.iter().filter(|f| f.severity != Severity::Note).collect();
    assert!(faults.is_empty() && unit.unapplied.is_empty(), "{faults:?}");
    let Body::Service(service) = unit.body else { panic!("a service") };
    (*service.context, service.exec.start[0].clone())
}

fn attributes(lab: &Lab) {
    let lines = "LimitNOFILE=100:200\nNice=7\nOOMScoreAdjust=500\nCPUAffinity=0\nNoNewPrivileges=yes\nUMask=0027\n\
                 WorkingDirectory=/var\nIgnoreSIGPIPE=yes\nEnvironment=A=b";
    let script = "ulimit -n; ulimit -Hn; nice; cat /proc/self/oom_score_adj; umask; pwd; echo $A; \
                  grep -E '^(NoNewPrivs|Cpus_allowed_list|SigBlk|SigIgn)' /proc/self/status; \
                  [ $$ = \"$SYSTEMD_EXEC_PID\" ] && echo itself; ps -o sid= -p $$ | tr -d ' ' | grep -x $$ > /dev/null && echo leader";
    let text = lab.output(lines, script);
    let zero = "0000000000000000";
    let (blocked, ignored) = (format!("SigBlk:\t{zero}"), "SigIgn:\t0000000000001000".to_owned());
    let mut expected: Vec<String> =
        ["100", "200", "7", "500", "0027", "/var", "b"].map(str::to_owned).to_vec();
    expected.extend([blocked, ignored, "NoNewPrivs:\t1".into(), "Cpus_allowed_list:\t0".into()]);
    expected.extend(["itself".into(), "leader".into()]);
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

fn descriptors(lab: &Lab) {
    // One that is not close-on-exec, as an inherited one may be.
    let null = fs::File::open("/dev/null").unwrap();
    let stray = nix::fcntl::fcntl(&null, nix::fcntl::FcntlArg::F_DUPFD(50)).unwrap();
    for range in [true, false] {
        lab.close_range.set(range);
        // The shell itself opens the fourth to list them.
        let open = lab.output("", "for f in /proc/$$/fd/*; do echo ${f##*/}; done");
        assert_eq!(open.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"], "by a range: {range}");
    }
    nix::unistd::close(stray).unwrap();
}

const LIMITS: &str = "LimitCPU=100\nLimitFSIZE=1M:2M\nLimitDATA=1G\nLimitSTACK=4M\nLimitCORE=3M\nLimitRSS=5M\n\
    LimitNPROC=500:600\nLimitMEMLOCK=64K\nLimitAS=2G\nLimitLOCKS=7\nLimitSIGPENDING=8\nLimitMSGQUEUE=9K\n\
    LimitNICE=5\nLimitRTPRIO=6\nLimitRTTIME=10000";

fn limits(lab: &Lab) {
    let text = lab.output(LIMITS, "cat /proc/self/limits");
    let of = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(":")
    };
    // What may not be raised stays: a container may lack the capability for that.
    let own = fs::read_to_string("/proc/self/limits").unwrap();
    let may_raise = lab.run(LIMITS, "exit 0").unwrap().notices.is_empty();
    for (name, limit) in [
        ("Max cpu time", "100:100"),
        ("Max file size", "1048576:2097152"),
        ("Max data size", "1073741824:1073741824"),
        ("Max stack size", "4194304:4194304"),
        ("Max core file size", "3145728:3145728"),
        ("Max resident set", "5242880:5242880"),
        ("Max processes", "500:600"),
        ("Max locked memory", "65536:65536"),
        ("Max address space", "2147483648:2147483648"),
        ("Max file locks", "7:7"),
        ("Max pending signals", "8:8"),
        ("Max msgqueue size", "9216:9216"),
        ("Max nice priority", "5:5"),
        ("Max realtime priority", "6:6"),
        ("Max realtime timeout", "10000:10000"),
    ] {
        let expected = if may_raise || of(&own, name) != "0:0" { limit } else { "0:0" };
        assert_eq!(of(&text, name), expected, "{name}");
    }
}

fn directories(lab: &Lab) {
    let lines = "User=nobody\nRuntimeDirectory=r\nRuntimeDirectoryMode=0710\nStateDirectory=s s/t\nStateDirectoryMode=0700\n\
                 CacheDirectory=c\nCacheDirectoryMode=0750\nLogsDirectory=l\nLogsDirectoryMode=0755\n\
                 ConfigurationDirectory=e\nConfigurationDirectoryMode=0751";
    let inside = lab.below_a_folder();
    let variables =
        "$RUNTIME_DIRECTORY $STATE_DIRECTORY $CACHE_DIRECTORY $LOGS_DIRECTORY $CONFIGURATION_DIRECTORY";
    let text = inside.output(lines, &format!("stat -c '%a %u' $(echo {variables} | tr ':' ' ')"));
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        ["710 65534", "700 65534", "700 65534", "750 65534", "755 65534", "751 65534"]
    );
}

/// Also where a start was ended halfway, or another one is quicker.
fn folders_move_to_private_and_back(lab: &Lab) {
    use std::os::unix::fs::symlink;
    let host = lab.below_a_folder();
    let (open, hidden) = (host.folder.join("var/lib/web"), host.folder.join("var/lib/private/web"));
    let is_link = |path: &Path| fs::symlink_metadata(path).unwrap().is_symlink();
    let start = |lines: &str| host.output(lines, "exit 0");
    for between in ["the link", "nothing", "an empty folder"] {
        fs::create_dir_all(&hidden).unwrap();
        fs::write(hidden.join("data"), between).unwrap();
        match between {
            "the link" => symlink("private/web", &open).unwrap(),
            "nothing" => {}
            _ => fs::create_dir(&open).unwrap(),
        }
        start("StateDirectory=web");
        assert_eq!(fs::read_to_string(open.join("data")).unwrap(), between);
        assert!(!is_link(&open) && !hidden.exists(), "{between}");
        fs::remove_dir_all(&open).unwrap();
    }
    // What both have is lost in neither place.
    for (folder, of) in [(&hidden, "hidden"), (&open, "open")] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("data"), of).unwrap();
    }
    start("StateDirectory=web");
    for (folder, of) in [(&hidden, "hidden"), (&open, "open")] {
        assert_eq!(fs::read_to_string(folder.join("data")).unwrap(), of);
    }
    // The one below is there by the link to the one above.
    fs::remove_dir_all(&open).unwrap();
    fs::create_dir(hidden.join("in")).unwrap();
    symlink("private/web", &open).unwrap();
    start("StateDirectory=web/in");
    assert!(is_link(&open) && hidden.join("in").exists());
    // Directories in directories, the deeper one named first.
    start("StateDirectory=web/in web");
    assert_eq!(fs::read_to_string(open.join("data")).unwrap(), "hidden");
    assert!(!is_link(&open) && !hidden.exists());
    fs::remove_dir_all(&host.folder).unwrap();
}

fn environment(lab: &Lab) {
    let file = lab.folder.join("env");
    fs::write(&file, "FILE=yes\nBOTH=file\n").unwrap();
    let lines = format!(
        "Environment=BOTH=unit GONE=1 KEPT=2\nEnvironmentFile={}\nUnsetEnvironment=GONE KEPT=other\nExecSearchPath=/nonexistent:/bin",
        file.display()
    );
    assert_eq!(lab.output(&lines, "echo $FILE $BOTH ${GONE-unset} $KEPT"), "yes file unset 2");
    // Later than 252: what a service is told of its user, whatever `User=` says.
    let login = |lines: &str| lab.output(lines, "echo ${USER-none} ${LOGNAME-none}");
    assert_eq!(login("SetLoginEnvironment=no"), "none none");
    let own = lab.output("", "id -un");
    assert_eq!(login("SetLoginEnvironment=yes"), format!("{own} {own}"));
    let (context, command) = service(&lines);
    let argv = ["echo", "found"].map(str::to_owned).to_vec();
    let bare = ExecCommand { path: "echo".into(), argv, ..command };
    assert_eq!(lab.run_command(&context, &bare).unwrap().output, "found");
}

fn standard_streams(lab: &Lab) {
    let (input, error) = (lab.folder.join("in"), lab.folder.join("err"));
    fs::write(&input, "from a file").unwrap();
    let lines = format!("StandardInput=file:{}\nStandardError=append:{}", input.display(), error.display());
    for _ in 0..2 {
        assert_eq!(lab.output(&lines, "cat; echo error >&2"), "from a file");
    }
    assert_eq!(fs::read_to_string(error).unwrap(), "error\nerror\n");
    assert_eq!(lab.output("StandardError=inherit", "echo both >&2; cat"), "both");
}

fn one_file_for_both_is_one_open_file(lab: &Lab) {
    let script = "echo out-1; echo err-1 >&2; echo out-2; echo err-2 >&2";
    for how in ["file", "append", "truncate"] {
        let file = lab.folder.join(format!("both-{how}"));
        let lines = format!("StandardOutput={how}:{0}\nStandardError={how}:{0}\nUMask=0027", file.display());
        lab.output(&lines, script);
        assert_eq!(fs::read_to_string(&file).unwrap(), "out-1\nerr-1\nout-2\nerr-2\n", "{how}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640, "{how}");
    }
    let file = lab.folder.join("in-and-out");
    fs::write(&file, "first\n").unwrap();
    let lines = format!("StandardInput=file:{0}\nStandardOutput=file:{0}", file.display());
    lab.output(&lines, "read -r line; echo behind it");
    assert_eq!(fs::read_to_string(&file).unwrap(), "first\nbehind it\n");
}

fn a_line_with_plus_is_led_nowhere(lab: &Lab) {
    let own = lab.folder.join("nobodys");
    fs::create_dir(&own).unwrap();
    for folder in [&lab.folder, &own] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    chown(&own, Some(65534), Some(65534)).unwrap();
    let secret = lab.folder.join("secret");
    fs::create_dir(&secret).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o700)).unwrap();
    let enter = |folder: &Path, privilege| {
        let (context, command) = service(&format!("User=nobody\nWorkingDirectory={}", folder.display()));
        let argv = ["sh", "-c", "pwd -P; id -u; id -G"].map(str::to_owned).to_vec();
        let path = "/bin/sh".into();
        lab.run_command(&context, &ExecCommand { path, argv, privilege, no_env_expand: true, ..command })
            .unwrap()
    };
    let link = own.join("current");
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    for privilege in [ExecPrivilege::Full, ExecPrivilege::NoUser, ExecPrivilege::Normal] {
        assert_eq!(enter(&link, privilege).failure.unwrap().stage, Stage::Chdir, "{privilege:?}");
    }
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/", &link).unwrap();
    // Where the user may go the link works, and the rights are root's again behind it; in the groups of the
    // user is such a line on systemd too.
    assert_eq!(enter(&link, ExecPrivilege::Full).output, "/\n0\n0 65534");
    // Where root alone leads, root goes.
    if lab.root.is_alone(&secret).unwrap() {
        assert_eq!(enter(&secret, ExecPrivilege::Full).output, format!("{}\n0\n0 65534", secret.display()));
    }
}

/// Below a root folder a program is one of the search path there, whatever a service has put elsewhere.
fn a_name_is_no_file_of_the_working_directory(lab: &Lab) {
    let jail = lab.folder.join("jail");
    let put = |name: &str| {
        let path = jail.join(name).join("helper");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "no program").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    put("planted");
    // A folder can be "executed" as far as access(2) knows.
    fs::create_dir_all(jail.join("usr/local/bin/helper")).unwrap();
    let execute = || {
        let lines = format!(
            "RootDirectory={}\nMountAPIVFS=no\nUser=65534\nWorkingDirectory=/planted",
            jail.display()
        );
        let (context, command) = service(&lines);
        let (path, argv) = ("helper".into(), vec!["helper".into()]);
        let command = ExecCommand { path, argv, privilege: ExecPrivilege::NoUser, ..command };
        let failure = lab.run_command(&context, &command).unwrap().failure.unwrap();
        (failure.stage, failure.errno)
    };
    assert_eq!(execute(), (Stage::Exec, libc::ENOENT));
    put("usr/bin");
    assert_eq!(execute(), (Stage::Exec, libc::ENOEXEC), "the one of the search path");
}

fn failures_have_the_status_of_their_step(lab: &Lab) {
    let failure = lab.failure("WorkingDirectory=/nonexistent");
    assert_eq!((failure.stage, failure.about.as_deref()), (Stage::Chdir, Some("/nonexistent")));
    assert_eq!(
        failure.to_string(),
        "cannot change the working directory '/nonexistent': No such file or directory"
    );
    assert_eq!(lab.output("WorkingDirectory=-/nonexistent", "pwd"), "/");
    let (context, command) = service("");
    let command = ExecCommand { path: "/nonexistent/x".into(), argv: vec!["x".into()], ..command };
    let failure = lab.run_command(&context, &command).unwrap().failure.unwrap();
    assert_eq!((failure.stage, failure.errno), (Stage::Exec, 2));
    let refused = |lines: &str| match lab.run(lines, "") {
        Err(Refused::At(stage, why)) => (stage, why),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("User=nosuchuser"), (Stage::User, "user 'nosuchuser' does not exist".into()));
    assert_eq!(refused("Group=nosuchgroup").0, Stage::Group);
    assert_eq!(refused("StandardInput=file:/nonexistent/x").0, Stage::Stdin);
}

fn users_groups_and_capabilities(lab: &Lab) {
    let lines =
        "User=nobody\nGroup=5000\nSupplementaryGroups=5001 5002\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE";
    let script = "id -u; id -g; sed -n 's/^Groups:\\t//p;s/^Cap\\(Bnd\\|Prm\\|Inh\\):\\t//p;s/^Uid://p' /proc/self/status";
    let text = lab.output(lines, script);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[..3], ["65534", "5000", "65534\t65534\t65534\t65534"]);
    assert!(lines[3].ends_with("5001 5002"), "{lines:?}");
    let none = "0000000000000000";
    assert_eq!(lines[4..], [none, none, "0000000000000400"]);
}

fn a_line_with_plus_keeps_roots_rights(lab: &Lab) {
    let (context, command) = service("User=nobody\nNoNewPrivileges=yes\nPrivateTmp=yes");
    let script =
        "id -u; sed -n 's/^NoNewPrivs:.//p' /proc/self/status; [ -e /tmp/amr-seen ] && echo the host";
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    let full = ExecCommand {
        path: "/bin/sh".into(),
        argv,
        privilege: ExecPrivilege::Full,
        no_env_expand: true,
        ..command
    };
    fs::write("/tmp/amr-seen", "").unwrap();
    let outcome = lab.run_command(&context, &full).unwrap();
    let normal = ExecCommand { privilege: ExecPrivilege::Normal, ..full };
    let inside = lab.run_command(&context, &normal).unwrap();
    exec::remove_private_tmp(&lab.root, "lab.service", "0123");
    fs::remove_file("/tmp/amr-seen").unwrap();
    // A container may have renounced them for all.
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let renounced = u8::from(own.contains("NoNewPrivs:\t1"));
    assert_eq!(outcome.output, format!("0\n{renounced}\nthe host"));
    // Where there can be no namespace of mounts, that is a notice, and the file is seen.
    let private = inside.notices.is_empty();
    assert_eq!(inside.output, if private { "65534\n1" } else { "65534\n1\nthe host" });
}

fn what_may_not_be_raised_is_a_notice(lab: &Lab) {
    let outcome = lab.run("LimitMEMLOCK=infinity", "exit 0").unwrap();
    assert_eq!((outcome.exit, outcome.failure), (Exit::Exited(0), None));
    // With CAP_SYS_RESOURCE there is none.
    assert!(outcome.notices.iter().all(|n| n.stage == Stage::Limits), "{:?}", outcome.notices);
}

fn a_child_with_a_fault_of_ours_ends_there(_: &Lab) {
    use amr::os::fork::{BROKEN, child};
    let pid = child(None, |_| panic!("seen by nobody")).unwrap();
    assert_eq!(end_of(pid), Exit::Exited(BROKEN.into()));
}

/// It holds what its parent has open, the lock of the unit among that: it may be waiting for what never comes.
fn a_child_dies_with_its_parent(_: &Lab) {
    use amr::os::fork::child;
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
    let asleep = || std::thread::sleep(std::time::Duration::from_secs(600));
    let pid = child(None, |_| {
        child(None, |birth| {
            // The kernel has forgotten it then.
            nix::unistd::setgid(65534.into()).unwrap();
            birth.parent.die_with().unwrap();
            asleep();
            0
        })
        .unwrap();
        child(None, |_| {
            asleep();
            0
        })
        .unwrap();
        7
    })
    .unwrap();
    assert_eq!(end_of(pid), Exit::Exited(7));
    drop(writer);
    // Its end comes when nobody has the other end open.
    let ends = [(reader.as_fd(), amr::os::poll::Interest::Read)];
    let seen = amr::os::poll::wait(&ends, Some(std::time::Duration::from_secs(60))).unwrap();
    assert!(!seen.is_empty(), "they live on without their parent");
}

/// One that hangs costs the time that it has, and holds nothing that others wait for.
fn a_look_that_hangs_is_ended(_: &Lab) {
    use amr::os::probe::probe;
    use std::time::Duration;
    let lock = fs::File::open("/").unwrap();
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&lock));
    let has = |kept| {
        let looked = probe(Duration::from_secs(60), kept, true, |to| {
            to.send(if fs::read_link(&link).is_ok_and(|to| to == Path::new("/")) { b"yes" } else { b"no" });
        });
        let looked = looked.unwrap();
        assert!(looked.is_whole);
        assert_eq!(end_of(looked.child), Exit::Exited(0));
        looked.told
    };
    assert_eq!((has(None), has(Some(lock.as_fd()))), (vec![b"no".to_vec()], vec![b"yes".to_vec()]));
    let hangs = probe(Duration::from_millis(50), None, true, |to| {
        to.send(b"begun");
        std::thread::sleep(Duration::from_secs(600));
    });
    let hangs = hangs.unwrap();
    assert!(!hangs.is_whole);
    assert_eq!((hangs.told, end_of(hangs.child)), (vec![b"begun".to_vec()], Exit::Killed(9)));
}

/// Without CAP_SETGID the groups of this process would stay while it acts as another user.
fn rights_of_a_user_are_with_his_groups_or_not_at_all(_: &Lab) {
    use amr::os::capability;
    use amr::os::fork::child;
    use amr::os::ids::{Credentials, Supplementary};
    const SETUID: u64 = 1 << 7;
    let user = Credentials { uid: 65534, gid: 0, groups: vec![65534] };
    let acts = |supplementary: Supplementary| {
        let pid = child(None, |_| {
            capability::only(SETUID).unwrap();
            match user.with_rights(supplementary, || Ok(amr::os::ids::effective_uid())) {
                Ok(uid) => u8::from(uid == 65534),
                Err(_) => 2,
            }
        });
        end_of(pid.unwrap())
    };
    assert_eq!(acts(Supplementary::Taken), Exit::Exited(2));
    assert_eq!(acts(Supplementary::Fixed), Exit::Exited(1));
}

fn end_of(pid: ProcessId) -> Exit {
    loop {
        if let Some(reaped) = reap(pid).unwrap() {
            return reaped.exit;
        }
        std::thread::yield_now();
    }
}

/// Where the kernel can: without it the step `control-group` enters it.
fn in_its_group_from_the_start(lab: &Lab) {
    use amr::os::fork::{Born, child};
    let unified = |mount: &Mount| mount.version == Version::V2;
    let Some(mount) = mounts(&lab.root).unwrap().into_iter().find(unified) else {
        return println!("left out, as no cgroup2 is mounted: a process that is born in its group");
    };
    let group = Group::at(&lab.root, mount.point.join(lab.folder.file_name().unwrap()), mount.version);
    group.create().unwrap();
    let entrance = group.entrance().unwrap();
    let folder = entrance.folder.as_ref();
    for folder in [folder.map(AsFd::as_fd), None] {
        let pid = child(folder, |birth| {
            if birth.born == Born::WithParent {
                entrance.enter().unwrap();
            }
            u8::from(birth.born == Born::InGroup)
        })
        .unwrap();
        // A zombie is in its group still.
        let there = |pid: ProcessId| fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        while !there(pid).contains(&format!("/{}", lab.folder.file_name().unwrap().display())) {
            std::thread::yield_now();
        }
        let Exit::Exited(born_there) = end_of(pid) else { panic!("killed") };
        println!("exec: {} its group", if born_there == 1 { "born in" } else { "enters" });
        assert!(folder.is_some() || born_there == 0);
    }
    // From a group that was killed nobody is born where a kernel would end him.
    let (other, own) =
        (Group::at(&lab.root, group.dir().0.with_extension("killed"), mount.version), own_group());
    other.create().unwrap();
    let can = folder.is_some_and(|folder| amr::os::fork::may_be_born_in(folder.as_fd()));
    // Since 5.14.
    let _ = fs::write(other.dir().0.join("cgroup.kill"), "1");
    fs::write(other.dir().0.join("cgroup.procs"), "0").unwrap();
    let fresh = Group::at(&lab.root, group.dir().0.with_extension("fresh"), mount.version);
    fresh.create().unwrap();
    let entrance = fresh.entrance().unwrap().folder;
    let pid = child(entrance.as_ref().map(AsFd::as_fd), |_| 7).unwrap();
    assert_eq!(end_of(pid), Exit::Exited(7));
    println!("exec: born {}; from a group that was killed {}", can, entrance.is_some());
    fs::write(mount.point.join(own).join("cgroup.procs"), "0").unwrap();
    [&other, &fresh].into_iter().for_each(|group| group.remove().unwrap());
    // The C library of the child takes itself for this thread.
    let pid = child(folder.as_ref().map(AsFd::as_fd), |_| std::process::abort()).unwrap();
    assert!(matches!(end_of(pid), Exit::Killed(_) | Exit::Dumped(_)));
    let features = Features::detect(None).unwrap();
    group.kill_all(9, &[], &features).unwrap();
    assert!(group.entrance().unwrap().folder.is_none(), "a kernel may end whoever is born there from now on");
    while group.remove().is_err() {
        std::thread::yield_now();
    }
}

/// The path of this process's group in the unified hierarchy.
fn own_group() -> PathBuf {
    let all = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = all.lines().find_map(|line| line.strip_prefix("0::/"));
    own.unwrap_or_default().into()
}

fn never_among_threads(lab: &Lab) {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || stopped.recv());
    let (context, command) = service("");
    let request_fails =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lab.run_command(&context, &command)));
    assert!(request_fails.is_err(), "a fork among threads");
    drop(stop);
    let _ = other.join();
    // A thread that has been joined is none, however late the kernel buries it.
    assert_eq!(lab.output("", "echo after"), "after");
}

/// A call of x86-64 by way of perl, whose error is told.
#[cfg(target_arch = "x86_64")]
fn call(numbers: &str) -> String {
    format!("perl -e '@a = ({numbers}); print syscall(shift @a, @a) == -1 ? $! + 0 : \"ok\", \"\\n\"'")
}

#[cfg(target_arch = "x86_64")]
fn system_calls(lab: &Lab) {
    let (mount, reboot) = (call("165, \"\", \"\", \"\", 0, \"\""), call("169, 0, 0, 0, 0"));
    assert_eq!(
        lab.output(
            "SystemCallFilter=~mount:EILSEQ @reboot\nSystemCallErrorNumber=EACCES",
            &format!("{mount};{reboot}")
        ),
        "84\n13"
    );
    let ended = |lines: &str| lab.run(lines, &format!("exec {reboot}")).unwrap();
    for lines in [
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~reboot",
        "SystemCallFilter=~reboot:kill\nSystemCallErrorNumber=EPERM",
    ] {
        assert!(matches!(ended(lines).exit, Exit::Killed(31) | Exit::Dumped(31)), "{:?}", ended(lines));
    }
    let logged = lab.run("SystemCallLog=reboot", &reboot).unwrap();
    assert_eq!((logged.output.as_str(), &logged.notices), ("22", &Vec::new()));
    // Another kind of filter each.
    let status = "sed -n 's/^NoNewPrivs:.//p;s/^Seccomp:.//p' /proc/self/status";
    assert!(
        lab.output("User=nobody\nRestrictRealtime=yes", status).starts_with("1\n2"),
        "renounced, to be filtered"
    );
    assert_eq!(lab.output("RestrictRealtime=yes", "ulimit -r; ulimit -Hr"), "0\n0");
    lab.seccomp.set(false);
    let without = lab.run("SystemCallFilter=~reboot\nRestrictAddressFamilies=none", &reboot).unwrap();
    lab.seccomp.set(true);
    assert_eq!(without.output, "22");
    let stages: Vec<_> = without.notices.iter().map(|n| (n.stage, n.errno)).collect();
    assert_eq!(stages, [(Stage::AddressFamilies, 38), (Stage::Seccomp, 38)]);
}

/// A program that does nothing but these instructions; `class` is 1 for 32 bits, 2 for 64.
#[cfg(target_arch = "x86_64")]
fn bare(lab: &Lab, name: &str, class: u8, code: &[u8]) -> PathBuf {
    let mut bytes = b"\x7fELF".to_vec();
    bytes.extend([
        class,
        1,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        2,
        0,
        if class == 1 { 3 } else { 62 },
        0,
        1,
        0,
        0,
        0,
    ]);
    let word = |n: u64| n.to_le_bytes()[..if class == 1 { 4 } else { 8 }].to_vec();
    let (head, part) = if class == 1 { (52_u16, 32_u16) } else { (64, 56) };
    let (base, start) = (0x40_0000, u64::from(head + part));
    let size = start + code.len() as u64;
    bytes.extend([word(base + start), word(head.into()), word(0), vec![0; 4]].concat());
    [head, part, 1, 0, 0, 0].iter().for_each(|n| bytes.extend(n.to_le_bytes()));
    let flags = 5_u32.to_le_bytes().to_vec();
    let (early, late) = if class == 1 { (Vec::new(), flags) } else { (flags, Vec::new()) };
    bytes.extend(
        [vec![1, 0, 0, 0], early, word(0), word(base), word(base), word(size), word(size), late, word(4096)]
            .concat(),
    );
    bytes.extend(code);
    let path = lab.folder.join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Programs of 32 bits and of short pointers, as far as the kernel runs them.
#[cfg(target_arch = "x86_64")]
fn kinds_of_program(lab: &Lab) {
    let run = |program: &Path, lines: &str| {
        let (context, command) = service(lines);
        let path = program.display().to_string();
        lab.run_command(&context, &ExecCommand { argv: vec![path.clone()], path, ..command }).unwrap().exit
    };
    let sigsys = |exit: Exit| matches!(exit, Exit::Killed(31) | Exit::Dumped(31));
    // exit(7), by the gate of 64 bits; nothing of amr's is in the way of a list with nothing on it.
    let own = bare(lab, "own", 2, b"\xb8\x3c\0\0\0\xbf\x07\0\0\0\x0f\x05");
    assert_eq!(run(&own, "SystemCallFilter=exit\nSystemCallArchitectures=native"), Exit::Exited(7));
    // swapoff(0), which fails, and exit with the error's number.
    let (negate, exit) = ("\u{f7}\u{d8}", "\u{89}\u{c3}\u{b8}\u{1}\0\0\0\u{cd}\u{80}");
    let code: Vec<u8> = format!("\u{31}\u{db}\u{b8}\u{73}\0\0\0\u{cd}\u{80}{negate}{exit}")
        .chars()
        .map(|c| c as u8)
        .collect();
    let i386 = bare(lab, "i386", 1, &code);
    match run(&i386, "") {
        Exit::Exited(14) => {
            assert_eq!(run(&i386, "SystemCallFilter=~swapoff:EILSEQ"), Exit::Exited(84));
            assert_eq!(
                run(&i386, "SystemCallFilter=~swapoff:EILSEQ\nSystemCallArchitectures=native x86"),
                Exit::Exited(84)
            );
            assert!(sigsys(run(&i386, "SystemCallArchitectures=native")));
            assert!(sigsys(run(&i386, "SystemCallArchitectures=x32")));
        }
        exit @ (Exit::Exited(_) | Exit::Killed(_) | Exit::Dumped(_)) => {
            assert_eq!(exit, Exit::Exited(203), "a kernel that runs no programs of 32 bits");
        }
    }
    // By the gate of x32, which may be shut, exit(7); then exit(9) by the other.
    let x32 =
        bare(lab, "x32", 2, b"\xb8\x3c\0\0\x40\xbf\x07\0\0\0\x0f\x05\xb8\x3c\0\0\0\xbf\x09\0\0\0\x0f\x05");
    assert!(matches!(run(&x32, ""), Exit::Exited(7 | 9)));
    assert!(matches!(run(&x32, "SystemCallArchitectures=x32"), Exit::Exited(7 | 9)));
    assert!(sigsys(run(&x32, "SystemCallArchitectures=native")));
}

/// Without seccomp(2), which is of Linux 3.17, nobody knows to log, nor to end a process with all its threads.
#[cfg(target_arch = "x86_64")]
fn filters_as_on_linux_3_10(lab: &Lab) {
    use amr::os::seccomp::{Action, Caller, Condition, Filter, Test};
    let rules = std::collections::BTreeMap::from([(317, Vec::new())]);
    let none = Filter { caller: Caller::X86_64, rules, matched: Action::Errno(38), otherwise: Action::Allow };
    none.install().unwrap();
    let reboot = call("169, 0, 0, 0, 0");
    let outcome = lab.run("SystemCallFilter=@system-service", &format!("exec {reboot}")).unwrap();
    assert!(matches!(outcome.exit, Exit::Killed(31) | Exit::Dumped(31)), "{outcome:?}");
    let outcome = lab
        .run("SystemCallLog=reboot\nRestrictNamespaces=yes", &format!("{reboot};{}", call("272, 0x20000")))
        .unwrap();
    assert_eq!(outcome.output, "22\n1");
    assert_eq!(outcome.notices.iter().map(|n| n.stage).collect::<Vec<_>>(), [Stage::Seccomp]);
    // PR_CAP_AMBIENT is of Linux 4.3: without it a service lacks what it needs, unless that is nothing.
    let is_ambient = vec![Condition { argument: 0, test: Test::Equal, value: 47 }];
    let rules = std::collections::BTreeMap::from([(157, vec![is_ambient])]);
    let none = Filter { caller: Caller::X86_64, rules, matched: Action::Errno(22), otherwise: Action::Allow };
    none.install().unwrap();
    let failure = lab.failure("User=nobody\nAmbientCapabilities=CAP_CHOWN");
    assert_eq!((failure.stage, failure.errno), (Stage::Capabilities, 95));
    let nothing = "User=nobody\nAmbientCapabilities=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL";
    assert_eq!(lab.output(nothing, "echo so"), "so");
}

/// By what a session keyring has in it: nothing, or its user's.
#[cfg(target_arch = "x86_64")]
fn keyrings(lab: &Lab) {
    let script = "perl -e '$id = syscall(250, 0, -3, 0); $b = \"0\" x 64; print $id, \" \", syscall(250, 11, -3, $b, 64)'";
    let own = lab.output("KeyringMode=inherit", script);
    // A container may forbid keys.
    if own.starts_with("-1") {
        println!("left out: no keyrings here");
        return;
    }
    let part = |text: &str, n: usize| text.split(' ').nth(n).unwrap().to_owned();
    let (private, shared) = (lab.output("", script), lab.output("KeyringMode=shared\nUser=nobody", script));
    assert_eq!((part(&private, 1), part(&shared, 1)), ("0".into(), "4".into()));
    assert_eq!(lab.output("KeyringMode=inherit", script), own, "the one of the supervisor");
    assert_ne!(part(&private, 0), part(&own, 0));
}

/// What a process sees of the file system, where there can be namespaces of mounts.
fn views(lab: &Lab) {
    let tree = lab.folder.join("tree");
    let at = |name: &str| tree.join(name).display().to_string();
    for name in ["open", "secret/inner", "shut"] {
        fs::create_dir_all(tree.join(name)).unwrap();
        fs::write(tree.join(name).join("file"), "x").unwrap();
    }
    let lines = format!(
        "ReadOnlyPaths={}\nReadWritePaths={}\nInaccessiblePaths={} -/nonexistent\nProtectControlGroups=yes",
        tree.display(),
        at("open"),
        at("secret")
    );
    let script = format!(
        "for f in {} {} {}; do [ -w $f ] && echo w || echo r; done; ls -A {} | wc -l; grep ' /sys/fs/cgroup ' /proc/self/mountinfo | grep -c ' ro,' | sed 's/^[1-9].*/protected/'",
        tree.display(),
        at("open"),
        at("shut"),
        at("secret")
    );
    let outcome = lab.run(&lines, &script).unwrap();
    if outcome.notices.iter().any(|n| n.stage == Stage::Namespace) {
        println!("left out: no mount namespace of one's own here");
        return;
    }
    let lines: Vec<_> = outcome.output.lines().collect();
    assert_eq!(lines[..4], ["r", "w", "r", "0"], "{outcome:?}");
    assert!(lines[4] == "protected" || !Path::new("/sys/fs/cgroup").exists(), "{outcome:?}");
    // Nothing of it is seen outside, and what is missing ends it.
    assert!(fs::exists(tree.join("secret/inner/file")).unwrap());
    let failure = lab.failure("ReadOnlyPaths=/nonexistent");
    assert_eq!((failure.stage, failure.about.as_deref()), (Stage::Namespace, Some("/nonexistent")));
    // Nothing can be seen in the place of the root folder.
    for line in ["TemporaryFileSystem=/:ro", "BindPaths=/usr:/", "InaccessiblePaths=/"] {
        let failure = lab.failure(line);
        assert_eq!((failure.stage, failure.about.as_deref()), (Stage::Namespace, Some("/")), "{line}");
    }
    // What goes with another is not missed.
    let all = "PrivateDevices=yes\nProtectKernelLogs=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProcSubset=pid\n\
               ProtectSystem=strict\nProtectHome=tmpfs\nPrivateTmp=yes";
    assert_eq!(lab.output(all, "[ -e /dev/null ] && [ ! -e /dev/kmsg ] && echo so"), "so");
    exec::remove_private_tmp(&lab.root, "lab.service", "0123");
    // Before Linux 5.8 a /proc of its own has no options, which is said.
    lab.proc_options.set(false);
    let outcome =
        lab.run("ProtectProc=invisible\nProcSubset=pid", "[ -e /proc/uptime ] && echo all").unwrap();
    lab.proc_options.set(true);
    let said = outcome.notices.iter().map(|n| (n.stage, n.about.as_deref())).collect::<Vec<_>>();
    assert_eq!(said, [(Stage::Namespace, Some("hidepid=invisible,subset=pid of /proc"))]);
    assert_eq!(outcome.output, "all");
    // Without such namespaces one runs where only less is kept from it, and not where it would see something else.
    lab.mounts.set(false);
    let open =
        lab.run(&format!("InaccessiblePaths={}", at("secret")), &format!("ls {}", at("secret"))).unwrap();
    let refused = lab.run(&format!("BindPaths={}:{}", at("open"), at("shut")), "exit 0");
    let same = lab.run(&format!("BindPaths={}", at("open")), "echo so").unwrap();
    assert_eq!(same.output, "so", "what is bound to where it is");
    lab.mounts.set(true);
    assert_eq!(open.output, "inner");
    assert!(
        matches!(&refused, Err(Refused::At(Stage::Namespace, why)) if why == "BindPaths= needs a mount namespace"),
        "{refused:?}"
    );
}

type Case = (&'static str, fn(&Lab));

const CASES: &[Case] = &[
    ("attributes", attributes),
    ("limits", limits),
    ("directories", directories),
    ("environment", environment),
    ("standard streams", standard_streams),
    ("one file for both is one open file", one_file_for_both_is_one_open_file),
    ("a line with + is led nowhere", a_line_with_plus_is_led_nowhere),
    ("descriptors", descriptors),
    ("a name is no file of the working directory", a_name_is_no_file_of_the_working_directory),
    ("folders move to private/ and back", folders_move_to_private_and_back),
    ("failures have the status of their step", failures_have_the_status_of_their_step),
    ("users, groups, capabilities", users_groups_and_capabilities),
    ("a line with + keeps root's rights", a_line_with_plus_keeps_roots_rights),
    ("what may not be raised is a notice", what_may_not_be_raised_is_a_notice),
    ("a child with a fault of ours ends there", a_child_with_a_fault_of_ours_ends_there),
    ("a child dies with its parent", a_child_dies_with_its_parent),
    ("a look that hangs is ended", a_look_that_hangs_is_ended),
    (
        "rights of a user are with his groups, or not at all",
        rights_of_a_user_are_with_his_groups_or_not_at_all,
    ),
    ("in its group from the start", in_its_group_from_the_start),
    ("never among threads", never_among_threads),
    ("views of the file system", views),
    #[cfg(target_arch = "x86_64")]
    ("keyrings", keyrings),
    #[cfg(target_arch = "x86_64")]
    ("system calls", system_calls),
    #[cfg(target_arch = "x86_64")]
    ("kinds of program", kinds_of_program),
    // The last: this process keeps the filter.
    #[cfg(target_arch = "x86_64")]
    ("filters as on Linux 3.10", filters_as_on_linux_3_10),
];

fn main() {
    if amr::os::ids::effective_uid() != 0 {
        println!("left out, as it needs root: processes of services");
        return;
    }
    let lab = Lab::new();
    for (name, case) in CASES {
        println!("exec: {name}");
        case(&lab);
    }
}
