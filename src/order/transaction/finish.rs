//! From settled prospects to the jobs of the result: restarts become two, each job learns what it
//! waits for, why it is there and whom it takes along when it fails. Pure.

use super::draft::{Draft, JobId, JobType, Reason};
use super::{Job, JobKind, JobReason, Transaction};
use crate::order::graph::{Graph, Relation, UnitId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// The jobs of the result before they are put in order.
struct JobsByUnit {
    jobs: Vec<Job>,
    /// The first job of each unit, by the unit's place in the graph, and for each job the next one of its
    /// unit.
    first: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
    units: Vec<(UnitId, JobId)>,
}

impl JobsByUnit {
    /// The jobs of a unit, in order.
    fn of_unit(&self, unit: UnitId) -> impl Iterator<Item = usize> {
        let first = self.first.get(unit.index()).copied().flatten();
        std::iter::successors(first, |at| self.next.get(*at).copied().flatten())
    }

    fn push(&mut self, unit: UnitId, id: JobId, job: Job) {
        let (at, last) = (self.jobs.len(), self.of_unit(unit).last());
        let slot = match last {
            Some(last) => self.next.get_mut(last),
            None => self.first.get_mut(unit.index()),
        };
        if let Some(slot) = slot {
            *slot = Some(at);
        }
        self.next.push(None);
        self.units.push((unit, id));
        self.jobs.push(job);
    }
}

pub(super) fn finish(mut draft: Draft) -> Transaction {
    let notes = std::mem::take(&mut draft.notes);
    let mut board = expand(&draft);
    explain(&draft, &mut board);
    order(&draft, &mut board);
    link_failures(&draft, &mut board);
    Transaction { jobs: sorted(draft.graph, board.jobs), notes }
}

/// The jobs in order, and nothing else about them.
pub(super) fn sequence(draft: &Draft) -> Vec<Job> {
    let mut board = expand(draft);
    order(draft, &mut board);
    sorted(draft.graph, board.jobs)
}

fn kinds(draft: &Draft, unit: UnitId, kind: JobType) -> &'static [JobKind] {
    let now = draft.activity(unit);
    match kind {
        JobType::Start => &[JobKind::Start],
        JobType::VerifyActive => &[JobKind::VerifyActive],
        JobType::Stop => &[JobKind::Stop],
        JobType::Reload => &[JobKind::Reload],
        JobType::Restart if now.is_inactive() => &[JobKind::Start],
        JobType::Restart => &[JobKind::RestartStop, JobKind::RestartStart],
        JobType::ReloadOrStart if now.is_active() => &[JobKind::Reload],
        JobType::ReloadOrStart => &[JobKind::Start],
    }
}

fn expand(draft: &Draft) -> JobsByUnit {
    let first = vec![None; draft.graph.len()];
    let mut board = JobsByUnit {
        jobs: Vec::with_capacity(draft.jobs.len()),
        first,
        next: Vec::with_capacity(draft.jobs.len()),
        units: Vec::with_capacity(draft.jobs.len()),
    };
    for id in 0..draft.jobs.len() {
        let Some((job, name)) = draft.job(id).and_then(|j| Some((j, draft.graph.unit_name(j.unit)?))) else {
            continue;
        };
        for kind in kinds(draft, job.unit, job.kind).iter().copied() {
            let is_second = kind == JobKind::RestartStart;
            let waits_for = if is_second { board.of_unit(job.unit).collect() } else { Vec::new() };
            let job_of_kind = Job {
                unit: name.clone(),
                id: job.unit,
                kind,
                waits_for,
                because: JobReason::Asked,
                fails: Vec::new(),
                fails_when_inactive: Vec::new(),
            };
            board.push(job.unit, id, job_of_kind);
        }
    }
    board
}

/// Breadth first from the anchors, so that the reason given is the nearest.
fn explain(draft: &Draft, board: &mut JobsByUnit) {
    // The job that pulled it in, and why; `None` for an anchor.
    let mut reason: HashMap<JobId, Option<(usize, Reason)>> = HashMap::new();
    let mut todo = VecDeque::new();
    for (_, id) in &board.units {
        if draft.job(*id).is_some_and(|j| j.anchor) && reason.insert(*id, None).is_none() {
            todo.push_back(*id);
        }
    }
    while let Some(by) = todo.pop_front() {
        let Some(job) = draft.job(by) else { continue };
        let first = board.of_unit(job.unit).next();
        for to in job.pulls.iter().filter_map(|(to, _)| draft.live(*to)) {
            if reason.contains_key(&to) {
                continue;
            }
            let why = draft.pullers(to).find(|p| p.by == by).map(|p| p.reason);
            let (Some(why), Some(first)) = (why, first) else { continue };
            reason.insert(to, Some((first, why)));
            todo.push_back(to);
        }
    }
    for (job, (_, id)) in board.jobs.iter_mut().zip(&board.units) {
        match reason.get(id).copied().flatten() {
            Some((by, Reason::Edge(relation, edge))) => {
                job.because = JobReason::Pulled { by, relation, origin: draft.graph.origin(edge).cloned() };
            }
            Some((_, Reason::Isolate)) => job.because = JobReason::Isolated,
            None => {}
        }
    }
}

