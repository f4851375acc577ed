//! Filebeat: its registries, from 1.0 to 9.x, alone or under the Elastic Agent.
//!
//! * [`registry`], [`memlog`], [`time`]: what its registries say, from the crate `positions`.
//! * [`evidence`]: its counters and what its own log says.
//! * [`config`]: filebeat.yml and the command line; `rules`: what an input asks for.
//! * [`http`]: asks its HTTP endpoint; `own_log`: reads its log. Drivers.
//! * `find`, `agent`, `load`: which Filebeats are here, with their configuration. Drivers.
//! * [`follow`]: reads whichever registry it is where it lies, and again as it changes. A driver; the
//!   others are pure.

pub use positions::filebeat::{memlog, registry, time};

mod agent;
pub mod config;
mod disk_queue;
mod evidence;
mod find;
pub mod follow;
pub mod http;
mod load;
mod own_log;
mod rules;
mod shipper;

pub use agent::{INSTALLED, PACKAGED, STATE};
pub use find::DATA;
pub use shipper::{Filebeat, latency};
