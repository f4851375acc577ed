//! How a supervisor of a service comes up, and what it finds: a service that a killed one left is taken over
//! by its record.

use super::control::Waiters;
use super::kept::Store;
use super::output::Output;
use super::processes;
use super::replan::KEEPS_PLAN;
use super::spawn::Foreground;
use super::{Clock, RunError, Supervisor, groups, publish};
use crate::exec;
use crate::exec::spaces::Spaces;
use crate::os::cgroup::Made;
use crate::os::features::Features;
use crate::os::kmsg::KernelLog;
use crate::os::proc::{Identity, Proc};
use crate::os::socket::NotifySocket;
use crate::supervisor::core::base::Base;
use crate::supervisor::core::claim::Claim;
use crate::supervisor::core::control::Control;
use crate::supervisor::core::mark::Moment;
use crate::supervisor::core::notify::Budget;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::store::{Published, living};
use crate::supervisor::log::read::path_of;
use crate::supervisor::service::found::is_left_at;
use crate::supervisor::service::machine::{Event, Machine, Phase, ServiceResult, State, StopKind};
use crate::supervisor::service::plan::{ApplyMode, FirstAction, Plan};
use crate::supervisor::service::status::Record;
use crate::unit::model::NotifyAccess;
use crate::unit::value::Timeout;
use std::collections::VecDeque;
use std::time::Duration;

impl Supervisor {
    /// On the heap, and not inlined: what making it took of the stack is used again by the loop.
    #[inline(never)]
    pub(super) fn new(
        base: Base<Clock>,
        plan: Box<Plan>,
        foreground: Foreground,
    ) -> Result<Box<Self>, RunError> {
        let Base { host, boot, events, own, oom_score, fresh } = base;
        let features = Features::detect(plan.switches.as_deref())?;
        let state_dir = StateDir::from_plan(&plan.paths, plan.mode, is_left_at)?;
        let Some(claim) = Claim::take(&state_dir, &plan.unit)? else {
            return Err(RunError::Busy(plan.unit));
        };
        let proc = Proc::new(host.clone());
        let notify = notify_socket(&plan, &state_dir, &claim)?;
        let commands = Control::bind(&state_dir.root, &claim.files.control)?;
        let found = state_dir.record(&plan.unit)?;
        let kept = (foreground == Foreground::Yes).then(|| found.clone());
        let old = found.filter(|r| r.boot_id == boot.as_str());
        let (tracking, made) =
            processes::tracking(&plan, &state_dir, &host, &features, &boot, &proc, old.as_ref())?;
        let mut s = Box::new(Self {
            policy: plan.policy(),
            machine: Machine::default(),
            came_from: State::Dead,
            queue: VecDeque::new(),
            oom_score,
            limits: fresh.limits,
            host_variables: exec::of_host(&state_dir.root),
            deserted: made == Made::New,
            groups: groups::of_record(&host, old.as_ref()),
            before: made,
            realized: false,
            restarting: false,
            watchdog: plan.service.watchdog,
            output: None,
            kept,
            record: publish::fresh(&plan, old.as_ref(), &boot, own.as_ref()),
            published: Published::default(),
            main: None,
            control: None,
            candidate: None,
            waiters: Waiters::default(),
            watcher: None,
            spaces: Spaces::default(),
            // Those of a run that nobody saw end.
            has_credentials: true,
            invocation_id: String::new(),
            exit: None,
            adopted: false,
            asked: false,
            hurry: false,
            start_pending: false,
            kernel_log: KernelLog::open(&host),
            group_oom_kills: None,
            reload_signal_at: Duration::ZERO,
            going_down: None,
            host_actions: Vec::new(),
            plan,
            state_dir,
            claim,
            host,
            boot,
            proc,
            features,
            tracking,
            events,
            notify,
            budget: Budget::default(),
            holders: Vec::new(),
            bus: None,
            store: Store::default(),
            commands,
            foreground,
            unfinished: None,
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
        match Output::open(&self.state_dir.root, &self.claim.files.output, &log, &self.plan.service.context) {
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
                exec::remove_private_tmp(&self.state_dir.root, &self.plan.unit, &old.invocation_id);
            }
            self.record.lock = old.lock;
            self.drop_lock();
            // A start that the limit refuses leaves the result and the exit status of the last run.
            self.machine.result = ServiceResult::parse(&old.result).unwrap_or_default();
            if self.machine.result.is_failure() {
                self.machine.state = State::Failed;
            }
            // What outlived a supervisor in order is for who restarts the service.
            let goes_on = self.plan.first_action == FirstAction::Start && old.supervisor.is_none();
            self.take_over_kept(old.kept, goes_on);
            if self.plan.first_action != FirstAction::Start {
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
        let kept = old.kept.clone();
        publish::inherit(&mut self.record, old);
        if keeps_plan {
            self.take_over_plan();
        }
        if let Some(time) = self.record.watchdog_usec {
            self.watchdog =
                if time == 0 { Timeout::Never } else { Timeout::After(Duration::from_micros(time)) };
        }
        self.invocation_id.clone_from(&self.record.invocation_id);
        // Those of a run that goes on are where its supervisor has put them.
        self.has_credentials = true;
        self.machine.restarts = self.record.restarts;
        self.take_over_kept(kept, true);
        let main = main.and_then(|m| self.stranger(&m));
        if let Some(main) = &main {
            self.spaces = Spaces::of_process(&self.plan.service.context, main.pid());
        }
        let (context, root) = (&self.plan.service.context, &self.state_dir.root);
        exec::take_over_users(context, root, &self.plan.paths.run_dir, &self.spaces);
        match main {
            Some(main) if known != Some(main.pid().get()) => {
                self.set_main(main);
                // Nobody knows when.
                self.record.exec_main_start = Moment::default();
            }
            main => self.main = main,
        }
        self.name_writer(None);
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
        self.watch_bus();
        match self.plan.first_action {
            FirstAction::Stop => self.queue.push_back(Event::Stop(StopKind::Stop)),
            FirstAction::Start => self.start_pending = phase == Phase::Stopping,
            FirstAction::Adopt => {}
        }
    }
}

/// Where the service tells how it is, if it may.
fn notify_socket(plan: &Plan, state_dir: &StateDir, claim: &Claim) -> Result<Option<NotifySocket>, RunError> {
    match plan.service.notify_access {
        NotifyAccess::None => Ok(None),
        NotifyAccess::Main | NotifyAccess::Exec | NotifyAccess::All => {
            Ok(Some(NotifySocket::bind(&state_dir.root, &claim.files.notify_dir)?))
        }
    }
}
