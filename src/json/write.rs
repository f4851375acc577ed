//! Writes JSON, piece by piece; commas set themselves.

use std::fmt::{Display, Write};

/// Where JSON is written to.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// What was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.out
    }

    /// A comma, unless this is the first of its list or object, or the value of a key. A string that
    /// ends in one of these signs has its quote behind it.
    fn comma(&mut self) {
        if !self.begins() {
            self.out.push(',');
        }
    }

    fn begins(&self) -> bool {
        matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':'))
    }

    /// Begins an object (`{`) or a list (`[`).
    pub fn open(&mut self, sign: char) {
        self.comma();
        self.out.push(sign);
    }

    /// Ends it (`}`, `]`).
    pub fn close(&mut self, sign: char) {
        self.out.push(sign);
    }

    /// A key, a name that needs no escape; its value follows.
    pub fn key(&mut self, key: &str) {
        self.out.push_str(if self.begins() { QUOTE } else { ",\"" });
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A key and its value.
    pub fn field<T: super::Json>(&mut self, key: &str, value: &T) {
        self.key(key);
        value.write(self);
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.comma();
        quote(&mut self.out, text);
    }

    /// A whole number.
    pub fn number(&mut self, mut number: u64) {
        self.comma();
        // As many digits as 2^64 has.
        let mut digits = [0; 20];
        let mut first = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0'.wrapping_add((number % 10) as u8);
            number /= 10;
            first = at;
            if number == 0 {
                break;
            }
        }
        let digits = digits.get(first..).and_then(|digits| std::str::from_utf8(digits).ok());
        self.out.push_str(digits.unwrap_or_default());
    }

    /// `true`, `false`, `null`, or a number of another kind.
    pub fn plain(&mut self, what: &dyn Display) {
        self.comma();
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{what}");
    }
}

/// A text is added more quickly than a letter.
const QUOTE: &str = "\"";

/// A string in quotes, escaped no more than JSON wants it. Most need no escape: a report of a hundred
/// thousand files is twenty megabytes of them.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push_str(QUOTE);
    let mut rest = text;
    while let Some((plain, special)) = rest.split_at_checked(positions::json::plain(rest.as_bytes())) {
        out.push_str(plain);
        let mut letters = special.chars();
        let Some(letter) = letters.next() else { break };
        escape(out, letter);
        rest = letters.as_str();
    }
    out.push_str(QUOTE);
}

#[cold]
fn escape(out: &mut String, letter: char) {
    let short = match letter {
        '"' | '\\' => letter,
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(letter));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}
