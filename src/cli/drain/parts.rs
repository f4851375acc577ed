//! The three processes of a drain.
//!
//! * The one that was called speaks ([`super::front`]) and looks at nothing, so that nothing keeps it from
//!   answering a signal.
//! * One looks at what others wrote, and has given up its rights before ([`sandbox`]).
//! * One opens for it what only root may, and writes reports ([`opener`]). It parses nothing of others'.
//!
//! When the first one has ended the others run no instruction any more, but one that sleeps in the kernel and takes
//! no signal, as in a file system that hangs: that one is named.

use crate::cli::out;
use crate::drain::inspect::{LIMIT, wall};
use crate::drain::report::keep::Keeper;
use crate::drain::report::rfc3339;
use crate::drain::shipper::QUESTION;
use crate::drain::wait::Task;
use crate::drain::wait::message::Message;
use crate::os::error::Result;
use crate::os::fork::{self, Side};
use crate::os::inherited::only_descriptors;
use crate::os::opener::{self, Opener};
use crate::os::poll;
use crate::os::proc::{Proc, ProcStat, ProcessId};
use crate::os::root::Root;
use crate::os::sandbox::{self, Filter};
use crate::os::signal::Signal;
use crate::os::{clock, kill, signal, wait};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What the command answers itself.
pub const SIGNALS: [Signal; 5] =
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGCHLD];

/// How long the end of the others may take.
#[derive(Clone, Copy, Debug)]
pub struct ExitLimits {
    /// The one that writes syncs what was told already.
    pub sync: Duration,
    /// One that was killed has not ended.
    pub until: Duration,
    /// What the kernel frees of them.
    pub freed: Freed,
}

/// Whether it is waited for until the kernel has freed what a process had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freed {
    /// It is: what the process used counts as the command's.
    Awaited,
    /// It is not: for folders that were watched it takes the kernel some milliseconds.
    Unawaited,
}

impl ExitLimits {
    /// Where no end was ordered.
    #[must_use]
    pub fn usual(freed: Freed) -> Self {
        let now = clock::now();
        Self {
            sync: Duration::from_millis(100),
            until: now.saturating_add(Duration::from_millis(150)),
            freed,
        }
    }

    /// Where it was ordered at that time: a tenth of a second is promised.
    #[must_use]
    pub fn ordered(at: Duration) -> Self {
        let until = at.saturating_add(Duration::from_millis(80));
        Self { sync: Duration::from_millis(10), until, freed: Freed::Unawaited }
    }
}

/// How soon it is looked again whether one is over, and at the latest. In between a quarter of what was waited for.
const STEPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(2)];

/// So long at most after [`ExitLimits::until`], while one does not sleep: a host may be busy.
const BUSY: Duration = Duration::from_secs(1);

/// The other two, as the first one has them.
#[derive(Debug)]
pub struct Others {
    looks: ProcessId,
    opens: ProcessId,
}

/// Parts in three. `look` is what the process does that looks; it is told what rights it could not give up.
///
/// # Errors
/// There are no processes to be had.
pub fn part(task: &Task, look: impl FnOnce(&Task, UnixStream, Vec<String>)) -> Result<(Others, UnixStream)> {
    let parent = ProcessId::own();
    // Who looks gives up first, and says what hangs.
    let limit = task.options.limit.unwrap_or(LIMIT);
    let limit = limit.saturating_add(limit / 8);
    let (opens, asks) = match fork::fork_pair()? {
        Side::Child(link) => {
            let (folder, file) = (task.folder.clone(), task.file.clone());
            let name = (rfc3339(wall()), task.pid);
            // What cannot be closed it keeps, as it has root's rights anyway.
            let _ = apart(task, &[link.as_fd()]);
            let mut keeper = Keeper::new(task.root.clone(), folder, file, name);
            opener::serve(link, &task.root, QUESTION, limit, &mut keeper);
            fork::leave();
        }
        Side::Parent(opens, asks) => (opens, asks),
    };
    match fork::fork_pair() {
        Ok(Side::Child(link)) => {
            let closed = apart(task, &[link.as_fd(), asks.as_fd()]);
            last_words(&link);
            let filter = if task.features.seccomp { Filter::Wanted } else { Filter::Unwanted };
            let mut kept = sandbox::enter(parent, filter);
            kept.extend(closed.err());
            let root = task.root.with_opener(Opener::new(asks, limit));
            look(&Task { root, ..task.clone() }, link, kept);
            fork::leave();
        }
        Ok(Side::Parent(looks, link)) => Ok((Others { looks, opens }, link)),
        Err(error) => {
            // Nobody asks it any more: it ends.
            drop(asks);
            Err(error)
        }
    }
}

