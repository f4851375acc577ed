//! What beside the files keeps a verdict from being `drained`: where every file is through, it is all that stands in
//! the way.
//!
//! Pure.

use super::proof::{Proof, counted_in_flight, of_gone};
use crate::drain::judge::facts::{Facts, Life, Trust};

/// Each as a sentence; the doubts about the picture first.
#[must_use]
pub fn hindrances(facts: &Facts<'_>) -> Vec<String> {
    let mut all: Vec<String> = facts.doubts.iter().map(ToString::to_string).collect();
    let (gone, _) = facts.gone;
    if gone > 0 && (facts.life == Life::Dead || !matches!(of_gone(facts), Proof::NothingInFlight)) {
        let states = if gone == 1 { "a state is".to_owned() } else { format!("{gone} states are") };
        all.push(format!("{states} left of files that are gone, whose lines may not have been shipped"));
    }
    if let Some(evidence) = facts.evidence.filter(|_| counted_in_flight(facts)) {
        all.push(format!("{} events are on their way, as its counters say", evidence.active));
    }
    if facts.trust == Trust::AlsoDropped && facts.life != Life::Alive {
        all.push("its positions also move past what it drops, and it does not run".to_owned());
    }
    all
}
