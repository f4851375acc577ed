//! The judge against a model of a shipper and its writers, over many seeded histories.
//!
//! What is true is kept apart from what the judge is told: a copy of the model runs on with a working
//! output, and whatever it would yet deliver is outstanding; whatever was outstanding at a look, was
//! never delivered and is outstanding no more, is lost. Then
//!
//! * nothing is called `drained` or `settled` while something is outstanding or lost,
//! * what is at rest with everything acknowledged is `drained`, or `settled` or `cannot tell` for a
//!   reason that the report names,
//! * each check of the judge, turned off, lets a history through that breaks the first rule.
//!
//! `AMR_HISTORIES` sets the number (200 000 at least count; a million in one `cargo test --profile sim
//! --test simulate` with `AMR_HISTORIES=1000000`), `AMR_SEED` the seed, `AMR_HISTORY` one history that is
//! told step by step.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod bytes;
mod history;
mod look;
mod needed;
mod oracle;
mod rng;
mod trace;
mod waiting;
mod world;

use amr::drain::judge::verdict::Verdict;
use history::{Focus, Judging, run, setting};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use waiting::wait;

const HISTORIES: u64 = 200_000;

/// Runs so many histories on every processor and gives back what each showed. The first ones that are
/// broken are told when all are through.
fn all<T: Send>(histories: u64, one: impl Fn(u64) -> Result<T, String> + Sync) -> Vec<T> {
    if let Some(history) = trace::asked() {
        trace::begin();
        return one(history).map_or_else(|why| panic!("history {history}: {why}"), |shown| vec![shown]);
    }
    let next = AtomicU64::new(0);
    let broken = Mutex::new(BTreeMap::new());
    let work = || {
        let mut mine = Vec::new();
        loop {
            let history = next.fetch_add(1, Ordering::Relaxed);
            if history >= histories {
                return mine;
            }
            match one(history) {
                Ok(shown) => mine.push(shown),
                Err(why) => drop(broken.lock().unwrap().insert(history, why)),
            }
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let shown = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let broken = broken.into_inner().unwrap();
    let first: String =
        broken.iter().take(5).map(|(history, why)| format!("history {history}: {why}\n")).collect();
    assert!(broken.is_empty(), "{} of {histories} histories are broken, the first:\n{first}", broken.len());
    shown
}

#[test]
fn the_judge_is_never_wrong() {
    let histories = setting("AMR_HISTORIES", HISTORIES);
    println!("seed {}, {histories} histories", setting("AMR_SEED", 20_260_101));
    let told = all(histories, |history| {
        let told = run(history, Judging::WHOLE, Focus::default());
        told.broken.map_or(Ok(told.verdicts), Err)
    });
    let ran = told.len() as u64;
    let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
    for verdict in told.into_iter().flatten() {
        *verdicts.entry(verdict).or_default() += 1;
    }
    let read = bytes::READ.load(Ordering::Relaxed);
    println!("{ran} histories, {read} registries read from bytes, verdicts {verdicts:?}");
    assert!(read > ran / 2, "{read} registries are too few");
    assert!(ran >= HISTORIES, "{ran} histories are too few, {HISTORIES} are asked for");
    for verdict in [Verdict::Drained, Verdict::Settled, Verdict::CannotTell, Verdict::GaveUp] {
        assert!(verdicts.get(&verdict).copied().unwrap_or(0) > ran / 100, "{verdict:?} is hardly ever said");
    }
}

#[test]
fn what_is_acknowledged_in_time_ends_in_time() {
    let histories = setting("AMR_HISTORIES", HISTORIES);
    println!("seed {}, {histories} waits", setting("AMR_SEED", 20_260_101));
    let ended = all(histories, |history| {
        let ended = wait(history, Judging::WHOLE, Focus::default());
        match ended.broken {
            None => Ok((ended.verdict, ended.after)),
            Some(broken) => Err(broken),
        }
    });
    let ran = ended.len() as u64;
    let mut verdicts: BTreeMap<Verdict, (u64, u64)> = BTreeMap::new();
    for (verdict, after) in ended {
        let (count, longest) = verdicts.entry(verdict).or_default();
        *count += 1;
        *longest = (*longest).max(after);
    }
    println!("{ran} waits, verdicts, and seconds after the last movement at most: {verdicts:?}");
    assert!(ran >= HISTORIES, "{ran} waits are too few, {HISTORIES} are asked for");
    let drained = verdicts.get(&Verdict::Drained).map_or(0, |(count, _)| *count);
    assert!(drained > ran / 3, "only {drained} of {ran} end drained");
}
