//! Reads JSON from a slice: whoever reads says what it expects. Strict, as RFC 8259 has it.

use std::borrow::Cow;
use thiserror::Error;

/// The deepest nesting that is read.
pub const DEEPEST: u32 = 128;

/// Where reading stopped, and why.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem} at line {line} column {column}")]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// It ends too soon.
    #[error("the text ends in the middle of a value")]
    End,
    /// Something else was expected.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A record without a field that it must have.
    #[error("the field '{0}' is missing")]
    Missing(&'static str),
    /// A word that is not one of those that the field knows.
    #[error("unknown word '{0}'")]
    Unknown(String),
    /// A string with a control character, a wrong escape, or bytes that are no UTF-8.
    #[error("a string that JSON does not allow")]
    String,
    /// A number too large or too small for its field.
    #[error("a number out of range")]
    Range,
    /// Nested deeper than [`DEEPEST`].
    #[error("nested deeper than {DEEPEST}")]
    Deep,
    /// Something follows the value.
    #[error("something follows the value")]
    Trailing,
}

/// The reader.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Reads `text` from its beginning.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// An error at the next byte.
    #[must_use]
    pub fn error(&self, problem: Problem) -> Error {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let column = before.len().saturating_sub(start).saturating_add(1);
        Error { problem, line, column }
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Skips white space and gives the byte with which the next value, or sign, begins.
    ///
    /// # Errors
    /// The text ends here.
    pub fn peek(&mut self) -> Result<u8, Error> {
        self.beyond_blank().ok_or_else(|| self.error(Problem::End))
    }

    /// The next byte that is no white space; `None` at the end.
    fn beyond_blank(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.step();
        }
        self.byte()
    }

    /// Takes the next sign if it is this one.
    ///
    /// # Errors
    /// The text ends here.
    pub fn took(&mut self, sign: u8) -> Result<bool, Error> {
        let there = self.peek()? == sign;
        if there {
            self.step();
        }
        Ok(there)
    }

    /// Takes this sign.
    ///
    /// # Errors
    /// Something else is there.
    pub fn take(&mut self, sign: u8, name: &'static str) -> Result<(), Error> {
        if self.took(sign)? { Ok(()) } else { Err(self.error(Problem::Expected(name))) }
    }

    /// Nothing but white space is left.
    ///
    /// # Errors
    /// Something is left.
    pub fn end(&mut self) -> Result<(), Error> {
        if self.beyond_blank().is_some() { Err(self.error(Problem::Trailing)) } else { Ok(()) }
    }

    /// Takes `null`, `true` or `false` if it is this one.
    ///
    /// # Errors
    /// The text ends here.
    pub fn word(&mut self, word: &str) -> Result<bool, Error> {
        self.peek()?;
        let there = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if there {
            self.at = self.at.saturating_add(word.len());
        }
        Ok(there)
    }

    /// Reads a list: `one` reads each of its values.
    ///
    /// # Errors
    /// No list is here, or `one` fails.
    pub fn list(&mut self, one: &mut dyn FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.take(b'[', "a list")?;
        if self.took(b']')? {
            return Ok(());
        }
        self.down()?;
        loop {
            one(self)?;
            if !self.took(b',')? {
                break;
            }
        }
        self.depth = self.depth.saturating_sub(1);
        self.take(b']', "',' or ']'")
    }

    /// Reads an object: `one` reads the value of each key.
    ///
    /// # Errors
    /// No object is here, or `one` fails.
    pub fn fields(&mut self, one: &mut dyn FnMut(&str, &mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.take(b'{', "an object")?;
        if self.took(b'}')? {
            return Ok(());
        }
        self.down()?;
        loop {
            let key = self.string()?;
            self.take(b':', "':'")?;
            one(&key, self)?;
            if !self.took(b',')? {
                break;
            }
        }
        self.depth = self.depth.saturating_sub(1);
        self.take(b'}', "',' or '}'")
    }

    fn down(&mut self) -> Result<(), Error> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST { Err(self.error(Problem::Deep)) } else { Ok(()) }
    }

    /// Passes over a value of any kind.
    ///
    /// # Errors
    /// No value is here.
    pub fn skip(&mut self) -> Result<(), Error> {
        match self.peek()? {
            b'{' => self.fields(&mut |_, from| from.skip()),
            b'[' => self.list(&mut |from| from.skip()),
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            _ if self.word("null")? || self.word("true")? || self.word("false")? => Ok(()),
            _ => Err(self.error(Problem::Expected("a value"))),
        }
    }

    /// Reads a number, as it is written.
    ///
    /// # Errors
    /// No number is here.
    pub fn number(&mut self) -> Result<&'a str, Error> {
        self.peek()?;
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.step();
        }
        if self.byte() == Some(b'0') {
            self.step();
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.step();
            if let Some(b'+' | b'-') = self.byte() {
                self.step();
            }
            self.digits()?;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        std::str::from_utf8(digits).map_err(|_| self.error(Problem::Expected("a number")))
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        if self.at == start { Err(self.error(Problem::Expected("a number"))) } else { Ok(()) }
    }

    /// Reads a string.
    ///
    /// # Errors
    /// No string is here.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.take(b'"', "a string")?;
        let mut whole: Option<String> = None;
        loop {
            let start = self.at;
            let rest = self.text.get(start..).unwrap_or_default();
            let plain = rest.get(..positions::json::plain(rest)).unwrap_or_default();
            self.at = start.saturating_add(plain.len());
            let part = std::str::from_utf8(plain).map_err(|_| self.error(Problem::String))?;
            match (self.byte(), &mut whole) {
                (None, _) => return Err(self.error(Problem::End)),
                (Some(b'"'), None) => {
                    self.step();
                    return Ok(Cow::Borrowed(part));
                }
                (Some(b'"'), Some(all)) => {
                    self.step();
                    all.push_str(part);
                    return Ok(Cow::Owned(std::mem::take(all)));
                }
                (Some(b'\\'), _) => {
                    self.step();
                    let letter = self.escape()?;
                    let all = whole.get_or_insert_default();
                    all.push_str(part);
                    all.push(letter);
                }
                (Some(_), _) => return Err(self.error(Problem::String)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let Some(byte) = self.byte() else { return Err(self.error(Problem::End)) };
        self.step();
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(self.error(Problem::String)),
        })
    }

    /// `\uXXXX`, or two of them for a letter beyond the first plane. Half a pair is no letter.
    fn code_point(&mut self) -> Result<char, Error> {
        let first = self.hex()?;
        let letter = match first {
            0xd800..0xdc00 => {
                let pair = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
                let second = if pair {
                    self.at = self.at.saturating_add(2);
                    self.hex()?
                } else {
                    0
                };
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
                low.and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + low))
            }
            _ => char::from_u32(first),
        };
        letter.ok_or_else(|| self.error(Problem::String))
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut all = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.error(Problem::String)) };
            all = all << 4 | digit;
            self.step();
        }
        Ok(all)
    }
}
