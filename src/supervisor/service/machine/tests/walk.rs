//! Every situation that can be reached, for many policies: what must never happen does not.

mod explore;

use super::*;

/// The world as the kernel sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct World {
    main: bool,
    control: bool,
    timer: bool,
    watchdog: bool,
    lock: bool,
    /// A spawn that is not answered yet.
    spawning: Option<Slot>,
    /// It has been active in this life.
    was_active: bool,
    /// SIGKILL has been sent in this run.
    sigkilled: bool,
    /// The last thing that was done was to send a signal.
    signalled: bool,
    /// A process that could not be got rid of.
    left: bool,
}

type Node = (Machine, World);

/// A small generator, so that the policies are many, varied and the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
    fn list(&mut self) -> Vec<Failure> {
        (0..self.pick(&[0, 0, 1, 1, 2])).map(|_| self.pick(&[Failure::Counts, Failure::Ignored])).collect()
    }
}

fn policies() -> Vec<Policy> {
    use ServiceType::{Dbus, Exec, Forking, Notify, NotifyReload, Oneshot, Simple};
    let mut d = Dice(7);
    let mode = [TimeoutFailureMode::Terminate, TimeoutFailureMode::Abort, TimeoutFailureMode::Kill];
    let kinds = [Simple, Exec, Forking, Oneshot, Notify, NotifyReload, Dbus];
    let kills = [KillMode::ControlGroup, KillMode::Mixed, KillMode::Process, KillMode::None];
    (0..28)
        .map(|i| {
            let kind = kinds[i % kinds.len()];
            let start = match kind {
                Oneshot => list(d.pick(&[0, 1, 2])),
                Simple | Exec | Forking | Notify | NotifyReload | Dbus | ServiceType::Idle => list(1),
            };
            Policy {
                kind,
                await_exec: i % 4 == 3,
                commands: Commands {
                    condition: d.list(),
                    start_pre: d.list(),
                    start,
                    start_post: d.list(),
                    reload: d.list(),
                    stop: d.list(),
                    stop_post: d.list(),
                },
                restart: d.pick(&[
                    Restart::No,
                    Restart::Always,
                    Restart::OnSuccess,
                    Restart::OnFailure,
                    Restart::OnAbnormal,
                    Restart::OnAbort,
                    Restart::OnWatchdog,
                ]),
                exit_type: if kind == Oneshot {
                    ExitType::Main
                } else {
                    d.pick(&[ExitType::Main, ExitType::Cgroup])
                },
                oom_policy: d.pick(&[OomPolicy::Continue, OomPolicy::Stop, OomPolicy::Kill]),
                restart_prevent: StatusSet { codes: vec![7], signals: vec![] },
                restart_force: StatusSet { codes: vec![8], signals: vec![] },
                start_failure_mode: d.pick(&mode),
                stop_failure_mode: d.pick(&mode),
                kill_mode: kills[(i / kinds.len()) % kills.len()],
                send_sigkill: d.below(4) > 0,
                remain_after_exit: d.yes(),
                pid_file: kind == Forking && d.yes(),
                notify_access: d.pick(&[NotifyAccess::Main, NotifyAccess::All]),
                ..plain()
            }
        })
        .collect()
}

/// Everything that may happen now, each with what may be seen then.
fn possible(p: &Policy, m: &Machine, w: World) -> Vec<(Event, Facts)> {
    let mut events = Vec::new();
    if let Some(slot) = w.spawning {
        events.extend([Event::Spawned(slot), Event::SpawnFailed(slot)]);
    } else {
        events.extend([Event::Start, Event::Stop(StopKind::Stop), Event::Reload, Event::ResetFailed]);
        events.extend([Event::Stop(StopKind::Restart), Event::OomKill]);
        if w.main {
            let exits = [Exit::Code(0), Exit::Code(7), Exit::Code(8), Exit::Signal(9)];
            events.extend(exits.map(Event::MainExit));
            events.push(Event::Executed);
        }
        if w.control {
            events.extend([Exit::Code(0), Exit::Code(1)].map(Event::ControlExit));
        }
        if w.main || w.control {
            events.extend([Event::Ready, Event::Stopping, Event::Ping]);
            events.extend([true, false].map(|answers| Event::Reloading { answers }));
            events.extend(m.state.main_may_move().then_some(Event::MainMoved));
        } else {
            events.push(Event::GroupEmpty);
        }
        if p.kind == ServiceType::Dbus {
            events.extend([true, false].map(Event::BusName));
        }
        if w.timer {
            events.push(Event::Timeout);
        }
        if w.signalled {
            events.push(Event::NotSignalled);
        }
        if w.watchdog {
            events.push(Event::WatchdogExpired);
        }
        if m.awaits_pid_file {
            events.push(Event::PidFile);
        }
        if m.state == State::Dead && !w.left {
            use Phase::{Exited, Forking, Running, Starting, Stopping};
            events.extend([Starting, Running, Exited, Stopping].map(Event::Adopted));
            events.extend((p.kind == ServiceType::Forking).then_some(Event::Adopted(Forking)));
        }
    }
    events.into_iter().flat_map(|e| seen_with(p, e)).collect()
}

