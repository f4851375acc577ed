//! How far one file is, and why it is not further.
//!
//! [`ask`] says which bytes of a file must be looked at, [`weigh`] then says what is left of it and
//! for which [`Reason`]. Every way in which a position may stay below the size for ever is a case of
//! its own, and each case has a [`Standing`]: nothing left, provably nothing to ship, at rest but
//! unproved, pending, unknown. What is unknown is never rounded to done.
//!
//! Pure.

use crate::drain::cursor::{Acknowledged, Cursor, FileId, Identity, Input, Timestamp, Ttl};
use crate::drain::file::{
    Access, Coding, Compression, Held, Lines, LogFile, OpenFiles, Rules, Start, Terminator, Wanted,
};
use crate::drain::reason::{Cause, Reason, Standing};
use crate::drain::tail::{Framing, Stream, Tail, Unread};
use crate::drain::check::{Check, Checks};
use crate::drain::moment::Moment;
use std::time::Duration;

/// A file is called too old only so long after `ignore_older`: the shipper looks at ages once in a
/// scan (10 s by default), and may have begun with the file just before.
const AGE_MARGIN: Duration = Duration::from_secs(60);

/// A file that stays closed is one which the shipper closed at its end (`close_inactive`, 5 min).
const CLOSED: Duration = Duration::from_secs(300);

/// How long a line may be held back where the configuration is not known: Filebeat's default for
/// `multiline.timeout`.
const HOLD: Duration = Duration::from_secs(5);

/// What is added to a known wait, since timers fire late.
const HOLD_MARGIN: Duration = Duration::from_secs(1);

/// How much of a file is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rest {
    /// So many bytes.
    Bytes(u64),
    /// It cannot be counted in bytes of the file (compressed).
    Unknown,
}

/// What a shipper's state sticks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBy {
    /// The file, whatever its name.
    File,
    /// The name, whatever file has it.
    Name,
    /// The name, and the shipper has a file open for as long as it follows it.
    NameWhileOpen,
}

/// One obligation: a file, and one state of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Device and inode.
    pub file: FileId,
    /// Its name when it was seen.
    pub path: Box<[u8]>,
    /// What the shipper's state sticks to.
    pub kept_by: KeptBy,
    /// Its size.
    pub size: u64,
    /// How many bytes are to be shipped.
    pub goal: u64,
    /// How many are acknowledged; `None` where the shipper has no state of it.
    pub acknowledged: Option<u64>,
    /// What is left.
    pub rest: Rest,
    /// Why.
    pub reason: Reason,
    /// The shipper will read it from its beginning again: it was truncated, as far as can be seen.
    pub begins_anew: bool,
    /// Whether the shipper has it open, and how far it has read.
    pub held: Held,
    /// The state's input id, or empty.
    pub input_id: Box<[u8]>,
    /// The state's stream, where it counts one.
    pub stream: Option<Stream>,
    /// How long a line may wait inside the shipper after it was read.
    pub hold: Duration,
    /// Since when nothing has changed about it; the moment of the look where there is no earlier one.
    pub still_since: Moment,
}

/// What must be looked at before a claim can be weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Whether its first bytes are needed ([`Coding`]).
    pub coding: bool,
    /// The bytes whose [`Tail`] is needed.
    pub stretch: Option<Stretch>,
}

/// A stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first byte.
    pub from: u64,
    /// The first byte no more.
    pub to: u64,
    /// How its lines are built.
    pub framing: Framing,
}

/// Which bytes of a file must be looked at to weigh this claim.
#[must_use]
pub fn ask(file: &LogFile, cursor: Option<&Cursor<'_>>, rules: &Rules, checks: Checks) -> Ask {
    let cursor = alive(file, cursor, checks);
    let position = Position::of(file, cursor, checks);
    let coding = file.coding == Coding::NotLooked
        && file.goal > 0
        && rules.compression != Compression::Never
        && cursor.is_none_or(|cursor| matches!(cursor.acknowledged, Acknowledged::OffsetEof { .. }));
    let stretch =
        (position.rest > 0).then(|| Stretch { from: position.from, to: file.goal, framing: framing(cursor) });
    Ask { coding, stretch }
}

