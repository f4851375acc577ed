//! What a request brings about: computed from the units on disk as a transaction. Nothing is done.

use super::activity::{self, is_run};
use super::context::Context;
use super::outcome::{Class, Refused};
use super::queue;
use super::units::{self, Set};
use crate::order::graph::Graph;
use crate::order::transaction::{
    Activity, JobKind, Mode, Note, Transaction, TransactionError, Unavailable, Verb, check_manual,
    transaction,
};
use crate::os::error::Error;
use crate::os::proc::ProcessId;
use crate::os::root::FileKind;
use crate::supervisor::client::{self, ClientError};
use crate::supervisor::service::status::Record;
use crate::sysv::apply::SCRIPTS;
use crate::unit::finding;
use crate::unit::model::{DepKind, Finding, LoadState, Unit};
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How a request wants its jobs done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Give up waiting after this time.
    pub timeout: Option<Duration>,
    /// Refuse what would not be applied in full.
    pub strict: bool,
    /// The named units only.
    pub ignore_dependencies: bool,
    /// The mode, where it is not the usual one.
    pub mode: Option<Mode>,
    /// The subsys lock of a unit that an init script with another name stands for.
    pub lock: Option<(UnitName, String)>,
    /// When a service of `Type=simple` counts as started.
    pub started: Started,
    /// Its jobs were noted for others by whoever started this process.
    pub noted: bool,
    /// A supervisor that was started before its plan was made.
    pub ahead: client::Prestarted,
}

/// When a service of `Type=simple` counts as started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Started {
    /// As systemd has it: when it was forked, whatever follows.
    #[default]
    Forked,
    /// As `Type=exec`: when its program runs. An init script that says OK for a program that is not
    /// there would lie to LSB, which has a code of its own for that.
    Executed,
}

/// A transaction with what it was made from.
#[derive(Debug)]
pub struct Planned {
    pub(super) set: Set,
    pub(super) graph: Graph,
    pub(super) facts: Facts,
    /// What to do, in order.
    pub transaction: Transaction,
}

/// Computes what `anchors` bring about, and does nothing.
///
/// # Errors
/// A unit that cannot be used, a contradiction, a cycle.
pub fn compute(ctx: &Context, anchors: &[(Verb, UnitName)], options: &Options) -> Result<Planned, Refused> {
    let names: Vec<UnitName> = anchors.iter().map(|(_, n)| n.clone()).collect();
    let facts = ctx.facts();
    let recorded = client::known(&ctx.state_dir).map_err(|e| unseen(&e))?;
    let set = units::load(ctx, &facts, &names, &recorded).map_err(|e| unseen(&e))?;
    let mut resolved: Vec<(Verb, UnitName)> = Vec::new();
    for (verb, name) in anchors {
        if let Some(unit) = set.get(name)
            && *verb != Verb::Stop
            && let Some(what) = units::refusal(unit)
        {
            let class =
                if unit.load == LoadState::NotFound { Class::NotInstalled } else { Class::NotConfigured };
            let runs = !activity::inspect(ctx, &unit.name).map_err(|e| unseen(&e))?.is_inactive();
            let hint = runs.then(|| format!("it still runs, and goes on; amr stop {} ends it", unit.name));
            return Err(Refused { class, what, hint });
        }
        resolved.push((*verb, set.main(name).clone()));
    }
    let mut graph = set.graph();
    graph.starts_only(is_run);
    let mode = options.mode.unwrap_or(if options.ignore_dependencies {
        Mode::IgnoreDependencies
    } else {
        Mode::Replace
    });
    let states = RefCell::new(BTreeMap::new());
    // What cannot be seen is told afterwards: it is not taken for anything.
    let trouble = RefCell::new(None);
    let look = |name: &UnitName| {
        activity::inspect(ctx, name).unwrap_or_else(|e| {
            trouble.borrow_mut().get_or_insert(e);
            Activity::Inactive
        })
    };
    let active = |name: &UnitName| *states.borrow_mut().entry(name.clone()).or_insert_with(|| look(name));
    check_manual(&graph, &resolved).map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    let computed = transaction(&graph, &resolved, mode, &active);
    if let Some(e) = trouble.take() {
        return Err(unseen(&e));
    }
    let mut transaction = computed.map_err(|e| Refused::new(class_of(&e), with_findings(&e, &set)))?;
    transaction.notes.retain(|note| !has_script(ctx, note));
    let planned = Planned { set, graph, facts, transaction };
    if options.strict {
        refuse_unapplied(&planned)?;
        refuse_writable(&planned.others_write(ctx))?;
    }
    Ok(planned)
}

