//! `JobTimeoutSec=` and `JobRunningTimeoutSec=`: how long a job may take, from when it was asked for and from
//! when it begins.

use super::plan::Planned;
use crate::unit::value::Timeout;
use crate::unit::value::time::format_timeout;
use std::time::Duration;

/// What ends a job and when.
#[derive(Clone, Debug)]
struct Limit {
    at: Duration,
    /// As it stands in the unit.
    what: String,
}

impl Limit {
    fn new(now: Duration, after: Duration, name: &str) -> Self {
        let what = format!("{name}={}", format_timeout(Timeout::After(after)));
        Self { at: now.saturating_add(after), what }
    }
}

/// One for each job.
#[derive(Debug, Default)]
pub(super) struct Limits {
    limits: Vec<Option<Limit>>,
}

impl Limits {
    pub(super) fn new(now: Duration, planned: &Planned) -> Self {
        let limit = |job: &crate::order::transaction::Job| {
            let time = planned.set.get(&job.unit)?.job_timeout;
            let Timeout::After(after) = time else { return None };
            Some(Limit::new(now, after, "JobTimeoutSec"))
        };
        Self { limits: planned.transaction.jobs.iter().map(limit).collect() }
    }

    /// The job begins: what it may take from now on counts where that ends earlier (`job_start_timer`).
    pub(super) fn begin(&mut self, job: usize, now: Duration, planned: &Planned) {
        let unit = planned.transaction.jobs.get(job).and_then(|job| planned.set.get(&job.unit));
        let Some(Timeout::After(after)) = unit.and_then(|unit| unit.job_running_timeout) else { return };
        let running = Limit::new(now, after, "JobRunningTimeoutSec");
        if let Some(slot) = self.limits.get_mut(job)
            && slot.as_ref().is_none_or(|limit| running.at < limit.at)
        {
            *slot = Some(running);
        }
    }

    /// The job has ended.
    pub(super) fn end(&mut self, job: usize) {
        if let Some(slot) = self.limits.get_mut(job) {
            *slot = None;
        }
    }

    /// When the next one is over.
    pub(super) fn next(&self) -> Option<Duration> {
        self.limits.iter().flatten().map(|limit| limit.at).min()
    }

    /// A job whose time is over, and which limit it was.
    pub(super) fn late(&self, now: Duration) -> Option<(usize, String)> {
        let late = |(job, limit): (usize, &Option<Limit>)| {
            let limit = limit.as_ref().filter(|limit| limit.at <= now)?;
            Some((job, limit.what.clone()))
        };
        self.limits.iter().enumerate().find_map(late)
    }
}
