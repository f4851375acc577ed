//! Filebeat: its registries, from 1.0 to 9.x.
//!
//! * [`registry`], [`memlog`], [`time`]: what its registries say, from the crate `positions`.
//! * [`evidence`]: its counters and what its own log says.
//! * [`config`]: filebeat.yml and the command line.
//! * [`glob`]: which files an input asks for.
//! * [`http`]: asks its HTTP endpoint. A driver.
//! * [`follow`]: reads whichever registry it is where it lies, and again as it changes. A driver; the
//!   others are pure.

pub use positions::filebeat::{memlog, registry, time};

pub mod config;
pub mod evidence;
pub mod follow;
pub mod glob;
pub mod http;
