//! The properties of a service as `systemctl show` names and prints them, from its unit and its
//! record. Pure.

mod settings;

use super::machine::State;
use super::status::{Moment, Record};
use crate::unit::directive::Directive;
use crate::unit::exec;
use crate::unit::model::{Body, Unit};
use crate::unit::value::utc::Utc;
use settings::{commands, kill, life, of_settings};

/// All properties, in systemctl's manner: `(name, value)`. As systemd forgets a unit that is down and
/// has not failed, what its record says of the last run is not printed; `status` has it.
#[must_use]
pub fn properties(unit: &Unit, record: Option<&Record>) -> Vec<(&'static str, String)> {
    let none = Record { result: "success".into(), sub: "dead".into(), ..Record::default() };
    let r = record.filter(|r| r.state() != State::Dead).unwrap_or(&none);
    let state = r.state();
    let mut all = of_unit(unit, state, r);
    all.extend(of_settings(unit));
    all.extend(of_service(unit));
    all.extend([
        ("Result", r.result.clone()),
        ("ReloadResult", or_success(&r.reload_result)),
        ("NRestarts", r.restarts.to_string()),
        ("MainPID", r.main.map_or(0, |m| m.pid).to_string()),
        ("ControlPID", r.control.map_or(0, |m| m.pid).to_string()),
        ("ExecMainPID", r.exec_main_pid.to_string()),
        ("ExecMainCode", r.exec_main_code.to_string()),
        ("ExecMainStatus", r.exec_main_status.to_string()),
        ("ExecMainStartTimestamp", time(r.exec_main_start)),
        ("ExecMainStartTimestampMonotonic", r.exec_main_start.mono.to_string()),
        ("ExecMainExitTimestamp", time(r.exec_main_exit)),
        ("ExecMainExitTimestampMonotonic", r.exec_main_exit.mono.to_string()),
        ("StatusText", r.status_text.clone()),
        ("StatusErrno", r.status_errno.to_string()),
        ("InvocationID", r.invocation_id.clone()),
        ("ControlGroup", r.tracking.cgroup.as_ref().map_or_else(String::new, |p| p.display().to_string())),
    ]);
    all
}

fn of_unit(unit: &Unit, state: State, r: &Record) -> Vec<(&'static str, String)> {
    let names: Vec<&str> =
        std::iter::once(&unit.name).chain(&unit.aliases).map(crate::unit::name::UnitName::as_str).collect();
    let paths: Vec<String> = unit.dropins.iter().map(|p| p.display().to_string()).collect();
    vec![
        ("Id", unit.name.to_string()),
        ("Names", names.join(" ")),
        ("Description", unit.description.clone().unwrap_or_else(|| unit.name.to_string())),
        ("LoadState", unit.load.as_str().into()),
        ("ActiveState", state.active().into()),
        ("SubState", r.sub_state().into()),
        ("FragmentPath", unit.fragment.as_ref().map_or_else(String::new, |p| p.display().to_string())),
        ("DropInPaths", paths.join(" ")),
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

fn of_service(unit: &Unit) -> Vec<(&'static str, String)> {
    let Body::Service(s) = &unit.body else { return Vec::new() };
    let mut all = life(s);
    all.extend(commands(&s.exec));
    all.extend(kill(s.kill));
    let plain = |row: Directive| row.property.map(|property| (property, s.context.plain.show(&row)));
    all.extend(exec::plain::rows().filter_map(plain));
    all.extend(exec::FIELDS.into_iter().flatten().map(|f| (f.property, (f.show)(&s.context))));
    all
}

fn or_success(text: &str) -> String {
    if text.is_empty() { "success".into() } else { text.into() }
}

fn time(m: Moment) -> String {
    match i64::try_from(m.real) {
        Ok(real) if real > 0 => Utc(real).to_systemd(),
        Ok(_) | Err(_) => String::new(),
    }
}
