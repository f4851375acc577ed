//! Reads a state, whatever the order of its fields. Pure.

use super::super::time;
use super::State;
use crate::cursor::{FaultKind, Input};
use crate::json::{Any, Name, Scalar, Take, Text};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

/// The fields that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Source,
    Offset,
    Time,
    Ttl,
    Kind,
    Meta,
    File,
    Cursor,
    Key,
    Skip,
}

/// As Filebeat writes them. They are looked for in any case, for files of another hand.
const NAMES: [(&[u8], Field); 10] = [
    (b"source", Field::Source),
    (b"offset", Field::Offset),
    (b"timestamp", Field::Time),
    (b"updated", Field::Time),
    (b"ttl", Field::Ttl),
    (b"type", Field::Kind),
    (b"FileStateOS", Field::File),
    (b"meta", Field::Meta),
    (b"cursor", Field::Cursor),
    (b"_key", Field::Key),
];

fn field(name: &[u8]) -> Field {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(Field::Skip, |&(_, field)| field)
}

/// Reads one state; `false` if the value is no object, and was read over.
pub(crate) struct Read<'a>(pub &'a mut State);

impl<'de> Take<'de> for Read<'_> {
    type Out = bool;

    fn scalar(self, _: Scalar<'_>) -> bool {
        false
    }

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<bool, A::Error> {
        while let Some(field) = object.next_key_seed(Name(field))? {
            match field {
                Field::Source => self.text(&mut object, "source", |state| &mut state.source)?,
                Field::Key => self.text(&mut object, "key", |state| &mut state.key)?,
                Field::Offset => self.offset(&mut object)?,
                Field::Time => self.time(&mut object)?,
                Field::Ttl => self.ttl(&mut object)?,
                Field::Kind => self.kind(&mut object)?,
                Field::Meta => object.next_value_seed(Any(Meta(self.again())))?,
                Field::File => object.next_value_seed(Any(File(self.again())))?,
                Field::Cursor => object.next_value_seed(Any(Position(self.again())))?,
                Field::Skip => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(true)
    }
}

impl Read<'_> {
    fn again(&mut self) -> Read<'_> {
        Read(self.0)
    }

    fn fault(&mut self, kind: FaultKind) {
        self.0.faults.push(kind);
    }

    /// A value of another kind than its field has.
    fn wrong(&mut self, name: &'static str) {
        self.fault(FaultKind::Value(name));
    }

    /// A text, into its field. Twice with other values: the later one counts.
    fn text<'de, A: MapAccess<'de>>(
        &mut self,
        object: &mut A,
        name: &'static str,
        into: fn(&mut State) -> &mut Vec<u8>,
    ) -> Result<(), A::Error> {
        let old = std::mem::take(into(self.0));
        if old.is_empty() {
            // Its room is used again.
            *into(self.0) = old;
            return object.next_value_seed(Text { name, into: into(self.0) });
        }
        object.next_value_seed(Text { name, into: into(self.0) })?;
        if *into(self.0) != old {
            self.fault(FaultKind::Twice(name));
        }
        Ok(())
    }

    /// A whole number up to `most`. Twice with other values: the smaller one counts.
    fn whole<'de, A: MapAccess<'de>>(
        &mut self,
        object: &mut A,
        name: &'static str,
        most: u64,
        old: Option<u64>,
    ) -> Result<Option<u64>, A::Error> {
        let value = object.next_value_seed(Any(Whole))?.filter(|&value| value <= most);
        if value.is_none() {
            self.fault(FaultKind::Value(name));
        }
        Ok(match old {
            Some(old) if value != Some(old) => {
                self.fault(FaultKind::Twice(name));
                Some(old.min(value.unwrap_or(0)))
            }
            Some(_) | None => value,
        })
    }

    /// From 0 to 2^63-1, Go's `int64` without its negative half.
    fn offset<'de, A: MapAccess<'de>>(&mut self, object: &mut A) -> Result<(), A::Error> {
        let offset = self.whole(object, "offset", i64::MAX.unsigned_abs(), self.0.fields.offset)?;
        // A claim that cannot be taken is a claim of nothing, also when a good one follows it.
        self.0.fields.offset = Some(offset.unwrap_or(0));
        Ok(())
    }

    fn kind<'de, A: MapAccess<'de>>(&mut self, object: &mut A) -> Result<(), A::Error> {
        match object.next_value_seed(Any(Kind))? {
            Some(kind) => self.0.fields.kind = Some(kind),
            None => self.wrong("type"),
        }
        Ok(())
    }

    fn ttl<'de, A: MapAccess<'de>>(&mut self, object: &mut A) -> Result<(), A::Error> {
        match object.next_value_seed(Any(Ttl))? {
            Some(ttl) => self.0.fields.ttl = Some(ttl),
            None => self.wrong("ttl"),
        }
        Ok(())
    }

    fn time<'de, A: MapAccess<'de>>(&mut self, object: &mut A) -> Result<(), A::Error> {
        match object.next_value_seed(Any(Moment))? {
            Some(time) => self.0.fields.time = Some(time),
            None => self.wrong("timestamp"),
        }
        Ok(())
    }
}

/// A whole number from 0 on.
pub(crate) struct Whole;

impl Take<'_> for Whole {
    type Out = Option<u64>;

    fn scalar(self, value: Scalar<'_>) -> Option<u64> {
        if let Scalar::Unsigned(value) = value { Some(value) } else { None }
    }
}

/// A time to live: nanoseconds, or -1 or -2.
struct Ttl;

