//! Amazon's CloudWatch agent.
//!
//! * `state`: what its state files say. Pure.
//! * `evidence`: what its own log says. Pure.
//! * [`follow`]: reads its folder of states; `own_log`: reads its log. Drivers.

mod evidence;
pub mod follow;
mod own_log;
mod shipper;
mod state;

pub use shipper::CloudWatchAgent;
pub use state::{STATES, read, read_written};
