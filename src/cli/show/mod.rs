//! What is shown of units: for people as text, for machines as JSON or properties.

pub mod cat;
pub mod list;
pub mod properties;
pub mod state;
pub mod status;
mod usage;

use crate::job::outcome::{Outcome, Report};
use serde_json::{Value, json};

/// What became of jobs, for `--json`.
#[must_use]
pub fn jobs_json(reports: &[Report]) -> Value {
    let one = |r: &Report| {
        let (outcome, why) = match &r.outcome {
            Outcome::Done => ("done", None),
            Outcome::Skipped(why) => ("skipped", Some(why.clone())),
            Outcome::Failed(_, why) => ("failed", Some(why.clone())),
            Outcome::Dependency(on) => ("dependency", Some(format!("'{on}' failed"))),
            Outcome::TimedOut => ("timeout", None),
        };
        json!({ "unit": r.unit.as_str(), "job": r.kind.as_str(), "outcome": outcome, "why": why })
    };
    Value::Array(reports.iter().map(one).collect())
}