/// What a process has of the command's own from now on: these descriptors, and the one of the root. Its signals are
/// the command's to answer.
///
/// # Errors
/// What else was open could not be closed.
pub fn apart(task: &Task, own: &[BorrowedFd<'_>]) -> std::result::Result<(), String> {
    // Not the command's handler, whose pipe is closed with all else.
    SIGNALS.into_iter().chain([Signal::SIGPIPE]).for_each(signal::ignore);
    let kept: Vec<_> = own.iter().copied().chain(task.root.descriptor()).collect();
    let closed = only_descriptors(&kept, task.features.close_range);
    closed.map_err(|error| format!("cannot close what the caller had open: {}", error.desc()))
}

/// Where the process that looks breaks, why is told.
fn last_words(link: &UnixStream) {
    let Ok(link) = link.try_clone() else { return };
    std::panic::set_hook(Box::new(move |broken| {
        let _ = (&link)
            .write_all(&Message::Note(format!("the process that looks at the files: {broken}")).line());
    }));
}

impl Others {
    /// Ends both, and whoever else was started; what is left behind is said.
    pub fn end(&self, started: Option<ProcessId>, patience: ExitLimits) {
        let _ = kill::child(self.looks, KILL);
        // Nobody asks the one that writes any more: it ends when what was told is synced.
        let mut left = vec![self.looks, self.opens];
        left.extend(started);
        let freed = patience.freed;
        wait_for(&mut left, clock::now().saturating_add(patience.sync), freed);
        left.iter().for_each(|pid| drop(kill::child(*pid, KILL)));
        wait_for(&mut left, patience.until, freed);
        if !left.iter().all(|pid| sleeps(*pid)) {
            wait_for(&mut left, patience.until.saturating_add(BUSY), freed);
        }
        for pid in left {
            let why = if sleeps(pid) {
                "it is in an uninterruptible sleep, as where a file system does not answer"
            } else {
                "it was killed and has not ended yet"
            };
            out::print_error("drain", &format!("process {pid} is left behind: {why}"), None);
        }
    }
}

const KILL: i32 = 9;

/// Waits until all of them are over, or until then; who is over is no longer among them.
fn wait_for(left: &mut Vec<ProcessId>, until: Duration, freed: Freed) {
    let ([soonest, latest], began) = (STEPS, clock::now());
    loop {
        left.retain(|pid| !is_over(*pid, freed));
        let now = clock::now();
        if left.is_empty() || now >= until {
            return;
        }
        let _ = poll::wait(&[], Some((now.saturating_sub(began) / 4).clamp(soonest, latest)));
    }
}

/// Whether it is gone, or at least runs nothing any more.
fn is_over(pid: ProcessId, freed: Freed) -> bool {
    // One that is no child was reaped already.
    let is_exiting = || threads(pid).is_some_and(|all| all.iter().all(ProcStat::is_exiting));
    !matches!(wait::reap(pid), Ok(None)) || (freed == Freed::Unawaited && is_exiting())
}

/// Whether one of its threads sleeps in the kernel and takes no signal.
fn sleeps(pid: ProcessId) -> bool {
    threads(pid).is_some_and(|all| all.iter().any(|thread| thread.state == b'D'))
}

/// `None` where /proc says nothing of it.
fn threads(pid: ProcessId) -> Option<Vec<ProcStat>> {
    let all = Root::host().and_then(|host| Proc::new(host).threads(pid)).ok()?;
    (!all.is_empty()).then_some(all)
}
