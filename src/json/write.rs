//! Writes JSON, piece by piece; commas set themselves.
//!
//! A report of a hundred thousand files is twenty megabytes: what is written most is written in few
//! pieces.

use std::fmt::Display;
use std::io::Write;

/// Where JSON is written to.
#[derive(Debug, Default)]
pub struct Writer {
    /// UTF-8, as each piece is.
    out: Vec<u8>,
}

impl Writer {
    /// What was written: UTF-8.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Whether this is the first of its list or object, or the value of a key. A string that ends in
    /// one of these signs has its quote behind it.
    fn begins(&self) -> bool {
        matches!(self.out.last(), None | Some(b'{' | b'[' | b':'))
    }

    fn comma(&mut self) {
        if !self.begins() {
            self.out.push(b',');
        }
    }

    /// Begins an object (`{`) or a list (`[`).
    pub fn open(&mut self, sign: u8) {
        self.comma();
        self.out.push(sign);
    }

    /// Ends it (`}`, `]`).
    pub fn close(&mut self, sign: u8) {
        self.out.push(sign);
    }

    /// A key, as [`lead!`](crate::lead) has it; its value follows.
    pub fn key(&mut self, lead: &'static str) {
        let without_comma = usize::from(self.begins());
        self.out.extend_from_slice(lead.as_bytes().get(without_comma..).unwrap_or_default());
    }

    /// A key and its value.
    pub fn field<T: super::Json>(&mut self, lead: &'static str, value: &T) {
        self.key(lead);
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
        self.out.extend_from_slice(digits.get(first..).unwrap_or_default());
    }

    /// `true`, `false`, `null`, or a number of another kind.
    pub fn plain(&mut self, what: &dyn Display) {
        self.comma();
        // Writing to memory cannot fail.
        let _ = write!(self.out, "{what}");
    }
}

/// A string in quotes, escaped no more than JSON wants it.
pub(super) fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, special)) = rest.split_at_checked(positions::json::plain(rest)) {
        out.extend_from_slice(plain);
        let Some((byte, later)) = special.split_first() else { break };
        escape(out, *byte);
        rest = later;
    }
    out.push(b'"');
}

/// A quote, a backslash or a control byte.
#[cold]
fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0..0x20 => {
            // Writing to memory cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
            return;
        }
        other => other,
    };
    out.extend_from_slice(&[b'\\', short]);
}
