//! What the end of a unit brings about for others (`OnFailure=`, units bound to it): transactions that are
//! computed anew from the units on disk and carried out one after the other.

use super::context::Context;
use super::execute::execute;
use super::outcome::{Class, Refused, Report};
use super::plan::{self, Options};
use super::{activity, units};
use crate::host::going_down;
use crate::order::graph::Relation;
use crate::order::reaction::{Ending, reactions};
use crate::order::transaction::{Activity, Verb};
use crate::supervisor::client;
use crate::unit::name::UnitName;

/// What became of one of them.
pub type Reacted = Result<Vec<Report>, Refused>;

/// Carries out all that the end of `unit` brings about.
///
/// # Errors
/// It cannot be seen what runs: nothing is begun.
pub fn react(ctx: &Context, unit: &UnitName, ending: Ending) -> Result<Vec<Reacted>, Refused> {
    let recorded = client::recorded(&ctx.state_dir);
    let set = recorded.and_then(|all| units::load(ctx, &ctx.facts(), std::slice::from_ref(unit), &all));
    let set = set.map_err(|e| Refused::new(Class::Failed, format!("cannot see what runs: {e}")))?;
    // One that cannot be seen is left to the plan, which looks again and says why.
    let active = |name: &UnitName| activity::inspect(ctx, name).unwrap_or(Activity::Active);
    let is_going_down = going_down(&ctx.root);
    let all = reactions(&set.graph(), unit, ending, &active).into_iter();
    // systemd refuses such starts then, which would be against the job of shutdown.target.
    let all = all.filter(|reaction| reaction.verb != Verb::Start || !is_going_down).map(|reaction| {
        let upheld = reaction.relation == Relation::UpheldBy;
        if upheld && !client::may_uphold(&ctx.state_dir, unit).unwrap_or(false) {
            let what = "it is upheld, but has ended too often in too short a time, ignoring";
            return Err(Refused::new(Class::Failed, what));
        }
        let options = Options { mode: Some(reaction.mode), ..Options::default() };
        let planned = plan::compute(ctx, &[(reaction.verb, reaction.unit.clone())], &options)?;
        Ok(execute(planned, ctx, &options, &|| {}, &mut |_| {}))
    });
    Ok(all.collect())
}
