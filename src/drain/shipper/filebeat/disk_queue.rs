//! Whether a queue on the shipper's own disk is empty.
//!
//! `queue.disk` acknowledges an event to its input when it is in a segment (elastic/beats#16676). What the
//! output has acknowledged says `state.dat`: a version of 1, the number of a segment, and up to which byte
//! and event of it, each in little endian. A segment that is through is removed when the next one is begun.
//! So the queue is empty when the position is the end of the last segment. `queue.spool` is one file for
//! ever, and says nothing, nor does a queue that amr does not know. A driver: it reads files.

use super::config::{Queue, Setting};
use crate::drain::judge::facts::Doubt;
use crate::os::error::{Error as OsError, escape};
use crate::os::root::Root;
use std::ffi::OsStr;
use std::path::Path;

/// `state.dat` has 28 bytes.
const STATE: u64 = 64;

/// What speaks against the queue of a shipper with this data folder being empty.
pub(super) fn doubt(queue: &Queue, data: &Path, root: &Root) -> Option<Doubt> {
    let folder = match queue {
        Queue::Disk(Setting::Set(folder)) => data.join(folder),
        Queue::Disk(Setting::Default) => data.join("diskqueue"),
        Queue::Other(name) => {
            let why = format!("its queue ({name}) may acknowledge a line before the output has it");
            return Some(Doubt::Positions(why));
        }
        Queue::Disk(Setting::Unknown(text)) => {
            return Some(Doubt::Positions(format!("its queue is on disk, in '{text}'")));
        }
    };
    // The position first: whatever is written later counts as not shipped.
    let position = root.read(&folder.join("state.dat"), STATE).ok().and_then(|bytes| position(&bytes));
    match last_segment(root, &folder) {
        Ok(None) => None,
        Ok(Some(last)) if position.is_some_and(|position| position >= last) => None,
        Ok(Some(_)) => {
            let shown = escape(folder.as_os_str());
            Some(Doubt::KeptBack(format!("its queue on disk '{shown}' is not shipped to its end")))
        }
        Err(error) => Some(Doubt::Positions(format!("its queue on disk cannot be seen: {error}"))),
    }
}

/// The number of the last segment, and its size.
fn last_segment(root: &Root, folder: &Path) -> Result<Option<(u64, u64)>, OsError> {
    let entries = match root.list(folder) {
        Ok(entries) => entries,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let numbers = entries.iter().filter_map(|entry| segment(&entry.name));
    let Some(last) = numbers.max() else { return Ok(None) };
    let size = root.lstat(&folder.join(format!("{last}.seg")))?.size;
    Ok(Some((last, size)))
}

fn segment(name: &OsStr) -> Option<u64> {
    name.to_str()?.strip_suffix(".seg")?.parse().ok()
}

/// The segment and the byte up to which the output has acknowledged; `None` where the format is another one.
fn position(state: &[u8]) -> Option<(u64, u64)> {
    let (version, rest) = state.split_first_chunk()?;
    let (segment, rest) = rest.split_first_chunk()?;
    let (byte, rest) = rest.split_first_chunk()?;
    let known = u32::from_le_bytes(*version) == 1 && rest.len() == 8;
    known.then(|| (u64::from_le_bytes(*segment), u64::from_le_bytes(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Filebeat 8.1.3 wrote it: event 120 of segment 0, at byte 39240.
    #[test]
    fn the_position_is_read() {
        let state = "01000000000000000000000048990000000000007800000000000000";
        let bytes: Vec<u8> = (0..state.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&state[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(position(&bytes), Some((0, 39_240)));
        assert_eq!(position(&bytes[..20]), None);
        assert_eq!(position(&[0; 28]), None);
        assert_eq!(segment(OsStr::new("12.seg")), Some(12));
        assert_eq!(segment(OsStr::new("state.dat")), None);
    }
}
