//! A tree of values: answers in the making, and texts whose form somebody else decides.

use super::write::quote;
use super::{Error, Json, Problem, Reader, Writer};
use std::fmt;
use std::path::PathBuf;

/// Any value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object: keys and values in the order in which they are written.
    Object(Vec<(String, Value)>),
}

/// An object from its fields. Keys are put in order, so that answers can be compared line by line.
#[must_use]
pub fn object<K: Into<String>>(fields: Vec<(K, Value)>) -> Value {
    let mut all: Vec<(String, Value)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let key = key.into();
        let at = all.partition_point(|(other, _)| *other <= key);
        all.insert(at, (key, value));
    }
    Value::Object(all)
}

/// An object: `object! { "key" => value, … }`; each value is anything with [`ToValue`].
#[macro_export]
macro_rules! object {
    ($($key:literal => $value:expr),* $(,)?) => {
        $crate::json::object(vec![$(($key, $crate::json::ToValue::to_value(&$value))),*])
    };
}

impl Value {
    /// The value of a key of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().rfind(|(name, _)| name == key).map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// What lies below it along a path of keys and, in lists, of places from 0: `/one/0`.
    #[must_use]
    pub fn pointer(&self, path: &str) -> Option<&Self> {
        path.split('/').skip(1).try_fold(self, |at, key| match at {
            Self::List(all) => all.get(key.parse::<usize>().ok()?),
            Self::Object(_) => at.get(key),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        })
    }

    /// A string's text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// A number, if it is whole and from 0 to 2^64-1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    fn show(&self, out: &mut Vec<u8>, indent: Option<usize>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(digits) => out.extend_from_slice(digits.as_bytes()),
            Self::Text(text) => quote(out, text),
            Self::List(all) => {
                let parts = all.iter().map(|value| (None, value));
                inside(out, [b'[', b']'], &mut parts.into_iter(), indent);
            }
            Self::Object(fields) => {
                let parts = fields.iter().map(|(key, value)| (Some(key.as_str()), value));
                inside(out, [b'{', b'}'], &mut parts.into_iter(), indent);
            }
        }
    }
}

/// The parts of a list or an object, each on a line of its own where there is an indent.
fn inside(
    out: &mut Vec<u8>,
    [open, close]: [u8; 2],
    parts: &mut dyn Iterator<Item = (Option<&str>, &Value)>,
    indent: Option<usize>,
) {
    let deeper = indent.map(|spaces| spaces.saturating_add(2));
    let line = |out: &mut Vec<u8>, spaces: Option<usize>| {
        if let Some(spaces) = spaces {
            out.push(b'\n');
            out.resize(out.len().saturating_add(spaces), b' ');
        }
    };
    out.push(open);
    let mut empty = true;
    for (key, value) in parts {
        if !empty {
            out.push(b',');
        }
        empty = false;
        line(out, deeper);
        if let Some(key) = key {
            quote(out, key);
            out.extend_from_slice(if indent.is_some() { b": " } else { b":" });
        }
        value.show(out, deeper);
    }
    if !empty {
        line(out, indent);
    }
    out.push(close);
}

/// On one line; with `{:#}` as people like to read it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.show(&mut out, f.alternate().then_some(0));
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Json for Value {
    fn write(&self, out: &mut Writer) {
        out.plain(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match from.peek()? {
            b'{' => {
                let mut fields = Vec::new();
                from.fields(&mut |key, from| {
                    fields.push((key.to_owned(), Self::read(from)?));
                    Ok(())
                })?;
                Self::Object(fields)
            }
            b'[' => Self::List(Vec::read(from)?),
            b'"' => Self::Text(String::read(from)?),
            b'-' | b'0'..=b'9' => Self::Number(from.number()?.to_owned()),
            _ if from.word("null")? => Self::Null,
            _ if from.word("true")? => Self::Bool(true),
            _ if from.word("false")? => Self::Bool(false),
            _ => return Err(from.error(Problem::Expected("a value"))),
        })
    }
}

/// What can stand in an answer.
pub trait ToValue {
    /// As a value.
    fn to_value(&self) -> Value;
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

/// As it is printed: what is no UTF-8 in it is shown as a sign in its place.
impl ToValue for PathBuf {
    fn to_value(&self) -> Value {
        Value::Text(self.display().to_string())
    }
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                Value::Number(self.to_string())
            }
        }
    )*};
}

numbers! { u8 u32 u64 usize i32 i64 }

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue> ToValue for [T] {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}
