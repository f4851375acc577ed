//! Several units named in one command, or by a pattern: what one of them is must not keep the verb from the
//! others where that does no harm.

use super::activity::{self, is_run};
use super::context::Context;
use super::outcome::Class;
use super::units;
use crate::order::special;
use crate::order::transaction::{Activity, Verb};
use crate::unit::model::LoadState;
use crate::unit::name::UnitName;

/// One that the verb is not about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Why, as a sentence.
    pub what: String,
    /// The kind of trouble; `Ok` where it is none: what a pattern matches and is gone is no fault of whoever
    /// typed it.
    pub class: Class,
}

/// Of `names`, which `words` stand for, those that the verb can be about, and the others. A stop leaves out
/// what is gone; the other verbs only what a pattern brought in.
#[must_use]
pub fn choose(
    ctx: &Context,
    verb: Verb,
    words: &[String],
    names: Vec<UnitName>,
) -> (Vec<UnitName>, Vec<Skipped>) {
    let mut left = Vec::new();
    let is_typed = |name: &UnitName| {
        words.iter().any(|word| UnitName::parse_or_service(word).is_ok_and(|typed| typed == *name))
    };
    let mut can = |name: &UnitName| {
        if !is_typed(name) && (special::is_built_in(name) || !is_run(name.kind())) {
            // It is the host's own, or of a kind that amr leaves alone: nobody means it by a pattern.
            return false;
        }
        // What cannot be seen is for the plan to tell.
        let Ok(unit) = units::load_one(ctx, name) else { return true };
        let is_gone = unit.load == LoadState::NotFound;
        let is_down = || activity::inspect(ctx, &unit.name).is_ok_and(Activity::is_inactive);
        let stays = if verb == Verb::Stop { !is_gone || !is_down() } else { is_typed(name) };
        let Some(what) = units::refusal(&unit).filter(|_| !stays) else { return true };
        let class = match (is_gone, is_typed(name)) {
            (true, true) => Class::NotInstalled,
            (true, false) => Class::Ok,
            (false, _) => Class::NotConfigured,
        };
        left.push(Skipped { what, class });
        false
    };
    let chosen = names.into_iter().filter(&mut can).collect();
    (chosen, left)
}
