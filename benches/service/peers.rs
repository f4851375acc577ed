//! What others do for the same work: shell scripts, start-stop-daemon, supervisors, loggers.

use super::rows::{fifo, killed, pid_from, private_kib, say_missing};
use super::{Call, Result, Stage, installed, median};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Something with the three verbs.
pub struct Peer {
    pub name: String,
    pub start: Call,
    pub status: Call,
    pub stop: Call,
}

/// An init script in the manner of an RHEL 6 host: what its shared functions do, in few words.
const REDHAT: &str = r#"#!/bin/bash
# chkconfig: 2345 95 20
umask 022
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH
CONSOLETYPE=$(tty > /dev/null 2>&1 && echo vt || echo serial)
RETVAL=0
checkpid() { [ -d "/proc/$1" ]; }
running() {
    pid=$(pidof -o $$ -o $PPID -o %PPID -x "$prog" 2> /dev/null)
    [ -n "$pid" ] && return 0
    [ -f "$pidfile" ] && read pid < "$pidfile" && checkpid "$pid"
}
start() {
    echo -n "Starting $name: "
    if ! running; then
        nice -n 0 /bin/bash -c "ulimit -S -c 0 > /dev/null 2>&1 ; $prog > /dev/null 2>&1 & echo \$! > $pidfile"
    fi
    RETVAL=$?
    [ $RETVAL = 0 ] && touch "$lock" && echo '[  OK  ]'
    return $RETVAL
}
stop() {
    echo -n "Stopping $name: "
    if running; then
        kill -TERM $pid
        sleep 0.1
        checkpid $pid && sleep 1 && checkpid $pid && kill -KILL $pid
    fi
    rm -f "$pidfile" "$lock"
    echo '[  OK  ]'
    return 0
}
status() {
    if running; then echo "$name (pid  $pid) is running..."; return 0; fi
    echo "$name is stopped"; return 3
}
"#;

/// Those that are here.
pub fn all(stage: &Stage) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    if let Some(program) = installed("start-stop-daemon") {
        peers.push(start_stop_daemon(stage, &program)?);
    }
    if Path::new("/lib/init/init-d-script").is_file() && installed("start-stop-daemon").is_some() {
        peers.push(debian(stage)?);
    }
    if installed("pidof").is_some() && installed("bash").is_some() {
        peers.push(redhat(stage)?);
    }
    Ok(peers)
}

/// Says what is not here.
pub fn missing() {
    say_missing(&["start-stop-daemon", "pidof", "bash"]);
    if !Path::new("/lib/init/init-d-script").is_file() {
        super::left_out("init-d-script");
    }
}

/// A copy of the service's program under a name of its own, since some look for processes by it.
fn daemon(stage: &Stage, name: &str) -> Result<String> {
    let copy = stage.program(name);
    fs::copy(stage.program("service"), &copy)?;
    Ok(copy.display().to_string())
}

fn start_stop_daemon(stage: &Stage, program: &Path) -> Result<Peer> {
    let daemon = daemon(stage, "ssd-service")?;
    let pid_file = stage.dir.join("ssd.pid").display().to_string();
    let call = |words: &[&str]| {
        let common = ["--quiet", "--pidfile", &pid_file];
        Call::new(program, &[words, &common].concat())
    };
    Ok(Peer {
        name: "start-stop-daemon".to_owned(),
        start: call(&["--start", "--background", "--make-pidfile", "--exec", &daemon]),
        status: call(&["--status"]),
        stop: call(&["--stop", "--retry", "TERM/5", "--remove-pidfile"]),
    })
}

fn script(stage: &Stage, name: &str, label: &str, text: &str) -> Result<Peer> {
    let path = stage.dir.join(name);
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    let call = |verb: &str| Call::new(&path, &[verb]);
    Ok(Peer { name: label.to_owned(), start: call("start"), status: call("status"), stop: call("stop") })
}

fn debian(stage: &Stage) -> Result<Peer> {
    let daemon = daemon(stage, "debian-service")?;
    let pid_file = stage.dir.join("debian.pid").display().to_string();
    let text = format!(
        "#!/usr/bin/env /lib/init/init-d-script\n### BEGIN INIT INFO\n# Provides: debian-service\n\
         ### END INIT INFO\nDESC=bench\nNAME=debian-service\nDAEMON={daemon}\nPIDFILE={pid_file}\n\
         START_ARGS='--background --make-pidfile'\nSTOP_ARGS='--remove-pidfile'\n"
    );
    script(stage, "debian-script", "Debian's init-d-script", &text)
}

