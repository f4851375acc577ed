//! What the controllers of the unified hierarchy are told, as systemd 252 does. Pure.

use super::controllers::{Attribute, Controller, Devices, Write, line, quota, quota_line, write};
use super::io::{self, Demanded, Rate};
use crate::unit::cgroup::Resources;
use crate::unit::cgroup::cpu::Weight;
use crate::unit::value::cpu_set;

/// What a weight that is not set is.
const WEIGHT: u64 = 100;

pub(super) fn attributes(controller: Controller, r: &Resources) -> Vec<Attribute> {
    match controller {
        Controller::Cpu => cpu(r),
        Controller::Cpuacct => Vec::new(),
        Controller::Cpuset => {
            let list = |name: &str, file, list: &[u32]| {
                let text = cpu_set::show(list);
                let said = (!list.is_empty()).then(|| format!("{name}={text}"));
                write(said, file, text.replace(' ', ","))
            };
            vec![
                list("AllowedCPUs", "cpuset.cpus", &r.cpu.cpus),
                list("AllowedMemoryNodes", "cpuset.mems", &r.cpu.nodes),
            ]
        }
        Controller::Devices => Vec::new(),
        Controller::Io => blocks(r),
        Controller::Memory => memory(r),
        Controller::Pids => {
            let said = r.tasks.max.map(|max| format!("TasksMax={max}"));
            vec![write(said, "pids.max", limit(r.tasks.max.unwrap_or(u64::MAX)))]
        }
    }
}

fn cpu(r: &Resources) -> Vec<Attribute> {
    let (quota, period) = quota(r);
    let max = quota.map_or_else(|| "max".to_owned(), |quota| quota.to_string());
    let mut all = match (r.cpu.weight, r.cpu.shares) {
        // The weight goes by while it is idle.
        (Some(Weight::Idle), _) => vec![write(Some("CPUWeight=idle".to_owned()), "cpu.idle", 1)],
        (Some(Weight::Of(weight)), _) => {
            vec![write(Some(format!("CPUWeight={weight}")), "cpu.weight", weight)]
        }
        (None, Some(shares)) => {
            let weight = (shares * WEIGHT / 1024).clamp(1, 10_000);
            vec![write(Some(format!("CPUShares={shares}")), "cpu.weight", weight)]
        }
        (None, None) => vec![write(None, "cpu.weight", WEIGHT)],
    };
    all.push(write(quota_line(r), "cpu.max", format!("{max} {period}")));
    all
}

/// A weight is for the cost model of the kernel (`io.weight`) or for the BFQ scheduler.
fn blocks(r: &Resources) -> Vec<Attribute> {
    let weight =
        |value: String, bfq: u64| Write::new("io.weight", value).or(Write::new("io.bfq.weight", bfq));
    let of_device = |device: Devices, value: String, bfq: String| {
        let bfq = Write::new("io.bfq.weight", bfq).about(device.clone());
        Write::new("io.weight", value).about(device).or(bfq)
    };
    let listed = |file, value: &str| Write::new(file, value).about(Devices::Listed);
    let defaults = [
        weight(format!("default {WEIGHT}"), WEIGHT),
        of_device(Devices::Listed, "default".to_owned(), "default".to_owned()),
        listed("io.max", "rbps=max wbps=max riops=max wiops=max"),
        listed("io.latency", "target=0"),
    ];
    let defaults = defaults.into_iter().map(|write| Attribute { said: None, how: Ok(write) });
    let asked = io::asked(r).into_iter().map(|asked| {
        let how = match asked.what {
            Demanded::Weight(w) => weight(format!("default {w}"), io::bfq_of_weight(w)),
            Demanded::DeviceWeight(device, w) => {
                of_device(Devices::Of(device), w.to_string(), io::bfq_of_weight(w).to_string())
            }
            Demanded::Limit(device, rate, value) => {
                let value = format!("{}={}", key(rate), limit(value));
                Write::new("io.max", value).about(Devices::Of(device))
            }
            Demanded::Latency(device, micros) => {
                Write::new("io.latency", format!("target={micros}")).about(Devices::Of(device))
            }
        };
        Attribute { said: Some(asked.said), how: Ok(how) }
    });
    defaults.chain(asked).collect()
}

fn key(rate: Rate) -> &'static str {
    match rate {
        Rate::ReadBytes => "rbps",
        Rate::WrittenBytes => "wbps",
        Rate::Reads => "riops",
        Rate::Writes => "wiops",
    }
}

