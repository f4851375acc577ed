//! Has everything been shipped?
pub mod claim;
pub mod cursor;
pub mod file;
pub mod history;
pub mod json;
pub mod keep;
pub mod progress;
pub mod reason;
pub mod report;
pub mod run;
pub mod scan;
pub mod shipper;
pub mod tail;
pub mod verdict;
pub mod wish;
