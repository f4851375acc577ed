//! How far one file is, and why it is not further.
//!
//! [`ask`] says which bytes of a file must be looked at, [`weigh`] then says what is left of it and
//! for which [`Reason`]: `position` counts, `case` reasons. What is unknown is never rounded to done.
//!
//! Pure.

mod case;
mod position;

use crate::drain::cursor::{Acknowledged, Cursor, FileId, Identity, Input, Timestamp, Ttl};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::file::{
    Coding, Compression, Held, Lines, LogFile, Rules, Start, Terminator, Wanted,
};
use crate::drain::judge::moment::Moment;
use crate::drain::judge::reason::{Reason, ReasonClass};
use crate::drain::judge::rules::Owner;
use crate::drain::judge::tail::{Framing, Stream, Tail};
use case::Case;
use position::Position;
use std::time::Duration;

/// How long a line may be held back where the configuration is not known, by default.
const HOLD: Duration = Duration::from_secs(5);

/// `max_bytes` and `message_max_bytes` by default.
const LONGEST_LINE: u64 = 10 << 20;

/// What is added to a known wait, since timers fire late.
const HOLD_MARGIN: Duration = Duration::from_secs(1);

/// How much of a file is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unshipped {
    /// As many bytes of the file, from the acknowledged offset to the goal.
    Bytes(u64),
    /// It cannot be counted in bytes of the file (compressed).
    Unknown,
}

/// What a shipper follows, in the sense of tail(1): the file, or the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The file, whatever its name.
    File,
    /// The name, whatever file has it.
    Name,
    /// The name, and the shipper has a file open for as long as it follows it.
    NameWhileOpen,
}

impl Follows {
    fn from_cursor(cursor: Option<&Cursor<'_>>) -> Self {
        match cursor.map(|cursor| (cursor.identity, cursor.input)) {
            Some((Identity::Path, Input::CloudWatch)) => Self::NameWhileOpen,
            Some((Identity::Path, _)) => Self::Name,
            Some((Identity::Inode(_) | Identity::InodeMarker { .. } | Identity::Fingerprint { .. }, _))
            | None => Self::File,
        }
    }
}

/// One obligation: a file, and one state of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What tells it from others, whatever its name.
    pub file: FileId,
    /// Its name when it was seen.
    pub path: Box<[u8]>,
    /// What the shipper follows.
    pub follows: Follows,
    /// In bytes, at the look.
    pub size: u64,
    /// How many bytes are to be shipped.
    pub goal: u64,
    /// How many are acknowledged; `None` where the shipper has no state of it.
    pub acknowledged: Option<u64>,
    /// From the acknowledged offset to the goal; 0 where the reason is one of those that are done.
    pub rest: Unshipped,
    /// Why it stands there: the verdict follows from its class.
    pub reason: Reason,
    /// It was truncated, as far as can be seen: the shipper will read it from its beginning again, or goes on within it.
    pub begins_anew: bool,
    /// Whether the shipper has it open, and how far it has read.
    pub held: Held,
    /// The state's input id, or empty.
    pub input_id: Box<[u8]>,
    /// The state's stream, where it counts one.
    pub stream: Option<Stream>,
    /// How long a line may wait inside the shipper after it was read.
    pub hold: Duration,
    /// It was seen read to its end as it is.
    pub seen_at_end: bool,
    /// Several inputs take it: which of them has it open is not known.
    pub shared: bool,
    /// Since when nothing has changed about it; the moment of the look where there is no earlier one.
    pub still_since: Moment,
}

impl Progress {
    /// Owed to this input: one that has not begun has no state to say so. `shared`: others take the file, too.
    #[must_use]
    pub fn owed_to(mut self, owner: Option<&Owner>, shared: bool) -> Self {
        self.shared = shared;
        if let Some(owner) = owner.filter(|_| self.acknowledged.is_none()) {
            self.input_id = owner.id().into();
            self.stream = owner.stream();
        }
        self
    }
}

/// What must be looked at before a claim can be weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// Whether its first bytes are needed ([`Coding`]).
    pub coding: bool,
    /// The bytes whose [`Tail`] is needed.
    pub stretch: Option<ByteRange>,
}

/// The bytes of a file from one offset to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// Offset of the first byte.
    pub from: u64,
    /// Offset behind the last byte.
    pub to: u64,
    /// How its lines are built.
    pub framing: Framing,
    /// Whether a line must begin with it.
    pub edge: Edge,
}

/// Whether a line must begin where a stretch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A position is behind a line of the file, else it is of what that held before.
    Line,
    /// It may be anywhere: reading began at the end, or lines are longer than the shipper counts.
    Anywhere,
}

