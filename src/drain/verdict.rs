//! The one verdict over everything: has every shippable byte been acknowledged?
//!
//! [`judge`] takes the progress of every file and the facts about the shipper, and gives exactly one
//! of seven verdicts, or says that it is worth waiting. Doubt goes one way only: what is unknown is
//! never rounded to `drained`, and `settled` is never said from silence: the shipper's own counters
//! must say that nothing is in flight, at a moment later than the last read that could have put
//! something there.
//!
//! Each check of the judgement has a name in [`Check`]. In life all are on; tests turn one off at a
//! time and show that a wrong verdict follows.
//!
//! Pure.

use crate::drain::file::Held;
use crate::drain::progress::{Progress, Rest};
use crate::drain::reason::{Cause, Reason, Standing};
use std::time::Duration;

/// A moment on a clock that only goes forward, in nanoseconds from where it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment, so much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

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

/// Whether the shipper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It does not.
    Dead,
    /// That cannot be found out.
    Unknown,
}

/// What an acknowledged position of this shipper is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// They move when the output has acknowledged, and never else (Filebeat).
    Acknowledged,
    /// They also move past what was dropped: an unretryable error, retries spent, a stop meanwhile
    /// (CloudWatch agent).
    AlsoDropped,
}

/// What the shipper's counters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Lines of files and nothing else.
    FilesOnly,
    /// Events of other inputs as well (journal, network), which never come to rest.
    OthersToo,
}

/// What the shipper's own counters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Events read and not yet acknowledged.
    pub active: u64,
    /// When they were counted.
    pub at: Moment,
}

/// Why the files that were seen may not be all there is to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The position file has faults.
    #[error("the position file has {0} faults, the first: {1}")]
    Faults(u64, String),
    /// Folders changed whenever they were read.
    #[error("folder '{0}' changed each time it was read")]
    Unsteady(String),
    /// A folder could not be read.
    #[error("cannot read folder '{0}': {1}")]
    Blind(String, String),
    /// Which files the shipper takes is not known.
    #[error("which files the shipper takes is not known: {0}")]
    Configuration(String),
    /// The shipper's descriptors cannot be seen, so neither can deleted files that it still reads.
    #[error("the open files of process {0} cannot be seen")]
    Descriptors(u32),
    /// Several shippers' states are there, and this could not be read.
    #[error("{0}")]
    Positions(String),
}

/// All that the verdict depends on beside the files.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Whether the shipper runs.
    pub life: Life,
    /// What its positions are worth.
    pub trust: Trust,
    /// Its counters, the newest there are.
    pub evidence: Option<Evidence>,
    /// Since when every reading of them has said that nothing is in flight
    /// ([`History::idle`](crate::drain::history::History::idle)).
    pub idle: Option<Moment>,
    /// What these counters count.
    pub counted: Counted,
    /// What may be missing from the picture.
    pub doubts: &'a [Doubt],
    /// When this look was taken.
    pub now: Moment,
    /// When anything last moved.
    pub moved: Moment,
    /// When an answer is due.
    pub deadline: Moment,
    /// After so long without movement the drain is stalled; `None` waits for the deadline.
    pub stall: Option<Duration>,
    /// How long a file must be still before its silence counts beside evidence: above every latency
    /// of the shipper. Nothing without evidence.
    pub settle: Duration,
    /// How long a file that the shipper has not taken up is waited for: two of its scans at least.
    /// `None` waits for the deadline.
    pub pickup: Option<Duration>,
}

/// What is added to every wait before it counts as over, since timers of a shipper fire late.
const MARGIN: Duration = Duration::from_secs(1);

/// A verdict, or why it is worth waiting for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// This is it.
    Final(Verdict),
    /// There is time, and something may still change.
    Wait,
}

