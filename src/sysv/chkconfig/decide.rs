//! What a command does on a host: the answer and the steps. Pure.

use super::command::{Command, Kind, Redirect, SPEAKS, State, Strictness};
use super::debian::{self, Change};
use super::env::{Env, Family, Init};
use super::forward::forward;
use super::lsb::{by_dependencies, note_kept_order, numbers};
use super::outcome::{Decision, Outcome};
use super::refusal::{privileged, refuse};
use super::table::{is_listed, job_note, list, list_one, xinetd_service};
use super::view::{Refusal, View};
use super::xinetd;
use crate::sysv::header::Header;
use crate::sysv::level::{Levels, Priority, Runlevel};
use crate::sysv::links::{LinkAction, plan, plan_removal, shown};
use crate::sysv::priority::Numbers;
use std::ffi::{OsStr, OsString};
use strings::pattern::{Pattern, has_wildcard};

/// Answers a command. The steps are to be taken all or none; if they fail, `apply` changes the answer.
#[must_use]
pub fn decide(command: &Command, view: &View, env: &Env) -> Decision {
    let mut decision = Decision::default();
    let out = &mut decision.outcome;
    match command {
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION");
            out.stdout = format!("{} version {SPEAKS} (amr {version})\n", env.program);
        }
        Command::List { name: None, kind } => *out = list(view, env, *kind),
        Command::List { name: Some(name), kind } => *out = list_one(view, env, name, *kind),
        Command::Query { name, level, redirect } => query(view, env, name, *level, *redirect, out),
        Command::Add { .. } | Command::Del { .. } | Command::Override { .. } | Command::Set { .. } => {
            change(command, view, env, &mut decision);
        }
    }
    decision
}

fn change(command: &Command, view: &View, env: &Env, decision: &mut Decision) {
    if let Some(name) = command.name() {
        decision.outcome.notes.extend(glob_note(view, name));
    }
    match command {
        Command::Add { name, strictness } => add(view, env, name, *strictness, decision),
        Command::Del { name, strictness } => del(view, env, name, *strictness, decision),
        Command::Override { name } => apply_override(view, env, name, decision),
        Command::Set { name, levels, state, redirect } => {
            let verb = match state {
                State::On => Some("enable"),
                State::Off => Some("disable"),
                State::Reset | State::ResetPriorities => None,
            };
            let forwarded =
                verb.is_some_and(|v| forward(view, env, name, v, *redirect, &mut decision.outcome));
            if !forwarded {
                set(view, env, name, *levels, *state, decision);
            }
        }
        Command::Version | Command::List { .. } | Command::Query { .. } => {}
    }
    decision.outcome.reload = env.init == Init::SystemdRunning
        && decision.outcome.code == 0
        && decision.outcome.hand_over.is_empty();
}

fn query(
    view: &View,
    env: &Env,
    name: &OsStr,
    level: Option<Runlevel>,
    redirect: Redirect,
    out: &mut Outcome,
) {
    if forward(view, env, name, "is-enabled", redirect, out) {
        return;
    }
    out.code = 1;
    if let Some(enabled) = xinetd_service(view, name, Kind::Any) {
        let xinetd_is_on = !view.found.on(OsStr::new("xinetd")).is_empty();
        out.code = i32::from(!(enabled && xinetd_is_on));
        return;
    }
    match view.header(name) {
        Ok(_) | Err(Refusal::Override(_)) => {}
        Err(Refusal::Unsupported(_) | Refusal::Unreadable(_)) => return,
    }
    match level.or(env.runlevel) {
        Some(level) => out.code = i32::from(!view.found.on(name).contains(level)),
        None => out.stderr += "cannot determine current run level\n",
    }
}

fn add(view: &View, env: &Env, name: &OsStr, strictness: Strictness, decision: &mut Decision) {
    if xinetd_service(view, name, Kind::Any).is_some() {
        return;
    }
    if env.family == Family::Debian {
        return debian::change(view, env, name, Change::Add, decision);
    }
    let out = &mut decision.outcome;
    let Some(header) = readable(view, env, name, out) else { return };
    if !privileged(view, env, out) {
        return;
    }
    let configured = view.found.configured(name);
    if header.lsb.is_some() {
        let on = if configured.is_empty() { header.levels } else { view.found.on(name) };
        let wanted = kept(view, name, &header);
        by_dependencies(view, name, &header, on, wanted, strictness, decision);
    } else if let Some(numbers) = Numbers::of_header(&header) {
        out.notes.extend(view.found.faults(name));
        let wanted = Levels::ALL.minus(configured).iter().map(|l| turn_of(l, header.levels, numbers));
        decision.steps = plan(&view.found, name, wanted);
    }
}

