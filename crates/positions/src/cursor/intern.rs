//! Byte strings kept once, and a table of numbers that finds things by their hash.
//!
//! Both exist to hold a million small things in few bytes: a `HashMap<Box<[u8]>, u32>` costs some
//! ninety bytes an entry beyond the text. Pure.

use std::hash::Hasher;

/// Finds the number of a thing by its hash; equality is the caller's, who has the things.
///
/// A slot is half of the hash above the number, so that growing needs no thing, and a thing is
/// looked at only when its hash is right: each look may cost a trip to memory. Numbers in slots
/// count from one, so that a slot that was never used is zero, as fresh memory is.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    slots: Vec<u64>,
    used: usize,
}

/// A slot that was used, and whose thing was removed since: no thing has this number.
const GONE: u32 = u32::MAX;
/// Numbers above this are not for things.
pub(super) const MOST: usize = (u32::MAX - 2) as usize;

/// What a look into an [`Index`] gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The number that was looked for.
    Found(u32),
    /// There is none; here is room for it, until something else is added.
    Free(Slot),
}

/// Where a number may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    at: usize,
    half: u32,
}

/// The slots at which a thing may lie, one after the other. Things whose halves differ in the lowest
/// six bits alone begin side by side and stay so, however often they find others in their places. The
/// step is odd, so that every slot of a table, whose size is a power of two, comes in turn.
struct Path {
    at: usize,
    step: usize,
    mask: usize,
}

impl Path {
    /// `None` where there are no slots.
    #[inline(always)]
    fn new(half: u32, slots: usize) -> Option<Self> {
        let mask = slots.checked_sub(1)?;
        Some(Self { at: half as usize & mask, step: (half >> 20 << 6 | 1) as usize, mask })
    }

    #[inline(always)]
    fn go_on(&mut self) {
        self.at = self.at.wrapping_add(self.step) & self.mask;
    }
}

/// The half of a hash that is kept; its low bits say where the thing is looked for first.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Index {
    /// The number for which `same` holds.
    #[inline]
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        match self.find_slot(half(hash), &mut same)? {
            Entry::Found(number) => Some(number),
            Entry::Free(_) => None,
        }
    }

    /// The number for which `same` holds, or room for it; `None` when there is no memory for more.
    #[inline]
    pub fn entry(&mut self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<Entry> {
        if self.used.wrapping_mul(3) >= self.slots.len().wrapping_mul(2) {
            self.grow();
        }
        self.find_slot(half(hash), &mut same)
    }

    /// Adds a number that is not there, where [`Self::entry`] has found room for it.
    #[inline]
    pub fn fill(&mut self, slot: Slot, number: u32) {
        if let Some(place) = self.slots.get_mut(slot.at) {
            *place = u64::from(slot.half) << 32 | u64::from(number.wrapping_add(1));
            self.used = self.used.wrapping_add(1);
        }
    }

    #[inline(always)]
    fn find_slot(&self, half: u32, same: &mut impl FnMut(u32) -> bool) -> Option<Entry> {
        let mut path = Path::new(half, self.slots.len())?;
        loop {
            let slot = self.slots.get(path.at).copied()?;
            if slot == 0 {
                return Some(Entry::Free(Slot { at: path.at, half }));
            }
            let number = slot as u32;
            if (slot >> 32) as u32 == half && number != GONE && same(number.wrapping_sub(1)) {
                return Some(Entry::Found(number.wrapping_sub(1)));
            }
            path.go_on();
        }
    }

    /// Makes room for so many things, that they need not be moved later.
    pub fn reserve(&mut self, things: usize) {
        if self.slots.is_empty() {
            self.slots = vec![0; size_for(things)];
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let kept = |slot: &u64| *slot != 0 && *slot as u32 != GONE;
        let count = self.slots.iter().filter(|slot| kept(slot)).count();
        let old = std::mem::replace(&mut self.slots, vec![0; size_for(count.saturating_add(count / 4))]);
        self.used = count;
        for slot in old.into_iter().filter(kept) {
            let Some(mut path) = Path::new((slot >> 32) as u32, self.slots.len()) else { return };
            while self.slots.get(path.at).is_some_and(|&other| other != 0) {
                path.go_on();
            }
            if let Some(place) = self.slots.get_mut(path.at) {
                *place = slot;
            }
        }
    }

    /// Takes a number out.
    pub fn remove(&mut self, hash: u64, number: u32) {
        let half = half(hash);
        let Some(mut path) = Path::new(half, self.slots.len()) else { return };
        while let Some(found) = self.slots.get_mut(path.at) {
            if *found == 0 {
                return;
            }
            if *found as u32 == number.wrapping_add(1) {
                *found = u64::from(half) << 32 | u64::from(GONE);
                return;
            }
            path.go_on();
        }
    }
}

/// How many slots so many things need, a third of them free.
fn size_for(things: usize) -> usize {
    let least = things.saturating_add(things / 2).saturating_add(2);
    least.checked_next_power_of_two().unwrap_or(least).max(16)
}

/// Bytes laid end to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena(Vec<u8>);

impl Arena {
    /// Lays `text` down; `None` when its place cannot be told in 32 bits.
    pub fn add(&mut self, text: &[u8]) -> Option<u32> {
        let at = u32::try_from(self.0.len()).ok()?;
        self.0.extend_from_slice(text);
        Some(at)
    }

    /// Makes room for so many bytes.
    pub fn reserve(&mut self, bytes: usize) {
        self.0.reserve(bytes);
    }

    /// The text at a place.
    #[inline(always)]
    pub fn get(&self, at: u32, len: usize) -> &[u8] {
        let at = at as usize;
        self.0.get(at..at.saturating_add(len)).unwrap_or_default()
    }

    /// Bytes laid down so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Byte strings, each kept once, known by a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    text: Arena,
    ends: Vec<u32>,
    index: Index,
    last: Option<u32>,
    /// The number of a text that was asked for lately, by its [`sketch`]: the states of some folders
    /// follow one another in any order, and a look at the bytes costs less than their hash.
    recent: Vec<u32>,
}

impl Interner {
    /// The number of `text`, new or not; `None` when there are too many.
    pub fn intern(&mut self, text: &[u8]) -> Option<u32> {
        let number = match self.find_lately(text) {
            Some(number) => number,
            None => {
                let Self { text: all, ends, index, .. } = self;
                let number = match index.entry(hash(text), |number| known(all, ends, number) == text)? {
                    Entry::Found(number) => number,
                    Entry::Free(slot) => self.insert(slot, text)?,
                };
                self.recent.resize(LATELY, u32::MAX);
                if let Some(place) = self.recent.get_mut(sketch(text)) {
                    *place = number;
                }
                number
            }
        };
        self.last = Some(number);
        Some(number)
    }

    /// The number of `text` if it is there.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        let lately = self.find_lately(text);
        lately.or_else(|| self.index.find(hash(text), |number| self.get(number) == text))
    }

    /// The number of `text` if it was asked for lately.
    fn find_lately(&self, text: &[u8]) -> Option<u32> {
        let number = self.recent.get(sketch(text)).copied()?;
        let known = self.get(number);
        (number != u32::MAX && known == text).then_some(number)
    }

    /// The number that was asked for last.
    pub fn last(&self) -> Option<u32> {
        self.last
    }

    /// The text of a number.
    pub fn get(&self, number: u32) -> &[u8] {
        known(&self.text, &self.ends, number)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn insert(&mut self, slot: Slot, text: &[u8]) -> Option<u32> {
        let number = u32::try_from(self.ends.len()).ok().filter(|&number| (number as usize) < MOST)?;
        let end = u32::try_from(self.text.len().checked_add(text.len())?).ok()?;
        self.text.add(text)?;
        self.ends.push(end);
        self.index.fill(slot, number);
        Some(number)
    }
}

/// The text of a number.
#[inline]
fn known<'a>(text: &'a Arena, ends: &[u32], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let end = ends.get(number).copied().unwrap_or(start);
    text.get(start, end.wrapping_sub(start) as usize)
}

