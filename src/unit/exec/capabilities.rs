//! CAPABILITIES and SECURITY: `CapabilityBoundingSet=`, `AmbientCapabilities=`, `SecureBits=`, `NoNewPrivileges=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use crate::unit::value::capability;
use serde::{Deserialize, Serialize};

/// What the process may come to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// `CapabilityBoundingSet=`: bit n is capability n; `None` for all.
    pub bounding_set: Option<u64>,
    /// `AmbientCapabilities=`, likewise: what it has from the start.
    pub ambient: u64,
    /// `SecureBits=`, as prctl(2) has them.
    pub secure_bits: u32,
    /// `NoNewPrivileges=`.
    pub no_new_privileges: bool,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "AmbientCapabilities",
        property: "AmbientCapabilities",
        read: |c, l| ambient(&mut c.capabilities.ambient, l),
        show: |c| capability::show(c.capabilities.ambient),
    },
    Field {
        name: "SecureBits",
        property: "SecureBits",
        read: |c, l| secure_bits(&mut c.capabilities.secure_bits, l),
        show: |c| c.capabilities.secure_bits.to_string(),
    },
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
        show: |c| yes_no(c.capabilities.no_new_privileges),
    },
];

/// linux/securebits.h.
const SECURE_BITS: [(&str, u32); 6] = [
    ("noroot", 1),
    ("noroot-locked", 1 << 1),
    ("no-setuid-fixup", 1 << 2),
    ("no-setuid-fixup-locked", 1 << 3),
    ("keep-caps", 1 << 4),
    ("keep-caps-locked", 1 << 5),
];

/// Those of the last line.
fn secure_bits(bits: &mut u32, l: &Line<'_>) -> Result<(), ValueProblem> {
    *bits = 0;
    for word in l.words()? {
        match SECURE_BITS.iter().find(|(name, _)| *name == word.text) {
            Some((_, bit)) => *bits |= bit,
            None => {
                l.warn(ValueProblem::new(word.at, &word.text, format!("unknown secure bit '{}'", word.text)))
            }
        }
    }
    Ok(())
}

/// As `config_parse_capability_set` from none: what is empty replaces, all else adds, or with `~` takes away.
fn ambient(set: &mut u64, l: &Line<'_>) -> Result<(), ValueProblem> {
    let (invert, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
    let (sum, errors) = capability::parse(text);
    for error in errors {
        l.warn(ValueProblem::from(error).within(usize::from(invert)));
    }
    *set = match (sum == 0 || *set == 0, invert) {
        (true, true) => !sum,
        (true, false) => sum,
        (false, true) => *set & !sum,
        (false, false) => *set | sum,
    };
    Ok(())
}

/// As `config_parse_capability_set`: the first line replaces, further ones add, or with `~` take away.
fn bounding_set(set: &mut Option<u64>, l: &Line<'_>) -> Result<(), ValueProblem> {
    let (invert, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
    let (sum, errors) = capability::parse(text);
    for error in errors {
        l.warn(ValueProblem::from(error).within(usize::from(invert)));
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
