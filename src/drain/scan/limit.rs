//! Work that a file system may hang: each piece has a limit, and what hangs costs its own answer only.

use crate::os::cpu;
use crate::os::root::Root;
use crate::os::worker::{Worker, ends_within};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// After so many pieces that hang, the others are not tried.
const HUNG: usize = 8;

/// From so many pieces on a second thread saves more than it costs.
const MANY: usize = 32;

/// Does `look` for each of `requests`, in a thread that gets `limit` for each; what is not answered is
/// `None`. After one that hangs the next thread goes on behind it. Where there is much to do and a
/// second processor to do it, the halves are done side by side.
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
    let mut empty = Vec::new();
    empty.resize_with(count, || None);
    let answers = Arc::new(Mutex::new(empty));
    let (root, into) = (root.clone(), Arc::clone(&answers));
    let one = move |at: usize| {
        let Some(request) = requests.get(at) else { return };
        let answer = look(&root, request);
        // One that hung and came back may find that nobody waits any more.
        if let Some(slot) = into.lock().ok().as_mut().and_then(|all| all.get_mut(at)) {
            *slot = Some(answer);
        }
    };
    side_by_side(count, limit, &(Arc::new(one) as Piece));
    let mut all = answers.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
    all.resize_with(count, || None);
    all
}

/// Does one piece of the work, by its number.
type Piece = Arc<dyn Fn(usize) + Send + Sync>;

fn side_by_side(count: usize, limit: Duration, one: &Piece) {
    if count < MANY || cpu::count() < 2 {
        return in_turn(0..count, limit, one);
    }
    let (half, theirs) = (count / 2, Arc::clone(one));
    let second = Worker::begin(Box::new(move || in_turn(half..count, limit, &theirs)));
    in_turn(0..half, limit, one);
    // It ends for certain: it does nothing but wait for others, each with a limit.
    if !second.is_some_and(|second| second.ends_within(Duration::MAX)) {
        in_turn(half..count, limit, one);
    }
}

fn in_turn(mut pieces: Range<usize>, limit: Duration, one: &Piece) {
    let mut hung = 0usize;
    while !pieces.is_empty() && hung < HUNG {
        let (done, left) = (Arc::new(AtomicUsize::new(pieces.start)), Arc::new(AtomicBool::new(false)));
        let (todo, one) = (pieces.clone(), Arc::clone(one));
        let (reached, stop) = (Arc::clone(&done), Arc::clone(&left));
        let ended = ends_within(
            limit,
            Box::new(move || {
                for at in todo {
                    one(at);
                    reached.store(at.saturating_add(1), Ordering::Release);
                    // One that hung and came back finds that another thread has gone on.
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                }
            }),
        );
        left.store(true, Ordering::Release);
        let reached = done.load(Ordering::Acquire);
        if !ended && reached == pieces.start {
            hung = hung.saturating_add(1);
            pieces.start = reached.saturating_add(1);
        } else {
            pieces.start = reached;
        }
    }
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
        assert_eq!(each(&root, requests, Duration::from_secs(60), |_, number| number * 2), whole);
        let few: Vec<u32> = (0..64).map(|number| number * 2 + u32::from(number == 50)).collect();
        let answers = each(&root, few, Duration::from_millis(200), hangs_at_odd);
        assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1);
        assert_eq!((answers.len(), answers[50], answers[51]), (64, None, Some(102)));
    }
}
