//! CAPABILITIES and SECURITY: `CapabilityBoundingSet=`, `NoNewPrivileges=`.

use super::Field;
use crate::unit::line::{Line, Trouble, set};
use crate::unit::value::capability;
use serde::{Deserialize, Serialize};

/// What the process may come to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// `CapabilityBoundingSet=`: bit n is capability n; `None` for all.
    pub bounding_set: Option<u64>,
    /// `NoNewPrivileges=`.
    pub no_new_privileges: bool,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "CapabilityBoundingSet",
        property: "CapabilityBoundingSet",
        read: |c, l| bounding_set(&mut c.capabilities.bounding_set, l),
        show: |c| capability::show(c.capabilities.bounding_set.unwrap_or(u64::MAX)),
    },
    Field {
        name: "NoNewPrivileges",
        property: "NoNewPrivileges",
        read: |c, l| set(&mut c.capabilities.no_new_privileges, l.boolean()),
        show: |c| super::yes_no(c.capabilities.no_new_privileges),
    },
];

/// As `config_parse_capability_set`: the first line replaces, further ones add, or with `~` take away.
fn bounding_set(set: &mut Option<u64>, l: &Line<'_>) -> Result<(), Trouble> {
    let (invert, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
    let (sum, errors) = capability::parse(text);
    for error in errors {
        l.warn(Trouble::from(error).within(usize::from(invert)));
    }
    *set = match (*set, invert) {
        (Some(before), true) if sum != 0 => Some(before & !sum),
        (Some(before), false) if sum != 0 => Some(before | sum),
        (_, true) if sum == 0 => None,
        (_, true) => Some(!sum),
        (_, false) => Some(sum),
    };
    Ok(())
}
