//! Words to the system's log: a datagram to /dev/log, and where nobody listens there (early, late, in
//! a container) a line to the kernel's log. Never waits: what finds no room is dropped.

use super::root::{OFlag, Root};
use super::socket;
use nix::sys::stat::fstat;
use std::io::Write;
use std::path::Path;

/// The facility `daemon` of syslog(3).
const DAEMON: u8 = 3 << 3;

/// Sends one message; `priority` is syslog's, 0 (emerg) to 7 (debug). True when somebody took it.
pub fn send(priority: u8, text: &str) -> bool {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let pri = DAEMON | (priority & 7);
    let line = format!("<{pri}>amr[{}]: {text}", std::process::id());
    socket::send_now(Path::new("/dev/log"), line.as_bytes()).is_ok() || to_kernel(&line)
}

/// Is standard error the stream of journald that `JOURNAL_STREAM`, `DEVICE:INODE`, names?
#[must_use]
pub fn is_journal(stream: &str) -> bool {
    fstat(std::io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

fn to_kernel(line: &str) -> bool {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK;
    let log = Root::host().and_then(|host| host.open_with(Path::new("/dev/kmsg"), flags, 0));
    // One write is one record.
    log.is_ok_and(|mut log| log.write_all(line.as_bytes()).is_ok())
}