/// Fills `waits_for` from the ordering edges (`job_compare`).
fn order(draft: &Draft, board: &mut JobsByUnit) {
    let mut waits: Vec<(usize, usize)> = Vec::new();
    for (at, (unit, id)) in board.units.iter().enumerate() {
        let ignores = |id: &JobId| draft.job(*id).is_none_or(|j| j.ignore_order);
        if ignores(id) {
            continue;
        }
        for (later, _) in draft.graph.related(*unit, Relation::Before) {
            for other in board.of_unit(later) {
                let free = board.units.get(other).is_none_or(|(_, id)| ignores(id));
                let stops = |at: usize| board.jobs.get(at).is_some_and(|j| j.kind.is_stop());
                if free {
                    continue;
                }
                // Written as "at before other": turned round when other goes down.
                waits.push(if stops(other) { (at, other) } else { (other, at) });
            }
        }
    }
    for (job, on) in waits {
        if let Some(job) = board.jobs.get_mut(job) {
            job.waits_for.push(on);
        }
    }
}

/// Who fails with whom (`job_fail_dependencies`).
fn link_failures(draft: &Draft, board: &mut JobsByUnit) {
    for at in 0..board.jobs.len() {
        let Some(((unit, _), kind)) = board.units.get(at).zip(board.jobs.get(at).map(|j| j.kind)) else {
            continue;
        };
        let starts = |relations: &[Relation]| -> Vec<usize> {
            let related = relations.iter().flat_map(|r| draft.graph.related(*unit, *r));
            let jobs = related.flat_map(|(to, _)| board.of_unit(to));
            jobs.filter(|j| board.jobs.get(*j).is_some_and(|j| j.kind.is_start())).collect()
        };
        let fails = match kind {
            JobKind::Start | JobKind::RestartStart | JobKind::VerifyActive => {
                starts(&[Relation::RequiredBy, Relation::RequisiteOf, Relation::BoundBy])
            }
            JobKind::Stop => starts(&[Relation::ConflictedBy]),
            // A restart whose first half fails has no second half.
            JobKind::RestartStop => board.of_unit(*unit).filter(|j| *j != at).collect(),
            JobKind::Reload => Vec::new(),
        };
        let inactive = match kind {
            JobKind::Start | JobKind::RestartStart | JobKind::Reload => starts(&[Relation::RequisiteOf]),
            JobKind::Stop | JobKind::RestartStop | JobKind::VerifyActive => Vec::new(),
        };
        if let Some(job) = board.jobs.get_mut(at) {
            job.fails = fails;
            job.fails_when_inactive = inactive;
        }
    }
}

/// Puts every job behind all that it waits for; where that leaves a choice, by kind and name.
fn sorted(graph: &Graph, jobs: Vec<Job>) -> Vec<Job> {
    let mut blocked = vec![0_usize; jobs.len()];
    // The first wait for each job, and for each wait who waits and the next one for the same job.
    let mut first: Vec<Option<usize>> = vec![None; jobs.len()];
    let mut waits: Vec<(usize, Option<usize>)> = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter().enumerate() {
        for on in &job.waits_for {
            if let (Some(slot), Some(count)) = (first.get_mut(*on), blocked.get_mut(at)) {
                waits.push((at, slot.replace(waits.len())));
                *count += 1;
            }
        }
    }
    let rank = |at: usize| jobs.get(at).map(|j| (!j.kind.is_stop(), graph.rank_of(j.id), j.kind));
    let free = |(at, count): (usize, &usize)| if *count == 0 { Some(Reverse((rank(at), at))) } else { None };
    let mut ready: BinaryHeap<_> = blocked.iter().enumerate().filter_map(free).collect();
    let mut place: Vec<Option<usize>> = vec![None; jobs.len()];
    let mut next = 0;
    while let Some(Reverse((_, at))) = ready.pop() {
        if let Some(slot) = place.get_mut(at) {
            *slot = Some(next);
            next += 1;
        }
        let mut wait = first.get(at).copied().flatten();
        while let Some((follower, next)) = wait.and_then(|w| waits.get(w)).copied() {
            wait = next;
            if let Some(count) = blocked.get_mut(follower) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((rank(follower), follower)));
                }
            }
        }
    }
    renumber(jobs, &place)
}

fn renumber(jobs: Vec<Job>, place: &[Option<usize>]) -> Vec<Job> {
    let new = |at: usize| place.get(at).copied().flatten();
    let all = |mut list: Vec<usize>| {
        // Most lists have one member, or none.
        if !list.is_empty() {
            list = list.into_iter().filter_map(new).collect();
            if list.len() > 1 {
                list.sort_unstable();
                list.dedup();
            }
        }
        list
    };
    let mut out: Vec<Option<Job>> = jobs.iter().map(|_| None).collect();
    for (at, mut job) in jobs.into_iter().enumerate() {
        let Some(at) = new(at) else { continue };
        job.waits_for = all(job.waits_for);
        job.fails = all(job.fails);
        job.fails_when_inactive = all(job.fails_when_inactive);
        if let JobReason::Pulled { by, .. } = &mut job.because
            && let Some(moved) = new(*by)
        {
            *by = moved;
        }
        if let Some(slot) = out.get_mut(at) {
            *slot = Some(job);
        }
    }
    out.into_iter().flatten().collect()
}
