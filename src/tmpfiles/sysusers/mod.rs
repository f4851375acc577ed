//! sysusers.d(5): users and groups that packages expect. [`line`] reads a line, [`plan`] chooses numbers,
//! [`database`] changes the texts of passwd(5) and its kin; all pure. [`write`] does it.
//!
//! Nobody who is there already is changed, but for the members of groups that `m` names.

pub mod database;
pub mod line;
pub mod plan;
#[cfg(test)]
mod tests;
pub mod write;
