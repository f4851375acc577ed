//! Carries out what the machine says.

use super::spawn::{self, SpawnContext};
use super::variables::RunFacts;
use super::{Clock, Process, Supervisor};
use crate::exec::{self, Passing, Refused};
use crate::os::clock;
use crate::os::error::Result;
use crate::os::random;
use crate::os::tracking::Tracking;
use crate::os::wait;
use crate::supervisor::core::mark::Moment;
use crate::supervisor::core::store::moment;
use crate::supervisor::service::machine::{
    Action, Event, Exit, KillOp, Role, ServiceResult, Slot, State, StopKind, Targets, Timer,
};
use crate::supervisor::service::restart::Backoff;
use crate::supervisor::service::status::{CheckMark, CommandMark};
use crate::unit::value::Timeout;
use std::os::fd::AsFd;

/// SIGCONT, so that a stopped process can die; SIGHUP of `SendSIGHUP=`.
const SIGCONT: i32 = crate::os::signal::Signal::SIGCONT as i32;
const SIGHUP: i32 = crate::os::signal::Signal::SIGHUP as i32;
const SIGKILL: i32 = crate::os::signal::Signal::SIGKILL as i32;

impl Supervisor {
    pub(super) fn carry_out(&mut self, action: Action) {
        match action {
            Action::Begin => self.begin(),
            Action::StartLimitHit => self.act_on_host(self.plan.actions.start_limit, "was started too often"),
            Action::Spawn { slot, index, role } => self.spawn(slot, index, role),
            Action::Kill(op, targets) => self.kill(op, targets),
            Action::DropControl => {
                if let Some(process) = self.control.take() {
                    self.signal(&process, SIGKILL);
                }
            }
            Action::ReloadSignal => {
                self.reload_signal_at = clock::monotonic();
                let signal = self.plan.service.kill.reload_signal.0;
                // SIGCONT so that a stopped process hears it (`kill_and_sigcont`).
                let send = |process| self.signal(process, signal) && self.signal(process, SIGCONT);
                if self.main.as_ref().is_some_and(|process| !send(process)) {
                    self.answer(Event::NotSignalled);
                }
            }
            Action::TakeMain => self.take_main(),
            Action::Arm(timer) => self.arm(timer),
            Action::Disarm => self.events.timers.disarm(Clock::Phase),
            Action::ArmWatchdog => {
                self.arm_clock(Clock::Watchdog, self.watchdog);
                if self.watchdog != Timeout::Never {
                    self.record.watchdog = moment();
                }
            }
            Action::DisarmWatchdog => self.events.timers.disarm(Clock::Watchdog),
            Action::Started => self.started(),
            Action::Reloaded(result) => {
                self.publish();
                self.waiters.reloaded(result);
            }
            Action::TakeLock => self.take_lock(),
            Action::DropLock => self.drop_lock(),
            Action::Over { again } => self.over(again),
        }
    }

    /// It is up, with the files that others know it by. Where one of those cannot be had, whoever asked for
    /// the start gets none: a service that status, rc or the next command does not see is worse than a
    /// start that failed. A restart that nobody waits for goes on: it was up before.
    fn started(&mut self) {
        let lock = self.unfinished.take().map_or(Ok(()), Err);
        match lock.and_then(|()| self.give_pid_file()).and_then(|()| self.try_publish()) {
            Err(e) if self.waiters.await_start() => {
                log::error!("{e}; the start of '{}' is undone", self.plan.unit);
                self.record.exec_failure = Some(e.to_string());
                self.machine.result = ServiceResult::Resources;
                self.queue.push_back(Event::Stop(StopKind::Stop));
            }
            outcome => {
                if let Err(e) = outcome {
                    self.note_unwritten(&e);
                }
                self.waiters.started();
            }
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.restarting) {
            // An automatic restart restarts those who require the unit, as systemd's restart job does.
            self.call_reaction("restarting");
        }
        self.invocation_id = random::uuid(&self.host).unwrap_or_default();
        self.exit = None;
        self.asked = false;
        self.adopted = false;
        self.watchdog = self.plan.service.watchdog;
        let r = &mut self.record;
        // Whoever asked for the start has looked at them, and before an automatic restart `checks_met`.
        (r.condition, r.assertion) = (CheckMark::met(moment()), CheckMark::met(moment()));
        r.watchdog = Moment::default();
        r.unwritten = None;
        r.invocation_id.clone_from(&self.invocation_id);
        (r.exec_main_pid, r.exec_main_code, r.exec_main_status) = (0, 0, 0);
        (r.exec_main_start, r.exec_main_exit) = (Moment::default(), Moment::default());
        r.exec_failure = None;
        r.unknown = None;
        r.commands.clear();
        r.failed_in.clear();
        r.status_text = String::new();
        r.status_errno = 0;
        self.realize_groups();
        self.drop_credentials();
        self.watch_bus();
    }

