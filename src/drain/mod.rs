//! Has everything been shipped?
pub mod shipper;
pub mod tail;
