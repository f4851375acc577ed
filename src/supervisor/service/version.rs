//! The version of what processes of amr tell one another: record, plan and control messages.
//!
//! A supervisor lives as long as its service, the binary on disk does not: commands of one release meet
//! supervisors of another, before and after. So what is written says in which version it is, what has no
//! number is of version 1, and a reader goes by these rules:
//!
//! - Of an older version everything is read.
//! - A newer record is read if it says that this version is enough (`needs`), else refused by name.
//! - A newer plan is refused: what of it this program does not know it would leave out without a word.
//! - A request in a newer version is answered with the version that is understood here.
//!
//! | version | what came with it |
//! |---|---|
//! | 1 | words without a number |
//! | 2 | numbers in plan and messages, `needs` in the record; `concerns`, `stopped-yours`; `monitored` in the plan |
//! | 3 | `resources` in the plan; `controllers` among the groups of the record; the word `replan`; a plan in the unit's folder |
//!
//! Pure.

use thiserror::Error;

/// The version that is written. A release that adds to plan or messages, or changes what a field means,
/// raises it.
pub const VERSION: u32 = 3;

/// The least version whose readers understand the records that are written.
pub const NEEDS: u32 = 1;

/// The version of what has no number.
pub const FIRST: u32 = 1;

/// The first version whose supervisors keep their plan in the unit's folder. Where one of an earlier version
/// wrote the record, a plan that lies there is of a run before.
pub const KEEPS_PLAN: u32 = 3;

/// [`FIRST`], for serde.
pub(super) fn first() -> u32 {
    FIRST
}

/// Something that this amr is too old for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "it is from a newer amr (version {0}; this one understands up to {VERSION}); \
     hint: use the newer amr, or stop the unit with SIGTERM to its supervisor"
)]
pub struct Newer(pub u32);

/// May what needs this version be read?
///
/// # Errors
/// It is from a newer amr.
pub fn check(version: u32) -> Result<(), Newer> {
    if version > VERSION { Err(Newer(version)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    //! tests/data/before holds what the release before wrote for app.service there: its record, and the
    //! plan that it sent to its supervisor.
    use super::*;
    use crate::supervisor::service::machine::State;
    use crate::supervisor::service::plan::{Plan, PlanError};
    use crate::supervisor::service::status::Record;
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
        let newer = Err(PlanError::Newer(Newer(9)));
        assert_eq!(Plan::decode(br#"{"version":9,"service":[]}"#), newer);
        let mut plan: Value = serde_json::from_str(PLAN).unwrap();
        plan["version"] = 9.into();
        assert_eq!(Plan::decode(plan.to_string().as_bytes()), newer);
        assert!(matches!(Plan::decode(b"{}"), Err(PlanError::Unreadable(_))));
    }
}
