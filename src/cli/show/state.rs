//! `amr is-active`, `amr is-failed`: one word a unit, and a code.

use crate::cli::args::Names;
use crate::cli::exit::{Class, Running};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::{activity, units};
use crate::order::transaction::Activity;

/// 0 if one is active, else 3, as systemctl(1); 4 where it cannot be seen.
pub fn is_active(ctx: &Context, args: &Names) -> u8 {
    any(ctx, args, "is-active", 3, Activity::is_active)
}

/// 0 if one has failed, else 1; 4 where it cannot be seen.
pub fn is_failed(ctx: &Context, args: &Names) -> u8 {
    any(ctx, args, "is-failed", 1, |a| a == Activity::Failed)
}

fn any(ctx: &Context, args: &Names, verb: &str, otherwise: u8, wanted: fn(Activity) -> bool) -> u8 {
    if args.units.is_empty() {
        out::complain(verb, "no unit was named", None);
        return Class::Usage.hand();
    }
    let names = match ask::typed(ctx, &args.units, verb) {
        Ok(names) => names,
        Err(code) => return code,
    };
    let mut code = otherwise;
    let mut unseen = false;
    for name in names {
        let now = match units::load_one(ctx, &name).and_then(|unit| activity::of(ctx, &unit.name)) {
            Ok(now) => now,
            Err(e) => {
                out::complain(verb, &format!("cannot see what runs: {e}"), None);
                unseen = true;
                continue;
            }
        };
        if !args.quiet {
            out::say(&format!("{}\n", now.as_str()));
        }
        if wanted(now) {
            code = 0;
        }
    }
    if unseen && code != 0 { Running::Unknown.code() } else { code }
}
