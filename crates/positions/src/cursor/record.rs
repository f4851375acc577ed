//! One state in 64 bytes, and how an identity is laid into them. Pure.

use super::intern::{Arena, Interner, hash};
use super::store::{Full, device};
use super::{Cursor, FileId, Identity, Input, Ttl};
use std::time::Duration;

/// Which identity a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The record is free.
    Gone,
    Inode,
    Path,
    Marker,
    Fingerprint,
}

/// Which form of acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ack {
    Nothing,
    Offset,
    /// Offset, end of file not acknowledged.
    Open,
    /// Offset, end of file acknowledged.
    Eof,
    /// `offset` is the number of the ranges.
    Ranges,
}

/// One state. `ino` and `device` are the file that it names ([`NONE`] device: it names none);
/// `text` is where the identity's own bytes lie, if it has any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub ino: u64,
    pub offset: u64,
    pub updated: i64,
    pub ttl: i64,
    pub device: u32,
    pub folder: u32,
    pub name: u32,
    pub scope: u32,
    pub meta: u32,
    pub text: u32,
    pub name_len: u16,
    pub kind: Kind,
    pub ack: Ack,
    pub input: Input,
}

const _: () = assert!(size_of::<Record>() <= 64, "a million states are meant to fit");

/// No such thing.
pub(super) const NONE: u32 = u32::MAX;
/// No time known.
pub(super) const NO_TIME: i64 = i64::MIN;
/// The number that stands for [`Ttl::New`].
const NEW: i64 = i64::MIN;
/// What a fingerprint takes in the arena: digest, offset, length, growing.
const FINGERPRINT: usize = 32 + 8 + 8 + 1;

impl Record {
    /// The identity; `None` for a free record.
    #[inline(always)]
    pub fn identity<'a>(&self, texts: &'a Arena, devices: &Interner) -> Option<Identity<'a>> {
        Some(match self.kind {
            Kind::Gone => return None,
            Kind::Inode => Identity::Inode(FileId { dev: device(devices, self.device), ino: self.ino }),
            Kind::Path => Identity::Path,
            Kind::Marker => {
                let ino = texts.get(self.text, 8).first_chunk::<8>()?;
                let len = texts.get(self.text.checked_add(8)?, 4).first_chunk::<4>()?;
                let marker = texts.get(self.text.checked_add(12)?, u32::from_ne_bytes(*len) as usize);
                Identity::InodeMarker { ino: u64::from_ne_bytes(*ino), marker }
            }
            Kind::Fingerprint => {
                let (sha256, rest) = texts.get(self.text, FINGERPRINT).split_first_chunk::<32>()?;
                let (offset, rest) = rest.split_first_chunk::<8>()?;
                let (len, growing) = rest.split_first_chunk::<8>()?;
                Identity::Fingerprint {
                    sha256: *sha256,
                    offset: u64::from_ne_bytes(*offset),
                    len: u64::from_ne_bytes(*len),
                    growing: growing == [1],
                }
            }
        })
    }
}

/// The hash of a state's key. Files that were made one after the other have inodes that follow one
/// another, and so have their states mostly: 64 of them come to lie side by side in the index, where
/// few trips to memory bring them all.
pub(super) fn hash_of(scope: u32, identity: &Identity<'_>) -> u64 {
    const BESIDE: u64 = 63 << 32;
    let scope = u64::from(scope).rotate_left(40);
    match *identity {
        Identity::Inode(id) => mix(id.ino >> 6, id.dev ^ scope) & !BESIDE | id.ino << 32 & BESIDE,
        Identity::Path => mix(0, scope),
        Identity::InodeMarker { ino, marker } => mix(hash(marker) ^ ino, scope),
        Identity::Fingerprint { sha256, .. } => mix(hash(&sha256), scope),
    }
}

/// Both numbers in each bit: the halves of their product, one upon the other.
fn mix(one: u64, other: u64) -> u64 {
    let (one, other) = (one ^ 0x9e37_79b9_7f4a_7c15, other ^ 0xff51_afd7_ed55_8ccd);
    let product = u128::from(one).wrapping_mul(u128::from(other));
    (product >> 64) as u64 ^ product as u64
}

/// The record and the identity name the same file in the same manner.
pub(super) fn same_identity(
    record: &Record,
    identity: &Identity<'_>,
    texts: &Arena,
    devices: &Interner,
) -> bool {
    match (record.identity(texts, devices), identity) {
        (Some(Identity::Fingerprint { sha256: one, .. }), Identity::Fingerprint { sha256: other, .. }) => {
            one == *other
        }
        (Some(found), other) => found == *other,
        (None, _) => false,
    }
}

/// Lays the identity's own bytes down; those of the record before are taken again if they are the same.
pub(super) fn pack_identity(
    cursor: &Cursor<'_>,
    old: Option<&Record>,
    texts: &mut Arena,
) -> Result<(Kind, u32), Full> {
    let (kind, bytes) = match cursor.identity {
        Identity::Inode(_) => return Ok((Kind::Inode, NONE)),
        Identity::Path => return Ok((Kind::Path, NONE)),
        Identity::InodeMarker { ino, marker } => {
            let len = u32::try_from(marker.len()).map_err(|_| Full::TooMany)?;
            (Kind::Marker, [&ino.to_ne_bytes()[..], &len.to_ne_bytes(), marker].concat())
        }
        Identity::Fingerprint { sha256, offset, len, growing } => (
            Kind::Fingerprint,
            [&sha256[..], &offset.to_ne_bytes(), &len.to_ne_bytes(), &[u8::from(growing)]].concat(),
        ),
    };
    match old {
        Some(old) if texts.get(old.text, bytes.len()) == bytes => Ok((kind, old.text)),
        Some(_) | None => Ok((kind, texts.add(&bytes).ok_or(Full::TooMany)?)),
    }
}

/// The time to live of a number.
pub(super) fn ttl(number: i64) -> Ttl {
    match number {
        NEW => Ttl::New,
        0 => Ttl::Deleted,
        -1 => Ttl::Never,
        -2 => Ttl::Unclaimed,
        nanoseconds => Ttl::For(Duration::from_nanos(nanoseconds.unsigned_abs())),
    }
}

/// The number that stands for a time to live. Above 292 years it is kept for 292.
pub(super) fn ttl_number(ttl: Ttl) -> i64 {
    match ttl {
        Ttl::New => NEW,
        Ttl::Deleted => 0,
        Ttl::Never => -1,
        Ttl::Unclaimed => -2,
        Ttl::For(time) => i64::try_from(time.as_nanos()).unwrap_or(i64::MAX).max(1),
    }
}
