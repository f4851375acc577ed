//! USER/GROUP IDENTITY: `User=`, `Group=`, `SupplementaryGroups=`, `DynamicUser=`; `RemoveIPC=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use crate::unit::value::words;
use serde::{Deserialize, Serialize};

/// Names and numbers as they are written; they are looked up at each start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// `User=`; root where there is none.
    pub user: Option<String>,
    /// `Group=`; the user's own where there is none.
    pub group: Option<String>,
    /// `SupplementaryGroups=`, besides those that the user is in.
    pub supplementary_groups: Vec<String>,
    /// `DynamicUser=`: the user is there while the service runs.
    pub dynamic: bool,
    /// `RemoveIPC=`: its objects of System V and POSIX go with the run.
    pub remove_ipc: bool,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "DynamicUser",
        property: "DynamicUser",
        read: |c, l| set(&mut c.identity.dynamic, l.boolean()),
        show: |c| yes_no(c.identity.dynamic),
    },
    Field {
        name: "RemoveIPC",
        property: "RemoveIPC",
        read: |c, l| set(&mut c.identity.remove_ipc, l.boolean()),
        show: |c| yes_no(c.identity.remove_ipc),
    },
    Field {
        name: "Group",
        property: "Group",
        read: |c, l| set(&mut c.identity.group, principal(l)),
        show: |c| c.identity.group.clone().unwrap_or_default(),
    },
    Field {
        name: "SupplementaryGroups",
        property: "SupplementaryGroups",
        read: |c, l| {
            if l.text.is_empty() {
                c.identity.supplementary_groups.clear();
            }
            // Quotes are part of a name.
            for word in words::split_bare(l.text) {
                c.identity.supplementary_groups.push(valid_principal(l, word.at, &word.text)?);
            }
            Ok(())
        },
        show: |c| c.identity.supplementary_groups.join(" "),
    },
    Field {
        name: "User",
        property: "User",
        read: |c, l| set(&mut c.identity.user, principal(l)),
        show: |c| c.identity.user.clone().unwrap_or_default(),
    },
];

/// A name or number, or nothing; anything else is fatal.
fn principal(l: &Line<'_>) -> Result<Option<String>, ValueProblem> {
    if l.text.is_empty() { Ok(None) } else { valid_principal(l, 0, l.text).map(Some) }
}

fn valid_principal(l: &Line<'_>, at: usize, text: &str) -> Result<String, ValueProblem> {
    let name = l.expand(at, text).map_err(ValueProblem::fatal)?;
    if is_principal(&name) {
        return Ok(name);
    }
    Err(ValueProblem::new(at, text, format!("'{name}' is not a valid name or number of a user or group"))
        .fatal())
}

/// As `valid_user_group_name` with its relaxed rules: numbers but for 65535 and 2^32-1, and names
/// without blanks at their ends, control characters, `:` and `/`.
fn is_principal(name: &str) -> bool {
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return name.parse::<u32>().is_ok_and(|id| id != 0xffff && id != u32::MAX);
    }
    let odd = |c: char| c.is_control() || c == ':' || c == '/';
    !name.starts_with('-') && name.trim() == name && name != "." && name != ".." && !name.contains(odd)
}
