//! The processes of the service: who they are, who of them is the main one, and whether any live.

use super::{Clock, Supervisor};
use crate::exec::stage::{ExecPipe, ExecState};
use crate::os::cgroup::{Group, Hierarchy, Made, Version};
use crate::os::clock::{self, BootId};
use crate::os::error::Result;
use crate::os::features::Features;
use crate::os::inotify::{Scope, Watcher};
use crate::os::kill::{self, Target};
use crate::os::pipe::Opener;
use crate::os::proc::{Identity, Proc, ProcessId};
use crate::os::root::{Author, Reader, Root};
use crate::os::tracking::{Descendants, Tracking};
use crate::supervisor::core::state_dir::{Privilege, StateDir};
use crate::supervisor::service::found::relatives;
use crate::supervisor::service::machine::{Event, Main, State};
use crate::supervisor::service::plan::Plan;
use crate::supervisor::service::status::Record;
use std::path::Path;
use std::time::Duration;

/// One process that the supervisor waits for.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) identity: Identity,
    /// For one that is not our child.
    pub(super) target: Option<Target>,
    /// Until exec is done.
    pub(super) exec: Option<ExecPipe>,
    /// Until it is in the record: what keeps it from its exec.
    pub(super) gate: Option<Opener>,
}

impl Process {
    /// A child of this supervisor.
    pub(super) fn child(identity: Identity) -> Self {
        Self { identity, target: None, exec: None, gate: None }
    }

    pub(super) fn pid(&self) -> ProcessId {
        self.identity.pid
    }

    /// Takes note of the exec; `Some` when it became known how it went.
    pub(super) fn exec_state(&mut self) -> Option<(ExecState, Vec<String>)> {
        let pipe = self.exec.as_mut()?;
        let state = pipe.state();
        if state == ExecState::Pending {
            return None;
        }
        let notices = pipe.notices().iter().map(ToString::to_string).collect();
        self.exec = None;
        Some((state, notices))
    }
}

/// How this supervisor tells its service's processes from others: as its predecessor did, while
/// processes of that one live; else by a group of the kernel, where there can be one.
pub(super) fn tracking(
    plan: &Plan,
    state_dir: &StateDir,
    host: &Root,
    features: &Features,
    boot: &BootId,
    proc: &Proc,
    old: Option<&Record>,
) -> Result<(Tracking, Made)> {
    let may_group = state_dir.privilege == Privilege::Root;
    let name = if may_group { Some(group_name(plan, state_dir)?) } else { None };
    if let Some(dir) = old.and_then(|r| r.tracking.cgroup.as_ref()) {
        let version = Version::from_unified(old.is_some_and(|r| r.tracking.unified));
        let group = Group::at(host, dir.clone(), version);
        let same = dir.file_name().zip(name.as_ref()).is_some_and(|(dir, name)| dir == name.as_str());
        if same && features.cgroup && old.is_some_and(|r| r.marks().is_empty()) && group.is_made_anew() {
            return Ok((Tracking::Cgroup(group), Made::New));
        }
        if !group.is_empty()? {
            return Ok((Tracking::Cgroup(group), Made::Before));
        }
    }
    let seen = old.map_or_else(|| Ok(Vec::new()), |r| relatives(r, boot, proc))?;
    if !seen.is_empty() {
        let kin = Descendants::adopt(&seen, proc.clone(), boot.clone());
        return Ok((Tracking::Subreaper(kin.taken_over_by(ProcessId::own())), Made::Before));
    }
    if let Some(name) = name {
        let run_dir = state_dir.root.outer(&state_dir.run_dir);
        if let Some(hierarchy) = Hierarchy::find(host, features, &run_dir, "amr")? {
            let group = hierarchy.group(&name);
            let made = group.create()?;
            return Ok((Tracking::Cgroup(group), made));
        }
    }
    let kin = Descendants::new(ProcessId::own(), proc.clone(), boot.clone());
    Ok((Tracking::Subreaper(kin), Made::Before))
}

/// A unit of a folder root is not the host's unit of the same name.
pub(super) fn group_name(plan: &Plan, state_dir: &StateDir) -> Result<String> {
    if state_dir.root.is_host() {
        return Ok(plan.unit.clone());
    }
    let top = state_dir.root.top()?;
    Ok(format!("{}.{:x}-{:x}", plan.unit, top.dev, top.ino))
}

impl Supervisor {
    pub(super) fn own_pids(&self) -> Vec<ProcessId> {
        [&self.main, &self.control].into_iter().flatten().map(Process::pid).collect()
    }

    /// Does anybody live besides the main and the control process?
    pub(super) fn others_live(&mut self) -> bool {
        if self.deserted {
            return false;
        }
        let own = self.own_pids();
        match self.tracking.has_others(&own) {
            Ok(others) => {
                self.deserted = !others && own.is_empty();
                others
            }
            Err(e) => {
                log::warn!("{e}");
                false
            }
        }
    }

    /// A process that is not our child: held by a pidfd, or looked at from time to time.
    pub(super) fn stranger(&self, identity: &Identity) -> Option<Process> {
        let target = Target::open(identity, &self.boot, &self.proc, &self.features);
        match target {
            Ok(Some(target)) => Some(Process { target: Some(target), ..Process::child(identity.clone()) }),
            Ok(None) => None,
            Err(e) => {
                log::warn!("{e}");
                None
            }
        }
    }

    /// Which process PID file or guess name now.
    pub(super) fn find_main(&mut self) -> Option<ProcessId> {
        let control = self.control.as_ref().map(Process::pid);
        let files = self.plan.pid_files();
        let found = if files.is_empty() {
            self.plan.service.guess_main_pid.then(|| self.guess()).flatten()
        } else {
            files.iter().find_map(|path| self.named_by_file(path))
        }?;
        (Some(found) != control && found.get() != 1 && found != ProcessId::own()).then_some(found)
    }

