//! amr runs systemd unit files as ordinary init.d services on hosts without systemd, and lets any
//! host go down only after its log shipper has shipped every byte.
//!
//! The map, one folder for each question an operator asks:
//!
//! * [`cli`]: the three doors (init script, systemd hook, hand). Knows clap, stdout and exit codes;
//!   nobody else does.
//! * [`job`]: what anything that starts or stops units goes through; here the subjects meet.
//! * [`unit`]: what does this unit file say? Pure, but for `load`.
//! * [`sysv`]: what do rc, chkconfig and insserv want? Pure, but for `apply`.
//! * [`order`]: who starts before whom, who stops after whom, and why. Pure.
//! * [`exec`]: what does a process of a service get, and in which order?
//! * [`supervisor`]: one supervised unit, what commands do with its supervisor, and its log.
//! * [`cgroup`]: what may the processes of a unit use together? By the controllers that a host has.
//! * [`drain`]: has everything been shipped? Pure, but for what looks and waits.
//! * [`tmpfiles`]: what do packages expect below /run? Pure, but for `load` and `apply`.
//! * [`host`]: which init is pid 1, which family, which kernel features.
//! * [`os`]: the only place with system calls and `unsafe`.
//!
//! What is as hot as a million states of a registry lies in a crate of its own below `crates/`, which
//! is compiled otherwise: [`positions`], what a shipper's position files say. Below everything else lie
//! [`strings`], which letters of a text from outside may be printed, and shell patterns; and [`ordered`], maps and
//! sets that bring no sort of their own. Pure, all three.
//!
//! Pure means values in, values out: no clock, no file, no environment, no process. Subjects do
//! not import one another, except that all may use [`unit`]; they meet in [`job`] and [`cli`]. A test reads
//! the `use` lines and holds this (`tests/arch.rs`).

// Tests make their own files, processes and clocks.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod cgroup;
pub mod cli;
pub mod drain;
pub mod exec;
pub mod host;
pub mod job;
pub mod order;
pub mod os;
pub mod supervisor;
pub mod sysv;
pub mod tmpfiles;
pub mod unit;
