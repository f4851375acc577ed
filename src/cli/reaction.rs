//! What a supervisor has done when its unit came to rest by itself: the hidden verb `reaction`.

use crate::cli::exit::{Answer, Answered, Class};
use crate::cli::out;
use crate::job::context::Context;
use crate::job::reaction::react;
use crate::order::reaction::Ending;
use crate::unit::name::UnitName;

/// `ending` is the word of an [`Ending`].
pub fn run(ctx: &Context, unit: &str, ending: &str) -> Answered {
    let Some(ending) = Ending::ALL.into_iter().find(|e| e.as_str() == ending) else {
        return Ok(Answer::Told(Class::Usage));
    };
    let Ok(unit) = UnitName::parse(unit) else { return Ok(Answer::Told(Class::Usage)) };
    let mut class = Class::Ok;
    for reacted in react(ctx, &unit, ending)? {
        match reacted {
            Ok(reports) if reports.iter().all(|r| r.outcome.is_good()) => {}
            Ok(_) => class = Class::Failed,
            Err(refused) => {
                out::print_error("reaction", &format!("after the end of '{unit}': {}", refused.what), None);
                class = refused.class;
            }
        }
    }
    Ok(class.into())
}
