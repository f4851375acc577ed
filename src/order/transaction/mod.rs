//! What a command does to which units, in which order, and why (systemd's transaction.c, 252).
//!
//! [`transaction`] pulls in what the anchors need, drops what is superfluous, merges what
//! concerns the same unit, breaks ordering cycles where a unit that is only wanted can be left
//! out, and returns jobs with the jobs that each waits for.
//!
//! Promises: the jobs are listed in an order that contradicts no ordering edge; a unit is started
//! only together with all that it requires (or that is already up); a stop comes before a start
//! whatever the direction of the edge between them; stops are in the reverse of the start order;
//! a refusal names the edge that leads to it with file and line. Differences from systemd: several
//! anchors make one transaction; a wanted unit whose requirement cannot be had is left out whole
//! (systemd 252 may start it alone); restarts show as two jobs. Pure.

mod build;
mod draft;
mod error;
mod finish;
mod prune;
mod show;
#[cfg(test)]
mod tests;

pub use error::{Cycle, Note, Step, TransactionError, Unavailable};

use super::graph::{Graph, Relation, UnitId};
use crate::unit::model::Origin;
use crate::unit::name::UnitName;
use draft::Draft;

/// What is asked for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Start it and what it needs.
    Start,
    /// Succeed only when it is active already.
    VerifyActive,
    /// Stop it and what cannot be without it.
    Stop,
    /// Stop and start; start where it was not running.
    Restart,
    /// Restart where it is running, else nothing.
    TryRestart,
    /// Reload it; an error where it cannot.
    Reload,
    /// Reload where it is running, else nothing.
    TryReload,
    /// Reload where it is running, else start.
    ReloadOrStart,
    /// Reload where it can, else restart (`reload-or-restart`).
    ReloadOrRestart,
    /// As [`Verb::ReloadOrRestart`] where it is running, else nothing.
    TryReloadOrRestart,
}

impl Verb {
    /// As systemctl(1) spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::VerifyActive => "verify-active",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::TryRestart => "try-restart",
            Self::Reload => "reload",
            Self::TryReload => "try-reload",
            Self::ReloadOrStart => "reload-or-start",
            Self::ReloadOrRestart => "reload-or-restart",
            Self::TryReloadOrRestart => "try-reload-or-restart",
        }
    }
}

/// `--job-mode=` of systemctl(1), as far as it means something without a queue of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `replace`, the default.
    Replace,
    /// As [`Mode::Replace`], but what is running is not stopped for the sake of a unit that is
    /// only wanted.
    Fail,
    /// Neither requirements nor ordering.
    IgnoreDependencies,
    /// Ordering, no requirements.
    IgnoreRequirements,
    /// Start the anchors and stop everything else.
    Isolate,
}

/// What a unit does now (`ActiveState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Activity {
    Inactive,
    Activating,
    Active,
    Reloading,
    Deactivating,
    Failed,
}

impl Activity {
    /// As `systemctl is-active` prints it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Activating => "activating",
            Self::Active => "active",
            Self::Reloading => "reloading",
            Self::Deactivating => "deactivating",
            Self::Failed => "failed",
        }
    }

    /// From systemd's word; one that is not known stands for nothing that runs.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        let all = [Self::Active, Self::Activating, Self::Reloading, Self::Deactivating, Self::Failed];
        all.into_iter().find(|one| one.as_str() == word).unwrap_or(Self::Inactive)
    }

    /// Is it up?
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::Reloading)
    }

    /// Is it down?
    #[must_use]
    pub fn is_inactive(self) -> bool {
        matches!(self, Self::Inactive | Self::Failed)
    }

    /// Is it up or on its way there?
    #[must_use]
    pub fn is_active_or_activating(self) -> bool {
        matches!(self, Self::Active | Self::Reloading | Self::Activating)
    }
}

