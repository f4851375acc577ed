//! What is shown of units: for people as text, for machines as JSON or properties.

pub mod cat;
pub mod list;
pub mod properties;
mod relations;
pub mod state;
pub mod status;
mod usage;

use crate::job::outcome::{Outcome, Report};
use crate::unit::finding::{Finding, to_json};
use crate::unit::name::UnitName;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Findings, for `--json`.
#[must_use]
pub fn findings_json(findings: &[Finding]) -> Vec<Value> {
    findings.iter().map(to_json).collect()
}

/// What became of jobs, and what was found in the files of units that were to be started, for `--json`.
#[must_use]
pub fn jobs_json(reports: &[Report], findings: &BTreeMap<UnitName, Vec<Finding>>) -> Value {
    let found = |unit: &UnitName| findings.get(unit).map(|all| findings_json(all)).unwrap_or_default();
    let one = |r: &Report| {
        let (outcome, why) = match &r.outcome {
            Outcome::Done => ("done", None),
            Outcome::Skipped(why) => ("skipped", Some(why.clone())),
            Outcome::Failed(_, why) => ("failed", Some(why.clone())),
            Outcome::Dependency(on) => ("dependency", Some(format!("'{on}' failed"))),
            Outcome::TimedOut => ("timeout", None),
        };
        json!({ "unit": r.unit.as_str(), "job": r.kind.as_str(), "outcome": outcome, "why": why, "findings": found(&r.unit) })
    };
    Value::Array(reports.iter().map(one).collect())
}
