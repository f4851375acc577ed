//! A process that keeps descriptors of a service while the service is restarted (FDSTORE=1 of sd_notify(3)).
//!
//! They are never the caller's own. Whoever closes one may wait for as long as its owner likes (`hold`), with some
//! files at each close(2) and not at the last alone. So a child takes them from the message in the queue, closes
//! none of them, and gives copies to processes that ask through its channel. Where what is kept changes, another
//! child takes over what stays, and the first one ends: what waits then, waits in its end.
//!
//! The channel is a socket of whole packets. The child says first how many it has; then it does what the first
//! byte of each packet says, and tells of descriptors that are of no use any more. When the other end is gone it
//! listens, so that whoever comes next has what was kept, and ends when nobody is to come any more.

use super::{Connection, Listener, NotifySocket};
use crate::os::clock;
use crate::os::error::{Error, Result};
use crate::os::fork::{self, Parent};
use crate::os::inherited::only_descriptors;
use crate::os::kill;
use crate::os::poll::{self, Interest};
use crate::os::proc::ProcessId;
use crate::os::rights;
use crate::os::root::Root;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::time::TimeSpec;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// The most that are kept: as many as one message carries (SCM_MAX_FD).
pub const MOST: usize = 253;

/// How long a keeper may take to answer. It may hang by what it keeps.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long one waits for a successor that was announced: a restart of many units may stop others first.
const BETWEEN: Duration = Duration::from_secs(180);

/// How long one waits for a successor before it looks again whether there is to be one.
const A_LOOK: Duration = Duration::from_secs(5);

/// First byte of what a keeper says of itself: the version of its words.
const HELLO: u8 = b'1';
/// First byte of what it says of a descriptor: its place follows.
const HUNG_UP: u8 = b'h';
/// It has said of all that it looks at how they are.
const LOOKED: u8 = b'k';
/// First bytes of what it is told: copies of these through the socket that comes with it; look at these; outlive
/// the parent; wait for a successor, not for ever; end.
const GIVE: u8 = b'g';
const WATCH: u8 = b'w';
const LIVE: u8 = b'l';
const AWAIT: u8 = b'a';
const END: u8 = b'e';

/// A way to the process that keeps descriptors, which have places in the order in which they came.
#[derive(Debug)]
pub struct Keeper {
    channel: OwnedFd,
    /// `None` for one of an earlier supervisor.
    child: Option<ProcessId>,
}

/// What a keeper has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The descriptor at this place was closed at its other end, or failed.
    HungUp(usize),
    /// It is gone, and with it what it kept.
    Gone,
    /// Nothing.
    Nothing,
}

impl Keeper {
    /// A new one, which ends with this process until [`live_on`](Self::live_on): it takes those of the one before that
    /// are to stay, then those that the next message of `socket` carries, which stays in the queue. Says of each
    /// whether it is the same as one that comes before it. `ranges`: by close_range(2), where the kernel has it.
    /// `awaits`: is somebody to come for what is kept, where this process is gone and has said nothing? It is asked
    /// there, and may use the root's descriptor.
    ///
    /// # Errors
    /// There is no process to be had, or it could not get hold of all of them in time.
    pub fn make(
        listener: &Listener,
        before: Option<(&Keeper, &[bool])>,
        socket: Option<&NotifySocket>,
        ranges: bool,
        (root, awaits): (&Root, &dyn Fn() -> bool),
    ) -> Result<(Keeper, Vec<bool>)> {
        let fail = |e: Errno| Error::new("keep", "descriptors", e);
        let (ours, theirs) = pair().map_err(fail)?;
        let child = fork::child(None, |birth| {
            let life = || {
                let mut used = vec![theirs.as_fd(), listener.as_fd()];
                used.extend(before.map(|(keeper, _)| keeper.channel.as_fd()));
                used.extend(socket.map(AsFd::as_fd));
                used.extend(root.descriptor());
                only_descriptors(&used, ranges)?;
                let held = collect(before, socket)?;
                // A socket that it had open and nobody read would have a service wait in its next message for ever, once
                // the supervisor is lost.
                let mut used = vec![theirs.as_fd(), listener.as_fd()];
                used.extend(root.descriptor());
                used.extend(held.iter().map(AsFd::as_fd));
                only_descriptors(&used, ranges)?;
                let same: Vec<bool> = (0..held.len()).map(|at| is_there(&held, at)).collect();
                say_hello(&theirs, &same)?;
                Life {
                    parent: birth.parent,
                    listener,
                    watched: vec![false; held.len()],
                    held,
                    looks: false,
                    end: None,
                    awaits,
                }
                .live(&theirs)
            };
            u8::from(life().is_err())
        })?;
        drop(theirs);
        let keeper = Keeper { channel: ours, child: Some(child) };
        match keeper.hello() {
            Ok(same) => Ok((keeper, same)),
            Err(e) => {
                keeper.end();
                Err(e)
            }
        }
    }

