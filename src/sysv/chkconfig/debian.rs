//! chkconfig's words on Debian, where insserv keeps the links: through update-rc.d, or, in a tree
//! that has none or is not the running host, as insserv would have them. Pure.

use super::command::State;
use super::env::{Env, HandOverPolicy};
use super::outcome::{Decision, HandOver, Outcome};
use super::refusal::{privileged, refuse};
use super::view::{Refusal, Script, View};
use crate::sysv::depth::{self, Linked};
use crate::sysv::level::{Levels, Runlevel};
use crate::sysv::links::{LinkAction, Step, plan, shown};
use crate::sysv::lsb::{Block, is_passed_over};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Del,
    /// With the levels of `--level`.
    Set(State, Option<Levels>),
}

/// Answers a command that makes or removes links.
pub(super) fn change(view: &View, env: &Env, name: &OsStr, change: Change, decision: &mut Decision) {
    let is_gone = !view.scripts.has(name);
    let unreadable = match view.scripts.get(name) {
        Some(Script::Unreadable(why)) => Some(why.clone()),
        None if change != Change::Del || view.found.links_of(name).is_empty() => {
            Some("No such file or directory".to_owned())
        }
        None | Some(Script::Read { .. }) => None,
    };
    if let Some(why) = unreadable {
        return refuse(&mut decision.outcome, name, &Refusal::Unreadable(why));
    }
    if !privileged(view, env, &mut decision.outcome) {
        return;
    }
    let Some(block) = block(view, name, change, &mut decision.outcome) else { return };
    if view.update_rc_d && env.hand_over == HandOverPolicy::Allowed {
        return hand_over(view, name, change, decision);
    }
    if let Some(block) = block.filter(|_| !matches!(change, Change::Del | Change::Set(State::Off, _)))
        && let Some(absent) = absent(view, name, block)
    {
        let out = &mut decision.outcome;
        out.stderr += &format!("service {absent} has to be enabled to use service {}\n", shown(name));
        out.notes.push(format!("run 'amr chkconfig --add {absent}' first, as insserv wants it"));
        out.code = 1;
        return;
    }
    if is_gone {
        decision
            .outcome
            .notes
            .push(format!("script '/etc/init.d/{}' does not exist; its links are removed", shown(name)));
    }
    renumber_all(view, name, block, change, decision);
    decision.outcome.notes.push(
        "where '/etc/init.d/.depend.start' is in use, Debian's rc follows that and not the links: run insserv on the host"
            .to_owned(),
    );
}

/// The block by which insserv makes links, if it would make any; `None` where it is said that it cannot.
fn block<'v>(view: &'v View, name: &OsStr, change: Change, out: &mut Outcome) -> Option<Option<&'v Block>> {
    let shown = shown(name);
    if change != Change::Del && is_passed_over(name.as_bytes()) {
        out.stderr += &format!("service {shown}: insserv passes over files of such a name\n");
        out.notes.push(format!("rename '/etc/init.d/{shown}' and run this again"));
        out.code = 1;
        return None;
    }
    match view.blocks.get(name) {
        Some(Ok(block)) => Some(Some(block)),
        Some(Err(_)) | None if change == Change::Del => Some(None),
        Some(Err(e)) => {
            out.stderr += &format!("service {shown}: '/etc/init.d/{shown}': {e}\n");
            let remedy = e.remedy().replace("NAME", &shown);
            out.notes.push(format!("insserv would make no links for '{shown}'; {remedy}"));
            out.code = 1;
            None
        }
        // Gone since it was looked for: that it has no block does not mean that it wants no links.
        None => {
            refuse(out, name, &Refusal::Unreadable("No such file or directory".to_owned()));
            None
        }
    }
}

/// A script that this one requires and that has no links: insserv refuses then. Facilities may be absent,
/// and on a host without initscripts update-rc.d has insserv forgive everything.
fn absent<'b>(view: &View, name: &OsStr, block: &'b Block) -> Option<&'b String> {
    let has_initscripts =
        view.found.links_of(OsStr::new("mountkernfs.sh")).iter().any(|e| e.level == Runlevel::BOOT);
    let is_there = |needed: &str| {
        view.blocks.iter().any(|(other, block)| {
            let provides = block.as_ref().is_ok_and(|b| b.provides.iter().any(|p| p == needed));
            (other == needed || provides) && (other == name || !view.found.links_of(other).is_empty())
        })
    };
    let required = block.required_start.iter().chain(&block.required_stop);
    required.filter(|n| has_initscripts && !n.starts_with('$')).find(|n| !is_there(n))
}

