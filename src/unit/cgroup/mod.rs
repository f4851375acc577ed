//! What all processes of a unit may use together (systemd.resource-control(5)): the one description, which
//! the loader fills, the plan carries and `show` prints. Pure.
//!
//! One file for each kind of resource, with systemd's defaults and a [`Field`] for each directive, as
//! `unit/exec` has them. How it is applied, by the controllers that a host has, says `crate::cgroup`.

pub mod cpu;
pub mod devices;
pub mod io;
pub mod memory;
pub mod tasks;

use super::exec;
use super::line::{Line, ValueProblem};
use super::value::size::{self, Amount};
use serde::{Deserialize, Serialize};

/// The whole of it. Its default is a service that sets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Time on the processors.
    pub cpu: cpu::Cpu,
    /// Device nodes.
    pub devices: devices::Devices,
    /// Block devices.
    pub io: io::Io,
    /// Memory and swap.
    pub memory: memory::Memory,
    /// Processes and threads.
    pub tasks: tasks::Tasks,
}

/// How one directive is read and shown.
pub type Field = exec::Field<Resources>;

/// All of them, by resource.
pub const FIELDS: [&[Field]; 5] = [cpu::FIELDS, devices::FIELDS, io::FIELDS, memory::FIELDS, tasks::FIELDS];

/// The field of a directive.
#[must_use]
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find_map(|fields| fields.iter().find(|field| field.name == name))
}

/// A limit that is a number, or a part of what the host has in all, rounded down to whole `unit`s.
fn amount(l: &Line<'_>, whole: Option<u64>, unit: u64) -> Result<u64, ValueProblem> {
    match size::parse_amount(l.text)? {
        Amount::Absolute(amount) => Ok(amount),
        Amount::Permyriad(part) => {
            let whole = whole.ok_or_else(|| l.trouble("a percentage of what this host does not tell"))?;
            let units = u128::from(whole / unit).saturating_mul(part.into()) / 10_000;
            Ok(u64::try_from(units).unwrap_or(u64::MAX).saturating_mul(unit))
        }
    }
}

/// A number in a range; an empty value takes it away.
fn ranged(l: &Line<'_>, min: u64, max: u64) -> Result<Option<u64>, ValueProblem> {
    if l.text.is_empty() {
        return Ok(None);
    }
    let number = crate::unit::value::number::parse_u64(l.text).ok().filter(|n| (min..=max).contains(n));
    number
        .map(Some)
        .ok_or_else(|| l.trouble(format!("{}= goes from {min} to {max}, not '{}'", l.key, l.text)))
}

/// As systemctl prints a limit.
fn limit(value: u64) -> String {
    if value == u64::MAX { "infinity".to_owned() } else { value.to_string() }
}

/// As systemctl prints what need not be set.
fn or_not_set(value: Option<u64>) -> String {
    value.map_or_else(|| "[not set]".to_owned(), |value| value.to_string())
}
