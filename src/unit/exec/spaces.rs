//! SANDBOXING, namespaces that others made: `NetworkNamespacePath=`, `IPCNamespacePath=`. Those that are new
//! are switches (`PrivateNetwork=`, `PrivateIPC=`, `PrivateUsers=`).

use super::Field;
use crate::unit::line::set;
use serde::{Deserialize, Serialize};

/// The files that stand for them, absolute paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spaces {
    /// `NetworkNamespacePath=`.
    pub network: Option<String>,
    /// `IPCNamespacePath=`.
    pub ipc: Option<String>,
}

/// Those of namespaces.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "IPCNamespacePath",
        property: "IPCNamespacePath",
        read: |c, l| set(&mut c.spaces.ipc, l.absolute_or_none()),
        show: |c| c.spaces.ipc.clone().unwrap_or_default(),
    },
    Field {
        name: "NetworkNamespacePath",
        property: "NetworkNamespacePath",
        read: |c, l| set(&mut c.spaces.network, l.absolute_or_none()),
        show: |c| c.spaces.network.clone().unwrap_or_default(),
    },
];
