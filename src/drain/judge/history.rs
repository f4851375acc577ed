//! What earlier looks saw: since when a file has been still, and which bytes vanished unshipped.
//!
//! A shipper forgets a file that is removed or renamed out of its patterns, with whatever was left of
//! it. So everything that was seen with bytes left is remembered, and stays in the list as lost when
//! it goes. Losses stay for good: what was lost once is not found again by looking away.
//!
//! Pure.

use crate::drain::cursor::{FileId, Timestamp};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::facts::Evidence;
use crate::drain::judge::file::Held;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::{Follows, Progress, Unshipped};
use crate::drain::judge::reason::{Reason, ReasonClass};
use crate::drain::judge::tail::Stream;
use std::collections::BTreeMap;

/// The looks so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The last look: what was seen, in the order in which it was given, and behind that losses and
    /// doubts that no later look takes away. There may be a million, so they are kept once.
    files: Vec<Progress>,
    /// How many were seen.
    seen: usize,
    /// What a partial view did not show and may still be there.
    unseen: Vec<Progress>,
    moved: Option<Moment>,
    idle: Option<Moment>,
    /// Since when nothing was seen to be kept back on the shipper's own disk.
    let_in: Option<Moment>,
    gone: Option<(u64, Moment)>,
    /// What the clock on the wall was ahead of the other one at the first look.
    ahead: Option<i128>,
}

/// How far the clocks may drift apart before one of them was set.
const STEP: u128 = 500_000_000;

/// Whether a look saw every folder that it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Every one.
    Whole,
    /// Some could not be read, or changed while they were.
    Partial,
}

type Key<'p> = (FileId, &'p [u8], Option<u8>);

fn key(progress: &Progress) -> Key<'_> {
    let stream = progress.stream.map(|stream| match stream {
        Stream::Stdout => 1,
        Stream::Stderr => 2,
    });
    (progress.file, &progress.input_id, stream)
}

impl History {
    /// Takes a look: sets since when each file has been still, and adds what was lost. The result is
    /// [`files`](Self::files).
    ///
    /// In a partial view a file that is not seen may still be there: it is remembered, not lost.
    pub fn record(&mut self, mut files: Vec<Progress>, view: View, now: Moment, checks: Checks) {
        let mut last = std::mem::take(&mut self.files);
        let mut kept = last.split_off(self.seen.min(last.len()));
        last.append(&mut self.unseen);
        let last = last.iter().map(|file| (key(file), file)).collect::<BTreeMap<_, _>>();
        for file in &mut files {
            self.set_still_since(file, last.get(&key(file)).copied(), now);
        }
        let seen = Seen::of(&files);
        for (key, last) in last {
            let there = seen.present.get(&key.0);
            let skipped = checks.on(Check::Outgrown) && seen.is_outgrown(key, last);
            let standing = seen.by_key.get(&key).map(|now| now.reason.class());
            let Some(fate) = fate(last, there, standing, skipped) else { continue };
            match (fate, view) {
                (
                    Reason::Gone | Reason::GoneRead | Reason::PerhapsOther | Reason::OnePosition,
                    View::Partial,
                ) if !is_cut(last, there) => self.unseen.push(last.clone()),
                (Reason::Gone | Reason::GoneRead, View::Whole) if !checks.on(Check::Vanished) => {}
                (
                    Reason::CutShort | Reason::PerhapsOther | Reason::PositionOlder | Reason::OnePosition,
                    View::Whole | View::Partial,
                ) if is_cut(last, there) && !checks.on(Check::CutShort) => {}
                (reason, View::Whole | View::Partial) => {
                    let still_since = if reason == Reason::GoneRead { now } else { last.still_since };
                    kept.push(Progress { reason, held: Held::No, still_since, ..last.clone() });
                }
            }
        }
        self.seen = files.len();
        files.reserve_exact(kept.len());
        files.append(&mut kept);
        self.files = files;
    }

