//! Where the bytes begin that are not acknowledged, and how many there are.
//!
//! The position is taken at its word here, but where the file itself, or how far the shipper has read
//! it, shows that it is of something else: then all of the file is to be shipped again.
//!
//! Pure.

use crate::drain::cursor::{Acknowledged, Cursor};
use crate::drain::judge::check::{Check, Checks};
use crate::drain::judge::file::{Held, LogFile};

/// Where the unacknowledged bytes begin, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) from: u64,
    pub(super) rest: u64,
    pub(super) truncated: bool,
    pub(super) gaps: bool,
}

impl Position {
    pub(super) fn new(file: &LogFile, cursor: Option<&Cursor<'_>>, checks: Checks) -> Self {
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
pub(super) fn overread(file: &LogFile, cursor: Option<&Cursor<'_>>) -> bool {
    match file.held {
        Held::Open { read } => {
            let acknowledged = cursor.map_or(0, |cursor| cursor.acknowledged.prefix());
            read > file.size || (read < acknowledged && acknowledged <= file.size)
        }
        Held::No | Held::Unknown | Held::Apart => false,
    }
}
