//! The fields of one state, as every generation of registry has them.
//!
//! A state is read into one [`State`] that is used again for the next, so that a million of them
//! cost no allocation. Field names count in any case, as in Filebeat's own decoders; unknown fields
//! are skipped. A field of a wrong type, a negative or a huge one is a [`FaultKind`], and the state
//! then claims nothing for it. Pure.

use super::key::FINGERPRINT_LENGTH;
use super::time::Time;
use crate::cursor::{Acknowledged, Cursor, FaultKind, FileId, Identity, Input, Timestamp, Ttl, split};
use std::time::Duration;

mod read;
pub(super) use read::{Read, Whole};

/// One state as it is read.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// `source`; of filestream `meta.source`.
    pub source: Vec<u8>,
    /// The memlog key (`_key` of a checkpoint's entry).
    pub key: Vec<u8>,
    /// `meta` in the canonical form of [`Cursor::meta`].
    pub meta: Vec<u8>,
    /// What could not be taken.
    pub faults: Vec<FaultKind>,
    fields: Fields,
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
    pub fn clear(&mut self) {
        self.source.clear();
        self.key.clear();
        self.meta.clear();
        self.faults.clear();
        self.fields = Fields::default();
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
