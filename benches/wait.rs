//! How a waiting `amr drain` uses the host, and how soon it ends.
//!
//! * From the last change of the registry to the exit of a finished drain: p99 at most 5 ms, with a
//!   `log.json` that is appended in place and with a `data.json` that is renamed into its place. All of it lies in
//!   memory; what this disk adds where it keeps the reports, which are synced, is shown beside it.
//! * Waiting while nothing moves: no wake-up beside the look that is due every 30 s, and at most 4 MiB
//!   of private memory for 1 000 files.
//! * 10 000 changes of the registry in a second: at most a tenth of one core.
//!
//! `cargo bench --bench wait`. The shipper is this program under the name of Filebeat: it holds the
//! lock of its data folder and its files open, and writes the registry as Filebeat does. The program
//! measured is `$AMR_BIN`, else what `tests/portable.sh` builds. Where that is allowed all of it runs at
//! real-time priority, so that other work on the machine hits nothing that is measured. Prints each number
//! and fails when one is missed.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use nix::fcntl::{Flock, FlockArg};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 200;
const LATENCY: Duration = Duration::from_millis(5);
const FILES: usize = 1_000;
const IDLE: Duration = Duration::from_secs(20);
const MEMORY: u64 = 4096;
const RATE: u64 = 10_000;
const BUSY: Duration = Duration::from_secs(6);
const SHARE: f64 = 0.1;

/// How the registry is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Appended,
    Renamed,
}

impl Style {
    const ALL: [Self; 2] = [Self::Appended, Self::Renamed];

    fn name(self) -> &'static str {
        match self {
            Self::Appended => "log.json appended",
            Self::Renamed => "data.json renamed",
        }
    }
}

fn main() {
    let mut words = std::env::args_os();
    if words.next().is_some_and(|name| Path::new(&name).file_name() == Some("filebeat".as_ref())) {
        return shipper(words.collect());
    }
    let own = std::process::id().to_string();
    let calm = Command::new("chrt").args(["-f", "-p", "10", &own]).stderr(Stdio::null()).status();
    let calm = if calm.is_ok_and(|s| s.success()) { "real-time" } else { "normal" };
    println!("at {calm} priority");
    let name = format!("amr-bench-wait-{}", std::process::id());
    let disk = std::env::temp_dir().join(&name);
    let memory = Path::new("/dev/shm");
    let at = if memory.is_dir() { memory.join(&name) } else { disk.join("scenes") };
    let home = Home { at, disk, amr: common::amr().unwrap() };
    [&home.at, &home.disk].into_iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    fs::copy(std::env::current_exe().unwrap(), home.at.join("filebeat")).unwrap();
    let missed = measure(&home);
    fs::remove_dir_all(&home.at).unwrap();
    // Where there is no memory to lie in, that was in it.
    fs::remove_dir_all(&home.disk).unwrap();
    assert!(missed.is_empty(), "missed: {missed:?}");
}

/// Where everything is made, and the program that is measured.
struct Home {
    at: PathBuf,
    /// For reports on a disk.
    disk: PathBuf,
    amr: PathBuf,
}

fn measure(home: &Home) -> Vec<String> {
    let mut missed = Vec::new();
    let mut row = |what: String, met: bool| {
        println!("{what}: {}", if met { "met" } else { "MISSED" });
        if !met {
            missed.push(what);
        }
    };
    for style in Style::ALL {
        let (median, p99) = latency(home, style, None);
        let name = style.name();
        row(
            format!(
                "last change to exit, {name}, {RUNS} runs: median {median:.2?}, p99 {p99:.2?} (reach {LATENCY:?})"
            ),
            p99 <= LATENCY,
        );
    }
    let (median, p99) = latency(home, Style::Appended, Some(&home.disk));
    println!("    with its report synced to this disk: median {median:.2?}, p99 {p99:.2?}");
    let (wakes, memory) = idle(home);
    row(format!("nothing moves for {IDLE:?}: {wakes} wake-ups (reach: one look in 30 s)"), wakes <= 1);
    row(format!("private memory, {FILES} files: {memory} KiB (reach {MEMORY} KiB)"), memory <= MEMORY);
    let (rate, share) = busy(home);
    row(
        format!("{rate:.0} changes a second: {:.1} % of a core (reach {} %)", share * 100.0, SHARE * 100.0),
        share <= SHARE,
    );
    assert!(rate >= RATE as f64 * 0.9, "only {rate:.0} changes a second were written");
    missed
}