/// The checks of the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Check {
    /// Device and inode together name a file.
    Device,
    /// A file is found by its inode wherever it was renamed to.
    Moved,
    /// Each state of a file is an obligation of its own.
    EveryState,
    /// A state that fits several files proves nothing.
    Ambiguity,
    /// A position above the size means that all is to be shipped again.
    Truncation,
    /// A file read further than it reaches will be read anew.
    Overread,
    /// Missing ranges are missing.
    Gaps,
    /// A position older than the last write may be of what the file, or its name, held before.
    PathAge,
    /// A position that is kept by name is of a file that the shipper has open.
    Followed,
    /// The state of a removed file says nothing about the next one with its inode.
    DeletedState,
    /// A state without an input counts while a pattern still matches its file.
    Unclaimed,
    /// A file is too old only when it is.
    Age,
    /// The size of a compressed file is not compared with its offset.
    Compressed,
    /// Tails are judged only where LF ends a line.
    Terminator,
    /// Complete lines are shippable.
    CompleteLines,
    /// Bytes that could not be looked at are not judged.
    Unread,
    /// Blank lines may be part of an event of several lines.
    JoinedBlank,
    /// Files without a state count where a pattern matches.
    Unknown,
    /// A file is at rest only when read to its end.
    ReadToEnd,
    /// Lines may wait inside the shipper for the end of their event.
    Hold,
    /// That wait begins when the shipper's queue lets the line in, not when it is read.
    Idle,
    /// Bytes that vanish are lost.
    Vanished,
    /// Bytes that are cut off are lost.
    CutShort,
    /// A truncated file that grew may have been skipped into.
    Outgrown,
    /// `settled` needs evidence.
    Evidence,
    /// The evidence must say that nothing is in flight.
    Active,
    /// The evidence must be newer than the last read.
    Newer,
    /// A closed file must have been still for the settle time.
    ClosedStill,
    /// Lines on their way speak against everything being acknowledged.
    Counters,
    /// A dead shipper ships nothing.
    Dead,
    /// Doubts about the picture are doubts about the verdict.
    Doubts,
    /// Unknown is unknown.
    Uncertain,
    /// Positions that advance on drops prove no delivery.
    Trust,
    /// Bytes that are pending are pending.
    Pending,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::Device,
        Self::Moved,
        Self::EveryState,
        Self::Ambiguity,
        Self::Truncation,
        Self::Overread,
        Self::Gaps,
        Self::PathAge,
        Self::Followed,
        Self::DeletedState,
        Self::Unclaimed,
        Self::Age,
        Self::Compressed,
        Self::Terminator,
        Self::CompleteLines,
        Self::Unread,
        Self::JoinedBlank,
        Self::Unknown,
        Self::ReadToEnd,
        Self::Hold,
        Self::Idle,
        Self::Vanished,
        Self::CutShort,
        Self::Outgrown,
        Self::Evidence,
        Self::Active,
        Self::Newer,
        Self::ClosedStill,
        Self::Counters,
        Self::Dead,
        Self::Doubts,
        Self::Uncertain,
        Self::Trust,
        Self::Pending,
    ];
}

/// Which checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks(u64);

impl Checks {
    /// All of them: the only value in life.
    pub const ALL: Self = Self(u64::MAX);

    /// All but one, for tests that show what it is good for.
    #[doc(hidden)]
    #[must_use]
    pub fn without(check: Check) -> Self {
        Self(!(1 << check as u64))
    }

    /// Whether this one is made.
    #[must_use]
    pub fn on(self, check: Check) -> bool {
        self.0 & (1 << check as u64) != 0
    }
}

/// Judges.
#[must_use]
pub fn judge(files: &[Progress], facts: &Facts<'_>, checks: Checks) -> Judgement {
    let summary = Summary::of(files, facts, checks);
    let due = facts.now >= facts.deadline;
    let dead = facts.life == Life::Dead && checks.on(Check::Dead);

    let remains = summary.pending || summary.in_flight || (dead && summary.at_rest);
    if remains && dead {
        return Judgement::Final(if summary.lost { Verdict::Lost } else { Verdict::ShipperDead });
    }
    if remains && checks.on(Check::Pending) {
        let stalled = has_stalled(facts) || (!summary.worth_waiting && !summary.in_flight);
        let verdict = match (summary.lost, due) {
            (true, _) => Verdict::Lost,
            (false, true) => Verdict::GaveUp,
            (false, false) => Verdict::Stalled,
        };
        return if due || stalled { Judgement::Final(verdict) } else { Judgement::Wait };
    }
    if summary.lost {
        return Judgement::Final(Verdict::Lost);
    }
    if summary.unknown || summary.unproved {
        let quiet = !summary.on_its_way && facts.now >= quiet_at(files, facts);
        let over = due || quiet || has_stalled(facts);
        return if over { Judgement::Final(Verdict::CannotTell) } else { Judgement::Wait };
    }
    Judgement::Final(best(summary.at_rest, facts, checks))
}

