//! Carries a transaction out: begins each job when those that it waits for have ended, waits for many
//! at once, and tells what became of each.

mod begin;

use super::context::Context;
use super::limits::Limits;
use super::outcome::{Class, Outcome, Report};
use super::plan::{Options, Planned};
use super::queue::Queue;
use super::{explain, follow};
use crate::host::power;
use crate::order::graph::Relation;
use crate::order::reaction::Ending;
use crate::order::special;
use crate::order::transaction::{Activity, Job, JobKind, on_job_done_inactive, on_job_failed};
use crate::os::clock;
use crate::os::poll::{Interest, wait};
use crate::supervisor::client::{self, Answer, Ended, Pending};
use crate::supervisor::service::found::survivors;
use crate::supervisor::service::machine::State;
use crate::unit::name::UnitName;
use std::mem::ManuallyDrop;
use std::time::Duration;

/// Between two looks at a job that has no descriptor to wait for.
const SOON: Duration = Duration::from_millis(5);

/// Between two looks at what other commands do.
const OTHERS: Duration = Duration::from_millis(20);

/// Carries it out. `tell` hears of each job as it ends, in the order in which they end; `meanwhile` is
/// called when the first are under way.
pub fn execute(
    planned: Planned,
    ctx: &Context,
    options: &Options,
    meanwhile: &dyn Fn(),
    tell: &mut dyn FnMut(&Report),
) -> Vec<Report> {
    let deadline = options.timeout.map(|t| clock::now().saturating_add(t));
    // The command ends with it: what the kernel takes back at once need not be freed piece by piece.
    let planned = ManuallyDrop::new(planned);
    Run::new(ctx, options, &planned).all(deadline, meanwhile, tell)
}

/// A transaction under way.
struct Run<'a> {
    ctx: &'a Context,
    options: &'a Options,
    planned: &'a Planned,
    ended: Vec<Option<Outcome>>,
    begun: Vec<bool>,
    pending: Vec<(usize, Pending)>,
    limits: Limits,
    queue: Queue<'a>,
    /// What others are to hear of when all is done.
    endings: Vec<(UnitName, Ending)>,
}

impl<'a> Run<'a> {
    fn new(ctx: &'a Context, options: &'a Options, planned: &'a Planned) -> Self {
        let count = planned.transaction.jobs.len();
        let (ended, begun) = (vec![None; count], vec![false; count]);
        let limits = Limits::new(clock::now(), planned);
        let queue = Queue::new(&ctx.state_dir, options.noted);
        Self { ctx, options, planned, ended, begun, pending: Vec::new(), limits, queue, endings: Vec::new() }
    }

    fn all(
        mut self,
        deadline: Option<Duration>,
        meanwhile: &dyn Fn(),
        tell: &mut dyn FnMut(&Report),
    ) -> Vec<Report> {
        self.start_ready(tell);
        meanwhile();
        let waiting = self.planned.transaction.jobs.iter().zip(&self.begun);
        self.queue.note(waiting.filter(|(_, begun)| !**begun).map(|(job, _)| job));
        loop {
            self.start_ready(tell);
            let held = self.held();
            if self.pending.is_empty() && held.is_none() {
                break;
            }
            if !self.await_some(deadline, held.is_some(), tell) {
                if let Some((job, on)) = held {
                    let why = format!(
                        "not begun within the time given, since another command's job of '{on}' goes on"
                    );
                    self.end(job, Outcome::Failed(Class::Failed, why), tell);
                }
                break;
            }
        }
        for (job, _) in std::mem::take(&mut self.pending) {
            self.end(job, Outcome::TimedOut, tell);
        }
        self.endings
            .iter()
            .for_each(|(unit, ending)| follow::call(self.ctx, &self.planned.graph, unit, *ending));
        let jobs = &self.planned.transaction.jobs;
        jobs.iter().zip(&self.ended).filter_map(|(j, e)| Some(self.report(j, e.clone()?))).collect()
    }

    fn start_ready(&mut self, tell: &mut dyn FnMut(&Report)) {
        while let Some(next) = self.next() {
            if let Some(slot) = self.begun.get_mut(next) {
                *slot = true;
            }
            self.limits.begin(next, clock::now(), self.planned);
            if let Some(outcome) = self.begin(next) {
                self.end(next, outcome, tell);
            }
        }
    }

    /// The jobs that were not begun and wait for none of this transaction that has not ended.
    fn due(&self) -> impl Iterator<Item = (usize, &Job)> {
        let over = |i: &usize| self.ended.get(*i).is_some_and(Option::is_some);
        let jobs = self.planned.transaction.jobs.iter().enumerate();
        jobs.filter(move |(i, job)| {
            !self.begun.get(*i).copied().unwrap_or(true) && !over(i) && job.waits_for.iter().all(over)
        })
    }

    /// One of them that waits for nobody else either.
    fn next(&self) -> Option<usize> {
        self.due().find(|(_, job)| self.held_by(job).is_none()).map(|(i, _)| i)
    }

    /// One of them that waits for what another command does, and the unit that this is about.
    fn held(&self) -> Option<(usize, UnitName)> {
        self.due().find_map(|(i, job)| Some((i, self.held_by(job)?.clone())))
    }

