//! The arms of `[Service]` that are about its life: type, commands, restart, time limits, killing
//! (systemd.service(5), systemd.kill(5)).

use super::unit::{failure_action, start_limit_action, start_limit_burst, start_limit_interval};
use super::{Arm, Draft};
use crate::unit::exec::descriptors;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::model::{
    ExecCommand, ExecLists, Kill, KillMode, OomPolicy, Service, ServiceType, StatusSet,
};
use crate::unit::value::{Signal, Timeout, exec, exit_status, path, signal};

/// A service of which some defaults hang on other settings.
#[derive(Default)]
pub(super) struct ServiceDraft {
    pub service: Box<Service>,
    pub kind: Option<ServiceType>,
    pub timeout_start: Option<Timeout>,
    pub timeout_abort: Option<Timeout>,
    /// `PermissionsStartOnly=`
    pub permissions_start_only: bool,
}

pub(super) const ARMS: &[(&str, Arm)] = &[
    ("BusName", bus_name),
    ("ExecCondition", |d, l| d.command(l, |e| &mut e.condition)),
    ("ExecReload", |d, l| d.command(l, |e| &mut e.reload)),
    ("ExecStart", |d, l| d.command(l, |e| &mut e.start)),
    ("ExecStartPost", |d, l| d.command(l, |e| &mut e.start_post)),
    ("ExecStartPre", |d, l| d.command(l, |e| &mut e.start_pre)),
    ("ExecStop", |d, l| d.command(l, |e| &mut e.stop)),
    ("ExecStopPost", |d, l| d.command(l, |e| &mut e.stop_post)),
    ("ExitType", |d, l| set(&mut d.service.service.exit_type, l.keyword())),
    ("FailureAction", failure_action),
    ("FileDescriptorStoreMax", |d, l| set(&mut d.service.service.store_max, l.number())),
    ("FinalKillSignal", |d, l| set(&mut d.kill().final_signal, l.signal())),
    ("GuessMainPID", |d, l| set(&mut d.service.service.guess_main_pid, l.boolean())),
    ("KillMode", kill_mode),
    ("KillSignal", |d, l| set(&mut d.kill().signal, l.signal())),
    ("NotifyAccess", |d, l| set(&mut d.service.service.notify_access, l.keyword())),
    ("OOMPolicy", oom_policy),
    ("OpenFile", open_file),
    ("PIDFile", pid_file),
    ("PermissionsStartOnly", |d, l| set(&mut d.service.permissions_start_only, l.boolean())),
    ("ReloadSignal", |d, l| set(&mut d.kill().reload_signal, l.signal())),
    ("RemainAfterExit", |d, l| set(&mut d.service.service.remain_after_exit, l.boolean())),
    ("Restart", |d, l| set(&mut d.service.service.restart, l.keyword())),
    ("RestartForceExitStatus", |d, l| d.statuses(l, |s| &mut s.restart_force)),
    ("RestartKillSignal", |d, l| set(&mut d.kill().restart_signal, l.signal().map(Some))),
    ("RestartMaxDelaySec", |d, l| set(&mut d.service.service.restart_max_delay, l.time())),
    ("RestartMode", |d, l| set(&mut d.service.service.restart_mode, l.keyword())),
    ("RestartPreventExitStatus", |d, l| d.statuses(l, |s| &mut s.restart_prevent)),
    ("RestartSec", |d, l| set(&mut d.service.service.restart_sec, l.duration())),
    ("RestartSteps", |d, l| set(&mut d.service.service.restart_steps, l.number())),
    ("RootDirectoryStartOnly", |d, l| set(&mut d.service.service.root_directory_start_only, l.boolean())),
    ("RuntimeMaxSec", |d, l| set(&mut d.service.service.runtime_max, l.time())),
    ("SendSIGHUP", |d, l| set(&mut d.kill().send_sighup, l.boolean())),
    ("SendSIGKILL", |d, l| set(&mut d.kill().send_sigkill, l.boolean())),
    ("StartLimitAction", start_limit_action),
    ("StartLimitBurst", start_limit_burst),
    ("StartLimitInterval", start_limit_interval),
    ("SuccessExitStatus", |d, l| d.statuses(l, |s| &mut s.success)),
    ("TimeoutAbortSec", timeout_abort),
    ("TimeoutSec", |d, l| {
        let time = l.time_or_never()?;
        d.service.timeout_start = Some(time);
        d.service.service.timeout_stop = time;
        Ok(())
    }),
    ("TimeoutStartFailureMode", |d, l| set(&mut d.service.service.start_failure_mode, l.keyword())),
    ("TimeoutStartSec", |d, l| set(&mut d.service.timeout_start, l.time_or_never().map(Some))),
    ("TimeoutStopFailureMode", |d, l| set(&mut d.service.service.stop_failure_mode, l.keyword())),
    ("TimeoutStopSec", |d, l| set(&mut d.service.service.timeout_stop, l.time_or_never())),
    ("Type", |d, l| set(&mut d.service.kind, l.keyword().map(Some))),
    ("WatchdogSec", |d, l| set(&mut d.service.service.watchdog, l.time_or_never())),
    ("WatchdogSignal", |d, l| set(&mut d.kill().watchdog_signal, l.signal())),
];

