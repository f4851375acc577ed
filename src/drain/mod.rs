//! Has everything been shipped?
pub mod shipper;
