//! The fields of one state, as every generation of registry has them.
//!
//! A state is read into one [`State`] that is used again for the next, so that a million of them
//! cost no allocation. Field names count in any case, as in Filebeat's own decoders; unknown fields
//! are skipped. A field of a wrong type, a negative or a huge one is a [`FaultKind`], and the state
//! then claims nothing for it. Pure.

use super::form::{Form, Forms, Gap, Mark};
use super::key::FINGERPRINT_LENGTH;
use super::order::Order;
use super::time::{self, Dates, Time};
use crate::cursor::{
    Acknowledged, Cursor, Cursors, FaultKind, FileId, Full, Identity, Input, Model, Novelty, Timestamp, Ttl,
    split,
};
use crate::json::{Error, Reader, digits};
use std::time::Duration;

mod anew;

/// So much of a state is to be in the buffer before its form is looked for: most states are shorter.
const AHEAD: usize = 1024;

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
    fields: Fields,
    /// Nothing was read into it yet.
    fresh: bool,
    /// It is of the form that fitted last.
    formed: bool,
    order: Order,
    forms: Forms<Common>,
    dates: Dates,
    /// Where the values stood that differ from state to state, while that is asked for.
    marks: Option<Vec<Mark>>,
}

/// What all states of one form say alike.
#[derive(Clone, Debug)]
struct Common {
    fields: Fields,
    meta: Vec<u8>,
    /// One of them in the table, and what stands in its key around the inode, if it was read with a key.
    model: Option<(Model, Vec<u8>, Vec<u8>)>,
}

/// What a state says in numbers and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fields {
    offset: Option<u64>,
    eof: Option<bool>,
    no_cursor: bool,
    inode: Option<u64>,
    device: Option<u64>,
    time: Option<Time>,
    ttl: Option<i64>,
    kind: Option<Input>,
    fingerprint: Option<u64>,
}

impl State {
    /// Forgets the state before.
    #[inline]
    pub fn clear(&mut self) {
        self.source.clear();
        self.key.clear();
        self.meta.clear();
        self.faults.clear();
        self.fields = Fields::default();
        self.fresh = true;
        self.formed = false;
    }

    /// Reads the fields of an object that begins here.
    ///
    /// # Errors
    /// The stream fails, or the text is not JSON.
    #[inline]
    pub fn read(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh && self.by_form(json)? {
            return Ok(());
        }
        self.read_anew(json, fresh)
    }

    /// Takes a state that is written like one before.
    #[inline(always)]
    fn by_form(&mut self, json: &mut Reader<'_>) -> Result<bool, Error> {
        let Some((values, len, common)) = self.forms.find(json.ahead(AHEAD)?) else { return Ok(false) };
        let mut fields = common.fields;
        fields.offset = values.number(Gap::Offset).or(fields.offset);
        fields.inode = values.number(Gap::Inode).or(fields.inode);
        let pair = (values.number(Gap::Extra), values.number(Gap::Second));
        let time = match (values.text(Gap::Time), pair.0, pair.1) {
            (Some(text), ..) => self.dates.rfc3339(text),
            (None, Some(extra), Some(second)) => time::pair_of(extra, second),
            (None, ..) => fields.time,
        };
        let key = values.text(Gap::Key);
        // Of a key that was read before, and of a time that is none, the careful reader has more to say.
        if time.is_none() && fields.time.is_some() || key.is_some() && !self.key.is_empty() {
            return Ok(false);
        }
        fields.time = time;
        self.fields = fields;
        self.source.extend_from_slice(values.text(Gap::Source).unwrap_or_default());
        self.key.extend_from_slice(key.unwrap_or_default());
        self.meta.extend_from_slice(&common.meta);
        self.formed = true;
        json.pass(len);
        Ok(true)
    }

    /// Keeps the form of a state that was read from byte `start` on.
    #[cold]
    fn keep_form(&mut self, json: &Reader<'_>, start: u64, marks: &[Mark]) {
        let len = json.place().checked_sub(start).and_then(|len| usize::try_from(len).ok());
        let text = json.since(start);
        let form = text.zip(len).and_then(|(text, len)| Form::of(text, start, len, marks));
        if let Some(form) = form.filter(|_| self.faults.is_empty()) {
            self.forms.keep(form, Common { fields: self.fields, meta: self.meta.clone(), model: None });
            self.formed = true;
        }
    }