    /// The one of an earlier supervisor that listens at a path, and how many descriptors it has.
    ///
    /// # Errors
    /// There is none, or it does not answer in time.
    pub fn find(root: &Root, path: &Path) -> Result<(Keeper, usize)> {
        let connection = Connection::open(root, path, PATIENCE)?;
        let keeper = Keeper { channel: connection.into(), child: None };
        let count = keeper.hello()?.len();
        Ok((keeper, count))
    }

    /// Its process, where that is a child of this one.
    #[must_use]
    pub fn child(&self) -> Option<ProcessId> {
        self.child
    }

    /// Lets it outlive this process.
    pub fn live_on(&self) {
        self.tell(&[LIVE]);
    }

    /// Has it tell which of these are of no use any more; the places of those that are of none now. None where it hangs.
    #[must_use]
    pub fn watch(&self, which: &[bool]) -> Vec<usize> {
        self.tell(&packet(WATCH, which));
        let (mut bytes, mut gone) = ([0; 2], Vec::new());
        while let Ok(2) = receive(&self.channel, &mut bytes) {
            match bytes {
                [HUNG_UP, place] => gone.push(usize::from(place)),
                _ => break,
            }
        }
        gone
    }

    /// Has it wait for whoever comes after this process, for some minutes.
    pub fn await_successor(&self) {
        self.tell(&[AWAIT]);
    }

    /// Ends it. One that hangs is killed where it is a child, which is the caller's to reap.
    pub fn end(self) -> Option<ProcessId> {
        self.tell(&[END]);
        if let Some(child) = self.child {
            // One that has ended already is not reaped yet.
            let _ = kill::child(child, libc::SIGKILL);
        }
        self.child
    }

    /// What it says, without waiting.
    #[must_use]
    pub fn word(&self) -> Word {
        let mut bytes = [0; 2];
        match recv(self.channel.as_raw_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT) {
            Ok(2) if bytes.first() == Some(&HUNG_UP) => {
                Word::HungUp(bytes.last().copied().map_or(0, usize::from))
            }
            Ok(0) | Err(Errno::ECONNRESET | Errno::EPIPE) => Word::Gone,
            Ok(_) | Err(_) => Word::Nothing,
        }
    }

    /// The way to it, for a process that is to get copies.
    ///
    /// # Errors
    /// There are no descriptors to be had.
    pub fn channel(&self) -> Result<OwnedFd> {
        self.channel.try_clone().map_err(|e| Error::new("pass on", "descriptors", e))
    }

    fn hello(&self) -> Result<Vec<bool>> {
        let fail = |e: Errno| Error::new("keep", "descriptors", e);
        let mut bytes = [0; MOST + 1];
        let got = receive(&self.channel, &mut bytes).map_err(fail)?;
        match bytes.get(..got).and_then(<[u8]>::split_first) {
            Some((&HELLO, same)) => Ok(same.iter().map(|byte| *byte != 0).collect()),
            Some(_) | None => Err(fail(Errno::EPROTO)),
        }
    }

    fn tell(&self, words: &[u8]) {
        let _ = send(self.channel.as_raw_fd(), words, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT);
    }
}

impl AsFd for Keeper {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// Copies of those that a keeper has and that are asked for, in their order. In the process that is to have them: it
/// is the one that may wait when it closes them.
///
/// # Errors
/// The keeper does not answer in time, or there are no descriptors to be had.
pub fn fetch(channel: &OwnedFd, which: &[bool]) -> nix::Result<Vec<OwnedFd>> {
    let (ours, theirs) = pair()?;
    rights::send(channel.as_fd(), &packet(GIVE, which), &[theirs.as_fd()])?;
    drop(theirs);
    await_word(&ours)?;
    let (_, got) = rights::receive(ours.as_fd(), &mut [0], MsgFlags::MSG_DONTWAIT)?;
    if got.len() == which.iter().filter(|asked| **asked).count() { Ok(got) } else { Err(Errno::EPROTO) }
}

fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

fn packet(word: u8, which: &[bool]) -> Vec<u8> {
    std::iter::once(word).chain(which.iter().copied().map(u8::from)).collect()
}

fn await_word(fd: &OwnedFd) -> nix::Result<()> {
    let ready = poll::wait(&[(fd.as_fd(), Interest::Read)], Some(PATIENCE)).map_err(|_| Errno::EINTR)?;
    if ready.is_empty() { Err(Errno::ETIMEDOUT) } else { Ok(()) }
}

fn receive(fd: &OwnedFd, bytes: &mut [u8]) -> nix::Result<usize> {
    await_word(fd)?;
    recv(fd.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT)
}

fn collect(before: Option<(&Keeper, &[bool])>, socket: Option<&NotifySocket>) -> nix::Result<Vec<OwnedFd>> {
    let mut held = match before {
        Some((keeper, which)) => fetch(&keeper.channel, which)?,
        None => Vec::new(),
    };
    if let Some(socket) = socket {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        held.extend(rights::receive(socket.as_fd(), &mut [0], flags)?.1);
    }
    Ok(held)
}

/// Is this one the same as one before it?
fn is_there(held: &[OwnedFd], at: usize) -> bool {
    let (before, rest) = held.split_at(at);
    rest.first().is_some_and(|fd| before.iter().any(|had| rights::is_same(had.as_fd(), fd.as_fd())))
}

fn say_hello(channel: &OwnedFd, same: &[bool]) -> nix::Result<()> {
    send(channel.as_raw_fd(), &packet(HELLO, same), MsgFlags::MSG_NOSIGNAL).map(drop)
}

/// The life of a keeper. It closes nothing of what it holds but by its end.
struct Life<'a> {
    parent: Parent,
    listener: &'a Listener,
    held: Vec<OwnedFd>,
    /// Those of which it tells.
    watched: Vec<bool>,
    /// Somebody waits for a look at them.
    looks: bool,
    /// Until when it waits for a successor that was announced.
    end: Option<Duration>,
    /// Is there to be one that was not?
    awaits: &'a dyn Fn() -> bool,
}

