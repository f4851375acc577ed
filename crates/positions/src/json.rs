//! serde_json over a stream of many values, and what is done with values of each kind.
//!
//! A registry of a million states would cost a gigabyte as a tree of values, and serde_json reads a
//! stream five times slower than a slice. So the states lie in a [`Window`] one after the other, and
//! each is read as a slice; what stands between them is a comma. Each value goes to a [`Take`] as it
//! is read. Names of files are taken as Go's decoder takes them ([`Text`]).
//!
//! It holds at most [`LONGEST`] bytes of the stream. Pure: the stream is the caller's.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::SliceRead;
use std::fmt;
use std::io::{self, Read};

/// The longest value that is taken, in bytes; a state has some 200, and a path 4096 at most.
pub(crate) const LONGEST: usize = 4 << 20;
const BUFFER: usize = 64 << 10;

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Error {
    /// The stream failed.
    Io(io::Error),
    /// The text ends too soon, at this byte.
    End(u64),
    /// The text is not JSON, or not what was expected, at this byte.
    Bad(u64, String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Error {
    /// What is wrong with the text, and where; the error itself where the stream failed.
    pub fn fault(self) -> io::Result<(u64, String)> {
        match self {
            Self::Io(error) => Err(error),
            Self::End(at) => Ok((at, "the text ends too soon".into())),
            Self::Bad(at, problem) => Ok((at, problem)),
        }
    }
}

/// What reads one value.
pub(crate) type Json<'de> = serde_json::Deserializer<SliceRead<'de>>;

/// The part of a stream in which the next value lies.
pub(crate) struct Window<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// The next byte of `buffer` to look at.
    at: usize,
    /// Bytes of `buffer` that are filled.
    filled: usize,
    /// The place in the file of `buffer`'s first byte.
    base: u64,
    ended: bool,
}

impl<'a> Window<'a> {
    /// Reads `source`, whose first byte is byte `base` of its file.
    pub fn new(source: &'a mut dyn Read, base: u64) -> Self {
        Self { source, buffer: Vec::new(), at: 0, filled: 0, base, ended: false }
    }

    /// The place in the file of the next byte.
    pub fn place(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    /// Skips white space; the byte after it, or `None` at the end.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let rest = self.rest();
            let white = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let next = rest.get(white).copied();
            self.at = self.at.saturating_add(white);
            if next.is_some() || self.ended {
                return Ok(next);
            }
            self.fill()?;
        }
    }

    /// Skips white space and takes `byte`, if it is there.
    pub fn take(&mut self, byte: u8) -> io::Result<bool> {
        let here = self.peek()? == Some(byte);
        self.at = self.at.saturating_add(usize::from(here));
        Ok(here)
    }

    /// An error at the next byte, where something else was expected.
    pub fn unexpected(&mut self, wanted: &str) -> Error {
        match self.peek() {
            Err(error) => Error::Io(error),
            Ok(None) => Error::End(self.place()),
            Ok(Some(found)) => {
                let found = char::from(found).escape_default();
                Error::Bad(self.place(), format!("expected {wanted}, found '{found}'"))
            }
        }
    }

    /// Reads one value, which is an object, an array or a string: of other ones the window may hold but a
    /// part. `read` is called again, from the beginning of the value, until the window holds all of it.
    pub fn value<T>(
        &mut self,
        mut read: impl FnMut(&mut Json<'_>) -> serde_json::Result<T>,
    ) -> Result<T, Error> {
        loop {
            let mut json = Json::from_slice(self.rest());
            match read(&mut json) {
                Ok(value) => {
                    let len = json.into_iter::<IgnoredAny>().byte_offset();
                    self.at = self.at.saturating_add(len);
                    return Ok(value);
                }
                Err(error) if !error.is_eof() => return Err(self.bad(&error)),
                Err(_) if self.ended => return Err(self.cut_short()),
                Err(_) if self.rest().len() > LONGEST => {
                    return Err(Error::Bad(self.place(), format!("a value of more than {LONGEST} bytes")));
                }
                Err(_) => self.fill()?,
            }
        }
    }

    /// Reads what stands between an opening bracket, which is the next byte, and `close`: `each` reads one
    /// of the things between the commas.
    pub fn list(
        &mut self,
        close: u8,
        mut each: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.at = self.at.saturating_add(1);
        if self.take(close)? {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.take(close)? {
                return Ok(());
            }
            if !self.take(b',')? {
                return Err(self.unexpected(&format!("',' or '{}'", char::from(close))));
            }
        }
    }

    /// The text ends within a value. A NUL, which no JSON has, is what a host that went down left in the place
    /// of what had not been written: there the value stopped.
    fn cut_short(&self) -> Error {
        match memchr::memchr(0, self.rest()) {
            Some(at) => Error::Bad(self.place().saturating_add(at as u64), "a NUL byte".to_owned()),
            None => Error::End(self.base.saturating_add(self.filled as u64)),
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// serde_json names line and column of the value; a file has bytes.
    fn bad(&self, error: &serde_json::Error) -> Error {
        let lines = self.rest().split_inclusive(|&byte| byte == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let at = before.saturating_add(error.column().saturating_sub(1));
        let place = format!(" at line {} column {}", error.line(), error.column());
        let text = error.to_string();
        let problem = text.strip_suffix(&place).unwrap_or(&text);
        Error::Bad(self.place().saturating_add(at as u64), problem.to_owned())
    }

    /// Reads more. What was passed goes; a value that fills the window makes it grow to twice its size.
    #[cold]
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.base = self.place();
        self.filled = self.filled.saturating_sub(self.at);
        self.at = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize((self.filled * 2).max(BUFFER), 0);
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled = self.filled.saturating_add(read).min(self.buffer.len());
        self.ended = read == 0;
        Ok(())
    }
}

/// A value that is no container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// An integer from 0 to 2^64-1.
    Unsigned(u64),
    /// An integer from -2^63 to -1.
    Negative(i64),
    /// A number that is no integer, or beyond 64 bits.
    Fraction,
    Text(&'a str),
    /// An object or an array where none was wanted; it was read over.
    Container,
}

/// What becomes of a value, whatever its kind.
pub(crate) trait Take<'de>: Sized {
    /// What it gives.
    type Out;

    /// Takes a value that is no container, or hears of a container that is not wanted.
    fn scalar(self, value: Scalar<'_>) -> Self::Out;

    /// Takes an object; where none is wanted it is read to its end and told of as a container.
    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Out, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Container))
    }

    /// Takes an array, likewise.
    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Out, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Container))
    }
}

