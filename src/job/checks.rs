//! `Condition…=` and `Assert…=`, which are looked at when the unit's turn to start comes.

use super::context::Context;
use super::outcome::{Class, Outcome};
use super::plan::Planned;
use crate::supervisor::client;
use crate::supervisor::core::store::moment;
use crate::supervisor::service::status::CheckMark;
use crate::unit::load;
use crate::unit::model::{Check, Unit};

/// What becomes of a start of which one is not met; the unit's record says which.
pub(super) fn unmet(ctx: &Context, planned: &Planned, unit: &Unit) -> Option<Outcome> {
    let note = |condition, assertion| {
        // What is said here does not depend on it.
        if let Err(e) = client::note_unmet(&ctx.state_dir, unit, condition, assertion) {
            log::debug!("{e}");
        }
    };
    if let Some(check) = load::unmet(&ctx.root, &planned.facts, &unit.conditions) {
        note(CheckMark::unmet(moment(), check.assignment("Condition")), CheckMark::default());
        return Some(Outcome::Skipped(sentence("Condition", check)));
    }
    let check = load::unmet(&ctx.root, &planned.facts, &unit.asserts)?;
    note(CheckMark::met(moment()), CheckMark::unmet(moment(), check.assignment("Assert")));
    Some(Outcome::Failed(Class::Failed, sentence("Assert", check)))
}

fn sentence(word: &str, check: &Check) -> String {
    let (not, at) = (if check.negate { "!" } else { "" }, &check.origin);
    format!("{word}{}={not}{} is not met ({}:{})", check.test, check.value, at.path.display(), at.span.line)
}
