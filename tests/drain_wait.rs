//! `amr drain` as it is typed: it waits below a folder that stands for `/`, is told by changes of the
//! registry, and answers signals.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::print_stdout)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A tree with one log file of four bytes.
struct Tree(PathBuf);

impl Tree {
    fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let at = std::env::temp_dir().join(format!("amr-drain-wait-{}-{number}", std::process::id()));
        for folder in ["logs", "registry", "reports"] {
            fs::create_dir_all(at.join(folder)).unwrap();
        }
        fs::write(at.join("logs/a.log"), "a\nb\n").unwrap();
        fs::write(at.join("filebeat.yml"), "filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log']\n")
            .unwrap();
        let tree = Self(at);
        tree.acknowledge(0);
        tree
    }

    fn acknowledge(&self, offset: u64) {
        let stat = fs::metadata(self.0.join("logs/a.log")).unwrap();
        let (ino, dev) = (stat.ino(), stat.dev());
        let state = format!(
            "[{{\"source\":\"/logs/a.log\",\"offset\":{offset},\"timestamp\":\"2100-01-01T00:00:00Z\",\
             \"ttl\":-1,\"type\":\"log\",\"FileStateOS\":{{\"inode\":{ino},\"device\":{dev}}}}}]"
        );
        fs::write(self.0.join("registry/new"), state).unwrap();
        fs::rename(self.0.join("registry/new"), self.0.join("registry/registry")).unwrap();
    }

    fn command(&self, options: &[&str]) -> Command {
        self.command_with("/reports", options)
    }

    fn command_with(&self, reports: &str, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        command.arg("--root").arg(&self.0).args(["drain", "filebeat", "--registry", "/registry/registry"]);
        command.args(["--config", "/filebeat.yml", "--reports", reports]).args(options);
        command
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A drain that has taken its first look.
    fn drain(&self, options: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
        started(self.command(options))
    }

    fn report(&self) -> serde_json::Value {
        self.reports().pop().unwrap()
    }

    fn reports(&self) -> Vec<serde_json::Value> {
        let entries = fs::read_dir(self.0.join("reports")).unwrap().map(|entry| entry.unwrap());
        // The room for the last one is hidden, and there is a log.
        let shown = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"drain-"));
        let mut all: Vec<PathBuf> = shown.map(|entry| entry.path()).collect();
        all.sort();
        all.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn started(mut command: Command) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("waiting until every log line is shipped: 1 file, 4 B left"), "{line}");
    (child, out)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn ends_the_moment_that_everything_is_acknowledged() {
    let tree = Tree::new();
    let (mut child, mut out) = tree.drain(&["--timeout", "60s"]);
    assert_eq!(tree.report()["stage"], "interim");
    tree.acknowledge(2);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "two bytes are left");
    let begin = Instant::now();
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(1), "it took {:?}", begin.elapsed());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 1, "two lines, no more: {rest}");
    assert!(rest.contains("drained after"), "{rest}");
    let report = tree.report();
    assert_eq!((&report["stage"], &report["verdict"]), (&"final".into(), &"drained".into()));
}

#[test]
fn an_unfinished_line_is_not_waited_for() {
    let tree = Tree::new();
    fs::write(tree.0.join("logs/a.log"), "a\nbc").unwrap();
    let (mut child, _out) = tree.drain(&["--timeout", "60s"]);
    tree.acknowledge(2);
    let begin = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(3), "it took {:?}", begin.elapsed());
}