/// In update-rc.d's words.
fn hand_over(view: &View, name: &OsStr, change: Change, decision: &mut Decision) {
    let out = &mut decision.outcome;
    let mut call = |words: &[&str], more: &[String]| {
        let word = |w: &&str| if *w == "NAME" { name.to_owned() } else { OsString::from(*w) };
        let args = words.iter().map(word).chain(more.iter().map(OsString::from)).collect();
        out.hand_over.push(HandOver { program: "update-rc.d", args });
    };
    let (verb, levels) = match change {
        Change::Add | Change::Set(State::ResetPriorities, _) => return call(&["NAME", "defaults"], &[]),
        Change::Del => return call(&["-f", "NAME", "remove"], &[]),
        Change::Set(State::Reset, _) => {
            call(&["-f", "NAME", "remove"], &[]);
            return call(&["NAME", "defaults"], &[]);
        }
        Change::Set(State::On, levels) => ("enable", levels),
        Change::Set(State::Off, levels) => ("disable", levels),
    };
    if view.found.configured(name).is_empty() {
        call(&["NAME", "defaults"], &[]);
    }
    let known = levels.map(|l| l.common(Levels::MULTI_USER));
    if known.is_none_or(|k| !k.is_empty()) {
        let digits: Vec<String> = known.into_iter().flat_map(Levels::iter).map(|l| l.to_string()).collect();
        call(&["NAME", verb], &digits);
    }
    let unknown = levels.unwrap_or_default().minus(Levels::MULTI_USER);
    if !unknown.is_empty() {
        let unknown = unknown.digits(" ");
        out.notes.push(format!("update-rc.d sets runlevels 2 to 5 only; {unknown} stay as they are"));
        out.code = i32::from(known.is_some_and(Levels::is_empty));
    }
}

/// A script that has links, or is to have some.
struct NumberedScript<'a> {
    name: &'a OsStr,
    text: Cow<'a, str>,
    block: &'a Block,
    links: Vec<(Runlevel, LinkAction)>,
}

impl NumberedScript<'_> {
    fn linked(&self) -> Linked<'_> {
        let starts = |at_boot| {
            let is_start = |(level, turn): &(Runlevel, LinkAction)| {
                *turn == LinkAction::Start && (*level == Runlevel::BOOT) == at_boot
            };
            self.links.iter().any(is_start)
        };
        Linked {
            name: &self.text,
            block: self.block,
            boots: starts(true),
            starts: starts(false),
            stops: self.links.iter().any(|(_, turn)| *turn == LinkAction::Stop),
        }
    }
}

/// The links of the service, and new numbers for all whose depth changes with it.
fn renumber_all(view: &View, name: &OsStr, block: Option<&Block>, change: Change, decision: &mut Decision) {
    let wanted = wanted(view, name, block, change);
    let links = |other: &OsStr| if other == name { wanted.clone() } else { current(view, other) };
    let counted: Vec<NumberedScript<'_>> = view
        .blocks
        .iter()
        .filter_map(|(other, block)| Some((other.as_os_str(), block.as_ref().ok()?)))
        .map(|(name, block)| NumberedScript { name, text: name.to_string_lossy(), block, links: links(name) })
        .filter(|script| !script.links.is_empty())
        .collect();
    let scripts: Vec<Linked<'_>> = counted.iter().map(NumberedScript::linked).collect();
    let depths = depth::depths(&scripts, &view.facilities);
    if !depths.circles.is_empty() {
        let names = depths.circles.join(" ");
        decision.outcome.notes.push(format!("dependency cycle, which insserv would refuse: {names}"));
    }
    let mut drop: Vec<Step> = Vec::new();
    for entry in view.found.links_of(name).iter().filter(|e| !wanted.iter().any(|(l, _)| *l == e.level)) {
        drop.push(Step::Remove { level: entry.level, link: entry.link(name) });
    }
    for (script, (start, stop)) in counted.iter().zip(depths.numbers) {
        // Debian's own scripts of runlevel S keep their places: their numbers decide nothing, as startpar goes by
        // insserv's file, and where it does not they are as the host's insserv left them.
        let moves = |(level, _): &(Runlevel, LinkAction)| script.name == name || *level != Runlevel::BOOT;
        let numbered = script.links.iter().copied().filter(moves).map(|(level, turn)| match turn {
            LinkAction::Start => (level, turn, start),
            LinkAction::Stop => (level, turn, stop),
        });
        decision.steps.extend(plan(&view.found, script.name, numbered));
    }
    decision.steps.append(&mut drop);
}

