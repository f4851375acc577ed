//! Puts a timestamp before each line of a stream that arrives in pieces. Pure.
//!
//! A piece may end in the middle of a line: what is there is passed on at once, so that nothing
//! waits in memory, and the rest follows without a second stamp. A line that is longer than
//! [`LINE_MAX`] is cut, as journald cuts it: what follows is a line of the file too, whose stamp has a
//! `+` behind it in place of the blank. So each line of the file begins with a stamp of amr's own, and
//! nothing that a service writes can stand where one is looked for.

use crate::unit::value::utc::STAMP_LEN;
use std::io::IoSlice;

/// The longest line, in bytes without stamp and line end (journald's `LineMax=`).
pub const LINE_MAX: usize = 48 << 10;

/// Behind the stamp of a line.
pub const WHOLE: u8 = b' ';
/// Behind the stamp of one that goes on with the line before it.
pub const CONTINUED: u8 = b'+';

/// Where the stream stands between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StreamState {
    /// The next byte begins a line.
    #[default]
    LineStart,
    /// The last line has not ended yet; it has so many bytes.
    MidLine(usize),
    /// Nor has this one, but the file's last line has: the next byte begins one that goes on with it.
    Cut,
}

impl StreamState {
    /// A line of the file ends here, or has to.
    #[must_use]
    pub fn is_end(self) -> bool {
        match self {
            Self::LineStart | Self::Cut => true,
            Self::MidLine(len) => len >= LINE_MAX,
        }
    }
}

/// A line end, a stamp and what stands behind it.
pub const PREFIX_LEN: usize = STAMP_LEN + 2;

/// What may stand before a piece of a line that is written at some time.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    whole: [u8; PREFIX_LEN],
    continued: [u8; PREFIX_LEN],
}

impl Prefix {
    /// At the time of this stamp.
    #[must_use]
    pub fn new(stamp: &[u8; STAMP_LEN]) -> Self {
        let with = |mark| {
            let mut prefix = [mark; PREFIX_LEN];
            let [end, rest @ ..] = &mut prefix;
            *end = b'\n';
            rest.iter_mut().zip(stamp).for_each(|(to, from)| *to = *from);
            prefix
        };
        Self { whole: with(WHOLE), continued: with(CONTINUED) }
    }

    /// Before a line.
    #[must_use]
    pub fn whole(&self) -> &[u8] {
        self.whole.get(1..).unwrap_or_default()
    }

    /// Before more of the line at this place; `ends` where that is nothing but its end.
    fn before(&self, place: StreamState, ends: bool) -> &[u8] {
        match place {
            StreamState::LineStart => self.whole(),
            StreamState::MidLine(len) if len >= LINE_MAX && !ends => &self.continued,
            StreamState::MidLine(_) => &[],
            StreamState::Cut => self.continued.get(1..).unwrap_or_default(),
        }
    }
}

/// The beginning of a piece, ready for one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many slices writev(2) gets.
    pub slices: usize,
    /// How many bytes of the piece it takes.
    pub taken: usize,
    /// How many bytes it has with its stamps.
    pub len: usize,
    /// How many line ends are in it.
    pub lines: u64,
    /// Where the stream stands behind it.
    pub end: StreamState,
}

