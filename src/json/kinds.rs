//! The form in JSON of the standard library's types.

use super::{Error, Json, Problem, Reader, Writer};
use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

impl Json for bool {
    fn write(&self, out: &mut Writer) {
        out.plain(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        if from.word("true")? {
            Ok(true)
        } else if from.word("false")? {
            Ok(false)
        } else {
            Err(from.error(Problem::Expected("true or false")))
        }
    }
}

macro_rules! numbers {
    ($($kind:ty, $write:expr;)*) => {$(
        impl Json for $kind {
            fn write(&self, out: &mut Writer) {
                let write: fn(Self, &mut Writer) = $write;
                write(*self, out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
                let number = from.number()?;
                number.parse().map_err(|_| from.error(Problem::Range))
            }
        }
    )*};
}

numbers! {
    u8, |number, out| out.number(number.into());
    u32, |number, out| out.number(number.into());
    u64, |number, out| out.number(number);
    i32, |number, out| out.plain(&number);
    i64, |number, out| out.plain(&number);
}

impl Json for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        from.string().map(Cow::into_owned)
    }
}

impl Json for Cow<'static, str> {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        String::read(from).map(Cow::Owned)
    }
}

/// As the path that it shares.
impl Json for Arc<Path> {
    fn write(&self, out: &mut Writer) {
        path(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        PathBuf::read(from).map(Self::from)
    }
}

fn path(path: &Path, out: &mut Writer) {
    match path.to_str() {
        Some(text) => out.text(text),
        None => list(path.as_os_str().as_bytes(), out),
    }
}

/// A string; a path that is no UTF-8 is a list of bytes.
impl Json for PathBuf {
    fn write(&self, out: &mut Writer) {
        path(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        if from.peek()? == b'[' {
            return Ok(OsString::from_vec(Vec::read(from)?).into());
        }
        String::read(from).map(Self::from)
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(it) => it.write(out),
            None => out.plain(&"null"),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        if from.word("null")? { Ok(None) } else { T::read(from).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

fn list<T: Json>(all: &[T], out: &mut Writer) {
    out.open(b'[');
    all.iter().for_each(|one| one.write(out));
    out.close(b']');
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Writer) {
        list(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        let mut all = Self::new();
        from.list(&mut |from| {
            all.push(T::read(from)?);
            Ok(())
        })?;
        Ok(all)
    }
}

impl<A: Json, B: Json> Json for (A, B) {
    fn write(&self, out: &mut Writer) {
        out.open(b'[');
        self.0.write(out);
        self.1.write(out);
        out.close(b']');
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        from.take(b'[', "a pair")?;
        let first = A::read(from)?;
        from.take(b',', "','")?;
        let second = B::read(from)?;
        from.take(b']', "']'")?;
        Ok((first, second))
    }
}

/// Whole seconds, and nanoseconds.
impl Json for Duration {
    fn write(&self, out: &mut Writer) {
        (self.as_secs(), self.subsec_nanos()).write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Error> {
        let (seconds, nanos) = <(u64, u32)>::read(from)?;
        match Self::from_secs(seconds).checked_add(Self::from_nanos(nanos.into())) {
            Some(all) => Ok(all),
            None => Err(from.error(Problem::Range)),
        }
    }
}
