//! What each rc makes its plan of: a step for a link, and how steps that run one by one wait. Pure.

use super::host::{Link, LinkTarget, Rc, SysvHost, tail};
use crate::order::obstacle::Obstacle;
use crate::order::step::{Act, Init, Limit, OrderOptions, Plan, Step, StepOutcome, Transition, Wait, Why};
use std::collections::BTreeMap;

/// Endings of names that RHEL's rc passes over (initscripts rc.d/rc).
const FILTERED: [&str; 6] = ["~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"];

pub(super) fn step(host: &SysvHost, link: &Link, act: Act, options: &OrderOptions) -> Step {
    let name = tail(&link.name).unwrap_or(&link.name).to_owned();
    let mut obstacles = Vec::new();
    match &link.target {
        LinkTarget::Script(script) if *script == name => {}
        LinkTarget::Script(other) => {
            obstacles.push(Obstacle::LinkBroken { link: link.name.clone(), target: other.clone() });
        }
        LinkTarget::Dangling(target) | LinkTarget::Elsewhere(target) => {
            obstacles.push(Obstacle::LinkBroken { link: link.name.clone(), target: target.clone() });
        }
        LinkTarget::RegularFile => {}
    }
    let dangling = matches!(link.target, LinkTarget::Dangling(_));
    if !dangling && !link.executable {
        obstacles.push(Obstacle::NotExecutable { path: format!("/etc/init.d/{name}") });
    }
    if host.rc == Rc::RedHat && FILTERED.iter().any(|end| link.name.ends_with(end)) {
        obstacles.push(Obstacle::NameFiltered { link: link.name.clone() });
    }
    let fate = if obstacles.is_empty() || (link.executable && only_elsewhere(&obstacles)) {
        StepOutcome::Runs
    } else {
        StepOutcome::Skipped
    };
    Step {
        role: options.role(&name),
        name,
        shown: link.name.clone(),
        act,
        wave: 0,
        waits: Vec::new(),
        limit: Limit::None,
        fate,
        obstacles,
        beside: None,
    }
}

/// A link that leads to another script still runs that one.
fn only_elsewhere(obstacles: &[Obstacle]) -> bool {
    obstacles.iter().all(|o| matches!(o, Obstacle::LinkBroken { .. }))
}

/// Chains the steps that run: each waits for the one before it.
pub(super) fn chain(host: &SysvHost, steps: &mut [Step], folder: &str) {
    let mut last: Option<(usize, String)> = None;
    for (at, step) in steps.iter_mut().enumerate() {
        if step.fate == StepOutcome::Skipped {
            continue;
        }
        if let Some((on, shown)) = &last {
            let place = host.script(&step.name).and_then(|s| s.numbers.as_ref()).map(|n| n.place.clone());
            let why = Why::clause(format!("rc runs {folder}/{shown} before {}", step.shown), place);
            step.waits.push(Wait { on: *on, why });
        }
        last = Some((at, step.shown.clone()));
    }
}

fn init(rc: Rc) -> Init {
    match rc {
        Rc::RedHat => Init::RedHat,
        Rc::DebianNumbers => Init::DebianNumbers,
        Rc::DebianDepend => Init::DebianDepend,
    }
}

pub(super) fn empty(host: &SysvHost, way: Transition) -> Plan {
    Plan {
        way,
        init: init(host.rc),
        steps: Vec::new(),
        absent: Vec::new(),
        graph: None,
        asked: BTreeMap::new(),
    }
}
