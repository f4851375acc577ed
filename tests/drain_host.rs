//! A waiting `amr drain` on this very host, beside a process under Filebeat's name that holds its files
//! open: what depends on processes, signals and the log daemon.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::print_stdout)]

use amr::drain::shipper::{self, host::Host as ShipperHost};
use amr::os::proc::{Proc, ProcStat, ProcessId};
use amr::os::root::Root;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A log file of four bytes, two of them acknowledged, and its shipper.
struct Host {
    at: PathBuf,
    shipper: Child,
    calm: Calm,
}

/// Whether a drain is to run at real-time priority.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calm {
    Wanted,
    Unwanted,
}

impl Host {
    fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let at = std::env::temp_dir().join(format!("amr-drain-host-{}-{number}", std::process::id()));
        for folder in ["logs", "reports", "data/registry/filebeat"] {
            fs::create_dir_all(at.join(folder)).unwrap();
        }
        fs::write(at.join("logs/a.log"), "a\nb\n").unwrap();
        fs::write(at.join("data/registry/filebeat/meta.json"), "{\"version\":\"0\"}").unwrap();
        acknowledge(&at, 2);
        let logs = at.join("logs").display().to_string();
        let text = format!("filebeat.inputs:\n- type: log\n  paths: ['{logs}/*.log']\n");
        fs::write(at.join("filebeat.yml"), text).unwrap();
        let (config, data) = (at.join("filebeat.yml"), at.join("data"));
        let words = ["-c", config.to_str().unwrap(), "--path.data", data.to_str().unwrap()];
        let shipper =
            named(&at, "filebeat", "exec 3<logs/a.log; cat <&3 >/dev/null", "cat <&3 >/dev/null", &words);
        Self { at, shipper, calm: Calm::Unwanted }
    }

    /// A log daemon that writes the file.
    fn daemon(&self) -> Child {
        named(&self.at, "rsyslogd", "exec 3>>logs/a.log", ":", &[])
    }

    fn write(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(self.at.join("logs/a.log")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Whether real-time priority is to be had.
    fn is_calm(&self) -> bool {
        self.calm == Calm::Wanted
            && Command::new("chrt").args(["-f", "10", "true"]).status().is_ok_and(|s| s.success())
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amr"));
        if self.is_calm() {
            command = Command::new("chrt");
            command.args(["-f", "10", env!("CARGO_BIN_EXE_amr")]);
        }
        command.args(["drain", "filebeat", "--timeout", "60s"]).args(options);
        command.arg("--registry").arg(self.at.join("data/registry"));
        command.arg("--reports").arg(self.at.join("reports")).env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A drain that has taken its first look.
    fn drain(&self, options: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut child = self.command(options).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.contains("waiting until every log line is shipped: 1 file, 2 B left"), "{line}");
        (child, out)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        end(&mut self.shipper);
        let _ = fs::remove_dir_all(&self.at);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A shell under another name, which does something, says so and stays; at each line that it gets it does
/// something else.
fn named(at: &Path, name: &str, what: &str, again: &str, words: &[&str]) -> Child {
    let program = at.join(name);
    fs::copy("/bin/bash", &program).unwrap();
    let mut command = Command::new(program);
    // A script in a file would be one more file that it holds open.
    command.arg("/dev/stdin").args(words).current_dir(at).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = loop {
        match command.spawn() {
            // Another test has just forked and holds the copy open for writing until its own exec.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(5))
            }
            started => break started.unwrap(),
        }
    };
    writeln!(
        child.stdin.as_mut().unwrap(),
        "{{ {what}; echo ready; while read; do {again}; echo ready; done; }}"
    )
    .unwrap();
    ready(&mut child);
    child
}

fn ready(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
}

/// Filebeat 9 takes the fingerprint of each file at each scan. A file that is open for that, and is read from its beginning,
/// is not begun anew.
#[test]
fn a_file_that_is_opened_for_a_moment_is_not_read_anew() {
    let mut host = Host::new();
    end(&mut host.shipper);
    let (config, data) = (host.at.join("filebeat.yml"), host.at.join("data"));
    let words = ["-c", config.to_str().unwrap(), "--path.data", data.to_str().unwrap()];
    // Open for three milliseconds of four, under a number of its own each time.
    let moment = "for n in {20..220}; do eval \"exec $n<logs/a.log\"; read -rt 0.003 -u 9; eval \"exec $n<&-\"; read -rt 0.001 -u 9; done";
    let opened = "mkfifo wait; exec 9<>wait; exec 3<logs/a.log; cat <&3 >/dev/null";
    host.shipper = named(&host.at, "filebeat", opened, moment, &words);
    acknowledge(&host.at, 4);
    host.shipper.stdin.as_mut().unwrap().write_all(&[b'\n'; 200]).unwrap();
    let look = |host: &Host| {
        let mut look = Command::new(env!("CARGO_BIN_EXE_amr"));
        look.args(["drain", "filebeat", "--once", "--quiet", "--registry"])
            .arg(host.at.join("data/registry"));
        look.arg("--reports").arg(host.at.join("reports")).status().unwrap().code()
    };
    let codes: Vec<_> = (0..20).map(|_| look(&host)).collect();
    // On a busy host it may be open for longer once.
    assert!(codes.iter().filter(|code| **code == Some(0)).count() >= 18, "{codes:?}");
    // One that stays open is.
    end(&mut host.shipper);
    let stays = "exec 3<logs/a.log; cat <&3 >/dev/null; exec 4<logs/a.log";
    host.shipper = named(&host.at, "filebeat", stays, ":", &words);
    assert_eq!(look(&host), Some(13));
}

fn acknowledge(at: &Path, offset: u64) {
    let path = at.join("logs/a.log");
    let stat = fs::metadata(&path).unwrap();
    let state = format!(
        "[{{\"source\":\"{}\",\"offset\":{offset},\"timestamp\":\"2100-01-01T00:00:00Z\",\"ttl\":-1,\
         \"type\":\"log\",\"FileStateOS\":{{\"inode\":{},\"device\":{}}}}}]",
        path.display(),
        stat.ino(),
        stat.dev()
    );
    let (new, data) =
        (at.join("data/registry/filebeat/data.json.new"), at.join("data/registry/filebeat/data.json"));
    fs::write(&new, state).unwrap();
    fs::rename(new, data).unwrap();
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

/// Whether a drain, after the file grew to six bytes, is through with four.
fn through_with_four(options: &[&str], daemon: bool) -> bool {
    let mut host = Host::new();
    let mut daemon = daemon.then(|| host.daemon());
    let (mut child, _out) = host.drain(options);
    host.write("c\n");
    acknowledge(&host.at, 4);
    let until = Instant::now() + Duration::from_secs(3);
    let mut ended = None;
    while ended.is_none() && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
        ended = child.try_wait().unwrap();
    }
    let through = ended.is_some();
    if !through {
        writeln!(host.shipper.stdin.as_mut().unwrap()).unwrap();
        ready(&mut host.shipper);
        acknowledge(&host.at, 6);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{options:?}");
    daemon.iter_mut().for_each(end);
    through
}

#[test]
fn files_of_log_daemons_are_frozen_at_the_size_they_had() {
    assert!(through_with_four(&["--freeze", "auto"], true), "a daemon's file is frozen");
    assert!(!through_with_four(&["--freeze", "auto"], false), "another file moves the goal");
    assert!(through_with_four(&["--freeze", "all"], false), "all are frozen");
    assert!(!through_with_four(&["--freeze", "none"], true), "none is frozen");
}

/// How long a drain takes to end after SIGTERM, and what it said.
fn end_of(host: &Host, hangs: bool) -> (Duration, String) {
    let (mut child, mut out) = host.drain(&[]);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    // The one that opens files was started before the one that looks.
    let children = fs::read_to_string(children).unwrap();
    let [_, looking] = children.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{children}") };
    let looking: u32 = looking.parse().unwrap();
    if hangs {
        signal(looking, Signal::SIGSTOP);
    }
    let begin = Instant::now();
    signal(child.id(), Signal::SIGTERM);
    let code = child.wait().unwrap().code();
    let took = begin.elapsed();
    // What the kernel still frees of it is no work of its own.
    let looking = ProcessId::new(looking.cast_signed()).unwrap();
    let threads = Proc::new(Root::host().unwrap()).threads(looking).unwrap_or_default();
    assert!(threads.iter().all(ProcStat::is_exiting), "it does not outlive the command");
    assert_eq!(code, Some(13));
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(said.contains("gave up after"), "{said}");
    (took, said)
}

/// Each of twenty ends within a tenth of a second, with its last report. At real-time priority, as other tests
/// run beside it; where that is not to be had it is enough that one does, and the others say what they lack.
fn all_end_in_time(hangs: bool) {
    let mut all: Vec<(bool, Duration)> = Vec::new();
    let mut calm = true;
    for _ in 0..20 {
        let mut host = Host::new();
        host.calm = Calm::Wanted;
        calm = calm && host.is_calm();
        let (took, said) = end_of(&host, hangs);
        let shown = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b"drain-");
        let mut reports = fs::read_dir(host.at.join("reports")).unwrap().map(Result::unwrap).filter(shown);
        let report =
            reports.next().map(|entry| fs::read_to_string(entry.path()).unwrap()).unwrap_or_default();
        let written = report.contains("\"verdict\":\"gave up\"") && report.contains("\"stage\":\"final\"");
        assert_eq!(written, !said.contains("nor could the last report be written"), "{said}{report}");
        all.push((!written, took));
    }
    all.sort_unstable();
    println!("hangs: {hangs}, real-time: {calm}, {all:?}");
    let (unwritten, took) = *if calm { all.last() } else { all.first() }.unwrap();
    assert!(!unwritten && took <= Duration::from_millis(100), "hangs: {hangs}, {all:?}");
}

#[test]
fn sigterm_ends_it_within_a_tenth_of_a_second() {
    all_end_in_time(false);
}

#[test]
fn sigterm_ends_it_within_a_tenth_of_a_second_where_a_file_system_hangs() {
    all_end_in_time(true);
}

/// Both files have the last report: whoever reads one does not take a drain that has ended for one under way. On a
/// busy host there may be no time for the second.
#[test]
fn the_file_of_report_is_final_where_the_half_that_looks_does_not_answer() {
    let is_final = || {
        let host = Host::new();
        let file = host.at.join("report.json");
        let (mut child, _out) = host.drain(&["--report", file.to_str().unwrap()]);
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
        signal(children.split_whitespace().nth(1).unwrap().parse().unwrap(), Signal::SIGSTOP);
        signal(child.id(), Signal::SIGTERM);
        assert_eq!(child.wait().unwrap().code(), Some(13));
        let report = fs::read_to_string(file).unwrap();
        report.contains("\"verdict\":\"gave up\"") && report.contains("\"stage\":\"final\"")
    };
    assert!((0..10).any(|_| is_final()));
}

/// The file system of the reports is frozen: every write to it hangs in the kernel.
#[test]
fn sigterm_ends_it_where_the_reports_hang() {
    let mut host = Host::new();
    host.calm = Calm::Wanted;
    let (image, reports) = (host.at.join("image"), host.at.join("reports"));
    fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let run = |words: &[&str], path: &Path| {
        Command::new(words[0])
            .args(&words[1..])
            .arg(path)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    let image = image.to_str().unwrap();
    if !run(&["mkfs.ext4", "-q"], image.as_ref()) || !run(&["mount", "-o", "loop", image], &reports) {
        println!("left out: no file system of one's own can be mounted here (needs root and loop devices)");
        return;
    }
    let (mut child, mut out) = host.drain(&[]);
    assert!(run(&["fsfreeze", "-f"], &reports));
    let begin = Instant::now();
    signal(child.id(), Signal::SIGTERM);
    let code = child.wait().unwrap().code();
    let took = begin.elapsed();
    let (mut said, mut named) = (String::new(), String::new());
    // Their ends come with the command's: who is left behind has none of its streams.
    out.read_to_string(&mut said).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut named).unwrap();
    let before_thawing = begin.elapsed();
    assert!(run(&["fsfreeze", "-u"], &reports));
    while !run(&["umount"], &reports) {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(code, Some(13));
    assert!(
        said.contains("gave up after") && said.contains("nor could the last report be written"),
        "{said}"
    );
    assert!(took <= Duration::from_secs(1), "it took {took:?}");
    assert!(before_thawing <= Duration::from_secs(2), "its streams ended after {before_thawing:?}");
    let behind =
        named.lines().filter(|line| line.contains("is left behind: it is in an uninterruptible sleep"));
    assert!(behind.count() >= 1, "{named}");
}

/// What /proc says of the processes below one: number, user, capabilities, no new privileges, filter.
fn rights(parent: u32) -> Vec<(u32, [String; 5])> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let one = |pid: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().unwrap_or_default().to_owned()
        };
        let keys = ["Uid:", "CapPrm:", "CapBnd:", "NoNewPrivs:", "Seccomp:"];
        (pid.parse().unwrap(), keys.map(value))
    };
    children.split_whitespace().map(one).collect()
}

