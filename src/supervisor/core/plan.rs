//! What a supervisor is told of its unit, through a descriptor: no parser, no search path, nothing to look up
//! again. A command reads the unit and makes the plan, so what that costs is gone before the supervisor begins.
//!
//! Pure.

use super::version::{self, Newer};
use crate::unit::value::raw_path;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A plan is not longer than this, in bytes.
pub const PLAN_LIMIT: u64 = 16 << 20;

/// What units write for the folder of [`Paths::runtime_dir`].
pub const RUN: &str = "/run";

/// The plan for a kind of unit.
pub trait Plan: Serialize + DeserializeOwned {
    /// The [version](super::version) of whoever made it, in which it is answered.
    fn version(&self) -> u32;
}

/// Of a plan, its version alone.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// Why a plan cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Unread {
    #[error("cannot read the plan: {0}")]
    Bytes(String),
    /// A newer amr has made it.
    #[error("cannot read the plan: {0}")]
    Newer(#[from] Newer),
}

/// For the descriptor.
#[must_use]
pub fn encode<P: Plan>(plan: &P) -> Vec<u8> {
    // Into memory, and no type of a plan has a value without a form: it does not fail.
    serde_json::to_vec(plan).unwrap_or_default()
}

/// From the descriptor.
///
/// # Errors
/// Bytes that are not a plan, or one that a newer amr has made.
pub fn decode<P: Plan>(bytes: &[u8]) -> Result<P, Unread> {
    // A newer one need not have the form of this one.
    let newer = || {
        let Head { version } = serde_json::from_slice(bytes).ok()?;
        version::check(version).err()
    };
    let plan: P = serde_json::from_slice(bytes)
        .map_err(|e| newer().map_or_else(|| Unread::Bytes(e.to_string()), Unread::Newer))?;
    version::check(plan.version())?;
    Ok(plan)
}

/// Where a supervisor finds and makes its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// The root, as the host sees it; `/` in life.
    #[serde(with = "raw_path")]
    pub root: PathBuf,
    /// For locks, records and sockets; inside the root. So with the others.
    #[serde(with = "raw_path")]
    pub run_dir: PathBuf,
    /// For the output of services.
    #[serde(with = "raw_path")]
    pub log_dir: PathBuf,
    /// /var/lock/subsys.
    #[serde(with = "raw_path")]
    pub lock_dir: PathBuf,
    /// Where `RuntimeDirectory=` lies: /run, or /var/run on a host that has that alone.
    #[serde(with = "raw_path")]
    pub runtime_dir: PathBuf,
}

impl Paths {
    /// Where a kind of [directory](crate::unit::exec::directories::Kind) lies on this host.
    #[must_use]
    pub fn above(&self, usual: &'static str) -> &Path {
        if usual == RUN { &self.runtime_dir } else { Path::new(usual) }
    }
}
