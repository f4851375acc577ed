//! The kernel's log (/dev/kmsg, since Linux 3.5): did the OOM killer end a process?
//!
//! SIGKILL says nothing about who sent it; the kernel writes `Killed process PID (NAME)` when it did.

use super::proc::ProcessId;
use super::root::{OFlag, Root};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// No record is longer (`CONSOLE_EXT_LOG_MAX`).
const RECORD_MAX: usize = 8192;
/// More records than the kernel keeps.
const RECORDS_MAX: usize = 1 << 17;

/// The kernel's log, read from some point in time on. It stays open: a look into it that finds nothing new is one
/// system call.
#[derive(Debug)]
pub struct KernelLog(Option<File>);

impl KernelLog {
    /// From now on. Where it may not be read, as in many containers, it says nothing.
    #[must_use]
    pub fn open(host: &Root) -> Self {
        let mut log =
            Self(host.open_with(Path::new("/dev/kmsg"), OFlag::O_RDONLY | OFlag::O_NONBLOCK, 0).ok());
        log.skip();
        log
    }

    /// What it says so far is about others.
    pub fn skip(&mut self) {
        let behind = self.0.as_mut().map(|file| file.seek(SeekFrom::End(0)));
        // Read from its beginning it would speak of processes of another time.
        if behind.is_some_and(|behind| behind.is_err()) {
            self.0 = None;
        }
    }

    /// Has the OOM killer ended this process? Reads on to the end.
    pub fn oom_killed(&mut self, pid: ProcessId) -> bool {
        let Some(log) = &mut self.0 else { return false };
        let mut record = [0_u8; RECORD_MAX];
        let mut said = false;
        for _ in 0..RECORDS_MAX {
            match log.read(&mut record) {
                Ok(0) => break,
                Ok(n) => said |= is_about(&String::from_utf8_lossy(record.get(..n).unwrap_or_default()), pid),
                // Records were overwritten before they were read: the next read goes on behind them.
                Err(e) if e.raw_os_error() == Some(libc::EPIPE) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // EAGAIN: that was the last.
                Err(_) => break,
            }
        }
        said
    }
}

/// Does a record, `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, say so of this pid?
fn is_about(record: &str, pid: ProcessId) -> bool {
    let text = record.split_once(';').map(|(_, text)| text);
    text.is_some_and(|text| text.contains(&format!("Killed process {pid} ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_sentences() {
        let pid = ProcessId::new(42).unwrap();
        for (record, want) in [
            ("6,99,90000000,-;Out of memory: Killed process 42 (java) total-vm:1kB, anon-rss:1kB\n", true),
            ("3,99,90000000,-;Memory cgroup out of memory: Killed process 42 (java) total-vm:1kB\n", true),
            ("3,99,90000000,-;Killed process 42 (java) total-vm:1kB\n", true),
            ("3,99,90000000,-;Killed process 421 (java)\n", false),
            ("3,99,90000000,-;Kill process 42 (java) score 9\n", false),
            ("garbage Killed process 42 (java)", false),
        ] {
            assert_eq!(is_about(record, pid), want, "{record}");
        }
    }
}
