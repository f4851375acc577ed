//! `[Service]`: commands, life and end of a service (systemd.service(5), systemd.kill(5)).

use super::Origin;
use crate::unit::cgroup::Resources;
use crate::unit::exec::ExecContext;
use crate::unit::exec::descriptors::OpenFile;
use crate::unit::value::{Signal, Timeout};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A value that is one of a few words, as units write and systemctl(1) prints them.
pub trait Keyword: Copy + PartialEq + 'static {
    /// Each value with its word.
    const KEYWORDS: &'static [(&'static str, Self)];

    /// The word of this one.
    #[must_use]
    fn as_str(self) -> &'static str {
        Self::KEYWORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

/// `[Service]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// `Type=`.
    pub kind: ServiceType,
    /// All `Exec…=`.
    pub exec: ExecLists,
    /// `ExitType=` (250).
    #[serde(default)]
    pub exit_type: ExitType,
    /// `OOMPolicy=` (243).
    #[serde(default)]
    pub oom_policy: OomPolicy,
    /// `Restart=`.
    pub restart: Restart,
    /// `RestartSec=`.
    pub restart_sec: Duration,
    /// `RestartMode=` (254).
    #[serde(default)]
    pub restart_mode: RestartMode,
    /// `RestartSteps=` (254), 0 for none.
    #[serde(default)]
    pub restart_steps: u32,
    /// `RestartMaxDelaySec=` (254).
    pub restart_max_delay: Timeout,
    /// `SuccessExitStatus=`.
    #[serde(default)]
    pub success: StatusSet,
    /// `RestartPreventExitStatus=`.
    #[serde(default)]
    pub restart_prevent: StatusSet,
    /// `RestartForceExitStatus=`.
    #[serde(default)]
    pub restart_force: StatusSet,
    /// `TimeoutStartSec=`, the default of the type applied.
    pub timeout_start: Timeout,
    /// `TimeoutStopSec=`.
    pub timeout_stop: Timeout,
    /// `TimeoutAbortSec=`.
    pub timeout_abort: Timeout,
    /// `TimeoutStartFailureMode=`.
    pub start_failure_mode: TimeoutFailureMode,
    /// `TimeoutStopFailureMode=`.
    pub stop_failure_mode: TimeoutFailureMode,
    /// `RuntimeMaxSec=`.
    pub runtime_max: Timeout,
    /// `WatchdogSec=`; `Never` for none.
    pub watchdog: Timeout,
    /// `KillMode=`, `KillSignal=` and their kin, systemd.kill(5).
    pub kill: Kill,
    /// `RemainAfterExit=`.
    #[serde(default)]
    pub remain_after_exit: bool,
    /// `BusName=`.
    #[serde(default)]
    pub bus_name: Option<String>,
    /// `PIDFile=`, made absolute.
    pub pid_file: Option<String>,
    /// `GuessMainPID=`.
    #[serde(default)]
    pub guess_main_pid: bool,
    /// `RootDirectoryStartOnly=`: `RootDirectory=` is for `ExecStart=` alone.
    #[serde(default)]
    pub root_directory_start_only: bool,
    /// `NotifyAccess=`, the default of the type applied.
    pub notify_access: NotifyAccess,
    /// `FileDescriptorStoreMax=`: so many descriptors it may hand over to be kept.
    #[serde(default)]
    pub store_max: u32,
    /// `OpenFile=` (253).
    #[serde(default)]
    pub open_files: Vec<OpenFile>,
    /// What each process gets.
    pub context: Box<ExecContext>,
    /// What all of them may use together.
    #[serde(default)]
    pub resources: Box<Resources>,
}

/// `DefaultTimeoutStartSec=` and `DefaultTimeoutStopSec=` of systemd as it ships.
const TIMEOUT: Timeout = Timeout::After(Duration::from_secs(90));

impl Default for Service {
    fn default() -> Self {
        Self {
            kind: ServiceType::Simple,
            exec: ExecLists::default(),
            exit_type: ExitType::Main,
            oom_policy: OomPolicy::Stop,
            restart: Restart::No,
            restart_sec: Duration::from_millis(100),
            restart_mode: RestartMode::Normal,
            restart_steps: 0,
            restart_max_delay: Timeout::Never,
            success: StatusSet::default(),
            restart_prevent: StatusSet::default(),
            restart_force: StatusSet::default(),
            timeout_start: TIMEOUT,
            timeout_stop: TIMEOUT,
            timeout_abort: TIMEOUT,
            start_failure_mode: TimeoutFailureMode::Terminate,
            stop_failure_mode: TimeoutFailureMode::Terminate,
            runtime_max: Timeout::Never,
            watchdog: Timeout::Never,
            kill: Kill::default(),
            remain_after_exit: false,
            bus_name: None,
            pid_file: None,
            guess_main_pid: true,
            root_directory_start_only: false,
            notify_access: NotifyAccess::None,
            store_max: 0,
            open_files: Vec::new(),
            context: Box::default(),
            resources: Box::default(),
        }
    }
}

impl Service {
    /// The name on the message bus by which it is told whether the service is up.
    #[must_use]
    pub fn awaited_name(&self) -> Option<&str> {
        self.bus_name.as_deref().filter(|_| self.kind == ServiceType::Dbus)
    }
}

/// `Type=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ServiceType {
    Simple,
    Exec,
    Forking,
    Oneshot,
    Notify,
    /// 253
    NotifyReload,
    Dbus,
    Idle,
}