    /// Adds the state like the one before of its form, if that is known and nobody is in its place.
    ///
    /// # Errors
    /// The table is full, and as it was.
    #[inline]
    pub(super) fn add_like(&mut self, cursors: &mut Cursors) -> Result<bool, Full> {
        let (Some(ino), Some(offset)) = (self.ino_like(), self.fields.offset) else { return Ok(false) };
        let updated = self.updated();
        let Some(Common { model: Some((model, ..)), .. }) = self.forms.last() else { return Ok(false) };
        Ok(cursors.insert_like(model, ino, offset, updated, &self.source)? == Novelty::New)
    }

    /// The inode by which the state goes, if it is of the last form and its key, if it has one, is like
    /// that of the model but for the inode.
    #[inline(always)]
    fn ino_like(&mut self) -> Option<u64> {
        if !self.formed {
            return None;
        }
        let (model, lead, end) = self.forms.last()?.model.as_ref()?;
        let own = self.fields.inode;
        if lead.is_empty() {
            return own;
        }
        let (ino, len) = digits(self.key.strip_prefix(lead.as_slice())?)?;
        let same_key = self.key.get(lead.len().checked_add(len)?..) == Some(end);
        let same_file =
            own.is_none_or(|own| own == ino) && self.fields.device.is_none_or(|own| own == model.dev);
        (same_key && same_file).then_some(ino)
    }

    /// Takes the state, which has this number in the table and this key around its inode, as the model for
    /// all of its form.
    pub(super) fn is_model(&mut self, cursors: &Cursors, number: u32, (lead, end): (&[u8], &[u8])) {
        if !self.formed {
            return;
        }
        if let Some(common) = self.forms.last() {
            common.model = cursors.model(number).map(|model| (model, lead.to_vec(), end.to_vec()));
        }
    }

    /// The file that the state names.
    #[must_use]
    pub fn file_id(&self) -> Option<FileId> {
        Some(FileId { dev: self.fields.device?, ino: self.fields.inode? })
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
                Input::Log | Input::Container | Input::Docker | Input::Stdin => {
                    self.fields.kind.unwrap_or(input)
                }
            },
            input_id,
            meta: &self.meta,
            updated: self.updated(),
        }
    }

    /// The acknowledged offset as a number.
    #[must_use]
    pub fn offset_or_zero(&self) -> u64 {
        self.fields.offset.unwrap_or(0)
    }

    /// When it was updated last.
    #[must_use]
    pub fn updated(&self) -> Option<Timestamp> {
        match self.fields.time {
            Some(Time::At(at)) => Some(at),
            Some(Time::Zero) | None => None,
        }
    }

    /// `meta.fingerprint_len` says how far a growing fingerprint has come.
    fn grown<'a>(&self, identity: Identity<'a>) -> Identity<'a> {
        match (identity, self.fields.fingerprint) {
            (Identity::Fingerprint { sha256, offset, .. }, Some(len)) if len < FINGERPRINT_LENGTH => {
                Identity::Fingerprint { sha256, offset, len, growing: true }
            }
            (other, _) => other,
        }
    }

    fn acknowledged(&self, input: Input) -> Acknowledged<'static> {
        match (self.fields.offset, self.fields.eof) {
            (Some(offset), Some(eof)) => Acknowledged::OffsetEof { offset, eof },
            (Some(offset), None) => Acknowledged::Offset(offset),
            (None, _) if self.fields.no_cursor || input == Input::Filestream => Acknowledged::Nothing,
            (None, _) => Acknowledged::Offset(0),
        }
    }

    fn time_to_live(&self) -> Ttl {
        match self.fields.ttl {
            None | Some(-1) => Ttl::Never,
            Some(-2) => Ttl::Unclaimed,
            Some(0) if self.fields.time == Some(Time::Zero) => Ttl::New,
            Some(nanoseconds) if nanoseconds > 0 => {
                Ttl::For(Duration::from_nanos(nanoseconds.unsigned_abs()))
            }
            Some(_) => Ttl::Deleted,
        }
    }
}

#[cfg(test)]
mod tests;
