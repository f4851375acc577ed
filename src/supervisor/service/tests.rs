//! What the release before wrote is understood: tests/data/before holds its record of app.service there, and
//! the plan that it sent to its supervisor.

use super::machine::State;
use super::plan::{Plan, PlanError};
use super::status::Record;
use crate::supervisor::core::plan::Unread;
use crate::supervisor::core::version::{FIRST, Newer, VERSION};
use serde_json::Value;
use std::collections::BTreeSet;

const PLAN: &str = include_str!("../../../tests/data/before/plan.json");
const RECORD: &str = include_str!("../../../tests/data/before/record.json");

/// The paths of all fields of a value; those of a list's elements count as one.
fn fields(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            out.insert(format!("{at}.{key}"));
            fields(value, &format!("{at}.{key}"), out);
        }),
        Value::Array(list) => list.iter().for_each(|value| fields(value, at, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_plan_of_the_release_before_is_read_in_full_and_answered_in_its_version() {
    let plan = Plan::decode(PLAN.as_bytes()).unwrap();
    assert_eq!((plan.version, plan.unit.as_str()), (FIRST, "app.service"));
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    fields(&serde_json::from_str(PLAN).unwrap(), "", &mut old);
    fields(&serde_json::from_slice(&plan.encode()).unwrap(), "", &mut new);
    let lost: Vec<_> = old.difference(&new).collect();
    assert!(lost.is_empty(), "the release before says these, and they are not heeded: {lost:?}");
    let more = new.difference(&old).next();
    assert!(more.is_none() || VERSION > plan.version, "{more:?} is new: raise VERSION");
}

#[test]
fn the_record_of_the_release_before_is_read_in_full() {
    let record = Record::decode(RECORD.as_bytes()).unwrap().unwrap();
    assert_eq!((record.version, record.needs, record.state()), (1, 0, State::Running));
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    fields(&serde_json::from_str(RECORD).unwrap(), "", &mut old);
    fields(&serde_json::from_slice(&record.encode()).unwrap(), "", &mut new);
    let lost: Vec<_> = old.difference(&new).collect();
    assert!(lost.is_empty(), "the release before reads these, and they are not written: {lost:?}");
}

#[test]
fn the_plan_of_a_newer_amr_is_refused_whatever_its_form() {
    let newer = Err(PlanError::Unread(Unread::Newer(Newer(9))));
    assert_eq!(Plan::decode(br#"{"version":9,"service":[]}"#), newer);
    let mut plan: Value = serde_json::from_str(PLAN).unwrap();
    plan["version"] = 9.into();
    assert_eq!(Plan::decode(plan.to_string().as_bytes()), newer);
    assert!(matches!(Plan::decode(b"{}"), Err(PlanError::Unread(Unread::Bytes(_)))));
}