fn redhat(stage: &Stage) -> Result<Peer> {
    let daemon = daemon(stage, "rhel-service")?;
    let dir = stage.dir.display();
    let text = format!(
        "{REDHAT}name=rhel-service prog={daemon} pidfile={dir}/rhel.pid lock={dir}/rhel.lock\n\
         case \"$1\" in start|stop|status) \"$1\" ;; *) exit 2 ;; esac\n"
    );
    script(stage, "rhel-script", "RHEL-style script", &text)
}

/// A supervisor that runs what a folder says.
struct Supervisor {
    name: &'static str,
    folder: PathBuf,
    process: Child,
}

/// Programs that take a folder with a `run` file.
const SUPERVISORS: [&str; 3] = ["runsv", "s6-supervise", "supervise"];

impl Supervisor {
    fn start(stage: &Stage, name: &'static str, number: u32, argument: &str) -> Result<Option<Self>> {
        let Some(program) = installed(name) else { return Ok(None) };
        let folder = stage.dir.join(format!("{name}-{number}"));
        fs::create_dir_all(&folder)?;
        let run = folder.join("run");
        fs::write(&run, format!("#!/bin/sh\nexec {} {argument}\n", stage.program("service").display()))?;
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755))?;
        let mut command = Command::new(program);
        command.arg(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // The service stays in the group, so that both can be ended.
        Ok(Some(Self { name, folder, process: command.process_group(0).spawn()? }))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        use nix::sys::signal::{Signal, kill, killpg};
        let pid = nix::unistd::Pid::from_raw(self.process.id().cast_signed());
        // s6 gives its service a session of its own and takes it along on SIGTERM.
        let _ = kill(pid, Signal::SIGTERM);
        std::thread::sleep(Duration::from_millis(200));
        let _ = killpg(pid, Signal::SIGKILL);
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a supervisor of others needs.
pub struct Memory {
    pub name: String,
    pub private_kib: u64,
}

/// Each with two of its kind running.
pub fn supervisors(stage: &Stage) -> Result<Vec<Memory>> {
    let mut found = Vec::new();
    for name in SUPERVISORS {
        let running = [0, 1].map(|number| Supervisor::start(stage, name, number, ""));
        let running: Vec<Supervisor> =
            running.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
        std::thread::sleep(Duration::from_millis(500));
        let sizes = running.iter().map(|s| private_kib(s.process.id().cast_signed()));
        if let Some(private_kib) = sizes.collect::<Result<Vec<u64>>>()?.into_iter().max() {
            found.push(Memory { name: name.to_owned(), private_kib });
        }
    }
    say_missing(&SUPERVISORS);
    println!("    supervise-daemon (openrc): left out, it needs a host that OpenRC booted");
    Ok(found)
}

/// The median of five kills in a row.
pub fn supervisors_restart(stage: &Stage) -> Result<Vec<(String, Duration)>> {
    let mut found = Vec::new();
    for name in SUPERVISORS {
        let path = stage.dir.join(format!("{name}.fifo"));
        let mut pids = fifo(&path)?;
        let Some(running) = Supervisor::start(stage, name, 2, &path.display().to_string())? else { continue };
        let mut pid = pid_from(&mut pids)?;
        let times = (0..5).map(|_| killed(&mut pid, &mut pids)).collect::<Result<Vec<Duration>>>();
        found.push((format!("{}, five kills in a row", running.name), median(&mut times?)));
    }
    Ok(found)
}

/// MB a second of loggers that stamp and rotate.
pub fn loggers(stage: &Stage) -> Result<Vec<(String, f64)>> {
    const SHOUTED: f64 = 200.0;
    let mut found = Vec::new();
    let shout = stage.program("shout").display().to_string();
    for (name, options) in [("svlogd", "-ttt"), ("multilog", "t s10485760 n5"), ("s6-log", "T s10485760 n5")]
    {
        let Some(program) = installed(name) else { continue };
        let folder = stage.dir.join(format!("{name}-logs"));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("config"), "s10485760\nn5\n")?;
        let line = format!("{shout} {SHOUTED} | {} {options} {}", program.display(), folder.display());
        let time = Call::new("/bin/sh", &["-c", &line]).time()?;
        found.push((name.to_owned(), SHOUTED / time.as_secs_f64()));
        fs::remove_dir_all(&folder)?;
    }
    say_missing(&["svlogd", "multilog", "s6-log"]);
    Ok(found)
}
