//! Carries a transaction out: computes it from the units on disk, begins each job when those that it
//! waits for have ended, waits for many at once, and tells what became of each.

use crate::cli::context::Context;
use crate::cli::exit::Class;
use crate::cli::explain;
use crate::cli::units::{self, Set};
use crate::order::graph::Graph;
use crate::order::reaction;
use crate::order::special;
use crate::order::transaction::{
    Activity, Job, JobKind, Mode, Note, Transaction, TransactionError, Unavailable, Verb, check_manual,
    on_job_done_inactive, on_job_failed, transaction,
};
use crate::os::clock;
use crate::os::poll::{Interest, wait};
use crate::service::client::{self, Pending};
use crate::unit::finding;
use crate::unit::load::unmet;
use crate::unit::model::{Body, Check, LoadState, Unit};
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Between two looks at a job that has no descriptor to wait for.
const SOON: Duration = Duration::from_millis(5);

/// Special targets that stand for ways down, or for a host that is not fully up; the others are up.
const DOWN: [&str; 13] = [
    "ctrl-alt-del.target",
    "emergency.target",
    "exit.target",
    "final.target",
    "halt.target",
    "kexec.target",
    "poweroff.target",
    "reboot.target",
    "rescue.target",
    "runlevel0.target",
    "runlevel6.target",
    "shutdown.target",
    "umount.target",
];

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
}

/// What became of one job.
#[derive(Clone, Debug)]
pub struct Report {
    /// The unit.
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
    /// As wished.
    Done,
    /// A condition does not hold: nothing was done, and that is well.
    Skipped(String),
    /// It failed.
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

/// A transaction with what it was made from.
#[derive(Debug)]
pub struct Planned {
    set: Set,
    graph: Graph,
    facts: Facts,
    /// What to do, in order.
    pub transaction: Transaction,
}

/// Computes what `anchors` bring about, and does nothing.
///
/// # Errors
/// A unit that cannot be used, a contradiction, a cycle.
pub fn plan(ctx: &Context, anchors: &[(Verb, UnitName)], options: &Options) -> Result<Planned, Refused> {
    let names: Vec<UnitName> = anchors.iter().map(|(_, n)| n.clone()).collect();
    let facts = ctx.facts();
    let set = units::load(ctx, &facts, &names, &client::recorded(&ctx.place));
    let mut resolved: Vec<(Verb, UnitName)> = Vec::new();
    for (verb, name) in anchors {
        if let Some(unit) = set.get(name)
            && *verb != Verb::Stop
            && let Some(what) = units::refusal(unit)
        {
            let class =
                if unit.load == LoadState::NotFound { Class::NotInstalled } else { Class::NotConfigured };
            return Err(Refused::new(class, what));
        }
        resolved.push((*verb, set.main(name).clone()));
    }
    let graph = set.graph();
    let mode = options.mode.unwrap_or(if options.ignore_dependencies {
        Mode::IgnoreDependencies
    } else {
        Mode::Replace
    });
    let states = RefCell::new(BTreeMap::new());
    let active =
        |name: &UnitName| *states.borrow_mut().entry(name.clone()).or_insert_with(|| activity(ctx, name));
    check_manual(&graph, &resolved).map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    let transaction = transaction(&graph, &resolved, mode, &active)
        .map_err(|e| Refused::new(class_of(&e), with_findings(&e, &set)))?;
    let planned = Planned { set, graph, facts, transaction };
    if options.strict {
        refuse_unapplied(&planned)?;
    }
    Ok(planned)
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
        TransactionError::Unavailable { cause: Unavailable::NoReload, .. } => Class::Unimplemented,
        TransactionError::Unavailable { .. }
        | TransactionError::MissingInstance { .. }
        | TransactionError::Cycle(_)
        | TransactionError::Contradiction { .. }
        | TransactionError::Isolate { .. }
        | TransactionError::RefuseManual { .. } => Class::NotConfigured,
    }
}

