//! What the controllers of v1 are told, as systemd 252 does on its legacy hierarchies. Pure.

use super::controllers::{Attribute, Controller, Devices, Write, cannot, line, quota, quota_line, write};
use super::io::{self, Demanded, Rate};
use crate::unit::cgroup::Resources;
use crate::unit::cgroup::cpu::Weight;
use crate::unit::value::cpu_set;

/// Only the unified hierarchy has it.
const UNIFIED: &str = "the memory controller of cgroup v1 has no such limit";

/// What weighs 100 in the words of the unified hierarchy.
const SHARES: u64 = 1024;

pub(super) fn attributes(controller: Controller, r: &Resources) -> Vec<Attribute> {
    match controller {
        Controller::Cpu => cpu(r),
        Controller::Cpuacct => Vec::new(),
        Controller::Cpuset => cpuset(r),
        Controller::Devices => Vec::new(),
        Controller::Io => blkio(r),
        Controller::Memory => memory(r),
        Controller::Pids => {
            let max = r.tasks.max.map_or_else(|| "max".to_owned(), |max| max.to_string());
            vec![write(r.tasks.max.map(|max| format!("TasksMax={max}")), "pids.max", max)]
        }
    }
}

/// A weight of 1 to 10000 is so many shares; what is idle gets as few as there are.
fn cpu(r: &Resources) -> Vec<Attribute> {
    let (said, shares) = match (r.cpu.weight, r.cpu.shares) {
        (Some(Weight::Idle), _) => (Some("CPUWeight=idle".to_owned()), 2),
        (Some(Weight::Of(weight)), _) => {
            (Some(format!("CPUWeight={weight}")), (weight * SHARES / 100).clamp(2, 262_144))
        }
        (None, Some(shares)) => (Some(format!("CPUShares={shares}")), shares),
        (None, None) => (None, SHARES),
    };
    let (quota, period) = quota(r);
    let said_quota = quota_line(r);
    let limit = quota.map_or_else(|| "-1".to_owned(), |quota| quota.to_string());
    vec![
        write(said, "cpu.shares", shares),
        write(said_quota.clone(), "cpu.cfs_period_us", period),
        write(said_quota, "cpu.cfs_quota_us", limit),
    ]
}

/// systemd leaves them to the unified hierarchy; the kernel does not. Without a list all of the group above.
fn cpuset(r: &Resources) -> Vec<Attribute> {
    let list = |name: &str, file, list: &[u32]| {
        let text = cpu_set::show(list);
        (!list.is_empty()).then(|| write(Some(format!("{name}={text}")), file, text.replace(' ', ",")))
    };
    let cpus = list("AllowedCPUs", "cpuset.cpus", &r.cpu.cpus);
    cpus.into_iter().chain(list("AllowedMemoryNodes", "cpuset.mems", &r.cpu.nodes)).collect()
}

/// Only the unified hierarchy has it.
const LATENCY: &str = "the blkio controller of cgroup v1 has no such target";

/// The weight goes to the CFQ scheduler (before Linux 5.0) or to BFQ.
fn blkio(r: &Resources) -> Vec<Attribute> {
    let weight = |w| {
        Write::new("blkio.weight", io::block_of_weight(w))
            .or(Write::new("blkio.bfq.weight", io::bfq_of_weight(w)))
    };
    let of_device = |device: Devices, value: u64, bfq: u64| {
        let bfq = Write::new("blkio.bfq.weight_device", bfq).about(device.clone());
        Write::new("blkio.weight_device", value).about(device).or(bfq)
    };
    let rates = [Rate::ReadBytes, Rate::WrittenBytes, Rate::Reads, Rate::Writes];
    let defaults = std::iter::once(weight(100))
        .chain([of_device(Devices::Listed, 0, 0)])
        .chain(rates.map(|rate| Write::new(throttle(rate), 0).about(Devices::Listed)));
    let defaults = defaults.map(|write| Attribute { said: None, how: Ok(write) });
    let asked = io::asked(r).into_iter().map(|asked| {
        let how = match asked.what {
            Demanded::Weight(w) => weight(w),
            Demanded::DeviceWeight(device, w) => {
                of_device(Devices::Of(device), io::block_of_weight(w), io::bfq_of_weight(w))
            }
            // 0 takes the limit away.
            Demanded::Limit(device, rate, limit) => {
                let limit = if limit == u64::MAX { 0 } else { limit };
                Write::new(throttle(rate), limit).about(Devices::Of(device))
            }
            Demanded::Latency(..) => return cannot(asked.said, LATENCY),
        };
        Attribute { said: Some(asked.said), how: Ok(how) }
    });
    defaults.chain(asked).collect()
}

fn throttle(rate: Rate) -> &'static str {
    match rate {
        Rate::ReadBytes => "blkio.throttle.read_bps_device",
        Rate::WrittenBytes => "blkio.throttle.write_bps_device",
        Rate::Reads => "blkio.throttle.read_iops_device",
        Rate::Writes => "blkio.throttle.write_iops_device",
    }
}

