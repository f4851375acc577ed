//! A quick hash for names.
//!
//! The standard library's guards a table against people who choose its keys so that all collide. The
//! names here are those of units, scripts and links: only root makes them, and the hash is half of what
//! looking one of them up costs.
//!
//! Pure.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map with this hash.
pub type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// A set with this hash.
pub type Set<K> = HashSet<K, BuildHasherDefault<Quick>>;

/// Odd, with as many ones as zeros: 2^64 over the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight bytes at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quick(u64);

impl Quick {
    #[inline(always)]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for Quick {
    #[inline]
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some((word, rest)) = bytes.split_first_chunk() {
            self.add(u64::from_ne_bytes(*word));
            bytes = rest;
        }
        // What is left, with its length, so that zeros at the end count.
        let mut last = u64::try_from(bytes.len()).unwrap_or_default();
        for byte in bytes {
            last = last << 8 | u64::from(*byte);
        }
        self.add(last);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.add(u64::try_from(n).unwrap_or_default());
    }

    /// The high bits are the well mixed ones; the table takes the low ones too.
    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::Hash;

    fn of(what: impl Hash) -> u64 {
        let mut hash = Quick::default();
        what.hash(&mut hash);
        hash.finish()
    }

    /// Names that differ in a digit, as hosts have them, fall into different places.
    #[test]
    fn spreads() {
        let names = (0..20_000).map(|n| of(format!("service{n}.service")));
        let all: Set<u64> = names.clone().collect();
        assert_eq!(all.len(), 20_000);
        // In a table twice as large a fair hash fills 39 % of the places.
        let low: Set<u64> = names.clone().map(|h| h & 0x7fff).collect();
        assert!(low.len() > 14_000, "{}", low.len());
        let high: Set<u64> = names.map(|h| h >> 57).collect();
        assert_eq!(high.len(), 128);
        let numbers: Set<u64> = (0..20_000usize).map(|n| of(n) & 0x7fff).collect();
        assert!(numbers.len() > 14_000, "{}", numbers.len());
    }

    #[test]
    fn every_byte_counts() {
        assert_ne!(of("a"), of("b"));
        assert_ne!(of("abcdefgh1"), of("abcdefgh2"));
        assert_ne!(of([0u8; 1].as_slice()), of([0u8; 2].as_slice()));
        assert_ne!(of(("a", "b")), of(("b", "a")));
    }
}
