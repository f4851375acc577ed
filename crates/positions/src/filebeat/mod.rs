//! Filebeat's registries, from 1.0 to 9.x.
//!
//! * [`registry`]: the one file of 1.x to 7.8, object or array.
//! * [`memlog`]: `log.json` and checkpoints of 7.9 and later.
//! * [`key`]: the keys of memlog; [`state`]: the fields of one state, common to all generations;
//!   [`time`]: both forms of a time.
//!
//! Offsets advance on the output's acknowledgement alone, in every generation, so a registry is
//! truthful: what it counts has arrived.

pub mod key;
pub mod memlog;
pub mod registry;
pub mod state;
pub mod time;

#[cfg(test)]
mod recordings;
