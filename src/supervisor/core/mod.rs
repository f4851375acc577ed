//! What the supervisor of any kind of unit stands on, whatever the unit is: a service, later a socket or a
//! timer.
//!
//! ```text
//! starter --plan--> launch   -> ground (a clean process) -> claim (folders and lock: the only one)
//! commands <------> control  \
//! clock, signals -> events    > what the unit is: its machine, its plan, its actions
//!                   record   /        -> the record on disk, for readers that need no daemon
//! ```
//!
//! A kind of unit brings a type for its plan ([`plan::Plan`]) and one for its record ([`record::Record`]),
//! what its timers and descriptors are called ([`events::Events`]) and what callers wait for
//! ([`control::Waiting`]). Nothing here knows a kind of unit: docs/decisions/supervisor-core.md.
//!
//! Pure: [`bus`] (what is asked of a message bus), [`frame`] (versions before messages), [`mark`] (processes, files
//! and times in records), [`notify`] (datagrams of `sd_notify(3)`), [`plan`], [`record`], [`version`] (across
//! releases). The others are drivers.

pub mod base;
pub mod bus;
pub mod claim;
pub mod control;
pub mod events;
pub mod frame;
pub mod job;
pub mod launch;
pub mod mark;
pub mod notify;
pub mod plan;
pub mod record;
pub mod state_dir;
pub mod store;
#[cfg(test)]
mod tests;
pub mod version;
