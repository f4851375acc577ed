//! What a supervisor has done when its unit came to rest by itself: the hidden verb `reaction`.

use crate::cli::exit::Class;
use crate::cli::out;
use crate::job::context::Context;
use crate::job::reaction::react;
use crate::order::reaction::Ending;
use crate::unit::name::UnitName;

/// `ending` is the word of an [`Ending`].
pub fn run(ctx: &Context, unit: &str, ending: &str) -> u8 {
    let Some(ending) = Ending::ALL.into_iter().find(|e| e.as_str() == ending) else {
        return Class::Usage.hand();
    };
    let Ok(unit) = UnitName::parse(unit) else { return Class::Usage.hand() };
    let all = match react(ctx, &unit, ending) {
        Ok(all) => all,
        Err(refused) => {
            out::complain("reaction", &refused.what, refused.hint.as_deref());
            return refused.class.hand();
        }
    };
    let mut code = 0;
    for reacted in all {
        match reacted {
            Ok(reports) if reports.iter().all(|r| r.outcome.is_good()) => {}
            Ok(_) => code = Class::Failed.hand(),
            Err(refused) => {
                out::complain("reaction", &format!("after the end of '{unit}': {}", refused.what), None);
                code = refused.class.hand();
            }
        }
    }
    code
}
