//! Opens files for a process that has given up its rights: what it may not open itself it asks another
//! process for, which opens it for reading and passes the descriptor.
//!
//! The other process is the one with the rights, and does not trust who asks. It passes regular files and
//! folders alone, opened for reading; of `/proc` it passes whose a process is, how it was started and what it has open,
//! never its memory; on a connection it asks the one question that its caller knows, and nothing else can
//! be said on it then. What else is asked of it goes to that caller ([`serve`]).
//!
//! One request, one answer, one after the other. What a file system keeps from being answered is given up by the other
//! process, which goes on. Where that one does not answer at all, what is asked later fails at once.

mod server;
mod wire;

pub use server::{ExtraHandler, serve};
pub use wire::Text;

use super::proc::{FdInfo, ProcessId};
use super::root::Stat;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// How long the other process may take to say that a file system has not answered within its limit.
const MARGIN: Duration = Duration::from_millis(500);

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Request {
    /// A descriptor of a file or folder, opened with these flags of open(2).
    Open { place: RootedPath, flags: i32 },
    /// What stat(2) says, or lstat(2).
    Stat { place: RootedPath, follow: bool },
    /// What links say.
    Links(Vec<Text>),
    /// The numbers of all processes.
    Processes,
    /// What a process has open.
    Files(i32),
    /// A connection on which the one question was asked, ready to read the answer.
    Ask { peer: Peer, limit: Duration },
    /// What the caller of [`serve`] knows; it stands behind the request.
    Extra,
}

/// A path inside the root that both processes have, or inside that of another process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RootedPath {
    /// `/proc/PID/root` where it is another's.
    pub(super) elsewhere: Option<Text>,
    pub(super) path: Text,
}

/// Who is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Peer {
    /// Whoever listens on a unix socket.
    Unix(Text),
    /// Whoever listens on a port of this host.
    Tcp(SocketAddr),
}

/// A descriptor of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// Its number.
    pub fd: i32,
    /// Position and flags.
    pub info: FdInfo,
    /// fstat(2) of it.
    pub stat: Stat,
    /// The same as a path for people.
    pub link: Text,
}

/// The end of the process that asks.
#[derive(Debug)]
pub struct Opener {
    /// `None`: it has not answered.
    link: Mutex<Option<UnixStream>>,
    /// How long an answer may take.
    limit: Duration,
}

impl Opener {
    /// At the other end of `link` a process runs [`serve`] with this limit.
    #[must_use]
    pub fn new(link: UnixStream, limit: Duration) -> Self {
        Self { link: Mutex::new(Some(link)), limit: limit.saturating_add(MARGIN) }
    }

    pub(super) fn open(&self, place: RootedPath, flags: i32) -> nix::Result<OwnedFd> {
        self.ask(&Request::Open { place, flags }, &[], self.limit)?.fd.ok_or(Errno::EBADF)
    }

    pub(super) fn stat(&self, place: RootedPath, follow: bool) -> nix::Result<Stat> {
        self.ask_value(&Request::Stat { place, follow })
    }

    pub(super) fn links(&self, paths: &[&Path]) -> nix::Result<Vec<nix::Result<PathBuf>>> {
        let paths = paths.iter().map(|path| Text::from(*path)).collect();
        let links: Vec<Result<Text, i32>> = self.ask_value(&Request::Links(paths))?;
        let one = |link: Result<Text, i32>| link.map(PathBuf::from).map_err(Errno::from_raw);
        Ok(links.into_iter().map(one).collect())
    }

    pub(super) fn processes(&self) -> nix::Result<Vec<i32>> {
        self.ask_value(&Request::Processes)
    }

    pub(super) fn files(&self, pid: ProcessId) -> nix::Result<Vec<OpenFile>> {
        self.ask_value(&Request::Files(pid.get()))
    }

    /// A connection to a unix socket on which the question of [`serve`] was asked.
    ///
    /// # Errors
    /// Nobody listens, or the other process does not answer.
    pub fn unix(&self, path: &Path, limit: Duration) -> io::Result<UnixStream> {
        Ok(UnixStream::from(self.peer(Peer::Unix(path.into()), limit)?))
    }

    /// The same with a port of this host.
    ///
    /// # Errors
    /// As [`Self::unix`].
    pub fn tcp(&self, address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        Ok(TcpStream::from(self.peer(Peer::Tcp(address), limit)?))
    }

    fn peer(&self, peer: Peer, limit: Duration) -> nix::Result<OwnedFd> {
        self.ask(&Request::Ask { peer, limit }, &[], self.limit)?.fd.ok_or(Errno::EBADF)
    }

    /// Asks what the caller of [`serve`] knows; `None` where the answer does not come within `limit`.
    #[must_use]
    pub fn extra(&self, asked: &[u8], limit: Duration) -> Option<Vec<u8>> {
        self.ask(&Request::Extra, asked, limit).ok().map(|answer| answer.body)
    }

    /// Nothing is asked any more: the other process ends.
    pub fn close(&self) {
        if let Ok(mut link) = self.link.lock() {
            *link = None;
        }
    }

    fn ask_value<T: serde::de::DeserializeOwned>(&self, request: &Request) -> nix::Result<T> {
        let answer = self.ask(request, &[], self.limit)?;
        serde_json::from_slice(&answer.body).map_err(|_| Errno::EPROTO)
    }

    fn ask(&self, request: &Request, body: &[u8], limit: Duration) -> nix::Result<wire::Answer> {
        let mut link = self.link.lock().map_err(|_| Errno::ETIMEDOUT)?;
        let stream = link.as_mut().ok_or(Errno::ETIMEDOUT)?;
        let answer = wire::ask(stream, request, body, limit);
        match answer {
            Ok(answer) if answer.errno == 0 => Ok(answer),
            Ok(answer) => Err(Errno::from_raw(answer.errno)),
            // What comes now would be taken for the answer to the next question.
            Err(_) => {
                *link = None;
                Err(Errno::ETIMEDOUT)
            }
        }
    }
}

#[cfg(test)]
mod tests;