/// Weighs one claim. `None`: nobody asks for this file.
#[must_use]
pub fn weigh(
    file: &LogFile,
    cursor: Option<&Cursor<'_>>,
    ambiguous: bool,
    rules: &Rules,
    tail: &Tail,
    now: (Timestamp, Moment),
    checks: Checks,
) -> Option<Progress> {
    let cursor = alive(file, cursor, checks);
    let asked_for = !matches!(rules.wanted, Wanted::No | Wanted::Unknown);
    if cursor.is_none() && !asked_for && !matches!(file.held, Held::Open { .. }) {
        return None;
    }
    let position = Position::of(file, cursor, checks);
    let case = Case { file, cursor, ambiguous, rules, tail, now: now.0, position, checks };
    let reason = case.reason();
    let rest = if reason == Reason::Compressed {
        Rest::Unknown
    } else if reason.standing() == Standing::Done {
        Rest::Bytes(0)
    } else {
        Rest::Bytes(position.rest)
    };
    Some(Progress {
        file: file.id,
        path: file.path.clone(),
        kept_by: case.kept_by(),
        size: file.size,
        goal: file.goal,
        acknowledged: cursor.map(|cursor| cursor.acknowledged.prefix()),
        rest,
        reason,
        begins_anew: position.truncated,
        held: file.held,
        input_id: cursor.map(|cursor| cursor.input_id.into()).unwrap_or_default(),
        stream: cursor.and_then(stream),
        hold: hold(rules, checks),
        still_since: now.1,
    })
}

/// The state, unless it is one of a file that is no more: its inode has gone to this one.
fn alive<'c, 'a>(file: &LogFile, cursor: Option<&'c Cursor<'a>>, checks: Checks) -> Option<&'c Cursor<'a>> {
    cursor.filter(|cursor| {
        cursor.ttl != Ttl::Deleted
            || matches!(file.held, Held::Open { .. })
            || !checks.on(Check::DeletedState)
    })
}

fn stream(cursor: &Cursor<'_>) -> Option<Stream> {
    cursor.stream().and_then(Stream::named)
}

fn framing(cursor: Option<&Cursor<'_>>) -> Framing {
    match cursor.map(|cursor| (cursor.input, stream(cursor))) {
        Some((Input::Container | Input::Docker, stream)) => Framing::Container { stream },
        Some((Input::Log | Input::Stdin | Input::Filestream | Input::CloudWatch, _)) | None => Framing::Lines,
    }
}

fn hold(rules: &Rules, checks: Checks) -> Duration {
    match rules.lines {
        Lines::Joined { wait } if checks.on(Check::Hold) => wait.saturating_add(HOLD_MARGIN),
        Lines::Unknown if checks.on(Check::Hold) => HOLD.saturating_add(HOLD_MARGIN),
        Lines::AsTheyAre | Lines::Filtered | Lines::Joined { .. } | Lines::Unknown => Duration::ZERO,
    }
}

/// Where the unacknowledged bytes begin, and how many there are.
#[derive(Clone, Copy, Debug)]
struct Position {
    from: u64,
    rest: u64,
    truncated: bool,
    gaps: bool,
}

impl Position {
    fn of(file: &LogFile, cursor: Option<&Cursor<'_>>, checks: Checks) -> Self {
        if overread(file, cursor) && checks.on(Check::Overread) {
            return Self { truncated: true, ..Self::at(file, 0) };
        }
        let Some(cursor) = cursor else { return Self::at(file, 0) };
        match cursor.acknowledged {
            Acknowledged::Nothing => Self::at(file, 0),
            Acknowledged::Offset(offset) | Acknowledged::OffsetEof { offset, .. } => {
                if offset > file.size && checks.on(Check::Truncation) {
                    return Self { truncated: true, ..Self::at(file, 0) };
                }
                Self::at(file, offset)
            }
            Acknowledged::Ranges(ranges) => Self::of_ranges(file, ranges, checks),
        }
    }

    fn at(file: &LogFile, offset: u64) -> Self {
        Self { from: offset, rest: file.goal.saturating_sub(offset), truncated: false, gaps: false }
    }

