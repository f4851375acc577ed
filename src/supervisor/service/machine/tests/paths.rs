//! Single paths, each as systemd 252 was measured to go (the conformance cases are named).

use super::*;
use crate::unit::model::KillMode;

/// A life that is fed by hand; remembers what was spawned and signalled.
struct Life {
    p: Policy,
    m: Machine,
    f: Facts,
    told: Vec<String>,
}

impl Life {
    fn of(p: Policy) -> Self {
        Self { p, m: Machine::default(), f: Facts::default(), told: Vec::new() }
    }

    /// Feeds an event; spawns are answered as if all went well.
    fn feed(&mut self, event: Event) -> &mut Self {
        let (m, acts) = step(&self.p, &self.m, &self.f, event);
        self.m = m;
        for a in acts {
            match a {
                Action::Spawn { slot, index, .. } => {
                    self.told.push(format!("{slot:?}{index}"));
                    self.feed(Event::Spawned(slot));
                }
                Action::Kill(op, to) => self.told.push(format!("{op:?}{}", if to.others { "+" } else { "" })),
                Action::Begin
                | Action::StartLimitHit
                | Action::DropControl
                | Action::ReloadSignal
                | Action::TakeMain
                | Action::Arm(_)
                | Action::Disarm
                | Action::ArmWatchdog
                | Action::DisarmWatchdog
                | Action::Started
                | Action::Reloaded(_)
                | Action::TakeLock
                | Action::DropLock
                | Action::Over { .. } => {}
            }
        }
        self
    }

    fn main(&mut self, code: u8) -> &mut Self {
        self.feed(Event::MainExit(Exit::Code(code)))
    }

    fn control(&mut self, code: u8) -> &mut Self {
        self.feed(Event::ControlExit(Exit::Code(code)))
    }

    fn told(&self) -> String {
        self.told.join(" ")
    }
}

fn with(commands: Commands) -> Policy {
    Policy { commands, ..plain() }
}

fn stops() -> Commands {
    Commands { start: list(1), stop: list(1), stop_post: list(1), ..Commands::default() }
}

#[test]
fn a_failing_start_pre_runs_stop_post_only_c09() {
    let mut l = Life::of(with(Commands { start_pre: list(1), ..stops() }));
    l.feed(Event::Start).control(1).control(0);
    assert_eq!(l.told(), "StartPre0 StopPost0");
    assert_eq!((l.m.state, l.m.result), (State::Failed, ServiceResult::ExitCode));
}

#[test]
fn a_oneshot_stops_right_after_its_start_c17() {
    let mut l = Life::of(Policy { kind: ServiceType::Oneshot, ..with(stops()) });
    l.feed(Event::Start).main(0).control(0).control(0);
    assert_eq!(l.told(), "Start0 Stop0 StopPost0");
    assert_eq!((l.m.state, l.m.result), (State::Dead, ServiceResult::Success));
}

#[test]
fn an_ignored_failure_goes_on_and_a_real_one_ends_the_list_c08() {
    let start = vec![Failure::Counts, Failure::Ignored, Failure::Counts, Failure::Counts];
    let mut l = Life::of(Policy { kind: ServiceType::Oneshot, ..with(Commands { start, ..stops() }) });
    l.feed(Event::Start).main(0).main(5).main(6).control(0);
    assert_eq!(l.told(), "Start0 Start1 Start2 StopPost0");
    assert_eq!(l.m.result, ServiceResult::ExitCode);
}

#[test]
fn a_main_process_that_ends_well_gets_exec_stop_and_one_that_fails_does_not_c50_c51() {
    let mut l = Life::of(with(stops()));
    l.feed(Event::Start).main(0).control(0).control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 Stop0 StopPost0", State::Dead));
    let mut l = Life::of(with(stops()));
    l.feed(Event::Start).main(9).control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 StopPost0", State::Failed));
}

#[test]
fn an_adopted_process_that_ends_unseen_during_a_stop_has_stopped_and_else_has_failed() {
    let mut l = Life::of(with(stops()));
    l.f.found = true;
    l.feed(Event::Adopted(Phase::Running)).feed(Event::Stop(StopKind::Stop));
    l.feed(Event::MainExit(Exit::Unknown)).control(0).control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Stop0 StopPost0", State::Dead));
    let mut l = Life::of(with(stops()));
    l.f.found = true;
    l.feed(Event::Adopted(Phase::Running)).feed(Event::MainExit(Exit::Unknown)).control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("StopPost0", State::Failed));
    // That its group is empty may be seen first.
    let mut l = Life::of(with(stops()));
    l.f.found = true;
    l.feed(Event::Adopted(Phase::Running)).feed(Event::GroupEmpty).feed(Event::MainExit(Exit::Unknown));
    l.control(0).control(0);
    assert_eq!(l.m.state, State::Failed, "{}", l.told());
}