/// `MemoryMax=` stands for `MemoryLimit=` where any of the newer words is used.
fn memory(r: &Resources) -> Vec<Attribute> {
    let m = &r.memory;
    let none = u64::MAX;
    let (name, limit) = if m.is_unified() { ("MemoryMax", m.max) } else { ("MemoryLimit", m.limit) };
    let value = if limit == none { "-1".to_owned() } else { limit.to_string() };
    let newer = [
        line("MemoryMin", m.min, 0),
        line("MemoryLow", m.low, 0),
        line("MemoryHigh", m.high, none),
        line("MemorySwapMax", m.swap_max, none),
    ];
    let limit = write(line(name, limit, none), "memory.limit_in_bytes", value);
    std::iter::once(limit).chain(newer.into_iter().flatten().map(|said| cannot(said, UNIFIED))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn written(controller: Controller, r: &Resources) -> Vec<String> {
        let of = |attribute: Attribute| match attribute.how {
            Ok(write) => match write.devices {
                Devices::None => format!("{}={}", write.file, write.value),
                Devices::Of(device) => format!("{}={device} {}", write.file, write.value),
                Devices::Listed => format!("{}=* {}", write.file, write.value),
            },
            Err(why) => format!("{}: {why}", attribute.said.unwrap()),
        };
        attributes(controller, r).into_iter().map(of).collect()
    }

    #[test]
    fn weights_are_shares_and_quotas_keep_to_what_the_kernel_takes() {
        let mut r = Resources::default();
        let usual = ["cpu.shares=1024", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=-1"];
        assert_eq!(written(Controller::Cpu, &r), usual);
        for (weight, shares) in [(1, 10), (100, 1024), (10_000, 102_400)] {
            r.cpu.weight = Some(Weight::Of(weight));
            assert_eq!(written(Controller::Cpu, &r)[0], format!("cpu.shares={shares}"));
        }
        r.cpu.weight = Some(Weight::Idle);
        assert_eq!(written(Controller::Cpu, &r)[0], "cpu.shares=2");
        (r.cpu.weight, r.cpu.shares) = (None, Some(512));
        assert_eq!(written(Controller::Cpu, &r)[0], "cpu.shares=512");
        // In microseconds of a second: 200%, 1%, 0.01%; the period of one is too short, of another too long.
        for (quota, period, want) in [
            (2_000_000, None, [100_000, 200_000]),
            (200_000, Some(10), [10_000, 2_000]),
            (10_000, None, [100_000, 1_000]),
            (100, None, [1_000_000, 1_000]),
            (500_000, Some(5_000), [1_000_000, 500_000]),
            (2_000_000, Some(0), [1_000, 2_000]),
        ] {
            (r.cpu.quota, r.cpu.period) = (Some(quota), period.map(Duration::from_millis));
            let want = [format!("cpu.cfs_period_us={}", want[0]), format!("cpu.cfs_quota_us={}", want[1])];
            assert_eq!(written(Controller::Cpu, &r)[1..], want, "{quota} in {period:?}");
        }
    }

    #[test]
    fn the_newer_words_take_the_place_of_memory_limit_and_what_v1_lacks_is_named() {
        let mut r = Resources::default();
        r.memory.limit = 2 << 30;
        assert_eq!(written(Controller::Memory, &r), ["memory.limit_in_bytes=2147483648"]);
        r.memory.high = 1 << 30;
        let high = format!("MemoryHigh=1G: {UNIFIED}");
        assert_eq!(written(Controller::Memory, &r), ["memory.limit_in_bytes=-1".to_owned(), high]);
        r.memory.max = 3 << 30;
        assert_eq!(written(Controller::Memory, &r)[0], "memory.limit_in_bytes=3221225472");
    }

    #[test]
    fn what_is_said_of_block_devices() {
        let mut r = Resources::default();
        r.io.weight = Some(50);
        r.io.device_weights = vec![("/dev/sda".into(), 200)];
        r.io.read_bandwidth = vec![("/dev/sda".into(), 1_000_000)];
        r.io.write_operations = vec![("/srv".into(), u64::MAX)];
        r.io.latencies = vec![("/srv".into(), Duration::from_millis(25))];
        let all = written(Controller::Io, &r);
        let (defaults, said) = all.split_at(6);
        assert_eq!(defaults[0], "blkio.weight=500");
        assert!(defaults[1..].iter().all(|default| default.ends_with("_device=* 0")), "{defaults:?}");
        let wanted = [
            "blkio.weight=250".to_owned(),
            "blkio.weight_device=/dev/sda 1000".to_owned(),
            format!("IODeviceLatencyTargetSec=/srv 25ms: {LATENCY}"),
            "blkio.throttle.read_bps_device=/dev/sda 1000000".to_owned(),
            "blkio.throttle.write_iops_device=/srv 0".to_owned(),
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn lists_are_written_with_commas() {
        let mut r = Resources::default();
        assert!(written(Controller::Cpuset, &r).is_empty());
        (r.cpu.cpus, r.cpu.nodes) = (vec![0, 1, 2, 5], vec![0]);
        assert_eq!(written(Controller::Cpuset, &r), ["cpuset.cpus=0-2,5", "cpuset.mems=0"]);
    }
}