    /// The process of the PID file: alive, and of our own processes or named by a file that root alone
    /// can have written and put there, so that a service cannot have somebody else's process killed.
    fn named_by_file(&mut self, path: &Path) -> Option<ProcessId> {
        let (pid, author) = match self.read_pid_file(path) {
            Ok(named) => named?,
            Err(e) => {
                if !e.is_not_found() {
                    log::warn!("{e}");
                }
                return None;
            }
        };
        let stat = self.proc.stat(pid).ok()?;
        if stat.is_zombie() {
            return None;
        }
        let owned = self.is_ours(pid);
        let trusted = self.state_dir.privilege == Privilege::Root && author == Author::Root;
        if !owned && !trusted {
            log::warn!(
                "PID file '{}' names process {pid}, which is not of '{}': ignored",
                path.display(),
                self.plan.unit
            );
        }
        (owned || trusted).then_some(pid)
    }

    /// The process that a PID file names, and who can have written it; `None` where it names none.
    pub(super) fn read_pid_file(&self, path: &Path) -> Result<Option<(ProcessId, Author)>> {
        let (bytes, author) = self.state_dir.root.safe_read(path, 4096, Reader::Amr)?;
        let text = String::from_utf8_lossy(&bytes);
        let named = text.split_whitespace().next().and_then(|word| ProcessId::new(word.parse().ok()?));
        Ok(named.map(|pid| (pid, author)))
    }

    /// Is it a process of the service?
    pub(super) fn is_ours(&mut self, pid: ProcessId) -> bool {
        self.tracking.pids().is_ok_and(|pids| pids.contains(&pid))
    }

    /// The only process whose parent has gone and which therefore is our child (`GuessMainPID=`), or is
    /// the child of somebody else where our predecessor was its parent.
    fn guess(&mut self) -> Option<ProcessId> {
        let pids = self.tracking.pids().ok()?;
        let own = ProcessId::own().get();
        let is_orphan = |ppid: i32| ppid == own || self.adopted && !pids.iter().any(|pid| pid.get() == ppid);
        let control = self.control.as_ref().map(Process::pid);
        let mut orphans = pids.iter().copied().filter(|pid| {
            Some(*pid) != control && self.proc.stat(*pid).is_ok_and(|s| is_orphan(s.ppid) && !s.is_zombie())
        });
        let only = orphans.next()?;
        orphans.next().is_none().then_some(only)
    }

    /// The process that was found is the main one from now on.
    pub(super) fn take_main(&mut self) {
        let Some(pid) = self.candidate.take() else { return };
        if self.main.as_ref().is_some_and(|m| m.pid() == pid) {
            return;
        }
        let Ok(stat) = self.proc.stat(pid) else { return self.queue.push_back(GONE) };
        let identity = Identity { pid, start_time: stat.start_time, boot_id: self.boot.clone() };
        let process = if stat.ppid == ProcessId::own().get() {
            Some(Process::child(identity))
        } else {
            self.stranger(&identity)
        };
        match process {
            Some(process) => self.set_main(process),
            None => self.queue.push_back(GONE),
        }
    }

    /// Watches for the PID file while the machine waits for it.
    pub(super) fn watch_pid_file(&mut self) {
        if !self.machine.awaits_pid_file {
            self.watcher = None;
            return;
        }
        if self.watcher.is_some() {
            return;
        }
        let files = self.plan.pid_files();
        let mut folders = files.iter().filter_map(|path| path.parent());
        let Some(folder) = folders.next() else { return };
        let watch =
            Watcher::new().and_then(|w| w.add(&self.state_dir.root, folder, Scope::Arrivals).map(|_| w));
        let watch = watch.inspect(|w| {
            // One that is not there is looked at from time to time, as all are.
            folders.for_each(|other| drop(w.add(&self.state_dir.root, other, Scope::Arrivals)));
        });
        match watch {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                // It may have come between the look and the watch.
                self.queue.push_back(Event::PidFile);
            }
            Err(e) => log::warn!("{e}; looking for the PID file from time to time"),
        }
    }

    /// Arms a timer only for what nothing else would tell: the end of processes that are not our
    /// children and have no pidfd.
    pub(super) fn plan_poll(&mut self) {
        let strangers = [&self.main, &self.control]
            .into_iter()
            .flatten()
            .any(|p| p.target.as_ref().is_some_and(|t| t.pidfd().is_none()));
        let alone = self.main.is_none() && self.control.is_none();
        let state = self.machine.state;
        let every = if alone && (state.is_stopping() || self.machine.awaits_pid_file) {
            Some(Duration::from_millis(100))
        } else if strangers
            || (self.adopted && alone && state == State::Running && self.machine.main == Main::Unknown)
        {
            Some(Duration::from_secs(1))
        } else {
            None
        };
        match (every, self.events.timers.deadline(Clock::Poll)) {
            (None, _) => self.events.timers.disarm(Clock::Poll),
            (Some(_), Some(_)) => {}
            (Some(time), None) => self.events.timers.arm(Clock::Poll, clock::now().saturating_add(time)),
        }
    }

    /// Sends a signal to one of the two processes. Could it be sent, or has the process gone?
    pub(super) fn signal(&self, process: &Process, signal: i32) -> bool {
        let sent = match &process.target {
            Some(target) => target.send(signal, &self.boot, &self.proc),
            None => kill::child(process.pid(), signal),
        };
        sent.inspect_err(|e| log::warn!("{e}")).is_ok()
    }
}

/// What was found to be the main process has ended meanwhile.
const GONE: Event = Event::MainExit(crate::supervisor::service::machine::Exit::Unknown);
