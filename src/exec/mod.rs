//! From the description of a unit and one of its commands to a process (systemd.exec(5)).
//!
//! ```text
//! ExecContext, command -> resolve -> Process -> fork -> steps in order -> exec
//!                            |                            |
//!                   what needs the host:           the first that fails, and what
//!                   an error has the exit          systemd goes on without, through
//!                   status of its step             a pipe that exec closes
//! ```
//!
//! [`resolve`] looks up users, makes folders and opens files before the fork, in the supervisor, whose
//! answers are values. What then is left is what a process can only do to itself: the [`steps`], one
//! small function each, in the order of systemd 252's exec_child. The child is a copy of a process with
//! one thread ([`crate::os::fork::child`]): it may allocate, and it ends in exec or in `_exit`.

mod child;
pub mod credentials;
mod descriptors;
mod dynamic_user;
pub mod environment;
mod facts;
mod filters;
mod private_tmp;
mod process;
mod resolve;
pub mod spaces;
pub mod stage;
pub mod steps;
mod view;

pub use child::{Started, start};
pub use descriptors::Passing;
pub use dynamic_user::{remove_ipc, take_over as take_over_users};
pub use environment::{Variables, of_host};
pub use facts::facts;
pub use private_tmp::remove as remove_private_tmp;
pub use process::Process;
pub use resolve::io::leave as leave_terminal;
pub use resolve::{HostFolders, Refused, Request, Streams, link_target, resolve};
