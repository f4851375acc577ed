//! Whether what listens is a shipper's own process.
//!
//! A port, or the path of a socket, is whose who came first: a stranger, another shipper of root's, or whoever has
//! the same port in this network namespace while the shipper lives in another. A driver: it reads `/proc`.

use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::os::socket::{listeners, peer};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The process, by the socket of this inode.
    Own(u64),
    /// Nobody that is known to be it.
    Another,
    /// Nobody.
    Nobody,
}

/// The process that must be the one that listens.
#[derive(Clone, Copy, Debug)]
pub struct OwnListener<'r> {
    /// Where it runs.
    pub root: &'r Root,
    /// Its number in this PID namespace.
    pub process: ProcessId,
}

impl OwnListener<'_> {
    /// Who is given connections to this address.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> At {
        let listening = listeners(self.root, address);
        if listening.is_empty() {
            return At::Nobody;
        }
        // Where what it has open cannot be seen, it is not known to be the one.
        let own = Proc::new(self.root.clone()).sockets(self.process).unwrap_or_default();
        listening.into_iter().find(|socket| own.contains(socket)).map_or(At::Another, At::Own)
    }

    /// Whether that socket listens there. One that does so before and after an answer has come gave the answer: no
    /// other one can be bound to the address meanwhile.
    #[must_use]
    pub fn is_still(&self, socket: u64, address: SocketAddr) -> bool {
        listeners(self.root, address).contains(&socket)
    }

    /// Whether this stream leads to it: to its process, as its user, since the number may have been another's before.
    #[must_use]
    pub fn is_at_end_of(&self, stream: &UnixStream) -> bool {
        let Ok((pid, user)) = peer(stream) else { return false };
        let users = || Proc::new(self.root.clone()).users(self.process).unwrap_or_default();
        pid == self.process.get() && users().contains(&user)
    }
}
