//! The one verdict over everything: has every shippable byte been acknowledged?
//!
//! [`judge`] takes the progress of every file and the facts about the shipper, and gives exactly one
//! of seven verdicts, or says that it is worth waiting. Doubt goes one way only. `drained` is what
//! remains when every file is through: no [`Standing`] but *done*, *unshippable* and *left alone*, no
//! doubt about the picture, no line on its way, and a shipper whose positions mean delivery. All else
//! has a verdict of its own, and what is unknown is never rounded.
//!
//! Whether silence proves something stands in `proof`, how long an answer is waited for in `patience`.
//!
//! Pure.

mod hindrance;
mod patience;
mod proof;

pub use hindrance::hindrances;
pub use patience::next_due;

use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::facts::{Doubt, Facts, Life, Trust};
use crate::drain::judge::progress::{Progress, Unshipped};
use crate::drain::judge::reason::{Cause, Reason, ReasonClass};
use proof::{Proof, counted_in_flight, of_gone, proof};

/// The seven verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every shippable byte is acknowledged, or was dropped by the shipper itself.
    Drained,
    /// At rest, short for a reason that the bytes do not prove, with evidence that nothing is in flight.
    Settled,
    /// There is no such evidence.
    CannotTell,
    /// Bytes remain and do not move.
    Stalled,
    /// The deadline came first.
    GaveUp,
    /// The shipper is dead, and bytes remain.
    ShipperDead,
    /// A file that was there at the start is gone with bytes unshipped.
    Lost,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Self; 7] = [
        Self::Drained,
        Self::Settled,
        Self::CannotTell,
        Self::Stalled,
        Self::GaveUp,
        Self::ShipperDead,
        Self::Lost,
    ];

    /// The exit code that says it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Drained => 0,
            Self::Settled => 10,
            Self::CannotTell => 11,
            Self::Stalled => 12,
            Self::GaveUp => 13,
            Self::ShipperDead => 14,
            Self::Lost => 15,
        }
    }

    /// Its words, as they are printed and reported.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Settled => "settled",
            Self::CannotTell => "cannot tell",
            Self::Stalled => "stalled",
            Self::GaveUp => "gave up",
            Self::ShipperDead => "shipper dead",
            Self::Lost => "lost",
        }
    }
}

/// A verdict, or why it is worth waiting for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The verdict: nothing more is waited for.
    Final(Verdict),
    /// There is time, and something may still change.
    Wait,
}

/// The verdict on these files at `facts.now`, or that it is worth waiting.
#[must_use]
pub fn judge(files: &[Progress], facts: &Facts<'_>, checks: Checks) -> Judgement {
    let summary = Summary::from_files(files, facts, checks);
    let due = facts.now >= facts.deadline;
    let stalled = patience::has_stalled(facts);
    let dead = facts.life == Life::Dead && checks.on(Check::Dead);

    let remains = summary.pending || summary.in_flight || (dead && summary.at_rest);
    if remains && dead {
        return Judgement::Final(if summary.lost { Verdict::Lost } else { Verdict::ShipperDead });
    }
    if remains && checks.on(Check::Pending) {
        let hopeless = !summary.worth_waiting && !summary.in_flight;
        let verdict = match (summary.lost, due) {
            (true, _) => Verdict::Lost,
            (false, true) => Verdict::GaveUp,
            (false, false) => Verdict::Stalled,
        };
        return if due || stalled || hopeless { Judgement::Final(verdict) } else { Judgement::Wait };
    }
    if summary.unknown || summary.unproved {
        let quiet = !summary.on_its_way && facts.now >= patience::silence_deadline(files, facts);
        let over = due || quiet || stalled || (summary.lost && dead);
        let verdict = if summary.lost { Verdict::Lost } else { Verdict::CannotTell };
        return if over { Judgement::Final(verdict) } else { Judgement::Wait };
    }
    if summary.lost {
        return Judgement::Final(Verdict::Lost);
    }
    Judgement::Final(best(summary.at_rest, facts, checks))
}

/// The verdict where nothing speaks against the best one.
fn best(at_rest: bool, facts: &Facts<'_>, checks: Checks) -> Verdict {
    match facts.trust {
        Trust::AlsoDropped if facts.life != Life::Alive && checks.on(Check::Trust) => Verdict::CannotTell,
        Trust::AlsoDropped if checks.on(Check::Trust) => Verdict::Settled,
        Trust::Acknowledged | Trust::AlsoDropped if at_rest => Verdict::Settled,
        Trust::Acknowledged | Trust::AlsoDropped => Verdict::Drained,
    }
}

/// What the files amount to.
#[derive(Clone, Copy, Debug, Default)]
struct Summary {
    pending: bool,
    /// Some of what is pending may still be shipped.
    worth_waiting: bool,
    /// Something is probably on its way: counters say so, or a file was read to its end and nothing
    /// but an output that does not answer would keep its position back.
    on_its_way: bool,
    in_flight: bool,
    at_rest: bool,
    unproved: bool,
    unknown: bool,
    lost: bool,
}

