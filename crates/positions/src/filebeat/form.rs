//! The form of a state: what it has in common with others that were written alike.
//!
//! Of two states that a shipper wrote one after the other, mostly all bytes are the same but those of the
//! path, the offset, the inode and the time. So a state that was read as JSON leaves its text as a form,
//! with gaps where these values stood. A text that is the same but for the gaps, and has values of the
//! same plain kind in them (digits, or a string without escapes), is the same JSON but for these values:
//! it need not be read as JSON again. What does not fit is. Pure.

use crate::json::{begins, digits, plain};

/// What stood in a gap. The number is its bit in a set of gaps, and its place among the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Texts.
    Source = 0,
    Key = 1,
    Time = 2,
    /// A text or a number that means nothing.
    Nothing = 3,
    /// Numbers.
    Offset = 4,
    Inode = 5,
    /// Both numbers of a time.
    Extra = 6,
    Second = 7,
}

/// Gaps, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Gaps(u8);

impl Gaps {
    #[inline(always)]
    fn has(self, gap: Gap) -> bool {
        self.0 >> gap as u8 & 1 == 1
    }
}

/// Where a value stood in a file, quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub gap: Gap,
    pub from: u64,
    pub to: u64,
}

/// The values in the gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Values<'a> {
    gaps: Gaps,
    texts: [&'a [u8]; 4],
    numbers: [u64; 8],
}

impl<'a> Values<'a> {
    /// The text in a gap, if there is such a gap.
    #[inline(always)]
    pub fn text(&self, gap: Gap) -> Option<&'a [u8]> {
        self.texts.get(gap as usize).copied().filter(|_| self.gaps.has(gap))
    }

    /// The number in a gap, if there is such a gap.
    #[inline(always)]
    pub fn number(&self, gap: Gap) -> Option<u64> {
        self.numbers.get(gap as usize).copied().filter(|_| self.gaps.has(gap))
    }
}

/// A piece of a form: so many bytes, then a gap.
#[derive(Clone, Copy, Debug)]
struct Piece {
    len: usize,
    gap: Gap,
    /// What stands in the gap is a string, whose quotes belong to the bytes around it.
    is_text: bool,
    /// How long the value was.
    size: usize,
}

/// A form has at most so many gaps: a state with more is read as JSON.
const MOST: usize = 16;

/// See the module's head.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pieces: Vec<Piece>,
    gaps: Gaps,
    /// The bytes of all pieces, and those after the last gap.
    text: Vec<u8>,
}

impl Form {
    /// The form of a state of `len` bytes, with which `text` begins and which is byte `start` of its file.
    /// `None` where a value is of another kind than forms take, or is there twice.
    pub fn of(text: &[u8], start: u64, len: usize, marks: &[Mark]) -> Option<Self> {
        let mut form = Self { pieces: Vec::new(), gaps: Gaps::default(), text: Vec::new() };
        let mut end = 0;
        for mark in marks {
            let at = |place: u64| usize::try_from(place.checked_sub(start)?).ok();
            let Some((from, to)) = gap(text, at(mark.from)?, at(mark.to)?) else {
                // What means nothing may as well stay the same.
                if mark.gap == Gap::Nothing { continue } else { return None }
            };
            if form.pieces.len() == MOST || form.gaps.has(mark.gap) && mark.gap != Gap::Nothing {
                return None;
            }
            let lead = text.get(end..from)?;
            form.text.extend_from_slice(lead);
            let is_text = lead.last() == Some(&b'"');
            form.pieces.push(Piece {
                len: lead.len(),
                gap: mark.gap,
                is_text,
                size: to.saturating_sub(from),
            });
            form.gaps.0 |= 1 << mark.gap as u8;
            end = to;
        }
        form.text.extend_from_slice(text.get(end..len)?);
        let has = |gap| form.gaps.has(gap);
        (!(has(Gap::Time) && has(Gap::Extra)) && has(Gap::Extra) == has(Gap::Second)).then_some(form)
    }

    /// The values of a state of this form with which `text` begins, and its length.
    #[inline(always)]
    pub fn read<'a>(&self, text: &'a [u8]) -> Option<(Values<'a>, usize)> {
        let mut values = Values { gaps: self.gaps, ..Values::default() };
        let (mut form, mut rest) = (self.text.as_slice(), text);
        for piece in &self.pieces {
            let (lead, others) = form.split_at_checked(piece.len)?;
            form = others;
            if !begins(rest, lead) {
                return None;
            }
            rest = rest.get(lead.len()..)?;
            // The places of all gaps are below 8, those of texts below 4.
            if piece.is_text {
                // A time is mostly as long as the one before; what else than a time may stand there is seen later.
                let as_before = piece.gap == Gap::Time && rest.get(piece.size) == Some(&b'"');
                let len = if as_before { piece.size } else { plain(rest) };
                let (value, others) = rest.split_at_checked(len)?;
                *values.texts.get_mut(piece.gap as usize & 3)? = value;
                rest = others;
            } else {
                let (value, len) = digits(rest)?;
                *values.numbers.get_mut(piece.gap as usize & 7)? = value;
                rest = rest.get(len..)?;
            }
        }
        if !begins(rest, form) {
            return None;
        }
        Some((values, text.len().checked_sub(rest.len())?.checked_add(form.len())?))
    }
}

