//! Who starts before whom, who stops after whom, and why. Pure.
//!
//! [`graph`] holds the units and every edge with the place where it is written. From it come
//! [`transaction`]s (what a command does, in which order), [`reaction`]s (what follows when a unit
//! ends by itself) and the [`tree`] of `list-dependencies`.
//!
//! `amr order` predicts a boot or a way down: [`sysv`] and [`systemd`] make a [`step::Plan`],
//! [`check`] finds the [`obstacle`]s that keep a drain from its work, [`why`] explains an order,
//! [`render`] shows it.

pub mod check;
#[cfg(test)]
mod fixture;
pub mod graph;
pub mod obstacle;
pub mod reaction;
mod remedy;
pub mod render;
pub mod role;
pub mod span;
pub mod special;
pub mod step;
pub mod systemd;
pub mod sysv;
pub mod transaction;
pub mod tree;
pub mod why;
