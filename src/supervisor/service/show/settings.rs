//! What the files of a unit say, with the defaults of what they do not say, as systemctl prints it. What a
//! process gets is printed by its own fields (`crate::unit::exec`). Pure.

use crate::unit::exec::descriptors;
use crate::unit::model::{
    Body, Check, DepKind, Keyword, Kill, LoadState, Service, ServiceType, StatusSet, Unit,
};
use crate::unit::name::UnitKind;
use crate::unit::value::boolean::yes_no;
use crate::unit::value::env::quoted;
use crate::unit::value::time::{format, format_timeout};
use std::time::Duration;

/// Names and values of properties.
type Properties = Vec<(&'static str, String)>;

/// `[Unit]`.
pub(super) fn of_settings(unit: &Unit) -> Properties {
    let deps = |kind| {
        let names = unit.deps.iter().filter(|d| d.kind == kind).map(|d| d.on.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    let checks = |list: &[Check]| list.iter().map(|c| c.assignment("")).collect::<Vec<_>>().join(" ");
    let mut all: Vec<_> = DepKind::ALL.into_iter().map(|kind| (kind.as_str(), deps(kind))).collect();
    all.extend([
        ("Documentation", unit.documentation.iter().map(|uri| quoted(uri)).collect::<Vec<_>>().join(" ")),
        ("Conditions", checks(&unit.conditions)),
        ("Asserts", checks(&unit.asserts)),
        ("CanStart", yes_no(can_start(unit))),
        ("CanStop", yes_no(can_start(unit))),
        ("CanReload", yes_no(can_reload(unit))),
        ("CanIsolate", yes_no(false)),
        ("CanFreeze", yes_no(false)),
        ("StopWhenUnneeded", yes_no(unit.stop_when_unneeded)),
        ("RefuseManualStart", yes_no(unit.refuse_manual_start)),
        ("RefuseManualStop", yes_no(unit.refuse_manual_stop)),
        ("DefaultDependencies", yes_no(unit.default_dependencies)),
        ("IgnoreOnIsolate", yes_no(unit.ignore_on_isolate)),
        ("JobTimeoutUSec", format_timeout(unit.job_timeout)),
        ("JobRunningTimeoutUSec", format_timeout(unit.job_running_timeout.unwrap_or(unit.job_timeout))),
        ("JobTimeoutAction", unit.actions.job_timeout.as_str().into()),
        ("StartLimitAction", unit.actions.start_limit.as_str().into()),
        ("FailureAction", unit.actions.failure.as_str().into()),
        ("SuccessAction", unit.actions.success.as_str().into()),
        ("StartLimitIntervalUSec", format(unit.start_limit.interval)),
        ("StartLimitBurst", unit.start_limit.burst.to_string()),
        ("Transient", yes_no(false)),
        ("Perpetual", yes_no(false)),
    ]);
    all
}

fn can_start(unit: &Unit) -> bool {
    unit.load == LoadState::Loaded && matches!(unit.name.kind(), UnitKind::Service | UnitKind::Target)
}

fn can_reload(unit: &Unit) -> bool {
    let Body::Service(service) = &unit.body else { return false };
    can_start(unit) && (!service.exec.reload.is_empty() || service.kind == ServiceType::NotifyReload)
}

/// The life of a service; of the watchdog what its last run goes by, in microseconds: systemd knows no other time.
pub(super) fn life(s: &Service, watchdog: Option<u64>) -> Properties {
    let watchdog = match watchdog {
        None => "infinity".into(),
        Some(0) => "0".into(),
        Some(time) => format(Duration::from_micros(time)),
    };
    vec![
        ("Type", s.kind.as_str().into()),
        ("ExitType", s.exit_type.as_str().into()),
        ("OOMPolicy", s.oom_policy.as_str().into()),
        ("Restart", s.restart.as_str().into()),
        ("NotifyAccess", s.notify_access.as_str().into()),
        ("FileDescriptorStoreMax", s.store_max.to_string()),
        ("OpenFile", s.open_files.iter().map(descriptors::show).collect::<Vec<_>>().join("\n")),
        ("RestartMode", s.restart_mode.as_str().into()),
        ("RestartUSec", format(s.restart_sec)),
        ("RestartSteps", s.restart_steps.to_string()),
        ("RestartMaxDelayUSec", format_timeout(s.restart_max_delay)),
        ("TimeoutStartUSec", format_timeout(s.timeout_start)),
        ("TimeoutStopUSec", format_timeout(s.timeout_stop)),
        ("TimeoutAbortUSec", format_timeout(s.timeout_abort)),
        ("TimeoutStartFailureMode", s.start_failure_mode.as_str().into()),
        ("TimeoutStopFailureMode", s.stop_failure_mode.as_str().into()),
        ("RuntimeMaxUSec", format_timeout(s.runtime_max)),
        ("WatchdogUSec", watchdog),
        ("RemainAfterExit", yes_no(s.remain_after_exit)),
        ("GuessMainPID", yes_no(s.guess_main_pid)),
        ("RootDirectoryStartOnly", yes_no(s.root_directory_start_only)),
        ("BusName", s.bus_name.clone().unwrap_or_default()),
        ("PIDFile", s.pid_file.clone().unwrap_or_default()),
        ("SuccessExitStatus", statuses(&s.success)),
        ("RestartPreventExitStatus", statuses(&s.restart_prevent)),
        ("RestartForceExitStatus", statuses(&s.restart_force)),
    ]
}

/// How it is killed.
pub(super) fn kill(k: Kill) -> Properties {
    vec![
        ("KillMode", k.mode.as_str().into()),
        ("KillSignal", k.signal.0.to_string()),
        ("RestartKillSignal", k.restart_signal.unwrap_or(k.signal).0.to_string()),
        ("FinalKillSignal", k.final_signal.0.to_string()),
        ("WatchdogSignal", k.watchdog_signal.0.to_string()),
        ("ReloadSignal", k.reload_signal.0.to_string()),
        ("SendSIGKILL", yes_no(k.send_sigkill)),
        ("SendSIGHUP", yes_no(k.send_sighup)),
    ]
}

fn statuses(set: &StatusSet) -> String {
    let codes = set.codes.iter().map(u8::to_string);
    codes.chain(set.signals.iter().map(|s| s.0.to_string())).collect::<Vec<_>>().join(" ")
}
