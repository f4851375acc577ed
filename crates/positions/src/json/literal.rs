//! Short texts that are looked for a million times: compared as words, without a loop.

/// A text of at most [`Literal::MOST`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal {
    text: [u64; WORDS],
    /// Which bits of the words are the text's.
    mask: [u64; WORDS],
    /// Bytes.
    pub(super) len: usize,
}

const WORDS: usize = 3;

impl Literal {
    /// How long it may be.
    pub const MOST: usize = WORDS * 8;

    /// `None` if it is too long.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let (mut text, mut mask) = ([0; Self::MOST], [0; Self::MOST]);
        text.get_mut(..bytes.len())?.copy_from_slice(bytes);
        mask.get_mut(..bytes.len())?.fill(u8::MAX);
        Some(Self { text: words(&text), mask: words(&mask), len: bytes.len() })
    }

    /// Whether a text that goes on so begins with it.
    #[inline(always)]
    pub(super) fn begins(&self, there: &[u8; Self::MOST]) -> bool {
        let ([a, b, c], [x, y, z], [i, j, k]) = (self.text, words(there), self.mask);
        (a ^ x) & i | (b ^ y) & j | (c ^ z) & k == 0
    }
}

#[inline(always)]
fn words(bytes: &[u8; Literal::MOST]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_where_it_stands_and_nowhere_else() {
        let text = *b",\"timestamp\":[652235322,";
        for len in 0..=Literal::MOST {
            let literal = Literal::new(&text[..len]).unwrap();
            assert!(literal.begins(&text));
            for at in 0..Literal::MOST {
                let mut other = text;
                other[at] ^= 1;
                assert_eq!(literal.begins(&other), at >= len, "{len} {at}");
            }
        }
        assert_eq!(Literal::new(&[0; 25]), None);
    }
}
