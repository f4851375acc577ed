//! What a shipper says of itself: its counters, asked last, or what its log had of them.

use super::{moment, wall};
use crate::drain::judge::facts::{Evidence, Life};
use crate::drain::judge::moment::Moment;
use crate::drain::shipper::{Counters, Found, LogEvidence};
use crate::os::root::Root;

/// See the head of this file.
pub(super) struct Testimony {
    /// By its endpoint.
    pub counters: Option<Counters>,
    /// Why those were not believed.
    pub not_believed: Option<String>,
    /// How much of it is in flight, by these or by its log.
    pub evidence: Option<Evidence>,
}

/// Asks it. Its log counts only where the clocks are `steady`.
pub(super) fn testimony(
    root: &Root,
    found: &Found,
    life: Life,
    said: &LogEvidence,
    now: Moment,
    steady: bool,
) -> Testimony {
    let asked = moment();
    let (counters, not_believed) =
        match found.witness.as_ref().zip(found.process).filter(|_| life == Life::Alive) {
            Some((witness, process)) => match witness.counters(root, process) {
                Ok(counters) => (counters, None),
                Err(why) => (None, Some(why)),
            },
            None => (None, None),
        };
    let told = counters.map(|counters| Evidence { active: counters.active, at: asked });
    let evidence = told.or_else(|| logged(said, now).filter(|_| steady));
    Testimony { counters, not_believed, evidence }
}

/// The counters of its own log. Their time is of the clock on the wall; a second less, since it is
/// rounded.
fn logged(said: &LogEvidence, now: Moment) -> Option<Evidence> {
    let (active, at) = said.in_flight?;
    let age = u64::try_from(wall().0.checked_sub(at.0)?).ok()?.saturating_add(1_000_000_000);
    Some(Evidence { active, at: Moment(now.0.saturating_sub(age)) })
}
