//! `amr demo`: the main job end to end below a throw-away folder, without touching the host.
//!
//! The units that ship get drop-ins that put stand-ins (this program again) in place of python and
//! mosquitto; the init scripts that ship are executed as rc executes them, with this program as their
//! interpreter. Everything that is claimed is looked at, and what could not be applied is said.

use crate::cli::args::Demo;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::out;
use crate::os::capture::{Captured, capture};
use crate::os::child::{Spec, Stdio, own_executable};
use crate::os::clock;
use crate::os::error::{Error, Result};
use crate::os::poll;
use crate::os::root::{Root, Sync};
use crate::os::signal::{Signal, Signals};
use crate::os::wait::Exit;
use crate::sysv::chkconfig::Family;
use crate::sysv::initd::Spec as Script;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The unit files that ship.
const UNITS: [(&str, &str); 4] = [
    ("amr.service", include_str!("../../systemd/amr.service")),
    ("amr-mqtt.service", include_str!("../../systemd/amr-mqtt.service")),
    ("amr-system.service", include_str!("../../systemd/amr-system.service")),
    ("amr-dashboard.service", include_str!("../../systemd/amr-dashboard.service")),
];

/// Long enough for any machine, short enough for a person.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
const OUTPUT_MAX: usize = 1 << 20;

/// Runs it. All is well when everything was shown.
pub fn run(args: &Demo) -> Answered {
    let dir = std::env::temp_dir().join(format!("amr-demo-{}", std::process::id()));
    let outcome = ThrowAwayHost::new(&dir).and_then(|mut stage| {
        let played = stage.play();
        // Whatever happened: nothing of ours stays behind.
        let _ = stage.script("amr", "stop");
        played.map(|()| stage)
    });
    if args.keep {
        out::print_raw(&format!("kept: {}\n", dir.display()));
    } else if let Ok(root) = Root::host() {
        let _ = root.remove_dir_all(&dir);
    }
    match outcome {
        Ok(stage) => Ok(stage.summary()),
        Err(e) => Err(Refused::new(Class::Failed, e.to_string())),
    }
}

/// The throw-away host.
struct ThrowAwayHost {
    dir: PathBuf,
    root: Root,
    program: PathBuf,
    shown: Vec<String>,
    missed: Vec<String>,
    not_applied: Vec<String>,
}

impl ThrowAwayHost {
    fn new(dir: &Path) -> Result<Self> {
        let host = Root::host()?;
        host.create_dir(dir, 0o755)?;
        let root = Root::at(dir)?;
        let me = own_executable(&host)?;
        let bytes = host.read(&me, 256 << 20)?;
        let program = dir.join("usr/sbin/amr");
        let stage = Self {
            dir: dir.to_owned(),
            root,
            program,
            shown: Vec::new(),
            missed: Vec::new(),
            not_applied: Vec::new(),
        };
        for folder in [
            "/usr/sbin",
            "/etc/init.d",
            "/etc/systemd/system",
            "/run",
            "/var/run",
            "/var/log",
            "/var/lock/subsys",
            "/opt/amr/dashboard_module",
            "/opt/amr/data",
            "/etc/amr",
        ] {
            stage.root.create_dir_all(Path::new(folder), 0o755)?;
        }
        stage.write("/usr/sbin/amr", &bytes, 0o755)?;
        stage.write_files()?;
        Ok(stage)
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.root.write_atomic(Path::new(path), bytes, mode, Sync::No)
    }

