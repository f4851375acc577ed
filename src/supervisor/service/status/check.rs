//! What is kept of the checks of a unit.
//!
//! Pure.

use crate::supervisor::core::mark::Moment;
use crate::unit::load::Unmet;
use serde::{Deserialize, Serialize};

/// What became of the checks of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckMark {
    /// When they were looked at.
    pub at: Moment,
    /// All were met, or there are none.
    pub met: bool,
    /// The first that was not, as it is written: `ConditionPathExists=!/etc/nologin`.
    pub unmet: Option<String>,
}

impl CheckMark {
    /// They are met.
    #[must_use]
    pub fn met(at: Moment) -> Self {
        Self { at, met: true, unmet: None }
    }

    /// Of the conditions and of the asserts, where one is not met; `why`: where that is not known.
    #[must_use]
    pub fn of_unmet(at: Moment, unmet: Unmet<'_>, why: Option<&str>) -> (Self, Self) {
        let which = unmet.assignment();
        let which = why.map_or_else(|| which.clone(), |why| format!("{which} ({why})"));
        let not = Self { at, met: false, unmet: Some(which) };
        match unmet {
            Unmet::Condition(_) => (not, Self::default()),
            Unmet::Assert(_) => (Self::met(at), not),
        }
    }
}
