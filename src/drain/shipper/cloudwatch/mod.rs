//! Amazon's CloudWatch agent.
//!
//! * `state`: what its state files say. Pure.
//! * [`follow`]: reads its folder of states. A driver.

pub mod follow;
mod shipper;
mod state;

pub use shipper::CloudWatchAgent;
pub use state::{STATES, read, read_written};
