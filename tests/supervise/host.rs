//! A root of its own with a supervisor that is the real binary.

use amr::os::root::Root;
use amr::supervisor::client::{self, Answer, Options, Pending};
use amr::supervisor::core::state_dir::{Privilege, StateDir};
use amr::supervisor::service::machine::State;
use amr::supervisor::service::status::Record;
use amr::unit::load::{Loader, search_path};
use amr::unit::model::Unit;
use amr::unit::name::UnitName;
use amr::unit::specifier::{Facts, User};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// No step of a test takes longer than this.
pub const LIMIT: Duration = Duration::from_secs(30);

pub struct Host {
    pub dir: PathBuf,
    pub state_dir: StateDir,
    pub options: Options,
}

impl Host {
    pub fn new(switches: Option<&str>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("amr-sup-{}-{number}", std::process::id()));
        for folder in ["run", "etc/systemd/system", "var/log", "var/lock/subsys", "tmp"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink("../run", dir.join("var/run")).unwrap();
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
        Self { state_dir: StateDir::for_services(root, privilege), dir, options }
    }

    /// The host as a command that comes now finds it.
    pub fn look_again(&mut self) {
        self.state_dir = StateDir::for_services(self.state_dir.root.clone(), self.state_dir.privilege);
    }

    /// Writes app.service; `ROOT` in it is the folder.
    pub fn unit(&self, text: &str) -> Unit {
        let text = text.replace("ROOT", &self.dir.display().to_string());
        std::fs::write(self.dir.join("etc/systemd/system/app.service"), text).unwrap();
        self.load()
    }

    pub fn load(&self) -> Unit {
        let facts = Facts { user: Some(User::default()), ..Facts::default() };
        Loader::new(&self.state_dir.root, &search_path(None), &facts).load(&name())
    }

    pub fn begin_start(&self, unit: &Unit) -> Pending {
        client::start(&self.state_dir, unit, &self.options).unwrap()
    }

    pub fn start(&self, unit: &Unit) -> Answer {
        self.begin_start(unit).finish().unwrap().answer
    }

    pub fn begin_stop(&self, unit: &Unit) -> Pending {
        client::stop(&self.state_dir, unit, &self.options).unwrap()
    }

    pub fn stop(&self, unit: &Unit) -> Answer {
        self.begin_stop(unit).finish().unwrap().answer
    }

    pub fn status(&self) -> Record {
        client::status(&self.state_dir, &name()).unwrap().unwrap()
    }

    pub fn state(&self) -> State {
        client::status(&self.state_dir, &name()).unwrap().map_or(State::Dead, |r| r.state())
    }

    pub fn supervisor(&self) -> i32 {
        self.status().supervisor.unwrap().pid
    }

    pub fn path(&self, inner: &str) -> PathBuf {
        self.dir.join(inner)
    }

    pub fn text(&self, inner: &str) -> String {
        std::fs::read_to_string(self.path(inner)).unwrap_or_default()
    }

    pub fn locked(&self) -> bool {
        self.path("var/lock/subsys/app").exists()
    }

    /// A service that runs and has lost its supervisor, and its main process.
    pub fn start_and_lose(&self, text: &str) -> (Unit, i32) {
        let unit = self.unit(text);
        assert_eq!(self.start(&unit), Answer::Started);
        let main = self.status().main.unwrap().pid;
        self.kill_supervisor();
        (unit, main)
    }

    /// A service that was killed with its supervisor, so that nobody saw its end.
    pub fn start_and_kill(&self, text: &str) -> Unit {
        let (unit, main) = self.start_and_lose(text);
        kill(main, "KILL");
        until("status to say so", || self.state() == State::Failed);
        unit
    }

    /// Kills the supervisor as the OOM killer would, and waits until it has gone. A main process that has not executed
    /// its program yet would go with it: that is waited for.
    pub fn kill_supervisor(&self) {
        let supervisor = self.supervisor();
        let program = |pid: i32| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        if let Some(main) = self.status().main {
            until("the program", || program(main.pid) != program(supervisor));
        }
        kill(supervisor, "KILL");
        until("the supervisor to die", || !client::is_supervised(&self.state_dir, &name()).unwrap());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let unit = self.load();
        if let Ok(mut pending) = client::stop(&self.state_dir, &unit, &self.options) {
            let _ = pending.finish();
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

pub fn name() -> UnitName {
    UnitName::parse("app.service").unwrap()
}

pub fn kill(pid: i32, signal: &str) {
    assert!(pid > 1);
    let status =
        std::process::Command::new("/bin/kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    assert!(status.unwrap().success(), "kill -{signal} {pid}");
}

/// Does the process run (a zombie does not)?
pub fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|s| !s.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        amr::os::poll::wait(&[], Some(Duration::from_millis(2))).unwrap();
    }
}

/// The ways to keep a service's processes together.
pub const WAYS: [Option<&str>; 3] =
    [None, Some("no-cgroup"), Some("no-cgroup,no-pidfd,no-close-range,no-memfd")];

impl Host {
    pub fn status_or_none(&self) -> Option<Record> {
        client::status(&self.state_dir, &name()).ok().flatten()
    }
}

pub fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

pub const DAEMON: &str =
    "[Service]\nExecStart=/bin/sh -c 'trap \"exit 0\" TERM; echo up; while :; do sleep 0.05; done'\n";
pub const STUBBORN: &str = "[Service]\nTimeoutStopSec=300ms\nExecStart=/bin/sh -c 'trap \"\" TERM; echo > ROOT/tmp/up; while :; do sleep 0.05; done'\n";