/// Gives a value of any kind to a [`Take`].
pub(crate) struct Any<T>(pub T);

impl<'de, T: Take<'de>> DeserializeSeed<'de> for Any<T> {
    type Value = T::Out;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<T::Out, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de, T: Take<'de>> Visitor<'de> for Any<T> {
    type Value = T::Out;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<T::Out, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T::Out, E> {
        Ok(self.0.scalar(Scalar::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T::Out, E> {
        Ok(self.0.scalar(Scalar::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T::Out, E> {
        Ok(self.0.scalar(u64::try_from(value).map_or(Scalar::Negative(value), Scalar::Unsigned)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<T::Out, E> {
        Ok(self.0.scalar(Scalar::Fraction))
    }

    fn visit_str<E>(self, value: &str) -> Result<T::Out, E> {
        Ok(self.0.scalar(Scalar::Text(value)))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T::Out, A::Error> {
        self.0.object(object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T::Out, A::Error> {
        self.0.array(array)
    }
}

/// A string that is taken as Go's decoder takes it, into `into`: a lone surrogate becomes U+FFFD. Bytes
/// that are no UTF-8 stay as they are, as they may be a file's name. Anything else than a string ends
/// the reading, since serde tells no kind beforehand where it gives bytes.
pub(crate) struct Text<'a> {
    pub name: &'static str,
    pub into: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "'{}' to be a string", self.name)
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<(), E> {
        self.into.clear();
        self.into.extend_from_slice(text);
        replace_surrogates(self.into);
        Ok(())
    }
}

/// serde_json gives a lone surrogate as the three bytes that UTF-8 would have for it.
fn replace_surrogates(text: &mut [u8]) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(0xed, rest) {
        let (_, found) = rest.split_at_mut(at);
        if let [lead, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] = found {
            [*lead, *second, *third] = *b"\xef\xbf\xbd";
        }
        rest = found.get_mut(1..).unwrap_or_default();
    }
}

/// The name of a field, given to a function as the bytes it has.
pub(crate) struct Name<F>(pub F);

impl<'de, T, F: FnOnce(&[u8]) -> T> DeserializeSeed<'de> for Name<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<T, D::Error> {
        name.deserialize_bytes(self)
    }
}

impl<T, F: FnOnce(&[u8]) -> T> Visitor<'_> for Name<F> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<T, E> {
        Ok(self.0(name))
    }
}

#[cfg(test)]
mod tests;
