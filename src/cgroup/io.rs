//! What a unit says of block devices, in the terms of the unified hierarchy: the newer words where any of
//! them is used, else the older ones (`cgroup_context_has_io_config` of systemd 252). Pure.

use crate::unit::cgroup::Resources;
use crate::unit::cgroup::io::{Io, OfDevice};
use crate::unit::value::time;

/// One line of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// As the unit has it.
    pub said: String,
    /// What it means.
    pub what: Demanded,
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demanded {
    /// Of all devices, 1 to 10000; 100 is what others have.
    Weight(u64),
    /// Of one device, by its path; 1 to 10000.
    DeviceWeight(String, u64),
    /// So many bytes or operations a second; [`u64::MAX`] for any.
    Limit(String, Rate, u64),
    /// Requests are to take no longer, in microseconds.
    Latency(String, u128),
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    ReadBytes,
    WrittenBytes,
    Reads,
    Writes,
}

/// All lines, a weight before those of devices.
pub(super) fn asked(r: &Resources) -> Vec<Setting> {
    if r.io.is_unified() { newer(&r.io) } else { older(&r.io) }
}

fn newer(io: &Io) -> Vec<Setting> {
    let mut all = Vec::new();
    if let Some(weight) = io.weight {
        all.push(Setting { said: format!("IOWeight={weight}"), what: Demanded::Weight(weight) });
    }
    lines(&mut all, "IODeviceWeight", &io.device_weights, Demanded::DeviceWeight);
    for (device, target) in &io.latencies {
        let said = format!("IODeviceLatencyTargetSec={device} {}", time::format(*target));
        all.push(Setting { said, what: Demanded::Latency(device.clone(), target.as_micros()) });
    }
    for (name, rate, list) in [
        ("IOReadBandwidthMax", Rate::ReadBytes, &io.read_bandwidth),
        ("IOWriteBandwidthMax", Rate::WrittenBytes, &io.write_bandwidth),
        ("IOReadIOPSMax", Rate::Reads, &io.read_operations),
        ("IOWriteIOPSMax", Rate::Writes, &io.write_operations),
    ] {
        lines(&mut all, name, list, |device, limit| Demanded::Limit(device, rate, limit));
    }
    all
}

fn older(io: &Io) -> Vec<Setting> {
    let mut all = Vec::new();
    if let Some(weight) = io.block.weight {
        let what = Demanded::Weight(weight_of_block(weight));
        all.push(Setting { said: format!("BlockIOWeight={weight}"), what });
    }
    let weights = &io.block.device_weights;
    lines(&mut all, "BlockIODeviceWeight", weights, |d, w| Demanded::DeviceWeight(d, weight_of_block(w)));
    for (name, rate, list) in [
        ("BlockIOReadBandwidth", Rate::ReadBytes, &io.block.read_bandwidth),
        ("BlockIOWriteBandwidth", Rate::WrittenBytes, &io.block.write_bandwidth),
    ] {
        lines(&mut all, name, list, |device, limit| Demanded::Limit(device, rate, limit));
    }
    all
}

fn lines(all: &mut Vec<Setting>, name: &str, list: &[OfDevice<u64>], what: impl Fn(String, u64) -> Demanded) {
    for (device, value) in list {
        let text = if *value == u64::MAX { "infinity".to_owned() } else { value.to_string() };
        all.push(Setting { said: format!("{name}={device} {text}"), what: what(device.clone(), *value) });
    }
}

/// 500 weighs 100 (`cgroup_weight_blkio_to_io`).
fn weight_of_block(weight: u64) -> u64 {
    (weight * 100 / 500).clamp(1, 10_000)
}

/// And the other way (`cgroup_weight_io_to_blkio`).
pub(super) fn block_of_weight(weight: u64) -> u64 {
    (weight * 500 / 100).clamp(10, 1_000)
}

/// For the BFQ scheduler, which knows 1 to 1000 (`BFQ_WEIGHT`).
pub(super) fn bfq_of_weight(weight: u64) -> u64 {
    if weight <= 100 { weight } else { 100 + (weight - 100) * 900 / 9_900 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_in_the_terms_of_each_scheduler() {
        for (weight, block, bfq) in
            [(1, 10, 1), (50, 250, 50), (100, 500, 100), (200, 1_000, 109), (10_000, 1_000, 1_000)]
        {
            assert_eq!((block_of_weight(weight), bfq_of_weight(weight)), (block, bfq), "{weight}");
        }
        assert_eq!([10, 500, 1_000].map(weight_of_block), [2, 100, 200]);
    }

    #[test]
    fn one_newer_word_is_enough_for_the_older_ones_to_say_nothing() {
        let mut r = Resources::default();
        r.io.block.weight = Some(1_000);
        r.io.block.read_bandwidth = vec![("/dev/sda".into(), 5)];
        let said = |r: &Resources| asked(r).into_iter().map(|asked| asked.said).collect::<Vec<_>>();
        assert_eq!(said(&r), ["BlockIOWeight=1000", "BlockIOReadBandwidth=/dev/sda 5"]);
        assert_eq!(asked(&r)[0].what, Demanded::Weight(200));
        r.io.write_operations = vec![("/srv".into(), u64::MAX)];
        assert_eq!(said(&r), ["IOWriteIOPSMax=/srv infinity"]);
    }
}
