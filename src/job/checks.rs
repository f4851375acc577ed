//! `Condition…=` and `Assert…=`, which are looked at when the unit's turn to start comes.

use super::context::Context;
use super::outcome::{Class, Outcome};
use super::plan::Planned;
use crate::supervisor::client;
use crate::supervisor::core::store::moment;
use crate::supervisor::service::status::CheckMark;
use crate::unit::load::{Unmet, unmet_of_unit};
use crate::unit::model::{Check, Unit};

/// What becomes of a start of which one is not met; the unit's record says which.
pub(super) fn unmet(ctx: &Context, planned: &Planned, unit: &Unit) -> Option<Outcome> {
    let unmet = unmet_of_unit(&ctx.root, &planned.facts, &unit.conditions, &unit.asserts, &|_| ())?;
    let (condition, assertion) = CheckMark::of_unmet(moment(), unmet, None);
    // What is said here does not depend on it.
    if let Err(e) = client::note_unmet(&ctx.state_dir, unit, condition, assertion) {
        log::debug!("{e}");
    }
    Some(match unmet {
        Unmet::Condition(check) => Outcome::Skipped(sentence("Condition", check)),
        Unmet::Assert(check) => Outcome::Failed(Class::Failed, sentence("Assert", check)),
    })
}

fn sentence(word: &str, check: &Check) -> String {
    let (not, at) = (if check.negate { "!" } else { "" }, &check.origin);
    format!("{word}{}={not}{} is not met ({}:{})", check.test, check.value, at.path.display(), at.span.line)
}
