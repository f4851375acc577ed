//! How a job begins: by the supervisor of a service, or, where a unit has no process, by a note that it is up or down.

use super::{Outcome, Run};
use crate::job::outcome::Class;
use crate::job::plan::Started;
use crate::job::{activity, checks, explain, tmpfiles, umbrella};
use crate::order::reaction::{self, Ending};
use crate::order::transaction::{Activity, JobKind};
use crate::supervisor::client;
use crate::sysv::apply::SCRIPTS;
use crate::unit::model::Unit;
use crate::unit::name::{UnitKind, UnitName};
use std::path::Path;

impl Run<'_> {
    /// Begins a job; `Some` where it is over at once.
    pub(super) fn begin(&mut self, index: usize) -> Option<Outcome> {
        let job = self.planned.transaction.jobs.get(index)?;
        let Some(unit) = self.planned.set.get(&job.unit) else { return Some(Outcome::Done) };
        if job.kind.is_start() {
            self.note_interest(&job.unit);
        }
        if job.unit.kind() != UnitKind::Service {
            let was_up = job.kind == JobKind::Stop && !self.is_down(&job.unit);
            if was_up && job.unit.kind() == UnitKind::Target {
                self.endings.push((job.unit.clone(), Ending::Stopped));
            }
            return Some(self.without_process(unit, job.kind));
        }
        if job.kind.is_start()
            && let Some(outcome) = checks::unmet(self.ctx, self.planned, unit)
        {
            return Some(outcome);
        }
        if matches!(job.kind, JobKind::Start | JobKind::RestartStart) {
            umbrella::note(self.ctx, unit).iter().for_each(|what| log::warn!("{what}"));
            tmpfiles::before_start(self.ctx, unit).iter().for_each(|what| log::warn!("{what}"));
        }
        let place = &self.ctx.state_dir;
        let options = self.client_options(unit);
        let begun = match job.kind {
            JobKind::VerifyActive => {
                return Some(self.verify_active(&job.unit));
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

    /// Those whose end concerns the unit from now on, and that were started when nobody knew.
    fn note_interest(&self, unit: &UnitName) {
        let starts = |name: &UnitName| {
            self.planned.transaction.jobs.iter().any(|job| job.kind.is_start() && job.unit == *name)
        };
        let graph = &self.planned.graph;
        for other in reaction::watched(graph, unit).filter(|n| n.kind() == UnitKind::Service && !starts(n)) {
            // One that has just ended concerns nobody any more.
            if let Err(e) = client::note_interest(&self.ctx.state_dir, other) {
                log::debug!("{e}");
            }
        }
    }

    fn verify_active(&self, unit: &UnitName) -> Outcome {
        match activity::inspect(self.ctx, unit) {
            Ok(now) if now.is_active() => Outcome::Done,
            Ok(_) => Outcome::Failed(Class::Failed, format!("'{unit}' is not active")),
            Err(e) => explain::client_error(&e),
        }
    }

    fn is_down(&self, unit: &UnitName) -> bool {
        activity::inspect(self.ctx, unit).is_ok_and(Activity::is_inactive)
    }

    /// A target, for which there is nothing to do but to note it; of the other kinds only slices are
    /// amr's, and need nothing.
    fn without_process(&self, unit: &Unit, kind: JobKind) -> Outcome {
        let noted = match (unit.name.kind(), kind) {
            (UnitKind::Slice, _) | (UnitKind::Target, JobKind::Reload) => return Outcome::Done,
            (UnitKind::Target, JobKind::VerifyActive) => return self.verify_active(&unit.name),
            (UnitKind::Target, JobKind::Start | JobKind::RestartStart) => {
                match checks::unmet(self.ctx, self.planned, unit) {
                    Some(outcome) => return outcome,
                    None => client::note_up(&self.ctx.state_dir, unit),
                }
            }
            (UnitKind::Target, JobKind::Stop | JobKind::RestartStop) => {
                client::note_down(&self.ctx.state_dir, &unit.name)
            }
            (_, JobKind::Stop | JobKind::RestartStop) if self.is_down(&unit.name) => return Outcome::Done,
            (other, _) => {
                let what = format!("amr does not {} .{} units", kind.as_str(), other.as_str());
                return Outcome::Failed(Class::Unimplemented, what);
            }
        };
        noted.map_or_else(|e| explain::client_error(&e), |()| Outcome::Done)
    }

    fn client_options(&self, unit: &Unit) -> client::Options {
        let script = Path::new(SCRIPTS).join(unit.name.stem());
        let lock_name = match &self.options.lock {
            Some((name, lock)) if *self.planned.set.main(name) == unit.name => Some(lock.clone()),
            Some(_) | None => self.ctx.root.exists(&script).then(|| unit.name.stem().to_owned()),
        };
        client::Options {
            lock_name,
            switches: self.ctx.switches.clone(),
            ahead: self.options.ahead.clone(),
            bound: !reaction::interested(&self.planned.graph, &unit.name).is_none(),
            monitored: self.monitored(&unit.name),
            await_exec: self.options.started == Started::Executed,
            ..client::Options::default()
        }
    }

    fn monitored(&self, unit: &UnitName) -> Option<String> {
        let has_run = |name: &UnitName| {
            let record = client::status(&self.ctx.state_dir, name);
            matches!(record, Ok(Some(record)) if !record.invocation_id.is_empty())
        };
        let graph = &self.planned.graph;
        reaction::monitored(graph, unit, &has_run).map(|name| name.as_str().to_owned())
    }
}