/// Whether the unit that was left out is there as an init script, which rc starts and stops itself.
fn has_script(ctx: &Context, note: &Note) -> bool {
    let Note::LeftOut { chain, cause: Unavailable::NotFound, .. } = note else { return false };
    chain.last().is_some_and(|step| {
        let script = Path::new(SCRIPTS).join(step.to.stem());
        ctx.root.stat(&script).is_ok_and(|s| s.kind == FileKind::Regular && s.mode & 0o111 != 0)
    })
}

/// The sentence, and where a unit on the way has an error, the places in its files.
fn with_findings(error: &TransactionError, set: &Set) -> String {
    let mut text = error.to_string();
    if let TransactionError::Unavailable {
        unit,
        chain,
        cause: Unavailable::BadSetting | Unavailable::Error,
        ..
    } = error
    {
        let last = chain.last().map_or(unit, |step| &step.to);
        for finding in set.get(last).iter().flat_map(|u| units::errors(u)) {
            text.push('\n');
            text += finding::render(finding).trim_end();
        }
    }
    text
}

fn class_of(error: &TransactionError) -> Class {
    match error {
        TransactionError::Unavailable { cause: Unavailable::NotFound, .. } => Class::NotInstalled,
        TransactionError::Unavailable { cause: Unavailable::NoReload | Unavailable::NotRun(_), .. } => {
            Class::Unimplemented
        }
        TransactionError::Unavailable { .. }
        | TransactionError::MissingInstance { .. }
        | TransactionError::Cycle(_)
        | TransactionError::Contradiction { .. }
        | TransactionError::Isolate { .. }
        | TransactionError::RefuseManual { .. } => Class::NotConfigured,
    }
}

/// What runs cannot be seen: nothing is begun.
fn unseen(error: &ClientError) -> Refused {
    Refused::new(Class::Failed, format!("cannot see what runs: {error}"))
}

fn refuse_unapplied(planned: &Planned) -> Result<(), Refused> {
    for job in planned.transaction.jobs.iter().filter(|j| j.kind.is_start()) {
        let Some(first) = planned.set.get(&job.unit).and_then(|u| u.unapplied.first()) else { continue };
        let origin = &first.origin;
        return Err(Refused {
            class: Class::NotConfigured,
            what: format!(
                "{}:{}:{}: '{}=' is not applied: {}",
                origin.path.display(),
                origin.span.line,
                origin.span.col,
                first.key,
                first.why
            ),
            hint: Some("without --strict it is left out".to_owned()),
        });
    }
    Ok(())
}

fn refuse_writable(findings: &[Finding]) -> Result<(), Refused> {
    let Some(first) = findings.first() else { return Ok(()) };
    let hint = first.hint.clone();
    Err(Refused { class: Class::NotConfigured, what: units::without_hint(first), hint })
}

/// That the files of a unit that runs changed since its plan was made of them.
#[must_use]
pub fn changed(ctx: &Context, unit: &Unit, record: &Record) -> Option<String> {
    ctx.state_dir.needs_reload(unit, record).then(|| {
        format!(
            "unit file or drop-ins of '{}' changed on disk; \
             what runs goes by the old ones until amr daemon-reload",
            unit.name
        )
    })
}