impl Keyword for ServiceType {
    const KEYWORDS: &'static [(&'static str, Self)] = &[
        ("simple", Self::Simple),
        ("exec", Self::Exec),
        ("forking", Self::Forking),
        ("oneshot", Self::Oneshot),
        ("notify", Self::Notify),
        ("idle", Self::Idle),
        ("dbus", Self::Dbus),
        ("notify-reload", Self::NotifyReload),
    ];
}

/// `ExitType=`: whose end is that of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ExitType {
    #[default]
    Main,
    /// That of the last process.
    Cgroup,
}

impl Keyword for ExitType {
    const KEYWORDS: &'static [(&'static str, Self)] = &[("main", Self::Main), ("cgroup", Self::Cgroup)];
}

/// `OOMPolicy=`: what follows when the kernel has killed one of the processes for want of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum OomPolicy {
    Continue,
    #[default]
    Stop,
    /// The kernel is told to kill all of them at once, where it can.
    Kill,
}

impl Keyword for OomPolicy {
    const KEYWORDS: &'static [(&'static str, Self)] =
        &[("continue", Self::Continue), ("stop", Self::Stop), ("kill", Self::Kill)];
}

/// The command lists, in file order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
#[serde(default)]
pub struct ExecLists {
    pub condition: Vec<ExecCommand>,
    pub start_pre: Vec<ExecCommand>,
    pub start: Vec<ExecCommand>,
    pub start_post: Vec<ExecCommand>,
    pub reload: Vec<ExecCommand>,
    pub stop: Vec<ExecCommand>,
    pub stop_post: Vec<ExecCommand>,
}

/// One command: quotes undone and specifiers expanded, variables not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecCommand {
    /// The executable: absolute, or a bare name to look up.
    pub path: String,
    /// The words; the first is `argv[0]`.
    pub argv: Vec<String>,
    /// `-`: failure counts as success.
    #[serde(default)]
    pub ignore_failure: bool,
    /// `:`: no variable expansion.
    #[serde(default)]
    pub no_env_expand: bool,
    /// `+`, `!`, `!!`.
    #[serde(default)]
    pub privilege: ExecPrivilege,
    /// `RootDirectoryStartOnly=`: it sees the host's root folder.
    #[serde(default)]
    pub at_host_root: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// What the privilege prefix asks for (systemd.service(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ExecPrivilege {
    /// None: everything applies.
    #[default]
    Normal,
    /// `+`: no user, no group, no sandbox.
    Full,
    /// `!`: no user and group change, sandbox yes.
    NoUser,
    /// `!!`: as `!` only where ambient capabilities are missing.
    AmbientFallback,
}

/// `Restart=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Restart {
    No,
    Always,
    OnSuccess,
    OnFailure,
    OnAbnormal,
    OnAbort,
    OnWatchdog,
}

impl Keyword for Restart {
    const KEYWORDS: &'static [(&'static str, Self)] = &[
        ("no", Self::No),
        ("always", Self::Always),
        ("on-success", Self::OnSuccess),
        ("on-failure", Self::OnFailure),
        ("on-abnormal", Self::OnAbnormal),
        ("on-abort", Self::OnAbort),
        ("on-watchdog", Self::OnWatchdog),
    ];
}

/// `RestartMode=` (254): what others hear of an automatic restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RestartMode {
    /// Those whom an end of the unit concerns.
    #[default]
    Normal,
    /// Nothing.
    Direct,
}

impl Keyword for RestartMode {
    const KEYWORDS: &'static [(&'static str, Self)] = &[("normal", Self::Normal), ("direct", Self::Direct)];
}

/// A set of exit codes and signals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusSet {
    /// Exit codes.
    pub codes: Vec<u8>,
    /// Numbers of signals.
    pub signals: Vec<Signal>,
}

/// `TimeoutStartFailureMode=`, `TimeoutStopFailureMode=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum TimeoutFailureMode {
    Terminate,
    Abort,
    Kill,
}

impl Keyword for TimeoutFailureMode {
    const KEYWORDS: &'static [(&'static str, Self)] =
        &[("terminate", Self::Terminate), ("abort", Self::Abort), ("kill", Self::Kill)];
}

/// systemd.kill(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Kill {
    pub mode: KillMode,
    pub signal: Signal,
    pub restart_signal: Option<Signal>,
    pub final_signal: Signal,
    pub watchdog_signal: Signal,
    /// 253.
    #[serde(default = "hangup")]
    pub reload_signal: Signal,
    #[serde(default)]
    pub send_sigkill: bool,
    #[serde(default)]
    pub send_sighup: bool,
}

/// SIGHUP.
fn hangup() -> Signal {
    Signal(1)
}

impl Default for Kill {
    fn default() -> Self {
        Self {
            mode: KillMode::ControlGroup,
            signal: Signal(15),
            restart_signal: None,
            final_signal: Signal(9),
            watchdog_signal: Signal(6),
            reload_signal: hangup(),
            send_sigkill: true,
            send_sighup: false,
        }
    }
}

/// `KillMode=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum KillMode {
    ControlGroup,
    Process,
    Mixed,
    None,
}

impl Keyword for KillMode {
    const KEYWORDS: &'static [(&'static str, Self)] = &[
        ("control-group", Self::ControlGroup),
        ("mixed", Self::Mixed),
        ("process", Self::Process),
        ("none", Self::None),
    ];
}

/// `NotifyAccess=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum NotifyAccess {
    None,
    Main,
    Exec,
    All,
}

impl Keyword for NotifyAccess {
    const KEYWORDS: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("main", Self::Main), ("exec", Self::Exec), ("all", Self::All)];
}
