//! Which letters of a text from outside may be printed as they stand, and what a shell pattern matches. Pure;
//! below everything else of amr.
//!
//! Names of files, units and links, and lines of their contents, come from whoever made them. Shown on
//! a terminal or in a log they must neither move a cursor, nor end a line, nor look like another name.

pub mod pattern;

/// Does this letter stand for itself wherever it is printed? Control characters do not, nor do marks
/// that turn the direction of a text, end its line or cannot be seen.
#[must_use]
pub fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// A text from outside as it may be printed: what is not plain becomes an escape as in a Rust string, a byte
/// that is not UTF-8 becomes `\xNN`, and letters of `quoted` get a backslash before them.
#[must_use]
pub fn escape(text: &[u8], quoted: &[char]) -> String {
    // As nearly all names are.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !quoted.contains(&char::from(*byte));
    if text.iter().all(plain) {
        return String::from_utf8_lossy(text).into_owned();
    }
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if quoted.contains(&letter) {
                out.extend(['\\', letter]);
            } else if is_plain(letter) {
                out.push(letter);
            } else {
                out.extend(letter.escape_default());
            }
        }
        out.extend(chunk.invalid().iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escape, is_plain};

    #[test]
    fn escapes_what_could_play_tricks() {
        let name = b"a\n\x1b[2J\xff'\\\xc3\xa4";
        assert_eq!(escape(name, &['\'', '\\']), "a\\n\\u{1b}[2J\\xff\\'\\\\\u{e4}");
        assert_eq!(escape(name, &[]), "a\\n\\u{1b}[2J\\xff'\\\u{e4}");
        assert_eq!(escape("x\u{202e}y\t".as_bytes(), &[]), "x\\u{202e}y\\t");
        assert_eq!((escape(b"a\\b", &[]), escape(b"a\\b", &['\\'])), ("a\\b".into(), "a\\\\b".into()));
    }

    #[test]
    fn what_steers_hides_or_turns_is_not_plain() {
        for letter in ['\n', '\x1b', '\x7f', '\u{85}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}'] {
            assert!(!is_plain(letter), "{letter:?}");
        }
        for letter in ['a', ' ', '\'', '\u{e4}', '\u{5d0}', '\u{1f980}'] {
            assert!(is_plain(letter), "{letter:?}");
        }
    }
}
