//! The supervisor: one small process for each started service.
//!
//! On the [core](crate::supervisor::core) of all supervisors: it feeds what happens (signals, notify and control sockets,
//! the exec pipe, the PID file, one timer) to the machine and carries out what the machine says. It
//! sleeps in one poll(2) and wakes up for events alone.
//!
//! Between any two system calls it may be killed: the service lives on, its output waits in the
//! FIFO, and the next supervisor takes over by the record.

mod actions;
mod begin;
mod bus;
mod checks;
mod control;
mod events;
mod facts;
mod files;
mod groups;
mod kept;
mod output;
mod over;
mod processes;
mod publish;
mod reactions;
mod replan;
mod reports;
mod spawn;
mod variables;

pub use files::TIME_TO_LOOK;
pub use output::{LogSink, Output};

use self::bus::Bus;
use self::control::Waiters;
use self::kept::Store;
use self::processes::Process;
use self::spawn::Foreground;
use super::machine::{self, Action, Event, Machine, Policy, State};
use super::message::Reply;
use super::plan::{Plan, PlanError};
use super::status::Record;
use crate::cgroup::Groups;
use crate::exec::spaces::Spaces;
use crate::os::cgroup::Made;
use crate::os::clock::BootId;
use crate::os::error::Error;
use crate::os::features::{Features, UnknownSwitch};
use crate::os::inotify::Watcher;
use crate::os::kmsg::KernelLog;
use crate::os::limits::Limit;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::os::socket::NotifySocket;
use crate::os::tracking::Tracking;
use crate::supervisor::core::base::Base;
use crate::supervisor::core::claim::Claim;
use crate::supervisor::core::control::{Caller, Control};
use crate::supervisor::core::events::Events;
use crate::supervisor::core::launch::{self, Inherited};
use crate::supervisor::core::notify::Budget;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::store::{self, Published};
use crate::unit::model::{HostAction, Restart, StatusSet};
use std::collections::VecDeque;
use std::time::Duration;
use thiserror::Error as ThisError;

/// Why a supervisor could not do its work.
#[derive(Debug, ThisError)]
pub enum RunError {
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The kernel said no.
    #[error(transparent)]
    Os(#[from] Error),
    /// A switch of `AMR_FEATURES` that means nothing.
    #[error(transparent)]
    Switch(#[from] UnknownSwitch),
    /// Another supervisor has the unit.
    #[error("'{0}' has a supervisor already")]
    Busy(String),
}

/// How a run in the foreground ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The last record.
    pub record: Record,
}

/// The timers of a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Clock {
    /// The one that the machine arms.
    Phase,
    /// `WatchdogSec=` since the last ping.
    Watchdog,
    /// Look whether something has happened that nothing tells of.
    Poll,
    /// The notify socket is read again.
    Notify,
    /// A message bus is looked for again.
    Bus,
    /// A program that keeps a PID file has looked for it by now; what could not be written is tried again.
    Files,
}

/// The hidden verb `supervise --plan-fd N`: reads the plan and works until the service is down.
///
/// # Errors
/// See [`RunError`]. The starter is told, too.
pub fn supervise(plan_fd: i32) -> Result<(), RunError> {
    let Inherited { plan, mut starter } = launch::inherited(plan_fd);
    let outcome = plan.map_err(RunError::from).and_then(|plan| {
        // What needs no plan comes before it: whoever makes it may still be at work.
        let base = Base::new()?;
        let Some(bytes) = launch::read_plan(plan)? else { return Ok(()) };
        let plan = Box::new(Plan::decode(&bytes)?);
        drop(bytes);
        let mut s = Supervisor::new(base, plan, Foreground::No)?;
        if let Some(pipe) = starter.take() {
            let caller = Caller::starter(pipe, s.plan.version);
            s.waiters.add_starter(caller, s.plan.first_action);
        }
        s.work();
        Ok(())
    });
    if let (Err(e), Some(pipe)) = (&outcome, &mut starter) {
        let reply = if matches!(e, RunError::Busy(_)) { Reply::Busy } else { Reply::Error(e.to_string()) };
        launch::report(pipe, &reply.text());
    }
    outcome
}

/// Runs the service once in the foreground, with the caller's standard descriptors, until it is
/// down; it is not restarted.
///
/// # Errors
/// See [`RunError`].
pub fn foreground(mut plan: Plan) -> Result<Ended, RunError> {
    plan.service.restart = Restart::No;
    plan.service.restart_force = StatusSet::default();
    let mut s = Supervisor::new(Base::new()?, Box::new(plan), Foreground::Yes)?;
    s.work();
    Ok(Ended { record: s.record })
}

