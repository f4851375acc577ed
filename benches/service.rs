//! Speed and memory of supervised services, beside a bare fork and exec and beside other tools.
//!
//! `cargo bench --bench service`. One line for each reach: what, the median, its ratio to starting a
//! static C program that does nothing (measured in turns with it, in the same run), the reach, and
//! whether it is met; fails when one is missed. Indented lines are peers; one that is not installed
//! is said to be left out. The program measured is the static release binary: `$AMR_BIN`, else what
//! `tests/portable.sh` builds. Needs gcc. Works below a throw-away root and touches nothing else.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod common;
#[path = "service/peers.rs"]
mod peers;
#[path = "service/rows.rs"]
mod rows;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// A service: says that it runs by writing its pid into the FIFO that it is given, then sleeps.
const SERVICE: &str = r#"
#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int pid = getpid();
    if (argc > 1) {
        int fd = open(argv[1], O_RDWR);
        if (fd < 0 || write(fd, &pid, sizeof pid) != sizeof pid) return 1;
        close(fd);
    }
    for (;;) pause();
}
"#;

/// The bare loop: starts the service anew whenever it ends.
const LOOP: &str = r#"
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) { execv(argv[1], argv + 1); _exit(127); }
        waitpid(pid, 0, 0);
    }
}
"#;

/// Writes as many MB as it is told to, in lines of 100 bytes.
const SHOUT: &str = r#"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
    static char text[100 * 600];
    memset(text, 'x', sizeof text);
    for (size_t i = 99; i < sizeof text; i += 100) text[i] = '\n';
    for (long left = atol(argv[1]) * 1000000; left > 0; left -= sizeof text)
        for (size_t at = 0; at < sizeof text;) {
            ssize_t n = write(1, text + at, sizeof text - at);
            if (n <= 0) return 1;
            at += n;
        }
    return 0;
}
"#;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("service: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let stage = Stage::new()?;
    // Other work on the machine then hits nothing that is measured.
    let own = std::process::id().to_string();
    let calm = Command::new("chrt").args(["-f", "-p", "10", &own]).stderr(Stdio::null()).status();
    let calm = if calm.is_ok_and(|s| s.success()) { "at real-time priority" } else { "at normal priority" };
    println!("{}, medians, {calm}, bare: a static C program that does nothing", stage.amr.display());
    let mut met = rows::commands(&stage)?;
    met &= rows::supervisors(&stage)?;
    met &= rows::restart(&stage)?;
    met &= rows::pump(&stage)?;
    met &= rows::binary(&stage)?;
    Ok(met)
}

/// A folder with a root, the programs, and the binary to measure. Everything is stopped and removed
/// when it goes.
struct Stage {
    dir: PathBuf,
    amr: PathBuf,
}

impl Stage {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("amr-bench-service-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let stage = Self { amr: common::amr()?, dir };
        for (name, text) in [("bare", common::BARE), ("service", SERVICE), ("loop", LOOP), ("shout", SHOUT)] {
            common::compile(&stage.program(name), text)?;
        }
        for folder in ["etc/init.d", "etc/systemd/system", "run", "var/log", "var/lock/subsys"] {
            fs::create_dir_all(stage.root().join(folder))?;
        }
        fs::write(stage.root().join("etc/os-release"), "ID=\"amzn\"\nID_LIKE=\"rhel fedora\"\n")?;
        let service = stage.program("service");
        for name in ["one", "two", "three"] {
            stage.unit(name, &format!("ExecStart={}", service.display()))?;
        }
        Ok(stage)
    }

    /// A unit and its init script.
    fn unit(&self, name: &str, service: &str) -> Result<()> {
        let text = format!("[Unit]\nStartLimitIntervalSec=0\n[Service]\n{service}\n");
        fs::write(self.root().join(format!("etc/systemd/system/{name}.service")), text)?;
        let script =
            Command::new(&self.amr).args(["initd", "--print", name, "--family", "redhat"]).output()?;
        fs::write(self.script(name), script.stdout)?;
        Ok(())
    }

    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn script(&self, name: &str) -> PathBuf {
        self.root().join("etc/init.d").join(name)
    }

    /// `amr initd SCRIPT VERB`, as the kernel calls it.
    fn initd(&self, name: &str, verb: &str) -> Call {
        let script = self.script(name).display().to_string();
        Call::new(&self.amr, &["initd", &script, verb])
    }

    /// Runs the init script and fails where it fails.
    fn expect(&self, name: &str, verb: &str) -> Result<()> {
        self.initd(name, verb).time().map(drop)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for name in ["one", "two", "three", "back"] {
            // What is not running needs no stop.
            let _ = self.initd(name, "stop").time();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A command that is run again and again.
struct Call {
    program: PathBuf,
    args: Vec<String>,
    /// `AMR_FEATURES`.
    switches: Option<&'static str>,
}

impl Call {
    fn new(program: impl Into<PathBuf>, args: &[&str]) -> Self {
        let args = args.iter().map(|a| (*a).to_owned()).collect();
        Self { program: program.into(), args, switches: None }
    }

    /// On a kernel without these.
    fn without(mut self, switches: &'static str) -> Self {
        self.switches = Some(switches);
        self
    }

    /// From before the fork to the end, with the environment that rc gives.
    fn time(&self) -> Result<Duration> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().env("PATH", "/sbin:/usr/sbin:/bin:/usr/bin");
        command.env("TERM", "dumb").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(self.switches.map(|s| ("AMR_FEATURES", s)));
        let begin = Instant::now();
        let status = command.spawn()?.wait()?;
        let took = begin.elapsed();
        if status.success() {
            return Ok(took);
        }
        Err(format!("{} {}: {status}", self.program.display(), self.args.join(" ")).into())
    }
}

/// The middle one.
fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Prints one row; a peer has no reach.
fn row(what: &str, value: &str, ratio: &str, reach: Option<(&str, bool)>) {
    match reach {
        Some((reach, true)) => println!("{what:<46}{value:>12}{ratio:>9}   {reach:<14} met"),
        Some((reach, false)) => println!("{what:<46}{value:>12}{ratio:>9}   {reach:<14} MISSED"),
        None => println!("    {what:<42}{value:>12}{ratio:>9}"),
    }
}

/// Is a program installed?
fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"].map(Path::new);
    folders.iter().map(|f| f.join(name)).find(|p| p.is_file())
}

/// Says that a peer is not here.
fn left_out(name: &str) {
    println!("    {name}: left out, it is not installed");
}
