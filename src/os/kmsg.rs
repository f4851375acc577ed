//! The kernel's log (/dev/kmsg, since Linux 3.5): did the OOM killer end a process?
//!
//! SIGKILL says nothing about who sent it; the kernel writes `Killed process PID (NAME)` when it did.

use super::clock;
use super::proc::ProcessId;
use super::root::{OFlag, Root};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// A record that is older is about another process of the same number.
const FRESH: Duration = Duration::from_secs(60);
/// No record is longer (`CONSOLE_EXT_LOG_MAX`).
const RECORD_MAX: usize = 8192;
/// No kernel has so many counters.
const VMSTAT_MAX: u64 = 1 << 20;
/// More records than the kernel keeps.
const RECORDS_MAX: usize = 1 << 17;

/// How many processes the OOM killer has ended since boot (`oom_kill` in /proc/vmstat, Linux 4.13);
/// counted before the signal is sent.
#[must_use]
pub fn oom_kills(host: &Root) -> Option<u64> {
    let bytes = host.read_kernel(Path::new("/proc/vmstat"), VMSTAT_MAX).ok()?;
    // Bytes, as some kilobytes of numbers need not be looked at as letters.
    let line = bytes.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"oom_kill "))?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// Did the OOM killer end this process in the last minute? False where the log cannot be read.
#[must_use]
pub fn oom_killed(host: &Root, pid: ProcessId) -> bool {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
    let Ok(mut log) = host.open_with(Path::new("/dev/kmsg"), flags, 0) else { return false };
    let now = clock::now();
    let mut record = [0_u8; RECORD_MAX];
    for _ in 0..RECORDS_MAX {
        match log.read(&mut record) {
            Ok(0) => return false,
            Ok(n) => {
                let text = String::from_utf8_lossy(record.get(..n).unwrap_or_default());
                if is_about(&text, pid.get(), now) {
                    return true;
                }
            }
            // A record was overwritten while it was read: the next read goes on behind it.
            Err(e) if e.raw_os_error() == Some(libc::EPIPE) => {}
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            // EAGAIN: that was the last.
            Err(_) => return false,
        }
    }
    false
}

/// Does a record, `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, say so of this pid?
fn is_about(record: &str, pid: i32, now: Duration) -> bool {
    let Some((head, text)) = record.split_once(';') else { return false };
    if !text.contains(&format!("Killed process {pid} ")) {
        return false;
    }
    let at = head.split(',').nth(2).and_then(|t| t.parse().ok()).map(Duration::from_micros);
    at.is_some_and(|at| now.saturating_sub(at) < FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_sentences() {
        let now = Duration::from_secs(100);
        for (record, want) in [
            ("6,99,90000000,-;Out of memory: Killed process 42 (java) total-vm:1kB, anon-rss:1kB\n", true),
            ("3,99,90000000,-;Memory cgroup out of memory: Killed process 42 (java) total-vm:1kB\n", true),
            ("3,99,90000000,-;Killed process 42 (java) total-vm:1kB\n", true),
            ("3,99,10000000,-;Killed process 42 (java) total-vm:1kB\n", false),
            ("3,99,90000000,-;Killed process 421 (java)\n", false),
            ("3,99,90000000,-;Kill process 42 (java) score 9\n", false),
            ("garbage Killed process 42 (java)", false),
            ("6,1,x,-;Killed process 42 (java)", false),
        ] {
            assert_eq!(is_about(record, 42, now), want, "{record}");
        }
    }
}
