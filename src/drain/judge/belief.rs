//! Whom a drain of root's takes for a shipper.
//!
//! Whoever may run programs here can call one by a shipper's name, take its lock where that can be opened, and
//! have its files open. Those say which process is meant; its user says whether it is believed.
//!
//! Pure.

use super::check::{Check, Checks};
use std::collections::BTreeSet;

/// The users who run a shipper because root has said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// `User=` of the units that run it.
    pub units: BTreeSet<u32>,
    /// The owners of the registries that root has named.
    pub owners: BTreeSet<u32>,
}

/// Whether a process is believed that has these user ids: its real one says who began it, the effective and the
/// saved one what it may do, and a program that takes its owner's rights has several.
#[must_use]
pub fn is_believed(ids: &[u32], users: &Users, checks: Checks) -> bool {
    let named = |id: &u32| *id == 0 || users.units.contains(id) || users.owners.contains(id);
    !checks.on(Check::Believed) || (!ids.is_empty() && ids.iter().all(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_whom_root_has_named_are_believed() {
        let users = Users { units: [999].into(), owners: [998].into() };
        for (ids, believed) in [
            (&[0, 0, 0][..], true),
            (&[999, 999, 999], true),
            (&[998, 998, 998], true),
            (&[1000, 1000, 1000], false),
            // A program of root's that takes root's rights, begun by another.
            (&[1000, 0, 0], false),
            (&[0, 1000, 0], false),
            (&[], false),
        ] {
            assert_eq!(is_believed(ids, &users, Checks::ALL), believed, "{ids:?}");
        }
        assert!(!is_believed(&[999], &Users::default(), Checks::ALL));
        assert!(is_believed(&[1000], &users, Checks::without(Check::Believed)));
    }
}
