//! The few facts of a unit that change the path taken. Pure.

use super::types::Slot;
use crate::unit::model::{
    ExecCommand, ExitType, KillMode, NotifyAccess, OomPolicy, Restart, Service, ServiceType, StartLimit,
    StatusSet, TimeoutFailureMode,
};

/// Does the failure of a command count?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Yes.
    Counts,
    /// It has the prefix `-`.
    Ignored,
}

/// The commands of the seven lists, as far as the path depends on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Commands {
    pub condition: Vec<Failure>,
    pub start_pre: Vec<Failure>,
    pub start: Vec<Failure>,
    pub start_post: Vec<Failure>,
    pub reload: Vec<Failure>,
    pub stop: Vec<Failure>,
    pub stop_post: Vec<Failure>,
}

/// The few facts of the unit that change the path taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `Type=`.
    pub kind: ServiceType,
    /// Is a start that was asked for to wait for the exec, also where `Type=simple` would not?
    pub await_exec: bool,
    /// All `Exec…=`.
    pub commands: Commands,
    /// `ExitType=`.
    pub exit_type: ExitType,
    /// `OOMPolicy=`.
    pub oom_policy: OomPolicy,
    /// `Restart=`.
    pub restart: Restart,
    /// `SuccessExitStatus=`.
    pub success: StatusSet,
    /// `RestartPreventExitStatus=`.
    pub restart_prevent: StatusSet,
    /// `RestartForceExitStatus=`.
    pub restart_force: StatusSet,
    /// `TimeoutStartFailureMode=`.
    pub start_failure_mode: TimeoutFailureMode,
    /// `TimeoutStopFailureMode=`.
    pub stop_failure_mode: TimeoutFailureMode,
    /// `KillMode=`.
    pub kill_mode: KillMode,
    /// `SendSIGKILL=`.
    pub send_sigkill: bool,
    /// `RemainAfterExit=`.
    pub remain_after_exit: bool,
    /// Is there a `PIDFile=`?
    pub pid_file: bool,
    /// `NotifyAccess=`.
    pub notify_access: NotifyAccess,
    /// `StartLimitIntervalSec=` and `StartLimitBurst=`.
    pub start_limit: StartLimit,
}

impl Policy {
    /// The policy of a unit's `[Service]`.
    #[must_use]
    pub fn new(service: &Service, start_limit: StartLimit) -> Self {
        let flags = |list: &[ExecCommand]| {
            list.iter().map(|c| if c.ignore_failure { Failure::Ignored } else { Failure::Counts }).collect()
        };
        let e = &service.exec;
        Self {
            kind: service.kind,
            await_exec: false,
            commands: Commands {
                condition: flags(&e.condition),
                start_pre: flags(&e.start_pre),
                start: flags(&e.start),
                start_post: flags(&e.start_post),
                reload: flags(&e.reload),
                stop: flags(&e.stop),
                stop_post: flags(&e.stop_post),
            },
            exit_type: service.exit_type,
            oom_policy: service.oom_policy,
            restart: service.restart,
            success: service.success.clone(),
            restart_prevent: service.restart_prevent.clone(),
            restart_force: service.restart_force.clone(),
            start_failure_mode: service.start_failure_mode,
            stop_failure_mode: service.stop_failure_mode,
            kill_mode: service.kill.mode,
            send_sigkill: service.kill.send_sigkill,
            remain_after_exit: service.remain_after_exit,
            pid_file: service.pid_file.is_some(),
            notify_access: service.notify_access,
            start_limit,
        }
    }

    /// The commands of one list.
    #[must_use]
    pub fn commands(&self, slot: Slot) -> &[Failure] {
        match slot {
            Slot::Condition => &self.commands.condition,
            Slot::StartPre => &self.commands.start_pre,
            Slot::Start => &self.commands.start,
            Slot::StartPost => &self.commands.start_post,
            Slot::Reload => &self.commands.reload,
            Slot::Stop => &self.commands.stop,
            Slot::StopPost => &self.commands.stop_post,
        }
    }
}
