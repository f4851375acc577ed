//! `amr daemon-reload`: services that run go by their unit files as they are now.
//!
//! The other commands read the files anew each time; a service that runs goes by the plan of its start, until
//! this is typed. Units that cannot be used keep their plan, and that is said; the exit code is 0 all the same,
//! as systemctl's is, but where it cannot be seen what runs or a supervisor does not take its plan.

use crate::cli::door::CallerEnv;
use crate::cli::exit::{Answer, Answered, Class};
use crate::cli::{ask, handover, out};
use crate::job::context::Context;
use crate::job::replan::{self, KeepsPlan};

/// Does it, on a host with systemd by systemctl.
///
/// # Errors
/// The caller is not root, or it cannot be seen what runs.
pub fn run(ctx: &Context, caller_env: &CallerEnv) -> Answered {
    if ask::hands_over(ctx, caller_env) {
        return handover::systemctl(&ctx.features(), "daemon-reload", &[], caller_env.hand_over);
    }
    ask::needs_root(ctx)?;
    all(ctx, "daemon-reload", Reported::All)
}

/// Of which services that keep their plan it is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// Of all that keep it, those whose files cannot be used as well.
    All,
    /// Of those that should have taken the new one.
    Failures,
}

/// Does it for a verb.
///
/// # Errors
/// It cannot be seen what runs.
pub fn all(ctx: &Context, verb: &str, reported: Reported) -> Answered {
    let mut answer = Answer::Done;
    for (unit, why) in replan::all(ctx).map_err(|e| ask::unseen(&e))? {
        let (why, hint) = match why {
            KeepsPlan::Unusable(_) if reported == Reported::Failures => continue,
            KeepsPlan::Unusable(why) => (why, None),
            KeepsPlan::Failed(e) => {
                answer = Answer::Told(Class::Failed);
                (e.to_string(), Some(format!("amr restart {unit}")))
            }
        };
        let what = format!("'{unit}' keeps the plan that it has: {why}");
        out::print_error(verb, &what, hint.as_deref());
    }
    Ok(answer)
}