/// What a unit does now, by its record; special targets are up.
#[must_use]
pub fn activity(ctx: &Context, name: &UnitName) -> Activity {
    if special::is_built_in(name) {
        let down = DOWN.contains(&name.as_str());
        return if down { Activity::Inactive } else { Activity::Active };
    }
    match client::status(&ctx.place, name) {
        Ok(Some(record)) => explain::activity(record.state()),
        Ok(None) | Err(_) => Activity::Inactive,
    }
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

impl Planned {
    /// What was left out or overruled, as sentences.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.transaction.notes.iter().map(Note::to_string).collect()
    }

    /// One line for each unit to be started that has directives without effect here.
    #[must_use]
    pub fn unapplied(&self) -> Vec<String> {
        let starts =
            self.transaction.jobs.iter().filter(|j| matches!(j.kind, JobKind::Start | JobKind::RestartStart));
        starts
            .filter_map(|job| {
                let unit = self.set.get(&job.unit)?;
                explain::unapplied_line(unit)
            })
            .collect()
    }

    /// Carries it out. `tell` hears of each job as it ends, in the order in which they end.
    pub fn execute(self, ctx: &Context, options: &Options, tell: &mut dyn FnMut(&Report)) -> Vec<Report> {
        let deadline = options.timeout.map(|t| clock::now().saturating_add(t));
        let count = self.transaction.jobs.len();
        let run = Run {
            ctx,
            options,
            planned: &self,
            ended: vec![None; count],
            begun: vec![false; count],
            pending: Vec::new(),
        };
        run.all(deadline, tell)
    }
}

/// A transaction under way.
struct Run<'a> {
    ctx: &'a Context,
    options: &'a Options,
    planned: &'a Planned,
    ended: Vec<Option<Outcome>>,
    begun: Vec<bool>,
    pending: Vec<(usize, Pending)>,
}