#[allow(clippy::wildcard_enum_match_arm)] // what an event can be seen with is the exception
fn seen_with(p: &Policy, e: Event) -> Vec<(Event, Facts)> {
    let others: &[bool] = if e == Event::GroupEmpty { &[false] } else { &[false, true] };
    let found: &[bool] = match e {
        Event::MainExit(_) if p.pid_file => &[false, true],
        Event::ControlExit(_) if p.kind == ServiceType::Forking => &[false, true],
        Event::Adopted(Phase::Starting) if p.kind == ServiceType::Forking => &[false, true],
        Event::Adopted(Phase::Forking) => &[false],
        Event::PidFile | Event::Adopted(Phase::Starting) => &[true],
        Event::Adopted(_) => &[false, true],
        _ => &[false],
    };
    let down: &[bool] = match e {
        Event::Timeout | Event::MainExit(Exit::Code(0)) => &[false, true],
        _ => &[false],
    };
    let mut all = Vec::new();
    for &others in others {
        for &found in found {
            for &going_down in down {
                let facts = Facts { others, found, going_down, ..Facts::default() };
                all.push((e, facts));
                if e == Event::Timeout {
                    all.push((e, Facts { unmet: true, ..facts }));
                }
            }
        }
    }
    all
}

fn before(mut w: World, e: Event, f: &Facts) -> World {
    w.signalled = false;
    match e {
        Event::MainExit(_) => w.main = false,
        Event::ControlExit(_) => w.control = false,
        Event::Timeout => w.timer = false,
        Event::WatchdogExpired => w.watchdog = false,
        Event::Spawned(_) => w.spawning = None,
        Event::SpawnFailed(Slot::Start) if w.main => (w.main, w.spawning) = (false, None),
        Event::SpawnFailed(_) => (w.control, w.spawning) = (false, None),
        Event::MainMoved => w.main = true,
        Event::Adopted(phase) => (w.main, w.control) = (f.found, phase == Phase::Forking),
        Event::Start => w.left = false,
        Event::Stop(_)
        | Event::Reload
        | Event::ResetFailed
        | Event::Executed
        | Event::GroupEmpty
        | Event::PidFile
        | Event::Ready
        | Event::Reloading { .. }
        | Event::Stopping
        | Event::BusName(_)
        | Event::Ping
        | Event::NotSignalled
        | Event::OomKill => {}
    }
    w
}