#[test]
fn a_stop_timeout_ends_in_sigkill_and_the_first_failure_is_kept_c23() {
    let mut l = Life::of(plain());
    l.feed(Event::Start).feed(Event::Stop(StopKind::Stop)).feed(Event::Timeout);
    l.feed(Event::MainExit(Exit::Signal(9)));
    assert_eq!(l.told(), "Start0 Terminate Kill");
    assert_eq!((l.m.state, l.m.result), (State::Failed, ServiceResult::Timeout));
}

#[test]
fn without_sigkill_it_is_asked_twice_and_left_c24() {
    let mut l = Life::of(Policy { send_sigkill: false, ..plain() });
    l.feed(Event::Start).feed(Event::Stop(StopKind::Stop)).feed(Event::Timeout).feed(Event::Timeout);
    assert_eq!(l.told(), "Start0 Terminate Terminate");
    assert_eq!((l.m.state, l.m.result), (State::Failed, ServiceResult::Timeout));
}

#[test]
fn a_signal_that_cannot_be_sent_is_not_waited_for() {
    let mut l = Life::of(plain());
    l.feed(Event::Start).feed(Event::Stop(StopKind::Stop)).feed(Event::NotSignalled);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 Terminate Kill", State::StopSigkill));
    // Nor can SIGKILL be sent: the stop ends, and it is no success.
    l.feed(Event::NotSignalled).feed(Event::NotSignalled).feed(Event::NotSignalled);
    assert_eq!((l.m.state, l.m.result), (State::Failed, ServiceResult::Resources));

    let mut l = Life::of(Policy { kind: ServiceType::NotifyReload, ..plain() });
    l.feed(Event::Start).feed(Event::Ready).feed(Event::Reload).feed(Event::NotSignalled);
    assert_eq!((l.m.state, l.m.reload), (State::Running, ServiceResult::Resources));
}

#[test]
fn whoever_starts_a_simple_service_may_wait_for_its_program_and_an_automatic_restart_does_not() {
    let start_limit = StartLimit { burst: 0, ..plain().start_limit };
    let mut l = Life::of(Policy { await_exec: true, restart: Restart::Always, start_limit, ..plain() });
    assert_eq!(l.feed(Event::Start).m.state, State::Start);
    assert_eq!(l.feed(Event::Executed).m.state, State::Running);
    assert_eq!(l.main(0).m.state, State::AutoRestart);
    assert_eq!(l.feed(Event::Timeout).m.state, State::Running);
    l.feed(Event::Stop(StopKind::Stop)).feed(Event::MainExit(Exit::Signal(15)));
    assert_eq!(l.feed(Event::Start).m.state, State::Start);
}

#[test]
fn a_name_on_the_bus_is_waited_for_and_its_loss_is_the_end() {
    let mut l = Life::of(Policy { kind: ServiceType::Dbus, ..plain() });
    l.feed(Event::Start).feed(Event::BusName(false)).feed(Event::Executed);
    assert_eq!(l.m.state, State::Start);
    assert_eq!(l.feed(Event::BusName(true)).m.state, State::Running);
    assert_eq!(l.feed(Event::BusName(false)).m.state, State::StopSigterm);
    l.main(0);
    assert_eq!((l.m.state, l.m.result), (State::Dead, ServiceResult::Success));
}

/// As service.c of 253 has it: what was said before the signal answers nothing.
#[test]
fn a_reload_by_signal_ends_when_the_service_says_so() {
    let reloading = |answers| Event::Reloading { answers };
    let notify_reload = |commands| Policy { kind: ServiceType::NotifyReload, ..with(commands) };
    let mut l = Life::of(notify_reload(stops()));
    l.feed(Event::Start).feed(Event::Ready).feed(Event::Reload);
    assert_eq!(l.feed(Event::Ready).m.state, State::Reload, "it was ready before");
    l.feed(reloading(false)).feed(Event::Ready);
    assert_eq!(l.m.state, State::Reload, "a reload of before");
    assert_eq!(l.feed(reloading(true)).m.state, State::Reload);
    l.feed(Event::Ready);
    assert_eq!((l.m.state, l.m.reload), (State::Running, ServiceResult::Success));
    l.feed(Event::Reload).feed(Event::Timeout);
    assert_eq!((l.m.state, l.m.reload), (State::Running, ServiceResult::Timeout));
    // Commands besides: done when both are.
    let mut l = Life::of(notify_reload(Commands { reload: list(1), ..stops() }));
    l.feed(Event::Start).feed(Event::Ready).feed(Event::Reload).feed(reloading(true)).control(0);
    assert_eq!(l.m.state, State::Reload);
    assert_eq!(l.feed(Event::Ready).m.state, State::Running);
    l.feed(Event::Reload).control(0);
    assert_eq!(l.m.state, State::Running);
}

