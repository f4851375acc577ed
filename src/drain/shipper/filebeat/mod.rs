//! Filebeat: its registries, from 1.0 to 9.x.
//!
//! * [`registry`]: the one file of 1.x to 7.8, object or array.
//! * [`memlog`]: `log.json` and checkpoints of 7.9 and later.
//! * [`key`]: the keys of memlog; [`state`]: the fields of one state, common to all generations;
//!   [`time`]: both forms of a time.
//! * [`evidence`]: its counters and what its own log says.
//! * [`config`]: filebeat.yml and the command line.
//! * [`glob`]: which files an input asks for.
//! * [`http`]: asks its HTTP endpoint. A driver.
//! * [`follow`]: reads whichever it is where it lies, and again as it changes. A driver; the others
//!   are pure.
//!
//! Offsets advance on the output's acknowledgement alone, in every generation, so a registry is
//! truthful: what it counts has arrived.

pub mod config;
pub mod evidence;
pub mod follow;
pub mod glob;
pub mod http;
pub mod key;
pub mod memlog;
mod order;
pub mod registry;
pub mod state;
pub mod time;

#[cfg(test)]
mod recordings;