/// What one job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// Stop the unit.
    Stop,
    /// Stop it as the first half of a restart.
    RestartStop,
    /// Succeed only if it is active when its turn comes.
    VerifyActive,
    /// Start it, or wait for a start that is under way.
    Start,
    /// Start it as the second half of a restart.
    RestartStart,
    /// Have it read its configuration again; it is active, or the job fails.
    Reload,
}

impl JobKind {
    /// Does it take the unit down? (Ordering turns round for those.)
    #[must_use]
    pub fn is_stop(self) -> bool {
        matches!(self, Self::Stop | Self::RestartStop)
    }

    /// Does it bring the unit up, or fail unless it is up?
    #[must_use]
    pub fn is_start(self) -> bool {
        matches!(self, Self::Start | Self::RestartStart | Self::VerifyActive)
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::RestartStop => "restart (stop)",
            Self::VerifyActive => "verify-active",
            Self::Start => "start",
            Self::RestartStart => "restart (start)",
            Self::Reload => "reload",
        }
    }
}

/// Why a job is in the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobReason {
    /// It was asked for.
    Asked,
    /// Another job needs it.
    Pulled {
        /// That job's index.
        by: usize,
        /// What this unit is to that one: `Requires`, `RequiredBy` …
        relation: Relation,
        /// Where it is written; `None` where it is implied.
        origin: Option<Origin>,
    },
    /// Everything else goes when a unit is isolated.
    Isolated,
}

/// One step of a transaction.
#[derive(Clone, Debug)]
pub struct Job {
    /// The unit, by its main name.
    pub unit: UnitName,
    /// Its place in the graph.
    pub id: UnitId,
    /// What is done to it.
    pub kind: JobKind,
    /// Indexes of the jobs that must have ended, well or not, before this one begins; sorted.
    pub waits_for: Vec<usize>,
    /// Why it is here, by the shortest way from what was asked for.
    pub because: JobReason,
    /// Start jobs that fail with "dependency" when this one fails.
    fails: Vec<usize>,
    /// Start jobs that fail with "dependency" when this one succeeds and leaves its unit inactive.
    fails_when_inactive: Vec<usize>,
}

/// What to do, in order.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// Every job stands behind all that it waits for.
    pub jobs: Vec<Job>,
    /// What was left out or overruled, for the log.
    pub notes: Vec<Note>,
}

/// Computes what `anchors` bring about.
///
/// `active` tells what each unit does now; it is asked by main name.
///
/// # Errors
/// See [`TransactionError`]; nothing is partly done.
pub fn transaction(
    graph: &Graph,
    anchors: &[(Verb, UnitName)],
    mode: Mode,
    active: &dyn Fn(&UnitName) -> Activity,
) -> Result<Transaction, TransactionError> {
    Ok(finish::finish(settled(graph, anchors, mode, active)?))
}

/// As [`transaction`], for those who only want to know what is done, and in which order: no job says why
/// it is there or whose failure it shares.
///
/// # Errors
/// See [`TransactionError`].
pub fn sequence(
    graph: &Graph,
    anchors: &[(Verb, UnitName)],
    mode: Mode,
    active: &dyn Fn(&UnitName) -> Activity,
) -> Result<Vec<Job>, TransactionError> {
    Ok(finish::sequence(&settled(graph, anchors, mode, active)?))
}

/// The jobs that are to be done.
fn settled<'a>(
    graph: &'a Graph,
    anchors: &[(Verb, UnitName)],
    mode: Mode,
    active: &'a dyn Fn(&UnitName) -> Activity,
) -> Result<Draft<'a>, TransactionError> {
    let mut draft = Draft::new(graph, active);
    for (verb, name) in anchors {
        let unit = find(graph, *verb, name)?;
        let kind = build::job_type(&draft, *verb, unit);
        if mode == Mode::Isolate && *verb != Verb::Start {
            return Err(TransactionError::Isolate { unit: name.clone() });
        }
        if let Some(kind) = kind {
            build::add_anchor(&mut draft, *verb, name, (unit, kind), mode)?;
        }
    }
    if mode == Mode::Isolate {
        build::add_isolate(&mut draft);
    }
    prune::settle(&mut draft, mode)?;
    Ok(draft)
}

