//! Reads the CloudWatch agent's folder of states. A driver: it reads files.

use super::read;
use crate::drain::cursor::{Generation, Positions};
use crate::os::error::Result;
use crate::os::root::{FileKind, Root};
use std::path::Path;

/// A state is some hundred bytes long; what is longer is none.
const LONGEST: u64 = 1 << 20;
/// The agent truncates before it writes, so an empty state is looked at again.
const ATTEMPTS: usize = 50;

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
        read(&entry.name.to_string_lossy(), &text, &mut positions);
    }
    Ok(positions)
}
