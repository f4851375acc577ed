//! Reading and writing of block devices: `IOWeight=`, `IOReadBandwidthMax=` and their kin, and the older
//! `BlockIO` words. A device is named by its node, or by any path on the file system that it holds.

use super::{Field, Resources, or_not_set, ranged};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use crate::unit::value::{Timeout, size, time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A path that stands for a device, and what is said of it.
pub type OfDevice<T> = (String, T);

/// See [`Resources`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Io {
    /// `IOAccounting=`
    pub accounting: bool,
    /// `IOWeight=`, 1 to 10000; what is not set weighs 100.
    pub weight: Option<u64>,
    /// `IODeviceWeight=`, the same for one device.
    pub device_weights: Vec<OfDevice<u64>>,
    /// `IODeviceLatencyTargetSec=`
    pub latencies: Vec<OfDevice<Duration>>,
    /// `IOReadBandwidthMax=`: bytes a second. So with the next.
    pub read_bandwidth: Vec<OfDevice<u64>>,
    /// `IOWriteBandwidthMax=`
    pub write_bandwidth: Vec<OfDevice<u64>>,
    /// `IOReadIOPSMax=`: operations a second. So with the next.
    pub read_operations: Vec<OfDevice<u64>>,
    /// `IOWriteIOPSMax=`
    pub write_operations: Vec<OfDevice<u64>>,
    /// The older words; they count where none of the newer ones is used.
    pub block: Block,
}

/// `BlockIO…=`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Block {
    /// `BlockIOAccounting=`
    pub accounting: bool,
    /// `BlockIOWeight=`, 10 to 1000; what is not set weighs 500.
    pub weight: Option<u64>,
    /// `BlockIODeviceWeight=`
    pub device_weights: Vec<OfDevice<u64>>,
    /// `BlockIOReadBandwidth=`: bytes a second. So with the next.
    pub read_bandwidth: Vec<OfDevice<u64>>,
    /// `BlockIOWriteBandwidth=`
    pub write_bandwidth: Vec<OfDevice<u64>>,
}

impl Io {
    /// Is anything said in the newer words? Then the older ones say nothing.
    #[must_use]
    pub fn is_unified(&self) -> bool {
        *self != Self { block: self.block.clone(), ..Self::default() }
    }
}

/// A directive whose values are pairs of a device and something.
macro_rules! of_device {
    ($name:literal, $($place:ident).+, $value:expr, $show:expr) => {
        Field {
            name: $name,
            property: $name,
            read: |r, l| read(&mut r.io.$($place).+, l, $value),
            show: |r| show(&r.io.$($place).+, $show),
        }
    };
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "BlockIOAccounting",
        property: "BlockIOAccounting",
        read: |r, l| set(&mut r.io.block.accounting, l.boolean()),
        show: |r: &Resources| yes_no(r.io.block.accounting),
    },
    of_device!("BlockIODeviceWeight", block.device_weights, block_weight, u64::to_string),
    of_device!("BlockIOReadBandwidth", block.read_bandwidth, rate, u64::to_string),
    Field {
        name: "BlockIOWeight",
        property: "BlockIOWeight",
        read: |r, l| set(&mut r.io.block.weight, ranged(l, 10, 1_000)),
        show: |r| or_not_set(r.io.block.weight),
    },
    of_device!("BlockIOWriteBandwidth", block.write_bandwidth, rate, u64::to_string),
    Field {
        name: "IOAccounting",
        property: "IOAccounting",
        read: |r, l| set(&mut r.io.accounting, l.boolean()),
        show: |r: &Resources| yes_no(r.io.accounting),
    },
    Field {
        name: "IODeviceLatencyTargetSec",
        property: "IODeviceLatencyTargetUSec",
        read: |r, l| read(&mut r.io.latencies, l, span),
        show: |r| show(&r.io.latencies, |target| time::format(*target)),
    },
    of_device!("IODeviceWeight", device_weights, weight, u64::to_string),
    of_device!("IOReadBandwidthMax", read_bandwidth, rate, u64::to_string),
    of_device!("IOReadIOPSMax", read_operations, rate, u64::to_string),
    Field {
        name: "IOWeight",
        property: "IOWeight",
        read: |r, l| set(&mut r.io.weight, ranged(l, 1, 10_000)),
        show: |r| or_not_set(r.io.weight),
    },
    of_device!("IOWriteBandwidthMax", write_bandwidth, rate, u64::to_string),
    of_device!("IOWriteIOPSMax", write_operations, rate, u64::to_string),
];

/// `DEVICE VALUE`: a later line about the same device counts; an empty one clears them all.
fn read<T>(
    list: &mut Vec<OfDevice<T>>,
    l: &Line<'_>,
    value: fn(&str) -> Option<T>,
) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        list.clear();
        return Ok(());
    }
    let words = l.words()?;
    let Some((device, [number, ..])) = words.split_first() else {
        return Err(l.trouble(format!("{}= takes a device and a value, such as '/dev/sda 1M'", l.key)));
    };
    let path = l.absolute(device.at, &device.text)?;
    let text = l.text.get(number.at..).unwrap_or_default();
    let value = value(text).ok_or_else(|| {
        ValueProblem::new(number.at, text, format!("'{text}' is not a value of {}=", l.key))
    })?;
    list.retain(|(known, _)| *known != path);
    list.push((path, value));
    Ok(())
}

/// As systemctl prints them: a device a line.
fn show<T>(list: &[OfDevice<T>], value: impl Fn(&T) -> String) -> String {
    let lines: Vec<_> = list.iter().map(|(device, v)| format!("{device} {}", value(v))).collect();
    lines.join("\n")
}

/// So many a second: kilo is 1000 here (`config_parse_io_limit`).
fn rate(text: &str) -> Option<u64> {
    size::parse_decimal(text).ok().filter(|rate| *rate > 0)
}

fn weight(text: &str) -> Option<u64> {
    text.parse().ok().filter(|weight| (1..=10_000).contains(weight))
}

fn block_weight(text: &str) -> Option<u64> {
    text.parse().ok().filter(|weight| (10..=1_000).contains(weight))
}

fn span(text: &str) -> Option<Duration> {
    match time::parse(text).ok()? {
        Timeout::After(target) => Some(target),
        Timeout::Never => None,
    }
}
