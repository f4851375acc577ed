//! The life of one service as a total function: `(policy, machine, facts, event) -> (machine, actions)`.
//!
//! States, results and every path between them are systemd 252's (`src/core/service.c`, the
//! `service_enter_*` functions; named where they are followed). What is *wanted* is kept apart from
//! what *is*. Timers are named, not timed: durations are the driver's.
//!
//! It promises, and a test walks every reachable situation to hold it: never two main processes,
//! never a signal to nobody, a stop that always ends, nothing spawned for a service that is wanted
//! down except its stop commands, and a lock that stands from a successful start to a finished
//! stop, automatic restarts and reloads included.
//!
//! It departs from systemd in one place: a main process that survives even SIGKILL, or that
//! `KillMode=none` leaves alone, is never given a second one beside it by an automatic restart.
//!
//! Pure.

mod enter;
mod exits;
mod policy;
mod result;
mod state;
mod timeouts;
mod types;

pub use policy::{Commands, Failure, Policy};
pub use result::ServiceResult;
pub use state::State;
pub use types::{
    Action, Event, Exit, Facts, KillOp, Machine, Main, Notified, Phase, Role, Rule, Slot, StopKind, Targets,
    Timer, Want,
};

pub use super::restart::Window;
use crate::unit::model::ServiceType;

/// Advances by one event. Never fails: an event that means nothing in a state does nothing.
#[must_use]
pub fn step(policy: &Policy, machine: &Machine, facts: &Facts, event: Event) -> (Machine, Vec<Action>) {
    let mut s = Step { p: policy, f: facts, m: machine.clone(), acts: Vec::new() };
    s.take(event);
    (s.m, s.acts)
}

/// One step in the making.
struct Step<'a> {
    p: &'a Policy,
    f: &'a Facts,
    m: Machine,
    acts: Vec<Action>,
}