/// Which bytes of a file must be looked at to weigh this claim.
#[must_use]
pub fn ask(file: &LogFile, cursor: Option<&Cursor<'_>>, rules: &Rules, checks: Checks) -> ReadRequest {
    let cursor = alive(file, cursor, rules, checks);
    let position = Position::new(file, cursor, checks);
    let coding = file.coding == Coding::NotLooked
        && file.goal > 0
        && rules.compression != Compression::Never
        && cursor.is_none_or(|cursor| matches!(cursor.acknowledged, Acknowledged::OffsetEof { .. }));
    let stretch = (position.rest > 0).then(|| ByteRange {
        from: position.from,
        to: file.goal,
        framing: framing(cursor),
        edge: if checks.on(Check::WithinLine) { edge(file, cursor, rules, position) } else { Edge::Anywhere },
    });
    ReadRequest { coding, stretch }
}

/// A position moves from the end of one line to that of another. Not so where reading began at the end of the file,
/// which may have been within a line, and after a line that is longer than the shipper counts.
fn edge(file: &LogFile, cursor: Option<&Cursor<'_>>, rules: &Rules, position: Position) -> Edge {
    let Some(cursor) = cursor.filter(|_| position.from > 0 && !position.truncated) else {
        return Edge::Anywhere;
    };
    let counted = matches!(cursor.acknowledged, Acknowledged::Offset(_) | Acknowledged::OffsetEof { .. })
        && cursor.input != Input::CloudWatch
        && framing(Some(cursor)) == Framing::Lines;
    let plain = rules.terminator == Terminator::LineFeed
        && rules.lines != Lines::Unknown
        && rules.start == Start::Beginning
        && rules.ignore_older.is_none()
        && file.size <= rules.longest_line.unwrap_or(LONGEST_LINE);
    if counted && plain { Edge::Line } else { Edge::Anywhere }
}

/// Weighs one claim. `None`: nobody asks for this file.
#[must_use]
pub fn judge_claim(
    file: &LogFile,
    cursor: Option<&Cursor<'_>>,
    ambiguous: bool,
    rules: &Rules,
    tail: &Tail,
    now: (Timestamp, Moment),
    checks: Checks,
) -> Option<Progress> {
    let cursor = alive(file, cursor, rules, checks);
    let asked_for = !matches!(rules.wanted, Wanted::No | Wanted::Orphaned | Wanted::Unknown);
    if cursor.is_none() && !asked_for && !matches!(file.held, Held::Open { .. }) {
        return None;
    }
    let position = Position::new(file, cursor, checks);
    let case = Case { file, cursor, ambiguous, rules, tail, now: now.0, position, checks };
    let reason = case.reason();
    let rest = if reason == Reason::Compressed {
        Unshipped::Unknown
    } else if reason.class() == ReasonClass::Done {
        Unshipped::Bytes(0)
    } else {
        Unshipped::Bytes(position.rest)
    };
    Some(Progress {
        file: file.id,
        path: file.path.clone(),
        follows: Follows::from_cursor(cursor),
        size: file.size,
        goal: file.goal,
        acknowledged: cursor.map(|cursor| cursor.acknowledged.prefix()),
        rest,
        reason,
        begins_anew: position.truncated || matches!(tail, Tail::WithinLine(_)),
        held: file.held,
        input_id: cursor.map(|cursor| cursor.input_id.into()).unwrap_or_default(),
        stream: cursor.and_then(stream),
        hold: hold(rules, checks),
        seen_at_end: false,
        shared: false,
        still_since: now.1,
    })
}

/// The state, unless it is one of a file that is no more: its inode has gone to this one. A file that is
/// open without a name that is asked for is the removed one itself; one that has such a name is begun anew,
/// and when it is open before its new state can be read, the old one is no more of it than before.
fn alive<'c, 'a>(
    file: &LogFile,
    cursor: Option<&'c Cursor<'a>>,
    rules: &Rules,
    checks: Checks,
) -> Option<&'c Cursor<'a>> {
    let named = file.links > 0 && matches!(rules.wanted, Wanted::Asked | Wanted::Matched);
    let read_on = matches!(file.held, Held::Open { .. } | Held::Apart) && !named;
    cursor.filter(|cursor| cursor.ttl != Ttl::Deleted || read_on || !checks.on(Check::DeletedState))
}

fn stream(cursor: &Cursor<'_>) -> Option<Stream> {
    cursor.stream().and_then(Stream::named)
}

fn framing(cursor: Option<&Cursor<'_>>) -> Framing {
    match cursor.map(|cursor| (cursor.input, stream(cursor))) {
        Some((Input::Container | Input::Docker, stream)) => Framing::Container { stream },
        Some(_) | None => Framing::Lines,
    }
}

fn hold(rules: &Rules, checks: Checks) -> Duration {
    match rules.lines {
        Lines::Joined { wait } if checks.on(Check::Hold) => wait.saturating_add(HOLD_MARGIN),
        Lines::Unknown if checks.on(Check::Hold) => HOLD.saturating_add(HOLD_MARGIN),
        Lines::AsTheyAre | Lines::Filtered | Lines::Joined { .. } | Lines::Unknown => Duration::ZERO,
    }
}

#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;
