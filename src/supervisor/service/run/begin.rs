//! How a supervisor comes up: the ground that it stands on whatever its plan says, the plan, and what
//! is there already. Whoever holds the unit's lock is its only supervisor; a service that a killed one
//! left is taken over by its record.

use super::control::Waiters;
use super::output::Output;
use super::processes;
use super::spawn::Foreground;
use super::{RunError, Supervisor, groups, publish};
use crate::exec;
use crate::os::cgroup::Made;
use crate::os::clock::BootId;
use crate::os::error::Error;
use crate::os::features::Features;
use crate::os::fresh::{self, Fresh};
use crate::os::lock::Lock;
use crate::os::poll::Timers;
use crate::os::proc::{Identity, Proc, ProcessId};
use crate::os::root::Root;
use crate::os::signal::{Signal, Signals};
use crate::os::socket::{Listener, NotifySocket};
use crate::os::tracking;
use crate::supervisor::log::read::path_of;
use crate::supervisor::service::machine::{Event, Machine, Phase, ServiceResult, State, StopKind};
use crate::supervisor::service::notify::Budget;
use crate::supervisor::service::place::{Place, living};
use crate::supervisor::service::plan::{ApplyMode, Errand, PLAN_LIMIT, Plan};
use crate::supervisor::service::status::{Moment, Record};
use crate::supervisor::service::version::KEEPS_PLAN;
use crate::unit::model::NotifyAccess;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

/// `None` where nothing was sent: the supervisor is not needed after all.
#[inline(never)]
pub(super) fn read_plan(fd: OwnedFd) -> Result<Option<Box<Plan>>, RunError> {
    let mut bytes = Vec::with_capacity(4096);
    File::from(fd).take(PLAN_LIMIT).read_to_end(&mut bytes).map_err(|e| Error::new("read", "plan", e))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Box::new(Plan::decode(&bytes)?)))
}

/// What a supervisor has whatever its plan says.
pub(super) struct Ground {
    host: Root,
    boot: BootId,
    signals: Signals,
    own: Option<Identity>,
    oom_score: Option<i32>,
    fresh: Fresh,
}

impl Ground {
    pub(super) fn new() -> Result<Self, RunError> {
        let host = Root::host()?;
        let fresh = fresh::become_fresh(&host);
        let boot = BootId::read(&host)?;
        let signals = Signals::watch(&[Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])?;
        tracking::become_subreaper()?;
        let own = Proc::new(host.clone()).identity(ProcessId::own(), &boot).ok();
        let oom_score = processes::protect(&host);
        Ok(Self { host, boot, signals, own, oom_score, fresh })
    }
}

impl Supervisor {
    /// On the heap, and not inlined: what making it took of the stack is used again by the loop.
    #[inline(never)]
    pub(super) fn new(
        ground: Ground,
        plan: Box<Plan>,
        foreground: Foreground,
    ) -> Result<Box<Self>, RunError> {
        let Ground { host, boot, signals, own, oom_score, fresh } = ground;
        let features = Features::detect(plan.switches.as_deref())?;
        let place = Place::from_plan(&plan.paths, plan.mode)?;
        let files = place.prepare(&plan.unit)?;
        let Some(lock) = Lock::try_take(&place.root, &files.lock)? else {
            return Err(RunError::Busy(plan.unit));
        };
        if place.is_held_elsewhere(&plan.unit)? {
            return Err(RunError::Busy(plan.unit));
        }
        let proc = Proc::new(host.clone());
        let notify = match plan.service.notify_access {
            NotifyAccess::None => None,
            NotifyAccess::Main | NotifyAccess::Exec | NotifyAccess::All => {
                Some(NotifySocket::bind(&place.root, &files.notify_dir)?)
            }
        };
        let listener = Listener::bind(&place.root, &files.control, 0o600)?;
        let old = place.record(&plan.unit)?.filter(|r| r.boot_id == boot.as_str());
        let (tracking, made) =
            processes::tracking(&plan, &place, &host, &features, &boot, &proc, old.as_ref())?;
        let mut s = Box::new(Self {
            policy: plan.policy(),
            machine: Machine::default(),
            queue: VecDeque::new(),
            oom_score,
            limits: fresh.limits,
            deserted: made == Made::New,
            groups: groups::of_record(&host, old.as_ref()),
            before: made,
            realized: false,
            missed: false,
            restarting: false,
            watchdog: plan.service.watchdog,
            output: None,
            record: publish::fresh(&plan, old.as_ref(), &boot, own.as_ref()),
            published: Record::default(),
            main: None,
            control: None,
            candidate: None,
            timers: Timers::default(),
            waiters: Waiters::default(),
            watcher: None,
            invocation_id: String::new(),
            exit: None,
            adopted: false,
            asked: false,
            hurry: false,
            start_pending: false,
            oom_kills: None,
            group_oom_kills: None,
            going_down: None,
            plan,
            place,
            files,
            host,
            boot,
            proc,
            features,
            tracking,
            signals,
            notify,
            budget: Budget::default(),
            holders: Vec::new(),
            listener,
            foreground,
            unfinished: None,
            lock: Some(lock),
        });
        if s.plan.mode == ApplyMode::Strict {
            s.record.not_applied.extend(fresh.left);
        }
        s.open_output();
        s.first(old)?;
        Ok(s)
    }

