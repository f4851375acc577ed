//! Speed of `amr chkconfig` and `amr order`, as whole programs: their CPU time to the microsecond, and the
//! time on the clock; the middle of many runs, taken in turns. `chkconfig` is judged by the CPU time, which
//! others on the host disturb less; `order` works in several threads, and by the time that one waits.
//!
//! `cargo bench --bench links` (as root or where users may make namespaces: a folder is mounted over
//! /etc for the time of a run). Reach: `chkconfig --list` of 1 000 services, and `chkconfig NAME on` with
//! an LSB header among 1 000, in at most 1.5 times what a C program takes that reads the same files and
//! prints the same table; `amr order` over 10 000 units in 1 s, and over twice as many units in at most
//! 2.3 times that. Prints each number and fails when one is missed.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod common;

use nix::mount::{MsFlags, mount};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const SERVICES: usize = 1_000;
const UNITS: usize = 10_000;
const ROUNDS: usize = 61;
const ORDER_ROUNDS: usize = 21;

/// Reads what chkconfig reads: the seven folders of links and every line of every script. `list` prints
/// chkconfig's table; `on NAME` takes the names out of the LSB blocks, by which numbers are chosen, and
/// reads where the links of NAME lead. It neither checks what it reads nor chooses numbers nor writes.
const PEER: &str = include_str!("links/peer.c");

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|w| w == INSIDE) {
        return exit(words.get(at + 1).map_or(Ok(false), |folder| inside(Path::new(folder))));
    }
    let folder = std::env::temp_dir().join(format!("amr-bench-links-{}", std::process::id()));
    let done = fs::create_dir_all(&folder).and_then(|()| run(&folder));
    let _ = fs::remove_dir_all(&folder);
    exit(done)
}

fn exit(done: io::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("links: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> io::Result<bool> {
    let mut good = true;
    if !std::env::args().any(|a| a == "order") {
        good &= chkconfig(folder)?;
    }
    if !std::env::args().any(|a| a == "chkconfig") {
        good &= order(folder)?;
    }
    Ok(good)
}

/// Called so, the bench is in a namespace of its own.
const INSIDE: &str = "--inside";

fn chkconfig(folder: &Path) -> io::Result<bool> {
    let source = folder.join("peer.c");
    fs::write(&source, PEER)?;
    let built = Command::new("gcc").args(["-O2", "-o"]).arg(folder.join("peer")).arg(source).status()?;
    if !built.success() {
        return Err(io::Error::other("gcc cannot compile the program to compare with"));
    }
    services(&folder.join("etc"))?;
    let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
    let options: &[&str] = if root { &["-m"] } else { &["-rm"] };
    let (own, amr) = (std::env::current_exe()?, amr()?);
    let done = Command::new("unshare")
        .args(options)
        .arg(own)
        .arg(INSIDE)
        .arg(folder)
        .env("AMR_BIN", amr)
        .status()?;
    Ok(done.success())
}

fn amr() -> io::Result<String> {
    let path = common::amr().map_err(|e| io::Error::other(e.to_string()))?;
    path.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// One command with what it took in each round.
struct Runner {
    words: Vec<String>,
    cpu: Vec<Duration>,
    wall: Vec<Duration>,
}

impl Runner {
    fn new(words: &[&str]) -> Self {
        Self { words: words.iter().map(|w| (*w).to_owned()).collect(), cpu: Vec::new(), wall: Vec::new() }
    }

    fn command(&self) -> io::Result<Command> {
        let (program, args) = self.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    fn run(&mut self) -> io::Result<()> {
        let mut command = self.command()?;
        command.stdout(Stdio::null());
        let (cpu, wall) = (children()?, Instant::now());
        let done = command.status()?;
        self.wall.push(wall.elapsed());
        self.cpu.push(children()?.saturating_sub(cpu));
        if done.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("failed: {}", self.words.join(" "))))
        }
    }

    fn output(&self) -> io::Result<Vec<u8>> {
        Ok(self.command()?.output()?.stdout)
    }
}

