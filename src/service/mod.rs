//! One supervised service.

pub mod log;
