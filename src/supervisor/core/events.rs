//! The sleep of a supervisor: one poll(2) over signals, timers and whatever else it has, no wake-up without
//! cause.

use crate::os::clock;
use crate::os::error::Result;
use crate::os::poll::{self, Interest, Timers};
use crate::os::signal::{Signal, Signals};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// After something could not be looked at: what happened stays where it is, and is looked for again.
pub const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What wakes a supervisor whose timers have the names `C`.
#[derive(Debug)]
pub struct Events<C: Ord + Copy> {
    signals: Signals,
    /// Times since boot.
    pub timers: Timers<C>,
    /// Something could not be looked at, and nothing else may wake the supervisor.
    missed: bool,
}

/// A sleep that is to begin.
#[derive(Debug)]
pub struct Sleep {
    noted: Vec<i32>,
    limit: Option<Duration>,
    missed: bool,
}

/// What ended a sleep.
#[derive(Debug)]
pub struct Woken<S> {
    /// Whose descriptors are ready.
    pub ready: Vec<S>,
    /// There may be signals, or children that have ended.
    pub signals: bool,
}

impl Sleep {
    /// Does it end at once, so that what was seen before still holds?
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.limit.is_some_and(|limit| limit.is_zero())
    }
}

impl<C: Ord + Copy> Events<C> {
    /// Takes the signals of a supervisor as events from now on: SIGCHLD, SIGTERM and SIGINT, which stop the
    /// unit, and SIGHUP, which does nothing.
    ///
    /// # Errors
    /// The kernel says no.
    pub fn watch() -> Result<Self> {
        let signals = Signals::watch(&[Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])?;
        Ok(Self { signals, timers: Timers::default(), missed: false })
    }

    /// Something could not be looked at: the next sleep is short.
    pub fn retry_soon(&mut self) {
        self.missed = true;
    }

    /// How long to sleep now.
    pub fn nap(&mut self) -> Sleep {
        // A handler that found no memory has woken nobody: what it noted is looked for as well.
        let noted = self.signals.take();
        let mut limit = self.timers.timeout(clock::now());
        let missed = std::mem::take(&mut self.missed);
        if missed {
            limit = Some(limit.map_or(AFTER_FAILURE, |limit| limit.min(AFTER_FAILURE)));
        }
        if !noted.is_empty() {
            limit = Some(Duration::ZERO);
        }
        Sleep { noted, limit, missed }
    }

    /// Sleeps until a signal, a timer or one of the descriptors, each with what it belongs to.
    ///
    /// # Errors
    /// The kernel says no. What was noted before counts all the same.
    pub fn sleep<S: Copy>(&self, nap: &Sleep, fds: &[(BorrowedFd<'_>, S)]) -> Result<Woken<S>> {
        let mut all = vec![(self.signals.as_fd(), Interest::Read)];
        all.extend(fds.iter().map(|(fd, _)| (*fd, Interest::Read)));
        let noted = !nap.noted.is_empty() || nap.missed;
        let Some(ready) = poll::wait_or_signal(&all, nap.limit)? else {
            return Ok(Woken { ready: Vec::new(), signals: true });
        };
        let signals = noted || ready.first() == Some(&0);
        let source = |at: usize| Some(fds.get(at.checked_sub(1)?)?.1);
        Ok(Woken { ready: ready.into_iter().filter_map(source).collect(), signals })
    }

    /// The signals that have come since the sleep before.
    pub fn signals(&mut self, nap: Sleep) -> Vec<i32> {
        let mut signals = nap.noted;
        signals.extend(self.signals.take());
        signals
    }
}