/// `MemoryLimit=` stands for `MemoryMax=` where none of the newer words is used.
fn memory(r: &Resources) -> Vec<Attribute> {
    let m = &r.memory;
    let none = u64::MAX;
    let (name, max) = if m.is_unified() { ("MemoryMax", m.max) } else { ("MemoryLimit", m.limit) };
    let together = m.oom_group.then(|| "OOMPolicy=kill".to_owned());
    vec![
        write(line("MemoryMin", m.min, 0), "memory.min", limit(m.min)),
        write(line("MemoryLow", m.low, 0), "memory.low", limit(m.low)),
        write(line("MemoryHigh", m.high, none), "memory.high", limit(m.high)),
        write(line(name, max, none), "memory.max", limit(max)),
        write(line("MemorySwapMax", m.swap_max, none), "memory.swap.max", limit(m.swap_max)),
        write(together, "memory.oom.group", u8::from(m.oom_group)),
    ]
}

fn limit(value: u64) -> String {
    if value == u64::MAX { "max".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::cgroup::Version;

    fn written(controller: Controller, r: &Resources) -> Vec<String> {
        let of = |attribute: Attribute| attribute.how.map(|write| format!("{}={}", write.file, write.value));
        attributes(controller, r).into_iter().map(|attribute| of(attribute).unwrap()).collect()
    }

    #[test]
    fn all_is_in_the_words_of_the_unified_hierarchy() {
        let mut r = Resources::default();
        assert_eq!(written(Controller::Cpu, &r), ["cpu.weight=100", "cpu.max=max 100000"]);
        (r.cpu.shares, r.cpu.quota) = (Some(2048), Some(1_500_000));
        assert_eq!(written(Controller::Cpu, &r), ["cpu.weight=200", "cpu.max=150000 100000"]);
        r.cpu.weight = Some(Weight::Idle);
        assert_eq!(written(Controller::Cpu, &r)[0], "cpu.idle=1");
        r.memory.limit = 5;
        let all = [
            "memory.min=0",
            "memory.low=0",
            "memory.high=max",
            "memory.max=5",
            "memory.swap.max=max",
            "memory.oom.group=0",
        ];
        assert_eq!(written(Controller::Memory, &r), all);
        (r.memory.low, r.memory.swap_max) = (7, 0);
        let all = [
            "memory.min=0",
            "memory.low=7",
            "memory.high=max",
            "memory.max=max",
            "memory.swap.max=0",
            "memory.oom.group=0",
        ];
        assert_eq!(written(Controller::Memory, &r), all);
        r.tasks.max = Some(9);
        assert_eq!(written(Controller::Pids, &r), ["pids.max=9"]);
    }

    #[test]
    fn what_is_said_of_block_devices() {
        let mut r = Resources::default();
        r.io.block.weight = Some(1_000);
        r.io.block.write_bandwidth = vec![("/dev/sda".into(), 1_000_000)];
        let said = |r: &Resources| {
            let said = attributes(Controller::Io, r).into_iter().filter(|attribute| attribute.said.is_some());
            said.map(|attribute| attribute.how.unwrap()).collect::<Vec<_>>()
        };
        let sda = Devices::Of("/dev/sda".into());
        let weight = Write::new("io.weight", "default 200").or(Write::new("io.bfq.weight", 109));
        assert_eq!(said(&r), [weight, Write::new("io.max", "wbps=1000000").about(sda.clone())]);
        r.io.read_operations = vec![("/dev/sda".into(), u64::MAX)];
        r.io.latencies = vec![("/dev/sda".into(), std::time::Duration::from_millis(25))];
        let latency = Write::new("io.latency", "target=25000").about(sda.clone());
        assert_eq!(said(&r), [latency, Write::new("io.max", "riops=max").about(sda)]);
    }

    #[test]
    fn what_is_the_default_is_not_said() {
        let silent = |c: Controller| attributes(c, &Resources::default()).iter().all(|d| d.said.is_none());
        assert!(Controller::ALL.into_iter().all(silent));
        assert!(!Controller::ALL.into_iter().any(|c| c.is_wanted(&Resources::default())));
        let mut r = Resources::default();
        r.memory.max = 5;
        assert_eq!(attributes(Controller::Memory, &r)[3].said.as_deref(), Some("MemoryMax=5"));
        assert!(Controller::Memory.is_wanted(&r) && !Controller::Cpu.is_wanted(&r));
    }

    #[test]
    fn both_kinds_of_hierarchy_are_asked_by_the_same_lines() {
        let mut r = Resources::default();
        (r.cpu.weight, r.cpu.quota, r.cpu.cpus) = (Some(Weight::Idle), Some(20_000), vec![1]);
        (r.memory.min, r.memory.high, r.memory.max, r.tasks.max) = (1, 2, 3, Some(4));
        (r.io.weight, r.io.latencies) =
            (Some(5), vec![("/srv".into(), std::time::Duration::from_millis(25))]);
        for controller in Controller::ALL.into_iter().filter(|c| *c != Controller::Devices) {
            let said = |attributes: Vec<Attribute>| {
                attributes.into_iter().filter_map(|d| d.said).collect::<std::collections::BTreeSet<_>>()
            };
            let [one, two] =
                [Version::V1, Version::V2].map(|version| said(controller.attributes(&r, version)));
            assert_eq!(one, two, "{controller:?}");
        }
    }
}
