//! The process that keeps the limit of the command of `--exec`, also where the drain was told to end and does not wait.
//!
//! Whatever the command started comes to it when its parent ends (child subreaper), and is killed with the command, also
//! where the command has ended before. It says how that went in one line, which is empty where all is well.

use crate::os::child::{Spec, Stdio, spawn};
use crate::os::clock::{self, BootId};
use crate::os::error::Result;
use crate::os::features::Features;
use crate::os::inherited::only_descriptors;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::os::tracking::{Descendants, Tracking, become_subreaper};
use crate::os::{kill, poll, process, signal, wait};
use std::io::{Write, stderr, stdout};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// How long what was killed may take to end.
pub const GRACE: Duration = Duration::from_secs(1);

/// How soon it is looked again whether the command has ended. In between a quarter of what it has run so far.
const STEPS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// How often it is looked whether what the command left behind has ended.
const LEFT: Duration = Duration::from_millis(500);

const KILL: i32 = 9;

/// Runs the command, says on `link` what became of it, and ends it with all that it started at `ends`.
pub fn guard(spec: Spec, ends: Duration, link: UnixStream, features: &Features) {
    // A signal of the terminal is the drain's; one to this process alone ends it.
    signal::default_actions();
    let _ = process::setsid();
    let say = |what: &str| drop((&link).write_all(format!("{what}\n").as_bytes()));
    let mut command = match Command::begin(spec, &[link.as_fd()], features) {
        Ok(command) => command,
        Err(error) => return say(&error.to_string()),
    };
    match command.wait(ends) {
        Some(wait::Exit::Exited(0)) => say(""),
        Some(exit) => say(&format!("the command of --exec failed: {exit}")),
        None => {
            let left = command.end(features);
            let why =
                left.map(|pid| format!("; process {pid} is left behind: it is in an uninterruptible sleep"));
            say(&format!("the command of --exec took too long and was killed{}", why.unwrap_or_default()));
        }
    }
    while clock::now() < ends && !command.is_over() {
        let _ = poll::wait(&[], Some(LEFT.min(ends.saturating_sub(clock::now()))));
    }
    command.end(features);
}

/// What runs, and what it started.
struct Command {
    pid: ProcessId,
    kin: Option<Tracking>,
}

impl Command {
    fn begin(spec: Spec, own: &[std::os::fd::BorrowedFd<'_>], features: &Features) -> Result<Self> {
        // It speaks where the drain does; all else that is open is the drain's.
        let clone = |fd: std::io::Result<std::os::fd::OwnedFd>| fd.ok().map(Arc::new);
        let said = [stdout().as_fd().try_clone_to_owned(), stderr().as_fd().try_clone_to_owned()].map(clone);
        let kept: Vec<_> = own.iter().copied().chain(said.iter().flatten().map(|fd| fd.as_fd())).collect();
        let _ = only_descriptors(&kept, features.close_range);
        let [out, err] = said.clone().map(|fd| fd.map_or(Stdio::Null, Stdio::Fd));
        // Without it, and without /proc, who leaves the command's session gets away.
        let _ = become_subreaper();
        let kin = Root::host().and_then(|host| {
            let boot = BootId::read(&host)?;
            Ok(Tracking::Subreaper(Descendants::new(ProcessId::own(), Proc::new(host), boot)))
        });
        let pid = spawn(&Spec { stdio: [Stdio::Null, out, err], ..spec })?.pid;
        Ok(Self { pid, kin: kin.ok() })
    }

    /// How it ended, if it does by then.
    fn wait(&self, ends: Duration) -> Option<wait::Exit> {
        let ([soonest, latest], began) = (STEPS, clock::now());
        loop {
            while let Ok(Some(reaped)) = wait::reap_any() {
                if reaped.pid == self.pid {
                    return Some(reaped.exit);
                }
            }
            let now = clock::now();
            if now >= ends {
                return None;
            }
            let step = (now.saturating_sub(began) / 4).clamp(soonest, latest);
            let _ = poll::wait(&[], Some(step.min(ends.saturating_sub(now))));
        }
    }

    /// Whether nothing is left of it.
    fn is_over(&mut self) -> bool {
        while let Ok(Some(_)) = wait::reap_any() {}
        self.kin.as_mut().is_none_or(|kin| kin.is_empty().unwrap_or(true))
    }

    /// Ends it; one that does not end.
    fn end(&mut self, features: &Features) -> Option<ProcessId> {
        let until = clock::now().saturating_add(GRACE);
        while !self.is_over() && clock::now() < until {
            let _ = match &mut self.kin {
                Some(kin) => kin.kill_all(KILL, &[], features).map(drop),
                // Its group is its own session's; unreaped, the number is still its own.
                None => kill::group(self.pid, KILL).map(drop),
            };
            let [soonest, _] = STEPS;
            let _ = poll::wait(&[], Some(soonest));
        }
        self.kin.as_mut().and_then(|kin| kin.pids().ok()).and_then(|left| left.first().copied())
    }
}
