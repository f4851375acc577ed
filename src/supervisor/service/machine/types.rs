//! The words of the machine: results, events, actions, memory. Pure data; the names are systemd's.

use super::result::ServiceResult;
use super::state::State;
use crate::supervisor::service::restart::Window;
use std::time::Duration;

/// What the operator wants, apart from what is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Want {
    /// Bring it down and leave it down.
    #[default]
    Down,
    /// Keep it up, as far as `Restart=` says.
    Up,
}

/// Why it is being stopped by request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StopKind {
    /// To be down.
    #[default]
    Stop,
    /// To be started again at once: `RestartKillSignal=` and `RuntimeDirectoryPreserve=restart` apply.
    Restart,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// exit(3) with this code.
    Code(u8),
    /// Killed by this signal.
    Signal(i32),
    /// Killed by this signal, and the memory was dumped.
    Dumped(i32),
    /// Gone, but it was not our child, so nobody told.
    Unknown,
}

/// What the exit of the main process alone says about a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// `Restart=` decides.
    #[default]
    Table,
    /// `RestartPreventExitStatus=` forbids it.
    Prevent,
    /// `RestartForceExitStatus=` demands it.
    Force,
}

/// What is known of the main process (`main_pid_known` and `main_pid` of systemd).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Main {
    /// There is none yet, or the daemon never told which it is.
    #[default]
    Unknown,
    /// It lives.
    Alive,
    /// It has ended.
    Gone,
}

/// What the service last said about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Notified {
    #[default]
    Nothing,
    Ready,
    Reloading,
    Stopping,
}

/// A list of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Slot {
    Condition,
    StartPre,
    Start,
    StartPost,
    Reload,
    Stop,
    StopPost,
}

impl Slot {
    /// The directive that has the list.
    #[must_use]
    pub fn directive(self) -> &'static str {
        match self {
            Self::Condition => "ExecCondition",
            Self::StartPre => "ExecStartPre",
            Self::Start => "ExecStart",
            Self::StartPost => "ExecStartPost",
            Self::Reload => "ExecReload",
            Self::Stop => "ExecStop",
            Self::StopPost => "ExecStopPost",
        }
    }
}

/// Main process or helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The process that the service is about.
    Main,
    /// A command before, beside or after it.
    Control,
}

/// In which phase a service is found by a supervisor that adopts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Not ready yet.
    Starting,
    /// The process of `ExecStart=` that is to leave a daemon behind still runs.
    Forking,
    /// Up.
    Running,
    /// Up without a process.
    Exited,
    /// On its way down.
    Stopping,
}

/// What happened outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Somebody asks for a start.
    Start,
    /// Somebody asks for a stop.
    Stop(StopKind),
    /// Somebody asks for a reload.
    Reload,
    /// Somebody asks to forget a failure and the starts counted.
    ResetFailed,
    /// The service was found alive when the supervisor began.
    Adopted(Phase),
    /// The process of a list was forked. Answers [`Action::Spawn`] at once.
    Spawned(Slot),
    /// It could not be made (out of memory, no environment file). Answers [`Action::Spawn`] at once.
    SpawnFailed(Slot),
    /// The main process has passed execve(2).
    Executed,
    /// The main process is gone.
    MainExit(Exit),
    /// The control process is gone.
    ControlExit(Exit),
    /// No process of the service is left.
    GroupEmpty,
    /// The PID file has changed.
    PidFile,
    /// MAINPID= named another living process.
    MainMoved,
    /// READY=1.
    Ready,
    /// RELOADING=1.
    Reloading {
        /// It was said after the reload signal that was sent last (MONOTONIC_USEC=).
        answers: bool,
    },
    /// STOPPING=1.
    Stopping,
    /// Has the name of `BusName=` an owner now?
    BusName(bool),
    /// WATCHDOG=1.
    Ping,
    /// The watchdog's time is over, or WATCHDOG=trigger.
    WatchdogExpired,
    /// The kernel killed one of its processes for want of memory.
    OomKill,
    /// A signal of [`Action::Kill`] or [`Action::ReloadSignal`] could not be sent to whom it was meant for.
    /// Comes before anything else.
    NotSignalled,
    /// The armed timer fired.
    Timeout,
}

/// What the driver sees at the moment of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The monotonic clock.
    pub now: Duration,
    /// Processes of the service live besides the main and the control process.
    pub others: bool,
    /// PID file or guess name a living process that may be the main one; for [`Event::Adopted`]: the
    /// main process lives.
    pub found: bool,
    /// The host goes down (runlevel 0 or 6): nothing is restarted.
    pub going_down: bool,
    /// A condition or an assert of the unit is not met, as an automatic restart is about to start it.
    pub unmet: bool,
}

