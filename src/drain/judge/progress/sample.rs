//! A file for the tests of what judges many of them.

use super::{Follows, Progress, Unshipped};
use crate::drain::cursor::FileId;
use crate::drain::judge::file::Held;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::reason::Reason;
use std::time::Duration;

/// One that no process has open, all of whose bytes are asked for.
pub fn file(ino: u64, size: u64, acknowledged: Option<u64>, reason: Reason) -> Progress {
    Progress {
        file: FileId { dev: 1, ino },
        path: format!("/l/{ino}").into_bytes().into(),
        follows: Follows::File,
        size,
        goal: size,
        acknowledged,
        rest: Unshipped::Bytes(size - acknowledged.unwrap_or(0).min(size)),
        reason,
        begins_anew: false,
        held: Held::No,
        input_id: Box::default(),
        stream: None,
        hold: Duration::ZERO,
        seen_at_end: false,
        shared: false,
        still_since: Moment(0),
    }
}
