//! How long an answer is waited for: what ends the waiting when nothing happens any more.
//!
//! None of this makes a verdict better. It says only when one that is not the best is given, and when
//! to look again: the deadline is always the last moment.
//!
//! Pure.

use super::proof::proved_from;
use crate::drain::judge::check::Checks;
use crate::drain::judge::facts::Facts;
use crate::drain::judge::file::Held;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::{Reason, ReasonClass};
use std::time::Duration;

/// What is added to every wait before it counts as over, since timers of a shipper fire late.
pub(super) const MARGIN: Duration = Duration::from_secs(1);

/// Nothing has moved for as long as the operator allows.
pub(super) fn has_stalled(facts: &Facts<'_>) -> bool {
    stalls_at(facts).is_some_and(|at| facts.now >= at)
}

fn stalls_at(facts: &Facts<'_>) -> Option<Moment> {
    facts.stall.map(|stall| facts.moved.after(stall))
}

/// When silence has lasted so long that more of it would tell nothing new.
pub(super) fn silence_deadline(files: &[Progress], facts: &Facts<'_>) -> Moment {
    let hold = files.iter().map(|file| file.hold).max().unwrap_or_default();
    facts.moved.after(facts.settle).after(hold).after(MARGIN)
}

/// The shipper has had its time to take this file up, and did not.
pub(super) fn is_given_up(file: &Progress, facts: &Facts<'_>) -> bool {
    pickup_ends(file, facts).is_some_and(|end| facts.now >= end)
}

/// When a file that the shipper has not taken up is no longer waited for.
fn pickup_ends(file: &Progress, facts: &Facts<'_>) -> Option<Moment> {
    // One that the shipper has open it knows, and says so once something of it is acknowledged.
    let waits = matches!(file.reason, Reason::NotPickedUp | Reason::TooShort | Reason::Refused);
    let untaken = waits && file.held == Held::No;
    facts.pickup.filter(|_| untaken).map(|pickup| file.still_since.after(pickup))
}

/// When time alone may change the judgement, if nothing happens: the earliest such moment after
/// `facts.now`. The deadline at the latest.
#[must_use]
pub fn next_due(files: &[Progress], facts: &Facts<'_>) -> Moment {
    let pickups = files.iter().filter_map(|file| pickup_ends(file, facts));
    let rests = files.iter().filter(|file| file.reason.class() == ReasonClass::AtRest);
    let proofs = rests.map(|file| proved_from(file, facts, Checks::ALL).after(MARGIN));
    let quiet = Some(silence_deadline(files, facts));
    [stalls_at(facts), quiet]
        .into_iter()
        .flatten()
        .chain(pickups)
        .chain(proofs)
        .filter(|at| *at > facts.now)
        .min()
        .unwrap_or(facts.deadline)
        .min(facts.deadline)
}
