//! Words to the system's log: to the daemon that listens at /dev/log, and where nobody does (early, late, in
//! a container) a line to the kernel's log; and to the console.
//!
//! Promise: nobody is waited for longer than the caller says. What finds no room is dropped.

use super::clock;
use super::poll::{Interest, wait};
use super::root::{OFlag, Root};
use super::socket;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockType, send as send_through};
use nix::sys::stat::fstat;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// The facility `daemon` of syslog(3).
const DAEMON: u8 = 3 << 3;

/// Sends one message; `priority` is syslog's, 0 (emerg) to 7 (debug). True when somebody took it.
pub fn send(priority: u8, text: &str) -> bool {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let pri = DAEMON | (priority & 7);
    let line = format!("<{pri}>amr[{}]: {text}", std::process::id());
    let taken =
        Daemon::new().is_ok_and(|mut daemon| daemon.send(line.as_bytes(), &mut WaitBudget::none()).is_ok());
    taken || to_kernel(line.as_bytes())
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
    let line = line.get(..RECORD).unwrap_or(line);
    device("/dev/kmsg").is_ok_and(|mut device| device.write_all(line).is_ok())
}

fn device(path: &str) -> super::error::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    Root::host()?.open_with(Path::new(path), flags, 0)
}

/// The console, for whoever looks at it. It stays open, since the last close(2) of a serial line waits until all
/// of it is sent.
#[derive(Debug, Default)]
pub struct Console {
    device: Option<File>,
}

impl Console {
    /// Writes what it takes now; the rest is lost.
    pub fn write(&mut self, text: &[u8]) {
        let Some(device) = &mut self.device else {
            self.device = device("/dev/console").ok();
            if self.device.is_some() {
                self.write(text);
            }
            return;
        };
        match device.write_all(text) {
            Err(e) if e.kind() != ErrorKind::WouldBlock => {
                // Hung up (vhangup(2)): the next line opens it anew.
                self.device = None;
            }
            Ok(()) | Err(_) => {}
        }
    }
}

const LOG: &str = "/dev/log";

/// How much time there is for those who take something late: each message waits a part of it, all together wait for
/// no longer than this.
#[derive(Clone, Copy, Debug)]
pub struct WaitBudget {
    all: Duration,
}

impl WaitBudget {
    /// How long one message may wait for room.
    const EACH: Duration = Duration::from_millis(250);
    /// How long all messages of a turn may.
    const TURN: Duration = Duration::from_millis(500);

    /// For what comes in one turn of a loop that has others to answer.
    #[must_use]
    pub fn for_turn() -> Self {
        Self { all: Self::TURN }
    }

    /// Nobody waits.
    #[must_use]
    pub fn none() -> Self {
        Self { all: Duration::ZERO }
    }

    /// Waits until it takes something. Is there hope?
    fn wait(&mut self, fd: impl AsFd) -> bool {
        let each = self.all.min(Self::EACH);
        if each.is_zero() {
            return false;
        }
        let begun = clock::now();
        let ready = wait(&[(fd.as_fd(), Interest::Write)], Some(each));
        self.all = self.all.saturating_sub(clock::now().saturating_sub(begun));
        ready.is_ok_and(|ready| !ready.is_empty())
    }
}

/// The daemon that listens at /dev/log.
#[derive(Debug)]
pub struct Daemon {
    socket: OwnedFd,
    /// `None` where each message is a datagram; else what is left of one that a stream took in part.
    rest: Option<Vec<u8>>,
}

impl Daemon {
    /// The one that is there now: by datagrams, or where it listens for streams by one of those, as syslog(3)
    /// does it.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn new() -> std::io::Result<Self> {
        Self::at(Path::new(LOG))
    }

    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        match socket::sender_now(path, SockType::Datagram) {
            Err(e) if e.raw_os_error() == Some(libc::EPROTOTYPE) => {
                let socket = socket::sender_now(path, SockType::Stream)?;
                Ok(Self { socket, rest: Some(Vec::new()) })
            }
            socket => Ok(Self { socket: socket?, rest: None }),
        }
    }

    /// Sends a message, `<N>` and what follows. A queue that is full is waited for as long as there is room, as a
    /// burst of lines is longer than the few messages that a kernel keeps for a daemon.
    ///
    /// # Errors
    /// EAGAIN: it did not take it; else it is gone.
    pub fn send(&mut self, message: &[u8], budget: &mut WaitBudget) -> nix::Result<()> {
        let Some(rest) = self.rest.as_mut() else {
            return push(&self.socket, message, budget).map(drop);
        };
        while !rest.is_empty() {
            let sent = push(&self.socket, rest, budget)?;
            rest.drain(..sent);
        }
        // In a stream each message ends with a NUL (glibc's `__vsyslog_internal`).
        let whole = [message, b"\0"].concat();
        let sent = push(&self.socket, &whole, budget)?;
        rest.extend_from_slice(whole.get(sent..).unwrap_or_default());
        Ok(())
    }
}

/// How much of it was taken.
fn push(socket: &OwnedFd, bytes: &[u8], budget: &mut WaitBudget) -> nix::Result<usize> {
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    loop {
        match send_through(socket.as_raw_fd(), bytes, flags) {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN | Errno::ENOBUFS) if budget.wait(socket) => {}
            Err(Errno::ENOBUFS) => return Err(Errno::EAGAIN),
            sent => return sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use std::io::Read;
    use std::os::unix::net::{UnixDatagram, UnixListener};

    #[test]
    fn a_daemon_that_takes_nothing_costs_its_room_once() {
        let scratch = Scratch::new();
        let path = scratch.0.join("log");
        let listener = UnixDatagram::bind(&path).unwrap();
        let mut daemon = Daemon::at(&path).unwrap();
        let mut budget = WaitBudget { all: Duration::from_millis(60) };
        let begun = clock::now();
        let refused = (0..10_000).find_map(|_| daemon.send(b"<6>line", &mut budget).err());
        assert_eq!(refused, Some(Errno::EAGAIN));
        assert!(clock::now().saturating_sub(begun) >= Duration::from_millis(60));
        assert_eq!((budget.all, daemon.send(b"<6>line", &mut budget)), (Duration::ZERO, Err(Errno::EAGAIN)));
        drop(listener);
        assert_eq!(daemon.send(b"<6>line", &mut budget), Err(Errno::ECONNREFUSED));
    }

    #[test]
    fn one_that_listens_for_streams_gets_whole_messages() {
        let scratch = Scratch::new();
        let path = scratch.0.join("log");
        let listener = UnixListener::bind(&path).unwrap();
        let mut daemon = Daemon::at(&path).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let message = vec![b'x'; 40_000];
        let mut taken = 0;
        // Until the last one is taken in part, or not at all.
        while daemon.send(&message, &mut WaitBudget::none()).is_ok() {
            taken += 1;
        }
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).unwrap();
            all
        });
        daemon.send(b"<6>the end", &mut WaitBudget { all: Duration::from_secs(60) }).unwrap();
        drop(daemon);
        let all = reader.join().unwrap();
        let messages: Vec<&[u8]> = all.split(|byte| *byte == 0).collect();
        assert_eq!(messages.len(), taken + 2);
        assert!(messages.iter().take(taken).all(|one| *one == message), "each whole");
        assert_eq!(messages[taken..], [&b"<6>the end"[..], &[]]);
    }
}
