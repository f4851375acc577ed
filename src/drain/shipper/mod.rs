//! The shippers amr can read, each in a file or folder of its own.
pub mod filebeat;
