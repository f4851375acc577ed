//! The only place with system calls and `unsafe`.

pub mod error;
pub mod root;
