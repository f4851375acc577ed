//! Jobs that pid 1 itself stops at a change of the runlevel: upstart's, and inittab's `respawn` lines.
//! They stop beside rc, most of them before its first K link, and are killed soon after. Pure.

use super::host::SysvHost;
pub use super::host::{Job, When};
use crate::order::obstacle::Obstacle;
use crate::order::step::{Act, InitStep, Limit, OrderOptions, Plan, Role, Step, StepOutcome};

/// Adds the jobs that stop on the way to `level` to the steps of rc.
pub(super) fn add(host: &SysvHost, level: u8, options: &OrderOptions, plan: &mut Plan) {
    let stopping =
        || host.jobs.iter().filter(|j| !j.only_waits).filter_map(|j| Some((j, j.stops.get(&level)?)));
    let mut at_once: Vec<&Job> = stopping().filter(|(_, w)| is_at_once(plan, w)).map(|(j, _)| j).collect();
    at_once.sort_by(|a, b| a.name.cmp(&b.name));
    for (at, job) in at_once.iter().enumerate() {
        insert(plan, at, step(job, options));
    }
    for (job, when) in stopping().filter(|(j, _)| !at_once.iter().any(|other| other.name == j.name)) {
        let place = match when {
            When::AtOnce => Some(0),
            When::Behind(other) => plan.find(other, Act::Stop).map(|at| at + 1),
            When::BeforeScript(script) => plan.find(script, Act::Stop),
            When::AfterScript(script) => plan.find(script, Act::Stop).map(|at| at + 1),
        };
        // What stops with a script that rc passes over goes on running.
        if let Some(place) = place {
            insert(plan, place, step(job, options));
        }
    }
}

/// A job that waits for a script which rc passes over finds its lock gone, and does not wait.
fn is_at_once(plan: &Plan, when: &When) -> bool {
    match when {
        When::AtOnce => true,
        When::Behind(_) | When::BeforeScript(_) => false,
        When::AfterScript(script) => plan.find(script, Act::Stop).is_none(),
    }
}

fn step(job: &Job, options: &OrderOptions) -> Step {
    Step {
        name: job.name.clone(),
        shown: format!("init: {}", job.name),
        act: Act::Stop,
        role: options.role(&job.name),
        wave: 0,
        waits: Vec::new(),
        limit: Limit::After(job.kill_timeout),
        fate: StepOutcome::Runs,
        obstacles: Vec::new(),
        beside: Some(InitStep { file: job.file.clone(), stop_on: job.stop_on.clone() }),
    }
}

/// Puts a step in, and has those that wait for a later one wait for it where it is now.
fn insert(plan: &mut Plan, at: usize, step: Step) {
    for wait in plan.steps.iter_mut().flat_map(|s| &mut s.waits).filter(|w| w.on >= at) {
        wait.on += 1;
    }
    plan.steps.insert(at.min(plan.steps.len()), step);
}

/// What a shipper that stops too early has done wrong, where pid 1 runs it.
#[must_use]
pub fn obstacle(step: &Step) -> Option<Obstacle> {
    let beside = step.beside.as_ref().filter(|_| step.role == Role::Shipper)?;
    let Limit::After(kill) = step.limit else { return None };
    let (file, stop_on) = (beside.file.clone(), beside.stop_on.clone());
    Some(Obstacle::StopsBesideRc { shipper: step.name.clone(), file, stop_on, kill })
}
