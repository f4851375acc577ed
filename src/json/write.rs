//! Writes JSON, piece by piece; commas set themselves.

use std::fmt::{Display, Write};

/// Where JSON is written to.
#[derive(Debug)]
pub struct Writer {
    out: String,
}

/// Records and plans are one or two kilobytes.
const ROOM: usize = 2048;

impl Default for Writer {
    fn default() -> Self {
        Self { out: String::with_capacity(ROOM) }
    }
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
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
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

    /// A key; its value follows. For words of the program itself, in which nothing need be escaped.
    pub fn key(&mut self, key: &str) {
        self.comma();
        self.out.push('"');
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

    /// A number, `true`, `false` or `null`.
    pub fn plain(&mut self, what: &dyn Display) {
        self.comma();
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{what}");
    }
}

/// A string in quotes, escaped no more than JSON wants it.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        let (before, behind) = rest.split_at(at);
        let byte = behind.bytes().next().unwrap_or_default();
        let short = match byte {
            b'"' => '"',
            b'\\' => '\\',
            0x08 => 'b',
            0x0c => 'f',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            _ => 'u',
        };
        out.push_str(before);
        out.push('\\');
        out.push(short);
        if short == 'u' {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:04x}");
        }
        // What was escaped is one byte long.
        rest = behind.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}
