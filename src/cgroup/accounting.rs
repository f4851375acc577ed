//! What the processes of a unit have used, as far as a controller of one of its groups counts it.

use crate::os::root::Root;
use std::path::Path;
use std::time::Duration;

/// `None` for what nothing counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of memory now.
    pub memory: Option<u64>,
    /// Bytes of memory, the most at any time.
    pub memory_peak: Option<u64>,
    /// Time on the processors.
    pub cpu: Option<Duration>,
    /// Processes and threads now.
    pub tasks: Option<u64>,
    /// Bytes read from devices. So with the others.
    pub read_bytes: Option<u64>,
    /// Read operations on block devices.
    pub reads: Option<u64>,
    /// Bytes written to block devices.
    pub written_bytes: Option<u64>,
    /// Write operations on block devices.
    pub writes: Option<u64>,
}

impl Usage {
    /// Of a unit with these groups, in whichever hierarchy each of them is.
    #[must_use]
    pub fn measure<'a>(host: &Root, groups: impl IntoIterator<Item = &'a Path>) -> Usage {
        groups.into_iter().fold(Usage::default(), |sum, dir| sum.or(one(host, dir)))
    }

    fn or(self, other: Usage) -> Usage {
        Usage {
            memory: self.memory.or(other.memory),
            memory_peak: self.memory_peak.or(other.memory_peak),
            cpu: self.cpu.or(other.cpu),
            tasks: self.tasks.or(other.tasks),
            read_bytes: self.read_bytes.or(other.read_bytes),
            reads: self.reads.or(other.reads),
            written_bytes: self.written_bytes.or(other.written_bytes),
            writes: self.writes.or(other.writes),
        }
    }
}

/// How many processes of a group the OOM killer has ended (v1: Linux 4.13); `None` where that is not told.
#[must_use]
pub fn oom_kills(host: &Root, dir: &Path) -> Option<u64> {
    let files = ["memory.events", "memory.oom_control"];
    files.into_iter().find_map(|file| word(&text(host, dir, file)?, "oom_kill"))
}

fn one(host: &Root, dir: &Path) -> Usage {
    let micros = || word(&text(host, dir, "cpu.stat")?, "usage_usec").map(Duration::from_micros);
    let number = |file: &str| text(host, dir, file)?.trim().parse().ok();
    let nanos = || number("cpuacct.usage").map(Duration::from_nanos);
    Usage {
        memory: number("memory.current").or_else(|| number("memory.usage_in_bytes")),
        memory_peak: number("memory.peak").or_else(|| number("memory.max_usage_in_bytes")),
        cpu: micros().or_else(nanos),
        tasks: number("pids.current"),
        ..io(host, dir).unwrap_or_default()
    }
}

/// What was read and written, alone.
fn io(host: &Root, dir: &Path) -> Option<Usage> {
    if let Some(stat) = text(host, dir, "io.stat") {
        let sum = |key: &str| Some(of_io_stat(&stat, key));
        let [read_bytes, written_bytes] = ["rbytes", "wbytes"].map(sum);
        let [reads, writes] = ["rios", "wios"].map(sum);
        return Some(Usage { read_bytes, reads, written_bytes, writes, ..Usage::default() });
    }
    let bytes = text(host, dir, "blkio.throttle.io_service_bytes")?;
    let counts = text(host, dir, "blkio.throttle.io_serviced")?;
    let sum = |text: &str, what: &str| Some(of_blkio(text, what));
    Some(Usage {
        read_bytes: sum(&bytes, "Read"),
        reads: sum(&counts, "Read"),
        written_bytes: sum(&bytes, "Write"),
        writes: sum(&counts, "Write"),
        ..Usage::default()
    })
}

/// `8:0 rbytes=1 wbytes=2 rios=3 wios=4`, a device a line.
fn of_io_stat(text: &str, key: &str) -> u64 {
    let words = text.split_whitespace().filter_map(|word| word.split_once('='));
    words.filter(|(k, _)| *k == key).filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
}

/// `8:0 Read 1`, a device and a kind a line, and behind them their sums.
fn of_blkio(text: &str, what: &str) -> u64 {
    let number = |line: &str| {
        let mut words = line.split_whitespace();
        words.next()?.contains(':').then_some(())?;
        words.next().filter(|word| *word == what)?;
        words.next()?.parse::<u64>().ok()
    };
    text.lines().filter_map(number).sum()
}

/// `KEY NUMBER`, a key a line.
fn word(text: &str, key: &str) -> Option<u64> {
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.filter(|(k, _)| *k == key).find_map(|(_, value)| value.trim().parse().ok())
}

fn text(host: &Root, dir: &Path, file: &str) -> Option<String> {
    super::text(host, &dir.join(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_both_kinds_of_hierarchy() {
        let stat = "8:0 rbytes=4096 wbytes=10 rios=1 wios=2\n8:16 rbytes=4 wbytes=0 rios=1 wios=0\n";
        assert_eq!([of_io_stat(stat, "rbytes"), of_io_stat(stat, "wios")], [4100, 2]);
        let blkio = "8:0 Read 4096\n8:0 Write 10\n8:16 Read 4\n8:16 Total 14\nTotal 4110\n";
        assert_eq!([of_blkio(blkio, "Read"), of_blkio(blkio, "Write")], [4100, 10]);
        assert_eq!(of_blkio("Total 0\n", "Read"), 0);
        let control = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!(word(control, "oom_kill"), Some(3));
        assert_eq!(word("oom_kill_disable 0\nunder_oom 0\n", "oom_kill"), None);
    }
}
