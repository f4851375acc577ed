//! What a SysV rc would do on each way, from plain facts about links, scripts and locks.
//!
//! [`redhat`] follows `/etc/rc.d/rc` and `S00killall` of initscripts 9.03; [`debian`] follows
//! `/lib/init/rc` by numbers and startpar by insserv's files; [`beside`] are the jobs that pid 1 stops
//! itself. A driver fills [`SysvHost`]. Pure.

pub mod beside;
pub mod debian;
mod host;
pub mod redhat;
mod steps;

use super::obstacle::Obstacle;
use super::step::{Act, MissingStep, OrderOptions, Plan, Role, Transition};
pub use host::{Depend, Link, LinkTarget, Numbers, Rc, Script, SysvHost, tail};
use std::collections::BTreeSet;

/// What happens on `way`.
#[must_use]
pub fn plan(host: &SysvHost, way: Transition, options: &OrderOptions) -> Plan {
    let mut plan = match host.rc {
        Rc::RedHat => redhat::plan(host, way, options),
        Rc::DebianNumbers => debian::by_numbers(host, way, options),
        Rc::DebianDepend => debian::by_depend(host, way, options),
    };
    plan.asked = host.asked();
    if way.is_down() {
        beside::add(host, way.level(host.runlevel), options, &mut plan);
        plan.absent = absent(host, &plan, way.level(host.runlevel), options);
        note_useless_links(host, &mut plan);
    }
    plan.set_waves();
    plan
}

/// Services that run, or that the options name, and that no step stops.
fn absent(host: &SysvHost, plan: &Plan, level: u8, options: &OrderOptions) -> Vec<MissingStep> {
    let wished = [&options.drains, &options.shippers, &options.writers, &options.network];
    let mut names = wished.into_iter().flatten().map(String::as_str).collect::<BTreeSet<_>>();
    names.extend(host.links(host.runlevel, 'S').iter().filter_map(|l| tail(&l.name)));
    let linked = plan.steps.iter().filter(|s| s.shown.starts_with('K'));
    let linked = linked.map(|s| s.name.as_str()).collect::<BTreeSet<_>>();
    let mut out = Vec::new();
    for name in names {
        let role = options.role(name);
        let has_step = linked.contains(name);
        let known = host.script(name).is_some() || role == Role::Drain;
        if has_step || !known || name == "local" {
            continue;
        }
        let second_chance = plan.find(name, Act::Stop).is_some();
        let mut obstacles = Vec::new();
        if host.script(name).is_none() {
            obstacles.push(Obstacle::NotInstalled { path: format!("/etc/init.d/{name}") });
        } else if host.rc == Rc::DebianDepend && host.has_link(level, 'K', name) {
            obstacles.push(Obstacle::NotInDepend { file: "/etc/init.d/.depend.stop".to_owned() });
        } else {
            obstacles.push(Obstacle::NoKillLink { level, second_chance });
        }
        if host.rc == Rc::RedHat
            && role == Role::Drain
            && host.script(name).is_some()
            && !host.is_locked(name)
        {
            obstacles.push(Obstacle::NoLock { expected: format!("{}/{name}", host.lock_folder) });
        }
        // Level 1 has K links for everything, which is right.
        for other in 2..=5 {
            if role == Role::Drain && host.has_link(other, 'K', name) {
                obstacles.push(Obstacle::KillLinkInStartLevel { level: other });
            }
        }
        out.push(MissingStep { name: name.to_owned(), role, runs: host.runs(name), obstacles });
    }
    out
}

/// A drain with a K link in a level in which hosts live is not started there, and the link stops
/// nothing on the way down.
fn note_useless_links(host: &SysvHost, plan: &mut Plan) {
    let Some(drain) = plan.steps.iter_mut().find(|s| s.role == Role::Drain && s.act == Act::Stop) else {
        return;
    };
    let levels = (2..=5).filter(|level| host.has_link(*level, 'K', &drain.name));
    drain.obstacles.extend(levels.map(|level| Obstacle::KillLinkInStartLevel { level }));
}

#[cfg(test)]
pub(super) mod tests;
