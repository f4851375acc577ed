//! What became of jobs, and why others were never begun: values, which a door turns into words and codes.
//!
//! Pure.

use crate::order::transaction::JobKind;
use crate::unit::name::UnitName;

/// Why a request did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// All went well, also when there was nothing to do.
    Ok,
    /// It was tried and failed.
    Failed,
    /// What was typed makes no sense.
    Usage,
    /// A verb that this service does not have, such as reload.
    Unimplemented,
    /// Only root may.
    Privilege,
    /// The program of the service is not there.
    NotInstalled,
    /// The unit is missing or has an error.
    NotConfigured,
    /// The unit does not run and the verb needs it to.
    NotRunning,
}

/// What became of one job.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose job it was.
    pub unit: UnitName,
    /// `Description=`.
    pub description: String,
    /// What was to be done.
    pub kind: JobKind,
    /// What became of it.
    pub outcome: Outcome,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As asked for.
    Done,
    /// A condition does not hold: nothing was done, and that is well.
    Skipped(String),
    /// It failed: what the exit code is made of, and why, as a sentence.
    Failed(Class, String),
    /// Not tried, because this unit failed.
    Dependency(UnitName),
    /// The time was over first; the job goes on without us.
    TimedOut,
}

impl Outcome {
    /// Did it end well?
    #[must_use]
    pub fn is_good(&self) -> bool {
        match self {
            Self::Done | Self::Skipped(_) => true,
            Self::Failed(..) | Self::Dependency(_) | Self::TimedOut => false,
        }
    }

    /// The class that a door turns into a code.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Done | Self::Skipped(_) => Class::Ok,
            Self::Failed(class, _) => *class,
            Self::Dependency(_) | Self::TimedOut => Class::Failed,
        }
    }
}

/// Why nothing was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The kind of trouble.
    pub class: Class,
    /// What is wrong, one sentence or a finding with its lines.
    pub what: String,
    /// A remedy.
    pub hint: Option<String>,
}

impl Refused {
    /// Without a remedy.
    #[must_use]
    pub fn new(class: Class, what: impl Into<String>) -> Self {
        Self { class, what: what.into(), hint: None }
    }
}
