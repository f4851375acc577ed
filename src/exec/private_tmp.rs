//! `PrivateTmp=`: a /tmp and a /var/tmp of the service's own, as systemd's setup_tmp_dirs has it.
//!
//! Each run gets fresh folders, which all of its processes share and which go with its end. They
//! lie in /tmp and /var/tmp behind a folder that only root enters, so that nobody else comes in.
//! Named by the invocation, which the record keeps: the next supervisor finds them.

use super::process::Bind;
use crate::os::error::Result;
use crate::os::root::{Existing, Root};
use std::path::{Path, PathBuf};

/// What a service sees its own of.
const PLACES: [&str; 2] = ["/tmp", "/var/tmp"];
/// A unit's name may be as long as a file's name; this much of it is for people.
const SHOWN: usize = 150;

/// The folder in a place that only root enters.
fn folder(place: &Path, unit: &str, invocation: &str) -> PathBuf {
    let shown: String = unit.chars().take(SHOWN).collect();
    place.join(format!("amr-private-{shown}-{invocation}"))
}

/// Makes the folders of a run, or takes those that are there.
pub fn make(root: &Root, unit: &str, invocation: &str) -> Result<Vec<Bind>> {
    let mut binds: Vec<Bind> = Vec::new();
    for place in PLACES {
        let target = root.resolve(Path::new(place))?;
        // Where one of them is a link to the other.
        if binds.iter().any(|b| b.target == target) {
            continue;
        }
        let outside = folder(&target, unit, invocation);
        let source = outside.join("tmp");
        // Anybody may make a folder in /tmp: only root's is taken.
        root.safe_dir(&outside, 0o700, None, Existing::Own)?;
        root.safe_dir(&source, 0o1777, None, Existing::Own)?;
        binds.push(Bind { source, target });
    }
    Ok(binds)
}

/// Removes the folders of a run with all that is in them.
pub fn remove(root: &Root, unit: &str, invocation: &str) {
    if invocation.is_empty() {
        return;
    }
    for place in PLACES {
        if let Err(e) = root.remove_dir_all(&folder(Path::new(place), unit, invocation)) {
            log::warn!("{e}");
        }
    }
}
