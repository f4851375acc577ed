//! The commands of a service and how each went when it was last run, as systemctl prints them. Pure.

use super::time;
use crate::supervisor::service::machine::Slot;
use crate::supervisor::service::status::{CommandMark, Record};
use crate::unit::model::{ExecCommand, ExecLists, ExecPrivilege};
use crate::unit::value::Signal;
use crate::unit::value::boolean::yes_no;

/// How a command of the unit is shown: the words between its path and how it went.
type Form = fn(&ExecCommand) -> String;

/// Each list with both of its properties; systemd has the one with `Ex` since 243.
pub(super) fn commands(e: &ExecLists, r: &Record) -> Vec<(&'static str, String)> {
    let lists = [
        (Slot::Condition, "ExecConditionEx", &e.condition),
        (Slot::StartPre, "ExecStartPreEx", &e.start_pre),
        (Slot::Start, "ExecStartEx", &e.start),
        (Slot::StartPost, "ExecStartPostEx", &e.start_post),
        (Slot::Reload, "ExecReloadEx", &e.reload),
        (Slot::Stop, "ExecStopEx", &e.stop),
        (Slot::StopPost, "ExecStopPostEx", &e.stop_post),
    ];
    let ignore: Form = |c| format!("ignore_errors={}", yes_no(c.ignore_failure));
    let flags: Form = |c| format!("flags={}", flags(c));
    let both = |(slot, ex, list): (Slot, &'static str, &Vec<ExecCommand>)| {
        [(slot.directive(), ignore), (ex, flags)].map(|(name, form)| (name, show(slot, list, form, r)))
    };
    lists.into_iter().flat_map(both).collect()
}

/// One a line.
fn show(slot: Slot, list: &[ExecCommand], form: Form, r: &Record) -> String {
    let one = |(index, command): (usize, &ExecCommand)| {
        // What ran may be an older state of the file.
        let mark = r.commands.iter().find(|m| m.is_of(slot.directive(), index, command));
        let argv = command.argv.join(" ").replace('\n', "\\n");
        format!("{{ path={} ; argv[]={argv} ; {} ; {} }}", command.path, form(command), went(mark))
    };
    list.iter().enumerate().map(one).collect::<Vec<_>>().join("\n")
}

fn flags(c: &ExecCommand) -> String {
    let privilege = match c.privilege {
        ExecPrivilege::Normal => None,
        ExecPrivilege::Full => Some("privileged"),
        ExecPrivilege::NoUser => Some("no-setuid"),
        ExecPrivilege::AmbientFallback => Some("ambient"),
    };
    let ignore = c.ignore_failure.then_some("ignore-failure");
    let all = [ignore, privilege, c.no_env_expand.then_some("no-env-expand")];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// When it ran and how it ended.
fn went(mark: Option<&CommandMark>) -> String {
    let never = CommandMark::default();
    let m = mark.unwrap_or(&never);
    let stamp = |at| Some(time(at)).filter(|text| !text.is_empty()).unwrap_or_else(|| "n/a".to_owned());
    let (code, status) = match m.code {
        1 => ("exited", m.status.to_string()),
        2 => ("killed", format!("{}/{}", m.status, Signal(m.status).name())),
        3 => ("dumped", format!("{}/{}", m.status, Signal(m.status).name())),
        _ => ("(null)", "0/0".to_owned()),
    };
    let (start, stop) = (stamp(m.start), stamp(m.exit));
    format!("start_time=[{start}] ; stop_time=[{stop}] ; pid={} ; code={code} ; status={status}", m.pid)
}