    /// The unit with which another command is at work and that comes before this job. systemd has one queue
    /// for the jobs of all; here the records say what the others do: a start waits for whatever comes before
    /// it, and what is being stopped comes before everything that it is ordered with.
    fn held_by(&self, job: &Job) -> Option<&UnitName> {
        if self.options.ignore_dependencies || job.kind == JobKind::Reload {
            return None;
        }
        let graph = &self.planned.graph;
        let related = |relation| graph.related(job.id, relation).filter_map(|(to, _)| graph.unit_name(to));
        let is_ours = |name: &UnitName| self.planned.transaction.jobs.iter().any(|j| j.unit == *name);
        let others = |relation| {
            let foreign = related(relation).filter(|name| !special::is_built_in(name) && !is_ours(name));
            foreign.filter_map(|name| Some((name, self.under_way(name)?)))
        };
        let mut before = others(Relation::After).filter(|_| job.kind.is_start());
        let mut after = others(Relation::Before).filter(|(_, now)| *now == Activity::Deactivating);
        before.next().or_else(|| after.next()).map(|(name, _)| name)
    }

    /// What is done with the unit, or was asked for before this command began.
    fn under_way(&self, name: &UnitName) -> Option<Activity> {
        self.at_work(name).or_else(|| self.queue.earlier(name))
    }

    /// What a supervisor is doing with the unit, where that will end by itself and soon: a service that
    /// only waits for its automatic restart has no job.
    fn at_work(&self, name: &UnitName) -> Option<Activity> {
        let place = &self.ctx.state_dir;
        if !client::is_supervised(place, name).ok()? {
            return None;
        }
        let state = place.record(name.as_str()).ok()??.state();
        let now = explain::activity(state);
        let at_work = matches!(now, Activity::Activating | Activity::Deactivating);
        (at_work && state != State::AutoRestart).then_some(now)
    }

    /// Waits until one job or more have ended; false when the time is over.
    fn await_some(&mut self, deadline: Option<Duration>, held: bool, tell: &mut dyn FnMut(&Report)) -> bool {
        let now = clock::now();
        if deadline.is_some_and(|d| d <= now) {
            return false;
        }
        let next = [deadline, self.limits.next()].into_iter().flatten().min();
        let left = next.map(|at| at.saturating_sub(now));
        // A job without a descriptor is between two supervisors: look again soon.
        let fds: Vec<_> = self.pending.iter().filter_map(|(_, p)| Some((p.fd()?, Interest::Read))).collect();
        let soon = (fds.len() < self.pending.len()).then_some(SOON).or(held.then_some(OTHERS));
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
                    self.note_ending(job, &ended);
                    let outcome = self.left_alive(job, &ended).unwrap_or_else(|| explain::ended(&ended));
                    self.end(job, outcome, tell);
                }
                Err(e) => self.end(job, explain::client_error(&e), tell),
            }
        }
        self.end_what_is_late(tell);
        true
    }

    /// Jobs whose own time is over: the jobs end, what the units do goes on (`job_dispatch_timer`).
    fn end_what_is_late(&mut self, tell: &mut dyn FnMut(&Report)) {
        while let Some((late, why)) = self.limits.late(clock::now()) {
            self.pending.retain(|(job, _)| *job != late);
            if let Some(slot) = self.begun.get_mut(late) {
                *slot = true;
            }
            let Some(job) = self.planned.transaction.jobs.get(late) else { continue };
            self.endings.push((job.unit.clone(), Ending::JobFailed));
            let action = self.planned.set.get(&job.unit).map(|unit| unit.actions.job_timeout);
            if let Err(complaint) = power::carry_out_whole(&self.ctx.root, action.unwrap_or_default()) {
                log::error!("'{}': {complaint}", job.unit);
            }
            let why = format!("its job did not finish within {why}; what the unit does goes on");
            self.end(late, Outcome::Failed(Class::Failed, why), tell);
        }
    }

    /// A stop that this command asked for: those whom it concerns hear of it when all jobs are done, since
    /// who needs or upholds the unit may be about to go or to come.
    fn note_ending(&mut self, index: usize, ended: &Ended) {
        let Some(job) = self.planned.transaction.jobs.get(index) else { return };
        if let (true, Answer::Stopped(result)) = (ended.is_ours, &ended.answer) {
            let ending = if result.is_failure() { Ending::Failed } else { Ending::Stopped };
            self.endings.push((job.unit.clone(), ending));
        }
    }

    /// A stop after which processes live on is not done, whatever the unit's state says: what SIGKILL was not sent
    /// to (`SendSIGKILL=no`), or could not end.
    fn left_alive(&self, index: usize, ended: &Ended) -> Option<Outcome> {
        let job = self.planned.transaction.jobs.get(index).filter(|job| job.kind == JobKind::Stop)?;
        if !matches!(ended.answer, Answer::Stopped(result) if result.is_failure()) {
            return None;
        }
        let record = self.ctx.state_dir.record(job.unit.as_str()).ok()??;
        let left: Vec<String> = survivors(&record).ok()?.iter().map(|pid| pid.get().to_string()).collect();
        let what = format!("it is stopped, but of its processes these live on: {}", left.join(" "));
        (!left.is_empty()).then_some(Outcome::Failed(Class::Failed, what))
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
        if matches!(outcome, Outcome::Dependency(_)) && job.kind.is_start() {
            self.endings.push((job.unit.clone(), Ending::JobFailed));
        }
        self.limits.end(index);
        let report = self.report(job, outcome.clone());
        if let Some(slot) = self.ended.get_mut(index) {
            *slot = Some(outcome);
        }
        let jobs = transaction.jobs.iter().zip(&self.ended);
        if !jobs.filter(|(other, _)| other.unit == job.unit).any(|(_, ended)| ended.is_none()) {
            self.queue.done(&job.unit);
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