    /// Since when a file has been as it is, by what the look before saw of it.
    fn set_still_since(&mut self, file: &mut Progress, before: Option<&Progress>, now: Moment) {
        file.seen_at_end =
            before.is_some_and(|last| unmoved(last, file) && (last.seen_at_end || at_end(last)));
        let still_since = before.filter(|last| is_unchanged(last, file)).map(|last| last.still_since);
        if still_since.is_none() {
            self.moved = Some(now);
        }
        file.still_since = still_since.unwrap_or(now);
    }

    /// Takes a look after which there is no other one.
    pub fn only(&mut self, files: Vec<Progress>) {
        (self.seen, self.files) = (files.len(), files);
    }

    /// What the last look saw, and what was lost since the first one.
    #[must_use]
    pub fn files(&self) -> &[Progress] {
        &self.files
    }

    /// Whether the clock on the wall was not set since the first look: only then do its times of
    /// later events mean anything on the other clock.
    pub fn steady(&mut self, now: Moment, wall: Timestamp) -> bool {
        let ahead = i128::from(wall.0) - i128::from(now.0);
        self.ahead.get_or_insert(ahead).abs_diff(ahead) < STEP
    }

    /// Takes a reading of the shipper's counters: since when every one has said that nothing is in
    /// flight. `None` where this one says otherwise, or there is none. `let_in`: when this look saw that
    /// nothing is kept back on the shipper's own disk; `None` where something is, or that cannot be seen.
    ///
    /// The counters do not count what a queue on disk holds, but a line waits for room in it as in any
    /// other one.
    pub fn idle(&mut self, evidence: Option<Evidence>, let_in: Option<Moment>) -> Option<Moment> {
        let empty = evidence.filter(|evidence| evidence.active == 0);
        self.idle = empty.map(|evidence| self.idle.unwrap_or(evidence.at));
        self.let_in = let_in.map(|at| self.let_in.unwrap_or(at));
        Some(self.idle?.max(self.let_in?))
    }

    /// Takes how many states there are whose file is gone and that may owe lines: since when there are as
    /// many.
    pub fn gone(&mut self, count: u64, now: Moment) -> (u64, Moment) {
        let last = self.gone.filter(|(before, _)| *before >= count);
        let since = last.map_or(now, |(_, since)| since);
        self.gone = Some((count, since));
        (count, since)
    }

    /// When anything last moved; `None` before the first look.
    #[must_use]
    pub fn moved(&self) -> Option<Moment> {
        self.moved
    }

    /// Says of lost files that are still on disk that nobody asks for them any more.
    pub fn mark_unclaimed(&mut self, found: impl Fn(FileId) -> bool) {
        for lost in self.files.iter_mut().skip(self.seen) {
            if lost.reason == Reason::Gone && found(lost.file) {
                lost.reason = Reason::Forgotten;
            }
        }
    }
}

fn is_unchanged(last: &Progress, now: &Progress) -> bool {
    unmoved(last, now) && last.held == now.held
}

/// Neither written to nor acknowledged further.
fn unmoved(last: &Progress, now: &Progress) -> bool {
    last.size == now.size && last.goal == now.goal && last.acknowledged == now.acknowledged
}

/// The shipper has read it to its end.
fn at_end(file: &Progress) -> bool {
    matches!(file.held, Held::Open { read } if read >= file.goal)
}

/// Whether bytes were left that somebody should have shipped.
fn had_unshipped(last: &Progress) -> bool {
    match last.reason.class() {
        ReasonClass::Done | ReasonClass::LeftAlone | ReasonClass::Unshippable | ReasonClass::Lost => false,
        ReasonClass::AtRest | ReasonClass::Unknown | ReasonClass::Pending => last.rest > Unshipped::Bytes(0),
    }
}

/// A file of this look.
struct Present {
    size: u64,
    /// The shipper has no state of it, and a pattern asks for it.
    stateless: bool,
    /// The shipper takes nothing of it.
    left_alone: bool,
}

/// What a look saw, to be asked about what the one before saw.
struct Seen<'p> {
    by_key: BTreeMap<Key<'p>, &'p Progress>,
    present: BTreeMap<FileId, Present>,
}

