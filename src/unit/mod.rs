//! What does this unit file say? Bytes become items, items become a [`model::Unit`].
//!
//! Pure, but for `load`, which reads the search path below a root.

pub mod build;
pub mod builtin;
pub mod cgroup;
pub mod directive;
pub mod exec;
pub mod exposure;
pub mod finding;
pub mod install;
pub mod line;
pub mod load;
pub mod merge;
pub mod model;
pub mod name;
pub mod specifier;
pub mod syntax;
pub mod value;
