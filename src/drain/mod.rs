//! Has everything been shipped?

pub use positions::cursor;

pub mod check;
pub mod claim;
pub mod facts;
pub mod file;
pub mod history;
pub mod keep;
pub mod moment;
pub mod news;
pub mod pace;
pub mod progress;
pub mod reason;
pub mod report;
pub mod run;
pub mod scan;
pub mod shipper;
pub mod tail;
pub mod verdict;
pub mod wait;
pub mod wish;
