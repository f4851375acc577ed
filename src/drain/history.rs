//! What earlier looks saw: since when a file has been still, and which bytes vanished unshipped.
//!
//! A shipper forgets a file that is removed or renamed out of its patterns, with whatever was left of
//! it. So everything that was seen with bytes left is remembered, and stays in the list as lost when
//! it goes. Losses stay for good: what was lost once is not found again by looking away.
//!
//! Pure.

use crate::drain::cursor::FileId;
use crate::drain::file::Held;
use crate::drain::progress::{Progress, Rest};
use crate::drain::reason::{Reason, Standing};
use crate::drain::tail::Stream;
use crate::drain::verdict::{Check, Checks, Moment};
use std::collections::{BTreeMap, BTreeSet};

/// The looks so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    last: BTreeMap<Key, Progress>,
    lost: Vec<Progress>,
    moved: Option<Moment>,
}

type Key = (FileId, Box<[u8]>, Option<u8>);

fn key(progress: &Progress) -> Key {
    let stream = progress.stream.map(|stream| match stream {
        Stream::Stdout => 1,
        Stream::Stderr => 2,
    });
    (progress.file, progress.input_id.clone(), stream)
}

impl History {
    /// Takes a look: sets since when each file has been still, and adds what was lost.
    pub fn look(&mut self, files: &mut Vec<Progress>, now: Moment, checks: Checks) {
        let mut seen: BTreeMap<Key, Progress> = BTreeMap::new();
        let mut stateless = BTreeSet::new();
        for file in files.iter_mut() {
            let last = self.last.get(&key(file));
            match last {
                Some(last) if still(last, file) => file.still_since = last.still_since,
                Some(_) | None => {
                    file.still_since = now;
                    self.moved = Some(now);
                }
            }
            let cut = last.and_then(|last| cut_short(last, file));
            self.lost.extend(cut.filter(|_| checks.on(Check::CutShort)));
            if file.acknowledged.is_none() {
                stateless.insert(file.file);
            }
            seen.insert(key(file), file.clone());
        }
        let present: BTreeSet<FileId> = files.iter().map(|file| file.file).collect();
        for (key, last) in std::mem::take(&mut self.last) {
            let known = seen.contains_key(&key)
                || stateless.contains(&key.0)
                || (last.acknowledged.is_none() && present.contains(&key.0));
            if !known && had_rest(&last) && checks.on(Check::Vanished) {
                self.lost.push(Progress { reason: Reason::Gone, ..last });
            }
        }
        self.last = seen;
        files.extend(self.lost.iter().cloned());
    }

    /// When anything last moved; `None` before the first look.
    #[must_use]
    pub fn moved(&self) -> Option<Moment> {
        self.moved
    }

    /// Says of lost files that are still on disk that nobody asks for them any more.
    pub fn still_there(&mut self, found: impl Fn(FileId) -> bool) {
        for lost in &mut self.lost {
            if lost.reason == Reason::Gone && found(lost.file) {
                lost.reason = Reason::Forgotten;
            }
        }
    }
}

fn still(last: &Progress, now: &Progress) -> bool {
    last.size == now.size
        && last.goal == now.goal
        && last.acknowledged == now.acknowledged
        && last.held == now.held
}

/// Whether bytes were left that somebody should have shipped.
fn had_rest(last: &Progress) -> bool {
    match last.reason.standing() {
        Standing::Done | Standing::LeftAlone | Standing::Unshippable | Standing::Lost => false,
        Standing::AtRest | Standing::Unknown | Standing::Pending => last.rest > Rest::Bytes(0),
    }
}

/// The bytes that were cut off before they were acknowledged.
fn cut_short(last: &Progress, now: &Progress) -> Option<Progress> {
    let cut = now.size < last.size && had_rest(last);
    cut.then(|| Progress {
        reason: Reason::CutShort,
        path: now.path.clone(),
        held: Held::No,
        ..last.clone()
    })
}

