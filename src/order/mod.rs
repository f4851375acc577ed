//! Who starts before whom, who stops after whom, and why. Pure.
//!
//! [`graph`] holds the units and every edge with the place where it is written. From it come
//! [`transaction`]s (what a command does, in which order), [`reaction`]s (what follows when a unit
//! ends by itself) and the [`tree`] of `list-dependencies`.

#[cfg(test)]
mod fixture;
pub mod graph;

pub mod reaction;
pub mod special;
pub mod transaction;
pub mod tree;
