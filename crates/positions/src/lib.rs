//! How far a log shipper has come: its position files are read into one table of cursors.
//!
//! * [`cursor`]: the table, what one position says, and every fault met on the way.
//! * [`filebeat`]: every generation of Filebeat's registry.
//!
//! A registry may hold a million states and a shutdown waits until they are read. So this is a crate of its
//! own, compiled otherwise than what is around it (`docs/decisions/08-crates.md`). Its ways in
//! take any stream and do all their work behind one `dyn Read`; were they generic throughout, they would
//! be compiled where they are called from, as that is compiled.
//!
//! Pure: it opens nothing, asks no clock and keeps nothing between calls but what it gives back.

// Tests read recordings.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod cursor;
pub mod filebeat;
mod json;