#[test]
fn mixed_kills_the_rest_as_soon_as_main_has_gone_c22() {
    let mut l = Life::of(Policy { kill_mode: KillMode::Mixed, ..plain() });
    l.f.others = true;
    l.feed(Event::Start).feed(Event::Stop(StopKind::Stop)).main(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 Terminate Kill+", State::FinalSigkill));
    l.f.others = false;
    assert_eq!(l.feed(Event::GroupEmpty).m.state, State::Dead);
}

#[test]
fn the_start_limit_keeps_the_earlier_result_c26() {
    let mut l = Life::of(Policy { restart: Restart::OnFailure, ..plain() });
    l.feed(Event::Start).main(1).feed(Event::Timeout).main(1).feed(Event::Timeout);
    assert_eq!(l.told(), "Start0 Start0");
    assert_eq!((l.m.state, l.m.result), (State::Failed, ServiceResult::ExitCode));
    l.feed(Event::ResetFailed).feed(Event::Start);
    assert_eq!(l.m.state, State::Running);
}

#[test]
fn a_death_by_sigterm_is_clean_for_a_daemon_only_c28() {
    for (kind, state) in [(ServiceType::Simple, State::Dead), (ServiceType::Oneshot, State::Failed)] {
        let mut l = Life::of(Policy { kind, restart: Restart::No, ..plain() });
        l.feed(Event::Start).feed(Event::MainExit(Exit::Signal(15)));
        assert_eq!(l.m.state, state);
    }
}

#[test]
fn the_watchdog_kills_and_restarts_c37_c59() {
    let mut l = Life::of(Policy { kind: ServiceType::Notify, restart: Restart::OnWatchdog, ..plain() });
    l.feed(Event::Start).feed(Event::Ready).feed(Event::WatchdogExpired);
    l.feed(Event::MainExit(Exit::Signal(6)));
    assert_eq!(l.told(), "Start0 Watchdog");
    assert_eq!((l.m.state, l.m.result), (State::AutoRestart, ServiceResult::Watchdog));
}

#[test]
fn exec_condition_skips_or_fails() {
    let p = with(Commands { condition: list(1), ..stops() });
    for (code, state, result) in
        [(1, State::Dead, ServiceResult::ExecCondition), (255, State::Failed, ServiceResult::ExitCode)]
    {
        let mut l = Life::of(Policy { restart: Restart::No, ..p.clone() });
        l.feed(Event::Start).control(code).control(0);
        assert_eq!((l.m.state, l.m.result), (state, result));
    }
}

#[test]
fn in_runlevels_0_and_6_nothing_is_restarted() {
    let mut l = Life::of(Policy { restart: Restart::Always, ..plain() });
    l.feed(Event::Start);
    l.f.going_down = true;
    assert_eq!(l.main(1).m.state, State::Failed);
}

#[test]
fn a_missing_environment_file_is_a_lack_of_resources_c04() {
    let (m, _) = step(&plain(), &Machine::default(), &Facts::default(), Event::Start);
    let (m, _) = step(&plain(), &m, &Facts::default(), Event::SpawnFailed(Slot::Start));
    assert_eq!((m.state, m.result), (State::Failed, ServiceResult::Resources));
}

#[test]
fn what_sendsigkill_no_left_alive_blocks_the_next_start() {
    for (kill_mode, send_sigkill, blocks) in [
        (KillMode::ControlGroup, false, true),
        (KillMode::Mixed, false, true),
        (KillMode::Process, false, false),
        (KillMode::ControlGroup, true, false),
    ] {
        let mut l = Life::of(Policy { kill_mode, send_sigkill, ..plain() });
        l.f.others = true;
        l.feed(Event::Start);
        let expected = if blocks {
            (State::Failed, ServiceResult::Resources)
        } else {
            (State::Running, ServiceResult::Success)
        };
        assert_eq!((l.m.state, l.m.result), expected, "{kill_mode:?} {send_sigkill}");
    }
}

#[test]
fn a_reload_during_a_reload_runs_behind_it() {
    let mut l = Life::of(with(Commands { reload: list(1), ..stops() }));
    l.feed(Event::Start).feed(Event::Reload).feed(Event::Reload).feed(Event::Reload);
    assert_eq!(l.told(), "Start0 Reload0");
    l.control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 Reload0 Reload0", State::Reload));
    l.control(0);
    assert_eq!((l.told().as_str(), l.m.state), ("Start0 Reload0 Reload0", State::Running));
}
