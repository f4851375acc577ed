//! The table of cursors: 64 bytes a state and its file's name; everything that states share
//! (folders, devices, input names, metas) is kept once.
//!
//! A state is known by its scope and its identity. The scope is whatever else the shipper's key
//! holds (input id, prefix, suffix, hash of the meta), so that a key is found again exactly, and
//! not by a hash alone. With
//! [`Identity::Path`] it holds the path too. Pure.

use super::intern::{Arena, Entry, Index, Interner, MOST, Slot};
use super::record::{
    Ack, Kind, NO_TIME, NONE, Record, hash_of, pack_identity, same_identity, ttl, ttl_number,
};
use super::{Acknowledged, Cursor, FileId, Identity, Input, Timestamp};

/// Why the table takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// More states, or more text, than 32 bits count.
    #[error("there are more states than amr can hold")]
    TooMany,
    /// A file name of so many bytes. Linux knows none above 255.
    #[error("a file name of {0} bytes, no file can have it")]
    LongName(usize),
}

/// How long a file's name is, mostly.
const NAME: usize = 20;

/// A folder's number; states of one folder share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderId(u32);

/// Whether a state was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    Known,
}

/// Many cursors, in little room. See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Cursors {
    records: Vec<Record>,
    index: Index,
    free: Vec<u32>,
    folders: Interner,
    scopes: Interner,
    metas: Interner,
    devices: Interner,
    /// The device before and its number: mostly the next one too.
    last_device: Option<(u64, u32)>,
    names: Arena,
    texts: Arena,
    ranges: Vec<Box<[(u64, u64)]>>,
}

impl Cursors {
    /// How many states there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets the state with this cursor's own identity (input id, meta and file), new or not.
    ///
    /// # Errors
    /// [`Full`]; the table is as it was.
    pub fn add(&mut self, cursor: &Cursor<'_>) -> Result<u32, Full> {
        match cursor.identity {
            Identity::Path => self.set(&[cursor.meta, b"\0", cursor.folder, cursor.name].concat(), cursor),
            Identity::Inode(_) | Identity::InodeMarker { .. } | Identity::Fingerprint { .. } => {
                self.set(cursor.meta, cursor)
            }
        }
    }

    /// Sets the state known by `scope`, input id and identity, new or not; the last one counts.
    ///
    /// # Errors
    /// [`Full`]; the states are as they were.
    pub(crate) fn set(&mut self, scope: &[u8], cursor: &Cursor<'_>) -> Result<u32, Full> {
        let (scope, entry) = self.known(scope, cursor)?;
        self.put(scope, entry, cursor)
    }

    /// Sets the state known by `scope`, input id and identity if it is new, and says whether it is, and its
    /// number. One that is there already stays as it is.
    ///
    /// # Errors
    /// [`Full`]; the states are as they were.
    pub(crate) fn insert(&mut self, scope: &[u8], cursor: &Cursor<'_>) -> Result<(u32, Novelty), Full> {
        let (scope, entry) = self.known(scope, cursor)?;
        match entry {
            Entry::Found(old) => Ok((old, Novelty::Known)),
            Entry::Free(_) => self.put(scope, entry, cursor).map(|number| (number, Novelty::New)),
        }
    }

    /// Makes room for so many states. Memory that is never written to costs nothing.
    pub(crate) fn reserve(&mut self, states: usize) {
        let states = states.min(MOST);
        self.records.reserve(states);
        self.names.reserve(states.saturating_mul(NAME));
        self.index.reserve(states);
    }

    /// The number of a scope, and the state of this key or room for it.
    fn known(&mut self, scope: &[u8], cursor: &Cursor<'_>) -> Result<(u32, Entry), Full> {
        let scope = match self.last_scope(scope, cursor.input_id) {
            Some(last) => last,
            None => self.scopes.intern(&scope_text(scope, cursor.input_id)).ok_or(Full::TooMany)?,
        };
        let Self { records, index, texts, devices, .. } = self;
        let entry = index.entry(hash_of(scope, &cursor.identity), |number| {
            is_state(records, texts, devices, number, scope, &cursor.identity)
        });
        Ok((scope, entry.ok_or(Full::TooMany)?))
    }

    fn put(&mut self, scope: u32, entry: Entry, cursor: &Cursor<'_>) -> Result<u32, Full> {
        let slot = match entry {
            Entry::Found(old) => {
                let record = self.pack(scope, cursor, Some(old))?;
                self.records.get_mut(old as usize).into_iter().for_each(|place| *place = record);
                return Ok(old);
            }
            Entry::Free(slot) => slot,
        };
        let record = self.pack(scope, cursor, None)?;
        self.push(slot, record)
    }