    fn of_ranges(file: &LogFile, ranges: &[(u64, u64)], checks: Checks) -> Self {
        let finite = ranges.iter().filter(|&&(_, end)| end != u64::MAX);
        if finite.clone().any(|&(_, end)| end > file.size) && checks.on(Check::Truncation) {
            return Self { truncated: true, ..Self::at(file, 0) };
        }
        if !checks.on(Check::Gaps) {
            return Self::at(file, ranges.iter().map(|&(_, end)| end).max().unwrap_or(0));
        }
        let mut from = None;
        let mut rest = 0u64;
        let mut at = 0u64;
        let mut holes = 0u32;
        for &(start, end) in ranges.iter().chain([&(file.goal, file.goal)]) {
            let start = start.min(file.goal);
            if start > at {
                from.get_or_insert(at);
                rest = rest.saturating_add(start.saturating_sub(at));
                holes = holes.saturating_add(1);
            }
            at = at.max(end.min(file.goal));
        }
        let from = from.unwrap_or(file.goal);
        let gaps = rest > 0 && (holes > 1 || from.saturating_add(rest) < file.goal);
        Self { from, rest, truncated: false, gaps }
    }
}

/// Where the shipper reads says that it has to begin, or has begun, anew: it has read further than the
/// file reaches, or not as far as its own position.
fn overread(file: &LogFile, cursor: Option<&Cursor<'_>>) -> bool {
    match file.held {
        Held::Open { read } => {
            let acknowledged = cursor.map_or(0, |cursor| cursor.acknowledged.prefix());
            read > file.size || (read < acknowledged && acknowledged <= file.size)
        }
        Held::No | Held::Unknown => false,
    }
}

/// All that is known of one claim.
struct Case<'k, 'c> {
    file: &'k LogFile,
    cursor: Option<&'k Cursor<'c>>,
    ambiguous: bool,
    rules: &'k Rules,
    tail: &'k Tail,
    now: Timestamp,
    position: Position,
    checks: Checks,
}

impl Case<'_, '_> {
    fn reason(&self) -> Reason {
        if self.file.size == 0 {
            let cut = overread(self.file, self.cursor) && self.checks.on(Check::Overread);
            return if cut { Reason::Truncated } else { Reason::Empty };
        }
        if let Some(reason) = self.left_alone().or_else(|| self.compressed()) {
            return reason;
        }
        if self.ambiguous {
            return Reason::Ambiguous;
        }
        if self.position.rest == 0 {
            return self.doubtful().unwrap_or(Reason::Acknowledged);
        }
        if self.position.gaps {
            return Reason::Gaps;
        }
        self.by_tail()
    }

    /// Files that the shipper provably never takes.
    fn left_alone(&self) -> Option<Reason> {
        let rules = self.rules;
        match self.cursor {
            // One that is open was claimed, and the registry is behind.
            Some(cursor) if cursor.ttl == Ttl::Unclaimed && !matches!(self.file.held, Held::Open { .. }) => {
                if !self.checks.on(Check::Unclaimed) {
                    return Some(Reason::Unclaimed);
                }
                match rules.wanted {
                    Wanted::No | Wanted::Excluded | Wanted::Link => Some(Reason::Unclaimed),
                    Wanted::Unknown if self.position.rest > 0 => Some(Reason::ConfigurationUnknown),
                    Wanted::Asked | Wanted::Matched | Wanted::Unknown => None,
                }
            }
            Some(cursor) => {
                // Or it was read at once and closed, and its lines wait in the queue.
                let begun = cursor.acknowledged != Acknowledged::Nothing || cursor.ttl != Ttl::New;
                (!begun && self.too_old()).then_some(Reason::PerhapsAged)
            }
            None => match rules.wanted {
                Wanted::Asked => None,
                Wanted::Excluded => Some(Reason::Excluded),
                Wanted::Link => Some(Reason::SymbolicLink),
                Wanted::Matched if self.too_old() => Some(Reason::IgnoredByAge),
                Wanted::Matched if self.file.size < rules.shortest => Some(Reason::TooShort),
                Wanted::Matched | Wanted::No | Wanted::Unknown => None,
            },
        }
    }