#[test]
fn who_parses_what_others_wrote_has_no_rights_but_to_read() {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: only root has rights to give up");
        return;
    }
    for (switch, filter) in [("", "2"), ("no-seccomp", "0")] {
        let host = Host::new();
        // What only that right can read.
        fs::set_permissions(host.at.join("logs"), fs::Permissions::from_mode(0o700)).unwrap();
        let mut child = host.command(&[]).env("AMR_FEATURES", switch).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("1 file, 2 B left"), "{line}");
        let all = rights(child.id());
        let [(opens, [root, ..]), (looks, [user, permitted, bounding, renounced, filtered])] = &all[..]
        else {
            panic!("{all:?}")
        };
        assert_eq!(root, "0");
        assert!(!["0", "65534"].contains(&user.as_str()), "{user}");
        assert_eq!((permitted.as_str(), bounding.as_str()), ("0000000000000004", "0000000000000000"));
        assert_eq!((renounced.as_str(), filtered.as_str()), ("1", filter));
        // Nobody of that user, nor of any other but root, may attach to it or read what it read.
        assert_eq!(fs::metadata(format!("/proc/{looks}/mem")).unwrap().uid(), 0);
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = |pid: &u32| !Path::new(&format!("/proc/{pid}")).exists();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && !(gone(opens) && gone(looks)) {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(gone(opens) && gone(looks), "they end with the command, also one that is killed");
    }
}

