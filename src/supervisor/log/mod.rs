//! What a service writes: stamped, kept in `UNIT.log`, rotated, and read back by `amr logs`.
//!
//! [`stamp`] and [`query`] are pure; [`file`] writes, [`read`] reads. A line in the file is
//! `TIMESTAMP TEXT`; a leading `<N>` that the service wrote itself (sd-daemon(3)) stays where it is
//! and is the line's priority.

pub mod file;
pub mod forward;
pub mod query;
pub mod read;
pub mod rules;
pub mod stamp;

#[cfg(test)]
mod tests;