    fn push(&mut self, slot: Slot, record: Record) -> Result<u32, Full> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => u32::try_from(self.records.len())
                .ok()
                .filter(|_| self.records.len() < MOST)
                .ok_or(Full::TooMany)?,
        };
        match self.records.get_mut(number as usize) {
            Some(place) => *place = record,
            None => self.records.push(record),
        }
        self.index.fill(slot, number);
        Ok(number)
    }

    /// Takes out the state known by `scope`, input id and identity; whether it was there.
    pub(crate) fn remove(&mut self, scope: &[u8], input_id: &[u8], identity: &Identity<'_>) -> bool {
        let Some(number) = self.find(scope, input_id, identity) else { return false };
        let Some(record) = self.records.get_mut(number as usize) else { return false };
        self.index.remove(hash_of(record.scope, identity), number);
        record.kind = Kind::Gone;
        self.free.push(number);
        true
    }

    /// The number of the state known by `scope`, input id and identity.
    pub(crate) fn find(&self, scope: &[u8], input_id: &[u8], identity: &Identity<'_>) -> Option<u32> {
        let scope = match self.last_scope(scope, input_id) {
            Some(last) => last,
            None => self.scopes.find(&scope_text(scope, input_id))?,
        };
        self.lookup(scope, hash_of(scope, identity), identity)
    }

    /// The state of a number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<Cursor<'_>> {
        let record = self.records.get(number as usize)?;
        let seen = (record.device != NONE)
            .then(|| FileId { dev: device(&self.devices, record.device), ino: record.ino });
        Some(Cursor {
            identity: record.identity(&self.texts, &self.devices)?,
            seen,
            folder: self.folders.get(record.folder),
            name: self.names.get(record.name, usize::from(record.name_len)),
            acknowledged: self.acknowledged(record),
            ttl: ttl(record.ttl),
            input: record.input,
            input_id: input_id(self.scopes.get(record.scope)),
            meta: if record.meta == NONE { b"" } else { self.metas.get(record.meta) },
            updated: (record.updated != NO_TIME).then_some(Timestamp(record.updated)),
        })
    }

    /// Every state, in the order of its number.
    pub fn iter(&self) -> impl Iterator<Item = Cursor<'_>> + '_ {
        self.numbers().filter_map(|number| self.get(number))
    }

    /// The numbers of every state.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.records.iter().zip(0..).filter(|(record, _)| record.kind != Kind::Gone).map(|(_, number)| number)
    }

    /// Every state of a file (what came from stdin is none): its number, and device and inode where it
    /// goes by them. One look at each record; for whoever passes a million of them by.
    pub fn of_files(&self) -> impl Iterator<Item = (u32, Option<FileId>)> + '_ {
        let there = |record: &Record| record.kind != Kind::Gone && record.input != Input::Stdin;
        self.records.iter().zip(0..).filter(move |(record, _)| there(record)).map(|(record, number)| {
            let native = record.kind == Kind::Inode;
            (number, native.then(|| FileId { dev: device(&self.devices, record.device), ino: record.ino }))
        })
    }

    /// Every state that goes by a fingerprint.
    pub fn by_print(&self) -> impl Iterator<Item = Cursor<'_>> + '_ {
        // Fingerprints are kept among the texts: mostly there are none, and no state need be looked at.
        let records = if self.texts.len() == 0 { &[] } else { self.records.as_slice() };
        let prints = records.iter().zip(0..).filter(|(record, _)| record.kind == Kind::Fingerprint);
        prints.filter_map(|(_, number)| self.get(number))
    }

    /// The folders that states lie in, each once.
    pub fn used_folders(&self) -> impl Iterator<Item = FolderId> + '_ {
        let mut used = vec![false; self.folders.len()];
        for record in self.records.iter().filter(|record| record.kind != Kind::Gone) {
            if let Some(mark) = used.get_mut(record.folder as usize) {
                *mark = true;
            }
        }
        used.into_iter().zip(0..).filter(|(used, _)| *used).map(|(_, number)| FolderId(number))
    }

    /// Which folder a state's path lies in.
    #[must_use]
    pub fn folder_of(&self, number: u32) -> Option<FolderId> {
        self.records.get(number as usize).map(|record| FolderId(record.folder))
    }

    /// A folder's path, with its last `/`.
    #[must_use]
    pub fn folder(&self, folder: FolderId) -> &[u8] {
        self.folders.get(folder.0)
    }

    /// How many folders there are; some may have no state any more.
    #[must_use]
    pub fn folders(&self) -> usize {
        self.folders.len()
    }

    /// The numbers of every state, those of one folder side by side.
    #[must_use]
    pub fn by_folder(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.numbers().collect();
        numbers.sort_unstable_by_key(|&number| (self.folder_of(number), number));
        numbers
    }

    /// The scope of the state before, if this is the same: it mostly is.
    fn last_scope(&self, scope: &[u8], id: &[u8]) -> Option<u32> {
        let last = self.scopes.last()?;
        let (head, text) = self.scopes.get(last).split_first_chunk::<4>()?;
        if *head != scope_head(id) || text.len() != id.len() + scope.len() {
            return None;
        }
        (text.strip_prefix(id) == Some(scope)).then_some(last)
    }

    fn device_number(&mut self, device: u64) -> Option<u32> {
        if let Some((last, number)) = self.last_device
            && last == device
        {
            return Some(number);
        }
        let number = self.devices.intern(&device.to_ne_bytes())?;
        self.last_device = Some((device, number));
        Some(number)
    }

    fn lookup(&self, scope: u32, hash: u64, identity: &Identity<'_>) -> Option<u32> {
        let Self { records, index, texts, devices, .. } = self;
        index.find(hash, |number| is_state(records, texts, devices, number, scope, identity))
    }

    fn acknowledged(&self, record: &Record) -> Acknowledged<'_> {
        match record.ack {
            Ack::Nothing => Acknowledged::Nothing,
            Ack::Offset => Acknowledged::Offset(record.offset),
            Ack::Open => Acknowledged::OffsetEof { offset: record.offset, eof: false },
            Ack::Eof => Acknowledged::OffsetEof { offset: record.offset, eof: true },
            Ack::Ranges => {
                let ranges = usize::try_from(record.offset).ok().and_then(|at| self.ranges.get(at));
                Acknowledged::Ranges(ranges.map_or(&[], |ranges| ranges))
            }
        }
    }

    /// The cursor as a record; what was there before lends its texts where they are the same.
    fn pack(&mut self, scope: u32, cursor: &Cursor<'_>, old: Option<u32>) -> Result<Record, Full> {
        let name_len = u16::try_from(cursor.name.len()).map_err(|_| Full::LongName(cursor.name.len()))?;
        let old = old.and_then(|number| self.records.get(number as usize)).copied();
        let name = match old {
            Some(old) if self.names.get(old.name, usize::from(old.name_len)) == cursor.name => old.name,
            Some(_) | None => self.names.add(cursor.name).ok_or(Full::TooMany)?,
        };
        let seen = match cursor.identity {
            Identity::Inode(id) => Some(id),
            Identity::Path | Identity::InodeMarker { .. } | Identity::Fingerprint { .. } => cursor.seen,
        };
        let (ack, offset) = match cursor.acknowledged {
            Acknowledged::Nothing => (Ack::Nothing, 0),
            Acknowledged::Offset(offset) => (Ack::Offset, offset),
            Acknowledged::OffsetEof { offset, eof: false } => (Ack::Open, offset),
            Acknowledged::OffsetEof { offset, eof: true } => (Ack::Eof, offset),
            Acknowledged::Ranges(ranges) => {
                self.ranges.push(ranges.into());
                (Ack::Ranges, self.ranges.len() as u64 - 1)
            }
        };
        let (kind, text) = pack_identity(cursor, old.as_ref(), &mut self.texts)?;
        Ok(Record {
            ino: seen.map_or(0, |seen| seen.ino),
            offset,
            updated: cursor.updated.map_or(NO_TIME, |at| at.0),
            ttl: ttl_number(cursor.ttl),
            device: match seen {
                Some(seen) => self.device_number(seen.dev).ok_or(Full::TooMany)?,
                None => NONE,
            },
            folder: self.folders.intern(cursor.folder).ok_or(Full::TooMany)?,
            name,
            scope,
            meta: match cursor.meta {
                b"" => NONE,
                meta => self.metas.intern(meta).ok_or(Full::TooMany)?,
            },
            text,
            name_len,
            kind,
            ack,
            input: cursor.input,
        })
    }
}

/// Whether the state of a number has this scope and identity.
#[inline]
fn is_state(
    records: &[Record],
    texts: &Arena,
    devices: &Interner,
    number: u32,
    scope: u32,
    identity: &Identity<'_>,
) -> bool {
    let record = records.get(number as usize);
    record.is_some_and(|record| record.scope == scope && same_identity(record, identity, texts, devices))
}

/// The device of a number.
#[inline(always)]
pub(super) fn device(devices: &Interner, number: u32) -> u64 {
    devices.get(number).try_into().map_or(0, u64::from_ne_bytes)
}

/// What a state is known by beside its identity. The length keeps `a` + `bc` from being `ab` + `c`.
fn scope_text(scope: &[u8], input_id: &[u8]) -> Vec<u8> {
    [&scope_head(input_id), input_id, scope].concat()
}

fn scope_head(input_id: &[u8]) -> [u8; 4] {
    u32::try_from(input_id.len()).unwrap_or(u32::MAX).to_ne_bytes()
}

/// The input id in a scope's text.
fn input_id(scope: &[u8]) -> &[u8] {
    let Some((len, rest)) = scope.split_first_chunk::<4>() else { return b"" };
    rest.get(..u32::from_ne_bytes(*len) as usize).unwrap_or_default()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
