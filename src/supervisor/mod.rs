//! What becomes of units that are carried out here: the small process that each has, and what others know
//! of it.
//!
//! [`core`] is what each stands on, [`service`] is one supervised service, [`client`] what commands do with supervisors, [`log`] the output
//! of services.

pub mod client;
pub mod core;
pub mod log;
pub mod service;
