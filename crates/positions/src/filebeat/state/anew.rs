//! Reads a state as JSON has it, whatever its form. Pure.

use super::super::form::{Gap, Mark};
use super::super::order::Field;
use super::super::time;
use super::State;
use crate::cursor::{FaultKind, Input};
use crate::json::{Error, Next, Number, Reader};

impl State {
    /// Reads a state, and keeps its form if nothing was read into it before.
    #[inline(never)]
    pub(super) fn read_anew(&mut self, json: &mut Reader<'_>, fresh: bool) -> Result<(), Error> {
        json.peek()?;
        let start = json.place();
        self.marks = (fresh && self.forms.wants()).then(Vec::new);
        self.read_fields(json)?;
        if let Some(marks) = self.marks.take() {
            self.keep_form(json, start, &marks);
        }
        Ok(())
    }

    fn read_fields(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        json.object()?;
        let mut count = 0;
        while let Some(field) = self.order.next(json, count)? {
            count += 1;
            match field {
                Field::Source => self.source(json)?,
                Field::Offset => self.offset(json)?,
                Field::Time => self.time(json)?,
                Field::Ttl => self.ttl(json)?,
                Field::Kind => self.kind(json)?,
                Field::Meta => self.meta(json)?,
                Field::File => self.file(json)?,
                Field::Cursor => self.cursor_field(json)?,
                Field::Key => self.read_key(json)?,
                Field::Skip => self.skip(json)?,
            }
        }
        Ok(())
    }

    /// Reads the key from a string that begins here.
    ///
    /// # Errors
    /// The stream fails, or the text is not JSON.
    pub fn read_key(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        self.text(json, "key", Gap::Key, |state| &mut state.key)
    }

    /// A value that means nothing.
    fn skip(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        json.peek()?;
        let from = json.place();
        json.skip()?;
        self.mark(json, Gap::Nothing, from);
        Ok(())
    }

    /// Faults are rare; kept out of the way of what is not.
    #[cold]
    #[inline(never)]
    fn fault(&mut self, place: u64, kind: FaultKind) {
        self.faults.push((place, kind));
    }

    #[cold]
    #[inline(never)]
    fn wrong(&mut self, json: &mut Reader<'_>, name: &'static str) -> Result<(), Error> {
        self.fault(json.place(), FaultKind::Value(name));
        json.skip()
    }

    /// Notes where a value stood, from `from` up to here.
    #[inline]
    fn mark(&mut self, json: &Reader<'_>, gap: Gap, from: u64) {
        if let Some(marks) = &mut self.marks {
            marks.push(Mark { gap, from, to: json.place() });
        }
    }

    /// A text, into its field. Twice with other values: the later one counts.
    #[inline(always)]
    fn text(
        &mut self,
        json: &mut Reader<'_>,
        name: &'static str,
        gap: Gap,
        field: fn(&mut Self) -> &mut Vec<u8>,
    ) -> Result<(), Error> {
        if json.peek()? != Next::String {
            return self.wrong(json, name);
        }
        let (place, text) = (json.place(), json.string()?);
        let old = field(self);
        let twice = !old.is_empty() && old.as_slice() != text;
        old.clear();
        old.extend_from_slice(text);
        if twice {
            self.fault(place, FaultKind::Twice(name));
        }
        self.mark(json, gap, place);
        Ok(())
    }

    /// A whole number from 0 to 2^63-1, Go's `int64` without its negative half. Twice with other
    /// values: the smaller one counts.
    fn whole(
        &mut self,
        json: &mut Reader<'_>,
        name: &'static str,
        most: u64,
        old: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        // Fifteen digits are always few enough.
        if old.is_none()
            && let Some(value) = json.plain_number()
        {
            return Ok(Some(value));
        }
        self.whole_beyond(json, name, most, old)
    }

    /// A number of another form, or in the place of an earlier one.
    #[cold]
    #[inline(never)]
    fn whole_beyond(
        &mut self,
        json: &mut Reader<'_>,
        name: &'static str,
        most: u64,
        old: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        if json.peek()? != Next::Number {
            self.wrong(json, name)?;
            return Ok(old.map(|_| 0));
        }
        let place = json.place();
        let value = match json.number()? {
            Number::Unsigned(value) if value <= most => Some(value),
            Number::Unsigned(_) | Number::Negative(_) | Number::Other => None,
        };
        if value.is_none() {
            self.fault(place, FaultKind::Value(name));
        }
        Ok(match (old, value) {
            (Some(old), value) if Some(old) != value => {
                self.fault(place, FaultKind::Twice(name));
                Some(old.min(value.unwrap_or(0)))
            }
            (_, value) => value,
        })
    }

    fn offset(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        let from = json.place();
        let offset = self.whole(json, "offset", i64::MAX.unsigned_abs(), self.fields.offset)?;
        self.mark(json, Gap::Offset, from);
        // A claim that cannot be taken is a claim of nothing, also when a good one follows it.
        self.fields.offset = Some(offset.unwrap_or(0));
        Ok(())
    }

    fn source(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        self.text(json, "source", Gap::Source, |state| &mut state.source)
    }

    fn kind(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        if json.peek()? != Next::String {
            return self.wrong(json, "type");
        }
        self.fields.kind = Some(match json.string()? {
            b"container" => Input::Container,
            b"docker" => Input::Docker,
            b"stdin" => Input::Stdin,
            _ => Input::Log,
        });
        Ok(())
    }

