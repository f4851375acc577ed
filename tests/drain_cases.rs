//! Golden cases of the drain.
