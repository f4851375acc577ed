//! Words to the system's log: a datagram to /dev/log, and where nobody listens there (early, late, in
//! a container) a line to the kernel's log. Never waits: what finds no room is dropped.

use super::root::{OFlag, Root};
use super::socket;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send as send_through};
use nix::sys::stat::fstat;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// The facility `daemon` of syslog(3).
const DAEMON: u8 = 3 << 3;

/// Sends one message; `priority` is syslog's, 0 (emerg) to 7 (debug). True when somebody took it.
pub fn send(priority: u8, text: &str) -> bool {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let pri = DAEMON | (priority & 7);
    let line = format!("<{pri}>amr[{}]: {text}", std::process::id());
    socket::send_now(Path::new(LOG), line.as_bytes()).is_ok() || to_kernel(line.as_bytes())
}

/// Is standard error the stream of journald that `JOURNAL_STREAM`, `DEVICE:INODE`, names?
#[must_use]
pub fn is_journal(stream: &str) -> bool {
    fstat(std::io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// A record for the kernel's log, `<N>` and what follows; it cuts what is longer than its records.
pub fn to_kernel(line: &[u8]) -> bool {
    // One write is one record; a longer one is refused (LOG_LINE_MAX).
    const RECORD: usize = 976;
    write_now("/dev/kmsg", line.get(..RECORD).unwrap_or(line))
}

/// Text for whoever looks at the console.
pub fn to_console(text: &[u8]) -> bool {
    write_now("/dev/console", text)
}

fn write_now(device: &str, bytes: &[u8]) -> bool {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let device = Root::host().and_then(|host| host.open_with(Path::new(device), flags, 0));
    device.is_ok_and(|mut device| device.write_all(bytes).is_ok())
}

const LOG: &str = "/dev/log";

/// How many milliseconds a message may wait for room.
const ROOM: u8 = 250;

/// The daemon that listens at /dev/log.
#[derive(Debug)]
pub struct Daemon(OwnedFd);

impl Daemon {
    /// The one that is there now.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self(socket::sender_now(Path::new(LOG))?))
    }

    /// Sends a message, `<N>` and what follows. A queue that is full is waited for, a quarter of a second at
    /// most, as a burst of lines is longer than the few messages that a kernel keeps for a daemon.
    ///
    /// # Errors
    /// It did not take it, or is gone.
    pub fn send(&self, message: &[u8]) -> nix::Result<()> {
        let now = || {
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            send_through(self.0.as_raw_fd(), message, flags).map(drop)
        };
        match now() {
            Err(Errno::EAGAIN | Errno::ENOBUFS) => {
                let mut wait = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
                poll(&mut wait, PollTimeout::from(ROOM))?;
                now()
            }
            sent => sent,
        }
    }
}
