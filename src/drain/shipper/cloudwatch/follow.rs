//! Reads the CloudWatch agent's folder of states. A driver: it reads files.

use super::state::read_written;
use crate::drain::cursor::{Generation, Positions, Timestamp};
use crate::drain::shipper::interface::{Error, PositionSource};
use crate::os::error::Result;
use crate::os::root::{FileKind, Root};
use std::path::{Path, PathBuf};

/// A state is some hundred bytes long; what is longer is none.
const LONGEST: u64 = 1 << 20;
/// The agent truncates before it writes, so an empty state is looked at again.
const ATTEMPTS: usize = 50;

/// A folder of states that is followed.
#[derive(Debug)]
pub(super) struct States {
    pub(super) root: Root,
    pub(super) folder: PathBuf,
    pub(super) positions: Positions,
}

impl PositionSource for States {
    fn positions(&self) -> &Positions {
        &self.positions
    }

    fn refresh(&mut self) -> std::result::Result<bool, Error> {
        self.positions = states(&self.root, &self.folder)?;
        Ok(true)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Every state in `folder`. A state that goes away meanwhile is left out, as the agent deletes it.
///
/// # Errors
/// The folder or a state cannot be read.
pub fn states(root: &Root, folder: &Path) -> Result<Positions> {
    let mut positions = Positions::new(Generation::CloudWatch);
    for entry in root.list(folder)? {
        if entry.kind != FileKind::Regular {
            continue;
        }
        let path = folder.join(&entry.name);
        let mut text = Vec::new();
        // Asked before it is read, so that it is never newer than what is read.
        let written = root.lstat(&path).ok().map(|stat| stat.mtime);
        for _ in 0..ATTEMPTS {
            match root.read(&path, LONGEST) {
                Ok(read) => text = read,
                Err(error) if error.is_not_found() => break,
                Err(error) => return Err(error),
            }
            if !text.is_empty() {
                break;
            }
        }
        if text.is_empty() && !root.exists(&path) {
            continue;
        }
        let updated = written.map(|(seconds, nanoseconds)| {
            Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanoseconds)))
        });
        read_written(&entry.name.to_string_lossy(), &text, updated, &mut positions);
    }
    Ok(positions)
}