/// Fills `slices`, two for each line, with as much of `piece` as they hold, and a stamp before each
/// line that begins in it. Takes no more once it has `room` bytes and a line has ended. Nothing is
/// copied: that is left to the one copy that the kernel makes.
pub fn batch<'a>(
    place: StreamState,
    prefix: &'a Prefix,
    piece: &'a [u8],
    room: u64,
    slices: &mut [IoSlice<'a>],
) -> Batch {
    let mut batch = Batch { slices: 0, taken: 0, len: 0, lines: 0, end: place };
    let mut rest = piece;
    for pair in slices.chunks_exact_mut(2) {
        let [before, line] = pair else { break };
        if rest.is_empty() || batch.slices > 0 && batch.len as u64 >= room && batch.end.is_end() {
            break;
        }
        let stamp = prefix.before(batch.end, rest.first() == Some(&b'\n'));
        let begun = match batch.end {
            StreamState::MidLine(len) if len < LINE_MAX => len,
            StreamState::LineStart | StreamState::MidLine(_) | StreamState::Cut => 0,
        };
        let ends = memchr::memchr(b'\n', rest.get(..=LINE_MAX - begun).unwrap_or(rest));
        let (text, after) = rest.split_at(ends.map_or(rest.len().min(LINE_MAX - begun), |at| at + 1));
        (*before, *line) = (IoSlice::new(stamp), IoSlice::new(text));
        (batch.end, batch.lines) = match ends {
            Some(_) => (StreamState::LineStart, batch.lines + 1),
            None => (StreamState::MidLine(begun + text.len()), batch.lines),
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
    fn append(mut place: StreamState, piece: &[u8], at_once: usize, out: &mut Vec<u8>) -> (StreamState, u64) {
        let prefix = Prefix::new(STAMP);
        let (mut rest, mut lines) = (piece, 0);
        while !rest.is_empty() {
            let mut slices = vec![IoSlice::new(&[]); 2 * at_once];
            let batch = batch(place, &prefix, rest, u64::MAX, &mut slices);
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
        assert_eq!(append(StreamState::LineStart, b"one\ntw", 9, &mut out), (StreamState::MidLine(2), 1));
        assert_eq!(append(StreamState::MidLine(2), b"o\n", 9, &mut out), (StreamState::LineStart, 1));
        assert_eq!(
            String::from_utf8_lossy(&out),
            "2026-01-02T03:04:05.000006Z one\n2026-01-02T03:04:05.000006Z two\n"
        );
    }

    #[test]
    fn only_what_is_too_long_is_cut() {
        for (len, cuts) in [(LINE_MAX - 1, 0), (LINE_MAX, 0), (LINE_MAX + 1, 1), (3 * LINE_MAX, 2)] {
            let mut out = Vec::new();
            let text = [vec![b'x'; len], b"\n".to_vec()].concat();
            assert_eq!(append(StreamState::LineStart, &text, 9, &mut out), (StreamState::LineStart, 1));
            let lines: Vec<_> = out.split(|b| *b == b'\n').collect();
            assert_eq!(lines.len(), cuts + 2, "{len}");
            let marks: Vec<_> =
                lines.iter().filter_map(|l| l.get(STAMP_LEN)).map(|b| char::from(*b)).collect();
            assert_eq!(marks.iter().collect::<String>(), format!(" {}", "+".repeat(cuts)));
        }
    }

    #[test]
    fn a_batch_ends_with_a_line_once_it_has_its_room() {
        let prefix = Prefix::new(STAMP);
        let mut slices = [IoSlice::new(&[]); 20];
        assert_eq!(batch(StreamState::LineStart, &prefix, b"a\nb\nc\n", 31, &mut slices).taken, 4);
        assert_eq!(batch(StreamState::LineStart, &prefix, b"a\nb\nc\n", 0, &mut slices).taken, 2);
        assert_eq!(batch(StreamState::LineStart, &prefix, b"a\nb", 0, &mut slices).taken, 2);
    }

    /// What a reader makes of it: the text of every line of the file whose stamp says that it goes on is
    /// put to the one before.
    fn joined(file: &[u8]) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::new();
        for line in file.split_inclusive(|b| *b == b'\n') {
            let (stamp, rest) = line.split_at(STAMP_LEN);
            assert_eq!(stamp, STAMP);
            if rest[0] == CONTINUED {
                assert_eq!(out.pop(), Some(b'\n'));
            }
            out.extend_from_slice(&rest[1..]);
        }
        out
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_the_same(
            pieces in proptest::collection::vec(
                prop_oneof!["[a\n]{0,9}", Just("x".repeat(LINE_MAX)), Just("2026-01-02T03:04:05.000006Z ".repeat(2000))],
                0..6,
            ),
            at_once in 1_usize..4,
        ) {
            let whole = pieces.concat();
            let (mut together, mut in_pieces) = (Vec::new(), Vec::new());
            let end = append(StreamState::LineStart, whole.as_bytes(), 99, &mut together);
            let mut place = StreamState::LineStart;
            let mut ends = 0;
            for piece in &pieces {
                let (next, n) = append(place, piece.as_bytes(), at_once, &mut in_pieces);
                place = next;
                ends += n;
            }
            prop_assert!(together == in_pieces);
            prop_assert_eq!(end, (place, ends));
            prop_assert!(joined(&together) == whole.as_bytes());
        }
    }
}
