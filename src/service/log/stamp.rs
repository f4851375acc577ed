//! Puts a timestamp before each line of a stream that arrives in pieces. Pure.
//!
//! A piece may end in the middle of a line: what is there is passed on at once, so that nothing
//! waits in memory, and the rest follows without a second stamp.

use crate::unit::value::utc::STAMP_LEN;
use std::io::IoSlice;

/// Where the stream stands between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Place {
    /// The next byte begins a line.
    #[default]
    LineStart,
    /// The last line has not ended yet.
    MidLine,
}

/// A stamp and a blank.
pub const PREFIX_LEN: usize = STAMP_LEN + 1;

/// What stands before each line that begins at this time.
#[must_use]
pub fn prefix(stamp: &[u8; STAMP_LEN]) -> [u8; PREFIX_LEN] {
    let mut prefix = [b' '; PREFIX_LEN];
    if let Some(head) = prefix.first_chunk_mut::<STAMP_LEN>() {
        *head = *stamp;
    }
    prefix
}

/// The beginning of a piece, ready for one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many slices it has.
    pub slices: usize,
    /// How many bytes of the piece it takes.
    pub taken: usize,
    /// How many bytes it has with its stamps.
    pub len: usize,
    /// How many line ends are in it.
    pub lines: u64,
    /// Where the stream stands behind it.
    pub end: Place,
}

/// Fills `slices`, two for each line, with as much of `piece` as they hold, and `prefix` before each
/// line that begins in it. Nothing is copied: that is left to the one copy that the kernel makes.
pub fn batch<'a>(place: Place, prefix: &'a [u8], piece: &'a [u8], slices: &mut [IoSlice<'a>]) -> Batch {
    let mut batch = Batch { slices: 0, taken: 0, len: 0, lines: 0, end: place };
    let mut rest = piece;
    for pair in slices.chunks_exact_mut(2) {
        let [before, line] = pair else { break };
        if rest.is_empty() {
            break;
        }
        let stamp = if batch.end == Place::LineStart { prefix } else { &[] };
        let end = memchr::memchr(b'\n', rest);
        let (text, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        (*before, *line) = (IoSlice::new(stamp), IoSlice::new(text));
        (batch.end, batch.lines) = match end {
            Some(_) => (Place::LineStart, batch.lines + 1),
            None => (Place::MidLine, batch.lines),
        };
        batch.slices += 2;
        batch.taken += text.len();
        batch.len += stamp.len() + text.len();
        rest = after;
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAMP: &[u8; STAMP_LEN] = b"2026-01-02T03:04:05.000006Z";

    /// The whole piece, in batches of as few lines as `at_once`.
    fn append(mut place: Place, piece: &[u8], at_once: usize, out: &mut Vec<u8>) -> (Place, u64) {
        let prefix = prefix(STAMP);
        let (mut rest, mut lines) = (piece, 0);
        while !rest.is_empty() {
            let mut slices = vec![IoSlice::new(&[]); 2 * at_once];
            let batch = batch(place, &prefix, rest, &mut slices);
            let before = out.len();
            slices[..batch.slices].iter().for_each(|slice| out.extend_from_slice(slice));
            assert_eq!(out.len() - before, batch.len);
            (place, lines, rest) = (batch.end, lines + batch.lines, &rest[batch.taken..]);
        }
        (place, lines)
    }

    #[test]
    fn a_line_in_two_pieces_gets_one_stamp() {
        let mut out = Vec::new();
        assert_eq!(append(Place::LineStart, b"one\ntw", 9, &mut out), (Place::MidLine, 1));
        assert_eq!(append(Place::MidLine, b"o\n", 9, &mut out), (Place::LineStart, 1));
        assert_eq!(
            String::from_utf8_lossy(&out),
            "2026-01-02T03:04:05.000006Z one\n2026-01-02T03:04:05.000006Z two\n"
        );
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_the_same(
            pieces in proptest::collection::vec("[a\n]{0,9}", 0..6),
            at_once in 1_usize..4,
        ) {
            let whole = pieces.concat();
            let (mut together, mut in_pieces) = (Vec::new(), Vec::new());
            let end = append(Place::LineStart, whole.as_bytes(), 99, &mut together);
            let mut place = Place::LineStart;
            let mut ends = 0;
            for piece in &pieces {
                let (next, n) = append(place, piece.as_bytes(), at_once, &mut in_pieces);
                place = next;
                ends += n;
            }
            prop_assert_eq!(&together, &in_pieces);
            prop_assert_eq!(end, (place, ends));
            let bare = String::from_utf8(together).unwrap().replace("2026-01-02T03:04:05.000006Z ", "");
            prop_assert_eq!(bare, whole);
        }
    }
}