/// The one choice that an empty value resets.
fn kill_mode(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    d.kill().mode = if l.text.is_empty() { KillMode::ControlGroup } else { l.keyword()? };
    if d.kill().mode == KillMode::None {
        l.advise(
            "KillMode=none leaves processes behind at each stop",
            "write KillMode=mixed or control-group",
        );
    }
    Ok(())
}

/// The kernel is to kill all of them at once by the memory controller, which then has to know the unit.
fn oom_policy(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    d.service.service.oom_policy = l.keyword()?;
    d.service.service.resources.memory.oom_group = d.service.service.oom_policy == OomPolicy::Kill;
    Ok(())
}

fn bus_name(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    let name = l.expand(0, l.text)?;
    if !is_bus_name(&name) {
        return Err(l.trouble(format!("invalid name on the message bus '{name}'")));
    }
    d.service.service.bus_name = Some(name);
    Ok(())
}

/// `sd_bus_service_name_is_valid`.
fn is_bus_name(name: &str) -> bool {
    let is_element = |part: &str| {
        part.bytes().next().is_some_and(|b| !b.is_ascii_digit())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    name.len() <= 255 && name.contains('.') && name.split('.').all(is_element)
}

/// They add up; specifiers are not expanded.
fn open_file(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    let files = &mut d.service.service.open_files;
    if l.text.is_empty() {
        files.clear();
    } else {
        files.push(descriptors::parse(l.text)?);
    }
    Ok(())
}

/// A relative path is one below `/run`. systemd also turns `/var/run` into `/run`, which amr leaves:
/// on a host with both it is a link, and an old host has `/var/run` alone.
fn pid_file(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        d.service.service.pid_file = None;
        return Ok(());
    }
    let expanded = l.expand(0, l.text)?;
    let full =
        if path::is_absolute(&expanded) { expanded } else { format!("{}/{expanded}", d.facts.dirs.runtime) };
    d.service.service.pid_file = Some(path::absolute(&full).map_err(|e| l.trouble(e.message))?);
    Ok(())
}

/// The one time limit of which 0 means at once.
fn timeout_abort(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), ValueProblem> {
    d.service.timeout_abort = if l.text.is_empty() { None } else { Some(l.time()?) };
    Ok(())
}

impl Line<'_> {
    fn signal(&self) -> Result<Signal, ValueProblem> {
        Ok(signal::parse(self.text)?)
    }
}

impl Draft<'_> {
    fn kill(&mut self) -> &mut Kill {
        &mut self.service.service.kill
    }

    /// `Exec…=`: commands are added, an empty value clears them.
    fn command(
        &mut self,
        l: &Line<'_>,
        list: fn(&mut ExecLists) -> &mut Vec<ExecCommand>,
    ) -> Result<(), ValueProblem> {
        if l.text.is_empty() {
            list(&mut self.service.service.exec).clear();
            return Ok(());
        }
        let (commands, warnings) = exec::parse_with_warnings(l.text, &|text| l.specifiers(text))
            .map_err(|e| ValueProblem::from(e).fatal())?;
        warnings.into_iter().for_each(|warning| l.note(warning));
        list(&mut self.service.service.exec).extend(commands.into_iter().map(|c| ExecCommand {
            path: c.path,
            argv: c.argv,
            ignore_failure: c.ignore_failure,
            no_env_expand: c.no_env_expand,
            privilege: c.privilege,
            at_host_root: false,
            origin: l.origin(c.at, c.len),
        }));
        Ok(())
    }

    /// Exit codes and signals: they add up word by word, an empty value clears them.
    fn statuses(
        &mut self,
        l: &Line<'_>,
        set: fn(&mut Service) -> &mut StatusSet,
    ) -> Result<(), ValueProblem> {
        if l.text.is_empty() {
            *set(&mut self.service.service) = StatusSet::default();
        }
        let (more, errors) = exit_status::parse_list(l.text);
        let statuses = set(&mut self.service.service);
        statuses.codes.extend(more.codes);
        statuses.signals.extend(more.signals);
        for error in errors {
            l.warn(error.into());
        }
        Ok(())
    }
}
