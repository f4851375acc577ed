//! Work that a file system may hang: each piece has a limit, and what hangs costs its own answer only.

use crate::os::root::Root;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// After so many pieces that hang, the others are not tried.
const HUNG: usize = 8;

/// Runs `job` in a thread of its own; `None` if it is not done within `limit`. A thread that hangs in
/// the kernel stays behind: there is no way to end it.
pub fn within<T: Send + 'static>(limit: Duration, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let result = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&result);
    // What is sent is the same for all jobs, so that there is one channel's code for all.
    let (done, ended) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().spawn(move || {
        let value = job();
        if let Ok(mut slot) = theirs.lock() {
            *slot = Some(value);
        }
        // Nobody waits any more where this fails.
        let _ = done.send(());
    });
    thread.ok()?;
    ended.recv_timeout(limit).ok()?;
    result.lock().ok()?.take()
}

/// Does `look` for each of `requests`, in a thread that gets `limit` for each; what is not answered is
/// `None`. After one that hangs the next thread goes on behind it.
pub(super) fn each<Q, A>(
    root: &Root,
    requests: Vec<Q>,
    limit: Duration,
    look: fn(&Root, &Q) -> A,
) -> Vec<Option<A>>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
{
    let count = requests.len();
    let requests = Arc::new(requests);
    let mut answers: Vec<Option<A>> = Vec::with_capacity(count);
    let mut hung = 0usize;
    while answers.len() < count {
        let from = answers.len();
        let (done, left) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (job_root, job, into, stop) =
            (root.clone(), Arc::clone(&requests), Arc::clone(&done), Arc::clone(&left));
        let finished = within(limit, move || {
            for request in job.iter().skip(from) {
                let answer = look(&job_root, request);
                // One that hung and came back finds that another thread has gone on.
                let Some(mut done) = into.lock().ok().filter(|_| !stop.load(Ordering::Acquire)) else {
                    break;
                };
                done.push(answer);
            }
        });
        if let Ok(mut done) = done.lock() {
            left.store(true, Ordering::Release);
            answers.extend(done.drain(..).take(count.saturating_sub(from)).map(Some));
        }
        if finished.is_none() && answers.len() < count && answers.len() == from {
            answers.push(None);
            hung += 1;
        }
        if hung >= HUNG {
            answers.resize_with(count, || None);
        }
    }
    answers
}

/// From so many requests on a second thread costs less than it saves.
const MANY: usize = 32;

/// As [`each`]. Where there is much to do and a second processor to do it, two threads do one half each.
pub(super) fn halves<Q, A>(
    root: &Root,
    mut requests: Vec<Q>,
    limit: Duration,
    look: fn(&Root, &Q) -> A,
) -> Vec<Option<A>>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
{
    let two = || std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    if requests.len() < MANY || !two() {
        return each(root, requests, limit, look);
    }
    let second = requests.split_off(requests.len() / 2);
    let (count, theirs) = (second.len(), root.clone());
    let second = std::thread::Builder::new().spawn(move || each(&theirs, second, limit, look));
    let mut answers = each(root, requests, limit, look);
    let count = answers.len().saturating_add(count);
    answers.extend(second.ok().and_then(|second| second.join().ok()).unwrap_or_default());
    // Without a second thread there is no answer to its half.
    answers.resize_with(count, || None);
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a look at a file whose file system hangs: it does not come back.
    fn hangs_at_odd(_: &Root, number: &u32) -> u32 {
        if !number.is_multiple_of(2) {
            forever();
        }
        *number
    }

    fn forever() {
        loop {
            std::thread::park();
        }
    }

    #[test]
    fn a_file_that_hangs_costs_its_own_answer_only() {
        let root = Root::host().unwrap();
        let limit = Duration::from_millis(200);
        let answers = each(&root, vec![0, 2, 1, 4, 3, 6], limit, hangs_at_odd);
        assert_eq!(answers, [Some(0), Some(2), None, Some(4), None, Some(6)]);
    }

    #[test]
    fn after_many_that_hang_the_others_are_not_tried() {
        let root = Root::host().unwrap();
        let answers = each(&root, vec![1; 1000], Duration::from_millis(5), hangs_at_odd);
        assert_eq!(answers, vec![None; 1000]);
    }

    #[test]
    fn two_halves_give_what_one_whole_gives() {
        let root = Root::host().unwrap();
        let requests: Vec<u32> = (0..999).collect();
        let whole: Vec<Option<u32>> = requests.iter().map(|number| Some(number * 2)).collect();
        assert_eq!(halves(&root, requests, Duration::from_secs(60), |_, number| number * 2), whole);
        let few: Vec<u32> = (0..64).map(|number| number * 2 + u32::from(number == 50)).collect();
        let answers = halves(&root, few, Duration::from_millis(200), hangs_at_odd);
        assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1);
        assert_eq!((answers.len(), answers[50], answers[51]), (64, None, Some(102)));
    }

    #[test]
    fn a_job_that_hangs_is_left_behind() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        assert_eq!(within(Duration::from_millis(20), forever), None);
    }
}
