//! Memory: `MemoryMax=`, `MemoryHigh=` and their kin, in bytes.

use super::{Field, Resources, amount, limit};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use serde::{Deserialize, Serialize};

/// Bytes; [`u64::MAX`] for no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// `MemoryAccounting=`
    pub accounting: bool,
    /// `MemoryMin=`: never taken away.
    pub min: u64,
    /// `MemoryLow=`: taken away only where nothing else is left.
    pub low: u64,
    /// `MemoryHigh=`: above it the unit is slowed down.
    pub high: u64,
    /// `MemoryMax=`: above it the OOM killer comes.
    pub max: u64,
    /// `MemorySwapMax=`
    pub swap_max: u64,
    /// `MemoryLimit=`, the older `MemoryMax=`: counts where none of the others is set.
    pub limit: u64,
    /// `OOMPolicy=kill`: the OOM killer takes all processes or none.
    pub oom_group: bool,
}

impl Default for Memory {
    fn default() -> Self {
        let none = u64::MAX;
        Self {
            accounting: false,
            min: 0,
            low: 0,
            high: none,
            max: none,
            swap_max: none,
            limit: none,
            oom_group: false,
        }
    }
}

impl Memory {
    /// Is anything said in the words of the unified hierarchy? Then `MemoryLimit=` says nothing.
    #[must_use]
    pub fn is_unified(&self) -> bool {
        *self
            != Self {
                accounting: self.accounting,
                limit: self.limit,
                oom_group: self.oom_group,
                ..Self::default()
            }
    }
}

macro_rules! limit {
    ($name:literal, $place:ident, $unset:expr, $zero:expr) => {
        Field {
            name: $name,
            property: $name,
            read: |r, l| read(&mut r.memory.$place, l, $unset, $zero),
            show: |r| limit(r.memory.$place),
        }
    };
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "MemoryAccounting",
        property: "MemoryAccounting",
        read: |r, l| set(&mut r.memory.accounting, l.boolean()),
        show: |r: &Resources| yes_no(r.memory.accounting),
    },
    limit!("MemoryHigh", high, u64::MAX, Zero::Refused),
    limit!("MemoryLimit", limit, u64::MAX, Zero::Refused),
    limit!("MemoryLow", low, 0, Zero::Taken),
    limit!("MemoryMax", max, u64::MAX, Zero::Refused),
    limit!("MemoryMin", min, 0, Zero::Taken),
    limit!("MemorySwapMax", swap_max, u64::MAX, Zero::Taken),
];

/// May a limit be 0?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zero {
    Taken,
    Refused,
}

/// The kernel counts pages.
const PAGE: u64 = 4096;

fn read(place: &mut u64, l: &Line<'_>, unset: u64, zero: Zero) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        *place = unset;
        return Ok(());
    }
    let bytes = amount(l, l.host().memory, PAGE)?;
    if bytes == 0 && zero == Zero::Refused {
        return Err(l.trouble(format!("{}={} would leave the unit no memory", l.key, l.text)));
    }
    *place = bytes;
    Ok(())
}
