//! The version of what processes of amr tell one another: record, plan and control messages.
//!
//! A supervisor lives as long as its service, the binary on disk does not: commands of one release meet
//! supervisors of another, before and after. So what is written says in which version it is, what has no
//! number is of version 1, and a reader goes by these rules:
//!
//! - Of an older version everything is read.
//! - A newer record is read if it says that this version is enough (`needs`), else refused by name.
//! - A newer plan is refused: what of it this program does not know it would leave out without a word.
//! - A request in a newer version is answered with the version that is understood here.
//!
//! | version | what came with it |
//! |---|---|
//! | 1 | words without a number |
//! | 2 | numbers in plan and messages, `needs` in the record; `concerns`, `stopped-yours`; `monitored` in the plan |
//! | 3 | `resources` in the plan; `controllers` among the groups of the record; the word `replan`; a plan in the unit's folder |
//!
//! Version 3 has more, which joined it before its first release: in the plan `conditions`, `asserts`, `actions`, and of a
//! service's `exec` the areas `log`, `terminal`, `credentials`, `mounts`, `spaces` (namespaces) and `system_calls`, and
//! what others have gained (dynamic users, scheduling, ambient capabilities, input as data, links to directories, …),
//! and of the service itself `store_max`, `open_files`, `restart_mode`, `bus_name` and the reload signal; in the record
//! `kept`, `commands`, `failed_in`, `condition`, `assertion`, `watchdog`, `watchdog_usec` and `unwritten`.
//!
//! What a kind of unit adds to them is that kind's; the number is one for all. Pure.

use thiserror::Error;

/// The version that is written. A release that adds to plan or messages, or changes what a field means,
/// raises it.
pub const VERSION: u32 = 3;

/// The least version whose readers understand the records that are written.
pub const NEEDS: u32 = 1;

/// The version of what has no number.
pub const FIRST: u32 = 1;

/// [`FIRST`], for serde.
#[must_use]
pub fn first() -> u32 {
    FIRST
}

/// Something that this amr is too old for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "it is from a newer amr (version {0}; this one understands up to {VERSION}); \
     hint: use the newer amr, or stop the unit with SIGTERM to its supervisor"
)]
pub struct Newer(pub u32);

/// May what needs this version be read?
///
/// # Errors
/// It is from a newer amr.
pub fn check(version: u32) -> Result<(), Newer> {
    if version > VERSION { Err(Newer(version)) } else { Ok(()) }
}