impl Life<'_> {
    fn live(mut self, first: &OwnedFd) -> nix::Result<()> {
        let mut next = None;
        while let Some(channel) = self.serve(next.as_ref().unwrap_or(first))? {
            next = Some(channel);
        }
        Ok(())
    }

    /// Does what it is told; then the channel of whoever comes next, `None` where this was the end.
    fn serve(&mut self, channel: &OwnedFd) -> nix::Result<Option<OwnedFd>> {
        loop {
            let (asked, hung_up) = self.wait(channel)?;
            for place in hung_up {
                self.watched.iter_mut().skip(place).take(1).for_each(|watched| *watched = false);
                let word = [HUNG_UP, u8::try_from(place).unwrap_or(u8::MAX)];
                let _ = send(channel.as_raw_fd(), &word, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT);
            }
            if std::mem::take(&mut self.looks) {
                let _ =
                    send(channel.as_raw_fd(), &[LOOKED, 0], MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT);
            }
            if !asked {
                continue;
            }
            let mut bytes = [0; MOST + 1];
            let got = rights::receive(channel.as_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT);
            let (length, reply) = match got {
                Ok((0, _)) | Err(Errno::ECONNRESET | Errno::EPIPE) => return self.successor(),
                Err(Errno::EAGAIN | Errno::EINTR) => continue,
                got => got?,
            };
            let Some((word, which)) = bytes.get(..length).and_then(<[u8]>::split_first) else { continue };
            match *word {
                GIVE => self.give(which, &reply),
                WATCH => {
                    self.watched = self.held.iter().zip(which).map(|(_, which)| *which != 0).collect();
                    self.looks = true;
                }
                LIVE => self.parent.outlive()?,
                AWAIT => self.end = Some(clock::now().saturating_add(BETWEEN)),
                END => return Ok(None),
                _ => {}
            }
        }
    }

    /// Is there something in the channel, and which of the watched ones are of no use any more?
    fn wait(&self, channel: &OwnedFd) -> nix::Result<(bool, Vec<usize>)> {
        let watched = self.held.iter().zip(&self.watched).enumerate().filter(|(_, (_, watched))| **watched);
        let places: Vec<usize> = watched.map(|(place, _)| place).collect();
        let mut set = vec![PollFd::new(channel.as_fd(), PollFlags::POLLIN)];
        // What is told of nobody asks for: POLLHUP, POLLERR.
        let of_place = |place: &usize| Some(PollFd::new(self.held.get(*place)?.as_fd(), PollFlags::empty()));
        set.extend(places.iter().filter_map(of_place));
        let at_once = self.looks.then(|| TimeSpec::from_duration(Duration::ZERO));
        match ppoll(&mut set, at_once, None) {
            Err(Errno::EINTR) => return Ok((false, Vec::new())),
            done => done?,
        };
        let mut ready = set.iter().map(|fd| fd.revents().is_some_and(|events| !events.is_empty()));
        let asked = ready.next().unwrap_or_default();
        Ok((
            asked,
            places.into_iter().zip(ready).filter(|(_, ready)| *ready).map(|(place, _)| place).collect(),
        ))
    }

    /// Copies go to whoever asks, if he is still there.
    fn give(&self, which: &[u8], reply: &[OwnedFd]) {
        let asked = self.held.iter().zip(which).filter(|(_, which)| **which != 0);
        let asked: Vec<_> = asked.map(|(fd, _)| fd.as_fd()).collect();
        if let [reply] = reply {
            let _ = rights::send(reply.as_fd(), &[GIVE], &asked);
        }
    }

    /// Whoever comes after the one that is gone.
    fn successor(&mut self) -> nix::Result<Option<OwnedFd>> {
        loop {
            let mut set = [PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
            let wait = self.end.map_or(A_LOOK, |end| end.saturating_sub(clock::now()));
            match ppoll(&mut set, Some(TimeSpec::from_duration(wait)), None) {
                Ok(0) if self.end.is_some() || !(self.awaits)() => return Ok(None),
                Ok(0) | Err(Errno::EINTR) => continue,
                done => done?,
            };
            if let Ok(Some(connection)) = self.listener.accept() {
                let channel = OwnedFd::from(connection);
                (self.end, self.looks) = (None, false);
                self.watched = vec![false; self.held.len()];
                say_hello(&channel, &self.watched)?;
                return Ok(Some(channel));
            }
        }
    }
}