fn latency(home: &Home, style: Style, reports: Option<&Path>) -> (Duration, Duration) {
    let mut all: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let scene = Scene::new(home, style, 1);
            let mut shipper = scene.shipper();
            let mut drain = scene.drain(home, reports);
            std::thread::sleep(Duration::from_millis(20));
            let moved = shipper.ask("finish");
            let status = drain.child.wait().unwrap();
            let ended = now();
            assert_eq!(status.code(), Some(0), "the drain did not end drained");
            Duration::from_nanos(ended - moved)
        })
        .collect();
    all.sort_unstable();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

/// Wake-ups of the processes of the drain, and their private memory in KiB.
fn idle(home: &Home) -> (u64, u64) {
    let scene = Scene::new(home, Style::Appended, FILES);
    let _shipper = scene.shipper();
    let drain = scene.drain(home, None);
    // A second look confirms the first one; how soon depends on what that one took.
    std::thread::sleep(Duration::from_secs(5));
    let pids = drain.pids();
    let before: u64 = pids.iter().map(|pid| switches(*pid)).sum();
    std::thread::sleep(IDLE);
    let wakes = pids.iter().map(|pid| switches(*pid)).sum::<u64>() - before;
    (wakes, pids.iter().map(|pid| private(*pid)).sum())
}

/// How many changes were written in a second, and the part of a core that the drain used for them.
fn busy(home: &Home) -> (f64, f64) {
    let scene = Scene::new(home, Style::Appended, FILES);
    let mut shipper = scene.shipper();
    let drain = scene.drain(home, None);
    let pids = drain.pids();
    let (start, before) = (Instant::now(), pids.iter().map(|pid| cpu(*pid)).sum::<f64>());
    let written = shipper.ask("rush");
    let span = start.elapsed().as_secs_f64();
    let used = pids.iter().map(|pid| cpu(*pid)).sum::<f64>() - before;
    (written as f64 / span, used / span)
}

/// A data folder with a registry, a configuration and log files of four bytes, two of them acknowledged.
struct Scene {
    at: PathBuf,
    style: Style,
    files: usize,
}

impl Scene {
    fn new(home: &Home, style: Style, files: usize) -> Self {
        let at = home.at.join("scene");
        let _ = fs::remove_dir_all(&at);
        for folder in ["logs", "reports", "data/registry/filebeat"] {
            fs::create_dir_all(at.join(folder)).unwrap();
        }
        let scene = Self { at, style, files };
        (0..files).for_each(|number| fs::write(scene.log(number), "a\nb\n").unwrap());
        let logs = scene.at.join("logs").display().to_string();
        let text = format!("filebeat.inputs:\n- type: log\n  paths: ['{logs}/*.log']\n");
        fs::write(scene.at.join("filebeat.yml"), text).unwrap();
        let version = if style == Style::Appended { 1 } else { 0 };
        fs::write(scene.registry("meta.json"), format!("{{\"version\":\"{version}\"}}")).unwrap();
        let states: Vec<_> = (0..files).map(|number| scene.state(number, 2)).collect();
        match style {
            Style::Renamed => fs::write(scene.registry("data.json"), array(&states)).unwrap(),
            Style::Appended => {
                let mut log = String::new();
                for (number, state) in states.iter().enumerate() {
                    log += &operation(number as u64 + 1, state);
                }
                fs::write(scene.registry("log.json"), log).unwrap();
            }
        }
        scene
    }

    fn log(&self, number: usize) -> PathBuf {
        self.at.join(format!("logs/{number}.log"))
    }

    fn registry(&self, name: &str) -> PathBuf {
        self.at.join("data/registry/filebeat").join(name)
    }

    /// The key of a file's state, and the state.
    fn state(&self, number: usize, offset: u64) -> (String, String) {
        let path = self.log(number);
        let stat = fs::metadata(&path).unwrap();
        let timestamp = match self.style {
            Style::Appended => "[281470681743360,4102444800]",
            Style::Renamed => "\"2100-01-01T00:00:00Z\"",
        };
        let value = format!(
            "{{\"source\":\"{}\",\"offset\":{offset},\"timestamp\":{timestamp},\"ttl\":-1,\"type\":\"log\",\
             \"FileStateOS\":{{\"inode\":{},\"device\":{}}}}}",
            path.display(),
            stat.ino(),
            stat.dev()
        );
        (format!("filebeat::logs::native::{}-{}", stat.ino(), stat.dev()), value)
    }

