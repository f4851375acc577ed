//! One supervised service: what state it is in, what happens next, and the small process that
//! sees to it.
//!
//! Pure: [`machine`] (the life of a service as a total function), [`restart`] (delays and the start
//! limit), [`plan`] (what a supervisor needs of the unit), [`status`] (the record on disk),
//! [`message`] (requests and answers), [`version`] (across releases),
//! [`notify`] (what services report), [`pid_file`] (whose `/var/run/NAME.pid` is),
//! [`show`] (properties as systemctl prints them).
//!
//! Drivers: [`run`] is the supervisor process, [`place`] where its files are.

pub mod machine;
pub mod message;
pub mod notify;
pub mod pid_file;
pub mod place;
pub mod plan;
pub mod restart;
pub mod run;
pub mod show;
pub mod status;
pub mod version;
