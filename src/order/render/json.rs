//! A plan and its report as JSON. Pure.

use super::{Show, shown};
use crate::order::check::{PlacedObstacle, Report};
use crate::order::obstacle::Obstacle;
use crate::order::step::{Limit, Plan, Step, StepOutcome};
use crate::unit::finding::to_json;
use serde_json::{Value, json};

/// `{"way", "init", "good", "steps", "absent", "findings"}`; steps refer to one another by number,
/// from 1; limits are in seconds.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, show: Show) -> Value {
    let steps: Vec<Value> = shown(plan, show)
        .into_iter()
        .filter_map(|at| plan.steps.get(at).map(|s| step(plan, at, s)))
        .collect();
    let absent: Vec<Value> = plan
        .absent
        .iter()
        .map(|a| {
            json!({ "name": a.name, "role": a.role.as_str(), "runs": a.runs, "obstacles": obstacles(&a.obstacles) })
        })
        .collect();
    json!({
        "way": plan.way.title(),
        "init": plan.init.title(),
        "good": report.is_good(),
        "steps": steps,
        "absent": absent,
        "findings": findings(report),
    })
}

/// The findings as a list.
#[must_use]
pub fn findings(report: &Report) -> Vec<Value> {
    let one = |met: &PlacedObstacle| {
        let mut value = to_json(&met.finding());
        if let Some(members) = value.as_object_mut() {
            members.insert("way".to_owned(), met.way.title().into());
            members.insert("name".to_owned(), met.name.as_str().into());
        }
        value
    };
    report.met.iter().map(one).collect()
}

fn step(plan: &Plan, at: usize, step: &Step) -> Value {
    let waits: Vec<Value> = step
        .waits
        .iter()
        .map(|w| {
            let place = plan.place(w);
            json!({
                "on": w.on + 1,
                "why": plan.why(w),
                "file": place.map(|(p, _)| p.display().to_string()),
                "line": place.map(|(_, l)| l),
            })
        })
        .collect();
    json!({
        "number": at + 1,
        "name": step.name,
        "shown": step.shown,
        "act": step.act.as_str(),
        "role": step.role.as_str(),
        "wave": step.wave,
        "runs": step.fate == StepOutcome::Runs,
        "limit": limit(step.limit),
        "waits": waits,
        "obstacles": obstacles(&step.obstacles),
    })
}

/// Seconds and their fraction, if there is a limit.
fn limit(limit: Limit) -> Value {
    match limit {
        Limit::None => Value::Null,
        Limit::After(limit) => limit.as_secs_f64().into(),
    }
}

fn obstacles(list: &[Obstacle]) -> Vec<Value> {
    list.iter().map(|o| json!({ "id": o.id().as_str(), "message": o.sentence() })).collect()
}
