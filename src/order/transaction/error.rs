//! Why a transaction is refused, and what was left out of one: the sentences. Pure.

use super::Verb;
use crate::order::graph::SourceLocation;
use crate::unit::model::{DepKind, Origin};
use crate::unit::name::{UnitKind, UnitName};
use std::fmt;
use thiserror::Error;

/// Why a unit cannot have a job (`bus_unit_validate_load_state`, `unit_job_is_applicable`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// No file of that name.
    #[error("was not found")]
    NotFound,
    /// A link to /dev/null or an empty file.
    #[error("is masked")]
    Masked,
    /// A directive that is refused.
    #[error("has a bad setting")]
    BadSetting,
    /// Its file could not be read.
    #[error("could not be read")]
    Error,
    /// It has neither `ExecReload=` nor units to pass the reload on to.
    #[error("has no ExecReload=")]
    NoReload,
    /// Its kind is none of those that are started and stopped here.
    #[error("is a .{} unit, which amr cannot start", .0.as_str())]
    NotRun(UnitKind),
    /// `foo@.service`.
    #[error("is a template without an instance")]
    Template,
}

/// One edge of a message: `a.service Requires=b.service (path:line)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The unit that has the directive.
    pub from: UnitName,
    /// The directive that makes the edge, such as `Requires=`.
    pub kind: DepKind,
    /// The unit that it names.
    pub to: UnitName,
    /// File, line and column of the directive; none for a dependency that systemd adds by default.
    pub origin: Option<Origin>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (relation, _) = crate::order::graph::Relation::both_ends(self.kind);
        write!(f, "{} {}={}", self.from, relation.as_str(), self.to)?;
        match &self.origin {
            Some(origin) => write!(f, " ({})", SourceLocation(origin)),
            None => f.write_str(" (by default)"),
        }
    }
}

/// Units that are ordered in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The edges, each one's units ordered before the next one's.
    pub edges: Vec<Step>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.edges, ", "))
    }
}

fn join(steps: &[Step], between: &str) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

fn led(chain: &[Step]) -> String {
    if chain.is_empty() { String::new() } else { format!(" ({})", join(chain, ", ")) }
}

fn subject(unit: &UnitName, chain: &[Step]) -> String {
    match chain.last() {
        Some(step) if step.to != *unit => format!("'{}' ", step.to),
        Some(_) | None => "it ".to_owned(),
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// The unit, or one that it requires, cannot have a job.
    #[error("cannot {} '{unit}': {}{cause}{}", .verb.as_str(), subject(unit, chain), led(chain))]
    Unavailable {
        /// What was asked for.
        verb: Verb,
        /// The unit that was asked for.
        unit: UnitName,
        /// What is wrong with the last unit of `chain`, or with `unit` itself.
        cause: Unavailable,
        /// The requirements that lead there.
        chain: Vec<Step>,
    },
    /// A template was named where an instance is needed.
    #[error("cannot {} '{unit}': a template needs an instance, as in '{}@NAME.{}'", .verb.as_str(), .unit.prefix(), .unit.kind().as_str())]
    MissingInstance {
        /// What was asked for.
        verb: Verb,
        /// The template, `foo@.service`.
        unit: UnitName,
    },
    /// Every unit of the circle is required, so none can be left out.
    #[error("cannot order the jobs: {0} form a cycle and every unit in it is required")]
    Cycle(Cycle),
    /// Two requirements ask for opposite things.
    #[error("cannot both {first} and {second} '{unit}': {}; {}", why(first_chain), why(second_chain))]
    Contradiction {
        /// The unit that would have both jobs.
        unit: UnitName,
        /// The job that the first chain asks for, as a verb.
        first: &'static str,
        /// The dependencies that ask for `first`; empty where the caller does.
        first_chain: Vec<Step>,
        /// The contradicting job, as a verb.
        second: &'static str,
        /// The dependencies that ask for `second`; empty where the caller does.
        second_chain: Vec<Step>,
    },
    /// `isolate` goes with `start` alone.
    #[error("cannot isolate '{unit}': only a start can isolate")]
    Isolate {
        /// The unit that was named.
        unit: UnitName,
    },
    /// `RefuseManualStart=`, `RefuseManualStop=`.
    #[error("cannot {} '{unit}': it may be requested by dependency only ({key}=yes)", .verb.as_str())]
    RefuseManual {
        /// What was asked for.
        verb: Verb,
        /// The unit that was asked for.
        unit: UnitName,
        /// `RefuseManualStart` or `RefuseManualStop`.
        key: &'static str,
    },
}

fn why(chain: &[Step]) -> String {
    if chain.is_empty() { "one is asked for".to_owned() } else { join(chain, ", ") }
}

/// Something that a transaction did without or overruled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A unit that is only wanted, or reached by a propagated reload, has no job.
    LeftOut {
        /// The unit that wants it.
        by: UnitName,
        /// From the wanted unit to the one that cannot be had.
        chain: Vec<Step>,
        /// What is wrong with the last unit of `chain`.
        cause: Unavailable,
    },
    /// A unit that is only wanted has no job because it closes a circle.
    CycleBroken {
        /// Its edges, all of them orderings.
        cycle: Cycle,
        /// The unit without a job now.
        dropped: UnitName,
    },
    /// Of two contradicting jobs that nobody insists on one was dropped.
    Overruled {
        /// The unit that both jobs were for.
        unit: UnitName,
        /// The job that was dropped, as a verb.
        dropped: &'static str,
        /// The job that was kept, as a verb.
        kept: &'static str,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { by, chain, cause } => {
                let unit = chain.last().map_or(by, |s| &s.to);
                write!(f, "'{unit}' {cause}, going on without it{}", led(chain))
            }
            Self::CycleBroken { cycle, dropped } => {
                write!(f, "ordering cycle: {cycle}; going on without '{dropped}'")
            }
            Self::Overruled { unit, dropped, kept } => {
                write!(f, "'{unit}' is wanted both to {kept} and to {dropped}, {kept} it is")
            }
        }
    }
}
