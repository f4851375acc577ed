//! When silence proves something: a file was read to its end, and its position did not follow.
//!
//! The bytes do not tell whether its last lines were left out or are on their way. Only the shipper's
//! own counters can: they must say that nothing is in flight, at a moment later than the last read
//! that could have put something there. Without them, or from before, there is no proof.
//!
//! Pure.

use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::facts::{Counted, Facts, Life};
use crate::drain::judge::file::Held;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::Progress;
use std::time::Duration;

/// What the counters say about a file at rest.
pub(super) enum Proof {
    /// Whatever was read of it has come out again.
    NothingInFlight,
    /// Lines are on their way, perhaps of this file.
    InFlight,
    /// Nothing that counts.
    None,
}

/// What the counters say about this file at rest.
pub(super) fn proof(file: &Progress, facts: &Facts<'_>, checks: Checks) -> Proof {
    if !checks.on(Check::Evidence) {
        return Proof::NothingInFlight;
    }
    let Some(evidence) = facts.evidence else { return Proof::None };
    if file.shared && checks.on(Check::Shared) {
        return Proof::None;
    }
    if file.held == Held::No && !file.seen_at_end && checks.on(Check::ClosedStill) {
        return Proof::None;
    }
    if matches!(file.held, Held::Unknown | Held::Apart) && checks.on(Check::ClosedStill) {
        return Proof::None;
    }
    let newer = evidence.at > proved_from(file, facts, checks);
    if !newer && checks.on(Check::Newer) {
        return Proof::None;
    }
    if evidence.active > 0 && checks.on(Check::Active) {
        return Proof::InFlight;
    }
    Proof::NothingInFlight
}

/// Evidence about a file at rest must be newer than this. What was read may have waited behind a queue
/// that was full, and a line that is joined with others is held back only from then on: so the counters
/// must have said before that nothing was in flight, and say so again after the hold.
pub(super) fn proved_from(file: &Progress, facts: &Facts<'_>, checks: Checks) -> Moment {
    let wait = if checks.on(Check::ClosedStill) { required_rest(file, facts) } else { file.hold };
    let still = file.still_since.after(wait);
    match facts.idle {
        Some(idle) if file.hold > Duration::ZERO && checks.on(Check::Idle) => still.max(idle.after(wait)),
        Some(_) | None => still,
    }
}

/// How long a file at rest must have been still before evidence proves anything.
fn required_rest(file: &Progress, facts: &Facts<'_>) -> Duration {
    let hold = file.hold.saturating_add(facts.settle);
    match file.held {
        // Which stream's descriptor it is cannot be told: the other's may be closed until the next scan.
        Held::Open { .. } if file.stream.is_some() => hold,
        // It may have been closed between two looks with a line in hand (`close_timeout`), opened again at
        // the next scan, and the line is held back anew.
        Held::Open { .. } if file.hold > Duration::ZERO => hold,
        Held::Open { .. } => Duration::ZERO,
        Held::No | Held::Unknown | Held::Apart => hold,
    }
}

/// What the counters say about the lines of files that are gone: some that were read before may be in
/// the shipper's memory.
pub(super) fn of_gone(facts: &Facts<'_>) -> Proof {
    match facts.evidence {
        Some(evidence) if evidence.active > 0 => Proof::InFlight,
        Some(evidence) if evidence.at >= facts.gone.1 => Proof::NothingInFlight,
        Some(_) | None => Proof::None,
    }
}

/// The counters say, at this look, that lines are on their way. Where every file seems to be through
/// they may be of a file that was truncated: the position of what it held before looks like progress.
pub(super) fn counted_in_flight(facts: &Facts<'_>) -> bool {
    facts.counted == Counted::FilesOnly
        && facts.life != Life::Dead
        && facts.evidence.is_some_and(|evidence| evidence.active > 0 && evidence.at >= facts.now)
}
