//! The names of threads: none.
//!
//! The standard library names a thread that was given a name; amr gives none. musl's function for it
//! writes to /proc by way of printf(3), which nothing else in the static binary uses: 9 KB.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

/// pthread_setname_np(3), which leaves the name as it is.
// SAFETY: the name and the signature are C's; a thread without its name is one that C allows.
#[unsafe(no_mangle)]
extern "C" fn pthread_setname_np(_thread: libc::pthread_t, _name: *const c_char) -> c_int {
    0
}
