//! The control socket: requests as they come, and those who wait for an end.
//!
//! One packet, one message, with its version before it ([`super::frame`]). What the words mean is the kind
//! of unit's; who may speak is not: root, and the user whose the supervisor is.

use super::frame::frame;
use crate::os::error::Result;
use crate::os::ids;
use crate::os::root::Root;
use crate::os::socket::{Connection, Listener};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

/// How long a request may take to arrive: its sender has connected and writes at once.
const PATIENCE: Duration = Duration::from_millis(200);

/// The socket of a unit.
#[derive(Debug)]
pub struct Control {
    listener: Listener,
}

impl Control {
    /// Listens in the unit's folder, in place of what an earlier supervisor left.
    ///
    /// # Errors
    /// The kernel says no.
    pub fn bind(root: &Root, path: &Path) -> Result<Self> {
        Ok(Self { listener: Listener::bind(root, path, 0o600)? })
    }

    /// The next packet of somebody who may command `unit`, without waiting for one who calls.
    ///
    /// # Errors
    /// The kernel says no.
    pub fn next(&self, unit: &str) -> Result<Option<(Vec<u8>, Connection)>> {
        while let Some(connection) = self.listener.accept()? {
            let (_, uid, _) = connection.peer()?;
            if uid != 0 && uid != ids::effective_uid() {
                log::warn!("user {uid} may not command '{unit}': connection closed");
                continue;
            }
            if let Some(packet) = connection.receive(PATIENCE).ok().filter(|packet| !packet.is_empty()) {
                return Ok(Some((packet, connection)));
            }
        }
        Ok(None)
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// Somebody to whom an answer goes, and in which version.
#[derive(Debug)]
pub struct Caller {
    to: Channel,
    version: u32,
}

#[derive(Debug)]
enum Channel {
    Connection(Connection),
    /// The pipe of the command that started this supervisor.
    Pipe(File),
}

impl Caller {
    /// One who asked through the socket.
    #[must_use]
    pub fn connection(connection: Connection, version: u32) -> Self {
        Self { to: Channel::Connection(connection), version }
    }

    /// Whoever sent the plan.
    #[must_use]
    pub fn starter(pipe: File, version: u32) -> Self {
        Self { to: Channel::Pipe(pipe), version }
    }

    /// In which it asked.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Answers. Whoever asked may have gone: that is no concern of the unit.
    pub fn reply(&mut self, words: &str) {
        let mut bytes = frame(self.version, words).into_bytes();
        match &mut self.to {
            Channel::Connection(c) => drop(c.send(&bytes, Duration::ZERO)),
            Channel::Pipe(p) => {
                bytes.push(b'\n');
                // In one piece: whoever reads wakes up once.
                drop(p.write_all(&bytes));
            }
        }
    }
}

/// Those who wait, each for one of the ends `W` that this kind of unit knows.
#[derive(Debug)]
pub struct Waiting<W> {
    all: Vec<(W, Caller)>,
}

impl<W> Default for Waiting<W> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

impl<W: Copy + PartialEq> Waiting<W> {
    /// One more, who is answered when that end has come.
    pub fn push(&mut self, end: W, caller: Caller) {
        self.all.push((end, caller));
    }

    /// Does nobody wait for anything?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Does anybody of this kind wait for that end?
    pub fn has(&self, end: W, is: impl Fn(&Caller) -> bool) -> bool {
        self.all.iter().any(|(of, caller)| *of == end && is(caller))
    }

    /// Takes out the first of this kind who waits for that end.
    pub fn take(&mut self, end: W, is: impl Fn(&Caller) -> bool) -> Option<Caller> {
        let at = self.all.iter().position(|(of, caller)| *of == end && is(caller))?;
        Some(self.all.remove(at).1)
    }

    /// Tells all who wait for an end that it has come.
    pub fn reply(&mut self, end: W, words: &str) {
        self.all.iter_mut().filter(|(of, _)| *of == end).for_each(|(_, caller)| caller.reply(words));
        self.all.retain(|(of, _)| *of != end);
    }

    /// The connections: one that becomes readable has been given up.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.iter().filter_map(|(_, caller)| match &caller.to {
            Channel::Connection(c) => Some(c.as_fd()),
            Channel::Pipe(_) => None,
        })
    }

    /// Forgets those who have gone.
    pub fn forget_gone(&mut self) {
        self.all.retain(|(_, caller)| match &caller.to {
            Channel::Connection(c) => !c.receive(Duration::ZERO).is_ok_and(|bytes| bytes.is_empty()),
            Channel::Pipe(_) => true,
        });
    }
}