impl<'p> Seen<'p> {
    fn of(files: &'p [Progress]) -> Self {
        let mut seen = Self { by_key: BTreeMap::new(), present: BTreeMap::new() };
        for file in files {
            let new = Present { size: file.size, stateless: false, left_alone: true };
            let there = seen.present.entry(file.file).or_insert(new);
            there.stateless = there.stateless || file.acknowledged.is_none();
            there.left_alone = there.left_alone && file.reason.class() == ReasonClass::LeftAlone;
            seen.by_key.insert(key(file), file);
        }
        seen
    }

    /// Perhaps the shipper began in the middle of what was left ([`outgrown`]).
    fn is_outgrown(&self, key: Key<'_>, last: &Progress) -> bool {
        match self.by_key.get(&key) {
            Some(now) => outgrown(last, now),
            // Its first state has a key that nobody knew before.
            None if last.acknowledged.is_none() => {
                let states = self.by_key.range((key.0, &[][..], None)..);
                states.take_while(|(other, _)| other.0 == key.0).any(|(_, now)| outgrown(last, now))
            }
            None => false,
        }
    }
}

/// Shorter than it was.
fn is_cut(last: &Progress, present: Option<&Present>) -> bool {
    present.is_some_and(|present| present.size < last.size)
}

/// What became of bytes that were left at the last look, if they are gone. `now`: how it stands, where it is
/// owed still.
fn fate(
    last: &Progress,
    present: Option<&Present>,
    now: Option<ReasonClass>,
    skipped: bool,
) -> Option<Reason> {
    if skipped {
        return Some(Reason::PerhapsSkipped);
    }
    // Its position was perhaps another file's, or another input had not read it, and it went before that was known.
    if matches!(last.reason, Reason::PerhapsOther | Reason::OnePosition) && present.is_none() {
        return (last.size > 0).then(|| last.reason.clone());
    }
    // So it is where it was cut.
    let doubtful = matches!(last.reason, Reason::PerhapsOther | Reason::PositionOlder | Reason::OnePosition);
    if doubtful && !had_unshipped(last) && is_cut(last, present) {
        return Some(last.reason.clone());
    }
    if !had_unshipped(last) {
        return None;
    }
    match present {
        None if at_end(last) || last.seen_at_end => Some(Reason::GoneRead),
        None => Some(Reason::Gone),
        Some(_) if is_cut(last, present) => Some(Reason::CutShort),
        Some(present) if present.left_alone || now == Some(ReasonClass::LeftAlone) => Some(Reason::Forgotten),
        // Its input is no more, which had not begun with it.
        Some(_) if now.is_none() && last.acknowledged.is_none() && !last.input_id.is_empty() => {
            Some(Reason::Forgotten)
        }
        // A file that was taken up has states now where it had none.
        Some(present) => {
            let followed = now.is_some() || present.stateless || last.acknowledged.is_none();
            (!followed).then_some(Reason::Gone)
        }
    }
}

/// Whether the shipper may have begun in the middle of what was left. A truncated file has grown past
/// the old position: either the shipper noticed and is through again, or it goes on from there. A file
/// with another name has got the position of that name.
fn outgrown(last: &Progress, now: &Progress) -> bool {
    // Where another input was behind, that is what made it doubtful.
    let other = last.reason == Reason::PositionOlder
        && last.held != Held::Apart
        && last.acknowledged >= Some(last.size)
        && now.reason != Reason::PositionOlder;
    let regrown = (last.begins_anew || other)
        && !now.begins_anew
        && now.size > 0
        && now.acknowledged >= last.acknowledged;
    let renamed = now.follows != Follows::File && now.path != last.path && had_unshipped(last);
    // A position was there before the shipper opened the file: it may be another one's, taken over with
    // the name when the shipper was started anew.
    let inherited = now.follows == Follows::NameWhileOpen
        && last.follows == Follows::NameWhileOpen
        && last.held == Held::No
        && now.held != Held::No
        && now.acknowledged >= last.acknowledged;
    regrown || renamed || inherited
}

#[cfg(test)]
mod tests;
