//! The record of a unit: what is known of it, for readers that need no daemon.
//!
//! JSON with a [version](super::version); unknown fields are passed over and missing ones have defaults, so
//! that an older and a newer amr read one another's, unless it says that the older one must not. It holds no
//! environment, since everybody may read it. A process is named by number, start time and boot: a record
//! from an earlier boot is about nobody.
//!
//! Pure.

use super::version::{self, Newer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The record of a kind of unit.
pub trait Record: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The least version of a reader.
    fn needs(&self) -> u32;
    /// The boot in which it was written.
    fn boot_id(&self) -> &str;
}

/// Of a record, what each kind and each version has.
#[derive(Deserialize)]
struct Head {
    needs: u32,
    boot_id: String,
}

/// A record that this amr must not judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooNew {
    /// What it needs.
    pub newer: Newer,
    /// The boot in which it was written.
    pub boot_id: String,
}

/// For the file.
#[must_use]
pub fn encode<R: Record>(record: &R) -> Vec<u8> {
    // Into memory, and no type of a record has a value without a form: it does not fail.
    let mut bytes = serde_json::to_vec(record).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// From the file; `None` for bytes that are no record.
///
/// # Errors
/// It is a newer amr's.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<Option<R>, TooNew> {
    let record: Option<R> = serde_json::from_slice(bytes).ok();
    // A newer one need not have the form of this one.
    let head: Option<Head> = match &record {
        Some(r) => Some(Head { needs: r.needs(), boot_id: r.boot_id().to_owned() }),
        None => serde_json::from_slice(bytes).ok(),
    };
    if let Some(head) = head {
        version::check(head.needs).map_err(|newer| TooNew { newer, boot_id: head.boot_id })?;
    }
    Ok(record)
}
