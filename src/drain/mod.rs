//! Has everything been shipped?
pub mod cursor;
pub mod json;
pub mod shipper;
