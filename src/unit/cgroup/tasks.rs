//! Processes and threads: `TasksMax=`.

use super::{Field, Resources, amount, limit};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use serde::{Deserialize, Serialize};

/// See [`Resources`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tasks {
    /// `TasksAccounting=`
    pub accounting: bool,
    /// `TasksMax=`: so many at a time; `None` for no limit.
    pub max: Option<u64>,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "TasksAccounting",
        property: "TasksAccounting",
        read: |r, l| set(&mut r.tasks.accounting, l.boolean()),
        show: |r: &Resources| yes_no(r.tasks.accounting),
    },
    Field {
        name: "TasksMax",
        property: "TasksMax",
        read: read_max,
        show: |r| limit(r.tasks.max.unwrap_or(u64::MAX)),
    },
];

fn read_max(r: &mut Resources, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        r.tasks.max = None;
        return Ok(());
    }
    let max = amount(l, l.host().tasks, 1)?;
    if max == 0 && !l.text.ends_with('%') {
        return Err(l.trouble("TasksMax=0 would allow no process"));
    }
    r.tasks.max = Some(max).filter(|max| *max != u64::MAX);
    Ok(())
}
