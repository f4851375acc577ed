//! A plan as a graph for dot(1): an arrow from each step to those that wait for it. Pure.

use super::svg::colour;
use super::{Show, shown};
use crate::order::step::{Plan, StepOutcome};
use std::collections::HashSet;
use std::fmt::Write as _;

/// A digraph, left to right.
#[must_use]
pub fn plan(plan: &Plan, show: Show) -> String {
    let steps = shown(plan, show);
    let kept: HashSet<usize> = steps.iter().copied().collect();
    let mut out = String::from(
        "digraph order {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n",
    );
    for at in steps {
        let Some(step) = plan.steps.get(at) else { continue };
        let style = if step.fate == StepOutcome::Skipped { ", style=\"rounded,dashed\"" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  s{at} [label=\"{} {}\", fillcolor=\"{}\"{style}];",
            step.act.as_str(),
            quote(&step.shown),
            colour(step.role)
        );
        for wait in step.waits.iter().filter(|w| kept.contains(&w.on)) {
            let _ = writeln!(out, "  s{} -> s{at} [tooltip=\"{}\"];", wait.on, quote(&plan.why(wait)));
        }
    }
    out.push_str("}\n");
    out
}

fn quote(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c.is_control() => "?".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