fn has_stalled(facts: &Facts<'_>) -> bool {
    facts.stall.is_some_and(|stall| facts.now >= facts.moved.after(stall))
}

/// When silence has lasted so long that more of it would tell nothing new.
fn quiet_at(files: &[Progress], facts: &Facts<'_>) -> Moment {
    let hold = files.iter().map(|file| file.hold).max().unwrap_or_default();
    facts.moved.after(facts.settle).after(hold).after(MARGIN)
}

/// When time alone may change the judgement, if nothing happens: the earliest such moment after
/// `facts.now`. The deadline at the latest.
#[must_use]
pub fn next_due(files: &[Progress], facts: &Facts<'_>) -> Moment {
    let stall = facts.stall.map(|stall| facts.moved.after(stall));
    let pickups = files.iter().filter_map(|file| pickup_ends(file, facts));
    let rests = files.iter().filter(|file| file.reason.standing() == Standing::AtRest);
    let proofs = rests.map(|file| proved_from(file, facts, Checks::ALL).after(MARGIN));
    let quiet = Some(quiet_at(files, facts));
    [stall, quiet]
        .into_iter()
        .flatten()
        .chain(pickups)
        .chain(proofs)
        .filter(|at| *at > facts.now)
        .min()
        .unwrap_or(facts.deadline)
        .min(facts.deadline)
}

/// When a file that the shipper has not taken up is no longer waited for.
fn pickup_ends(file: &Progress, facts: &Facts<'_>) -> Option<Moment> {
    // One that the shipper has open it knows, and says so once something of it is acknowledged.
    let untaken = matches!(file.reason, Reason::NotPickedUp | Reason::Refused) && file.held == Held::No;
    facts.pickup.filter(|_| untaken).map(|pickup| file.still_since.after(pickup))
}

/// How long a file at rest must have been still before evidence proves anything.
fn still_for(file: &Progress, facts: &Facts<'_>) -> Duration {
    let hold = file.hold.saturating_add(facts.settle);
    match file.held {
        // Which stream's descriptor it is cannot be told: the other's may be closed until the next scan.
        Held::Open { .. } if file.stream.is_some() => hold,
        // It may have been closed between two looks with a line in hand (`close_timeout`), opened again at
        // the next scan, and the line is held back anew.
        Held::Open { .. } if file.hold > Duration::ZERO => hold,
        Held::Open { .. } => Duration::ZERO,
        Held::No | Held::Unknown => hold,
    }
}

