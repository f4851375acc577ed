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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The process, by the sockets of these inodes.
    Own(Vec<u64>),
    /// Nobody that is known to be it.
    Another,
    /// No socket listens there.
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
    /// Who is given connections to this address: where several share it (SO_REUSEPORT), any of them may be.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> At {
        let listening = listeners(self.root, address);
        if listening.is_empty() {
            return At::Nobody;
        }
        // Where what it has open cannot be seen, it is not known to be the one.
        let own = Proc::new(self.root.clone()).sockets(self.process).unwrap_or_default();
        if listening.iter().all(|socket| own.contains(socket)) { At::Own(listening) } else { At::Another }
    }

    /// Whether those sockets listen there, and no others. Who does so before and after an answer has come gave the
    /// answer, unless a process of the same user came and went between.
    #[must_use]
    pub fn is_still(&self, sockets: &[u64], address: SocketAddr) -> bool {
        let listening = listeners(self.root, address);
        listening.iter().all(|socket| sockets.contains(socket))
            && sockets.iter().any(|socket| listening.contains(socket))
    }

    /// Whether this stream leads to it: to its process, as its user, since the number may have been another's before.
    #[must_use]
    pub fn is_at_end_of(&self, stream: &UnixStream) -> bool {
        let Ok((pid, user)) = peer(stream) else { return false };
        let users = || Proc::new(self.root.clone()).users(self.process).unwrap_or_default();
        pid == self.process.get() && users().contains(&user)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::os::socket::tests::sharing;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    /// The kernel gives a connection to any of those who share an address.
    #[test]
    fn who_shares_its_address_with_another_is_not_known_to_answer() {
        let root = Root::host().unwrap();
        let own = OwnListener { root: &root, process: ProcessId::own() };
        let first = sharing(0);
        let address = first.local_addr().unwrap();
        let second = sharing(address.port());
        let At::Own(sockets) = own.at(address) else { panic!("both are its own") };
        assert_eq!(sockets.len(), 2);
        assert!(own.is_still(&sockets, address));
        let theirs = OwnedFd::from(sharing(address.port()));
        let mut other = Command::new("sleep").arg("60").stdin(Stdio::from(theirs)).spawn().unwrap();
        assert_eq!(own.at(address), At::Another);
        assert!(!own.is_still(&sockets, address), "one that came meanwhile may have answered");
        other.kill().unwrap();
        other.wait().unwrap();
        drop(second);
        assert!(own.is_still(&sockets, address), "one of several is enough");
        drop(first);
        assert!(!own.is_still(&sockets, address));
        assert_eq!(own.at(address), At::Nobody);
    }
}
