//! JSON: records on disk and between processes, answers for machines, and what others wrote.
//!
//! Three ways in and out, for three needs. A type with [`Json`], mostly by [`record!`] or
//! [`choice!`](crate::choice), is written to and read from bytes without a tree between: a report of
//! a million files fits in memory. A [`Value`] is a tree, for answers (`--json`) and for texts of
//! other people's making. `positions::json` reads a registry from a stream.
//!
//! Promises: what is written can be read again and is one line; an error names line and column; what
//! is read ends, and is nested no deeper than [`DEEPEST`]. Numbers are whole numbers; others are kept
//! as they are written.
//!
//! Pure.

mod kinds;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use read::{DEEPEST, Error, Problem, Reader};
pub use value::{ToValue, Value, object};
pub use write::Writer;

/// A type that has a form in JSON.
pub trait Json: Sized {
    /// Writes it.
    fn write(&self, out: &mut Writer);

    /// Reads it.
    ///
    /// # Errors
    /// The text has another form.
    fn read(from: &mut Reader<'_>) -> Result<Self, Error>;

    /// What a field of this type is where a record lacks it; `None` where it must be there.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// Is it as its type's default?
pub fn is_default<T: Default + PartialEq>(what: &T) -> bool {
    *what == T::default()
}

/// As bytes, on one line, without its end.
#[must_use]
pub fn encode<T: Json>(what: &T) -> Vec<u8> {
    let mut out = Writer::default();
    what.write(&mut out);
    out.into_bytes()
}

/// From the bytes of a whole text.
///
/// # Errors
/// It is no JSON, or another form of it.
pub fn decode<T: Json>(text: &[u8]) -> Result<T, Error> {
    let mut from = Reader::new(text);
    let read = T::read(&mut from)?;
    from.end()?;
    Ok(read)
}
