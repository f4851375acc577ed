//! One claim, and the reason why its file stands where it stands.
//!
//! Every way in which a position may stay below the size for ever is a case of its own. A file is
//! called done, or its rest unshippable, only where nothing that is known speaks against it: not the
//! configuration, not the position's age, not the bytes themselves.
//!
//! Pure.

use super::Follows;
use super::position::{Position, overread};
use crate::drain::cursor::{Acknowledged, Cursor, Timestamp, Ttl};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::file::{
    Access, Coding, Compression, Held, Lines, LogFile, OpenFiles, Rules, Running, ShortFiles, Start, Takers,
    Terminator, Wanted,
};
use crate::drain::judge::reason::{Cause, Reason, ReasonClass};
use crate::drain::judge::tail::{Tail, Unread};
use std::time::Duration;

/// A file is called too old only so long after `ignore_older`: the shipper looks at ages once in a
/// scan (10 s by default), and may have begun with the file just before.
const AGE_MARGIN: Duration = Duration::from_secs(60);

/// A file that stays closed is one which the shipper closed at its end (`close_inactive`, 5 min).
const CLOSED: Duration = Duration::from_secs(300);

/// All that is known of one claim.
pub(super) struct Case<'k, 'c> {
    pub(super) file: &'k LogFile,
    pub(super) cursor: Option<&'k Cursor<'c>>,
    pub(super) ambiguous: bool,
    pub(super) rules: &'k Rules,
    pub(super) tail: &'k Tail,
    pub(super) now: Timestamp,
    pub(super) position: Position,
    pub(super) checks: Checks,
}