/// Carries the actions out, and holds what must hold of each.
fn apply(p: &Policy, mut w: World, n: &Machine, f: &Facts, acts: &[Action]) -> World {
    for a in acts {
        assert!(
            w.spawning.is_none() || *a == Action::ArmWatchdog,
            "an action before a spawn is answered: {acts:?}"
        );
        match *a {
            Action::Spawn { slot, role, .. } => {
                let stop_command = matches!(slot, Slot::Stop | Slot::StopPost);
                assert!(
                    n.want == Want::Up || stop_command,
                    "{slot:?} spawned for a service that is wanted down"
                );
                w.spawning = Some(slot);
                match role {
                    Role::Main => {
                        assert!(!w.main && !w.left, "second main process");
                        w.main = true;
                    }
                    Role::Control => {
                        assert!(!w.control || may_leave(p, w), "second control process: {acts:?}");
                        w.control = true;
                    }
                }
            }
            Action::Kill(op, to) => {
                assert!(to.any(), "signal to nobody");
                assert!(!to.main || w.main, "signal to no main process");
                assert!(!to.control || w.control, "signal to no control process");
                assert!(!to.others || f.others, "signal to an empty group");
                w.sigkilled |= op == KillOp::Kill;
                w.signalled = true;
            }
            Action::DropControl => {
                assert!(w.control, "nobody to drop");
                w.control = false;
            }
            Action::ReloadSignal => {
                assert!(w.main, "reload signal to nobody");
                w.signalled = true;
            }
            // One that MAINPID= named before stays behind as one of the others.
            Action::TakeMain => w.main = true,
            Action::Arm(_) => w.timer = true,
            Action::Disarm => w.timer = false,
            Action::ArmWatchdog => w.watchdog = true,
            Action::DisarmWatchdog => w.watchdog = false,
            Action::TakeLock => {
                assert!(!w.lock, "lock taken twice");
                w.lock = true;
            }
            Action::DropLock => {
                assert!(w.lock, "lock dropped twice");
                w.lock = false;
            }
            Action::Begin => w.sigkilled = false,
            Action::Over { again } => assert!(!again || !w.main, "a restart beside a living main process"),
            Action::Started | Action::StartLimitHit | Action::Reloaded(_) => {}
        }
    }
    forget(p, w, n)
}

/// May a process be left behind?
fn may_leave(p: &Policy, w: World) -> bool {
    w.sigkilled || !p.send_sigkill || p.kill_mode == KillMode::None
}

/// What the machine thinks no more of must be gone, or be one that could not be got rid of.
fn forget(p: &Policy, mut w: World, n: &Machine) -> World {
    if w.main && n.main != Main::Alive {
        assert!(may_leave(p, w), "main process forgotten: {n:?}");
        (w.main, w.left) = (false, true);
    }
    if w.control && n.control.is_none() {
        assert!(may_leave(p, w), "control process forgotten: {n:?}");
        w.control = false;
    }
    assert!(n.main != Main::Alive || w.main, "a main process that is not there: {n:?}");
    w.was_active = (w.was_active || n.state.is_active()) && !n.state.is_over();
    w
}

fn check(m: &Machine, w: World) {
    assert_eq!(w.lock, w.was_active, "the lock stands from a start to the end of a stop: {m:?}");
    assert_eq!(w.lock, m.locked);
    if m.state.is_over() {
        assert!(!w.main && !w.control && !w.timer && !w.watchdog, "down, and yet: {m:?} {w:?}");
    }
    if m.state.is_stopping() || m.state == State::AutoRestart {
        assert!(w.timer, "nothing ends {m:?}");
    }
    let busy = matches!(
        m.state,
        State::Condition | State::StartPre | State::StartPost | State::Stop | State::StopPost
    );
    assert!(!busy || w.control || m.awaits_pid_file || m.main == Main::Alive, "waits for nothing: {m:?}");
}

fn advance(p: &Policy, m: &Machine, w: World, e: Event, f: &Facts) -> Node {
    let (n, acts) = step(p, m, f, e);
    let w = apply(p, before(w, e, f), &n, f, &acts);
    reduced(n, w)
}

/// Forgets what no longer tells situations apart: counters, and memories that nothing reads until
/// they are set anew.
fn reduced(mut n: Machine, mut w: World) -> Node {
    n.restarts = 0;
    n.reload = ServiceResult::Success;
    n.reload_again &= n.state == State::Reload;
    n.awaits_reloading &= n.state == State::Reload;
    n.result = match n.result {
        ServiceResult::Protocol
        | ServiceResult::StartLimitHit
        | ServiceResult::OomKill
        | ServiceResult::Resources => ServiceResult::Timeout,
        ServiceResult::CoreDump => ServiceResult::Signal,
        same @ (ServiceResult::Success
        | ServiceResult::Timeout
        | ServiceResult::ExitCode
        | ServiceResult::Signal
        | ServiceResult::Watchdog
        | ServiceResult::ExecCondition) => same,
    };
    if n.state.is_stopping() || n.state.is_over() || n.state == State::AutoRestart {
        n.notified = Notified::Nothing;
        n.bus_name = false;
    }
    if n.want == Want::Up || n.state.is_over() {
        n.stop_kind = StopKind::Stop;
    }
    if n.state.is_over() || n.state == State::AutoRestart {
        (n.rule, n.main, w.sigkilled) = (Rule::Table, Main::Unknown, false);
    }
    (n, w)
}