/// The gap that a value leaves: from where to where its digits or the bytes between its quotes stand.
/// `None` where it is no plain value.
fn gap(text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let value = text.get(from..)?;
    let (from, to, len) = match value.split_first()? {
        (b'"', value) => (from.checked_add(1)?, to.checked_sub(1)?, plain(value)),
        _ => (from, to, digits(value)?.1),
    };
    (from.checked_add(len) == Some(to)).then_some((from, to))
}

/// So many forms are kept: a registry mostly has as many as there are inputs.
const KEPT: usize = 4;
/// So many states at most may pass before another form is kept: some registries have their fields in any
/// order (memlog's, of the log input), and a form that never comes again is kept in vain.
const PATIENCE: u32 = 64;

/// The forms of late, the last one first, each with what all its states have in common.
#[derive(Clone, Debug)]
pub(super) struct Forms<T> {
    kept: Vec<(Form, T)>,
    /// So many states are to pass before another one is kept, and so many after that.
    wait: u32,
    pause: u32,
}

impl<T> Default for Forms<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), wait: 0, pause: 0 }
    }
}

impl<T> Forms<T> {
    /// The values of a state with which `text` begins, its length, and what it has in common with others
    /// of its form; `None` where no form fits.
    #[inline(always)]
    pub fn find<'a>(&mut self, text: &'a [u8]) -> Option<(Values<'a>, usize, &T)> {
        for at in 0..self.kept.len() {
            if let Some((values, len)) = self.kept.get(at).and_then(|(form, _)| form.read(text)) {
                if at > 0 {
                    self.kept.swap(0, at);
                }
                self.pause = 0;
                return self.kept.first().map(|(_, common)| (values, len, common));
            }
        }
        None
    }

    /// What all states have in common that are of the form which fitted last, or was kept since.
    pub fn last(&mut self) -> Option<&mut T> {
        self.kept.first_mut().map(|(_, common)| common)
    }

    /// Whether the form of a state that fitted none is to be kept.
    pub fn wants(&mut self) -> bool {
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        self.wait = self.pause;
        self.pause = (self.pause * 2 + 1).min(PATIENCE);
        true
    }

    /// Keeps a form in place of the last one.
    pub fn keep(&mut self, form: Form, common: T) {
        self.kept.truncate(KEPT - 1);
        self.kept.push((form, common));
        let last = self.kept.len().wrapping_sub(1);
        self.kept.swap(0, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_never_comes_again_is_kept_more_and_more_seldom() {
        let mut forms = Forms::<()>::default();
        let wanted: Vec<usize> = (0..1000).filter(|_| forms.wants()).collect();
        assert_eq!(wanted[..5], [0, 1, 3, 7, 15]);
        assert!(wanted.len() < 25, "{wanted:?}");
    }

    #[test]
    fn what_lies_between_the_gaps_has_to_be_there() {
        let text = br#"{"source":"/l/a","offset":12,"x":7}      "#;
        let marks =
            [Mark { gap: Gap::Source, from: 110, to: 116 }, Mark { gap: Gap::Offset, from: 126, to: 128 }];
        let mut forms = Forms::default();
        forms.keep(Form::of(text, 100, 35, &marks).unwrap(), 'a');
        let other = br#"{"source":"","offset":5,"x":7}   "#;
        let (values, len, common) = forms.find(other).unwrap();
        assert_eq!((values.text(Gap::Source), values.number(Gap::Offset)), (Some(&b""[..]), Some(5)));
        assert_eq!((len, *common), (30, 'a'));
        assert_eq!((values.text(Gap::Time), values.number(Gap::Inode)), (None, None));
        for other in [
            r#"{"source":"","offset":5,"x":8}   "#,
            r#"{"source":"","offset":05,"x":7}   "#,
            r#"{"source":"","offset":-5,"x":7}   "#,
            r#"{"source":"\u0061","offset":5,"x":7}   "#,
            r#"{"source":"","offset":5,"x":7"#,
            "",
        ] {
            assert!(forms.find(other.as_bytes()).is_none(), "{other}");
        }
        assert!(Form::of(text, 100, 35, &[marks[0], marks[0]]).is_none(), "twice");
        assert!(Form::of(text, 100, 35, &[Mark { to: 115, ..marks[0] }]).is_none(), "no whole value");
        assert!(Form::of(text, 111, 24, &marks).is_none(), "not of this text");
    }
}