#[test]
fn a_drain_that_is_killed_leaves_nothing_beside_its_report() {
    let host = Host::new();
    fs::create_dir(host.at.join("asked")).unwrap();
    let report = host.at.join("asked/report.json");
    // The command alone, and all of its processes.
    for (delay, all) in (0..30).flat_map(|delay| [(delay, false), (delay, true)]) {
        let mut child = host.command(&["--report", report.to_str().unwrap()]).spawn().unwrap();
        thread::sleep(Duration::from_millis(delay));
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let children = fs::read_to_string(children).ok().filter(|_| all).unwrap_or_default();
        child.kill().unwrap();
        for other in children.split_whitespace() {
            // It may have ended with the command.
            let _ = kill(Pid::from_raw(other.parse().unwrap()), Signal::SIGKILL);
        }
        child.wait().unwrap();
    }
    // The process that writes ends what it has begun.
    thread::sleep(Duration::from_millis(300));
    let names = || fs::read_dir(host.at.join("asked")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names().all(|name| name == "report.json"), "{:?}", names().collect::<Vec<_>>());
    let (mut child, _out) = host.drain(&["--report", report.to_str().unwrap()]);
    end(&mut child);
    assert_eq!(names().count(), 1, "it was kept");
}

#[test]
fn a_shipper_that_dies_with_bytes_left_is_said_soon() {
    // A process that waits for its parent has ended, too.
    for reaped in [true, false] {
        let mut host = Host::new();
        let (mut child, _out) = host.drain(&[]);
        if reaped {
            end(&mut host.shipper);
        } else {
            host.shipper.kill().unwrap();
        }
        let begin = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(14), "reaped: {reaped}");
        assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
    }
}

