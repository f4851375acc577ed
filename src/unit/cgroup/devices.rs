//! Which device nodes the processes may open: `DevicePolicy=` and `DeviceAllow=`.

use super::{Field, Resources};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::path;
use serde::{Deserialize, Serialize};

/// See [`Resources`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Devices {
    /// `DevicePolicy=`
    pub policy: Policy,
    /// `DeviceAllow=`, in the order of the unit.
    pub allow: Vec<Allow>,
    /// `PrivateDevices=` has set the policy: nothing is said where it cannot be had.
    pub is_implied: bool,
}

/// What may be opened beside what is allowed by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Everything, unless something is allowed by name: then as `Closed`.
    #[default]
    Auto,
    /// /dev/null and the like.
    Closed,
    /// Nothing.
    Strict,
}

/// `DeviceAllow=/dev/sda rw`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allow {
    /// A node below /dev, or `char-NAME` or `block-NAME` for a group of /proc/devices, `*` in it included.
    pub device: String,
    /// Of `r`, `w` and `m` (mknod(2)); all three where it is empty.
    pub access: String,
}

impl Devices {
    /// Is anything kept from the processes?
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.policy != Policy::Auto || !self.allow.is_empty()
    }

    /// May what is harmless and what terminals need be opened?
    #[must_use]
    pub fn has_standard_nodes(&self) -> bool {
        self.is_limited() && self.policy != Policy::Strict
    }
}

impl Resources {
    /// Who has a /dev of its own may open none but the harmless (`unit_patch_contexts`).
    pub(in crate::unit) fn imply_closed_devices(&mut self) {
        if self.devices.policy == Policy::Auto {
            (self.devices.policy, self.devices.is_implied) = (Policy::Closed, true);
        }
    }
}

const POLICIES: &[(&str, Policy)] =
    &[("auto", Policy::Auto), ("closed", Policy::Closed), ("strict", Policy::Strict)];

pub(super) const FIELDS: &[Field] = &[
    Field { name: "DeviceAllow", property: "DeviceAllow", read, show },
    Field {
        name: "DevicePolicy",
        property: "DevicePolicy",
        read: |r, l| set(&mut r.devices.policy, l.choice(POLICIES)),
        show: |r| {
            let word = POLICIES.iter().find(|(_, policy)| *policy == r.devices.policy);
            word.map_or_else(String::new, |(word, _)| (*word).to_owned())
        },
    },
];

/// `config_parse_device_allow` of systemd 252.
fn read(r: &mut Resources, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        r.devices.allow.clear();
        return Ok(());
    }
    let words = l.words()?;
    let (node, access) = match &words[..] {
        [node] => (node, None),
        [node, access] => (node, Some(access)),
        _ => return Err(l.trouble("DeviceAllow= takes a device node and what of it is allowed: r, w, m")),
    };
    let mut device = l.expand(node.at, &node.text)?;
    if !["block-", "char-"].iter().any(|group| device.starts_with(group)) {
        device = path::absolute(&device).map_err(|e| ValueProblem::new(node.at, &node.text, e.message))?;
        if !device.starts_with("/dev/") {
            let message = format!("'{}' is neither below /dev nor block-NAME or char-NAME", node.text);
            return Err(ValueProblem::new(node.at, &node.text, message));
        }
    }
    if let Some(word) = access.filter(|word| !word.text.chars().all(|c| "rwm".contains(c))) {
        let message = format!("'{}' is not made of r, w and m", word.text);
        return Err(ValueProblem::new(word.at, &word.text, message));
    }
    let access = access.map_or_else(String::new, |a| a.text.to_string());
    r.devices.allow.push(Allow { device, access });
    Ok(())
}

fn show(r: &Resources) -> String {
    let line = |allow: &Allow| match &*allow.access {
        "" => format!("{} rwm", allow.device),
        access => format!("{} {access}", allow.device),
    };
    r.devices.allow.iter().map(line).collect::<Vec<_>>().join("\n")
}
