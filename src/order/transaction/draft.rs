//! A transaction while it is made: prospective jobs and who pulled in whom. Pure.

use super::{Activity, Note};
use crate::order::graph::{EdgeId, Graph, Relation, UnitId};
use crate::unit::name::UnitName;
use std::cell::Cell;
use std::collections::HashMap;

/// The types of a prospective job (systemd's `JobType` inside a transaction).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum JobType {
    Start,
    VerifyActive,
    Stop,
    Reload,
    Restart,
    /// Only ever the result of a merge or of the verb of that name.
    ReloadOrStart,
}

impl JobType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::VerifyActive => "verify-active",
            Self::Stop => "stop",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::ReloadOrStart => "reload-or-start",
        }
    }

    /// The one job that does both; `None` where they contradict each other (`job_type_merge`).
    pub fn merge(self, other: Self) -> Option<Self> {
        let has = |kind| self == kind || other == kind;
        if self == other {
            Some(self)
        } else if has(Self::Stop) {
            None
        } else if has(Self::Restart) {
            Some(Self::Restart)
        } else if has(Self::ReloadOrStart) || (has(Self::Reload) && has(Self::Start)) {
            Some(Self::ReloadOrStart)
        } else if has(Self::Reload) {
            Some(Self::Reload)
        } else {
            Some(Self::Start)
        }
    }

    /// Would it change nothing? (`job_type_is_redundant`)
    pub fn is_redundant(self, now: Activity) -> bool {
        match self {
            Self::Start | Self::VerifyActive => now.is_active(),
            Self::Stop => now.is_inactive(),
            Self::Reload | Self::Restart | Self::ReloadOrStart => false,
        }
    }
}

/// A job's number in a [`Draft`].
pub(super) type JobId = usize;

/// Why a job pulls in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Edge(Relation, EdgeId),
    Isolate,
}

/// "`by` pulled this in".
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull {
    pub by: JobId,
    /// `by` cannot be without it.
    pub matters: bool,
    /// `by` is in conflict with it.
    pub conflicts: bool,
    pub reason: Reason,
}

#[derive(Clone, Debug)]
pub(super) struct ProspectiveJob {
    pub unit: UnitId,
    pub kind: JobType,
    pub anchor: bool,
    pub ignore_order: bool,
    pub matters: bool,
    pub alive: bool,
    pub pulled_by: Vec<Pull>,
    /// The jobs that this one pulled in, and whether it cannot be without them.
    pub pulls: Vec<(JobId, bool)>,
}

/// Jobs that are gathered before anything is decided: the transaction in the making.
pub(super) struct Draft<'a> {
    pub graph: &'a Graph,
    /// Asked only about units that the transaction may concern.
    active: &'a dyn Fn(&UnitName) -> Activity,
    /// The answers, by the unit's place in the graph.
    told: Vec<Cell<Option<Activity>>>,
    pub jobs: Vec<ProspectiveJob>,
    /// By the unit's place in the graph.
    pub by_unit: Vec<Vec<JobId>>,
    /// A merged job's successor.
    merged_into: HashMap<JobId, JobId>,
    pub notes: Vec<Note>,
}

impl<'a> Draft<'a> {
    pub fn new(graph: &'a Graph, active: &'a dyn Fn(&UnitName) -> Activity) -> Self {
        Self {
            graph,
            active,
            told: vec![Cell::new(None); graph.len()],
            jobs: Vec::new(),
            by_unit: vec![Vec::new(); graph.len()],
            merged_into: HashMap::new(),
            notes: Vec::new(),
        }
    }

    pub fn activity(&self, unit: UnitId) -> Activity {
        let Some((name, told)) = self.graph.unit_name(unit).zip(self.told.get(unit.index())) else {
            return Activity::Inactive;
        };
        let activity = told.get().unwrap_or_else(|| (self.active)(name));
        told.set(Some(activity));
        activity
    }

    /// The jobs of a unit that still stand.
    pub fn of_unit(&self, unit: UnitId) -> &[JobId] {
        self.by_unit.get(unit.index()).map_or(&[], Vec::as_slice)
    }

