//! What kind of host is this: which init is pid 1, which family of distribution, which systemd,
//! which runlevel.
//!
//! For a root other than the host's `/`, the tree alone answers. Facts are asked when they are
//! needed and never kept: a host may be upgraded under a running supervisor.

pub mod family;
pub mod init;
pub mod power;
pub mod runlevel;
pub mod runtime;
pub mod version;

pub use family::{Family, family};
pub use init::{Init, booted_with_systemd, called_by_systemd, init};
pub use runlevel::{Runlevels, going_down, runlevels};
pub use version::systemd_version;

pub use runtime::{Runtime, runtime};

use crate::os::root::Root;
use std::path::Path;

/// A text file's lines; none where it is not there or cannot be read.
fn text(root: &Root, path: &str) -> Option<String> {
    let bytes = root.read(Path::new(path), 1 << 20).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
