//! From what was pulled in to what is done: superfluous jobs go, jobs of one unit become one,
//! circles are broken (`transaction_activate`, steps one to eight). Pure.

use super::draft::{Draft, JobId, JobType};
use super::error::{Cycle, Note, TransactionError};
use super::{Mode, build};
use crate::order::graph::{EdgeId, Relation, UnitId};
use crate::unit::name::UnitName;

/// Leaves one job for each unit, in an order that can be kept.
pub(super) fn settle(draft: &mut Draft, mode: Mode) -> Result<(), TransactionError> {
    mark_what_matters(draft);
    if mode == Mode::Fail {
        spare_what_runs(draft);
    }
    drop_redundant(draft);
    collect_garbage(draft);
    while drop_one_contradiction(draft)? {
        collect_garbage(draft);
    }
    merge_jobs(draft);
    while break_one_cycle(draft)? {
        collect_garbage(draft);
    }
    drop_redundant(draft);
    collect_garbage(draft);
    Ok(())
}

fn anchors(draft: &Draft) -> Vec<JobId> {
    (0..draft.jobs.len()).filter(|id| draft.job(*id).is_some_and(|j| j.anchor)).collect()
}

/// A job matters when an anchor cannot be without it.
fn mark_what_matters(draft: &mut Draft) {
    let mut todo = anchors(draft);
    while let Some(id) = todo.pop() {
        let Some(job) = draft.jobs.get_mut(id) else { continue };
        if !std::mem::replace(&mut job.matters, true) {
            todo.extend(job.pulls.iter().filter(|(_, matters)| *matters).map(|(to, _)| *to));
        }
    }
}

/// Drops stops of what runs where no anchor insists on them (`transaction_minimize_impact`).
fn spare_what_runs(draft: &mut Draft) {
    for id in 0..draft.jobs.len() {
        let Some(job) = draft.job(id) else { continue };
        let runs = draft.activity(job.unit).is_active_or_activating();
        if !job.matters && job.kind == JobType::Stop && runs {
            draft.drop_with_dependents(id);
        }
    }
}

/// Drops the jobs of units for which all of them would change nothing, except anchors.
fn drop_redundant(draft: &mut Draft) {
    let idle = |ids: &Vec<JobId>| {
        ids.iter()
            .filter_map(|id| draft.job(*id))
            .all(|job| !job.anchor && job.kind.is_redundant(draft.activity(job.unit)))
    };
    let gone: Vec<JobId> = draft.by_unit.iter().filter(|ids| idle(ids)).flatten().copied().collect();
    for id in gone {
        draft.drop_alone(id);
    }
}

/// Drops what no anchor leads to any more.
fn collect_garbage(draft: &mut Draft) {
    let mut reached = vec![false; draft.jobs.len()];
    let mut todo = anchors(draft);
    while let Some(id) = todo.pop() {
        let Some(seen) = reached.get_mut(id) else { continue };
        if !std::mem::replace(seen, true) {
            let pulls = draft.jobs.get(id).map_or(&[][..], |j| &j.pulls);
            todo.extend(pulls.iter().filter_map(|(to, _)| draft.live(*to)));
        }
    }
    for (id, reached) in reached.into_iter().enumerate() {
        if !reached && draft.job(id).is_some() {
            draft.drop_alone(id);
        }
    }
}

/// The units with jobs, in a fixed order.
fn units<'a>(draft: &Draft<'a>) -> Vec<(UnitId, &'a UnitName)> {
    let graph = draft.graph;
    let with_jobs = graph.ids().filter(|unit| !draft.of_unit(*unit).is_empty());
    with_jobs.filter_map(|unit| Some((unit, graph.unit_name(unit)?))).collect()
}