    /// Why a position may be of something else than what the file holds.
    fn doubtful(&self) -> Option<Reason> {
        if self.unfollowed() {
            Some(Reason::PerhapsOther)
        } else {
            self.position_older().then_some(Reason::PositionOlder)
        }
    }

    /// The CloudWatch agent has a file open for as long as it follows it, and keeps its position by the
    /// name that it had: when a file was renamed and is not read to its end yet, the position of its old
    /// name still moves, and says nothing of the file that has this name now.
    fn unfollowed(&self) -> bool {
        self.kept_by() == KeptBy::NameWhileOpen
            && !matches!(self.file.held, Held::Open { .. })
            && self.checks.on(Check::Followed)
    }

    fn kept_by(&self) -> KeptBy {
        match self.cursor.map(|cursor| (cursor.identity, cursor.input)) {
            Some((Identity::Path, Input::CloudWatch)) => KeptBy::NameWhileOpen,
            Some((Identity::Path, _)) => KeptBy::Name,
            Some((Identity::Inode(_) | Identity::InodeMarker { .. } | Identity::Fingerprint { .. }, _))
            | None => KeptBy::File,
        }
    }

    /// What a shipper has read of a file it has read after the last write, and it dates a position
    /// then or later: `timestamp` when the output acknowledged (`States.UpdateWithTs`), `updated`
    /// when the event was published (`updateOp.Execute`). So a position at the end that is older than
    /// the last write speaks of what the file held before: of the file which had the name, or of
    /// bytes that were cut off before as many others came.
    fn position_older(&self) -> bool {
        let modified = self.file.modified;
        let older = self.cursor.is_some_and(|cursor| match cursor.updated {
            Some(updated) => updated < modified,
            // A state of 1.x has no time; one that sticks to a file is taken at its word.
            None => self.by_name(),
        });
        older && self.checks.on(Check::PathAge)
    }

    /// Whether the position sticks to the name: then the shipper keeps the old file's position until
    /// it has shipped something of the new one.
    fn by_name(&self) -> bool {
        self.kept_by() != KeptBy::File
    }

    fn too_old(&self) -> bool {
        let Some(limit) = self.rules.ignore_older else { return false };
        !matches!(self.file.held, Held::Open { .. })
            && (!self.checks.on(Check::Age) || self.older_than(limit.saturating_add(AGE_MARGIN)))
    }

    fn older_than(&self, span: Duration) -> bool {
        let age = i128::from(self.now.0) - i128::from(self.file.modified.0);
        u128::try_from(age).is_ok_and(|age| age > span.as_nanos())
    }

    /// Compressed files, whose offset counts other bytes than their size.
    fn compressed(&self) -> Option<Reason> {
        let eof = match self.cursor.map(|cursor| cursor.acknowledged) {
            Some(Acknowledged::OffsetEof { eof, .. }) => eof,
            Some(Acknowledged::Nothing | Acknowledged::Offset(_) | Acknowledged::Ranges(_)) | None => false,
        };
        let marked = matches!(
            self.cursor.map(|cursor| cursor.acknowledged),
            None | Some(Acknowledged::Nothing | Acknowledged::OffsetEof { .. })
        );
        if !marked || self.rules.compression == Compression::Never || !self.checks.on(Check::Compressed) {
            return None;
        }
        match self.file.coding {
            // The end of a compressed file was acknowledged, and this one is none.
            Coding::Plain if eof => Some(Reason::PositionOlder),
            Coding::Plain => None,
            Coding::Gzip if eof && self.position_older() => Some(Reason::PositionOlder),
            Coding::Gzip if eof => Some(Reason::CompressedDone),
            Coding::Gzip if self.cursor.is_none() => Some(self.not_picked_up()),
            Coding::Gzip => Some(Reason::Compressed),
            Coding::NotLooked => Some(Reason::Unread(Unread::NotAsked)),
        }
    }

    fn not_picked_up(&self) -> Reason {
        match self.rules.access {
            Access::Refused => Reason::Refused,
            Access::NothingSaid => Reason::NotPickedUp,
        }
    }

