//! How each state is entered: the `service_enter_*` functions of systemd 252, one for one. Pure.

use super::timeouts::SignalRound;
use super::{
    Action, Exit, KillOp, Main, Notified, Role, Rule, ServiceResult, Slot, State, Step, StopKind, Targets,
    Timer, Want,
};
use crate::supervisor::service::restart::Permit;
use crate::unit::model::{ExitType, KillMode, Restart, ServiceType, StatusSet};

impl Step<'_> {
    /// A start by hand or by timer, if the start limit permits (`unit_start`, `service_start`).
    pub(super) fn begin(&mut self) {
        let (starts, permit) = self.m.starts.take(self.p.start_limit, self.f.now);
        self.m.starts = starts;
        match permit {
            Permit::Refused => {
                if self.m.state == State::Dead {
                    self.m.result = ServiceResult::Success;
                }
                self.acts.push(Action::StartLimitHit);
                self.enter_dead(ServiceResult::StartLimitHit, false);
            }
            Permit::Granted => {
                self.m.result = ServiceResult::Success;
                self.m.reload = ServiceResult::Success;
                self.m.reload_again = false;
                self.m.main = Main::Unknown;
                self.m.main_command = None;
                self.m.rule = Rule::Table;
                self.m.notified = Notified::Nothing;
                self.m.bus_name = false;
                self.acts.push(Action::Begin);
                self.enter_condition();
            }
        }
    }

    pub(super) fn enter_condition(&mut self) {
        if self.p.commands(Slot::Condition).is_empty() {
            self.enter_start_pre();
        } else {
            self.m.state = State::Condition;
            self.spawn_control(Slot::Condition, 0);
        }
    }

    /// What `SendSIGKILL=no` left alive must not meet a second one: it is a database, most likely
    /// (`service_adverse_to_leftover_processes`).
    fn is_blocked_by_others(&self) -> bool {
        self.f.others
            && !self.p.send_sigkill
            && matches!(self.p.kill_mode, KillMode::Mixed | KillMode::ControlGroup)
    }

    pub(super) fn enter_start_pre(&mut self) {
        if self.is_blocked_by_others() {
            self.enter_dead(ServiceResult::Resources, true);
        } else if self.p.commands(Slot::StartPre).is_empty() {
            self.enter_start();
        } else {
            self.m.state = State::StartPre;
            self.spawn_control(Slot::StartPre, 0);
        }
    }

    /// Only a oneshot may be without a command; the loader sees to that.
    pub(super) fn enter_start(&mut self) {
        self.m.state = State::Start;
        if self.p.commands(Slot::Start).is_empty() {
            self.enter_start_post();
        } else if self.p.kind == ServiceType::Forking {
            self.spawn_control(Slot::Start, 0);
        } else {
            self.spawn_main(0);
        }
    }

    pub(super) fn enter_start_post(&mut self) {
        self.m.awaits_pid_file = false;
        self.acts.push(Action::ArmWatchdog);
        if self.p.commands(Slot::StartPost).is_empty() {
            self.enter_running(ServiceResult::Success);
        } else {
            self.m.state = State::StartPost;
            self.spawn_control(Slot::StartPost, 0);
        }
    }

    pub(super) fn enter_running(&mut self, f: ServiceResult) {
        self.keep_first(f);
        self.m.awaits_pid_file = false;
        let again = self.m.state == State::Reload && self.m.reload_again;
        // A command may be done before the service has said that it is.
        let goes_on = self.m.notified == Notified::Reloading
            && self.m.result == ServiceResult::Success
            && self.is_good();
        if self.m.state == State::Reload && !again && !goes_on {
            self.acts.push(Action::Reloaded(self.m.reload));
        }
        if self.m.result != ServiceResult::Success {
            self.enter_signal(State::StopSigterm, f);
        } else if self.is_good() {
            match self.m.notified {
                Notified::Reloading => self.enter_reload_by_notify(),
                Notified::Stopping => self.enter_stop_by_notify(),
                Notified::Nothing | Notified::Ready => {
                    self.m.state = State::Running;
                    self.acts.push(Action::Arm(Timer::RuntimeMax));
                    self.become_active();
                }
            }
        } else if self.p.remain_after_exit {
            self.m.state = State::Exited;
            self.acts.extend([Action::Disarm, Action::DisarmWatchdog]);
            self.become_active();
        } else {
            self.enter_stop(ServiceResult::Success);
        }
        if again && matches!(self.m.state, State::Running | State::Exited) {
            self.m.reload_again = false;
            self.reload();
        }
    }

    /// The unit is active: answer those who wait for it, and take the lock that rc looks for.
    fn become_active(&mut self) {
        if !self.m.locked {
            self.m.locked = true;
            self.acts.push(Action::TakeLock);
        }
        self.acts.push(Action::Started);
    }

    /// `service_good`: it has its name on the bus; the main process lives or, where none is known or its end decides
    /// nothing, somebody of the group does.
    fn is_good(&self) -> bool {
        if self.p.kind == ServiceType::Dbus && !self.m.bus_name {
            return false;
        }
        match self.m.main {
            Main::Alive => true,
            Main::Gone if self.p.exit_type == ExitType::Main => false,
            Main::Gone | Main::Unknown => self.f.others,
        }
    }

    pub(super) fn enter_reload_by_notify(&mut self) {
        if self.m.state != State::Reload {
            self.m.reload = ServiceResult::Success;
        }
        self.m.state = State::Reload;
        self.m.awaits_reloading = false;
        self.acts.push(Action::Arm(Timer::Start));
        self.become_active();
    }

    /// The service stops by itself: as if the stop signal had been sent.
    pub(super) fn enter_stop_by_notify(&mut self) {
        self.acts.extend([Action::Arm(Timer::Stop), Action::DisarmWatchdog]);
        self.m.state = State::StopSigterm;
    }

    pub(super) fn enter_stop(&mut self, f: ServiceResult) {
        self.keep_first(f);
        self.m.awaits_pid_file = false;
        if self.p.commands(Slot::Stop).is_empty() {
            self.enter_signal(State::StopSigterm, ServiceResult::Success);
        } else {
            self.m.state = State::Stop;
            self.acts.push(Action::DisarmWatchdog);
            self.spawn_control(Slot::Stop, 0);
        }
    }

    pub(super) fn enter_stop_post(&mut self, f: ServiceResult) {
        self.keep_first(f);
        self.m.control = None;
        if self.p.commands(Slot::StopPost).is_empty() {
            self.enter_signal(State::FinalSigterm, ServiceResult::Success);
        } else {
            self.m.state = State::StopPost;
            self.spawn_control(Slot::StopPost, 0);
        }
    }

    /// Sends the signal that belongs to `state` and waits in it; goes on at once where there is
    /// nobody to send it to.
    pub(super) fn enter_signal(&mut self, state: State, f: ServiceResult) {
        self.keep_first(f);
        self.m.awaits_pid_file = false;
        let Some((_, op)) = self.signal_of(state) else { return };
        let to = self.targets(op);
        if to.any() {
            let timer = if op == KillOp::Watchdog { Timer::Abort } else { Timer::Stop };
            self.acts.extend([Action::Kill(op, to), Action::Arm(timer), Action::DisarmWatchdog]);
            self.m.state = state;
            return;
        }
        self.go_on_from(state, ServiceResult::Success, true);
    }

    /// What follows a signal that reaches nobody, at once; `f` is the result where no other signal is left, and
    /// `restarts` says whether the unit may then be restarted. Of states without a signal nothing follows.
    pub(super) fn go_on_from(&mut self, state: State, f: ServiceResult, restarts: bool) {
        let Some((round, op)) = self.signal_of(state) else { return };
        match (round, self.p.send_sigkill && op != KillOp::Kill) {
            (SignalRound::Stop, true) => self.enter_signal(State::StopSigkill, ServiceResult::Success),
            (SignalRound::Final, true) => self.enter_signal(State::FinalSigkill, ServiceResult::Success),
            (SignalRound::Stop, false) => self.enter_stop_post(f),
            (SignalRound::Final, false) => self.enter_dead(f, restarts),
        }
    }

    /// The signal that belongs to a state, and its round; none for a state that waits for no signal's effect
    /// (`state_to_kill_operation`).
    fn signal_of(&self, state: State) -> Option<(SignalRound, KillOp)> {
        Some(match state {
            State::StopWatchdog => (SignalRound::Stop, KillOp::Watchdog),
            State::StopSigterm if self.m.stop_kind == StopKind::Restart => {
                (SignalRound::Stop, KillOp::Restart)
            }
            State::StopSigterm => (SignalRound::Stop, KillOp::Terminate),
            State::StopSigkill => (SignalRound::Stop, KillOp::Kill),
            State::FinalWatchdog => (SignalRound::Final, KillOp::Watchdog),
            State::FinalSigterm => (SignalRound::Final, KillOp::Terminate),
            State::FinalSigkill => (SignalRound::Final, KillOp::Kill),
            State::Dead
            | State::Condition
            | State::StartPre
            | State::Start
            | State::StartPost
            | State::Running
            | State::Exited
            | State::Reload
            | State::Stop
            | State::StopPost
            | State::Failed
            | State::AutoRestart => return None,
        })
    }

    /// `unit_kill_context`: whom `KillMode=` lets a signal go to.
    fn targets(&self, op: KillOp) -> Targets {
        let others = match self.p.kill_mode {
            KillMode::None => return Targets::default(),
            KillMode::ControlGroup => true,
            KillMode::Mixed => op == KillOp::Kill,
            KillMode::Process => false,
        };
        Targets {
            main: self.m.main == Main::Alive,
            control: self.m.control.is_some(),
            others: others && self.f.others,
        }
    }

    /// The end of a run: down, failed, or once more after a while.
    pub(super) fn enter_dead(&mut self, f: ServiceResult, allow_restart: bool) {
        self.keep_first(f);
        let again = allow_restart && self.m.main != Main::Alive && self.shall_restart();
        self.m.control = None;
        self.m.main_command = None;
        self.m.awaits_pid_file = false;
        if self.m.main == Main::Alive {
            self.m.main = Main::Unknown;
        }
        self.acts.extend([Action::Disarm, Action::DisarmWatchdog]);
        if again {
            self.m.state = State::AutoRestart;
            self.acts.extend([Action::Over { again }, Action::Arm(Timer::Restart)]);
            return;
        }
        self.m.want = Want::Down;
        self.m.state = if self.m.result.is_failure() { State::Failed } else { State::Dead };
        self.drop_lock();
        self.acts.push(Action::Over { again });
    }

    pub(super) fn drop_lock(&mut self) {
        if self.m.locked {
            self.m.locked = false;
            self.acts.push(Action::DropLock);
        }
    }

    /// `service_shall_restart`, in its order: request to stop, exit status lists, then the table.
    fn shall_restart(&self) -> bool {
        if self.m.want == Want::Down || self.f.going_down {
            return false;
        }
        match self.m.rule {
            Rule::Prevent => return false,
            Rule::Force => return true,
            Rule::Table => {}
        }
        let r = self.m.result;
        match self.p.restart {
            Restart::No => false,
            Restart::Always => r != ServiceResult::ExecCondition,
            Restart::OnSuccess => r == ServiceResult::Success,
            Restart::OnFailure => r.is_failure(),
            Restart::OnAbnormal => r.is_failure() && r != ServiceResult::ExitCode,
            Restart::OnAbort => matches!(r, ServiceResult::Signal | ServiceResult::CoreDump),
            Restart::OnWatchdog => r == ServiceResult::Watchdog,
        }
    }

    /// What the main process's exit alone says about a restart.
    pub(super) fn rule(&self, exit: Exit) -> Rule {
        if in_set(&self.p.restart_prevent, exit) {
            Rule::Prevent
        } else if in_set(&self.p.restart_force, exit) {
            Rule::Force
        } else {
            Rule::Table
        }
    }

    /// Spawns a command of a list as the control process; each has the full time of its phase.
    pub(super) fn spawn_control(&mut self, slot: Slot, index: usize) {
        let timer = match slot {
            Slot::Condition | Slot::StartPre | Slot::Start | Slot::StartPost | Slot::Reload => Timer::Start,
            Slot::Stop | Slot::StopPost => Timer::Stop,
        };
        self.m.control = Some((slot, index));
        self.acts.extend([Action::Arm(timer), Action::Spawn { slot, index, role: Role::Control }]);
    }

    /// Spawns a command of `ExecStart=` as the main process. `Type=simple` has no time limit.
    pub(super) fn spawn_main(&mut self, index: usize) {
        self.m.main = Main::Alive;
        self.m.main_command = Some(index);
        let timer = match self.p.kind {
            ServiceType::Simple if !self.is_up_by_exec() => Action::Disarm,
            ServiceType::Idle => Action::Disarm,
            ServiceType::Simple
            | ServiceType::Exec
            | ServiceType::Dbus
            | ServiceType::Forking
            | ServiceType::Oneshot
            | ServiceType::Notify
            | ServiceType::NotifyReload => Action::Arm(Timer::Start),
        };
        self.acts.extend([timer, Action::Spawn { slot: Slot::Start, index, role: Role::Main }]);
    }

    pub(super) fn take_main(&mut self) {
        self.m.main = Main::Alive;
        self.m.main_command = None;
        self.acts.push(Action::TakeMain);
    }

    /// The first failure of a run is the one that counts (since 232).
    pub(super) fn keep_first(&mut self, f: ServiceResult) {
        if self.m.result == ServiceResult::Success {
            self.m.result = f;
        }
    }
}

/// `exit_status_set_test`.
pub(super) fn in_set(set: &StatusSet, exit: Exit) -> bool {
    match exit {
        Exit::Code(c) => set.codes.contains(&c),
        Exit::Signal(s) | Exit::Dumped(s) => set.signals.iter().any(|x| x.0 == s),
        Exit::Unknown => false,
    }
}