#[test]
fn the_deadline_ends_it_and_the_command_is_told() {
    let tree = Tree::new();
    let told = tree.0.join("told");
    let hook = tree.0.join("hook");
    let script =
        format!("#!/bin/sh\necho \"$1 $2 $3 $AMR_DRAIN_VERDICT $AMR_DRAIN_CODE\" >> {}\n", told.display());
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    // On a machine under load all the time may be gone before the soft timeout is looked at, or the first command
    // writes late: then there is more of it.
    let both = |timeout: &&str| {
        let _ = fs::remove_file(&told);
        let options = ["--timeout", timeout, "--soft-timeout", "200ms", "--exec", "/hook 'one word'"];
        let code = tree.command(&options).stdout(Stdio::null()).status().unwrap().code();
        let told = fs::read_to_string(&told).unwrap();
        assert_eq!((code, told.matches(" gave-up 13\n").count()), (Some(13), 1), "{told}");
        told.starts_with("one word so-far ").then_some(told)
    };
    let told = ["1s", "5s", "30s"].iter().find_map(both).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[0].starts_with("one word so-far /reports/drain-") && lines[0].ends_with(" so-far "),
        "{told}"
    );
    assert!(lines[1].starts_with("one word gave-up /reports/drain-") && lines[1].ends_with(" gave-up 13"));
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_command_that_takes_too_long_is_killed() {
    let tree = Tree::new();
    let hook = tree.0.join("hook");
    fs::write(&hook, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let begin = Instant::now();
    let (mut child, _out) = tree.drain(&["--timeout", "200ms", "--exec", "/hook", "--exec-timeout", "300ms"]);
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert!(begin.elapsed() < Duration::from_secs(10));
}

/// A command that writes its number and that of a process which has left its session and its parent, and goes on `with`.
fn hook_that_starts_others(tree: &Tree, with: &str) {
    let hook = tree.0.join("hook");
    let script = format!(
        "#!/bin/sh\ncd {}\n( setsid sh -c 'echo $$ >> pids; exec sleep 60' & ) \necho $$ >> pids\n{with}\n",
        tree.0.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether both are there and have not ended, as soon as both have begun.
fn live(tree: &Tree) -> [bool; 2] {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let pids = fs::read_to_string(tree.0.join("pids")).unwrap_or_default();
        let all: Vec<&str> = pids.lines().collect();
        if let [one, other] = all[..] {
            let state = |pid: &str| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            return [one, other].map(|pid| state(pid).contains(") ") && !state(pid).contains(") Z"));
        }
        assert!(Instant::now() < until, "{all:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_a_command_has_started_is_killed_with_it() {
    let tree = Tree::new();
    hook_that_starts_others(&tree, "exec sleep 60");
    let options = ["--timeout", "200ms", "--exec", "/hook", "--exec-timeout", "2s"];
    let (mut child, _out) = tree.drain(&options);
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert_eq!(live(&tree), [false; 2]);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("the command of --exec took too long and was killed"), "{said}");
}

#[test]
fn what_a_command_left_behind_is_killed_at_its_limit() {
    let tree = Tree::new();
    hook_that_starts_others(&tree, "exit 0");
    let (mut child, _out) = tree.drain(&["--timeout", "200ms", "--exec", "/hook", "--exec-timeout", "4s"]);
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert!(end_soon(&tree));
}

/// The drain does not wait for it then: it is told to end.
#[test]
fn a_command_has_its_limit_also_where_the_drain_is_told_to_end() {
    let tree = Tree::new();
    hook_that_starts_others(&tree, "exec sleep 60");
    let (mut child, _out) = tree.drain(&["--timeout", "60s", "--exec", "/hook", "--exec-timeout", "4s"]);
    let begin = Instant::now();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert!(begin.elapsed() < Duration::from_secs(3), "it took {:?}", begin.elapsed());
    assert_eq!(live(&tree), [true; 2]);
    assert!(end_soon(&tree));
}

/// The half that looks hangs: the command is waited for all the same.
#[test]
fn a_command_is_waited_for_where_the_other_half_hangs() {
    let tree = Tree::new();
    hook_that_starts_others(&tree, "sleep 0.5; echo over > over; kill $(grep -vx $$ pids); exit 3");
    let (mut child, _out) = tree.drain(&["--timeout", "300ms", "--exec", "/hook"]);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(children).unwrap();
    let looking = children.split_whitespace().nth(1).unwrap().to_owned();
    assert!(Command::new("kill").args(["-STOP", &looking]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert!(tree.0.join("over").exists());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("the command of --exec failed: exited, status=3"), "{said}");
}

/// Both of them, at the limit that they have.
fn end_soon(tree: &Tree) -> bool {
    within(Duration::from_secs(20), || live(tree) == [false; 2])
}

fn within(span: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + span;
    while Instant::now() < until {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn signals_print_the_table_and_end_it() {
    let tree = Tree::new();
    let (mut child, mut out) = tree.drain(&["--timeout", "60s"]);
    signal(&child, "-USR1");
    let mut table = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("/logs/a.log") {
        line.clear();
        assert_ne!(table.read_line(&mut line).unwrap(), 0, "no table");
    }
    let begin = Instant::now();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(13));
    assert!(begin.elapsed() < Duration::from_secs(1), "it took {:?}", begin.elapsed());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("gave up after"), "{rest}");
    assert_eq!(tree.report()["verdict"], "gave up");
}

/// The half that looks is stopped, as one that hangs in a file system: the other one answers all the same.
#[test]
fn a_half_that_hangs_holds_up_nobody() {
    let tree = Tree::new();
    let (mut child, _out) = tree.drain(&["--timeout", "60s"]);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    // The one that opens files was started before the one that looks.
    let children = fs::read_to_string(children).unwrap();
    let looking = children.split_whitespace().last().unwrap();
    assert!(Command::new("kill").args(["-STOP", looking]).status().unwrap().success());
    let begin = Instant::now();
    signal(&child, "-TERM");
    let code = child.wait().unwrap().code();
    let took = begin.elapsed();
    assert_eq!(code, Some(13));
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    let report = tree.report();
    assert_eq!((&report["stage"], &report["verdict"]), (&"final".into(), &"gave up".into()));
}

#[test]
fn the_service_manager_hears_of_it_and_gives_time() {
    let tree = Tree::new();
    let path = tree.0.join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = tree.command(&["--timeout", "60s"]);
    command.env("NOTIFY_SOCKET", &path);
    let (mut child, _out) = started(command);
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut heard = Vec::new();
    let mut message = [0; 4096];
    manager.set_nonblocking(true).unwrap();
    while let Ok(got) = manager.recv(&mut message) {
        heard.push(String::from_utf8(message[..got].to_vec()).unwrap());
    }
    let extended =
        |text: &String| text.strip_prefix("EXTEND_TIMEOUT_USEC=").and_then(|n| n.parse::<u64>().ok());
    let time = heard.iter().find_map(extended).unwrap();
    assert!((60_000_000..=120_000_000).contains(&time), "{time}");
    assert!(heard.iter().any(|text| text.starts_with("STATUS=1 file, 4 B left")), "{heard:?}");
    assert!(heard.last().unwrap().starts_with("STATUS=drained after"), "{heard:?}");
}

#[test]
fn what_cannot_be_taken_is_said() {
    let tree = Tree::new();
    for (options, what) in [
        (["--timeout", "infinity"], "a drain has an end"),
        (["--exec", "true"], "not the absolute path"),
        (["--stall", "x"], "cannot take --stall"),
    ] {
        let got = tree.command(&options).output().unwrap();
        assert_eq!(got.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&got.stderr).contains(what), "{what}");
    }
    fs::remove_file(tree.0.join("registry/registry")).unwrap();
    let got = tree.command(&[]).output().unwrap();
    assert_eq!(got.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&got.stdout).contains("no verdict: no registry at"));
}

/// The hook's folder as its start makes it. A pattern may match the reports or the log beside them.
#[test]
fn the_hooks_log_and_reports_lie_in_its_folder_or_elsewhere_where_they_would_be_shipped() {
    for (pattern, taken) in
        [("/var/log/*.log", false), ("/var/log/*/*.log", true), ("/var/log/*/*.json", true)]
    {
        let tree = Tree::new();
        let own = "/var/log/shutdown-filebeat";
        fs::create_dir_all(tree.0.join(&own[1..])).unwrap();
        let config = format!("filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log', '{pattern}']\n");
        fs::write(tree.0.join("filebeat.yml"), config).unwrap();
        tree.acknowledge(4);
        let got = tree.command_with(own, &[]).output().unwrap();
        assert_eq!(got.status.code(), Some(0), "{}", String::from_utf8_lossy(&got.stderr));
        let moved =
            format!("reports are kept in '/var/lib/amr-drain', since the shipper takes files from '{own}'");
        assert_eq!(String::from_utf8_lossy(&got.stderr).contains(&moved), taken, "{pattern}");
        let folder = tree.0.join(if taken { "var/lib/amr-drain" } else { &own[1..] });
        let log = fs::read_to_string(folder.join("drain.log")).unwrap();
        assert!(log.starts_with("drained: 0 B left, ") && log.lines().count() == 1, "{log}");
        assert_eq!(fs::read_dir(tree.0.join(&own[1..])).unwrap().count(), if taken { 0 } else { 2 });
    }
}

/// Where the report would be shipped itself it is kept elsewhere.
#[test]
fn reports_are_not_kept_where_files_are_taken_from() {
    let tree = Tree::new();
    let config = "filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log', '/reports/*']\n";
    fs::write(tree.0.join("filebeat.yml"), config).unwrap();
    tree.acknowledge(4);
    let got = tree.command(&[]).output().unwrap();
    assert_eq!(got.status.code(), Some(0), "{}", String::from_utf8_lossy(&got.stderr));
    assert!(String::from_utf8_lossy(&got.stderr).contains("reports are kept in '/var/lib/amr-drain'"));
    assert_eq!(fs::read_dir(tree.0.join("reports")).unwrap().count(), 0);
    let mut kept: Vec<_> = fs::read_dir(tree.0.join("var/lib/amr-drain"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    kept.sort();
    assert!(kept.len() == 2 && kept[1] == "drain.log", "a report and the log: {kept:?}");
}

/// What the old script had in its debug.log (docs/MIGRATION.md).
#[test]
fn at_debug_level_the_log_tells_each_file_and_each_step() {
    for (level, told) in [("debug", true), ("info", false)] {
        let tree = Tree::new();
        fs::write(tree.0.join("logs/b\u{1b}.log"), "").unwrap();
        let mut command = tree.command(&["--timeout", "60s"]);
        command.env("AMR_LOG", level);
        let (mut child, _out) = started(command);
        for offset in [2, 4] {
            std::thread::sleep(Duration::from_millis(400));
            tree.acknowledge(offset);
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let log = fs::read_to_string(tree.0.join("reports/drain.log")).unwrap();
        let has = |words: &str| log.lines().filter(|line| line.contains(words)).count() == usize::from(told);
        assert!(has(" add '/logs/a.log': 0 of 4 acknowledged"), "{log}");
        assert!(has(" add '/logs/b\\u{1b}.log': none of 0 acknowledged"), "{log}");
        assert!(has(" update '/logs/a.log': 0 -> 2 of 4 acknowledged"), "{log}");
        assert!(has(" update '/logs/a.log': 2 -> 4 of 4 acknowledged"), "{log}");
        assert!(log.lines().last().unwrap().starts_with("drained: 0 B left, "), "{log}");
    }
}

/// Filebeat's own log says why nothing moves, whatever else is written there.
#[test]
fn the_cause_of_a_stall_is_named_in_every_place() {
    let tree = Tree::new();
    fs::create_dir(tree.0.join("fb")).unwrap();
    let config = "path.logs: /fb\nfilebeat.inputs:\n- type: log\n  paths: ['/logs/*.log']\n";
    fs::write(tree.0.join("filebeat.yml"), config).unwrap();
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%S.000Z"]).output().unwrap().stdout;
    let now = String::from_utf8(now).unwrap();
    let (now, minute) = (now.trim(), &now[11..16]);
    let line = format!(
        "{now}\tERROR\tpipeline/output.go:100\tFailed to connect to backoff(async(tcp://x:5044)): dial tcp 127.0.0.1:5044: connect: connection \x1b[2Jrefused\n"
    );
    // It is longer than what is read of it, and begins with no line.
    fs::write(tree.0.join("fb/filebeat"), format!("{}\n{line}", "\0".repeat(1 << 20))).unwrap();
    let cause = "output refuses: connection \\u{1b}[2Jrefused";
    let (mut child, mut out) = tree.drain(&["--timeout", "1500ms"]);
    assert_eq!(child.wait().unwrap().code(), Some(13));
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    let words = format!("{cause} since {minute}");
    let named =
        said.contains("output refuses: connection ") && said.contains(&format!("refused since {minute}"));
    assert!(named && said.contains("in '/logs/a.log'") && !said.contains('\x1b'), "{said}");
    let report = tree.report();
    assert_eq!(report["shippers"][0]["trouble"], words, "{report}");
    assert_eq!(
        (&report["lags_most"]["path"], &report["lags_most"]["rest"]),
        (&"/logs/a.log".into(), &4.into())
    );
    let log = fs::read_to_string(tree.0.join("reports/drain.log")).unwrap();
    assert!(log.contains("output refuses: ") && log.contains("most in '/logs/a.log', 4 B"), "{log}");
    let once = tree.command(&["--once"]).output().unwrap();
    let said = String::from_utf8_lossy(&once.stdout).into_owned();
    assert!(said.contains(&words) && said.contains("most in '/logs/a.log', 4 B"), "{said}");
    tree.acknowledge(4);
    let once = tree.command(&["--once"]).output().unwrap();
    assert_eq!(once.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&once.stdout).starts_with("drained: 0 B left, "));
}

/// docs/decisions/drain-obligations.md: one look takes a position at a file's end at its word.
#[test]
fn a_drain_that_has_watched_says_what_one_look_cannot_know() {
    // What the registry says when it begins; and what becomes of the bytes that are cut off.
    for (offset, reason) in [(2, "cut-short"), (4, "perhaps-skipped")] {
        let tree = Tree::new();
        let log = tree.0.join("logs/a.log");
        if offset == 4 {
            // Something else is waited for.
            fs::write(tree.0.join("logs/b.log"), "x\ny\n").unwrap();
        }
        tree.acknowledge(offset);
        let mut command = tree.command(&["--timeout", "3s"]);
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        // A change of the registry has it look.
        for (text, offset) in [("", offset), ("c\nd\n", 4)] {
            fs::write(&log, text).unwrap();
            tree.acknowledge(offset);
            std::thread::sleep(Duration::from_millis(700));
        }
        let code = child.wait().unwrap().code();
        let report = tree.report();
        let files = report["shippers"][0]["files"].as_array().unwrap().clone();
        let said: Vec<&str> = files
            .iter()
            .filter(|file| file["path"] == "/logs/a.log")
            .filter_map(|file| file["reason"].as_str())
            .collect();
        assert!(said.contains(&reason), "{said:?} of {offset}");
        assert_eq!(code, Some(if offset == 2 { 15 } else { 13 }), "{report}");
        let _ = fs::remove_file(tree.0.join("logs/b.log"));
        let once = tree.command(&["--once"]).output().unwrap();
        assert_eq!(once.status.code(), Some(0), "{}", String::from_utf8_lossy(&once.stdout));
    }
}

#[test]
fn the_last_line_of_a_wait_names_the_doubt() {
    let tree = Tree::new();
    let config = tree.0.join("filebeat.yml");
    let inputs = fs::read_to_string(&config).unwrap();
    // Whether it runs is not known otherwise.
    fs::create_dir_all(tree.0.join("proc")).unwrap();
    for (more, doubt) in [
        ("queue.next.size: 1\n", "its queue (queue.next) may acknowledge a line before the output has it"),
        ("filebeat.autodiscover.providers: []\n", "autodiscover: its inputs are found at run time"),
    ] {
        fs::write(&config, format!("{inputs}{more}")).unwrap();
        tree.acknowledge(4);
        let ended = tree.command(&["--timeout", "2s", "--settle", "100ms"]).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(ended.status.code(), Some(11), "{said}");
        assert!(
            last.contains("cannot tell after") && last.contains("nothing left (") && last.contains(doubt),
            "{said}"
        );
        assert!(!last.contains("every byte is acknowledged"), "{said}");
        let kept = tree.command(&["--last"]).output().unwrap();
        assert!(String::from_utf8_lossy(&kept.stdout).lines().next().unwrap().contains(doubt), "{kept:?}");
        let log = fs::read_to_string(tree.0.join("reports/drain.log")).unwrap();
        assert!(log.lines().last().unwrap().contains(doubt), "{log}");
    }
}

#[test]
fn a_stalled_drain_ends_or_waits_on_as_it_is_told() {
    let tree = Tree::new();
    let (mut child, mut out) = tree.drain(&["--timeout", "60s", "--stall", "300ms", "--on-stall", "fail"]);
    assert_eq!(child.wait().unwrap().code(), Some(12));
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(said.contains("stalled after"), "{said}");
    let (mut child, _out) = tree.drain(&["--timeout", "60s", "--stall", "300ms", "--on-stall", "wait"]);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("stalled after") && line.contains("waiting on"), "{line}");
    assert!(tree.reports().iter().any(|report| report["stage"] == "interim"), "the phase has its report");
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A new file waits for the next scan.
#[test]
fn an_input_that_looks_seldom_does_not_stall_before_it_has_looked() {
    let tree = Tree::new();
    let inputs = "filebeat.inputs:\n- type: log\n  paths: ['/logs/*.log']\n  scan_frequency: 45s\n";
    fs::write(tree.0.join("filebeat.yml"), inputs).unwrap();
    let (mut child, mut out) = tree.drain(&["--timeout", "2s", "--stall", "300ms", "--on-stall", "fail"]);
    assert_eq!(child.wait().unwrap().code(), Some(13));
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(said.contains("gave up after") && !said.contains("stalled"), "{said}");
}

/// Says that it polls, with this cause, and ends drained all the same.
fn polls(tree: &Tree, command: Command, cause: &str) {
    let (mut child, _out) = started(command);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("polling, since") {
        line.clear();
        assert_ne!(errors.read_line(&mut line).unwrap(), 0, "it does not say that it polls");
    }
    assert!(line.contains(cause), "{line}");
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_inotify_it_polls_and_says_so() {
    let tree = Tree::new();
    let mut command = tree.command(&["--timeout", "60s"]);
    command.env("AMR_FEATURES", "no-inotify");
    polls(&tree, command, "inotify is switched off");
}

/// In a user namespace of its own, whose limits are at zero.
#[test]
fn at_the_limits_of_inotify_it_polls_and_says_so() {
    for limit in ["max_inotify_instances", "max_inotify_watches"] {
        let tree = Tree::new();
        let script = format!("echo 0 >/proc/sys/user/{limit} && exec \"$@\"");
        let unshare = ["--user", "--map-root-user", "sh", "-c", &script, "amr"];
        if !Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|status| status.success()) {
            println!("left out: no user namespace with limits of its own here");
            return;
        }
        let inner = tree.command(&["--timeout", "60s"]);
        let mut command = Command::new("unshare");
        command.args(unshare).arg(inner.get_program()).args(inner.get_args()).env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        polls(&tree, command, "cannot watch");
    }
}

#[test]
fn a_file_that_is_never_picked_up_is_named_in_the_verdict() {
    let tree = Tree::new();
    fs::write(tree.0.join("logs/b.log"), "c\n").unwrap();
    tree.acknowledge(4);
    let begin = Instant::now();
    let got = tree.command(&["--timeout", "120s", "--settle", "1s"]).output().unwrap();
    let said = String::from_utf8_lossy(&got.stdout).into_owned();
    assert_eq!(got.status.code(), Some(12), "{said}");
    assert!(said.contains("the shipper does not know the file yet"), "{said}");
    let took = begin.elapsed();
    // Two scans of the shipper, 10 s each.
    assert!(took >= Duration::from_secs(20) && took < Duration::from_secs(40), "it took {took:?}");
}

#[test]
fn the_journal_gets_two_lines_and_no_more() {
    let tree = Tree::new();
    let (own, other) = UnixStream::pair().unwrap();
    let mut command = tree.command(&["--timeout", "60s", "--soft-timeout", "200ms"]);
    command.stdout(std::os::fd::OwnedFd::from(other));
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut said = BufReader::new(own);
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("<6>amr: drain: waiting until every log line is shipped"), "{line}");
    std::thread::sleep(Duration::from_millis(500));
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("<6>amr: drain: drained after") && rest.lines().count() == 1, "{rest}");
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(errors, "", "standard error is the journal's, too");
}

/// A wall clock that jumps by an hour, forwards and back, while the drain waits: it ends when its own
/// time is over, no sooner and no later. The clock is another one by LD_PRELOAD.
#[test]
fn a_wall_clock_that_jumps_neither_shortens_nor_lengthens_the_wait() {
    const CLOCK: &str = r#"
        #define _GNU_SOURCE
        #include <time.h>
        #include <unistd.h>
        #include <sys/syscall.h>
        int clock_gettime(clockid_t clock, struct timespec *at) {
            static struct timespec begin;
            struct timespec now;
            int done = syscall(SYS_clock_gettime, clock, at);
            if (clock != CLOCK_REALTIME) return done;
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
            if (!begin.tv_sec) begin = now;
            long ms = (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
            if (ms > 300) at->tv_sec += ms / 300 % 2 ? 3600 : -3600;
            return done;
        }
    "#;
    let tree = Tree::new();
    let (source, library) = (tree.0.join("clock.c"), tree.0.join("clock.so"));
    fs::write(&source, CLOCK).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !built.is_ok_and(|status| status.success()) {
        println!("left out: no C compiler here");
        return;
    }
    let mut command = tree.command(&["--timeout", "2s", "--soft-timeout", "500ms", "--settle", "1s"]);
    command.env("LD_PRELOAD", &library);
    let hour = || {
        let date = Command::new("date").args(["-u", "+%Y-%m-%dT%H"]).output().unwrap();
        String::from_utf8(date.stdout).unwrap().trim().to_owned()
    };
    let before = hour();
    let begin = Instant::now();
    let (mut child, mut out) = started(command);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("so far, after 500ms"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(13));
    let took = begin.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(5), "it took {took:?}");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("gave up after 2"), "{rest}");
    let report = tree.report();
    let at = report["at"].as_str().unwrap();
    assert!([before, hour()].iter().any(|hour| !at.starts_with(hour)), "{at}: the clock did not jump");
}

/// What a terminal of so many columns was shown until the drain has ended.
fn shown_on_a_terminal(columns: u16) -> String {
    let tree = Tree::new();
    // Positions are at the ends of lines.
    fs::write(tree.0.join("logs/a.log"), "a\n\n\n").unwrap();
    let size = nix::pty::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = nix::pty::openpty(Some(&size), None).unwrap();
    let mut command = tree.command(&["--timeout", "60s"]);
    command.stderr(terminal.slave);
    let (mut child, _out) = started(command);
    tree.acknowledge(2);
    // Each new line on a terminal is a second after the one before.
    std::thread::sleep(Duration::from_millis(1100));
    tree.acknowledge(3);
    std::thread::sleep(Duration::from_millis(700));
    tree.acknowledge(4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut shown = String::new();
    // The end of a terminal whose other side is closed is an error (EIO).
    let _ = fs::File::from(terminal.master).read_to_string(&mut shown);
    shown
}

#[test]
fn a_terminal_shows_one_line_that_is_rewritten_and_goes_at_the_end() {
    let shown = shown_on_a_terminal(80);
    let lines: Vec<&str> = shown.split("\r\x1b[K").collect();
    assert_eq!(lines[0], "", "{shown:?}");
    assert_eq!(lines[1], "amr: drain: 1 file, 4 B left, nothing moves; in '/logs/a.log'");
    let [_, _, moved, ..] = lines[..] else { panic!("{shown:?}") };
    assert!(
        // One or two, by which acknowledgement the second second falls behind.
        moved.starts_with("amr: drain: 1 file, ")
            && moved.contains(" B left, ")
            && moved.contains("B/s, about "),
        "{shown:?}"
    );
    assert_eq!(lines.last(), Some(&""), "the line is gone at the end: {shown:?}");
    assert!(!shown.contains('\n'), "{shown:?}");
    let narrow = shown_on_a_terminal(20);
    assert!(narrow.split("\r\x1b[K").all(|line| line.len() < 20), "{narrow:?}");
    assert!(narrow.contains("amr: drain: 1 file,"), "{narrow:?}");
}