/// Evidence about a file at rest must be newer than this. What was read may have waited behind a queue
/// that was full, and a line that is joined with others is held back only from then on: so the counters
/// must have said before that nothing was in flight, and say so again after the hold.
fn proved_from(file: &Progress, facts: &Facts<'_>, checks: Checks) -> Moment {
    let wait = if checks.on(Check::ClosedStill) { still_for(file, facts) } else { file.hold };
    let still = file.still_since.after(wait);
    match facts.idle {
        Some(idle) if file.hold > Duration::ZERO && checks.on(Check::Idle) => still.max(idle.after(wait)),
        Some(_) | None => still,
    }
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
    fn of(files: &[Progress], facts: &Facts<'_>, checks: Checks) -> Self {
        let counted = counted_in_flight(facts) && checks.on(Check::Counters);
        let mut all = Self {
            unknown: (!facts.doubts.is_empty() && checks.on(Check::Doubts)) || counted,
            on_its_way: counted,
            ..Self::default()
        };
        for file in files {
            match file.reason.standing() {
                Standing::Done | Standing::Unshippable | Standing::LeftAlone => {}
                Standing::AtRest => all.at_rest(file, facts, checks),
                Standing::Unknown => all.unknown = all.unknown || checks.on(Check::Uncertain),
                Standing::Pending => {
                    all.pending = true;
                    let over = pickup_ends(file, facts).is_some_and(|end| facts.now >= end);
                    all.worth_waiting = all.worth_waiting || !over;
                }
                Standing::Lost => all.lost = true,
            }
        }
        all
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

/// The counters say, at this look, that lines are on their way. Where every file seems to be through
/// they may be of a file that was truncated: the position of what it held before looks like progress.
fn counted_in_flight(facts: &Facts<'_>) -> bool {
    facts.counted == Counted::FilesOnly
        && facts.life != Life::Dead
        && facts.evidence.is_some_and(|evidence| evidence.active > 0 && evidence.at >= facts.now)
}

/// What the evidence says about a file at rest.
enum Proof {
    NothingInFlight,
    InFlight,
    None,
}

fn proof(file: &Progress, facts: &Facts<'_>, checks: Checks) -> Proof {
    if !checks.on(Check::Evidence) {
        return Proof::NothingInFlight;
    }
    let Some(evidence) = facts.evidence else { return Proof::None };
    if file.held == Held::Unknown && checks.on(Check::ClosedStill) {
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

/// How many bytes are known to be left to ship.
#[must_use]
pub fn bytes_left(files: &[Progress]) -> u64 {
    files
        .iter()
        .filter(|file| !matches!(file.reason.standing(), Standing::Unshippable | Standing::LeftAlone))
        .map(|file| match file.rest {
            Rest::Bytes(bytes) => bytes,
            Rest::Unknown => 0,
        })
        .fold(0, u64::saturating_add)
}

/// The reason that decided, for the one line that is printed: the worst standing, the most bytes.
#[must_use]
pub fn decisive(files: &[Progress]) -> Option<&Reason> {
    files.iter().max_by_key(|file| (file.reason.standing(), file.rest)).map(|file| &file.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::cursor::FileId;
    use crate::drain::progress::KeptBy;

    fn file(reason: Reason, held: Held) -> Progress {
        Progress {
            file: FileId { dev: 1, ino: 2 },
            path: (*b"/a").into(),
            kept_by: KeptBy::File,
            size: 10,
            goal: 10,
            acknowledged: Some(4),
            rest: Rest::Bytes(6),
            reason,
            begins_anew: false,
            held,
            input_id: Box::default(),
            stream: None,
            hold: Duration::ZERO,
            still_since: Moment(100),
        }
    }

    fn facts(evidence: Option<Evidence>) -> Facts<'static> {
        Facts {
            life: Life::Alive,
            trust: Trust::Acknowledged,
            evidence,
            idle: None,
            counted: Counted::FilesOnly,
            doubts: &[],
            now: Moment(100),
            moved: Moment(100),
            deadline: Moment(100),
            stall: None,
            settle: Duration::from_nanos(30),
            pickup: None,
        }
    }

    fn verdict(file: Progress, facts: &Facts<'_>) -> Verdict {
        match judge(&[file], facts, Checks::ALL) {
            Judgement::Final(verdict) => verdict,
            Judgement::Wait => panic!("an answer was due"),
        }
    }

    #[test]
    fn settled_is_never_said_from_silence() {
        let at_rest = |held| file(Reason::ReadToEnd(Cause::Filtered), held);
        let open = Held::Open { read: 10 };
        let counted = |active, at| facts(Some(Evidence { active, at: Moment(at) }));
        assert_eq!(verdict(at_rest(open), &facts(None)), Verdict::CannotTell);
        assert_eq!(verdict(at_rest(open), &counted(0, 100)), Verdict::CannotTell);
        assert_eq!(verdict(at_rest(open), &counted(0, 101)), Verdict::Settled);
        assert_eq!(verdict(at_rest(open), &counted(1, 101)), Verdict::GaveUp);
        assert_eq!(verdict(at_rest(Held::No), &counted(0, 130)), Verdict::CannotTell);
        assert_eq!(verdict(at_rest(Held::No), &counted(0, 131)), Verdict::Settled);
        assert_eq!(verdict(at_rest(Held::Unknown), &counted(0, 131)), Verdict::CannotTell);
    }

    #[test]
    fn a_line_is_held_back_from_when_the_queue_was_empty() {
        let mut joined = file(Reason::ReadToEnd(Cause::NotNamed), Held::Open { read: 10 });
        joined.hold = Duration::from_nanos(6);
        let counted =
            |at| Facts { idle: Some(Moment(150)), ..facts(Some(Evidence { active: 0, at: Moment(at) })) };
        // Six of hold and thirty of settling: it may have been closed and opened again.
        assert_eq!(verdict(joined.clone(), &counted(186)), Verdict::CannotTell);
        assert_eq!(verdict(joined.clone(), &counted(187)), Verdict::Settled);
        // The next proof is looked for then.
        let second = Moment(0).after(MARGIN);
        let waiting = Facts { deadline: second.after(MARGIN * 9), moved: second, ..counted(150) };
        assert_eq!(next_due(&[joined], &waiting), Moment(186).after(MARGIN));
    }

    #[test]
    fn a_shipper_that_drops_is_never_drained() {
        let mut facts = Facts { trust: Trust::AlsoDropped, ..facts(None) };
        assert_eq!(verdict(file(Reason::Acknowledged, Held::No), &facts), Verdict::Settled);
        facts.life = Life::Dead;
        assert_eq!(verdict(file(Reason::Acknowledged, Held::No), &facts), Verdict::CannotTell);
    }

    #[test]
    fn there_is_time_until_the_deadline() {
        let mut facts = Facts { deadline: Moment(200), ..facts(None) };
        let files = [file(Reason::Behind, Held::No)];
        assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Wait);
        facts.stall = Some(Duration::ZERO);
        assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::Stalled));
        facts.life = Life::Dead;
        assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::ShipperDead));
        let done = [file(Reason::UnterminatedLine, Held::No)];
        assert_eq!(judge(&done, &facts, Checks::ALL), Judgement::Final(Verdict::Drained));
    }

    #[test]
    fn what_is_never_taken_up_is_not_waited_for_for_ever() {
        let deadline = Moment(1_000);
        let mut facts = Facts { deadline, pickup: Some(Duration::from_nanos(60)), ..facts(None) };
        let files = [file(Reason::NotPickedUp, Held::No)];
        assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Wait);
        assert_eq!(next_due(&files, &facts), Moment(160));
        facts.now = Moment(160);
        assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::Stalled));
        // One that may still be shipped keeps the drain waiting, and so does one that is open.
        let two = [file(Reason::NotPickedUp, Held::No), file(Reason::Behind, Held::No)];
        assert_eq!(judge(&two, &facts, Checks::ALL), Judgement::Wait);
        let open = [file(Reason::NotPickedUp, Held::Open { read: 10 })];
        assert_eq!(judge(&open, &facts, Checks::ALL), Judgement::Wait);
        assert_eq!(next_due(&open, &facts), Moment(100).after(facts.settle).after(MARGIN).min(deadline));
    }

    #[test]
    fn silence_without_evidence_is_cannot_tell_once_it_has_lasted() {
        let second = Duration::from_secs(1);
        let mut facts = Facts { deadline: Moment(0).after(second * 9), ..facts(None) };
        let filtered = [file(Reason::ReadToEnd(Cause::Filtered), Held::Open { read: 10 })];
        let queued = [file(Reason::ReadToEnd(Cause::NotNamed), Held::Open { read: 10 })];
        assert_eq!(judge(&filtered, &facts, Checks::ALL), Judgement::Wait);
        facts.now = next_due(&filtered, &facts);
        facts.now = next_due(&filtered, &facts).max(Moment(130).after(MARGIN));
        assert_eq!(judge(&filtered, &facts, Checks::ALL), Judgement::Final(Verdict::CannotTell));
        // An output that is blocked looks like this, and may come back.
        assert_eq!(judge(&queued, &facts, Checks::ALL), Judgement::Wait);
    }

    #[test]
    fn codes_are_those_of_the_table() {
        assert_eq!(Verdict::ALL.map(Verdict::code), [0, 10, 11, 12, 13, 14, 15]);
    }
}
