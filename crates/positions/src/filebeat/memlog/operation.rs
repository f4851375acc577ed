//! The two lines of an operation, as JSON: what is done, and to which state. Pure.

use crate::cursor::FaultKind;
use crate::filebeat::state::{self, State, Whole};
use crate::json::{Any, Error, Name, Scalar, Take, Text, Window};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess};
use std::io;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Set,
    Remove,
}

/// Why no operation was taken.
pub(super) enum Stop {
    Io(io::Error),
    /// The text ends within the operation.
    Torn,
    Fault(u64, FaultKind),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::Io(error),
            Error::End(_) => Self::Torn,
            Error::Bad(at, problem) => Self::Fault(at, FaultKind::Syntax(problem)),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// An object has to begin here.
pub(super) fn object(json: &mut Window<'_>) -> Result<(), Error> {
    if json.peek()? == Some(b'{') { Ok(()) } else { Err(json.unexpected("'{'")) }
}

/// `{"op":"set","id":N}`, the first line of an operation.
pub(super) fn head(json: &mut Window<'_>) -> Result<(Op, u64), Stop> {
    object(json)?;
    let place = json.place();
    let head = json.value(|json| Any(Head::default()).deserialize(json))?;
    let stop = |kind| Err(Stop::Fault(place, kind));
    match (head.op, head.id) {
        (Some(op), Some(id)) => match op.as_str() {
            "set" => Ok((Op::Set, id)),
            "remove" => Ok((Op::Remove, id)),
            other => {
                let shown: String = other.chars().take(40).collect();
                stop(FaultKind::Operation(shown.escape_debug().to_string()))
            }
        },
        (None, _) => stop(FaultKind::Missing("op")),
        (Some(_), None) => stop(FaultKind::Missing("id")),
    }
}

/// The fields of an operation's first line, and of its second.
enum Field {
    Op,
    Id,
    Key,
    Value,
    Other,
}

fn field(name: &[u8]) -> Field {
    match name.to_ascii_lowercase().as_slice() {
        b"op" => Field::Op,
        b"id" => Field::Id,
        b"k" => Field::Key,
        b"v" => Field::Value,
        _ => Field::Other,
    }
}

#[derive(Default)]
struct Head {
    op: Option<String>,
    id: Option<u64>,
}

impl<'de> Take<'de> for Head {
    type Out = Self;

    fn scalar(self, _: Scalar<'_>) -> Self {
        self
    }

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Self, A::Error> {
        while let Some(name) = object.next_key_seed(Name(field))? {
            match name {
                Field::Op => self.op = object.next_value_seed(Any(Word))?,
                Field::Id => self.id = object.next_value_seed(Any(Whole))?,
                Field::Key | Field::Value | Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(self)
    }
}

/// A text.
struct Word;

impl Take<'_> for Word {
    type Out = Option<String>;

    fn scalar(self, value: Scalar<'_>) -> Self::Out {
        if let Scalar::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

/// `{"k":KEY,"v":{…}}`, the second line of an operation.
pub(super) struct Body<'a>(pub(super) &'a mut State);

impl<'de> Take<'de> for Body<'_> {
    type Out = ();

    fn scalar(self, _: Scalar<'_>) {}

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key_seed(Name(field))? {
            match name {
                Field::Key => object.next_value_seed(Text { name: "k", into: &mut self.0.key })?,
                Field::Value => drop(object.next_value_seed(Any(state::Read(self.0)))?),
                Field::Op | Field::Id | Field::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
