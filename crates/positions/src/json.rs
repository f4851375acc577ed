//! Reads JSON from a stream, token by token: whoever reads says what it expects, nothing is kept.
//!
//! It exists because a registry of a million states would cost a gigabyte as a tree of values, and
//! because an error must name its byte. It takes what Go's decoders take (Filebeat's): any white
//! space, any order, names in any case (the caller compares), bytes in strings that are no UTF-8;
//! lone surrogates become U+FFFD as in Go. It promises to end, to hold at most one string
//! ([`LONGEST`] bytes) beside its buffer, and never to recurse.
//!
//! It has to be fast as well: a shutdown waits for it. What the next token needs mostly lies in the
//! buffer, without white space before it; that case is taken in one look at the rest of the buffer,
//! and everything else falls to the careful readers, byte by byte, which are the same for all. The
//! binary is compiled for size, so that case says itself what must be inlined.
//!
//! Pure: the stream is the caller's.

use std::io::Read;

/// The longest string that is taken, in bytes as they stand in the file. Far above `PATH_MAX`.
pub const LONGEST: usize = 1 << 20;
/// The deepest nesting that is skipped over.
pub const DEEPEST: u32 = 128;
const BUFFER: usize = 64 * 1024;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The text is not what was expected.
    #[error("byte {at}: {problem}")]
    Bad {
        /// The byte at which it shows, counted from the start of the file.
        at: u64,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It ends too soon.
    #[error("the text ends in the middle of a value")]
    End,
    /// Another byte was expected.
    #[error("expected {wanted}, found '{}'", char::from(*.found).escape_default())]
    Byte {
        /// The byte that is there.
        found: u8,
        /// What should be there.
        wanted: &'static str,
    },
    /// `\` with something that JSON does not have.
    #[error("an escape that JSON does not have")]
    Escape,
    /// A string longer than [`LONGEST`].
    #[error("a string of more than {LONGEST} bytes")]
    Long,
    /// Nested deeper than [`DEEPEST`].
    #[error("nested deeper than {DEEPEST}")]
    Deep,
}

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
    /// The end of the stream.
    End,
}

/// A number, as far as positions need numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// An integer from 0 to 2^64-1.
    Unsigned(u64),
    /// An integer from -2^63 to -1.
    Negative(i64),
    /// Anything else: fractions, exponents, integers beyond.
    Other,
}

/// Whether `bytes` begin with `text`, eight bytes at a time: musl's own comparison takes one at a time.
#[inline(always)]
pub(crate) fn begins(bytes: &[u8], text: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..text.len()) else { return false };
    let (all, others) = (bytes.as_chunks::<16>().0, text.as_chunks::<16>().0);
    for (one, other) in all.iter().zip(others) {
        if one != other {
            return false;
        }
    }
    // The rest with some of what was compared, so that it is as many bytes, too.
    if let (Some(end), Some(other)) = (bytes.last_chunk::<16>(), text.last_chunk::<16>()) {
        return end == other;
    }
    if let (Some(start), Some(other)) = (bytes.first_chunk::<8>(), text.first_chunk::<8>())
        && start != other
    {
        return false;
    }
    if let (Some(end), Some(other)) = (bytes.last_chunk::<8>(), text.last_chunk::<8>()) {
        return end == other;
    }
    for (one, other) in bytes.iter().zip(text) {
        if one != other {
            return false;
        }
    }
    true
}

/// How many bytes, from the first one on, stand in a JSON string as they are: up to a quote, a backslash
/// or a control byte.
#[must_use]
pub fn plain(bytes: &[u8]) -> usize {
    string::plain(bytes)
}

