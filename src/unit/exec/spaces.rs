//! SANDBOXING, namespaces that others made: `NetworkNamespacePath=`, `IPCNamespacePath=`. Those that are new
//! are switches (`PrivateNetwork=`, `PrivateIPC=`, `PrivateUsers=`).

use super::{ExecContext, Field};
use crate::unit::line::{Line, ValueProblem};
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

fn path(l: &Line<'_>) -> Result<Option<String>, ValueProblem> {
    if l.text.is_empty() { Ok(None) } else { l.absolute(0, l.text).map(Some) }
}

/// Those of namespaces.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "IPCNamespacePath",
        property: "IPCNamespacePath",
        read: |c: &mut ExecContext, l| path(l).map(|path| c.spaces.ipc = path),
        show: |c| c.spaces.ipc.clone().unwrap_or_default(),
    },
    Field {
        name: "NetworkNamespacePath",
        property: "NetworkNamespacePath",
        read: |c: &mut ExecContext, l| path(l).map(|path| c.spaces.network = path),
        show: |c| c.spaces.network.clone().unwrap_or_default(),
    },
];