    fn spawn(&mut self, slot: Slot, index: usize, role: Role) {
        if slot == Slot::Start {
            self.drop_hung_up();
        }
        if let Some(output) = &mut self.output {
            output.shape(&self.plan.service.context);
        }
        if role == Role::Main {
            self.kernel_log.skip();
        }
        let launched = self.launch(slot, index, role);
        // Whatever else went wrong, they are there, unless they could not be made.
        let made = !matches!(&launched, Err(Refused::At(exec::stage::Stage::Credentials, _)));
        let asked = spawn::gets_credentials(slot) && !self.plan.service.context.credentials.is_empty();
        self.has_credentials |= asked && made;
        match launched {
            Ok(process) => self.spawned(process, slot, index, role),
            Err(refused) => self.not_spawned(refused, slot, index, role),
        }
    }

    /// Makes the process of a command, with all that it is to get.
    fn launch(&mut self, slot: Slot, index: usize, role: Role) -> std::result::Result<Process, Refused> {
        let known = RunFacts {
            invocation_id: self.invocation_id.clone(),
            main_pid: self.main.as_ref().map(|m| m.pid().get()),
            result: self.machine.result.as_str(),
            exit: self.exit.map(exit_words),
            notify: self.notify.as_ref().map(|socket| self.state_dir.root.outer(socket.path())),
            watchdog: Some(self.watchdog),
            monitored: self.plan.monitored.as_ref().and_then(|unit| self.state_dir.record(unit).ok()?),
        };
        let group = match &self.tracking {
            Tracking::Cgroup(group) => Some(group),
            Tracking::Subreaper(_) => None,
        };
        let names: Vec<String> = self.record.kept.iter().map(|kept| kept.name.clone()).collect();
        let own: Vec<_> = self.claim.held().into_iter().chain([self.commands.as_fd()]).collect();
        let scene = SpawnContext {
            plan: &self.plan,
            root: &self.state_dir.root,
            features: &self.features,
            spaces: &self.spaces,
            output: self.output.as_ref(),
            notify: self.notify.as_ref(),
            passing: Passing {
                files: &self.plan.service.open_files,
                kept: self.store.keeper.as_ref().map(|keeper| (keeper, names.as_slice())),
                own: &own,
            },
            group,
            controllers: self.groups.list(),
            foreground: self.foreground,
            has_credentials: self.has_credentials,
            oom_score: self.oom_score,
            limits: &self.limits,
            host_variables: &self.host_variables,
        };
        let started = spawn::launch(&scene, slot, index, role, &known, &mut self.record.not_applied)?;
        self.identified(started).map_err(|e| Refused::Resources(e.to_string()))
    }

    /// There is no process: what the machine hears in its place.
    fn not_spawned(&mut self, refused: Refused, slot: Slot, index: usize, role: Role) {
        match refused {
            Refused::At(stage, why) => {
                self.record.exec_failure = Some(format!("cannot {}: {why}", stage.task()));
                self.note_command(slot, index, 0);
                self.record.command_ended(0, 1, i32::from(stage.code()), moment());
                self.answer(Event::Spawned(slot));
                let exit = wait::Exit::Exited(i32::from(stage.code()));
                match role {
                    Role::Main => self.main_ended(Some(exit), Exit::Code(stage.code())),
                    Role::Control => self.queue.push_back(Event::ControlExit(Exit::Code(stage.code()))),
                }
            }
            Refused::Resources(why) => {
                self.record.exec_failure = Some(why);
                self.note_command(slot, index, 0);
                self.answer(Event::SpawnFailed(slot));
            }
        }
    }

    /// The answer to a spawn comes before everything else that may have been queued.
    fn answer(&mut self, event: Event) {
        self.queue.push_front(event);
    }

    /// Keeps that a command is run, for the record.
    fn note_command(&mut self, slot: Slot, index: usize, pid: i32) {
        if let Some(command) = self.plan.command(slot, index) {
            self.record.command_started(CommandMark::new(slot, index, command, pid, moment()));
        }
    }

    /// With what tells the new process from others. One of which that cannot be said is not let go on.
    fn identified(&self, started: exec::Started) -> Result<Process> {
        // A child that is not reaped keeps its number, so this is about the right one.
        let identity = self.proc.identity(started.pid, &self.boot)?;
        Ok(Process { exec: Some(started.exec), gate: Some(started.gate), ..Process::child(identity) })
    }

    fn spawned(&mut self, process: Process, slot: Slot, index: usize, role: Role) {
        self.deserted = false;
        self.note_command(slot, index, process.identity.pid.get());
        match role {
            Role::Main => self.set_main(process),
            Role::Control => self.control = Some(process),
        }
        if role == Role::Main || self.main.is_none() {
            self.name_writer(self.plan.command(slot, index).map(|command| command.path.clone()));
        }
        self.answer(Event::Spawned(slot));
    }

