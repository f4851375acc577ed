//! The properties of a service as `systemctl show` names and prints them, from its unit and its
//! record. Pure.

mod commands;
mod settings;

use super::machine::State;
use super::status::Record;
use crate::supervisor::core::mark::{Moment, micros_or_none};
use crate::unit::cgroup;
use crate::unit::directive::Directive;
use crate::unit::exec;
use crate::unit::exec::io::{Input, Output};
use crate::unit::model::{Body, LoadState, Unit};
use crate::unit::value::boolean::yes_no;
use crate::unit::value::utc::Utc;
use commands::commands;
use settings::{kill, life, of_settings};
use std::path::Path;

/// All properties, in systemctl's manner and order: `(name, value)`, of a list one value a line. As systemd
/// forgets a unit that is down and has not failed, what its record says of the last run is not printed;
/// `status` has it.
#[must_use]
pub fn properties(unit: &Unit, record: Option<&Record>) -> Vec<(&'static str, String)> {
    let none = Record { result: "success".into(), sub: "dead".into(), ..Record::default() };
    let seen = record.unwrap_or(&none);
    let r = record.filter(|r| r.state() != State::Dead).unwrap_or(&none);
    let state = r.state();
    let mut all = Vec::new();
    if let Body::Service(service) = &unit.body {
        let of_earlier_release = || micros_or_none(service.watchdog);
        let known = (r.state() != State::Dead).then(|| r.watchdog_usec.unwrap_or_else(of_earlier_release));
        all.extend(life(service, known));
    }
    all.extend(of_run(r));
    if let Body::Service(service) = &unit.body {
        all.extend(commands(&service.exec, r));
        all.push(("ControlGroup", r.tracking.cgroup.as_deref().map_or_else(String::new, path)));
        let plain = |row: Directive| row.property.map(|name| (name, service.context.plain.show(&row)));
        all.extend(exec::plain::rows().filter_map(plain));
        let fields = exec::FIELDS.into_iter().flatten();
        all.extend(fields.map(|f| (f.property, (f.show)(&service.context))));
        let fields = cgroup::FIELDS.into_iter().flatten();
        all.extend(fields.map(|f| (f.property, (f.show)(&service.resources))));
        all.extend(of_streams(&service.context));
        all.extend(exec::limits::soft(&service.context.limits));
        all.extend(kill(service.kill));
    }
    all.extend(of_unit(unit, state, r));
    all.extend(of_settings(unit));
    all.extend(of_checks(seen));
    all.push(("InvocationID", r.invocation_id.clone()));
    all
}

fn of_unit(unit: &Unit, state: State, r: &Record) -> Vec<(&'static str, String)> {
    let names: Vec<&str> =
        std::iter::once(&unit.name).chain(&unit.aliases).map(crate::unit::name::UnitName::as_str).collect();
    let paths: Vec<String> = unit.dropins.iter().map(|p| path(p)).collect();
    vec![
        ("Id", unit.name.to_string()),
        ("Names", names.join(" ")),
        ("Description", unit.description.clone().unwrap_or_else(|| unit.name.to_string())),
        ("LoadState", unit.load.as_str().into()),
        ("LoadError", load_error(unit)),
        ("ActiveState", state.active().into()),
        ("SubState", r.sub_state().into()),
        ("FragmentPath", unit.fragment.as_deref().map_or_else(String::new, path)),
        ("DropInPaths", paths.join(" ")),
        ("FreezerState", "running".into()),
        ("InactiveExitTimestamp", time(r.inactive_exit)),
        ("InactiveExitTimestampMonotonic", r.inactive_exit.mono.to_string()),
        ("StateChangeTimestamp", time(r.state_change)),
        ("StateChangeTimestampMonotonic", r.state_change.mono.to_string()),
        ("ActiveEnterTimestamp", time(r.active_enter)),
        ("ActiveEnterTimestampMonotonic", r.active_enter.mono.to_string()),
        ("ActiveExitTimestamp", time(r.active_exit)),
        ("ActiveExitTimestampMonotonic", r.active_exit.mono.to_string()),
        ("InactiveEnterTimestamp", time(r.inactive_enter)),
        ("InactiveEnterTimestampMonotonic", r.inactive_enter.mono.to_string()),
    ]
}