fn middle(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// With the folder's `etc` over /etc.
fn inside(folder: &Path) -> io::Result<bool> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    mount(Some(&folder.join("etc")), "/etc", None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    let peer = folder.join("peer");
    let peer = peer.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let last = format!("service{:04}", SERVICES - 1);
    let amr = amr()?;
    let mut all = [
        Runner::new(&[peer, "list"]),
        Runner::new(&[&amr, "chkconfig", "--list"]),
        Runner::new(&[&amr, "chkconfig", &last, "off"]),
        Runner::new(&[peer, "on", &last]),
        Runner::new(&[&amr, "chkconfig", &last, "on"]),
    ];
    let [theirs, ours, ..] = &all;
    if theirs.output()? != ours.output()? {
        return Err(io::Error::other("the two tables differ"));
    }
    for _ in 0..ROUNDS {
        all.iter_mut().try_for_each(Runner::run)?;
    }
    let [read, list, _, read_on, on] = &all;
    let mut good = true;
    for (name, ours, theirs) in [("--list", list, read), ("NAME on, LSB", on, read_on)] {
        let (cpu, wall) =
            ((middle(&ours.cpu), middle(&theirs.cpu)), (middle(&ours.wall), middle(&theirs.wall)));
        let ratio = cpu.0.as_secs_f64() / cpu.1.as_secs_f64();
        good &= ratio <= 1.5;
        println!(
            "chkconfig {name}, {SERVICES} services: {:.2?}, the C program {:.2?}: {ratio:.2} (at most 1.5); \
             by the clock {:.2?} and {:.2?}",
            cpu.0, cpu.1, wall.0, wall.1
        );
    }
    Ok(good)
}

/// A host of `SERVICES` services, all with LSB blocks, each behind one before it, as chkconfig leaves it.
fn services(etc: &Path) -> io::Result<()> {
    fs::create_dir_all(etc.join("init.d"))?;
    // Stands before the os-release of the machine that runs this, which may be a Debian.
    fs::write(etc.join("os-release"), "ID=\"amzn\"\nID_LIKE=\"rhel fedora\"\n")?;
    fs::write(etc.join("passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    for level in 0..7 {
        fs::create_dir_all(etc.join(format!("rc{level}.d")))?;
    }
    let body =
        "do_start() {\n    # starts it\n    daemon --pidfile=/var/run/x.pid /usr/sbin/x\n}\n".repeat(20);
    for n in 0..SERVICES {
        let name = format!("service{n:04}");
        let depth = n % 40;
        let needs = if depth == 0 { "$network".to_owned() } else { format!("service{:04}", n - 1) };
        let path = etc.join("init.d").join(&name);
        let block = format!(
            "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: {name}\n# Required-Start: {needs}\n# Required-Stop: {needs}\n\
             # Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n# Short-Description: a service\n### END INIT INFO\n{body}"
        );
        fs::write(&path, block)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        for level in 0..7 {
            let link = if (2..=5).contains(&level) {
                format!("S{:02}{name}", 50 + depth)
            } else {
                format!("K{:02}{name}", 50 - depth)
            };
            symlink(format!("../init.d/{name}"), etc.join(format!("rc{level}.d")).join(link))?;
        }
    }
    Ok(())
}

fn order(folder: &Path) -> io::Result<bool> {
    let amr = amr()?;
    let mut all = Vec::new();
    for units in [UNITS, 2 * UNITS] {
        let root = folder.join(format!("units-{units}"));
        unit_files(&root, units)?;
        let root = root.to_str().ok_or(io::ErrorKind::InvalidInput)?;
        let runner = Runner::new(&[&amr, "--root", root, "order", "--needs", "20min"]);
        if !String::from_utf8_lossy(&runner.output()?).contains("shutdown-filebeat") {
            return Err(io::Error::other("amr order does not name the hook"));
        }
        all.push(runner);
    }
    for _ in 0..ORDER_ROUNDS {
        all.iter_mut().try_for_each(Runner::run)?;
    }
    let [one, two] = all.as_slice() else { return Err(io::Error::other("a time is missing")) };
    let (cpu, wall) = ((middle(&one.cpu), middle(&two.cpu)), (middle(&one.wall), middle(&two.wall)));
    let growth = wall.1.as_secs_f64() / wall.0.as_secs_f64();
    println!("order, {UNITS} units: {:.1?} by the clock (at most 1 s); CPU {:.1?}", wall.0, cpu.0);
    println!(
        "order, {} units: {:.1?} by the clock, {growth:.2} times as much (at most 2.3); CPU {:.1?}",
        2 * UNITS,
        wall.1,
        cpu.1
    );
    Ok(wall.0 <= Duration::from_secs(1) && growth <= 2.3)
}

/// The CPU time of all children that have ended.
fn children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let span = |t: TimeVal| Duration::from_micros((t.tv_sec() * 1_000_000 + t.tv_usec()).unsigned_abs());
    Ok(span(usage.user_time()) + span(usage.system_time()))
}

/// Services in chains of ten, all wanted by multi-user.target, and the hook behind its shipper.
fn unit_files(root: &Path, units: usize) -> io::Result<()> {
    let folder = root.join("usr/lib/systemd/system");
    let wants = root.join("etc/systemd/system/multi-user.target.wants");
    for dir in [&folder, &wants, &root.join("run/systemd/system")] {
        fs::create_dir_all(dir)?;
    }
    let unit = |name: &str, text: String| -> io::Result<()> {
        fs::write(folder.join(name), text)?;
        symlink(format!("/usr/lib/systemd/system/{name}"), wants.join(name))
    };
    for n in 0..units - 2 {
        let after = if n % 10 == 0 { "network.target".to_owned() } else { format!("s{}.service", n - 1) };
        unit(
            &format!("s{n}.service"),
            format!(
                "[Unit]\nDescription=Service {n}\nAfter={after}\nWants={after}\n\n[Service]\nExecStart=/usr/bin/s{n}\n\
                 Restart=always\n\n[Install]\nWantedBy=multi-user.target\n"
            ),
        )?;
    }
    unit("filebeat.service", "[Service]\nExecStart=/usr/bin/filebeat\n".to_owned())?;
    unit(
        "shutdown-filebeat.service",
        "[Unit]\nAfter=filebeat.service network.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n\
         ExecStop=/usr/sbin/amr drain filebeat\nTimeoutStopSec=25min\n"
            .to_owned(),
    )
}
