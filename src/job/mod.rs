//! Jobs: what anything goes through that starts or stops units, be it a verb of a door or a supervisor
//! whose unit came to rest.
//!
//! [`plan`] computes a transaction from the units on disk and does nothing, [`execute`] carries it out and
//! reports each job as it ends, [`outcome`] is what became of it, as values: which words and exit codes
//! these become is for whoever asked. [`reaction`] is what the end of one unit brings about for others.
//!
//! Here the subjects meet: [`units`] loads what a request names, [`activity`] sees what runs, [`explain`]
//! finds the sentences, `queue` shows jobs to other commands, [`several`] and [`stale`] have the rules for many units and for what a dead one left,
//! [`tmpfiles`] and [`umbrella`] what else there is to a start.

pub mod activity;
mod checks;
pub mod context;
pub mod execute;
pub mod explain;
mod follow;
mod limits;
pub mod outcome;
pub mod plan;
mod queue;
pub mod reaction;
pub mod replan;
pub mod several;
pub mod stale;
pub mod tmpfiles;
pub mod umbrella;
pub mod units;
