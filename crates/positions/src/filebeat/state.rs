//! The fields of one state, as every generation of registry has them.
//!
//! A state is read into one [`State`] that is used again for the next, so that a million of them
//! cost no allocation. Field names count in any case, as in Filebeat's own decoders; unknown fields
//! are skipped. A field of a wrong type, a negative or a huge one is a [`FaultKind`], and the state
//! then claims nothing for it. Pure.

use super::key::FINGERPRINT_LENGTH;
use super::order::{Field, Order};
use super::time::{self, Time};
use crate::cursor::{Acknowledged, Cursor, FaultKind, FileId, Identity, Input, Timestamp, Ttl, split};
use crate::json::{Error, Next, Number, Reader};
use std::time::Duration;

/// One state as it is read.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// `source`; of filestream `meta.source`.
    pub source: Vec<u8>,
    /// The memlog key (`_key` of a checkpoint's entry).
    pub key: Vec<u8>,
    /// `meta` in the canonical form of [`Cursor::meta`].
    pub meta: Vec<u8>,
    /// What could not be taken, and where.
    pub faults: Vec<(u64, FaultKind)>,
    offset: Option<u64>,
    eof: Option<bool>,
    no_cursor: bool,
    inode: Option<u64>,
    device: Option<u64>,
    time: Option<Time>,
    ttl: Option<i64>,
    kind: Option<Input>,
    fingerprint: Option<u64>,
    order: Order,
}

impl State {
    /// Forgets the state before.
    pub fn clear(&mut self) {
        self.source.clear();
        self.key.clear();
        self.meta.clear();
        self.faults.clear();
        self.offset = None;
        self.eof = None;
        self.no_cursor = false;
        self.inode = None;
        self.device = None;
        self.time = None;
        self.ttl = None;
        self.kind = None;
        self.fingerprint = None;
    }

    /// Reads the fields of an object that begins here.
    ///
    /// # Errors
    /// The stream fails, or the text is not JSON.
    pub fn read(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
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
                Field::Skip => json.skip()?,
            }
        }
        Ok(())
    }

    /// Reads the key from a string that begins here.
    ///
    /// # Errors
    /// The stream fails, or the text is not JSON.
    pub fn read_key(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        self.text(json, "key", |state| &mut state.key)
    }

    /// The file that the state names.
    #[must_use]
    pub fn file_id(&self) -> Option<FileId> {
        Some(FileId { dev: self.device?, ino: self.inode? })
    }

    /// The state as a cursor. `input` is what the key says; the log input's `type` may say more.
    #[must_use]
    pub fn cursor<'a>(&'a self, identity: Identity<'a>, input: Input, input_id: &'a [u8]) -> Cursor<'a> {
        let (folder, name) = split(&self.source);
        Cursor {
            identity: self.grown(identity),
            seen: match identity {
                Identity::Inode(id) => Some(id),
                Identity::Path | Identity::InodeMarker { .. } | Identity::Fingerprint { .. } => {
                    self.file_id()
                }
            },
            folder,
            name,
            acknowledged: self.acknowledged(input),
            ttl: self.time_to_live(),
            input: match input {
                Input::Filestream | Input::CloudWatch => input,
                Input::Log | Input::Container | Input::Docker | Input::Stdin => self.kind.unwrap_or(input),
            },
            input_id,
            meta: &self.meta,
            updated: self.updated(),
        }
    }

    /// The acknowledged offset as a number.
    #[must_use]
    pub fn offset_or_zero(&self) -> u64 {
        self.offset.unwrap_or(0)
    }

    /// When it was updated last.
    #[must_use]
    pub fn updated(&self) -> Option<Timestamp> {
        match self.time {
            Some(Time::At(at)) => Some(at),
            Some(Time::Zero) | None => None,
        }
    }

    /// `meta.fingerprint_len` says how far a growing fingerprint has come.
    fn grown<'a>(&self, identity: Identity<'a>) -> Identity<'a> {
        match (identity, self.fingerprint) {
            (Identity::Fingerprint { sha256, offset, .. }, Some(len)) if len < FINGERPRINT_LENGTH => {
                Identity::Fingerprint { sha256, offset, len, growing: true }
            }
            (other, _) => other,
        }
    }

    fn acknowledged(&self, input: Input) -> Acknowledged<'static> {
        match (self.offset, self.eof) {
            (Some(offset), Some(eof)) => Acknowledged::OffsetEof { offset, eof },
            (Some(offset), None) => Acknowledged::Offset(offset),
            (None, _) if self.no_cursor || input == Input::Filestream => Acknowledged::Nothing,
            (None, _) => Acknowledged::Offset(0),
        }
    }

    fn time_to_live(&self) -> Ttl {
        match self.ttl {
            None | Some(-1) => Ttl::Never,
            Some(-2) => Ttl::Unclaimed,
            Some(0) if self.time == Some(Time::Zero) => Ttl::New,
            Some(nanoseconds) if nanoseconds > 0 => {
                Ttl::For(Duration::from_nanos(nanoseconds.unsigned_abs()))
            }
            Some(_) => Ttl::Deleted,
        }
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

    /// A text, into its field. Twice with other values: the later one counts.
    #[inline(always)]
    fn text(
        &mut self,
        json: &mut Reader<'_>,
        name: &'static str,
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
        let offset = self.whole(json, "offset", i64::MAX.unsigned_abs(), self.offset)?;
        // A claim that cannot be taken is a claim of nothing, also when a good one follows it.
        self.offset = Some(offset.unwrap_or(0));
        Ok(())
    }

    fn source(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        self.text(json, "source", |state| &mut state.source)
    }

    fn kind(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        if json.peek()? != Next::String {
            return self.wrong(json, "type");
        }
        self.kind = Some(match json.string()? {
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
            Some(ttl) => self.ttl = Some(ttl),
            None => self.fault(place, FaultKind::Value("ttl")),
        }
        Ok(())
    }

    fn time(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        let place = json.place();
        let time = match json.peek()? {
            Next::String => time::rfc3339(json.string()?),
            Next::Array => {
                let mut parts = [None; 2];
                let mut count = 0;
                json.array()?;
                while json.element(count == 0)? {
                    let value = self.whole(json, "timestamp", u64::MAX, None)?;
                    if let Some(part) = parts.get_mut(count) {
                        *part = value;
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
            Some(time) => self.time = Some(time),
            None => self.fault(place, FaultKind::Value("timestamp")),
        }
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
            self.inode = self.whole(json, "inode", u64::MAX, self.inode)?;
            if json.take(b",\"device\":") {
                self.device = self.whole(json, "device", u64::MAX, self.device)?;
            }
        }
        while let Some(name) = json.name(first)? {
            first = false;
            if name == b"inode" || name.eq_ignore_ascii_case(b"inode") {
                self.inode = self.whole(json, "inode", u64::MAX, self.inode)?;
            } else if name == b"device" || name.eq_ignore_ascii_case(b"device") {
                self.device = self.whole(json, "device", u64::MAX, self.device)?;
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
                self.no_cursor = true;
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
                self.eof = Some(eof && self.eof != Some(false));
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
                    self.fingerprint = self.whole(json, "fingerprint_len", u64::MAX, self.fingerprint)?;
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