impl Summary {
    fn from_files(files: &[Progress], facts: &Facts<'_>, checks: Checks) -> Self {
        let counted = counted_in_flight(facts) && checks.on(Check::Counters);
        let mut all = Self {
            unknown: facts.doubts.iter().any(|doubt| is_effective(doubt, checks)) || counted,
            on_its_way: counted || facts.doubts.iter().any(|doubt| passes(doubt, facts)),
            ..Self::default()
        };
        for file in files {
            match file.reason.class() {
                ReasonClass::Done | ReasonClass::Unshippable | ReasonClass::LeftAlone => {}
                ReasonClass::AtRest => all.at_rest(file, facts, checks),
                ReasonClass::Unknown => all.unknown = all.unknown || checks.on(Check::Uncertain),
                ReasonClass::Pending => {
                    all.pending = true;
                    all.worth_waiting = all.worth_waiting || !patience::is_given_up(file, facts);
                }
                ReasonClass::Lost if file.reason == Reason::GoneRead => all.gone_read(file, facts, checks),
                ReasonClass::Lost => all.lost = true,
            }
        }
        if facts.gone.0 > 0 && checks.on(Check::GoneStates) {
            all.gone(facts);
        }
        all
    }

    /// A file that was removed when it was read to its end: lost, unless counters say that whatever was read
    /// has come out again. That this was of the file is not proved even then: a shipper that was started
    /// anew counts from nothing, and lines may have been written after it was last seen.
    fn gone_read(&mut self, file: &Progress, facts: &Facts<'_>, checks: Checks) {
        match proof(&Progress { seen_at_end: true, ..file.clone() }, facts, checks) {
            Proof::NothingInFlight if checks.on(Check::GoneRead) => self.unknown = true,
            Proof::NothingInFlight => self.at_rest = true,
            Proof::InFlight => (self.lost, self.in_flight) = (true, true),
            Proof::None => {
                (self.lost, self.unproved, self.on_its_way) = (true, true, facts.evidence.is_some())
            }
        }
    }

    /// States of files that are gone.
    fn gone(&mut self, facts: &Facts<'_>) {
        match of_gone(facts) {
            // What was in its memory when it died is not known.
            _ if facts.life == Life::Dead => self.in_flight = true,
            Proof::NothingInFlight => {}
            Proof::InFlight => self.in_flight = true,
            Proof::None => {
                self.unknown = true;
                self.on_its_way = self.on_its_way || facts.evidence.is_some();
            }
        }
    }

    fn at_rest(&mut self, file: &Progress, facts: &Facts<'_>, checks: Checks) {
        self.at_rest = true;
        match proof(file, facts, checks) {
            Proof::NothingInFlight => {}
            Proof::InFlight => self.in_flight = true,
            Proof::None => {
                self.unproved = true;
                self.on_its_way = self.on_its_way || file.reason == Reason::ReadToEnd(Cause::NotNamed);
            }
        }
    }
}

fn is_effective(doubt: &Doubt, checks: Checks) -> bool {
    checks.on(match doubt {
        Doubt::KeptBack(_) => Check::KeptBack,
        Doubt::Changeable(_) => Check::Changeable,
        Doubt::Faults(..)
        | Doubt::Unsteady(_)
        | Doubt::Blind(..)
        | Doubt::Configuration(_)
        | Doubt::Descriptors(_)
        | Doubt::Positions(_)
        | Doubt::NotJudged(_) => Check::Doubts,
    })
}

/// Whether a later look may find it gone: segments are removed when they are shipped, a folder comes to rest,
/// and counters may say at last that nothing is in flight.
fn passes(doubt: &Doubt, facts: &Facts<'_>) -> bool {
    match doubt {
        Doubt::KeptBack(_) | Doubt::Unsteady(_) => facts.life != Life::Dead,
        Doubt::NotJudged(_) => facts.evidence.is_some(),
        Doubt::Faults(..)
        | Doubt::Blind(..)
        | Doubt::Configuration(_)
        | Doubt::Descriptors(_)
        | Doubt::Changeable(_)
        | Doubt::Positions(_) => false,
    }
}

/// How many bytes are known to be left to ship.
#[must_use]
pub fn bytes_left(files: &[Progress]) -> u64 {
    files
        .iter()
        .filter(|file| !matches!(file.reason.class(), ReasonClass::Unshippable | ReasonClass::LeftAlone))
        .map(|file| match file.rest {
            Unshipped::Bytes(bytes) => bytes,
            Unshipped::Unknown => 0,
        })
        .fold(0, u64::saturating_add)
}

/// The reason that decided, for the one line that is printed: the worst standing, the most bytes.
#[must_use]
pub fn decisive(files: &[Progress]) -> Option<&Reason> {
    files.iter().max_by_key(|file| (file.reason.class(), file.rest)).map(|file| &file.reason)
}

#[cfg(test)]
mod tests;