fn find(graph: &Graph, verb: Verb, name: &UnitName) -> Result<UnitId, TransactionError> {
    if name.is_template() {
        return Err(TransactionError::MissingInstance { verb, unit: name.clone() });
    }
    graph.find(name).ok_or_else(|| TransactionError::Unavailable {
        verb,
        unit: name.clone(),
        cause: Unavailable::NotFound,
        chain: Vec::new(),
    })
}

/// Refuses what `RefuseManualStart=` and `RefuseManualStop=` keep from the hands of a person.
/// The doors ask this first; reactions of units to one another are not manual.
///
/// # Errors
/// [`TransactionError::RefuseManual`] for the first anchor that refuses.
pub fn check_manual(graph: &Graph, anchors: &[(Verb, UnitName)]) -> Result<(), TransactionError> {
    for (verb, name) in anchors {
        let Some(unit) = graph.find(name).and_then(|id| graph.unit(id)) else { continue };
        let (start, stop) = match verb {
            Verb::Start | Verb::ReloadOrStart => (true, false),
            Verb::Stop => (false, true),
            Verb::Restart | Verb::TryRestart | Verb::ReloadOrRestart | Verb::TryReloadOrRestart => {
                (true, true)
            }
            Verb::VerifyActive | Verb::Reload | Verb::TryReload => (false, false),
        };
        if start && unit.refuse_manual_start {
            return Err(TransactionError::RefuseManual {
                verb: *verb,
                unit: name.clone(),
                key: "RefuseManualStart",
            });
        }
        if stop && unit.refuse_manual_stop {
            return Err(TransactionError::RefuseManual {
                verb: *verb,
                unit: name.clone(),
                key: "RefuseManualStop",
            });
        }
    }
    Ok(())
}

/// The units that must be active at the moment before `unit` starts, although their jobs are done:
/// those that it is bound to and ordered after (`unit_verify_deps`). Without the ordering the
/// check would be a race, so there is none.
#[must_use]
pub fn must_be_active<'a>(graph: &'a Graph, unit: &UnitName) -> Vec<&'a UnitName> {
    let Some(id) = graph.find(unit) else { return Vec::new() };
    let after: std::collections::HashSet<UnitId> =
        graph.related(id, Relation::After).map(|(to, _)| to).collect();
    graph
        .related(id, Relation::BindsTo)
        .filter(|(to, _)| after.contains(to))
        .filter_map(|(to, _)| graph.unit_name(to))
        .collect()
}

/// The indexes of the start jobs that end with the result "dependency" because job `failed`
/// failed, and because those end so, in ascending order. Requirements count whether or not there
/// is ordering: a job that has ended or is under way is the driver's to leave alone.
#[must_use]
pub fn on_job_failed(transaction: &Transaction, failed: usize) -> Vec<usize> {
    let first = transaction.jobs.get(failed).map(|j| j.fails.clone()).unwrap_or_default();
    closure(transaction, first)
}

/// As [`on_job_failed`] for a start or reload that succeeded and yet left its unit inactive, such
/// as a oneshot without `RemainAfterExit=` or a failed condition: those that have `Requisite=`
/// on it fail.
#[must_use]
pub fn on_job_done_inactive(transaction: &Transaction, done: usize) -> Vec<usize> {
    let first = transaction.jobs.get(done).map(|j| j.fails_when_inactive.clone()).unwrap_or_default();
    closure(transaction, first)
}

fn closure(transaction: &Transaction, first: Vec<usize>) -> Vec<usize> {
    let mut found = std::collections::BTreeSet::new();
    let mut todo = first;
    while let Some(at) = todo.pop() {
        if found.insert(at)
            && let Some(job) = transaction.jobs.get(at)
        {
            todo.extend(&job.fails);
        }
    }
    found.into_iter().collect()
}