    fn ttl(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        if json.peek()? != Next::Number {
            return self.wrong(json, "ttl");
        }
        let place = json.place();
        let ttl = match json.number()? {
            Number::Unsigned(value) => i64::try_from(value).ok(),
            Number::Negative(value) => (value >= -2).then_some(value),
            Number::Other => None,
        };
        match ttl {
            Some(ttl) => self.fields.ttl = Some(ttl),
            None => self.fault(place, FaultKind::Value("ttl")),
        }
        Ok(())
    }

    fn time(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        let place = json.place();
        let time = match json.peek()? {
            Next::String => {
                let time = time::rfc3339(json.string()?);
                self.mark(json, Gap::Time, place);
                time
            }
            Next::Array => {
                const PAIR: [Gap; 2] = [Gap::Extra, Gap::Second];
                let mut parts = [None; 2];
                let mut count = 0;
                json.array()?;
                while json.element(count == 0)? {
                    let from = json.place();
                    let value = self.whole(json, "timestamp", u64::MAX, None)?;
                    if let (Some(part), Some(&gap)) = (parts.get_mut(count), PAIR.get(count)) {
                        *part = value;
                        self.mark(json, gap, from);
                    }
                    count += 1;
                }
                match parts {
                    [Some(extra), Some(sec)] if count == 2 => time::pair_of(extra, sec),
                    _ => None,
                }
            }
            Next::Object | Next::Number | Next::Bool | Next::Null | Next::End => {
                return self.wrong(json, "timestamp");
            }
        };
        match time {
            Some(time) => self.fields.time = Some(time),
            None => self.fault(place, FaultKind::Value("timestamp")),
        }
        Ok(())
    }

    fn inode(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        let from = json.place();
        self.fields.inode = self.whole(json, "inode", u64::MAX, self.fields.inode)?;
        self.mark(json, Gap::Inode, from);
        Ok(())
    }

    fn device(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        self.fields.device = self.whole(json, "device", u64::MAX, self.fields.device)?;
        Ok(())
    }

    fn file(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        if json.peek()? != Next::Object {
            return self.wrong(json, "FileStateOS");
        }
        json.object()?;
        let mut first = true;
        // As it is mostly written.
        if json.take(b"\"inode\":") {
            first = false;
            self.inode(json)?;
            if json.take(b",\"device\":") {
                self.device(json)?;
            }
        }
        while let Some(name) = json.name(first)? {
            first = false;
            if name == b"inode" || name.eq_ignore_ascii_case(b"inode") {
                self.inode(json)?;
            } else if name == b"device" || name.eq_ignore_ascii_case(b"device") {
                self.device(json)?;
            } else {
                json.skip()?;
            }
        }
        Ok(())
    }

    /// Filestream's `cursor`: `null`, or an object with the offset and perhaps `eof`.
    fn cursor_field(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        match json.peek()? {
            Next::Null => {
                self.fields.no_cursor = true;
                return json.null();
            }
            Next::Object => json.object()?,
            Next::Array | Next::String | Next::Number | Next::Bool | Next::End => {
                return self.wrong(json, "cursor");
            }
        }
        // As it is mostly written.
        let mut first = !json.take(b"\"offset\":");
        if !first {
            self.offset(json)?;
        }
        while let Some(name) = json.name(first)? {
            first = false;
            if name.eq_ignore_ascii_case(b"offset") {
                self.offset(json)?;
            } else if !name.eq_ignore_ascii_case(b"eof") {
                json.skip()?;
            } else if json.peek()? == Next::Bool {
                let eof = json.bool()?;
                self.fields.eof = Some(eof && self.fields.eof != Some(false));
            } else {
                self.wrong(json, "eof")?;
            }
        }
        Ok(())
    }

    /// `meta`: of filestream the source and more; of the others a map that tells states apart.
    fn meta(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        match json.peek()? {
            Next::Null => return json.null(),
            Next::Object => json.object()?,
            Next::Array | Next::String | Next::Number | Next::Bool | Next::End => {
                return self.wrong(json, "meta");
            }
        }
        // As filestream mostly writes it.
        let mut first = !json.take(b"\"source\":");
        if !first {
            self.source(json)?;
            if json.take(b",\"identifier_name\":") {
                json.skip()?;
            }
        }
        let mut lines = 0;
        while let Some(name) = json.name(first)? {
            first = false;
            match name {
                b"source" => self.source(json)?,
                b"fingerprint_len" => {
                    self.fields.fingerprint =
                        self.whole(json, "fingerprint_len", u64::MAX, self.fields.fingerprint)?;
                }
                b"identifier_name" => json.skip()?,
                _ => {
                    let start = self.meta.len();
                    self.meta.extend_from_slice(name);
                    if json.peek()? == Next::String {
                        self.meta.push(b'=');
                        self.meta.extend_from_slice(json.string()?);
                        self.meta.push(b'\n');
                        lines += 1;
                    } else {
                        self.meta.truncate(start);
                        json.skip()?;
                    }
                }
            }
        }
        if lines > 1 {
            let mut sorted: Vec<&[u8]> = self.meta.split_inclusive(|&byte| byte == b'\n').collect();
            sorted.sort_unstable();
            self.meta = sorted.concat();
        }
        Ok(())
    }
}