    /// What the unacknowledged bytes themselves say.
    fn by_tail(&self) -> Reason {
        let terminator =
            if self.checks.on(Check::Terminator) { self.rules.terminator } else { Terminator::LineFeed };
        let doubt = if self.by_name() && !self.position.truncated { self.doubtful() } else { None };
        let proved = |reason| match terminator {
            Terminator::LineFeed => doubt.unwrap_or(reason),
            Terminator::Other => Reason::OtherTerminator,
            Terminator::Unknown => Reason::ConfigurationUnknown,
        };
        let joined = matches!(self.rules.lines, Lines::Joined { .. });
        match self.tail {
            Tail::OnlyNul => proved(Reason::NulBytes),
            Tail::NoNewline if joined => proved(Reason::UnterminatedMultiline),
            Tail::NoNewline => proved(Reason::UnterminatedLine),
            // The state is of what was there before; it tells nothing of the streams that are there now.
            Tail::OtherStream if self.position.truncated => Reason::Truncated,
            Tail::OtherStream => proved(Reason::OtherStream),
            Tail::PartOfLine => proved(Reason::PartOfLine),
            Tail::OnlyBlank if self.drops_blank_lines() => proved(Reason::BlankLines),
            Tail::CompleteLines { .. } if !self.checks.on(Check::CompleteLines) => Reason::UnterminatedLine,
            Tail::OnlyBlank => self.whole_lines(0),
            Tail::CompleteLines { first } => self.whole_lines(*first),
            Tail::Nothing => Reason::Unread(Unread::Shrank),
            Tail::Unread(_) if !self.checks.on(Check::Unread) => Reason::UnterminatedLine,
            Tail::Unread(why) => Reason::Unread(why.clone()),
        }
    }

    /// Filestream never counts blank lines at the end; the log input does, and any input may make
    /// them part of an event that joins lines.
    fn drops_blank_lines(&self) -> bool {
        let plain = match self.rules.lines {
            Lines::AsTheyAre | Lines::Filtered => true,
            Lines::Joined { .. } | Lines::Unknown => !self.checks.on(Check::JoinedBlank),
        };
        plain && self.cursor.is_some_and(|cursor| cursor.input == Input::Filestream)
    }

    /// The bytes hold lines that a shipper ships, unless it leaves them out by its configuration.
    fn whole_lines(&self, first: u64) -> Reason {
        let Some(cursor) = self.cursor else {
            return match self.rules.wanted {
                Wanted::Asked | Wanted::Matched if !self.checks.on(Check::Unknown) => Reason::Excluded,
                Wanted::Asked
                | Wanted::Matched
                | Wanted::Excluded
                | Wanted::Link
                | Wanted::No
                | Wanted::Unknown => self.not_picked_up(),
            };
        };
        if self.position.truncated {
            return Reason::Truncated;
        }
        let read_to_end = match self.file.held {
            Held::Open { read } => read >= self.file.goal || !self.checks.on(Check::ReadToEnd),
            Held::No => self.closed_at_end(cursor),
            Held::Unknown => false,
        };
        if read_to_end {
            return Reason::ReadToEnd(self.cause(cursor, first));
        }
        if self.file.links == 0 {
            return Reason::DeletedOpen;
        }
        if self.rules.access == Access::Refused { Reason::Refused } else { Reason::Behind }
    }

    /// A closed file that filestream would not open again: it opens a file when it has grown, and
    /// this one has not for so long that it was closed at its end.
    fn closed_at_end(&self, cursor: &Cursor<'_>) -> bool {
        cursor.input == Input::Filestream
            && matches!(cursor.ttl, Ttl::Never | Ttl::For(_))
            && self.rules.open_files == OpenFiles::Any
            && self.rules.access == Access::NothingSaid
            && self.rules.wanted == Wanted::Matched
            && self.older_than(CLOSED)
    }

    fn cause(&self, cursor: &Cursor<'_>, first: u64) -> Cause {
        if self.rules.start == Start::End && cursor.acknowledged.prefix() == 0 {
            Cause::SkippedToEnd
        } else if self.rules.longest_line.is_some_and(|longest| first > longest) {
            Cause::OverlongLine
        } else if self.rules.lines == Lines::Filtered {
            Cause::Filtered
        } else {
            Cause::NotNamed
        }
    }
}
