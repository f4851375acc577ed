//! One supervised service: what state it is in, what happens next, and the small process that
//! sees to it.
//!
//! * [`machine`]: the life of a service as a total function. Pure.
//! * [`restart`]: how long to wait before a restart, and how many starts are too many. Pure.

pub mod machine;
pub mod restart;
