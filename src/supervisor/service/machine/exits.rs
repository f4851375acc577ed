//! What follows when a process ends, could not be made, or was the last one: `service_sigchld_event`
//! and `service_notify_cgroup_empty_event` of systemd 252. Pure.

use super::enter::in_set;
use super::{Exit, Failure, Main, ServiceResult, Slot, State, Step, Want};
use crate::unit::model::{ExitType, NotifyAccess, ServiceType};

/// SIGHUP, SIGINT, SIGPIPE, SIGTERM: a daemon that dies of them has stopped in order.
const CLEAN_SIGNALS: [i32; 4] = [1, 2, 13, 15];

/// What is expected of a process's end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpectedExit {
    /// Death by one of [`CLEAN_SIGNALS`] is in order.
    Daemon,
    /// Only 0 is.
    Command,
}

impl Step<'_> {
    pub(super) fn main_exit(&mut self, exit: Exit) {
        if self.m.main != Main::Alive {
            return;
        }
        if self.p.pid_file && self.f.found {
            // A daemon may replace itself, as long as the PID file names the new one first.
            self.take_main();
            return;
        }
        let clean =
            if self.p.kind == ServiceType::Oneshot { ExpectedExit::Command } else { ExpectedExit::Daemon };
        let index = self.m.main_command.unwrap_or(0);
        let f = self.forgive(Slot::Start, index, self.judge(exit, clean));
        self.m.main = Main::Gone;
        self.m.rule = self.rule(exit);
        self.keep_first(f);
        let next = self.m.main_command.map(|i| i.saturating_add(1));
        if let Some(next) = next
            && self.p.kind == ServiceType::Oneshot
            && f == ServiceResult::Success
            && self.m.state == State::Start
            && next < self.p.commands(Slot::Start).len()
        {
            self.spawn_main(next);
            return;
        }
        self.m.main_command = None;
        // Where the last process decides, its end goes on from here; what ExecStopPost= left has no time limit.
        let others = self.f.others || self.m.control.is_some();
        if self.p.exit_type == ExitType::Main || !others || self.m.state == State::StopPost {
            self.after_main(f);
        }
    }

    fn after_main(&mut self, f: ServiceResult) {
        let alone = self.m.control.is_none();
        match self.m.state {
            State::StartPost | State::Reload if alone => self.enter_stop(f),
            State::Start if alone => self.main_ended_in_start(f),
            State::Running => self.enter_running(f),
            State::StopWatchdog | State::StopSigterm | State::StopSigkill if alone => self.enter_stop_post(f),
            State::StopPost if alone => self.enter_signal(State::FinalSigterm, f),
            State::FinalWatchdog | State::FinalSigterm | State::FinalSigkill if alone => {
                self.enter_dead(f, true);
            }
            // A control process is at work: its end decides.
            State::Start
            | State::StartPost
            | State::Reload
            | State::Stop
            | State::StopWatchdog
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill
            // No main process lives in these.
            | State::Dead
            | State::Condition
            | State::StartPre
            | State::Exited
            | State::Failed
            | State::AutoRestart => {}
        }
    }

    fn main_ended_in_start(&mut self, f: ServiceResult) {
        match self.p.kind {
            ServiceType::Oneshot if f == ServiceResult::Success => self.enter_start_post(),
            ServiceType::Oneshot => self.enter_signal(State::StopSigterm, f),
            ServiceType::Notify | ServiceType::NotifyReload => {
                if f != ServiceResult::Success {
                    self.enter_signal(State::StopSigterm, f);
                } else if !self.p.remain_after_exit || self.p.notify_access == NotifyAccess::Main {
                    // READY=1 can never come any more.
                    self.enter_signal(State::StopSigterm, ServiceResult::Protocol);
                }
            }
            ServiceType::Simple
            | ServiceType::Idle
            | ServiceType::Dbus
            | ServiceType::Exec
            | ServiceType::Forking => self.enter_running(f),
        }
    }

    pub(super) fn control_exit(&mut self, exit: Exit) {
        let Some((slot, index)) = self.m.control else { return };
        self.m.control = None;
        let clean = if slot == Slot::Start && self.p.kind != ServiceType::Oneshot {
            ExpectedExit::Daemon
        } else {
            ExpectedExit::Command
        };
        let mut f = self.forgive(slot, index, self.judge(exit, clean));
        if self.m.state == State::Condition && matches!(exit, Exit::Code(c) if c < 255) && f.is_failure() {
            f = ServiceResult::ExecCondition;
        }
        if self.m.state != State::Reload {
            self.keep_first(f);
        }
        let next = index.saturating_add(1);
        if f == ServiceResult::Success
            && self.runs(slot)
            && next < self.p.commands(slot).len()
            && slot != Slot::Start
        {
            self.spawn_control(slot, next);
        } else {
            self.after_control(f);
        }
    }

    /// Is the state the one in which this list is worked through? A list that a signal has cut
    /// short is not gone on with.
    fn runs(&self, slot: Slot) -> bool {
        let state = match slot {
            Slot::Condition => State::Condition,
            Slot::StartPre => State::StartPre,
            Slot::Start => State::Start,
            Slot::StartPost => State::StartPost,
            Slot::Reload => State::Reload,
            Slot::Stop => State::Stop,
            Slot::StopPost => State::StopPost,
        };
        self.m.state == state
    }

    fn after_control(&mut self, f: ServiceResult) {
        let good = f == ServiceResult::Success;
        let alone = self.m.main != Main::Alive;
        match self.m.state {
            State::Condition if good => self.enter_start_pre(),
            State::StartPre if good => self.enter_start(),
            State::Start if self.p.kind == ServiceType::Forking && good => self.forked(),
            State::Start if self.p.kind != ServiceType::Forking => {}
            State::StartPost if good => self.start_post_done(),
            State::Condition | State::StartPre | State::Start | State::StartPost | State::Stop => {
                self.enter_signal(State::StopSigterm, f);
            }
            State::Reload => {
                if good && self.f.found {
                    self.take_main();
                }
                self.m.reload = f;
                self.enter_running(ServiceResult::Success);
            }
            State::StopWatchdog | State::StopSigterm | State::StopSigkill if alone => self.enter_stop_post(f),
            State::StopPost if alone => self.enter_signal(State::FinalSigterm, f),
            State::FinalWatchdog | State::FinalSigterm | State::FinalSigkill if alone => {
                self.enter_dead(f, true);
            }
            // The main process lives: its end decides.
            State::StopWatchdog
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill
            // No control process lives in these.
            | State::Dead
            | State::Running
            | State::Exited
            | State::Failed
            | State::AutoRestart => {}
        }
    }

    /// The starting process of a forking service has ended well: which one is the daemon?
    fn forked(&mut self) {
        if self.f.found {
            self.take_main();
            self.enter_start_post();
        } else if !self.p.pid_file || !self.p.commands(Slot::StartPost).is_empty() {
            self.enter_start_post();
        } else {
            self.demand_pid_file(State::Start);
        }
    }

    fn start_post_done(&mut self) {
        if self.f.found {
            self.take_main();
            self.enter_running(ServiceResult::Success);
        } else if self.p.pid_file && self.m.main != Main::Alive {
            self.demand_pid_file(State::StartPost);
        } else {
            self.enter_running(ServiceResult::Success);
        }
    }

    /// `service_demand_pid_file`: wait for the file, unless nobody is left to write it.
    fn demand_pid_file(&mut self, state: State) {
        if self.f.others {
            self.m.awaits_pid_file = true;
        } else if state == State::Start {
            self.enter_signal(State::StopSigterm, ServiceResult::Protocol);
        } else {
            self.enter_stop(ServiceResult::Protocol);
        }
    }

    pub(super) fn group_empty(&mut self) {
        let alone = self.m.main != Main::Alive && self.m.control.is_none();
        if !alone {
            return;
        }
        match self.m.state {
            State::Start if matches!(self.p.kind, ServiceType::Notify | ServiceType::NotifyReload) => {
                self.enter_stop_post(ServiceResult::Protocol);
            }
            State::Start if self.p.exit_type == ExitType::Cgroup => self.enter_start_post(),
            State::Start if self.m.awaits_pid_file => {
                self.m.awaits_pid_file = false;
                self.enter_stop_post(ServiceResult::Protocol);
            }
            State::StartPost if self.m.awaits_pid_file => self.enter_stop(ServiceResult::Protocol),
            State::Running => self.enter_running(ServiceResult::Success),
            State::StopWatchdog | State::StopSigterm | State::StopSigkill => {
                self.enter_stop_post(ServiceResult::Success);
            }
            State::StopPost | State::FinalWatchdog | State::FinalSigterm | State::FinalSigkill => {
                self.enter_dead(ServiceResult::Success, true);
            }
            State::Start
            | State::StartPost
            | State::Dead
            | State::Condition
            | State::StartPre
            | State::Exited
            | State::Reload
            | State::Stop
            | State::Failed
            | State::AutoRestart => {}
        }
    }

    /// A process could not be made: the fail paths of `service_enter_*` and `service_run_next_*`.
    pub(super) fn spawn_failed(&mut self, slot: Slot) {
        let f = ServiceResult::Resources;
        let first = match (slot, self.m.main_command, self.m.control) {
            (Slot::Start, Some(i), _) | (_, _, Some((_, i))) => i == 0,
            (_, _, None) => return,
        };
        if slot == Slot::Start && self.m.main_command.is_some() {
            self.m.main = if first { Main::Unknown } else { Main::Gone };
            self.m.main_command = None;
        } else {
            self.m.control = None;
        }
        match slot {
            Slot::Condition | Slot::StartPre if first => self.enter_dead(f, true),
            Slot::Start if !first => self.enter_stop(f),
            Slot::StartPost if first => self.enter_stop(f),
            Slot::Condition | Slot::StartPre | Slot::Start | Slot::StartPost | Slot::Stop => {
                self.enter_signal(State::StopSigterm, f);
            }
            Slot::StopPost if first => self.enter_signal(State::FinalSigterm, f),
            Slot::StopPost => self.enter_dead(f, true),
            Slot::Reload => {
                self.m.reload = f;
                self.enter_running(ServiceResult::Success);
            }
        }
    }

    /// `is_clean_exit`, and what an unclean one is called.
    fn judge(&self, exit: Exit, clean: ExpectedExit) -> ServiceResult {
        if in_set(&self.p.success, exit) && !matches!(exit, Exit::Dumped(_)) {
            return ServiceResult::Success;
        }
        match exit {
            Exit::Code(0) => ServiceResult::Success,
            Exit::Signal(s) if clean == ExpectedExit::Daemon && CLEAN_SIGNALS.contains(&s) => {
                ServiceResult::Success
            }
            // Nobody told how an adopted process ended; one that was asked to stop has stopped.
            Exit::Unknown if self.m.state == State::StopSigterm => ServiceResult::Success,
            Exit::Unknown if self.m.state == State::Stop && self.m.want == Want::Down => {
                ServiceResult::Success
            }
            // Whether there is a daemon, the PID file and the processes tell.
            Exit::Unknown if self.m.state == State::Start && self.p.kind == ServiceType::Forking => {
                ServiceResult::Success
            }
            Exit::Code(_) | Exit::Unknown => ServiceResult::ExitCode,
            Exit::Signal(_) => ServiceResult::Signal,
            Exit::Dumped(_) => ServiceResult::CoreDump,
        }
    }

    /// The prefix `-`.
    fn forgive(&self, slot: Slot, index: usize, f: ServiceResult) -> ServiceResult {
        match self.p.commands(slot).get(index) {
            Some(Failure::Ignored) => ServiceResult::Success,
            Some(Failure::Counts) | None => f,
        }
    }
}
