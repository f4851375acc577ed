//! One supervised service: what state it is in, what happens next, and the small process that
//! sees to it.
//!
//! Pure: [`machine`] (the life of a service as a total function), [`restart`] (delays and the start
//! limit), [`plan`] (what a supervisor needs of the unit), [`status`] (the record on disk),
//! [`message`] (requests and answers), [`pid_file`] (whose `/var/run/NAME.pid` is),
//! [`show`] (properties as systemctl prints them).
//!
//! Drivers: [`run`] is the supervisor process, [`found`] what is there of a service.

pub mod found;
pub mod machine;
pub mod message;
pub mod pid_file;
pub mod plan;
pub mod restart;
pub mod run;
pub mod show;
pub mod status;
#[cfg(test)]
mod tests;
