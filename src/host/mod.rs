//! What kind of host is this: which init is pid 1, which family of distribution, which systemd,
//! which runlevel.
//!
//! For a root other than the host's `/`, the tree alone answers. Facts are asked when they are
//! needed and never kept: a host may be upgraded under a running supervisor.

pub mod family;
pub mod init;
pub mod runlevel;
pub mod version;

pub use family::{Family, family};
pub use init::{Init, booted_with_systemd, called_by_systemd, init};
pub use runlevel::{Runlevels, runlevels};
pub use version::systemd_version;

use crate::os::root::Root;
use std::path::{Path, PathBuf};

/// The folder for locks, status records and sockets: /run/amr-supervise, or below /var/run on hosts
/// that have no /run (RHEL 6 and Amazon Linux AMI). An inner path; it need not exist yet.
pub fn run_dir(root: &Root) -> PathBuf {
    let base = if root.is_dir(Path::new("/run")) { "/run" } else { "/var/run" };
    Path::new(base).join("amr-supervise")
}

/// A text file's lines; none where it is not there or cannot be read.
fn text(root: &Root, path: &str) -> Option<String> {
    let bytes = root.read(Path::new(path), 1 << 20).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
