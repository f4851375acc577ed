//! `amr order --why A B`: the chain of edges that puts one before the other, with file and line.
//! Pure.

use super::step::{Act, Order, Plan, StepOutcome};
use serde_json::{Value, json};
use std::path::Path;

/// Two steps of which the second waits for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// Runs first.
    pub first: String,
    /// Waits for it.
    pub then: String,
    /// What orders the two, in one clause.
    pub why: String,
    /// `path:line`, where it is written in a file.
    pub place: Option<String>,
}

/// What is known of the order of two steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first comes before the second.
    Chain(Vec<ChainLink>),
    /// It is the other way round.
    Reversed(Vec<ChainLink>),
    /// Nothing orders the two.
    Unordered,
    /// There is no such step.
    NoStep(String),
}

/// Why `a` comes before `b` on the plan's way.
#[must_use]
pub fn why(plan: &Plan, a: &str, b: &str) -> Answer {
    let act = if plan.way.is_down() { Act::Stop } else { Act::Start };
    let find = |name: &str| {
        let stem = name.strip_suffix(".service").unwrap_or(name);
        plan.find(stem, act)
            .or_else(|| plan.steps.iter().position(|s| s.shown == name && s.fate == StepOutcome::Runs))
    };
    let (Some(first), Some(second)) = (find(a), find(b)) else {
        let missing = if find(a).is_none() { a } else { b };
        return Answer::NoStep(missing.to_owned());
    };
    match plan.order(first, second) {
        Order::Before => Answer::Chain(chain(plan, first, second)),
        Order::After => Answer::Reversed(chain(plan, second, first)),
        Order::None => Answer::Unordered,
    }
}

fn chain(plan: &Plan, early: usize, late: usize) -> Vec<ChainLink> {
    let shown = |at: usize| plan.steps.get(at).map(|s| s.shown.clone()).unwrap_or_default();
    if plan.is_serial() {
        let place = plan.steps.get(late).and_then(|s| plan.place(s.waits.first()?)).map(written);
        let beside = |at: usize| plan.steps.get(at).and_then(|s| s.beside.as_ref().map(|b| (s, b)));
        let why = match beside(early).or_else(|| beside(late)) {
            Some((step, beside)) => {
                format!("'{}' stops on '{}' ({}), beside rc", step.name, beside.stop_on, beside.file)
            }
            None => format!("rc runs its links one by one, {} before {}", shown(early), shown(late)),
        };
        return vec![ChainLink { first: shown(early), then: shown(late), why, place }];
    }
    let way = plan.wait_chain(late, early).unwrap_or_default();
    let link = |(step, wait): (usize, &super::step::Wait)| ChainLink {
        first: shown(wait.on),
        then: shown(step),
        why: plan.why(wait),
        place: plan.place(wait).map(written),
    };
    way.into_iter().map(link).collect()
}

fn written((path, line): (&Path, u32)) -> String {
    format!("{}:{line}", path.display())
}

impl Answer {
    /// Line by line.
    #[must_use]
    pub fn to_text(&self, a: &str, b: &str) -> String {
        let lines = |chain: &[ChainLink]| -> String {
            let line = |b: &ChainLink| {
                let place = b.place.as_ref().map(|p| format!(" ({p})")).unwrap_or_default();
                format!("  {} -> {}: {}{place}\n", b.first, b.then, b.why)
            };
            chain.iter().map(line).collect()
        };
        match self {
            Self::Chain(chain) => format!("'{a}' comes before '{b}':\n{}", lines(chain)),
            Self::Reversed(chain) => {
                format!("'{a}' does not come before '{b}', it is the other way round:\n{}", lines(chain))
            }
            Self::Unordered => format!("nothing orders '{a}' and '{b}': they may run at the same time\n"),
            Self::NoStep(name) => format!("nothing is done with '{name}' on this way\n"),
        }
    }

    /// `{"order": "before", "chain": […]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |chain: &[ChainLink]| -> Vec<Value> {
            let one =
                |b: &ChainLink| json!({ "first": b.first, "then": b.then, "why": b.why, "place": b.place });
            chain.iter().map(one).collect()
        };
        match self {
            Self::Chain(chain) => json!({ "order": "before", "chain": list(chain) }),
            Self::Reversed(chain) => json!({ "order": "after", "chain": list(chain) }),
            Self::Unordered => json!({ "order": "none", "chain": Value::Array(Vec::new()) }),
            Self::NoStep(name) => json!({ "order": Value::Null, "no_step": name }),
        }
    }
}