impl Run<'_> {
    fn all(mut self, deadline: Option<Duration>, tell: &mut dyn FnMut(&Report)) -> Vec<Report> {
        loop {
            while let Some(next) = self.next() {
                if let Some(slot) = self.begun.get_mut(next) {
                    *slot = true;
                }
                if let Some(outcome) = self.begin(next) {
                    self.end(next, outcome, tell);
                }
            }
            if self.pending.is_empty() || !self.await_some(deadline, tell) {
                break;
            }
        }
        for (job, _) in std::mem::take(&mut self.pending) {
            self.end(job, Outcome::TimedOut, tell);
        }
        let jobs = &self.planned.transaction.jobs;
        jobs.iter().zip(&self.ended).filter_map(|(j, e)| Some(self.report(j, e.clone()?))).collect()
    }

    /// A job that was not begun and waits for none that has not ended.
    fn next(&self) -> Option<usize> {
        let over = |i: &usize| self.ended.get(*i).is_some_and(Option::is_some);
        let jobs = self.planned.transaction.jobs.iter().enumerate();
        jobs.filter(|(i, _)| !self.begun.get(*i).copied().unwrap_or(true) && !over(i))
            .find(|(_, job)| job.waits_for.iter().all(over))
            .map(|(i, _)| i)
    }

    /// Begins a job; `Some` where it is over at once.
    fn begin(&mut self, index: usize) -> Option<Outcome> {
        let job = self.planned.transaction.jobs.get(index)?;
        let unit = self.planned.set.get(&job.unit);
        let Some(unit) = unit.filter(|u| matches!(u.body, Body::Service(_))) else {
            return Some(Outcome::Done);
        };
        if job.kind.is_start()
            && let Some(outcome) = self.checks(unit)
        {
            return Some(outcome);
        }
        let place = &self.ctx.place;
        let options = self.client_options(unit);
        let begun = match job.kind {
            JobKind::VerifyActive => {
                let up = activity(self.ctx, &job.unit).is_active();
                let sentence = || Outcome::Failed(Class::Failed, format!("'{}' is not active", job.unit));
                return Some(if up { Outcome::Done } else { sentence() });
            }
            JobKind::Stop => client::stop(place, unit, &options),
            JobKind::RestartStop => client::stop_for_restart(place, unit, &options),
            JobKind::Start | JobKind::RestartStart => client::start(place, unit, &options),
            JobKind::Reload => client::reload(place, unit, &options),
        };
        match begun {
            Ok(pending) => {
                self.pending.push((index, pending));
                None
            }
            Err(e) => Some(explain::client_error(&e)),
        }
    }

    /// `Condition…=` and `Assert…=` are looked at when the unit's turn comes.
    fn checks(&self, unit: &Unit) -> Option<Outcome> {
        let sentence = |word: &str, check: &Check| {
            let (not, at) = (if check.negate { "!" } else { "" }, &check.origin);
            format!(
                "{word}{}={not}{} is not met ({}:{})",
                check.test,
                check.value,
                at.path.display(),
                at.span.line
            )
        };
        if let Some(check) = unmet(&self.ctx.root, &self.planned.facts, &unit.conditions) {
            return Some(Outcome::Skipped(sentence("Condition", check)));
        }
        let check = unmet(&self.ctx.root, &self.planned.facts, &unit.asserts)?;
        Some(Outcome::Failed(Class::Failed, sentence("Assert", check)))
    }

    fn client_options(&self, unit: &Unit) -> client::Options {
        let script = Path::new("/etc/init.d").join(unit.name.stem());
        let lock_name = match &self.options.lock {
            Some((name, lock)) if *name == unit.name => Some(lock.clone()),
            Some(_) | None => self.ctx.root.exists(&script).then(|| unit.name.stem().to_owned()),
        };
        client::Options {
            lock_name,
            switches: self.ctx.switches.clone(),
            bound: !reaction::interested(&self.planned.graph, &unit.name).is_none(),
            ..client::Options::default()
        }
    }

    /// Waits until one job or more have ended; false when the time is over.
    fn await_some(&mut self, deadline: Option<Duration>, tell: &mut dyn FnMut(&Report)) -> bool {
        let left = deadline.map(|d| d.saturating_sub(clock::now()));
        if left.is_some_and(|l| l.is_zero()) {
            return false;
        }
        // A job without a descriptor is between two supervisors: look again soon.
        let fds: Vec<_> = self.pending.iter().filter_map(|(_, p)| Some((p.fd()?, Interest::Read))).collect();
        let soon = (fds.len() < self.pending.len()).then_some(SOON);
        let timeout = match (left, soon) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let _ = wait(&fds, timeout);
        drop(fds);
        for (job, mut pending) in std::mem::take(&mut self.pending) {
            match pending.advance() {
                Ok(None) => self.pending.push((job, pending)),
                Ok(Some(ended)) => {
                    let outcome = explain::ended(&ended, &self.ctx.root);
                    self.end(job, outcome, tell);
                }
                Err(e) => self.end(job, explain::client_error(&e), tell),
            }
        }
        true
    }

    fn end(&mut self, index: usize, outcome: Outcome, tell: &mut dyn FnMut(&Report)) {
        let transaction = &self.planned.transaction;
        let Some(job) = transaction.jobs.get(index) else { return };
        let victims = match &outcome {
            Outcome::Failed(..) | Outcome::Dependency(_) | Outcome::TimedOut => {
                on_job_failed(transaction, index)
            }
            Outcome::Skipped(_) => on_job_done_inactive(transaction, index),
            Outcome::Done => Vec::new(),
        };
        let report = self.report(job, outcome.clone());
        if let Some(slot) = self.ended.get_mut(index) {
            *slot = Some(outcome);
        }
        tell(&report);
        for victim in victims {
            if !self.begun.get(victim).copied().unwrap_or(true) {
                if let Some(slot) = self.begun.get_mut(victim) {
                    *slot = true;
                }
                self.end(victim, Outcome::Dependency(job.unit.clone()), tell);
            }
        }
    }

    fn report(&self, job: &Job, outcome: Outcome) -> Report {
        let description =
            self.planned.set.get(&job.unit).and_then(|u| u.description.clone()).unwrap_or_default();
        Report { unit: job.unit.clone(), description, kind: job.kind, outcome }
    }
}