fn del(view: &View, env: &Env, name: &OsStr, strictness: Strictness, decision: &mut Decision) {
    if xinetd_service(view, name, Kind::Any).is_some() {
        return;
    }
    if env.family == Family::Debian {
        return debian::change(view, env, name, Change::Del, decision);
    }
    let out = &mut decision.outcome;
    let is_gone = !view.scripts.has(name) && !view.found.links_of(name).is_empty();
    if is_gone {
        out.notes.push(format!(
            "script '/etc/init.d/{}' does not exist any more; chkconfig would refuse, amr removes its links",
            shown(name)
        ));
    } else if matches!(view.header(name), Err(Refusal::Unsupported(_) | Refusal::Unreadable(_))) {
        readable(view, env, name, out);
        return;
    }
    if !privileged(view, env, out) {
        return;
    }
    if strictness == Strictness::Lsb
        && let Some(who) = required_by(view, name)
    {
        out.code = 1;
        out.notes.push(format!("'{}' still requires '{}'", shown(&who), shown(name)));
        return;
    }
    decision.steps = plan_removal(&view.found, name);
}

/// Which service that is on (or off, for stop) needs this one by name (`remove_initd`).
fn required_by(view: &View, name: &OsStr) -> Option<OsString> {
    let name = name.to_str()?;
    let needs = |who: &OsStr| {
        let lsb = view.header(who).ok()?.lsb?;
        let (on, configured) = (view.found.on(who), view.found.configured(who));
        let at_start = lsb.required_start.iter().any(|n| n == name) && !on.is_empty();
        let at_stop = lsb.required_stop.iter().any(|n| n == name) && !configured.minus(on).is_empty();
        (at_start || at_stop).then(|| who.to_owned())
    };
    view.scripts.names().filter(|who| is_listed(who)).find_map(needs)
}

fn set(view: &View, env: &Env, name: &OsStr, levels: Option<Levels>, state: State, decision: &mut Decision) {
    let out = &mut decision.outcome;
    if xinetd_service(view, name, Kind::Any).is_some() {
        return set_xinetd(view, env, name, state, decision);
    }
    if env.family == Family::Debian {
        return debian::change(view, env, name, Change::Set(state, levels), decision);
    }
    let Some(header) = readable(view, env, name, out) else { return };
    if !privileged(view, env, out) {
        return;
    }
    let default = match state {
        State::On | State::Off => Levels::MULTI_USER,
        State::Reset | State::ResetPriorities => Levels::ALL,
    };
    let levels = levels.unwrap_or(default);
    let before = view.found.on(name);
    let on = match state {
        State::On => before.union(levels),
        State::Off => before.minus(levels),
        State::Reset => before.minus(levels).union(levels.common(header.levels)),
        State::ResetPriorities => before,
    };
    if header.lsb.is_some() {
        let configured = view.found.configured(name);
        // What was never added is linked in every level first, and then keeps what it has.
        let set = if state == State::ResetPriorities { Levels::NONE } else { levels };
        let wanted = Levels::ALL.iter().map(|l| {
            let is_on = if set.contains(l) || configured.contains(l) { on } else { header.levels };
            (l, if is_on.contains(l) { LinkAction::Start } else { LinkAction::Stop })
        });
        // `reset` counts with the header's levels, whatever is on.
        let counted = if state == State::Reset { header.levels } else { on };
        by_dependencies(view, name, &header, counted, wanted.collect(), Strictness::Lax, decision);
        if state == State::Off {
            note_kept_order(view, name, &header, counted, &mut decision.outcome);
        }
    } else if let Some(numbers) = Numbers::of_header(&header) {
        let wanted = levels.iter().map(|l| turn_of(l, on, numbers));
        decision.steps = plan(&view.found, name, wanted);
    }
}