    /// Units, drop-ins, init scripts, users.
    fn write_files(&self) -> Result<()> {
        self.write("/etc/passwd", b"root:x:0:0::/:/bin/sh\nmosquitto:x:64001:64001::/:/bin/false\namr:x:64002:64002::/:/bin/false\n", 0o644)?;
        self.write("/etc/group", b"root:x:0:\nmosquitto:x:64001:\namr:x:64002:\n", 0o644)?;
        self.write("/etc/redhat-release", b"a throw-away host\n", 0o644)?;
        for (name, text) in UNITS {
            self.write(&format!("/etc/systemd/system/{name}"), text.as_bytes(), 0o644)?;
        }
        for (unit, role) in [("amr-mqtt", "mqtt"), ("amr-system", "system"), ("amr-dashboard", "dashboard")] {
            let me = "/usr/sbin/amr stand-in";
            let stop =
                if role == "system" { format!("ExecStop=\nExecStop={me} stop-all\n") } else { String::new() };
            let text = format!(
                "# a stand-in in place of the real program, and a short wait\n\
                 [Service]\nExecStart=\nExecStart={me} {role}\n{stop}RestartSec=300ms\n"
            );
            let folder = format!("/etc/systemd/system/{unit}.service.d");
            self.root.create_dir_all(Path::new(&folder), 0o755)?;
            self.write(&format!("{folder}/demo.conf"), text.as_bytes(), 0o644)?;
        }
        for script in Script::shipped().unwrap_or_default() {
            let script = Script { program: self.program.display().to_string(), ..script };
            let text = script.print(Family::RedHat).map_err(|e| {
                Error::other("write", &self.dir, std::io::ErrorKind::InvalidInput, e.to_string())
            })?;
            self.write(&format!("/etc/init.d/{}", script.name), text.as_bytes(), 0o755)?;
        }
        Ok(())
    }

    /// The acts.
    fn play(&mut self) -> Result<()> {
        out::print_raw(&format!(
            "A host without systemd, below {}; nothing else is touched.\n",
            self.dir.display()
        ));
        let (code, text) = self.show("service amr start", "amr", "start")?;
        let started: Vec<&str> =
            text.lines().filter_map(|l| l.strip_prefix("Starting ")?.split(':').next()).collect();
        self.check(
            code == 0 && started == ["amr-mqtt", "amr-system", "amr-dashboard", "amr"],
            "three services and their umbrella started, each after what it needs",
        );
        let (code, text) = self.show("service amr status", "amr", "status")?;
        self.check(code == 0 && text.matches("(pid  ").count() == 3, "status knows their processes");
        let before = self.property("amr-mqtt", "MainPID")?;
        out::print_raw(&format!("\n$ kill -9 {before}    # amr-mqtt\n"));
        self.amr(&["kill", "--signal", "KILL", "--kill-whom", "main", "amr-mqtt"])?;
        let back = self.until(|s| {
            let now = s.property("amr-mqtt", "MainPID")?;
            Ok(now != before && now != "0" && s.property("amr-mqtt", "SubState")? == "running")
        })?;
        let after = self.property("amr-mqtt", "MainPID")?;
        out::print_raw(&format!("amr-mqtt is back: pid {after}\n"));
        self.check(back, "one was killed and is back");
        out::print_raw("\n$ amr status amr-system\n");
        let status = self.amr(&["status", "amr-system"])?;
        out::print_raw(&String::from_utf8_lossy(&status.stdout));
        self.not_applied(&String::from_utf8_lossy(&status.stdout));
        let (code, text) = self.show("service amr stop", "amr", "stop")?;
        let stopped: Vec<&str> =
            text.lines().filter_map(|l| l.strip_prefix("Stopping ")?.split(':').next()).collect();
        self.check(
            code == 0 && stopped == ["amr", "amr-dashboard", "amr-system", "amr-mqtt"],
            "all were stopped, in the reverse order",
        );
        let (code, _) = self.show("service amr status", "amr", "status")?;
        self.check(code == 3, "status says that they are stopped (code 3)");
        let locks = self.root.list(Path::new("/var/lock/subsys"))?;
        self.check(locks.is_empty(), "no lock file is left in /var/lock/subsys");
        let log = self.root.read(Path::new("/var/log/amr-units/amr-mqtt.service.log"), 1 << 20)?;
        let lines = String::from_utf8_lossy(&log).matches("mqtt is up").count();
        self.check(lines == 2, "its log holds the words of both its processes, each with a timestamp");
        Ok(())
    }

