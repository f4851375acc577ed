//! A plan as text, JSON, a graph for dot(1), and a picture. Pure.

pub mod dot;
pub mod json;
pub mod svg;
pub mod text;

use super::step::{Plan, Role};

/// Which steps are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// All of them.
    All,
    /// Those that the drain has to do with, and their neighbours in the order.
    Relevant,
}

/// The positions of the steps to show, in order.
fn shown(plan: &Plan, show: Show) -> Vec<usize> {
    let all = 0..plan.steps.len();
    if show == Show::All {
        return all.collect();
    }
    let matters = |at: usize| plan.steps.get(at).is_some_and(|s| s.role != Role::Other);
    // Too many have to do with the network to show them all.
    let draws = |at: usize| matters(at) && plan.steps.get(at).is_some_and(|s| s.role != Role::Network);
    let mut keep: Vec<bool> = all.clone().map(matters).collect();
    for at in all.clone() {
        for wait in plan.steps.get(at).map_or(&[][..], |s| &s.waits) {
            for (one, other) in [(at, wait.on), (wait.on, at)] {
                if let Some(slot) = keep.get_mut(one).filter(|_| draws(other)) {
                    *slot = true;
                }
            }
        }
    }
    all.filter(|at| keep.get(*at).copied().unwrap_or(false)).collect()
}