impl Case<'_, '_> {
    /// Why the file stands where it stands. The order of the questions is part of the answer: first what
    /// the shipper never takes, then what makes its position worthless, and only then the bytes.
    pub(super) fn reason(&self) -> Reason {
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
            return self.doubt().unwrap_or(Reason::Acknowledged);
        }
        if self.position.gaps {
            return Reason::Gaps;
        }
        self.by_tail()
    }

    /// Files that the shipper provably never takes.
    fn left_alone(&self) -> Option<Reason> {
        let rules = self.rules;
        if rules.wanted == Wanted::Orphaned {
            return Some(Reason::Unclaimed);
        }
        match self.cursor {
            // One that is open was claimed, and the registry is behind.
            Some(cursor)
                if cursor.ttl == Ttl::Unclaimed
                    && !matches!(self.file.held, Held::Open { .. } | Held::Apart) =>
            {
                if !self.checks.on(Check::Unclaimed) {
                    return Some(Reason::Unclaimed);
                }
                match rules.wanted {
                    Wanted::No | Wanted::Orphaned | Wanted::Excluded | Wanted::Link => {
                        Some(Reason::Unclaimed)
                    }
                    Wanted::Unknown if self.position.rest > 0 => Some(Reason::ConfigurationUnknown),
                    Wanted::Asked | Wanted::Matched | Wanted::Unknown => None,
                }
            }
            Some(cursor) => {
                let begun = cursor.acknowledged != Acknowledged::Nothing || cursor.ttl != Ttl::New;
                let never =
                    || if self.old_from_the_start() { Reason::IgnoredByAge } else { Reason::PerhapsAged };
                (!begun && self.too_old()).then(never)
            }
            None => match rules.wanted {
                Wanted::Asked => None,
                Wanted::Excluded => Some(Reason::Excluded),
                Wanted::Link => Some(Reason::SymbolicLink),
                Wanted::Matched if self.too_old() => Some(Reason::IgnoredByAge),
                Wanted::Matched if self.too_short() && self.short_is_ignored() => Some(Reason::ShortIgnored),
                Wanted::Matched | Wanted::No | Wanted::Orphaned | Wanted::Unknown => None,
            },
        }
    }

    /// Why a position may be of something else than what the file holds.
    fn doubt(&self) -> Option<Reason> {
        if self.unfollowed() {
            Some(Reason::PerhapsOther)
        } else if self.of_several() && self.position.from > 0 {
            Some(Reason::OnePosition)
        } else {
            (self.position_older() || self.perhaps_begun_anew()).then_some(Reason::PositionOlder)
        }
    }

    /// Another input may not have read yet what is before the position, or what this one has read to the end.
    fn of_several(&self) -> bool {
        self.rules.takers == Takers::Several && self.checks.on(Check::OnePosition)
    }

    /// A file that was truncated and has grown to its position again is read anew, and where two inputs take it,
    /// one whose position is not of before looks like the only one that has it open.
    fn perhaps_begun_anew(&self) -> bool {
        self.file.held == Held::Apart
    }

    /// The CloudWatch agent has a file open for as long as it follows it, and keeps its position by the
    /// name that it had: when a file was renamed and is not read to its end yet, the position of its old
    /// name still moves, and says nothing of the file that has this name now.
    fn unfollowed(&self) -> bool {
        Follows::from_cursor(self.cursor) == Follows::NameWhileOpen
            && !matches!(self.file.held, Held::Open { .. })
            && self.checks.on(Check::Followed)
    }

    /// What a shipper has read of a file it has read after the last write, and it dates a position
    /// then or later: `timestamp` when the output acknowledged (`States.UpdateWithTs`), `updated`
    /// when the event was published (`updateOp.Execute`). So a position at the end that is older than
    /// the last write speaks of what the file held before: of the file which had the name, or of
    /// bytes that were cut off before as many others came.
    ///
    /// One that sticks to a file is taken at its word: `touch`, a clock that was set and a server's clock
    /// move the time of the last write as well, and a file that was truncated and has grown to the very
    /// size again is all that would be caught.
    fn position_older(&self) -> bool {
        self.by_name() && self.state_older() && self.checks.on(Check::PathAge)
    }

    /// Whether the state is older than the last write; one of 1.x has no time.
    fn state_older(&self) -> bool {
        let modified = self.file.modified;
        self.cursor.is_some_and(|cursor| cursor.updated.is_none_or(|updated| updated < modified))
    }

    /// Whether the position sticks to the name: then the shipper keeps the old file's position until
    /// it has shipped something of the new one.
    fn by_name(&self) -> bool {
        Follows::from_cursor(self.cursor) != Follows::File
    }

    fn too_old(&self) -> bool {
        let Some(limit) = self.rules.ignore_older else { return false };
        !matches!(self.file.held, Held::Open { .. })
            && (!self.checks.on(Check::Age) || self.older_than(limit.saturating_add(AGE_MARGIN)))
    }

    /// It was too old already when the shipper began: else it may have been read at once and closed, and its
    /// lines wait in the queue.
    fn old_from_the_start(&self) -> bool {
        let Some(limit) = self.rules.ignore_older else { return false };
        let age = |at: Timestamp| u128::try_from(i128::from(at.0) - i128::from(self.file.modified.0)).ok();
        match self.rules.running {
            Running::Not => true,
            Running::Since(at) => {
                age(at).is_some_and(|age| age > limit.saturating_add(AGE_MARGIN).as_nanos())
            }
            Running::Unknown => false,
        }
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
            Coding::Gzip if eof && self.state_older() && self.checks.on(Check::PathAge) => {
                Some(Reason::PositionOlder)
            }
            Coding::Gzip if eof => Some(Reason::CompressedDone),
            Coding::Gzip if self.cursor.is_none() => Some(self.not_picked_up()),
            Coding::Gzip => Some(Reason::Compressed),
            Coding::NotLooked => Some(Reason::Unread(Unread::NotAsked)),
        }
    }

    fn not_picked_up(&self) -> Reason {
        match self.rules.access {
            Access::Refused => Reason::Refused,
            Access::NothingSaid if self.too_short() => Reason::TooShort,
            Access::NothingSaid => Reason::NotPickedUp,
        }
    }

    fn too_short(&self) -> bool {
        self.file.size < self.rules.shortest
    }

    fn short_is_ignored(&self) -> bool {
        self.rules.short == ShortFiles::Ignored || !self.checks.on(Check::Short)
    }

    /// What the unacknowledged bytes themselves say. Where they begin within a line, nothing is proved: the file was
    /// truncated and has grown past the position, and what is before that was perhaps never read.
    fn by_tail(&self) -> Reason {
        let Tail::WithinLine(tail) = self.tail else { return self.of_tail(self.tail) };
        let reason = self.of_tail(tail);
        match reason.class() {
            ReasonClass::Done | ReasonClass::Unshippable | ReasonClass::AtRest => Reason::PositionOlder,
            ReasonClass::LeftAlone | ReasonClass::Unknown | ReasonClass::Pending | ReasonClass::Lost => {
                reason
            }
        }
    }

    fn of_tail(&self, tail: &Tail) -> Reason {
        let terminator =
            if self.checks.on(Check::Terminator) { self.rules.terminator } else { Terminator::LineFeed };
        let doubt = if self.position.truncated { None } else { self.doubt() };
        let proved = |reason| match terminator {
            Terminator::LineFeed => doubt.unwrap_or(reason),
            Terminator::Other => Reason::OtherTerminator,
            Terminator::Unknown => Reason::ConfigurationUnknown,
        };
        let joined = matches!(self.rules.lines, Lines::Joined { .. });
        match tail {
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
            Tail::Nothing | Tail::WithinLine(_) => Reason::Unread(Unread::Shrank),
            Tail::Unread(_) if !self.checks.on(Check::Unread) => Reason::UnterminatedLine,
            Tail::Unread(why) => Reason::Unread(why.clone()),
        }
    }

    /// Some inputs never count blank lines at the end; any may make them part of an event that joins
    /// lines.
    fn drops_blank_lines(&self) -> bool {
        let plain = match self.rules.lines {
            Lines::AsTheyAre | Lines::Filtered => true,
            Lines::Joined { .. } | Lines::Unknown => !self.checks.on(Check::JoinedBlank),
        };
        plain && self.cursor.is_some_and(|cursor| !cursor.input.counts_blank_lines())
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
                | Wanted::Orphaned
                | Wanted::Unknown => self.not_picked_up(),
            };
        };
        if self.position.truncated {
            return Reason::Truncated;
        }
        let read_to_end = match self.file.held {
            Held::Open { read } => read >= self.file.goal || !self.checks.on(Check::ReadToEnd),
            Held::No => self.closed_at_end(cursor),
            Held::Unknown | Held::Apart => false,
        };
        if read_to_end {
            // The position may be of another file that had the name: it says nothing of what was shipped of this.
            let several = || self.of_several().then_some(Reason::OnePosition);
            let doubt = self.doubt().or_else(several);
            return doubt.unwrap_or_else(|| Reason::ReadToEnd(self.cause(cursor, first)));
        }
        if self.file.links == 0 {
            return Reason::DeletedOpen;
        }
        if self.rules.access == Access::Refused { Reason::Refused } else { Reason::Behind }
    }

    /// A closed file that the input would not open again, since it has not grown for so long. That it was
    /// closed at its end is likely only where lines are left out: else its position would be there.
    fn closed_at_end(&self, cursor: &Cursor<'_>) -> bool {
        self.rules.lines != Lines::AsTheyAre
            && cursor.input.reopens_only_on_growth()
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
