//! States that differ from one before in few things: the rest of its record is taken as it is. Pure.

use super::super::intern::Entry;
use super::super::record::{Ack, Kind, NO_TIME, Record, hash_of, ttl};
use super::super::{FileId, Identity, Timestamp, Ttl, split};
use super::{Cursors, Full, Novelty, device};

/// See [`Cursors::model`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    record: Record,
    pub(crate) dev: u64,
}

impl Cursors {
    /// What a state has in common with those that differ from it in inode, offset, time and path alone;
    /// `None` where such a state may differ in more.
    pub(crate) fn model(&self, number: u32) -> Option<Model> {
        let record = *self.records.get(number as usize)?;
        let counts = matches!(record.ack, Ack::Offset | Ack::Open | Ack::Eof);
        // With a time to live of nothing it depends on the time whether the state is new.
        let lives = !matches!(ttl(record.ttl), Ttl::New | Ttl::Deleted);
        let dev = device(&self.devices, record.device);
        (record.kind == Kind::Inode && counts && lives).then_some(Model { record, dev })
    }

    /// Adds a state as [`Self::insert`] does.
    ///
    /// # Errors
    /// [`Full`]; the states are as they were.
    pub(crate) fn insert_like(
        &mut self,
        model: &Model,
        ino: u64,
        offset: u64,
        updated: Option<Timestamp>,
        path: &[u8],
    ) -> Result<Novelty, Full> {
        let Model { record, dev } = *model;
        let identity = Identity::Inode(FileId { dev, ino });
        let Self { records, index, .. } = self;
        let same = |number: u32| {
            records.get(number as usize).is_some_and(|other| {
                (other.ino, other.device, other.scope) == (ino, record.device, record.scope)
                    && other.kind == Kind::Inode
            })
        };
        let slot = match index.entry(hash_of(record.scope, &identity), same).ok_or(Full::TooMany)? {
            Entry::Found(_) => return Ok(Novelty::Known),
            Entry::Free(slot) => slot,
        };
        let (folder, name) = split(path);
        let record = Record {
            ino,
            offset,
            updated: updated.map_or(NO_TIME, |at| at.0),
            folder: self.folders.intern(folder).ok_or(Full::TooMany)?,
            name_len: u16::try_from(name.len()).map_err(|_| Full::LongName(name.len()))?,
            name: self.names.add(name).ok_or(Full::TooMany)?,
            ..record
        };
        self.push(slot, record).map(|_| Novelty::New)
    }
}
