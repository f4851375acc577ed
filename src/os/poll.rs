//! Waiting for descriptors and for time, with one ppoll(2) and no wake-up without cause.

use super::clock;
use super::error::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What to wait for at a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Interest {
    Read,
    Write,
}

/// Waits until one of `fds` is ready, closed or failed, at most `timeout` (`None`: for ever).
/// Returns their places in `fds`, in order; none when the time is over. A signal does not end it.
pub fn wait(fds: &[(BorrowedFd<'_>, Interest)], timeout: Option<Duration>) -> Result<Vec<usize>> {
    let end = timeout.map(|timeout| clock::now().saturating_add(timeout));
    let mut left = timeout;
    loop {
        if let Some(ready) = wait_or_signal(fds, left)? {
            return Ok(ready);
        }
        left = end.map(|end| end.saturating_sub(clock::now()));
    }
}

/// The same; `None` when a signal came. For one who has a descriptor for signals among `fds`, but must not
/// miss one for which the handler found no memory to make it readable.
pub fn wait_or_signal(
    fds: &[(BorrowedFd<'_>, Interest)],
    timeout: Option<Duration>,
) -> Result<Option<Vec<usize>>> {
    let flags = |interest| match interest {
        Interest::Read => PollFlags::POLLIN,
        Interest::Write => PollFlags::POLLOUT,
    };
    let mut set: Vec<PollFd<'_>> =
        fds.iter().map(|&(fd, interest)| PollFd::new(fd, flags(interest))).collect();
    match ppoll(&mut set, timeout.map(time_spec), None) {
        Err(Errno::EINTR) => return Ok(None),
        outcome => outcome.map_err(|e| Error::new("wait for", "descriptors", e))?,
    };
    let ready = |fd: &PollFd<'_>| fd.revents().is_some_and(|events| !events.is_empty());
    Ok(Some(set.iter().enumerate().filter(|(_, fd)| ready(fd)).map(|(place, _)| place).collect()))
}

/// The longest that there is, where it is longer.
fn time_spec(timeout: Duration) -> TimeSpec {
    TimeSpec::new(i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX), timeout.subsec_nanos().into())
}

/// Named deadlines; arming one that is armed moves it. Times are since boot (`clock::now`).
#[derive(Clone, Debug)]
pub struct Timers<K> {
    armed: BTreeMap<K, Duration>,
}

impl<K: Ord + Copy> Default for Timers<K> {
    fn default() -> Self {
        Timers { armed: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Timers<K> {
    /// Sets or moves a deadline.
    pub fn arm(&mut self, timer: K, at: Duration) {
        self.armed.insert(timer, at);
    }
    /// Forgets it.
    pub fn disarm(&mut self, timer: K) {
        self.armed.remove(&timer);
    }
    /// When it will fire.
    pub fn deadline(&self, timer: K) -> Option<Duration> {
        self.armed.get(&timer).copied()
    }
    /// How long to wait for the next one; `None` when none is armed.
    pub fn timeout(&self, now: Duration) -> Option<Duration> {
        self.armed.values().min().map(|at| at.saturating_sub(now))
    }
    /// Takes out those whose time has come, the earliest first.
    pub fn expired(&mut self, now: Duration) -> Vec<K> {
        let mut due: Vec<(Duration, K)> =
            self.armed.iter().filter(|&(_, &at)| at <= now).map(|(&timer, &at)| (at, timer)).collect();
        due.sort_unstable();
        due.iter().for_each(|(_, timer)| self.disarm(*timer));
        due.into_iter().map(|(_, timer)| timer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::clock;
    use std::os::fd::AsFd;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn timers_fire_in_order_and_once() {
        let mut timers = Timers::default();
        timers.arm('b', ms(20));
        timers.arm('a', ms(30));
        timers.arm('c', ms(90));
        timers.arm('c', ms(10));
        assert_eq!(timers.timeout(ms(4)), Some(ms(6)));
        assert_eq!(timers.expired(ms(25)), ['c', 'b']);
        assert_eq!(timers.expired(ms(25)), []);
        timers.disarm('a');
        assert_eq!(timers.timeout(ms(0)), None);
    }

    #[test]
    fn waits_for_data_or_time() {
        let (r, w) = nix::unistd::pipe().unwrap();
        let start = clock::now();
        assert!(wait(&[(r.as_fd(), Interest::Read)], Some(Duration::from_micros(1500))).unwrap().is_empty());
        assert!(clock::now() - start >= Duration::from_micros(1500));
        let both = [(r.as_fd(), Interest::Read), (w.as_fd(), Interest::Write)];
        assert_eq!(wait(&both, None).unwrap(), [1]);
        nix::unistd::write(&w, b"x").unwrap();
        assert_eq!(wait(&both, None).unwrap(), [0, 1]);
    }
}