/// A file without a name is there as long as the shipper has it open; its bytes are lost with the shipper.
#[test]
fn a_deleted_file_counts_while_it_is_open_and_is_lost_afterwards() {
    let mut host = Host::new();
    let report = host.at.join("report.json");
    let (mut child, _out) = host.drain(&["--report", report.to_str().unwrap()]);
    fs::remove_file(host.at.join("logs/a.log")).unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "two bytes are left");
    end(&mut host.shipper);
    assert_eq!(child.wait().unwrap().code(), Some(15));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let file = &report["shippers"][0]["files"][0];
    assert_eq!(
        (&file["path"], &file["rest"], &report["verdict"]),
        (&host.at.join("logs/a.log").display().to_string().into(), &2.into(), &"lost".into())
    );
}

/// A drain that has said its first line, in a view of the file system of its own, where one entry of /dev
/// is this test's.
fn with_its_own_dev(host: &Host, entry: &str, target: &Path, options: &[&str]) -> Option<Child> {
    let script = format!(
        "mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && ln -s \"$0\" /dev/{entry} && exec \"$@\""
    );
    let inner = host.command(options);
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", &script])
        .arg(target)
        .arg(inner.get_program())
        .args(inner.get_args());
    command.env_remove("NOTIFY_SOCKET").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        println!("left out: no mount namespace of one's own here (needs root)");
        end(&mut child);
        return None;
    }
    Some(child)
}