impl Step<'_> {
    fn take(&mut self, event: Event) {
        match event {
            Event::Start => self.start(),
            Event::Stop(kind) => self.stop(kind),
            Event::Reload => self.reload(),
            Event::ResetFailed => self.reset_failed(),
            Event::Adopted(phase) => self.adopted(phase),
            Event::Spawned(slot) => self.spawned(slot),
            Event::SpawnFailed(slot) => self.spawn_failed(slot),
            Event::Executed => self.executed(),
            Event::MainExit(exit) => self.main_exit(exit),
            Event::ControlExit(exit) => self.control_exit(exit),
            Event::GroupEmpty => self.group_empty(),
            Event::PidFile => self.pid_file(),
            Event::MainMoved => self.main_moved(),
            Event::Ready => self.ready(),
            Event::Reloading { answers } => self.reloading(answers),
            Event::Stopping => self.stopping(),
            Event::BusName(owned) => self.bus_name(owned),
            Event::Ping => self.ping(),
            Event::WatchdogExpired => self.watchdog_expired(),
            Event::OomKill => self.oom_kill(),
            Event::NotSignalled => self.not_signalled(),
            Event::Timeout => self.timeout(),
        }
    }

    /// `service_start`: only a service that is down starts; one that is coming up or going down
    /// goes on, and one that waits for its restart waits on.
    fn start(&mut self) {
        match self.m.state {
            State::Dead | State::Failed => {
                self.m.want = Want::Up;
                self.m.stop_kind = StopKind::Stop;
                self.m.restarts = 0;
                self.begin();
            }
            State::Condition
            | State::StartPre
            | State::Start
            | State::StartPost
            | State::Running
            | State::Exited
            | State::Reload
            | State::Stop
            | State::StopWatchdog
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill
            | State::AutoRestart => {}
        }
    }

    /// `service_stop`: a running service gets `ExecStop=`, one that is still starting is signalled
    /// at once, one that waits for its restart is simply down.
    fn stop(&mut self, kind: StopKind) {
        self.m.want = Want::Down;
        self.m.stop_kind = kind;
        match self.m.state {
            State::Running | State::Exited => self.enter_stop(ServiceResult::Success),
            State::Condition
            | State::StartPre
            | State::Start
            | State::StartPost
            | State::Reload
            | State::StopWatchdog => self.enter_signal(State::StopSigterm, ServiceResult::Success),
            State::AutoRestart => self.leave_restart(),
            State::Stop
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill
            | State::Dead
            | State::Failed => {}
        }
    }

    /// It waited for an automatic restart, and there will be none.
    fn leave_restart(&mut self) {
        self.m.want = Want::Down;
        self.acts.push(Action::Disarm);
        self.m.state = State::Dead;
        self.drop_lock();
        self.acts.push(Action::Over { again: false });
    }

    /// `service_reload`. With `Type=notify-reload` (253) a signal to the main process comes first; where no command
    /// follows, it is answered by RELOADING=1 and then READY=1.
    fn reload(&mut self) {
        match self.m.state {
            State::Running | State::Exited => {}
            State::Reload => {
                // What runs may have read the configuration before it changed for the last time.
                self.m.reload_again = true;
                return;
            }
            State::Condition
            | State::StartPre
            | State::Start
            | State::StartPost
            | State::Stop
            | State::StopWatchdog
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill
            | State::Dead
            | State::Failed
            | State::AutoRestart => return,
        }
        self.m.reload = ServiceResult::Success;
        let signals = self.p.kind == ServiceType::NotifyReload && self.m.main == Main::Alive;
        let runs = !self.p.commands(Slot::Reload).is_empty();
        self.m.awaits_reloading = signals && !runs;
        if signals {
            self.acts.push(Action::ReloadSignal);
        }
        if runs {
            self.m.state = State::Reload;
            self.spawn_control(Slot::Reload, 0);
        } else if signals {
            self.m.state = State::Reload;
            self.acts.push(Action::Arm(Timer::Start));
        }
    }

    /// `service_reset_failed`, which also forgets the starts that were counted.
    fn reset_failed(&mut self) {
        self.m.starts = super::restart::Window::default();
        self.m.restarts = 0;
        if self.m.state == State::Failed {
            self.m.state = State::Dead;
            self.m.result = ServiceResult::Success;
        }
    }

    /// A supervisor takes over a service that its predecessor left; [`Facts::found`] says whether the
    /// main process lives.
    fn adopted(&mut self, phase: Phase) {
        if !matches!(self.m.state, State::Dead | State::Failed) {
            return;
        }
        self.m.want = Want::Up;
        self.m.stop_kind = StopKind::Stop;
        self.m.result = ServiceResult::Success;
        self.m.main = if self.f.found { Main::Alive } else { Main::Unknown };
        // Until the bus says otherwise.
        self.m.bus_name = matches!(phase, Phase::Running | Phase::Exited);
        match phase {
            Phase::Starting => self.adopted_in_start(),
            Phase::Forking => {
                self.m.state = State::Start;
                self.m.control = Some((Slot::Start, 0));
                self.acts.push(Action::Arm(Timer::Start));
            }
            Phase::Running | Phase::Exited => {
                self.enter_running(ServiceResult::Success);
            }
            Phase::Stopping => {
                self.m.want = Want::Down;
                self.enter_signal(State::StopSigterm, ServiceResult::Success);
            }
        }
    }

    /// A oneshot's end is waited for, and the PID file of a daemon, as by the one that was lost.
    fn adopted_in_start(&mut self) {
        let forking = self.p.kind == ServiceType::Forking;
        if forking && (self.f.found || !self.p.pid_file) {
            self.enter_running(ServiceResult::Success);
            return;
        }
        self.m.state = State::Start;
        self.m.awaits_pid_file = forking;
        self.acts.push(Action::Arm(Timer::Start));
    }

    /// Is it up when its program runs? An automatic restart of `Type=simple` is up when it was forked, as systemd has it,
    /// whatever the start before it waited for.
    pub(super) fn is_up_by_exec(&self) -> bool {
        let asked = self.p.await_exec && self.m.restarts == 0;
        self.p.kind == ServiceType::Exec || self.p.kind == ServiceType::Simple && asked
    }

    /// The fork has worked: that is all that `Type=simple` waits for.
    fn spawned(&mut self, slot: Slot) {
        let at_once = match self.p.kind {
            ServiceType::Simple => !self.is_up_by_exec(),
            ServiceType::Idle => true,
            ServiceType::Exec
            | ServiceType::Dbus
            | ServiceType::Forking
            | ServiceType::Oneshot
            | ServiceType::Notify
            | ServiceType::NotifyReload => false,
        };
        if at_once && slot == Slot::Start && self.m.state == State::Start {
            self.enter_start_post();
        }
    }

    /// The exec has worked: that is what `Type=exec` waits for (`service_dispatch_exec_io`).
    fn executed(&mut self) {
        if self.is_up_by_exec() && self.m.state == State::Start && self.m.main == Main::Alive {
            self.enter_start_post();
        }
    }

    /// The awaited PID file has appeared or changed (`service_retry_pid_file`).
    fn pid_file(&mut self) {
        if self.m.awaits_pid_file && self.f.found {
            self.take_main();
            self.enter_running(ServiceResult::Success);
        }
    }

    /// MAINPID= named another process, which the driver has checked and now watches.
    fn main_moved(&mut self) {
        if self.m.state.main_may_move() {
            self.m.main = Main::Alive;
        }
    }

    /// READY=1.
    fn ready(&mut self) {
        self.m.notified = Notified::Ready;
        let by_notify = matches!(self.p.kind, ServiceType::Notify | ServiceType::NotifyReload);
        if by_notify && self.m.state == State::Start {
            self.enter_start_post();
        } else if self.m.state == State::Reload && self.m.control.is_none() && !self.m.awaits_reloading {
            self.enter_running(ServiceResult::Success);
        }
    }

    /// RELOADING=1.
    fn reloading(&mut self, answers: bool) {
        self.m.notified = Notified::Reloading;
        let answered = self.m.state == State::Reload && self.m.awaits_reloading && answers;
        if self.m.state == State::Running || answered {
            self.enter_reload_by_notify();
        }
    }

    /// STOPPING=1.
    fn stopping(&mut self) {
        self.m.notified = Notified::Stopping;
        if self.m.state == State::Running {
            self.enter_stop_by_notify();
        }
    }

    /// The name has got an owner or lost it (`service_bus_name_owner_change`).
    fn bus_name(&mut self, owned: bool) {
        self.m.bus_name = owned;
        if self.p.kind != ServiceType::Dbus {
            return;
        }
        if self.m.state == State::Running {
            self.enter_running(ServiceResult::Success);
        } else if self.m.state == State::Start && owned && self.m.main == Main::Alive {
            self.enter_start_post();
        }
    }

    /// WATCHDOG=1.
    fn ping(&mut self) {
        if self.watched_by_watchdog() {
            self.acts.push(Action::ArmWatchdog);
        }
    }

    /// No ping in time, or WATCHDOG=trigger (`service_dispatch_watchdog`).
    fn watchdog_expired(&mut self) {
        if self.watched_by_watchdog() {
            self.enter_signal(State::StopWatchdog, ServiceResult::Watchdog);
        }
    }

    fn watched_by_watchdog(&self) -> bool {
        matches!(self.m.state, State::StartPost | State::Running | State::Reload)
    }
}

#[cfg(test)]
mod tests;