    fn check(&mut self, good: bool, what: &str) {
        if good {
            self.shown.push(what.to_owned());
        } else {
            self.missed.push(what.to_owned());
        }
    }

    /// Prints what a script prints, as a person would see it.
    fn show(&self, typed: &str, name: &str, verb: &str) -> Result<(i32, String)> {
        out::print_raw(&format!("\n$ {typed}\n"));
        let captured = self.script(name, verb)?;
        let text = String::from_utf8_lossy(&captured.stdout).replace('\r', "");
        out::print_raw(&text);
        Ok((code(&captured), text))
    }

    /// As rc runs it: the kernel finds the interpreter.
    fn script(&self, name: &str, verb: &str) -> Result<Captured> {
        let path = self.dir.join("etc/init.d").join(name);
        self.capture(path.clone(), vec![path.into(), verb.into()])
    }

    fn amr(&self, words: &[&str]) -> Result<Captured> {
        let mut argv: Vec<OsString> = vec!["amr".into(), "--root".into(), self.dir.clone().into()];
        argv.extend(words.iter().map(OsString::from));
        self.capture(self.program.clone(), argv)
    }

    fn capture(&self, program: PathBuf, argv: Vec<OsString>) -> Result<Captured> {
        // No control group: it would be the host's.
        let env = vec![
            ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
            ("AMR_FEATURES".into(), "no-cgroup".into()),
        ];
        let spec =
            Spec { program, argv, env, stdio: [Stdio::Null, Stdio::Null, Stdio::Inherit], ..Spec::default() };
        capture(&spec, OUTPUT_MAX, PATIENCE)
    }

    fn property(&self, unit: &str, name: &str) -> Result<String> {
        let captured = self.amr(&["show", unit, "-p", name, "--value"])?;
        Ok(String::from_utf8_lossy(&captured.stdout).trim().to_owned())
    }

    /// Waits for a condition; false when it does not come about in time.
    fn until(&self, condition: impl Fn(&Self) -> Result<bool>) -> Result<bool> {
        let deadline = clock::now().saturating_add(PATIENCE);
        while clock::now() < deadline {
            if condition(self)? {
                return Ok(true);
            }
            poll::wait(&[], Some(LOOK))?;
        }
        Ok(false)
    }

    /// Takes over what status says was not applied.
    fn not_applied(&mut self, status: &str) {
        let mut listing = false;
        for line in status.lines() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            let key = key.trim();
            listing = (listing && key.is_empty()) || key == "Not applied" || key == "Left out";
            if listing {
                self.not_applied.push(value.to_owned());
            }
        }
    }

    fn summary(&self) -> Answer {
        let mut text = String::from("\nShown:\n");
        for line in &self.shown {
            text += &format!("  [x] {line}\n");
        }
        for line in &self.missed {
            text += &format!("  [ ] {line}: NOT SEEN\n");
        }
        if !self.not_applied.is_empty() {
            text += "Not applied here (amr-system):\n";
            self.not_applied.iter().for_each(|l| text += &format!("  - {l}\n"));
        }
        out::print_raw(&text);
        if self.missed.is_empty() { Answer::Done } else { Answer::No }
    }
}

fn code(captured: &Captured) -> i32 {
    match captured.exit {
        Exit::Exited(code) => code,
        Exit::Killed(_) | Exit::Dumped(_) => -1,
    }
}

/// What runs in place of mosquitto and python: says that it is up, and waits until it is told to stop.
pub fn run_stub(role: &str) -> Answered {
    if role == "stop-all" {
        out::print_raw("stop-all was called\n");
        return Ok(Answer::Done);
    }
    let mut signals =
        Signals::watch(&[Signal::SIGTERM]).map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    out::print_raw(&format!("{role} is up\n"));
    loop {
        let _ = poll::wait(&[(std::os::fd::AsFd::as_fd(&signals), poll::Interest::Read)], None);
        if !signals.take().is_empty() {
            out::print_raw(&format!("{role} was told to stop\n"));
            return Ok(Answer::Done);
        }
    }
}