/// How many texts are remembered as asked for lately.
const LATELY: usize = 1024;

/// A place below [`LATELY`] for a text: some of its bytes, mixed.
fn sketch(text: &[u8]) -> usize {
    let (_, second) = text.split_at(text.len() / 2);
    let part = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed = part(text.last_chunk()) ^ part(second.first_chunk()).rotate_left(21) ^ text.len() as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

/// The hash of a text that a stranger may have chosen.
pub(super) fn hash(text: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_interned_is_found_again() {
        let mut texts = Interner::default();
        let numbers: Vec<u32> =
            (0..5000u32).map(|n| texts.intern(n.to_string().as_bytes()).unwrap()).collect();
        for (n, number) in numbers.iter().enumerate() {
            assert_eq!(texts.get(*number), n.to_string().as_bytes());
            assert_eq!(texts.intern(n.to_string().as_bytes()), Some(*number));
        }
        assert_eq!(texts.len(), 5000);
        assert_eq!(texts.find(b"none"), None);
    }

    #[test]
    fn an_index_forgets_what_is_removed_and_keeps_the_rest() {
        let mut index = Index::default();
        let add = |index: &mut Index, hash, number| match index.entry(hash, |other| other == number) {
            Some(Entry::Free(slot)) => index.fill(slot, number),
            other => panic!("{number}: {other:?}"),
        };
        // One hash for all: the worst case, and the one in which removal could cut a chain.
        (0..100).for_each(|number| add(&mut index, 7, number));
        (0..100).step_by(2).for_each(|number| index.remove(7, number));
        for number in 0..100 {
            assert_eq!(index.find(7, |found| found == number).is_some(), number % 2 == 1, "{number}");
        }
    }

    #[test]
    fn every_slot_of_a_table_comes_in_turn() {
        for half in [0, 7, 8, 0x1234_5678, u32::MAX] {
            let mut path = Path::new(half, 64).unwrap();
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..64 {
                seen.insert(path.at);
                path.go_on();
            }
            assert_eq!(seen.len(), 64, "{half}");
        }
        assert!(Path::new(7, 0).is_none());
    }

    /// As inodes are: one after the other, every eighth alone, and any; with room made before or not.
    #[test]
    fn what_is_added_is_found_whatever_its_hash() {
        let all = |step: u64| (0..5000u32).map(move |number| (number, (u64::from(number) * step) << 32));
        for (step, room) in [(1, 0), (8, 0), (0x9e37_79b9, 0), (8, 5000), (1, 100)] {
            let mut index = Index::default();
            index.reserve(room);
            for (number, hash) in all(step) {
                let Some(Entry::Free(slot)) = index.entry(hash, |other| other == number) else { panic!() };
                index.fill(slot, number);
            }
            for (number, hash) in all(step) {
                assert_eq!(index.entry(hash, |other| other == number), Some(Entry::Found(number)));
            }
            assert_eq!(index.find(1 << 63, |_| true), None, "{step}");
        }
    }
}
