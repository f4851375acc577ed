//! Has everything been shipped?
//!
//! [`shipper`] finds shippers and reads their positions, [`scan`] finds log files and reads what must be
//! read of them, [`judge`] says what follows. [`look`] puts the three together once, [`wait`] again and
//! again until the verdict is there; [`report`] says and keeps what it was made of.

pub use positions::cursor;

pub mod inspect;
pub mod judge;
pub mod report;
pub mod scan;
pub mod shipper;
pub mod wait;