    pub fn job(&self, id: JobId) -> Option<&ProspectiveJob> {
        self.jobs.get(id).filter(|j| j.alive)
    }

    /// The job that `id` stands for now, after merges; `None` when it was dropped.
    pub fn live(&self, id: JobId) -> Option<JobId> {
        let mut at = id;
        while let Some(next) = self.merged_into.get(&at) {
            at = *next;
        }
        self.job(at).map(|_| at)
    }

    /// The unit's job of this type, made where there is none; the second is true for a new one.
    pub fn add(&mut self, unit: UnitId, kind: JobType) -> (JobId, bool) {
        let found = self.of_unit(unit).iter().find(|j| self.job(**j).is_some_and(|j| j.kind == kind));
        if let Some(id) = found {
            return (*id, false);
        }
        let id = self.jobs.len();
        self.jobs.push(ProspectiveJob {
            unit,
            kind,
            anchor: false,
            ignore_order: false,
            matters: false,
            alive: true,
            pulled_by: Vec::new(),
            pulls: Vec::new(),
        });
        if let Some(list) = self.by_unit.get_mut(unit.index()) {
            list.push(id);
        }
        (id, true)
    }

    pub fn link(&mut self, pull: Pull, target: JobId) {
        if let Some(job) = self.jobs.get_mut(target) {
            job.pulled_by.push(pull);
        }
        if let Some(job) = self.jobs.get_mut(pull.by) {
            job.pulls.push((target, pull.matters));
        }
    }

    /// Drops one job and leaves those that pulled it in.
    pub fn drop_alone(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        job.alive = false;
        let unit = job.unit;
        if let Some(list) = self.by_unit.get_mut(unit.index()) {
            list.retain(|j| *j != id);
        }
    }

    /// Drops a job and every job that cannot be without it (`transaction_delete_job`).
    pub fn drop_with_dependents(&mut self, id: JobId) {
        let mut todo = vec![id];
        while let Some(at) = todo.pop() {
            if self.job(at).is_none() {
                continue;
            }
            let by: Vec<JobId> = self.pullers(at).filter(|p| p.matters).map(|p| p.by).collect();
            self.drop_alone(at);
            todo.extend(by);
        }
    }

    /// Who pulled this in and still stands, by the job that stands for it now.
    pub fn pullers(&self, id: JobId) -> impl Iterator<Item = Pull> + '_ {
        let pulls = self.jobs.get(id).map_or(&[][..], |j| &j.pulled_by);
        pulls.iter().filter_map(|p| self.live(p.by).map(|by| Pull { by, ..*p }))
    }

    /// Makes `keep` do what `gone` did as well.
    pub fn merge(&mut self, keep: JobId, gone: JobId, kind: JobType) {
        let Some(old) = self.jobs.get_mut(gone) else { return };
        let (by, pulls) = (std::mem::take(&mut old.pulled_by), std::mem::take(&mut old.pulls));
        let (matters, ignore_order) = (old.matters, old.ignore_order);
        self.drop_alone(gone);
        self.merged_into.insert(gone, keep);
        if let Some(job) = self.jobs.get_mut(keep) {
            job.kind = kind;
            job.matters |= matters;
            job.ignore_order |= ignore_order;
            job.pulled_by.extend(by);
            job.pulls.extend(pulls);
        }
    }

    /// The edges that lead from an anchor to this job, the anchor's first.
    pub fn chain(&self, id: JobId) -> Vec<EdgeId> {
        let mut chain = Vec::new();
        let mut seen = std::collections::HashSet::from([id]);
        let mut at = id;
        while self.job(at).is_some_and(|j| !j.anchor) {
            let Some(pull) = self.pullers(at).find(|p| !seen.contains(&p.by)) else { break };
            if let Reason::Edge(_, edge) = pull.reason {
                chain.push(edge);
            }
            seen.insert(pull.by);
            at = pull.by;
        }
        chain.reverse();
        chain
    }
}