/// Why it cannot be used, by the name and the words of a D-Bus error (`bus_unit_validate_load_state`); of a file
/// that cannot be read the findings say more.
fn load_error(unit: &Unit) -> String {
    let (name, what) = match unit.load {
        LoadState::Loaded | LoadState::Error => return String::new(),
        LoadState::NotFound => ("NoSuchUnit", "not found"),
        LoadState::BadSetting => ("BadUnitSetting", "has a bad unit file setting"),
        LoadState::Masked => ("UnitMasked", "is masked"),
    };
    format!("org.freedesktop.systemd1.{name} \"Unit {} {what}.\"", unit.name)
}

/// What 252 shows of the log and of passed descriptors besides the directives' own properties.
fn of_streams(context: &exec::ExecContext) -> [(&'static str, String); 4] {
    let streams = context.io.streams();
    let output = |output: &Output| if let Output::Fd(name) = output { name.clone() } else { String::new() };
    let input = if let Input::Fd(name) = streams.stdin { name.clone() } else { String::new() };
    let priority = u16::from(context.log.facility) << 3 | u16::from(context.log.level);
    [
        ("StandardInputFileDescriptorName", input),
        ("StandardOutputFileDescriptorName", output(streams.stdout)),
        ("StandardErrorFileDescriptorName", output(streams.stderr)),
        ("SyslogPriority", priority.to_string()),
    ]
}

/// What a start was left for is known while the host is up, whatever the unit does.
fn of_checks(r: &Record) -> Vec<(&'static str, String)> {
    let (condition, assertion) = (&r.condition, &r.assertion);
    vec![
        ("ConditionResult", yes_no(condition.met)),
        ("AssertResult", yes_no(assertion.met)),
        ("ConditionTimestamp", time(condition.at)),
        ("ConditionTimestampMonotonic", condition.at.mono.to_string()),
        ("AssertTimestamp", time(assertion.at)),
        ("AssertTimestampMonotonic", assertion.at.mono.to_string()),
    ]
}

fn of_run(r: &Record) -> Vec<(&'static str, String)> {
    vec![
        ("WatchdogTimestamp", time(r.watchdog)),
        ("WatchdogTimestampMonotonic", r.watchdog.mono.to_string()),
        ("MainPID", r.main.map_or(0, |m| m.pid).to_string()),
        ("ControlPID", r.control.map_or(0, |m| m.pid).to_string()),
        ("StatusText", r.status_text.clone()),
        ("StatusErrno", r.status_errno.to_string()),
        ("Result", r.result.clone()),
        ("ReloadResult", or_success(&r.reload_result)),
        ("NRestarts", r.restarts.to_string()),
        ("NFileDescriptorStore", r.kept.len().to_string()),
        ("ExecMainStartTimestamp", time(r.exec_main_start)),
        ("ExecMainStartTimestampMonotonic", r.exec_main_start.mono.to_string()),
        ("ExecMainExitTimestamp", time(r.exec_main_exit)),
        ("ExecMainExitTimestampMonotonic", r.exec_main_exit.mono.to_string()),
        ("ExecMainPID", r.exec_main_pid.to_string()),
        ("ExecMainCode", r.exec_main_code.to_string()),
        ("ExecMainStatus", r.exec_main_status.to_string()),
    ]
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn or_success(text: &str) -> String {
    if text.is_empty() { "success".into() } else { text.into() }
}

pub(super) fn time(m: Moment) -> String {
    match i64::try_from(m.real) {
        Ok(real) if real > 0 => Utc(real).to_systemd(),
        Ok(_) | Err(_) => String::new(),
    }
}