/// Which duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// `TimeoutStartSec=`.
    Start,
    /// `TimeoutStopSec=`.
    Stop,
    /// `TimeoutAbortSec=`.
    Abort,
    /// `RuntimeMaxSec=`, counted from the moment it became active.
    RuntimeMax,
    /// `RestartSec=` and its steps.
    Restart,
}

/// Which signal (`KillOperation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KillOp {
    /// `KillSignal=`, then SIGCONT, then SIGHUP with `SendSIGHUP=`.
    Terminate,
    /// `RestartKillSignal=`, else `KillSignal=`.
    Restart,
    /// `WatchdogSignal=`.
    Watchdog,
    /// `FinalKillSignal=`.
    Kill,
}

/// Who gets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Targets {
    /// The main process.
    pub main: bool,
    /// The control process.
    pub control: bool,
    /// All other processes of the service.
    pub others: bool,
}

impl Targets {
    /// Is there anybody to send to?
    #[must_use]
    pub fn any(self) -> bool {
        self.main || self.control || self.others
    }
}

/// What the driver must do next, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// A new run begins: new invocation id, exit status, status text and reports of the last one
    /// forgotten.
    Begin,
    /// It was started too often: what the unit demands for that is done.
    StartLimitHit,
    /// Fork and exec a command; answer with [`Event::Spawned`] or [`Event::SpawnFailed`] before
    /// anything else.
    Spawn {
        /// The list.
        slot: Slot,
        /// Which of it, from 0.
        index: usize,
        /// As what it runs.
        role: Role,
    },
    /// Send a signal; answer with [`Event::NotSignalled`] where that failed.
    Kill(KillOp, Targets),
    /// SIGKILL the control process and think no more of it.
    DropControl,
    /// `ReloadSignal=` to the main process of a `Type=notify-reload` service.
    ReloadSignal,
    /// The process that [`Facts::found`] speaks of is the main process from now on.
    TakeMain,
    /// Arm the timer, instead of what it was armed with.
    Arm(Timer),
    /// The timer that is armed no longer runs.
    Disarm,
    /// (Re)start the watchdog's time.
    ArmWatchdog,
    /// Stop it.
    DisarmWatchdog,
    /// The unit has become active: waiters of a start are answered.
    Started,
    /// A reload is over: its waiters are answered.
    Reloaded(ServiceResult),
    /// Create `/var/lock/subsys/NAME`.
    TakeLock,
    /// Remove it.
    DropLock,
    /// The run is over: remove runtime directories, PID file and private folders; answer all
    /// waiters; carry out what `OnFailure=` and the like ask for.
    Over {
        /// An automatic restart follows.
        again: bool,
    },
}

impl Action {
    /// Must what the machine made of the event be in the record before? Whoever takes over after a signal
    /// would else not know that it was sent, and take the end for a failure.
    #[must_use]
    pub fn follows_its_record(&self) -> bool {
        match self {
            Self::TakeLock | Self::Kill(..) => true,
            Self::Begin
            | Self::StartLimitHit
            | Self::Spawn { .. }
            | Self::DropControl
            | Self::ReloadSignal
            | Self::TakeMain
            | Self::Arm(_)
            | Self::Disarm
            | Self::ArmWatchdog
            | Self::DisarmWatchdog
            | Self::Started
            | Self::Reloaded(_)
            | Self::DropLock
            | Self::Over { .. } => false,
        }
    }
}

/// The whole memory of a service's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Machine {
    /// The state as systemd has it (`service_state`).
    pub state: State,
    /// Where it should be.
    pub want: Want,
    /// Why it is stopped, if by request.
    pub stop_kind: StopKind,
    /// The first failure of this run.
    pub result: ServiceResult,
    /// How the last reload ended.
    pub reload: ServiceResult,
    /// Another reload was asked for while one ran.
    pub reload_again: bool,
    /// The name of `BusName=` has an owner, of a `Type=dbus` service.
    pub bus_name: bool,
    /// The reload signal was sent, and the RELOADING=1 that answers it has not come (systemd's `reload-signal`).
    pub awaits_reloading: bool,
    /// The main process.
    pub main: Main,
    /// Which of `ExecStart=` the main process is; `None` once it is gone or was found by PID file.
    pub main_command: Option<usize>,
    /// The living control process: its list and its place in it.
    pub control: Option<(Slot, usize)>,
    /// What the main process's exit says about a restart.
    pub rule: Rule,
    /// What the service said last.
    pub notified: Notified,
    /// Waits for the PID file to name a process.
    pub awaits_pid_file: bool,
    /// Holds the subsys lock.
    pub locked: bool,
    /// Automatic restarts since the last start by hand (`NRestarts=`).
    pub restarts: u32,
    /// The starts counted for the start limit.
    pub starts: Window,
}
