//! SANDBOXING, the file system: `PrivateTmp=`.

use super::Field;
use crate::unit::line::set;
use serde::{Deserialize, Serialize};

/// What the process sees of the file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mounts {
    /// `PrivateTmp=`: a /tmp and a /var/tmp of its own.
    pub private_tmp: bool,
}

pub(super) const FIELDS: &[Field] = &[Field {
    name: "PrivateTmp",
    property: "PrivateTmp",
    read: |c, l| set(&mut c.mounts.private_tmp, l.boolean()),
    show: |c| super::yes_no(c.mounts.private_tmp),
}];
