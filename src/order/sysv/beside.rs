//! Jobs that pid 1 itself stops at a change of the runlevel: upstart's, and inittab's `respawn` lines.
//! They stop beside rc, most of them before its first K link, and are killed soon after. Pure.

use super::SysvHost;
use crate::order::obstacle::Obstacle;
use crate::order::step::{Act, Beside, Fate, Limit, Plan, Role, Step, Wishes};
use std::collections::BTreeMap;
use std::time::Duration;

/// A job of pid 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub file: String,
    /// What stops it, in the words of its file: `runlevel [!2345]`.
    pub stop_on: String,
    /// From TERM to KILL.
    pub kill_timeout: Duration,
    /// It runs nothing: it only keeps another waiting.
    pub only_waits: bool,
    /// When it stops, by the level that the host goes to; a level that does not stop it is missing.
    pub stops: BTreeMap<u8, When>,
}

/// When a job stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as the runlevel changes.
    AtOnce,
    /// When another job has stopped.
    Behind(String),
    /// When rc comes to the init script of this name.
    BeforeScript(String),
    /// When the init script of this name has been stopped.
    AfterScript(String),
}

/// Adds the jobs that stop on the way to `level` to the steps of rc.
pub(super) fn add(host: &SysvHost, level: u8, wishes: &Wishes, plan: &mut Plan) {
    let stopping =
        || host.jobs.iter().filter(|j| !j.only_waits).filter_map(|j| Some((j, j.stops.get(&level)?)));
    let mut at_once: Vec<&Job> = stopping().filter(|(_, w)| is_at_once(plan, w)).map(|(j, _)| j).collect();
    at_once.sort_by(|a, b| a.name.cmp(&b.name));
    for (at, job) in at_once.iter().enumerate() {
        insert(plan, at, step(job, wishes));
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
            insert(plan, place, step(job, wishes));
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

fn step(job: &Job, wishes: &Wishes) -> Step {
    Step {
        name: job.name.clone(),
        shown: format!("init: {}", job.name),
        act: Act::Stop,
        role: wishes.role(&job.name),
        wave: 0,
        waits: Vec::new(),
        limit: Limit::After(job.kill_timeout),
        fate: Fate::Runs,
        obstacles: Vec::new(),
        beside: Some(Beside { file: job.file.clone(), stop_on: job.stop_on.clone() }),
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
