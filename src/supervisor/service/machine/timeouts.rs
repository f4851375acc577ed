//! What follows when a time is over, a signal could not be sent or memory was short:
//! `service_dispatch_timer` and `service_notify_cgroup_oom_event` of systemd 252. Pure.

use super::{Action, Event, Notified, ServiceResult, State, Step};
use crate::unit::model::{OomPolicy, TimeoutFailureMode};

impl Step<'_> {
    pub(super) fn timeout(&mut self) {
        let f = ServiceResult::Timeout;
        match self.m.state {
            State::Condition | State::StartPre | State::Start | State::StartPost => {
                self.cut(self.p.start_failure_mode, SignalRound::Stop);
            }
            State::Running => self.enter_stop(f),
            State::Reload => {
                if self.m.control.take().is_some() {
                    self.acts.push(Action::DropControl);
                }
                self.m.reload = f;
                if self.m.notified == Notified::Reloading {
                    // Its READY=1 is overdue: it counts as running until it says something new.
                    self.m.notified = Notified::Ready;
                }
                self.enter_running(ServiceResult::Success);
            }
            State::Stop => self.cut(self.p.stop_failure_mode, SignalRound::Stop),
            State::StopSigterm if self.p.stop_failure_mode == TimeoutFailureMode::Abort => {
                self.enter_signal(State::StopWatchdog, f);
            }
            State::StopSigterm | State::StopWatchdog => self.finish_off(SignalRound::Stop),
            // SIGKILL was sent and it is still there: nothing more can be done about it.
            State::StopSigkill => self.enter_stop_post(f),
            State::StopPost => self.cut(self.p.stop_failure_mode, SignalRound::Final),
            State::FinalSigterm if self.p.stop_failure_mode == TimeoutFailureMode::Abort => {
                self.enter_signal(State::FinalWatchdog, f);
            }
            State::FinalSigterm | State::FinalWatchdog => self.finish_off(SignalRound::Final),
            State::FinalSigkill => self.enter_dead(f, true),
            State::AutoRestart => self.restart_now(),
            State::Dead | State::Exited | State::Failed => {}
        }
    }

    /// Nobody ends, or answers, by a signal that was never sent: what comes after it comes at once, as
    /// `unit_kill_context` waits only for those that it has reached. That SIGKILL cannot be sent is a failure.
    pub(super) fn not_signalled(&mut self) {
        let f = ServiceResult::Resources;
        if self.m.state == State::Reload && self.m.control.is_none() {
            self.m.reload = f;
            self.enter_running(ServiceResult::Success);
        } else {
            self.go_on_from(self.m.state, f, false);
        }
    }

    /// The first signal after a command or a start took too long.
    fn cut(&mut self, mode: TimeoutFailureMode, round: SignalRound) {
        let f = ServiceResult::Timeout;
        match (mode, round) {
            (TimeoutFailureMode::Terminate, SignalRound::Stop) => self.enter_signal(State::StopSigterm, f),
            (TimeoutFailureMode::Terminate, SignalRound::Final) => self.enter_signal(State::FinalSigterm, f),
            (TimeoutFailureMode::Abort, SignalRound::Stop) => self.enter_signal(State::StopWatchdog, f),
            (TimeoutFailureMode::Abort, SignalRound::Final) => self.enter_signal(State::FinalWatchdog, f),
            (TimeoutFailureMode::Kill, _) => self.finish_off(round),
        }
    }

    /// The last signal, or none with `SendSIGKILL=no`.
    fn finish_off(&mut self, round: SignalRound) {
        let f = ServiceResult::Timeout;
        match (self.p.send_sigkill, round) {
            (true, SignalRound::Stop) => self.enter_signal(State::StopSigkill, f),
            (true, SignalRound::Final) => self.enter_signal(State::FinalSigkill, f),
            (false, SignalRound::Stop) => self.enter_stop_post(f),
            (false, SignalRound::Final) => self.enter_dead(f, false),
        }
    }

    /// `service_enter_restart`; not on a host that has begun to go down meanwhile.
    fn restart_now(&mut self) {
        if self.f.going_down {
            self.take(Event::Stop(super::StopKind::Stop));
            return;
        }
        self.m.restarts = self.m.restarts.saturating_add(1);
        if self.f.unmet {
            // The restart has stopped the unit by now, with the result of its last run.
            self.leave_restart();
            return;
        }
        self.begin();
    }

    /// What `OOMPolicy=` says. One that is on its way down is ended for good in either case.
    pub(super) fn oom_kill(&mut self) {
        let f = ServiceResult::OomKill;
        let first = match self.p.oom_policy {
            OomPolicy::Continue => return,
            OomPolicy::Stop => State::StopSigterm,
            OomPolicy::Kill => State::StopSigkill,
        };
        match self.m.state {
            State::Running | State::Exited if self.p.oom_policy == OomPolicy::Stop => self.enter_stop(f),
            State::Condition
            | State::StartPre
            | State::Start
            | State::StartPost
            | State::Running
            | State::Exited
            | State::Reload
            | State::Stop => self.enter_signal(first, f),
            State::StopWatchdog | State::StopSigterm => self.enter_signal(State::StopSigkill, f),
            State::StopPost | State::FinalWatchdog | State::FinalSigterm => {
                self.enter_signal(State::FinalSigkill, f);
            }
            State::StopSigkill | State::FinalSigkill => self.keep_first(f),
            State::Dead | State::Failed | State::AutoRestart => {}
        }
    }
}

/// The two rounds of signals, before and after `ExecStopPost=`.
#[derive(Clone, Copy)]
pub(super) enum SignalRound {
    Stop,
    Final,
}
