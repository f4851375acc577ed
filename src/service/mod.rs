//! One supervised service: what state it is in, what happens next, and the small process that
//! sees to it.

pub mod log;
pub mod machine;
pub mod notify;
pub mod plan;
pub mod restart;
pub mod show;
pub mod status;
