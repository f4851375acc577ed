//! Work that a file system may hang is done by a thread that may be left behind: whoever waits for it has a limit.
//!
//! A thread stays for the next piece, as making one costs as much as a small folder.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::Builder;
use std::time::Duration;

/// Runs `job` in another thread; `None` if it is not done within `limit`. A thread that hangs in the kernel stays
/// behind: there is no way to end it.
pub fn within<T: Send + 'static>(limit: Duration, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let result = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&result);
    let done = ends_within(
        limit,
        Box::new(move || {
            let value = job();
            if let Ok(mut slot) = theirs.lock() {
                *slot = Some(value);
            }
        }),
    );
    if done { result.lock().ok()?.take() } else { None }
}

/// What is run in a thread: one type for all, so that there is one thread's code for all.
pub type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one job after the other, and says when each is done.
#[derive(Debug)]
pub struct Worker {
    jobs: mpsc::Sender<Job>,
    done: mpsc::Receiver<()>,
}

/// One that has nothing to do. It alone is kept, as each has a stack.
static IDLE: Mutex<Option<Worker>> = Mutex::new(None);

impl Worker {
    /// One that has begun with `job`; `None` where there are no threads to be had.
    #[must_use]
    pub fn begin(job: Job) -> Option<Self> {
        let idle = IDLE.lock().ok().and_then(|mut idle| idle.take());
        let worker = idle.or_else(Self::new)?;
        worker.jobs.send(job).ok()?;
        Some(worker)
    }

    fn new() -> Option<Self> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (says, done) = mpsc::channel();
        let work = move || {
            for job in todo {
                job();
                // Nobody waits any more for one that hung: its thread ends.
                if says.send(()).is_err() {
                    return;
                }
            }
        };
        Builder::new().spawn(work).ok()?;
        Some(Self { jobs, done })
    }

    /// Whether its job is done within `limit`. One that hangs is not used again.
    #[must_use]
    pub fn ends_within(self, limit: Duration) -> bool {
        let ended = self.done.recv_timeout(limit).is_ok();
        if ended && let Ok(mut idle) = IDLE.lock() {
            *idle = Some(self);
        }
        ended
    }
}

/// Whether `job`, done in a thread, ends within `limit`.
#[must_use]
pub fn ends_within(limit: Duration, job: Job) -> bool {
    Worker::begin(job).is_some_and(|worker| worker.ends_within(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_hangs_is_left_behind() {
        let forever = || {
            loop {
                std::thread::park();
            }
        };
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        assert_eq!(within::<u8>(Duration::from_millis(20), forever), None);
        assert_eq!(within(Duration::from_secs(60), || 8), Some(8));
    }
}
