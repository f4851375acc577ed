//! Ordered collections, filled one by one.
//!
//! `collect` brings them into order by a sort of its own first, which is four KiB of code for each type: for some
//! dozens of small ones some hundred KiB in all.

use std::collections::{BTreeMap, BTreeSet};

/// These values by their keys; of equal keys the last one counts, as with `collect`.
pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut all = BTreeMap::new();
    all.extend(entries);
    all
}

/// These values, each once.
pub fn set<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut all = BTreeSet::new();
    all.extend(values);
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn as_collect_has_them() {
        let entries = [(2, 'b'), (1, 'a'), (2, 'c')];
        assert_eq!(super::map(entries), entries.into_iter().collect());
        assert_eq!(super::set([3, 1, 3]), [1, 3].into_iter().collect());
    }
}
