//! What the processes of a unit use now, as far as this host tells.

use crate::cgroup::accounting as cgroup;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::supervisor::service::status::Record;
use std::path::Path;
use std::time::Duration;

/// What its processes use; `None` where that cannot be seen.
#[derive(Default)]
pub(super) struct Usage {
    /// What controllers count of all its processes.
    pub group: cgroup::Usage,
    /// Threads of all its processes.
    pub tasks: Option<u64>,
    /// Bytes: of the group where the kernel counts them, else what the main process has in memory.
    pub memory: Option<u64>,
    /// Does `memory` stand for the whole unit?
    pub is_group: bool,
    /// CPU time of the group where the kernel counts it, else of the main process.
    pub cpu: Option<Duration>,
    /// The name of the main process.
    pub command: Option<String>,
    /// User and group of the main process.
    pub owner: Option<(u32, u32)>,
}

impl Usage {
    /// From the cgroup where there is one, else from the main process.
    pub fn measure(record: &Record) -> Self {
        let mut usage = Self::default();
        let Ok(host) = Root::host() else { return usage };
        if let Some(main) = record.main.and_then(|m| ProcessId::new(m.pid)) {
            let proc = Proc::new(host.clone());
            usage.command = proc.stat(main).ok().map(|s| String::from_utf8_lossy(&s.comm).into_owned());
            let status = text(&host, Path::new(&format!("/proc/{}/status", main.get()))).unwrap_or_default();
            usage.memory = field(&status, "VmRSS:", 0).map(|kib: u64| kib * 1024);
            // Real, effective, saved, of the file system.
            usage.owner = field(&status, "Uid:", 1).zip(field(&status, "Gid:", 1));
            usage.cpu = cpu_time(&host, main);
        }
        usage.of_groups(&host, record);
        usage
    }

    fn of_groups(&mut self, host: &Root, record: &Record) {
        self.group = cgroup::Usage::measure(host, record.tracking.groups());
        // v1 calls the file `tasks`.
        let dir = record.tracking.cgroup.as_ref();
        let threads = ["cgroup.threads", "tasks"].iter().find_map(|name| text(host, &dir?.join(name)));
        let counted = threads.and_then(|threads| u64::try_from(threads.lines().count()).ok());
        self.tasks = self.group.tasks.or(counted);
        self.is_group = self.group.memory.is_some();
        self.memory = self.group.memory.or(self.memory);
        self.cpu = self.group.cpu.or(self.cpu);
    }
}

fn text(host: &Root, path: &Path) -> Option<String> {
    host.read(path, 1 << 20).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The `nth` word behind the one with which a line begins.
fn field<T: std::str::FromStr>(text: &str, key: &str, nth: usize) -> Option<T> {
    let words = text.lines().find_map(|line| line.strip_prefix(key))?;
    words.split_whitespace().nth(nth)?.parse().ok()
}

/// utime and stime of stat(5), in ticks of 10 ms.
fn cpu_time(host: &Root, pid: ProcessId) -> Option<Duration> {
    let text = text(host, Path::new(&format!("/proc/{}/stat", pid.get())))?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn words_of_lines_of_the_kernel() {
        let status = "Name:\tx\nUid:\t0\t33\t0\t33\nVmRSS:\t    1492 kB\n";
        assert_eq!(field(status, "Uid:", 1), Some(33));
        assert_eq!(field(status, "VmRSS:", 0), Some(1492_u64));
        assert_eq!(field::<u64>(status, "VmHWM:", 0), None);
    }
}