    fn shipper(&self) -> Shipper {
        let mut command = Command::new(self.at.parent().unwrap().join("filebeat"));
        command.arg("-c").arg(self.at.join("filebeat.yml")).arg("--path.data").arg(self.at.join("data"));
        command.arg(if self.style == Style::Appended { "append" } else { "rename" });
        command.arg(self.files.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut shipper = Shipper { child, orders, answers };
        shipper.ask("ready");
        shipper
    }

    /// Its reports lie in a folder of the scene, or in this one.
    fn drain(&self, home: &Home, reports: Option<&Path>) -> Drain {
        let mut command = Command::new(&home.amr);
        command.args(["drain", "filebeat", "--timeout", "2min"]);
        command.arg("--registry").arg(self.at.join("data/registry"));
        let reports = reports.map_or_else(|| self.at.join("reports"), Path::to_owned);
        command.arg("--reports").arg(reports).env_remove("NOTIFY_SOCKET");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let files = if self.files == 1 { "1 file,".to_owned() } else { format!("{} files,", self.files) };
        assert!(line.contains(&files), "{line}");
        Drain { child, _out: out }
    }
}

/// All states in an array.
fn array(states: &[(String, String)]) -> String {
    let values: Vec<&str> = states.iter().map(|(_, value)| value.as_str()).collect();
    format!("[{}]", values.join(","))
}

/// One operation of a memlog: two lines, written at once.
fn operation(id: u64, state: &(String, String)) -> String {
    let (key, value) = state;
    format!("{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"{key}\",\"v\":{value}}}\n")
}

/// The program under Filebeat's name.
struct Shipper {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Shipper {
    fn ask(&mut self, what: &str) -> u64 {
        writeln!(self.orders, "{what}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Drain {
    child: Child,
    _out: BufReader<ChildStdout>,
}

impl Drain {
    /// The one that speaks, the one that looks and the one that opens files for it.
    fn pids(&self) -> Vec<u32> {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap();
        let mut all: Vec<u32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
        assert_eq!(all.len(), 2, "three processes were expected: {children}");
        all.push(own);
        all
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often a process has gone to sleep by itself: once for each wake-up.
fn switches(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// Private memory in KiB.
fn private(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    common::private_kib(&text).unwrap()
}

/// The time that a process has run, in seconds, with the resolution of the scheduler.
fn cpu(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// The clock that all processes share, in nanoseconds.
fn now() -> u64 {
    let now = amr::os::clock::now();
    u64::try_from(now.as_nanos()).unwrap()
}

/// Holds its files open, read to their end, and writes the registry when it is told to.
fn shipper(words: Vec<OsString>) {
    let text = |at: usize| words[at].to_str().unwrap().to_owned();
    let at = Path::new(&text(1)).parent().unwrap().to_owned();
    let style = if text(4) == "append" { Style::Appended } else { Style::Renamed };
    let scene = Scene { at, style, files: text(5).parse().unwrap() };
    let lock = File::create(scene.at.join("data/filebeat.lock")).unwrap();
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).unwrap();
    let mut open: Vec<File> = (0..scene.files).map(|number| File::open(scene.log(number)).unwrap()).collect();
    for file in &mut open {
        file.read_to_string(&mut String::new()).unwrap();
    }
    let log = OpenOptions::new().append(true).open(scene.registry("log.json"));
    let mut writer = Writer { scene, log: log.ok(), next: 0 };
    writer.next = writer.scene.files as u64 + 1;
    let mut order = String::new();
    while std::io::stdin().read_line(&mut order).unwrap() > 0 {
        let answer = match order.trim() {
            "finish" => writer.finish(),
            "rush" => writer.rush(),
            _ => 0,
        };
        println!("{answer}");
        order.clear();
    }
}

struct Writer {
    scene: Scene,
    log: Option<File>,
    next: u64,
}

impl Writer {
    /// Acknowledges everything, and says when.
    fn finish(&mut self) -> u64 {
        let states: Vec<_> = (0..self.scene.files).map(|number| self.scene.state(number, 4)).collect();
        match self.scene.style {
            Style::Appended => {
                let mut text = String::new();
                for state in &states {
                    write!(text, "{}", operation(self.next, state)).unwrap();
                    self.next += 1;
                }
                self.log.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
            }
            Style::Renamed => {
                let new = self.scene.registry("data.json.new");
                fs::write(&new, array(&states)).unwrap();
                fs::rename(new, self.scene.registry("data.json")).unwrap();
            }
        }
        now()
    }

    /// Writes operations that acknowledge nothing new, each with a write of its own. How many.
    fn rush(&mut self) -> u64 {
        let states: Vec<_> = (0..self.scene.files).map(|number| self.scene.state(number, 2)).collect();
        let begin = Instant::now();
        let mut written = 0;
        while begin.elapsed() < BUSY {
            let due = (begin.elapsed().as_secs_f64() * RATE as f64) as u64;
            while written < due {
                let number = written as usize % states.len();
                let text = operation(self.next, &states[number]);
                self.log.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
                self.next += 1;
                written += 1;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        written
    }
}
