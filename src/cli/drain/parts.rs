//! The three processes of a drain.
//!
//! * The one that was called speaks ([`super::front`]) and looks at nothing, so that nothing keeps it from
//!   answering a signal.
//! * One looks at what others wrote, and has given up its rights before ([`sandbox`]).
//! * One opens for it what only root may, and writes reports ([`opener`]). It parses nothing of others'.
//!
//! None of them outlives the first but one that sleeps in the kernel and takes no signal, as in a file system
//! that hangs: that one is named.

use crate::cli::out;
use crate::drain::look::wall;
use crate::drain::report::keep::Keeper;
use crate::drain::report::rfc3339;
use crate::drain::shipper::QUESTION;
use crate::drain::wait::Task;
use crate::os::error::{Error, Result};
use crate::os::fork::{self, Side};
use crate::os::opener::{self, Opener};
use crate::os::poll::{self, Interest};
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::os::sandbox::{self, Filter};
use crate::os::{clock, kill, wait};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the one that writes may take to sync what was told already.
const SYNC: Duration = Duration::from_millis(20);

/// How long a process takes to die that does not hang.
const DEATH: Duration = Duration::from_millis(30);

/// How often it is looked whether one has died whose end gave no event.
const STEP: Duration = Duration::from_millis(1);

/// The other two, as the first one has them.
#[derive(Debug)]
pub struct Others {
    looks: ProcessId,
    opens: ProcessId,
    /// Ends with the one that opens.
    alive: UnixStream,
}

/// Parts in three. `look` is what the process does that looks; it is told what rights it could not give up.
///
/// # Errors
/// There are no processes to be had.
pub fn part(task: &Task, look: impl FnOnce(&Task, UnixStream, Vec<String>)) -> Result<(Others, UnixStream)> {
    let parent = ProcessId::own();
    let fail = |error: std::io::Error| Error::new("start", "second process", error);
    let (alive, theirs) = UnixStream::pair().map_err(fail)?;
    let (opens, asks) = match fork::in_two()? {
        Side::Child(link) => {
            let (folder, file) = (task.folder.clone(), task.file.clone());
            let name = (rfc3339(wall()), task.pid);
            drop(alive);
            let mut keeper = Keeper::new(task.root.clone(), folder, file, name);
            opener::serve(link, &task.root, QUESTION, &mut keeper);
            fork::leave();
        }
        Side::Parent(opens, asks) => (opens, asks),
    };
    drop(theirs);
    match fork::in_two() {
        Ok(Side::Child(link)) => {
            drop(alive);
            let filter = if task.features.seccomp { Filter::Wanted } else { Filter::Unwanted };
            let kept = sandbox::enter(parent, filter);
            let root = task.root.with_opener(Opener::new(asks));
            look(&Task { root, ..task.clone() }, link, kept);
            fork::leave();
        }
        Ok(Side::Parent(looks, link)) => Ok((Others { looks, opens, alive }, link)),
        Err(error) => {
            // Nobody asks it any more: it ends.
            drop(asks);
            Err(error)
        }
    }
}

impl Others {
    /// Ends both, and whoever else was started; what is left behind is said. `link` is the one to the process
    /// that looks.
    pub fn end(&self, link: Option<&UnixStream>, started: Option<ProcessId>) {
        let mut ends: Vec<&UnixStream> = link.into_iter().chain([&self.alive]).collect();
        let _ = kill::child(self.looks, KILL);
        // Nobody asks the one that writes any more: it ends when what was told is synced.
        let mut left = vec![self.looks, self.opens];
        left.extend(started);
        wait_for(&mut left, &mut ends, SYNC);
        left.iter().for_each(|pid| drop(kill::child(*pid, KILL)));
        wait_for(&mut left, &mut ends, DEATH);
        for pid in left {
            let what = format!("process {pid} is left behind: {}", state(pid));
            out::complain("drain", &what, None);
        }
    }
}

const KILL: i32 = 9;

/// Waits until all of them have died, or for so long; who has is no longer among them. `ends` are streams that
/// end with them.
fn wait_for(left: &mut Vec<ProcessId>, ends: &mut Vec<&UnixStream>, limit: Duration) {
    let until = clock::now().saturating_add(limit);
    loop {
        // One that is no child was reaped already.
        left.retain(|pid| matches!(wait::reap(*pid), Ok(None)));
        if left.is_empty() || clock::now() >= until {
            return;
        }
        let fds: Vec<_> = ends.iter().map(|end| (end.as_fd(), Interest::Read)).collect();
        let ended = poll::wait(&fds, Some(STEP)).unwrap_or_default();
        let mut place = 0..;
        ends.retain(|_| !place.next().is_some_and(|place| ended.contains(&place)));
    }
}

/// Why a process that was killed is still there.
fn state(pid: ProcessId) -> &'static str {
    let stat = Root::host().and_then(|host| Proc::new(host).stat(pid));
    match stat.map(|stat| stat.state) {
        Ok(b'D') => "it is in an uninterruptible sleep, as where a file system does not answer",
        Ok(_) | Err(_) => "it was killed and has not ended yet",
    }
}