impl Take<'_> for Ttl {
    type Out = Option<i64>;

    fn scalar(self, value: Scalar<'_>) -> Option<i64> {
        match value {
            Scalar::Unsigned(value) => i64::try_from(value).ok(),
            Scalar::Negative(value) => (value >= -2).then_some(value),
            Scalar::Null | Scalar::Bool(_) | Scalar::Fraction | Scalar::Text(_) | Scalar::Container => None,
        }
    }
}

/// The `type` of the log input's states.
struct Kind;

impl Take<'_> for Kind {
    type Out = Option<Input>;

    fn scalar(self, value: Scalar<'_>) -> Option<Input> {
        let Scalar::Text(text) = value else { return None };
        Some(match text {
            "container" => Input::Container,
            "docker" => Input::Docker,
            "stdin" => Input::Stdin,
            _ => Input::Log,
        })
    }
}

/// A time in either form: a text, or `[extra, sec]`.
struct Moment;

impl<'de> Take<'de> for Moment {
    type Out = Option<time::Time>;

    fn scalar(self, value: Scalar<'_>) -> Self::Out {
        if let Scalar::Text(text) = value { time::rfc3339(text.as_bytes()) } else { None }
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Out, A::Error> {
        let extra = array.next_element_seed(Any(Whole))?.flatten();
        let sec = array.next_element_seed(Any(Whole))?.flatten();
        let mut more = false;
        while array.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        let pair = extra.zip(sec).filter(|_| !more);
        Ok(pair.and_then(|(extra, sec)| time::pair_of(extra, sec)))
    }
}

/// `FileStateOS`: device and inode.
struct File<'a>(Read<'a>);

impl<'de> Take<'de> for File<'_> {
    type Out = ();

    fn scalar(mut self, _: Scalar<'_>) {
        self.0.wrong("FileStateOS");
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self(mut read) = self;
        let which = |name: &[u8]| (name.eq_ignore_ascii_case(b"inode"), name.eq_ignore_ascii_case(b"device"));
        while let Some(name) = object.next_key_seed(Name(which))? {
            match name {
                (true, _) => {
                    let old = read.0.fields.inode;
                    read.0.fields.inode = read.whole(&mut object, "inode", u64::MAX, old)?;
                }
                (_, true) => {
                    let old = read.0.fields.device;
                    read.0.fields.device = read.whole(&mut object, "device", u64::MAX, old)?;
                }
                (false, false) => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Filestream's `cursor`: `null`, or an object with the offset and perhaps `eof`.
struct Position<'a>(Read<'a>);

impl<'de> Take<'de> for Position<'_> {
    type Out = ();

    fn scalar(mut self, value: Scalar<'_>) {
        match value {
            Scalar::Null => self.0.0.fields.no_cursor = true,
            Scalar::Bool(_)
            | Scalar::Unsigned(_)
            | Scalar::Negative(_)
            | Scalar::Fraction
            | Scalar::Text(_)
            | Scalar::Container => self.0.wrong("cursor"),
        }
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self(mut read) = self;
        let which = |name: &[u8]| (name.eq_ignore_ascii_case(b"offset"), name.eq_ignore_ascii_case(b"eof"));
        while let Some(name) = object.next_key_seed(Name(which))? {
            match name {
                (true, _) => read.offset(&mut object)?,
                (_, true) => match object.next_value_seed(Any(Flag))? {
                    Some(eof) => {
                        read.0.fields.eof = Some(eof && read.0.fields.eof != Some(false));
                    }
                    None => read.wrong("eof"),
                },
                (false, false) => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// `true` or `false`.
struct Flag;

impl Take<'_> for Flag {
    type Out = Option<bool>;

    fn scalar(self, value: Scalar<'_>) -> Option<bool> {
        if let Scalar::Bool(flag) = value { Some(flag) } else { None }
    }
}

/// `meta`: of filestream the source and more; of the others a map that tells states apart.
struct Meta<'a>(Read<'a>);

/// The fields of `meta`; any other one is a line of [`State::meta`].
enum MetaField {
    Source,
    FingerprintLength,
    Identifier,
    Other(Vec<u8>),
}

impl<'de> Take<'de> for Meta<'_> {
    type Out = ();

    fn scalar(mut self, value: Scalar<'_>) {
        if value != Scalar::Null {
            self.0.wrong("meta");
        }
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self(mut read) = self;
        let which = |name: &[u8]| match name {
            b"source" => MetaField::Source,
            b"fingerprint_len" => MetaField::FingerprintLength,
            b"identifier_name" => MetaField::Identifier,
            other => MetaField::Other(other.to_vec()),
        };
        let mut lines = Vec::new();
        while let Some(name) = object.next_key_seed(Name(which))? {
            match name {
                MetaField::Source => read.text(&mut object, "source", |state| &mut state.source)?,
                MetaField::FingerprintLength => {
                    let old = read.0.fields.fingerprint;
                    read.0.fields.fingerprint = read.whole(&mut object, "fingerprint_len", u64::MAX, old)?;
                }
                MetaField::Identifier => drop(object.next_value::<IgnoredAny>()?),
                MetaField::Other(name) => lines.extend(object.next_value_seed(Any(Line(name)))?),
            }
        }
        lines.sort_unstable();
        read.0.meta.extend(lines.concat());
        Ok(())
    }
}

/// `NAME=VALUE` and a newline, of a value that is a text.
struct Line(Vec<u8>);

impl Take<'_> for Line {
    type Out = Option<Vec<u8>>;

    fn scalar(self, value: Scalar<'_>) -> Self::Out {
        let Scalar::Text(text) = value else { return None };
        Some([&self.0, &b"="[..], text.as_bytes(), b"\n"].concat())
    }
}