    pub(super) fn open_output(&mut self) {
        if self.foreground == Foreground::Yes || !self.plan.writes_log() {
            return;
        }
        let log = path_of(&self.plan.paths.log_dir, &self.plan.unit);
        match Output::open(&self.place.root, &self.files.output, &log) {
            Ok(mut output) => {
                // The first supervisor of a boot finds no record of this boot.
                self.record.log_seen_to = self.record.log_seen_to || output.mark_boot(&self.boot);
                self.output = Some(output);
                self.record.log_path = Some(log);
            }
            Err(e) => self.record.not_applied.push(format!("{e}; the service's output is lost")),
        }
    }

    /// What is there to begin with: a service that a killed supervisor left, or nothing.
    fn first(&mut self, old: Option<Record>) -> Result<(), RunError> {
        let mut old = old.unwrap_or_default();
        // An earlier release's record does not say it.
        old.oneshot = self.record.oneshot;
        self.machine.starts = old.starts.into();
        let others = self.others_live();
        let main = self.left_main(&old)?;
        if let Some(phase) = old.phase(main.is_some(), others) {
            self.take_over(old, main, phase);
        } else {
            (self.adopted, self.control) = (false, None);
            // What is left of one that ended while nobody looked.
            if old.supervisor.is_some() {
                exec::remove_private_tmp(&self.place.root, &self.plan.unit, &old.invocation_id);
            }
            self.record.lock = old.lock;
            self.drop_lock();
            // A start that the limit refuses leaves the result and the exit status of the last run.
            self.machine.result = ServiceResult::parse(&old.result).unwrap_or_default();
            if self.machine.result.is_failure() {
                self.machine.state = State::Failed;
            }
            if self.plan.errand != Errand::Start {
                return Ok(());
            }
            self.keep_plan()?;
            if others {
                log::warn!("'{}' has processes left from an earlier run", self.plan.unit);
            }
            self.queue.push_back(Event::Start);
        }
        Ok(())
    }

    /// The main process that a killed supervisor left: the one of its record or, where it did not come to
    /// know of one or that has ended, the one that PID file or guess name.
    fn left_main(&mut self, old: &Record) -> Result<Option<Identity>, RunError> {
        if let Some(main) = living(old.main, &self.boot, &self.proc)? {
            return Ok(Some(main));
        }
        if !old.state().main_may_move() {
            return Ok(None);
        }
        self.adopted = true;
        if let Some(control) = living(old.control, &self.boot, &self.proc)? {
            self.control = self.stranger(&control);
        }
        let found = self.find_main().filter(|pid| old.main.is_none_or(|mark| mark.pid != pid.get()));
        let identity = found.map(|pid| self.proc.identity(pid, &self.boot)).transpose();
        // One that has ended since is none.
        Ok(identity.unwrap_or_default())
    }

    fn take_over(&mut self, old: Record, main: Option<Identity>, phase: Phase) {
        log::warn!("'{}' lost its supervisor: taking over", self.plan.unit);
        self.adopted = true;
        self.record.unknown = Some(old.unseen(phase).to_owned());
        let known = old.main.map(|mark| mark.pid);
        let keeps_plan = old.version >= KEEPS_PLAN;
        publish::inherit(&mut self.record, old);
        if keeps_plan {
            self.take_over_plan();
        }
        self.invocation_id.clone_from(&self.record.invocation_id);
        self.machine.restarts = self.record.restarts;
        let main = main.and_then(|m| self.stranger(&m));
        match main {
            Some(main) if known != Some(main.pid().get()) => {
                self.set_main(main);
                // Nobody knows when.
                self.record.exec_main_start = Moment::default();
            }
            main => self.main = main,
        }
        let phase = if phase == Phase::Starting && self.control.is_some() {
            Phase::Forking
        } else {
            // One of the others, that nobody waits for.
            self.control = None;
            phase
        };
        if phase == Phase::Running && self.record.lock.is_some() {
            // It may be that the record was as far as the other one came.
            self.take_lock();
        }
        self.queue.push_back(Event::Adopted(phase));
        match self.plan.errand {
            Errand::Stop => self.queue.push_back(Event::Stop(StopKind::Stop)),
            Errand::Start => self.start_pending = phase == Phase::Stopping,
            Errand::Adopt => {}
        }
    }
}
