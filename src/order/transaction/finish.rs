//! From settled prospects to the jobs of the result: restarts become two, each job learns what it
//! waits for, why it is there and whom it takes along when it fails. Pure.

use super::draft::{Draft, JobId, JobType, Reason};
use super::{Because, Job, JobKind, Transaction};
use crate::hash::Map;
use crate::order::graph::{Relation, UnitId};
use crate::sort;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The jobs of the result before they are put in order.
struct Board {
    jobs: Vec<Job>,
    /// Which jobs a unit has, by its place in the graph.
    of: Map<UnitId, Vec<usize>>,
    units: Vec<(UnitId, JobId)>,
}

pub(super) fn finish(mut draft: Draft) -> Transaction {
    let notes = std::mem::take(&mut draft.notes);
    let mut board = expand(&draft);
    explain(&draft, &mut board);
    order(&draft, &mut board);
    link_failures(&draft, &mut board);
    Transaction { jobs: sorted(board.jobs), notes }
}

fn kinds(draft: &Draft, unit: UnitId, kind: JobType) -> Vec<JobKind> {
    let now = draft.activity(unit);
    match kind {
        JobType::Start => vec![JobKind::Start],
        JobType::VerifyActive => vec![JobKind::VerifyActive],
        JobType::Stop => vec![JobKind::Stop],
        JobType::Reload => vec![JobKind::Reload],
        JobType::Restart if now.is_inactive() => vec![JobKind::Start],
        JobType::Restart => vec![JobKind::RestartStop, JobKind::RestartStart],
        JobType::ReloadOrStart if now.is_active() => vec![JobKind::Reload],
        JobType::ReloadOrStart => vec![JobKind::Start],
    }
}

fn expand(draft: &Draft) -> Board {
    let mut board = Board { jobs: Vec::new(), of: Map::default(), units: Vec::new() };
    for id in 0..draft.jobs.len() {
        let Some((job, name)) = draft.job(id).and_then(|j| Some((j, draft.graph.unit_name(j.unit)?))) else {
            continue;
        };
        for kind in kinds(draft, job.unit, job.kind) {
            let mine = board.of.entry(job.unit).or_default();
            let waits_for = if kind == JobKind::RestartStart { mine.clone() } else { Vec::new() };
            mine.push(board.jobs.len());
            board.units.push((job.unit, id));
            board.jobs.push(Job {
                unit: name.clone(),
                kind,
                waits_for,
                because: Because::Asked,
                fails: Vec::new(),
                fails_when_inactive: Vec::new(),
            });
        }
    }
    board
}

/// Breadth first from the anchors, so that the reason given is the nearest.
fn explain(draft: &Draft, board: &mut Board) {
    // The job that pulled it in, and why; `None` for an anchor.
    let mut reason: Map<JobId, Option<(usize, Reason)>> = Map::default();
    let mut todo = VecDeque::new();
    for (_, id) in &board.units {
        if draft.job(*id).is_some_and(|j| j.anchor) && reason.insert(*id, None).is_none() {
            todo.push_back(*id);
        }
    }
    while let Some(by) = todo.pop_front() {
        let Some(job) = draft.job(by) else { continue };
        let first = board.of.get(&job.unit).and_then(|jobs| jobs.first()).copied();
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
                job.because = Because::Pulled { by, relation, origin: draft.graph.origin(edge).cloned() };
            }
            Some((_, Reason::Isolate)) => job.because = Because::Isolated,
            None => {}
        }
    }
}

/// Fills `waits_for` from the ordering edges (`job_compare`).
fn order(draft: &Draft, board: &mut Board) {
    let mut waits: Vec<(usize, usize)> = Vec::new();
    for (at, (unit, id)) in board.units.iter().enumerate() {
        let ignores = |id: &JobId| draft.job(*id).is_none_or(|j| j.ignore_order);
        if ignores(id) {
            continue;
        }
        for (later, _) in draft.graph.related(*unit, Relation::Before) {
            for other in board.of.get(&later).into_iter().flatten() {
                let free = board.units.get(*other).is_none_or(|(_, id)| ignores(id));
                let stops = |at: usize| board.jobs.get(at).is_some_and(|j| j.kind.is_stop());
                if free {
                    continue;
                }
                // Written as "at before other": turned round when other goes down.
                waits.push(if stops(*other) { (at, *other) } else { (*other, at) });
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
fn link_failures(draft: &Draft, board: &mut Board) {
    for at in 0..board.jobs.len() {
        let Some(((unit, _), kind)) = board.units.get(at).zip(board.jobs.get(at).map(|j| j.kind)) else {
            continue;
        };
        let starts = |relations: &[Relation]| -> Vec<usize> {
            let related = relations.iter().flat_map(|r| draft.graph.related(*unit, *r));
            let jobs = related.filter_map(|(to, _)| board.of.get(&to)).flatten().copied();
            jobs.filter(|j| board.jobs.get(*j).is_some_and(|j| j.kind.is_start())).collect()
        };
        let fails = match kind {
            JobKind::Start | JobKind::RestartStart | JobKind::VerifyActive => {
                starts(&[Relation::RequiredBy, Relation::RequisiteOf, Relation::BoundBy])
            }
            JobKind::Stop => starts(&[Relation::ConflictedBy]),
            // A restart whose first half fails has no second half.
            JobKind::RestartStop => {
                board.of.get(unit).into_iter().flatten().copied().filter(|j| *j != at).collect()
            }
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
fn sorted(jobs: Vec<Job>) -> Vec<Job> {
    let mut blocked = vec![0_usize; jobs.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); jobs.len()];
    for (at, job) in jobs.iter().enumerate() {
        for on in &job.waits_for {
            if let (Some(list), Some(count)) = (followers.get_mut(*on), blocked.get_mut(at)) {
                list.push(at);
                *count += 1;
            }
        }
    }
    let rank = |at: usize| jobs.get(at).map(|j| (!j.kind.is_stop(), &j.unit, j.kind));
    let free = |(at, count): (usize, &usize)| if *count == 0 { Some(Reverse((rank(at), at))) } else { None };
    let mut ready: BinaryHeap<_> = blocked.iter().enumerate().filter_map(free).collect();
    let mut place: Vec<Option<usize>> = vec![None; jobs.len()];
    let mut next = 0;
    while let Some(Reverse((_, at))) = ready.pop() {
        if let Some(slot) = place.get_mut(at) {
            *slot = Some(next);
            next += 1;
        }
        for follower in followers.get(at).into_iter().flatten() {
            if let Some(count) = blocked.get_mut(*follower) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((rank(*follower), *follower)));
                }
            }
        }
    }
    renumber(jobs, &place)
}

fn renumber(jobs: Vec<Job>, place: &[Option<usize>]) -> Vec<Job> {
    let new = |at: usize| place.get(at).copied().flatten();
    let all = |list: Vec<usize>| {
        let mut list: Vec<usize> = list.into_iter().filter_map(new).collect();
        sort::slice(&mut list);
        list.dedup();
        list
    };
    let mut out: Vec<(usize, Job)> = Vec::with_capacity(jobs.len());
    for (at, mut job) in jobs.into_iter().enumerate() {
        let Some(at) = new(at) else { continue };
        job.waits_for = all(job.waits_for);
        job.fails = all(job.fails);
        job.fails_when_inactive = all(job.fails_when_inactive);
        if let Because::Pulled { by, .. } = &mut job.because
            && let Some(moved) = new(*by)
        {
            *by = moved;
        }
        out.push((at, job));
    }
    sort::by_key(&mut out, |(at, _)| *at);
    out.into_iter().map(|(_, job)| job).collect()
}