/// Drops one of two jobs of a unit that cannot both be done; false when there are none.
fn drop_one_contradiction(draft: &mut Draft) -> Result<bool, TransactionError> {
    for (unit, name) in units(draft) {
        let ids = draft.of_unit(unit);
        let pair = ids.iter().enumerate().find_map(|(at, a)| {
            let rest = ids.get(at + 1..).unwrap_or_default();
            let clash = |b: &&JobId| match (draft.job(*a), draft.job(**b)) {
                (Some(a), Some(b)) => a.kind.merge(b.kind).is_none(),
                (Some(_) | None, _) => false,
            };
            rest.iter().find(clash).map(|b| (*a, *b))
        });
        if let Some((a, b)) = pair {
            resolve(draft, name, a, b)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Drops the one that no anchor insists on; of two such the stop, unless a conflict asks for it
/// (`delete_one_unmergeable_job`).
fn resolve(draft: &mut Draft, unit: &UnitName, a: JobId, b: JobId) -> Result<(), TransactionError> {
    let (Some(ja), Some(jb)) = (draft.job(a), draft.job(b)) else { return Ok(()) };
    let conflicted = |id: JobId| draft.pullers(id).any(|p| p.conflicts);
    let (gone, kept) = match (ja.matters, jb.matters) {
        (true, true) => return Err(contradiction(draft, unit, a, b)),
        (false, true) => (a, b),
        (true, false) => (b, a),
        (false, false) if ja.kind == JobType::Stop && !conflicted(a) => (a, b),
        (false, false) if jb.kind == JobType::Stop && conflicted(b) => (a, b),
        (false, false) => (b, a),
    };
    let words = |id| draft.job(id).map_or("", |j| j.kind.as_str());
    draft.notes.push(Note::Overruled { unit: unit.clone(), dropped: words(gone), kept: words(kept) });
    draft.drop_with_dependents(gone);
    Ok(())
}

fn contradiction(draft: &Draft, unit: &UnitName, a: JobId, b: JobId) -> TransactionError {
    let words = |id| draft.job(id).map_or("", |j| j.kind.as_str());
    let chain = |id| build::steps(draft.graph, &draft.chain(id));
    TransactionError::Contradiction {
        unit: unit.clone(),
        first: words(a),
        first_chain: chain(a),
        second: words(b),
        second_chain: chain(b),
    }
}

fn merge_jobs(draft: &mut Draft) {
    for (unit, _) in units(draft) {
        if draft.of_unit(unit).len() < 2 {
            continue;
        }
        let ids = draft.of_unit(unit).to_vec();
        let keep = ids.iter().copied().find(|id| draft.job(*id).is_some_and(|j| j.anchor));
        let Some(keep) = keep.or_else(|| ids.first().copied()) else { continue };
        for gone in ids.into_iter().filter(|id| *id != keep) {
            let kinds = draft.job(keep).zip(draft.job(gone)).and_then(|(k, g)| k.kind.merge(g.kind));
            let anchor = draft.job(gone).is_some_and(|j| j.anchor);
            if let Some(kind) = kinds {
                draft.merge(keep, gone, kind);
            }
            if let Some(job) = draft.jobs.get_mut(keep) {
                job.anchor |= anchor;
            }
        }
    }
}

/// Stops and starts can only form circles among themselves: between the two the stop goes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Down,
    Up,
}

fn in_phase(draft: &Draft, unit: UnitId, phase: Phase) -> bool {
    draft.of_unit(unit).iter().filter_map(|id| draft.job(*id)).any(|job| {
        !job.ignore_order
            && match job.kind {
                JobType::Stop => phase == Phase::Down,
                JobType::Restart => phase == Phase::Up || !draft.activity(unit).is_inactive(),
                JobType::Start | JobType::VerifyActive | JobType::Reload | JobType::ReloadOrStart => {
                    phase == Phase::Up
                }
            }
    })
}

/// Drops a unit that nobody insists on from a circle; false when there is no circle.
fn break_one_cycle(draft: &mut Draft) -> Result<bool, TransactionError> {
    let Some(cycle) = find_cycle(draft, Phase::Up).or_else(|| find_cycle(draft, Phase::Down)) else {
        return Ok(false);
    };
    let matters =
        |unit: UnitId| draft.of_unit(unit).iter().filter_map(|id| draft.job(*id)).any(|j| j.matters);
    let edges: Vec<EdgeId> = cycle.iter().map(|(_, edge)| *edge).collect();
    let named = Cycle { edges: build::steps(draft.graph, &edges) };
    let Some((unit, _)) = cycle.iter().rev().find(|(unit, _)| !matters(*unit)) else {
        return Err(TransactionError::Cycle(named));
    };
    if let Some(dropped) = draft.graph.unit_name(*unit) {
        draft.notes.push(Note::CycleBroken { cycle: named, dropped: dropped.clone() });
    }
    for id in draft.of_unit(*unit).to_vec() {
        draft.drop_with_dependents(id);
    }
    Ok(true)
}

/// What is known of a unit while circles are looked for.
#[derive(Clone, Copy)]
enum Seen {
    /// Not looked at yet.
    No,
    /// Its place on the path.
    OnPath(usize),
    /// It leads into no circle.
    Done,
}

/// The units of one circle in ordering, each with the edge that puts it before the next.
fn find_cycle(draft: &Draft, phase: Phase) -> Option<Vec<(UnitId, EdgeId)>> {
    let mut seen = vec![Seen::No; draft.graph.len()];
    let note = |seen: &mut [Seen], unit: UnitId, what: Seen| {
        if let Some(slot) = seen.get_mut(unit.index()) {
            *slot = what;
        }
    };
    for root in units(draft).into_iter().map(|(u, _)| u).filter(|u| in_phase(draft, *u, phase)) {
        if !matches!(seen.get(root.index()), Some(Seen::No)) {
            continue;
        }
        // The path from the root: units with the edges still to look at.
        let mut path = vec![(root, later(draft, root, phase), None)];
        note(&mut seen, root, Seen::OnPath(0));
        while let Some((unit, next, taken)) = path.last_mut() {
            let Some((to, edge)) = next.pop() else {
                note(&mut seen, *unit, Seen::Done);
                path.pop();
                continue;
            };
            *taken = Some(edge);
            match seen.get(to.index()) {
                Some(Seen::OnPath(start)) => {
                    let cycle = path.get(*start..).unwrap_or_default();
                    return Some(cycle.iter().filter_map(|(u, _, e)| e.map(|e| (*u, e))).collect());
                }
                Some(Seen::Done) | None => {}
                Some(Seen::No) => {
                    note(&mut seen, to, Seen::OnPath(path.len()));
                    path.push((to, later(draft, to, phase), None));
                }
            }
        }
    }
    None
}

fn later(draft: &Draft, unit: UnitId, phase: Phase) -> Vec<(UnitId, EdgeId)> {
    draft.graph.related(unit, Relation::Before).filter(|(to, _)| in_phase(draft, *to, phase)).collect()
}
