//! Requests that go to systemctl, because systemd is the init and has a unit of that name. Pure.

use super::command::Redirect;
use super::env::{Env, HandOverPolicy, Init};
use super::outcome::{HandOver, Outcome};
use super::view::View;
use crate::sysv::links::shown;
use std::ffi::OsStr;

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
        HandOverPolicy::Allowed => {
            out.stderr += &format!("Note: Forwarding request to 'systemctl {verb} {}'.\n", shown(&unit));
            out.hand_over.push(HandOver { program: "systemctl", args: vec![verb.into(), unit] });
        }
        HandOverPolicy::Forbidden => {
            out.stderr +=
                &format!("{0} is a native unit: use 'systemctl --root=DIR {verb} {0}'\n", shown(&unit));
            out.code = 1;
        }
    }
    true
}