    /// Tells who writes from now on, where somebody is to hear of it: the main process, as long as there is one.
    pub(super) fn name_writer(&mut self, program: Option<String>) {
        let main = self.main.as_ref().map(|main| main.pid().get());
        let pid = main.or_else(|| self.control.as_ref().map(|control| control.pid().get()));
        let start = || self.plan.service.exec.start.first().map(|command| command.path.clone());
        if let (Some(name), Some(output)) = (program.or_else(start), &mut self.output) {
            output.written_by(&name, pid.unwrap_or(0));
        }
    }

    pub(super) fn set_main(&mut self, process: Process) {
        let r = &mut self.record;
        r.exec_main_pid = process.pid().get();
        (r.exec_main_code, r.exec_main_status) = (0, 0);
        r.exec_main_start = moment();
        r.exec_main_exit = Moment::default();
        self.exit = None;
        self.main = Some(process);
        self.name_writer(None);
    }

    fn arm(&mut self, timer: Timer) {
        let s = &self.plan.service;
        let time = match timer {
            Timer::Start => s.timeout_start,
            Timer::Stop => s.timeout_stop,
            Timer::Abort => s.timeout_abort,
            Timer::RuntimeMax => s.runtime_max,
            Timer::Restart => {
                let backoff =
                    Backoff { first: s.restart_sec, steps: s.restart_steps, max: s.restart_max_delay };
                Timeout::After(backoff.delay(self.machine.restarts))
            }
        };
        let time = match (timer, time) {
            (Timer::Stop | Timer::Abort, Timeout::After(t)) => Timeout::After(self.within(t)),
            (Timer::Stop | Timer::Abort, Timeout::Never) if self.hurry => Timeout::After(super::HURRY),
            (Timer::Stop | Timer::Abort, Timeout::Never)
            | (Timer::Start | Timer::RuntimeMax | Timer::Restart, _) => time,
        };
        self.arm_clock(Clock::Phase, time);
    }

    fn arm_clock(&mut self, clock: Clock, time: Timeout) {
        match time {
            Timeout::After(time) => self.events.timers.arm(clock, clock::now().saturating_add(time)),
            Timeout::Never => self.events.timers.disarm(clock),
        }
    }

    fn kill(&mut self, op: KillOp, targets: Targets) {
        let k = self.plan.service.kill;
        let signal = match op {
            KillOp::Terminate => k.signal,
            KillOp::Restart => k.restart_signal.unwrap_or(k.signal),
            KillOp::Watchdog => k.watchdog_signal,
            KillOp::Kill => k.final_signal,
        }
        .0;
        let hangup = k.send_sighup && matches!(op, KillOp::Terminate | KillOp::Restart) && signal != SIGHUP;
        let mut signals = vec![signal];
        if signal != SIGKILL && signal != SIGCONT {
            signals.push(SIGCONT);
        }
        if hangup {
            signals.push(SIGHUP);
        }
        // Each process gets all its signals before the next one gets any: one that ends by the first
        // would not see the others.
        let (mut alone, mut missed) = (true, false);
        for process in [(targets.main, &self.main), (targets.control, &self.control)] {
            if let (true, Some(process)) = process {
                alone = false;
                for each in &signals {
                    // Only what is to end it counts.
                    missed |= !self.signal(process, *each) && *each == signal;
                }
            }
        }
        if targets.others {
            let spared = self.own_pids();
            for each in signals {
                if let Err(e) = self.tracking.kill_all(each, &spared, &self.features) {
                    log::warn!("{e}");
                    missed |= alone && each == signal;
                }
            }
        }
        if missed {
            self.answer(Event::NotSignalled);
        }
    }

    pub(super) fn note_failure(&self, outcome: Result<()>) {
        if let Err(e) = outcome {
            log::warn!("{e}");
        }
    }

    /// Keeps the times at which the state changed.
    pub(super) fn note_change(&mut self, before: State) {
        let now = self.machine.state;
        if now == before {
            return;
        }
        let at = moment();
        let r = &mut self.record;
        r.state_change = at;
        if now.is_active() && !before.is_active() {
            r.active_enter = at;
        }
        if before.is_active() && !now.is_active() {
            r.active_exit = at;
        }
        if now.is_over() {
            r.inactive_enter = at;
        }
        if before.is_over() {
            r.inactive_exit = at;
        }
        let result = self.machine.result;
        if result != ServiceResult::Success && now == State::Failed {
            log::warn!("'{}' failed: {}", self.plan.unit, result.as_str());
        }
    }
}

/// `EXIT_CODE` and `EXIT_STATUS`.
fn exit_words(exit: wait::Exit) -> (&'static str, String) {
    match exit {
        wait::Exit::Exited(code) => ("exited", code.to_string()),
        wait::Exit::Killed(signal) => ("killed", crate::os::signal::name(signal).into_owned()),
        wait::Exit::Dumped(signal) => ("dumped", crate::os::signal::name(signal).into_owned()),
    }
}