impl Planned {
    /// What others can write of the files of each unit to be started, each once.
    fn others_write(&self, ctx: &Context) -> Vec<Finding> {
        once(self.to_start().flat_map(|(_, unit)| units::others_write(ctx, unit)))
    }

    /// What is wrong or doubtful in the files of each unit that is not up and to be started, and what others
    /// can write of them, each once.
    #[must_use]
    pub fn findings(&self, ctx: &Context) -> Vec<Finding> {
        once(self.to_start().flat_map(|(kind, unit)| findings(ctx, kind, unit)))
    }

    /// The same, unit by unit.
    #[must_use]
    pub fn findings_by_unit(&self, ctx: &Context) -> BTreeMap<UnitName, Vec<Finding>> {
        self.to_start().map(|(kind, unit)| (unit.name.clone(), findings(ctx, kind, unit))).collect()
    }

    /// The units that are to be started, in order.
    fn to_start(&self) -> impl Iterator<Item = (JobKind, &Unit)> {
        let starts = self.transaction.jobs.iter().filter(|j| j.kind.is_start());
        starts.filter_map(|job| Some((job.kind, self.set.get(&job.unit)?)))
    }

    /// The units that were named, by their main names, with the names that they were given.
    #[must_use]
    pub fn typed(&self, anchors: &[(Verb, UnitName)]) -> BTreeMap<UnitName, UnitName> {
        anchors.iter().map(|(_, name)| (self.set.main(name).clone(), name.clone())).collect()
    }

    /// Has others see the jobs as those of a process that will do them, while it comes up.
    ///
    /// # Errors
    /// It has ended already.
    pub fn note_jobs(&self, ctx: &Context, process: ProcessId) -> Result<(), Error> {
        let process = queue::identity(process)?;
        queue::note(&ctx.state_dir, self.transaction.jobs.iter(), &process);
        Ok(())
    }

    /// What was left out or overruled, and which units are to be stopped or reloaded by a plan that is older
    /// than their files, as sentences.
    #[must_use]
    pub fn notes(&self, ctx: &Context) -> Vec<String> {
        let runs = self.transaction.jobs.iter().filter(|j| !j.kind.is_start());
        let old = runs.filter_map(|job| {
            let record = client::status(&ctx.state_dir, &job.unit).ok()??;
            changed(ctx, self.set.get(&job.unit)?, &record)
        });
        self.transaction.notes.iter().map(Note::to_string).chain(old).collect()
    }

    /// One line for each unit to be started that has directives without effect here.
    #[must_use]
    pub fn unapplied(&self) -> Vec<String> {
        let starts =
            self.transaction.jobs.iter().filter(|j| matches!(j.kind, JobKind::Start | JobKind::RestartStart));
        starts
            .filter_map(|job| {
                let unit = self.set.get(&job.unit)?;
                units::unapplied_line(unit)
            })
            .collect()
    }

    /// The units named and all that are part of one of them: what a stop of those leaves down.
    #[must_use]
    pub fn with_parts(&self, anchors: &[(Verb, UnitName)]) -> Vec<UnitName> {
        let mut names: Vec<UnitName> = anchors.iter().map(|(_, name)| self.set.main(name).clone()).collect();
        let is_part = |unit: &Unit| {
            unit.deps.iter().any(|d| d.kind == DepKind::PartOf && names.contains(self.set.main(&d.on)))
        };
        let parts: Vec<UnitName> = self.set.units().filter(|u| is_part(u)).map(|u| u.name.clone()).collect();
        names.extend(parts);
        names
    }
}

/// Of a unit that is up and stays so nothing is started, and nothing said.
fn findings(ctx: &Context, kind: JobKind, unit: &Unit) -> Vec<Finding> {
    let findings = units::findings(ctx, unit);
    let is_up = || activity::inspect(ctx, &unit.name).is_ok_and(Activity::is_active);
    if kind == JobKind::Start && !findings.is_empty() && is_up() { Vec::new() } else { findings }
}

/// Units share drop-ins, and folders.
fn once(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for finding in findings {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all
}