fn current(view: &View, name: &OsStr) -> Vec<(Runlevel, LinkAction)> {
    let (on, configured) = (view.found.on(name), view.found.configured(name));
    let turn = |l| if on.contains(l) { LinkAction::Start } else { LinkAction::Stop };
    let levels =
        Levels::iter(configured).chain([Runlevel::BOOT].into_iter().filter(|l| configured.contains(*l)));
    levels.map(|l| (l, turn(l))).collect()
}

/// Each level in which the service is to have a link.
fn wanted(view: &View, name: &OsStr, block: Option<&Block>, change: Change) -> Vec<(Runlevel, LinkAction)> {
    let Some(block) = block else { return Vec::new() };
    let (start, stop) =
        (block.default_start.levels, block.default_stop.levels.minus(block.default_start.levels));
    let defaults = || {
        let stops = stop.iter().map(|l| (l, LinkAction::Stop));
        let boot = block.default_start.boot.then_some((Runlevel::BOOT, LinkAction::Start));
        start.iter().map(|l| (l, LinkAction::Start)).chain(stops).chain(boot).collect::<Vec<_>>()
    };
    let now = current(view, name);
    let base = if now.is_empty() { defaults() } else { now };
    let toggled = |levels: Option<Levels>, turn| {
        let boot = (levels.is_none() && block.default_start.boot).then_some(Runlevel::BOOT);
        let levels: Vec<Runlevel> =
            levels.unwrap_or(start).common(Levels::MULTI_USER).iter().chain(boot).collect();
        let rest = base.iter().copied().filter(|(l, _)| !levels.contains(l));
        rest.chain(levels.iter().map(|l| (*l, turn))).collect()
    };
    match change {
        Change::Del => Vec::new(),
        Change::Add | Change::Set(State::ResetPriorities, _) => base,
        Change::Set(State::Reset, _) => defaults(),
        Change::Set(State::On, levels) => toggled(levels, LinkAction::Start),
        Change::Set(State::Off, levels) => toggled(levels, LinkAction::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::chkconfig::{Family, Init, Privilege};
    use crate::sysv::level::Runlevel;
    use crate::sysv::links::Target;

    /// A script that goes between two looks keeps its links until somebody asks for their removal.
    #[test]
    fn a_script_without_a_block_at_hand_keeps_its_links() {
        let mut view = View::default();
        let script =
            Script::Read { script: Box::new(crate::sysv::header::scan(b"# a script\n")), over: None };
        view.scripts.insert("web".into(), script);
        let level = Runlevel::new(2).unwrap();
        view.found.add(level, OsStr::new("S01web"), Target::Link("../init.d/web".into()));
        let env = Env {
            program: "chkconfig".to_owned(),
            privilege: Privilege::Full,
            runlevel: None,
            jobs: Vec::new(),
            init: Init::Sysv,
            family: Family::Debian,
            hand_over: HandOverPolicy::Forbidden,
        };
        // Nor is update-rc.d called, which would make no link for it and end with 0.
        let script = b"#!/bin/sh\n# chkconfig: 2345 90 30\n";
        view.blocks.insert("web".into(), crate::sysv::lsb::parse(script));
        view.update_rc_d = true;
        let host = Env { hand_over: HandOverPolicy::Allowed, ..env.clone() };
        let mut decision = Decision::default();
        change(&view, &host, OsStr::new("web"), Change::Add, &mut decision);
        assert_eq!((decision.outcome.code, decision.outcome.hand_over.len()), (1, 0));
        assert!(decision.outcome.notes.concat().contains("amr initd --print web"), "{decision:?}");
        view.blocks.clear();
        for asked in [Change::Add, Change::Set(State::On, None), Change::Set(State::Reset, None)] {
            let mut decision = Decision::default();
            change(&view, &env, OsStr::new("web"), asked, &mut decision);
            assert_eq!((decision.steps.len(), decision.outcome.code), (0, 1), "{asked:?}");
        }
        let mut decision = Decision::default();
        change(&view, &env, OsStr::new("web"), Change::Del, &mut decision);
        assert_eq!(decision.steps.len(), 1);
    }
}
