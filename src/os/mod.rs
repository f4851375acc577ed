//! The only place with system calls and `unsafe`.
//!
//! Verbs of the domain over the kernel: files below a [`root::Root`], spawn, wait, kill, poll,
//! groups of processes, ids, sockets. What a kernel newer than 3.10 brought is asked once
//! ([`features::Features`]) and has a fallback that tests can force.

pub mod bpf;
pub mod capability;
pub mod capture;
pub mod cgroup;
pub mod child;
pub mod clock;
pub mod cpu;
pub mod error;
pub mod features;
pub mod fifo;
pub mod fork;
pub mod fresh;
pub mod ids;
pub mod inherited;
pub mod inotify;
pub mod ipc;
pub mod kill;
pub mod kmsg;
pub mod limits;
pub mod lock;
pub mod mounts;
pub mod name_lock;
pub mod opener;
pub mod pipe;
pub mod poll;
pub mod probe;
pub mod proc;
pub mod process;
pub mod random;
pub mod rights;
pub mod root;
pub mod sandbox;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod spaces;
mod sys;
pub mod syslog;
pub mod term;
pub mod tracking;
pub mod tty;
pub mod wait;
pub mod worker;
