//! Byte strings kept once, and a table of numbers that finds things by their hash.
//!
//! Both exist to hold a million small things in few bytes: a `HashMap<Box<[u8]>, u32>` costs some
//! ninety bytes an entry beyond the text. Pure.

use crate::json::begins;
use std::hash::Hasher;

/// Finds the number of a thing by its hash; equality is the caller's, who has the things.
///
/// A slot is half of the hash above the number, so that growing needs no thing, and a thing is
/// looked at only when its hash is right: each look may cost a trip to memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    slots: Vec<u64>,
    used: usize,
}

/// The number of a slot that was never used.
const EMPTY: u32 = u32::MAX;
/// The number of a slot that was used, and whose thing was removed since.
const GONE: u32 = u32::MAX - 1;
/// Numbers above this are not for things.
pub(super) const MOST: usize = (u32::MAX - 2) as usize;

/// The half of a hash that is kept; its low bits say where the thing is looked for first.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn slot(half: u32, number: u32) -> u64 {
    u64::from(half) << 32 | u64::from(number)
}

impl Index {
    /// The number for which `same` holds.
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = half(hash);
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = half as usize & mask;
        loop {
            let slot = self.slots.get(at).copied()?;
            let number = slot as u32;
            if number == EMPTY {
                return None;
            }
            if (slot >> 32) as u32 == half && number != GONE && same(number) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a number that is not there.
    pub fn add(&mut self, hash: u64, number: u32) {
        if (self.used + 1) * 3 > self.slots.len() * 2 {
            let kept = self.slots.iter().filter(|&&slot| (slot as u32) < GONE).count();
            let size = ((kept + 1) * 2).next_power_of_two().max(16);
            let old = std::mem::replace(&mut self.slots, vec![slot(0, EMPTY); size]);
            self.used = 0;
            for slot in old.into_iter().filter(|&slot| (slot as u32) < GONE) {
                self.place(slot);
            }
        }
        self.place(slot(half(hash), number));
    }

    /// Takes a number out.
    pub fn remove(&mut self, hash: u64, number: u32) {
        let half = half(hash);
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut at = half as usize & mask;
        while let Some(found) = self.slots.get_mut(at) {
            match *found as u32 {
                EMPTY => return,
                same if same == number => {
                    *found = slot(half, GONE);
                    return;
                }
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn place(&mut self, new: u64) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut at = (new >> 32) as usize & mask;
        while let Some(found) = self.slots.get_mut(at) {
            if *found as u32 == EMPTY {
                *found = new;
                self.used += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }
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
                let hash = hash(text);
                let number = match self.index.find(hash, |number| self.get(number) == text) {
                    Some(number) => number,
                    None => self.insert(hash, text)?,
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
        (number != u32::MAX && known.len() == text.len() && begins(known, text)).then_some(number)
    }

    /// The number that was asked for last.
    pub fn last(&self) -> Option<u32> {
        self.last
    }

    /// The text of a number.
    pub fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.text.get(start, (end - start) as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn insert(&mut self, hash: u64, text: &[u8]) -> Option<u32> {
        let number = u32::try_from(self.ends.len()).ok().filter(|&number| (number as usize) < MOST)?;
        let end = u32::try_from(self.text.len().checked_add(text.len())?).ok()?;
        self.text.add(text)?;
        self.ends.push(end);
        self.index.add(hash, number);
        Some(number)
    }
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
        // One hash for all: the worst case, and the one in which removal could cut a chain.
        (0..100).for_each(|number| index.add(7, number));
        (0..100).step_by(2).for_each(|number| index.remove(7, number));
        for number in 0..100 {
            assert_eq!(index.find(7, |found| found == number).is_some(), number % 2 == 1, "{number}");
        }
    }
}
