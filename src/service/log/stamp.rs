//! Puts a timestamp before each line of a stream that arrives in pieces. Pure.
//!
//! A piece may end in the middle of a line: what is there is passed on at once, so that nothing
//! waits in memory, and the rest follows without a second stamp.

use crate::unit::value::utc::STAMP_LEN;

/// Where the stream stands between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Place {
    /// The next byte begins a line.
    #[default]
    LineStart,
    /// The last line has not ended yet.
    MidLine,
}

/// Appends `piece` to `out` with `stamp` and a blank before each line that begins in it.
/// Returns where the stream stands then, and how many line ends were passed on.
pub fn append(place: Place, stamp: &[u8; STAMP_LEN], piece: &[u8], out: &mut Vec<u8>) -> (Place, u64) {
    let mut prefix = [b' '; STAMP_LEN + 1];
    if let Some(head) = prefix.first_chunk_mut::<STAMP_LEN>() {
        *head = *stamp;
    }
    // Lines of 32 bytes double; longer ones need less.
    out.reserve(piece.len() * 2);
    let (mut place, mut ends, mut rest) = (place, 0, piece);
    while !rest.is_empty() {
        if place == Place::LineStart {
            out.extend_from_slice(&prefix);
        }
        let end = memchr::memchr(b'\n', rest);
        let (line, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        push(line, out);
        rest = after;
        place = match end {
            Some(_) => {
                ends += 1;
                Place::LineStart
            }
            None => Place::MidLine,
        };
    }
    (place, ends)
}

/// Appends a line, in blocks whose size the compiler knows: musl's memcpy takes longer to begin than to
/// copy a line of usual length.
fn push(line: &[u8], out: &mut Vec<u8>) {
    const LONG: usize = 1024;
    if line.len() >= LONG {
        return out.extend_from_slice(line);
    }
    let mut rest = line;
    while let Some((block, after)) = rest.split_first_chunk::<32>() {
        out.extend_from_slice(block);
        rest = after;
    }
    while let Some((block, after)) = rest.split_first_chunk::<8>() {
        out.extend_from_slice(block);
        rest = after;
    }
    rest.iter().for_each(|byte| out.push(*byte));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAMP: &[u8; STAMP_LEN] = b"2026-01-02T03:04:05.000006Z";

    #[test]
    fn a_line_in_two_pieces_gets_one_stamp() {
        let mut out = Vec::new();
        let (place, ends) = append(Place::LineStart, STAMP, b"one\ntw", &mut out);
        assert_eq!((place, ends), (Place::MidLine, 1));
        let (place, ends) = append(place, STAMP, b"o\n", &mut out);
        assert_eq!((place, ends), (Place::LineStart, 1));
        assert_eq!(
            String::from_utf8_lossy(&out),
            "2026-01-02T03:04:05.000006Z one\n2026-01-02T03:04:05.000006Z two\n"
        );
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_the_same(pieces in proptest::collection::vec("[a\n]{0,9}", 0..6)) {
            let whole = pieces.concat();
            let (mut at_once, mut in_pieces) = (Vec::new(), Vec::new());
            let end = append(Place::LineStart, STAMP, whole.as_bytes(), &mut at_once);
            let mut place = Place::LineStart;
            let mut ends = 0;
            for piece in &pieces {
                let (next, n) = append(place, STAMP, piece.as_bytes(), &mut in_pieces);
                place = next;
                ends += n;
            }
            prop_assert_eq!(&at_once, &in_pieces);
            prop_assert_eq!(end, (place, ends));
            let bare = String::from_utf8(at_once).unwrap().replace("2026-01-02T03:04:05.000006Z ", "");
            prop_assert_eq!(bare, whole);
        }
    }
}
