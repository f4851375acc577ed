//! What a command comes to: an answer, steps, and programs that do the rest. Pure.

use crate::sysv::links::{Step, shown};
use std::ffi::OsString;
use std::path::PathBuf;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What chkconfig prints, with its line ends.
    pub stdout: String,
    /// What it complains of, likewise.
    pub stderr: String,
    /// The exit code.
    pub code: i32,
    /// What amr does otherwise than chkconfig, or found; one line each, for stderr, without a prefix.
    pub notes: Vec<String>,
    /// Programs to run in its place, one after the other; the last one's exit code is the answer.
    pub hand_over: Vec<HandOver>,
    /// Is `systemctl daemon-reload` due?
    pub reload: bool,
    /// Is xinetd to read its files again?
    pub reload_xinetd: bool,
}

/// A program that does it in amr's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// To be looked up in the path.
    pub program: &'static str,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
}

/// For `--dry-run`.
impl std::fmt::Display for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", shown(arg)))
    }
}

/// The steps, and the answer if they succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What is printed and returned.
    pub outcome: Outcome,
    /// To be taken in this order, all or none.
    pub steps: Vec<Step>,
    /// A file of xinetd's to write anew, and what it is to say.
    pub write: Option<(PathBuf, Vec<u8>)>,
    /// Links that a killed writer had put aside; they go with the next change.
    pub stale: Vec<PathBuf>,
}