/// The reader.
pub struct Reader<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// The next byte of `buffer` to look at.
    at: usize,
    /// Bytes of `buffer` that are filled.
    filled: usize,
    /// The place in the file of `buffer`'s first byte.
    base: u64,
    ended: bool,
    text: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Reads `source`, whose first byte is byte `base` of its file.
    pub fn new(source: &'a mut dyn Read, base: u64) -> Self {
        Self { source, buffer: Vec::new(), at: 0, filled: 0, base, ended: false, text: Vec::new() }
    }

    /// The place in the file of the next byte.
    pub fn place(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    /// An error at the next byte.
    pub fn bad(&self, problem: Problem) -> Error {
        Error::Bad { at: self.place(), problem }
    }

    /// Skips white space and says what comes next.
    ///
    /// # Errors
    /// The stream fails, or no value begins here.
    #[inline(always)]
    pub fn peek(&mut self) -> Result<Next, Error> {
        match self.peek_token()? {
            None => Ok(Next::End),
            Some(b'{') => Ok(Next::Object),
            Some(b'[') => Ok(Next::Array),
            Some(b'"') => Ok(Next::String),
            Some(b'-' | b'0'..=b'9') => Ok(Next::Number),
            Some(b't' | b'f') => Ok(Next::Bool),
            Some(b'n') => Ok(Next::Null),
            Some(_) => Err(self.unexpected("a value")),
        }
    }

    /// Enters an object.
    ///
    /// # Errors
    /// No object begins here.
    #[inline]
    pub fn object(&mut self) -> Result<(), Error> {
        self.token(b'{', "'{'")
    }

    /// Enters an array.
    ///
    /// # Errors
    /// No array begins here.
    pub fn array(&mut self) -> Result<(), Error> {
        self.token(b'[', "'['")
    }

    /// The next name of an object that was entered; `None` leaves the object. `first` says whether
    /// it is the object's first one. After a name its value has to be read or skipped.
    ///
    /// # Errors
    /// No name stands here.
    #[inline]
    pub fn name(&mut self, first: bool) -> Result<Option<&[u8]>, Error> {
        let (lead, text) = match self.rest() {
            [b'"', text @ ..] if first => (1, text),
            [b',', b'"', text @ ..] if !first => (2, text),
            [b'}', ..] => {
                self.at += 1;
                return Ok(None);
            }
            _ => return self.name_beyond(first),
        };
        let len = string::plain(text);
        if len > LONGEST || !text.get(len..).is_some_and(|after| after.starts_with(b"\":")) {
            return self.name_beyond(first);
        }
        let from = self.at + lead;
        self.at = from + len + 2;
        Ok(Some(self.buffer.get(from..from + len).unwrap_or_default()))
    }

    /// A name with white space, escapes or the end of the buffer in it or around it.
    #[cold]
    fn name_beyond(&mut self, first: bool) -> Result<Option<&[u8]>, Error> {
        if !self.more(first, b'}', "',' or '}'")? {
            return Ok(None);
        }
        let range = self.raw_string()?;
        // The colon may lie beyond the buffer, and filling the buffer would move the name.
        if self.buffer.get(self.at) == Some(&b':') && self.at < self.filled {
            self.at += 1;
            return Ok(Some(self.resolve(range)));
        }
        let Self { text, buffer, .. } = self;
        if let Text::Buffer(from, to) = range {
            text.clear();
            text.extend_from_slice(buffer.get(from..to).unwrap_or_default());
        }
        self.token(b':', "':'")?;
        Ok(Some(&self.text))
    }

    /// The next bytes: at least so many, where the stream has them and gives them at once.
    ///
    /// # Errors
    /// The stream fails.
    #[inline(always)]
    pub(crate) fn ahead(&mut self, least: usize) -> Result<&[u8], Error> {
        if self.rest().len() < least {
            self.fill(self.at)?;
        }
        Ok(self.rest())
    }

    /// What is left of the bytes that were read already, from a place on: `None` when they are gone.
    pub(crate) fn since(&self, place: u64) -> Option<&[u8]> {
        let from = usize::try_from(place.checked_sub(self.base)?).ok()?;
        self.buffer.get(from..self.filled)
    }

    /// Passes over bytes that [`Self::ahead`] showed.
    #[inline(always)]
    pub(crate) fn pass(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes).min(self.filled);
    }

    /// Takes `text` if exactly it stands here and the buffer holds it; no white space is skipped.
    #[inline(always)]
    pub fn take(&mut self, text: &[u8]) -> bool {
        let here = begins(self.rest(), text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Takes such a text if exactly it stands here and the buffer holds it; no white space is skipped.
    #[inline(always)]
    pub fn take_literal(&mut self, literal: &Literal) -> bool {
        let here = self.rest().first_chunk().is_some_and(|there| literal.begins(there));
        if here {
            self.at += literal.len;
        }
        here
    }

    /// Whether an array that was entered has one more element; `false` leaves the array.
    ///
    /// # Errors
    /// Neither an element nor the end stands here.
    pub fn element(&mut self, first: bool) -> Result<bool, Error> {
        self.more(first, b']', "',' or ']'")
    }

    /// A string, its escapes resolved.
    ///
    /// # Errors
    /// No string stands here, or it is not one to its end.
    #[inline(always)]
    pub fn string(&mut self) -> Result<&[u8], Error> {
        let text = self.raw_string()?;
        Ok(self.resolve(text))
    }

    /// A number.
    ///
    /// # Errors
    /// No number stands here.
    #[inline]
    pub fn number(&mut self) -> Result<Number, Error> {
        if let Some((number, len)) = number::whole(self.rest()) {
            self.at += len;
            return Ok(number);
        }
        self.number_beyond()
    }

    /// A whole number of the commonest form, if one stands here: digits alone, few enough, the end of
    /// which the buffer holds.
    #[inline]
    pub fn plain_number(&mut self) -> Option<u64> {
        let (value, len) = number::digits(self.rest())?;
        self.at += len;
        Some(value)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Neither stands here.
    pub fn bool(&mut self) -> Result<bool, Error> {
        match self.peek_token()? {
            Some(b't') => self.word(b"true").map(|()| true),
            Some(_) | None => self.word(b"false").map(|()| false),
        }
    }

    /// `null`.
    ///
    /// # Errors
    /// It does not stand here.
    pub fn null(&mut self) -> Result<(), Error> {
        self.peek_token()?;
        self.word(b"null")
    }

    /// Reads over one value of any kind.
    ///
    /// # Errors
    /// The value is not one to its end.
    pub fn skip(&mut self) -> Result<(), Error> {
        match self.peek()? {
            Next::String => self.raw_string().map(drop),
            Next::Number => self.number().map(drop),
            Next::Null => self.null(),
            Next::Object | Next::Array | Next::Bool | Next::End => self.skip_any(),
        }
    }

    fn skip_any(&mut self) -> Result<(), Error> {
        // One bit for each open container, the innermost lowest: 1 is an object.
        let mut open: u128 = 0;
        let mut depth = 0;
        let mut first = false;
        loop {
            let next = match depth {
                0 => Some(self.peek()?),
                _ if open & 1 == 1 => self.name(first)?.is_some().then_some(Next::Null),
                _ => self.element(first)?.then_some(Next::Null),
            };
            first = false;
            match next {
                None => {
                    open >>= 1;
                    depth -= 1;
                }
                Some(_) => match self.peek()? {
                    kind @ (Next::Object | Next::Array) if depth < DEEPEST => {
                        self.at += 1;
                        open = open << 1 | u128::from(kind == Next::Object);
                        depth += 1;
                        first = true;
                    }
                    Next::Object | Next::Array => return Err(self.bad(Problem::Deep)),
                    Next::String => self.raw_string().map(drop)?,
                    Next::Number => self.number().map(drop)?,
                    Next::Bool => self.bool().map(drop)?,
                    Next::Null => self.null()?,
                    Next::End => return Err(self.bad(Problem::End)),
                },
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    #[inline]
    fn more(&mut self, first: bool, close: u8, wanted: &'static str) -> Result<bool, Error> {
        match self.peek_token()? {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                self.peek_token()?;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            Some(_) | None => Err(self.unexpected(wanted)),
        }
    }

    #[inline(always)]
    fn token(&mut self, byte: u8, wanted: &'static str) -> Result<(), Error> {
        if self.peek_token()? != Some(byte) {
            return Err(self.unexpected(wanted));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Error> {
        if self.take(word) {
            return Ok(());
        }
        for &byte in word {
            if self.byte()? != Some(byte) {
                return Err(self.unexpected("true, false or null"));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// The error for the byte that stands here, or for the end.
    #[cold]
    pub fn unexpected(&self, wanted: &'static str) -> Error {
        let found = self.rest().first();
        self.bad(found.map_or(Problem::End, |&found| Problem::Byte { found, wanted }))
    }

    /// What of the buffer is not read yet.
    #[inline(always)]
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    #[inline(always)]
    fn peek_token(&mut self) -> Result<Option<u8>, Error> {
        match self.rest().first() {
            Some(&byte) if byte > b' ' => Ok(Some(byte)),
            Some(_) | None => self.peek_beyond(),
        }
    }

    /// The next byte that is no white space.
    #[inline(never)]
    fn peek_beyond(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Error> {
        if self.rest().is_empty() {
            self.fill(self.at)?;
        }
        Ok(self.rest().first().copied())
    }

    /// Reads more, keeping what stands from `keep` on. Nothing new means the end.
    #[cold]
    fn fill(&mut self, keep: usize) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        self.buffer.copy_within(keep..self.filled, 0);
        self.base = self.base.saturating_add(keep as u64);
        self.at -= keep;
        self.filled -= keep;
        if self.buffer.len() < self.filled + BUFFER {
            self.buffer.resize(self.filled + BUFFER, 0);
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled = self.filled.saturating_add(read).min(self.buffer.len());
        self.ended = read == 0;
        Ok(())
    }
}

mod literal;
mod number;
mod string;
pub use literal::Literal;
pub(crate) use number::{digits, eight};
use string::Text;

#[cfg(test)]
mod tests;