/// Everything that the loop works with.
struct Supervisor {
    plan: Box<Plan>,
    policy: Policy,
    machine: Machine,
    /// In which state the event at hand has met it.
    came_from: State,
    queue: VecDeque<Event>,
    state_dir: StateDir,
    claim: Claim,
    host: Root,
    boot: BootId,
    proc: Proc,
    features: Features,
    tracking: Tracking,
    /// Where controllers have it besides.
    groups: Groups,
    /// Whether the group of `tracking` was there before.
    before: Made,
    /// The groups have been told what the unit demands.
    realized: bool,
    main: Option<Process>,
    control: Option<Process>,
    /// What PID file or guess named for the event at hand.
    candidate: Option<ProcessId>,
    events: Events<Clock>,
    watchdog: crate::unit::value::Timeout,
    record: Record,
    /// What was there before a run in the foreground, of which no record is to stay.
    kept: Option<Option<Record>>,
    published: Published<Record>,
    /// `None` where nobody may report anything.
    notify: Option<NotifySocket>,
    /// How much of it is still read now.
    budget: Budget,
    /// Children that close what came with messages.
    holders: Vec<ProcessId>,
    /// `Type=dbus`: whoever tells of its name.
    bus: Option<Bus>,
    /// What the service has handed over.
    store: Store,
    commands: Control,
    waiters: Waiters,
    output: Option<Output>,
    watcher: Option<Watcher>,
    /// Namespaces of the run.
    spaces: Spaces,
    /// Are credentials of this run, or of one before, in their place?
    has_credentials: bool,
    invocation_id: String,
    exit: Option<crate::os::wait::Exit>,
    foreground: Foreground,
    /// The service was there before this supervisor: its processes need not be our descendants.
    adopted: bool,
    /// Somebody asked for the stop.
    asked: bool,
    /// SIGTERM came: there is little time.
    hurry: bool,
    /// The start that was asked for is still to be done, after what was found is down.
    start_pending: bool,
    /// The score and the limits of the service, where the unit says nothing and they are not this
    /// process's own.
    oom_score: Option<i32>,
    limits: Vec<Limit>,
    /// What each service of the host gets for its environment: as systemd's manager, which reads it when it starts and
    /// at a daemon-reload.
    host_variables: Vec<(String, String)>,
    /// By the clock of MONOTONIC_USEC=, when the reload signal was last sent.
    reload_signal_at: Duration,
    /// Whether the host went down when it was last asked, and when that was.
    going_down: Option<(Duration, bool)>,
    /// Programs that take the host down, until they have ended.
    host_actions: Vec<(ProcessId, HostAction)>,
    /// Where it says whom the OOM killer ended, read to where the main process began.
    kernel_log: KernelLog,
    /// How many of the unit's processes it had ended when last looked, where a memory controller tells.
    group_oom_kills: Option<u64>,
    /// Nobody lives in the group or among the kin, as was seen since the last sleep.
    deserted: bool,
    /// It waits for an automatic restart that concerns others.
    restarting: bool,
    /// Why the files that others know the service by are not all there.
    unfinished: Option<Error>,
}

impl Supervisor {
    /// Works until the service is down and everybody who asked has an answer.
    fn work(&mut self) {
        loop {
            self.drain();
            if self.machine.state.is_over() {
                if self.start_pending {
                    self.start_pending = false;
                    self.publish();
                    self.waiters.stopped(&self.machine);
                    self.queue.push_back(Event::Start);
                    continue;
                }
                break;
            }
            if let Err(e) = self.wait() {
                log::error!("{e}");
                self.events.retry_soon();
            }
        }
        self.finish();
    }

    /// Feeds what has happened to the machine until nothing is left.
    fn drain(&mut self) {
        while let Some(event) = self.queue.pop_front() {
            self.asked |= matches!(event, Event::Stop(_));
            let facts = self.facts(event);
            let (next, actions) = machine::step(&self.policy, &self.machine, &facts, event);
            let before = std::mem::replace(&mut self.machine, next);
            self.came_from = before.state;
            if !before.result.is_failure() && self.machine.result.is_failure() {
                self.record.blame(event, before.state.sub());
            }
            self.note_change(before.state);
            if actions.contains(&Action::TakeLock) {
                // In the record before it is made, so that whoever takes over knows of it; and the
                // process is in it, so that one write does for both.
                self.name_lock();
            }
            if actions.iter().any(Action::follows_its_record) {
                self.publish();
            }
            for action in actions {
                self.carry_out(action);
            }
            if self.queue.front().is_some_and(|next| matches!(next, Event::Spawned(_))) {
                // What the machine makes of the new process is written with it.
                continue;
            }
            if self.machine.state.is_over() {
                // So is the end of this process.
                continue;
            }
            self.watch_pid_file();
            if !self.restarts_at_once() {
                self.publish();
            }
        }
        self.plan_poll();
    }

    /// Removes what only a living supervisor has, and answers those who are left.
    fn finish(&mut self) {
        if let Some(output) = &mut self.output {
            output.pump();
        }
        self.await_host_actions();
        self.end_kept();
        self.record.supervisor = None;
        self.drop_lock();
        self.publish();
        let files = &self.claim.files;
        let notify = self.notify.as_ref().map(NotifySocket::path);
        let store = Some(files.store.as_path()).filter(|_| self.record.kept.is_empty());
        for path in [files.control.as_path(), files.plan.as_path()].into_iter().chain(notify).chain(store) {
            if let Err(e) = self.state_dir.root.safe_remove_file(path) {
                log::warn!("{e}");
            }
        }
        self.put_back();
        // Whoever has the answer need not meet this process again.
        self.claim.release();
        self.waiters.answer_all(&self.machine, &self.record, self.policy.start_limit);
    }

    /// The record of before, while nobody else can have the unit.
    fn put_back(&mut self) {
        let (root, path) = (&self.state_dir.root, &self.claim.files.status);
        let done = match self.kept.take() {
            Some(Some(record)) => store::write(root, path, &record),
            Some(None) => root.safe_remove_file(path),
            None => Ok(()),
        };
        self.note_failure(done);
    }

    fn within(&self, time: Duration) -> Duration {
        if self.hurry { time.min(HURRY) } else { time }
    }
}

/// How long a phase of stopping may take once SIGTERM has come: killall5 gives two seconds.
const HURRY: Duration = Duration::from_millis(700);