#[test]
fn syslog_gets_two_lines_and_no_more() {
    let host = Host::new();
    let socket = host.at.join("log");
    let log = UnixDatagram::bind(&socket).unwrap();
    let Some(mut child) = with_its_own_dev(&host, "log", &socket, &["--soft-timeout", "100ms"]) else {
        return;
    };
    thread::sleep(Duration::from_millis(400));
    acknowledge(&host.at, 4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    log.set_nonblocking(true).unwrap();
    let mut heard = Vec::new();
    let mut message = [0; 4096];
    while let Ok(got) = log.recv(&mut message) {
        heard.push(String::from_utf8(message[..got].to_vec()).unwrap());
    }
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with("<30>amr[") && heard[0].contains("]: drain: waiting until"), "{heard:?}");
    assert!(heard[1].starts_with("<30>amr[") && heard[1].contains("]: drain: drained after"), "{heard:?}");
}

#[test]
fn the_console_shows_the_first_line_progress_and_the_last_one() {
    let host = Host::new();
    let console = host.at.join("console");
    fs::write(&console, "").unwrap();
    let Some(mut child) = with_its_own_dev(&host, "console", &console, &["--console"]) else { return };
    acknowledge(&host.at, 4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let shown = fs::read_to_string(&console).unwrap();
    let lines: Vec<&str> = shown.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("amr: drain: waiting until every log line is shipped: 1 file, 2 B left"));
    let most = host.at.join("logs/a.log");
    assert_eq!(lines[1], format!("amr: drain: 1 file, 2 B left, nothing moves; in '{}'", most.display()));
    assert!(lines.last().unwrap().starts_with("amr: drain: drained after"), "{shown:?}");
    // A console cannot rewrite its line, so progress has one every ten seconds at most.
    assert_eq!(lines.len(), 3, "{shown:?}");
}

/// What lies between the last change and the verdict is one sync of bytes that have their place on the
/// disk already; the interim report was synced before the first line.
#[test]
fn a_verdict_is_told_when_its_report_is_on_the_disk() {
    let host = Host::new();
    let trace = host.at.join("trace");
    let inner = host.command(&[]);
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "200", "-e", "trace=fsync,fdatasync,pwrite64,rename,renameat,write", "-o"]);
    command.arg(&trace).arg(inner.get_program()).args(inner.get_args()).env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("left out: no strace here");
        return;
    };
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    if line.is_empty() {
        println!("left out: nothing can be traced here");
        end(&mut child);
        return;
    }
    thread::sleep(Duration::from_millis(300));
    acknowledge(&host.at, 4);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let trace = fs::read_to_string(trace).unwrap();
    let at = |from: usize, what: &str| match trace[from..].find(what) {
        Some(at) => from + at,
        None => panic!("no {what}: {trace}"),
    };
    let interim = at(0, "\"stage\\\":\\\"interim");
    let begun = at(0, "waiting until every log line");
    assert!((interim..begun).contains(&at(interim, "fsync(")), "{trace}");
    let last = at(begun, "\"stage\\\":\\\"final");
    let told = at(last, "drained after");
    let synced = at(last, "fdatasync(");
    assert!(synced < told && at(synced, "rename") < told, "{trace}");
    assert!(!trace[last..].contains("fsync("), "one sync is enough: {trace}");
}

/// Elastic Agent in a container: its state lies where its process alone sees it.
#[test]
fn the_elastic_agent_of_a_container_is_found_in_its_mount_namespace() {
    let folder = std::env::temp_dir().join(format!("amr-drain-agent-{}", std::process::id()));
    fs::create_dir_all(folder.join("state")).unwrap();
    let (state, agent) = (folder.join("state"), folder.join("elastic-agent"));
    fs::copy("/bin/bash", &agent).unwrap();
    // What its image runs is `elastic-agent container`.
    fs::write(folder.join("container"), "echo ready; read end\n").unwrap();
    let inside = "mount -t tmpfs none state && mkdir -p state/data/run/log-default/registry/filebeat \
                  && : > state/data/run/log-default/registry/filebeat/log.json && exec ./elastic-agent container";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", inside]).current_dir(&folder).env("STATE_PATH", &state);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line != "ready\n" {
        println!("left out: no mount namespace of one's own here (needs root)");
        end(&mut child);
        return;
    }
    let root = Root::host().unwrap();
    let found = shipper::find(&ShipperHost::inspect(&root).unwrap()).unwrap();
    let its = state.join("data/run/log-default/registry");
    let one = found.iter().find(|one| one.positions == its);
    let seen = one.map(|one| (one.root.exists(&its), root.exists(&its)));
    end(&mut child);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(seen, Some((true, false)), "{found:?}");
}
