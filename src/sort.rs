//! Sorting, and sorted collections, with one body for all types.
//!
//! The standard library's sorts, and its `collect` into a tree, are compiled anew for each type and
//! each order, 3 to 6 KB of machine code a time: with the three dozen of amr a twelfth of the binary.
//! They are made for millions of items; amr mostly sorts a handful. Here the sort itself exists once,
//! over positions, and only comparing and swapping belong to the type. What may be a million files
//! long (`drain`) stays with the standard library.
//!
//! Promises: stable; n log n comparisons, n where all is in order already.
//!
//! Pure.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Sorts by the type's own order.
pub fn slice<T: Ord>(all: &mut [T]) {
    by(all, T::cmp);
}

/// Sorts by a key.
pub fn by_key<T, K: Ord>(all: &mut [T], key: impl Fn(&T) -> K) {
    by(all, |a, b| key(a).cmp(&key(b)));
}

/// Sorts by an order.
pub fn by<T>(all: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let before = |a: usize, b: usize| match (all.get(a), all.get(b)) {
        (Some(a), Some(b)) => order(a, b) == Ordering::Less,
        (None, _) | (_, None) => false,
    };
    let mut room = [0; SHORT];
    if let Some(wanted) = room.get_mut(..all.len()) {
        short_positions(wanted, &before);
        place_short(wanted, &mut |a, b| all.swap(a, b));
        return;
    }
    let Some(wanted) = positions(all.len(), &before) else { return };
    arrange(all, wanted);
}

/// A map from its entries; of two with the same key the later one counts.
pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        map.insert(key, value);
    }
    map
}

/// A set from its members.
pub fn set<T: Ord>(members: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for member in members {
        set.insert(member);
    }
    set
}

/// So many are sorted without asking for memory; there are thousands of such lists for each long one.
const SHORT: usize = 16;

/// As [`positions`], by insertion.
fn short_positions(wanted: &mut [usize], before: &dyn Fn(usize, usize) -> bool) {
    for len in 0..wanted.len() {
        let Some(sorted) = wanted.get_mut(..=len) else { return };
        let mut at = len;
        while let Some(last) =
            at.checked_sub(1).and_then(|at| sorted.get(at)).copied().filter(|b| before(len, *b))
        {
            if let Some(slot) = sorted.get_mut(at) {
                *slot = last;
            }
            at -= 1;
        }
        if let Some(slot) = sorted.get_mut(at) {
            *slot = len;
        }
    }
}

/// As [`place`]; an item that was swapped away already is found where it went.
fn place_short(wanted: &[usize], swap: &mut dyn FnMut(usize, usize)) {
    for (to, from) in wanted.iter().enumerate() {
        let mut from = *from;
        while from < to {
            from = wanted.get(from).copied().unwrap_or(to);
        }
        if from != to {
            swap(to, from);
        }
    }
}

/// Which position's item belongs where: runs that are in order are merged into longer ones. `None`
/// where every item is in its place.
fn positions(len: usize, before: &dyn Fn(usize, usize) -> bool) -> Option<Vec<usize>> {
    if (1..len).all(|at| !before(at, at.saturating_sub(1))) {
        return None;
    }
    let mut from: Vec<usize> = (0..len).collect();
    let mut to = Vec::with_capacity(len);
    let mut run = 1usize;
    while run < len {
        for pair in from.chunks(run.saturating_mul(2)) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            while let (Some((l, lefts)), Some((r, rights))) = (left.split_first(), right.split_first()) {
                if before(*r, *l) {
                    to.push(*r);
                    right = rights;
                } else {
                    to.push(*l);
                    left = lefts;
                }
            }
            to.extend_from_slice(left);
            to.extend_from_slice(right);
        }
        std::mem::swap(&mut from, &mut to);
        to.clear();
        run = run.saturating_mul(2);
    }
    Some(from)
}

/// Brings every item to its place: `wanted` says which position's item belongs there.
pub fn arrange<T>(all: &mut [T], wanted: Vec<usize>) {
    place(wanted, &mut |a, b| all.swap(a, b));
}

/// As [`arrange`].
fn place(wanted: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    let mut goal = vec![0; wanted.len()];
    for (to, from) in wanted.into_iter().enumerate() {
        if let Some(goal) = goal.get_mut(from) {
            *goal = to;
        }
    }
    for at in 0..goal.len() {
        while let Some(&to) = goal.get(at).filter(|to| **to != at) {
            swap(at, to);
            goal.swap(at, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(all in proptest::collection::vec((0u8..20, any::<u8>()), 0..200)) {
            let (mut ours, mut theirs) = (all.clone(), all.clone());
            by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &theirs);
            slice(&mut ours);
            theirs.sort();
            prop_assert_eq!(ours, theirs);
            prop_assert_eq!(map(all.clone()), all.iter().copied().collect::<BTreeMap<_, _>>());
            prop_assert_eq!(set(all.clone()), all.into_iter().collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn what_is_in_order_costs_one_look() {
        let looks = std::cell::Cell::new(0);
        let mut all: Vec<u32> = (0..1000).collect();
        by(&mut all, |a, b| {
            looks.set(looks.get() + 1);
            a.cmp(b)
        });
        assert_eq!(looks.get(), 999);
        assert!(all.is_sorted());
    }
}
