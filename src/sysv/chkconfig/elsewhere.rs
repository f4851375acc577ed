//! Hosts where somebody else keeps the links: systemd with native units, and Debian. Pure.

use super::{Env, Family, HandOver, HandingOver, Init, Outcome, Redirect, State, View};
use crate::sysv::level::Levels;
use crate::sysv::links::shown;
use std::ffi::{OsStr, OsString};

/// On a host with systemd a service that has a native unit goes to systemctl (`forwardSystemd`).
pub(super) fn forward(
    view: &View,
    env: &Env,
    name: &OsStr,
    verb: &'static str,
    redirect: Redirect,
    out: &mut Outcome,
) -> bool {
    if env.init == Init::Sysv || redirect == Redirect::Forbidden {
        return false;
    }
    let unit = |end: &str| {
        let mut unit = name.to_owned();
        unit.push(end);
        unit
    };
    let has = |end: &str| view.units.contains(&unit(end));
    let unit = if has(".service") {
        unit(".service")
    } else if has("@.service") && has(".socket") {
        unit(".socket")
    } else {
        return false;
    };
    match env.hand_over {
        HandingOver::Allowed => {
            out.stderr += &format!("Note: Forwarding request to 'systemctl {verb} {}'.\n", shown(&unit));
            out.hand_over.push(HandOver { program: "systemctl", args: vec![verb.into(), unit] });
        }
        HandingOver::Forbidden => {
            out.stderr +=
                &format!("{0} is a native unit: use 'systemctl --root=DIR {verb} {0}'\n", shown(&unit));
            out.code = 1;
        }
    }
    true
}

/// Debian's links are insserv's to number. Hands over to update-rc.d where it is there; the word
/// NAME stands for the service. Where it is not, the links are made by number, and that is said.
pub(super) fn debian(env: &Env, view: &View, out: &mut Outcome, calls: &[&[&str]], name: &OsStr) -> bool {
    match env.family {
        Family::RedHat => false,
        Family::Debian if view.update_rc_d && env.hand_over == HandingOver::Allowed => {
            for call in calls {
                let word = |w: &&str| if *w == "NAME" { name.to_owned() } else { OsString::from(*w) };
                let args = call.iter().map(word).collect();
                out.hand_over.push(HandOver { program: "update-rc.d", args });
            }
            true
        }
        Family::Debian => {
            out.notes.push(
                "links made by number: Debian's rc ignores them where '/etc/init.d/.depend.start' is in use"
                    .to_owned(),
            );
            false
        }
    }
}

/// `on`, `off` and their kin in update-rc.d's words.
pub(super) fn set_on_debian(
    view: &View,
    env: &Env,
    name: &OsStr,
    levels: Option<Levels>,
    state: State,
    out: &mut Outcome,
) -> bool {
    let digits: Vec<String> = levels.into_iter().flat_map(Levels::iter).map(|l| l.to_string()).collect();
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        digits.iter().map(String::as_str).partition(|d| matches!(*d, "2" | "3" | "4" | "5"));
    let verb = match state {
        State::On => "enable",
        State::Off => "disable",
        State::Reset => {
            return debian(env, view, out, &[&["-f", "NAME", "remove"], &["NAME", "defaults"]], name);
        }
        State::ResetPriorities => return debian(env, view, out, &[&["NAME", "defaults"]], name),
    };
    let mut toggle = vec!["NAME", verb];
    toggle.extend(&known);
    let defaults: &[&str] = &["NAME", "defaults"];
    let is_new = view.found.configured(name).is_empty();
    let only_unknown = known.is_empty() && !unknown.is_empty();
    let calls: Vec<&[&str]> = [(is_new, defaults), (!only_unknown, toggle.as_slice())]
        .into_iter()
        .filter_map(|(wanted, call)| wanted.then_some(call))
        .collect();
    let taken = debian(env, view, out, &calls, name);
    if taken && !unknown.is_empty() {
        out.notes
            .push(format!("update-rc.d sets runlevels 2 to 5 only; {} stay as they are", unknown.join(" ")));
        out.code = i32::from(only_unknown);
    }
    taken
}