/// xinetd's services are on or off in their files, whatever the runlevel; xinetd then reads them again.
fn set_xinetd(view: &View, env: &Env, name: &OsStr, state: State, decision: &mut Decision) {
    let (out, shown) = (&mut decision.outcome, shown(name));
    let is_enabled = match state {
        State::On => true,
        State::Off => false,
        State::Reset | State::ResetPriorities => {
            out.stderr += &format!("service {shown} is one of xinetd's: it can be set 'on' or 'off'\n");
            out.code = 1;
            return;
        }
    };
    if !privileged(view, env, out) {
        return;
    }
    let mut path = OsString::from("/etc/xinetd.d/");
    path.push(name);
    decision.write = view.xinetd.get(name).map(|file| (path.into(), xinetd::set(file, is_enabled)));
    decision.outcome.reload_xinetd = true;
}

fn apply_override(view: &View, env: &Env, name: &OsStr, decision: &mut Decision) {
    let out = &mut decision.outcome;
    let Some(base) = view.base(name) else { return };
    let over = match view.header(name) {
        Ok(header) => header,
        Err(Refusal::Override(e)) => return refuse(out, name, &Refusal::Override(e)),
        Err(Refusal::Unsupported(_) | Refusal::Unreadable(_)) => return,
    };
    if !privileged(view, env, out) {
        return;
    }
    if env.family == Family::Debian {
        out.notes.push(
            "insserv does not read '/etc/chkconfig.d'; its overrides are in '/etc/insserv/overrides'"
                .to_owned(),
        );
        return;
    }
    // chkconfig counts the numbers of a script that has none of its own, and links it by that.
    let is_counted = base.lsb.is_some() && base.start.is_none();
    if (base.levels, base.start, base.stop) == (over.levels, over.start, over.stop)
        || (view.found.links_of(name).is_empty() && !is_counted)
    {
        return;
    }
    let on = view.found.on(name);
    let new = if over.start.is_some() {
        Numbers::of_header(&over)
    } else {
        numbers(view, name, &over, over.levels)
    };
    let (Some(old), Some(new)) = (numbers(view, name, &base, on), new) else { return };
    let wanted = |header: &Header, numbers| {
        Levels::ALL.iter().map(|l| turn_of(l, header.levels, numbers)).collect::<Vec<_>>()
    };
    let links = view.found.links_of(name);
    let is_as = |wanted: &[_]| links.iter().all(|e| wanted.contains(&(e.level, e.turn, e.priority)));
    let over = wanted(&over, new);
    if is_as(&wanted(&base, old)) {
        decision.steps = plan(&view.found, name, over);
    } else if !is_as(&over) {
        out.notes.push(format!(
            "the links of '{0}' were changed by hand, so the override waits; 'chkconfig {0} reset' applies it",
            shown(name)
        ));
    }
}

/// The turn and number of a level.
fn turn_of(level: Runlevel, on: Levels, numbers: Numbers) -> (Runlevel, LinkAction, Priority) {
    if on.contains(level) {
        (level, LinkAction::Start, numbers.start)
    } else {
        (level, LinkAction::Stop, numbers.stop)
    }
}

/// What each level has, or should have by the header where it has nothing.
fn kept(view: &View, name: &OsStr, header: &Header) -> Vec<(Runlevel, LinkAction)> {
    let (on, configured) = (view.found.on(name), view.found.configured(name));
    let is_on = |l| if configured.contains(l) { on.contains(l) } else { header.levels.contains(l) };
    Levels::ALL.iter().map(|l| (l, if is_on(l) { LinkAction::Start } else { LinkAction::Stop })).collect()
}

/// The header, or the message and code of `readServiceError`.
fn readable(view: &View, env: &Env, name: &OsStr, out: &mut Outcome) -> Option<Header> {
    let header = view.header(name);
    if let Err(e) = &header {
        refuse(out, name, e);
        out.notes.extend(job_note(env, name));
    }
    header.ok()
}

/// Names are names: says where the real one would have taken this one for a pattern.
fn glob_note(view: &View, name: &OsStr) -> Option<String> {
    let pattern = Pattern::new(name.to_str().filter(|n| has_wildcard(n))?).ok()?;
    let others =
        view.found.names(|n| n != name && n.to_str().is_some_and(|n| pattern.matches(n))).into_iter();
    let others: Vec<String> = others.map(shown).collect();
    (!others.is_empty())
        .then(|| format!("'{}' is a name, not a pattern: {} stay as they are", shown(name), others.join(" ")))
}
