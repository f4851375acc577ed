//! The walk over every reachable situation of many policies, and the paths that systemd 252 was
//! measured to take.

use super::*;
use crate::unit::model::{
    ExitType, KillMode, NotifyAccess, OomPolicy, Restart, StartLimit, StatusSet, TimeoutFailureMode,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

mod paths;
mod walk;

fn list(n: usize) -> Vec<Failure> {
    vec![Failure::Counts; n]
}

/// A simple service with nothing but `ExecStart=`.
fn plain() -> Policy {
    Policy {
        kind: ServiceType::Simple,
        await_exec: false,
        commands: Commands { start: list(1), ..Commands::default() },
        exit_type: ExitType::Main,
        oom_policy: OomPolicy::Stop,
        restart: Restart::No,
        success: StatusSet::default(),
        restart_prevent: StatusSet::default(),
        restart_force: StatusSet::default(),
        start_failure_mode: TimeoutFailureMode::Terminate,
        stop_failure_mode: TimeoutFailureMode::Terminate,
        kill_mode: KillMode::ControlGroup,
        send_sigkill: true,
        remain_after_exit: false,
        pid_file: false,
        notify_access: NotifyAccess::None,
        start_limit: StartLimit { interval: Duration::from_secs(10), burst: 2 },
    }
}
