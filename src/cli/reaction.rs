//! What a supervisor has done when its unit came to rest by itself: the transactions that concern
//! others (`OnFailure=`, units bound to it), computed anew from the units on disk.

use crate::cli::context::Context;
use crate::cli::exit::Class;
use crate::cli::jobs::{self, Options};
use crate::cli::{out, units};
use crate::order::reaction::{Ending, reactions};
use crate::order::transaction::Activity;
use crate::service::client;
use crate::unit::name::UnitName;

/// `ending` is `failure`, `success`, `stopped`, `will-restart` or `restarting`.
pub fn run(ctx: &Context, unit: &str, ending: &str) -> u8 {
    let ending = match ending {
        "failure" => Ending::Failed,
        "success" => Ending::Succeeded,
        "stopped" => Ending::Stopped,
        "will-restart" => Ending::WillRestart,
        "restarting" => Ending::Restarting,
        _ => return Class::Usage.hand(),
    };
    let Ok(unit) = UnitName::parse(unit) else { return Class::Usage.hand() };
    let recorded = client::recorded(&ctx.place);
    let set = recorded.and_then(|all| units::load(ctx, &ctx.facts(), std::slice::from_ref(&unit), &all));
    let set = match set {
        Ok(set) => set,
        Err(e) => {
            out::complain("reaction", &format!("cannot see what runs: {e}"), None);
            return Class::Failed.hand();
        }
    };
    // One that cannot be seen is left to the plan, which looks again and says why.
    let active = |name: &UnitName| jobs::activity(ctx, name).unwrap_or(Activity::Active);
    let mut code = 0;
    for reaction in reactions(&set.graph(), &unit, ending, &active) {
        let options = Options { mode: Some(reaction.mode), ..Options::default() };
        match jobs::plan(ctx, &[(reaction.verb, reaction.unit.clone())], &options) {
            Ok(planned) => {
                let reports = planned.execute(ctx, &options, &|| {}, &mut |_| {});
                if reports.iter().any(|r| !r.outcome.is_good()) {
                    code = Class::Failed.hand();
                }
            }
            Err(refused) => {
                out::complain("reaction", &format!("after the end of '{unit}': {}", refused.what), None);
                code = refused.class.hand();
            }
        }
    }
    code
}
