//! `/etc/rc.d/rc N` of the Red Hat family and its `S00killall` (initscripts 9.03.49 to .58): K links
//! in glob order for what has a lock file, then S links for what has none. Pure.

use super::host::{Link, LinkTarget, SysvHost, tail};
use super::steps::{chain, empty, step};
use crate::order::obstacle::Obstacle;
use crate::order::step::{Act, OrderOptions, Plan, Step, StepOutcome, Transition};
use std::collections::{BTreeMap, BTreeSet};

/// The steps on `way`, those included that rc would pass over.
#[must_use]
pub fn plan(host: &SysvHost, way: Transition, options: &OrderOptions) -> Plan {
    let level = way.level(host.runlevel);
    // rc.sysinit empties the lock folder at boot.
    let mut locks = match way {
        Transition::Boot => BTreeSet::new(),
        Transition::PowerOff | Transition::Reboot | Transition::Runlevel(_) => {
            host.locks.clone().unwrap_or_default()
        }
    };
    let mut plan = empty(host, way);
    let mut ran: BTreeMap<String, String> = BTreeMap::new();
    for link in host.links(level, 'K') {
        let step = stop(host, link, &mut locks, way, options, &ran);
        if step.fate == StepOutcome::Runs && !ran.contains_key(&step.name) {
            ran.insert(step.name.clone(), link.name.clone());
        }
        plan.steps.push(step);
    }
    for link in host.links(level, 'S') {
        let killall = tail(&link.name) == Some("killall");
        let mut start = step(host, link, Act::Start, options);
        if tail(&link.name).is_some_and(|s| locks.contains(s) || locks.contains(&format!("{s}.init"))) {
            // Already up: rc says nothing, and nothing is wrong.
            start.fate = StepOutcome::Skipped;
        }
        let runs = start.fate == StepOutcome::Runs;
        plan.steps.push(start);
        if killall && runs {
            stop_by_killall(host, &mut locks, options, &mut plan.steps);
        }
    }
    chain(host, &mut plan.steps, &SysvHost::folder(level));
    plan
}

fn stop(
    host: &SysvHost,
    link: &Link,
    locks: &mut BTreeSet<String>,
    way: Transition,
    options: &OrderOptions,
    ran: &BTreeMap<String, String>,
) -> Step {
    let mut stop = step(host, link, Act::Stop, options);
    let name = stop.name.clone();
    let init = format!("{name}.init");
    if locks.contains(&name) || locks.contains(&init) {
        if stop.fate == StepOutcome::Runs {
            // A script that stops its service removes its lock.
            locks.remove(&name);
            locks.remove(&init);
        }
        return stop;
    }
    stop.fate = StepOutcome::Skipped;
    if let Some(first) = ran.get(&name) {
        stop.obstacles.push(Obstacle::OlderKillLink { first: first.clone(), meant: link.name.clone() });
    } else if way != Transition::Boot {
        let expected = format!("{}/{name}", host.lock_folder);
        let other = host.script(&name).and_then(|s| s.lock.clone()).filter(|l| locks.contains(l));
        stop.obstacles.push(match other {
            Some(found) => {
                Obstacle::LockNamedOtherwise { expected, found: format!("{}/{found}", host.lock_folder) }
            }
            None => Obstacle::NoLock { expected },
        });
    }
    stop
}

/// What `S00killall` stops: whatever still has a lock and a script of that name, `network` excepted.
fn stop_by_killall(
    host: &SysvHost,
    locks: &mut BTreeSet<String>,
    options: &OrderOptions,
    steps: &mut Vec<Step>,
) {
    for lock in std::mem::take(locks) {
        let script = [format!("{lock}.init"), lock.clone()].into_iter().find(|s| host.script(s).is_some());
        let Some(script) = script.filter(|_| lock != "network") else { continue };
        let link = Link {
            name: script.clone(),
            target: LinkTarget::Script(script.clone()),
            executable: host.script(&script).is_some_and(|s| s.executable),
        };
        let mut late = step(host, &link, Act::Stop, options);
        // `tail` would take a name such as `K9daemon` for a link's.
        late.role = options.role(&script);
        late.name = script;
        late.shown = format!("killall: {}", link.name);
        steps.push(late);
    }
}
