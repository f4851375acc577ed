//! tmpfiles.d(5) and sysusers.d(5): what packages expect to find when their services start.
//!
//! [`lines`] finds the lines of a file, [`line`] reads one, [`folders`] says which files count, [`plan`] what
//! of them is done and in which order, [`point`] which lines a unit's start needs; all pure. [`load`] reads the
//! files of a root, [`apply`] does what was planned, by the safe ways of `os` alone. [`sysusers`] is
//! about users and groups, which are made when asked alone.
//!
//! Of tmpfiles.d only creation is done: `d`, `D`, `f`, `F`, `L` and `z`. Nothing is cleaned or emptied, no tree
//! is walked; lines of other types are told, and passed over.

pub mod apply;
pub mod folders;
pub mod line;
pub mod lines;
pub mod load;
pub mod plan;
pub mod point;
pub mod sysusers;
#[cfg(test)]
mod tests;
