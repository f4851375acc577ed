//! `amr is-active`, `amr is-failed`: one word a unit, and a code.

use crate::cli::args::Names;
use crate::cli::exit::{Answer, Answered, Class, Refused, Running};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::{activity, units};
use crate::order::transaction::Activity;

/// 0 if one is active, else 3, as systemctl(1); 4 where it cannot be seen.
pub fn is_active(ctx: &Context, args: &Names) -> Answered {
    any(ctx, args, "is-active", Answer::Status(Running::No), Activity::is_active)
}

/// 0 if one has failed, else 1; 4 where it cannot be seen.
pub fn is_failed(ctx: &Context, args: &Names) -> Answered {
    any(ctx, args, "is-failed", Answer::No, |a| a == Activity::Failed)
}

fn any(ctx: &Context, args: &Names, verb: &str, otherwise: Answer, wanted: fn(Activity) -> bool) -> Answered {
    if args.units.is_empty() {
        return Err(Refused::new(Class::Usage, "no unit was named"));
    }
    let names = ask::typed(ctx, &args.units)?;
    let (mut is_any, mut unseen) = (false, false);
    for name in names {
        let now = match units::load_one(ctx, &name).and_then(|unit| activity::inspect(ctx, &unit.name)) {
            Ok(now) => now,
            Err(e) => {
                out::print_error(verb, &format!("cannot see what runs: {e}"), None);
                unseen = true;
                continue;
            }
        };
        if !args.quiet {
            out::print_raw(&format!("{}\n", now.as_str()));
        }
        is_any |= wanted(now);
    }
    Ok(match (is_any, unseen) {
        (true, _) => Answer::Done,
        (false, true) => Answer::Status(Running::Unknown),
        (false, false) => otherwise,
    })
}
