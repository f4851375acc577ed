//! What the processes of a unit may use together: the description of `crate::unit::cgroup`, applied by the
//! controllers that this host has.
//!
//! ```text
//! Resources -> v1, v2 -> Demands -> hierarchy -> groups, their files written
//!  (pure)       (pure)             (this host)     and what cannot be had, each as a sentence
//! ```
//!
//! A controller is in one hierarchy: in one of v1, of which each has its own or shares it with few
//! (`cpu,cpuacct`), or in the unified one. So a unit's group is one folder in each hierarchy whose
//! controllers it asks something of, and the group by which its processes are told from others
//! (`crate::os::cgroup`) besides, which may be the same. A unit that asks for nothing has that one alone.
//!
//! What cannot be applied does not keep the unit from running, as with systemd; it is said once, in the
//! unit's record. docs/decisions/control-groups.md has the choices.

pub mod accounting;
pub mod controllers;
mod device;
mod devices;
mod hierarchy;
mod io;
pub mod mounting;
mod realize;
mod v1;
mod v2;

pub use hierarchy::{lists_devices, memory_in_all, tasks_in_all};
pub use realize::{GroupMark, Groups, Unit, nothing_of};

use crate::os::root::Root;
use std::path::Path;

/// No file of a group is longer, nor one that says what the host has.
const LIMIT: u64 = 1 << 20;

/// What the kernel says in a file; none where it cannot be read.
fn text(host: &Root, path: &Path) -> Option<String> {
    let bytes = host.read_kernel(path, LIMIT).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
