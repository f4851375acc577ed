//! Pulling in: from each anchor along the edges that its job follows
//! (`transaction_add_job_and_dependencies`, without its recursion, so that a long chain of units
//! needs no long stack). Pure.

use super::draft::{Draft, JobId, JobType, Pull, Reason};
use super::error::{Note, Step, TransactionError, Unavailable};
use super::{Activity, Mode, Verb};
use crate::order::graph::{EdgeId, Graph, Relation, UnitId};
use crate::order::special;
use crate::unit::model::{Body, LoadState, ServiceType};
use crate::unit::name::UnitName;
use std::collections::HashMap;

/// A unit and the type of job for it.
type Key = (UnitId, JobType);

/// Why a job cannot be had: its own fault, or that of a job that it cannot be without.
#[derive(Clone, Copy, Debug)]
struct FailedJob {
    cause: Unavailable,
    next: Option<(EdgeId, Key)>,
}

/// A job that another job asks for.
#[derive(Clone, Copy, Debug)]
struct WantedJob {
    unit: UnitId,
    kind: JobType,
    relation: Relation,
    edge: EdgeId,
    need: Need,
}

/// What becomes of the asking job when the asked one cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It fails.
    Must,
    /// It fails; the two contradict each other.
    Conflict,
    /// It goes on.
    May,
}

/// What is being asked for on behalf of one job; `via` is the want that made the job.
struct Frame {
    job: JobId,
    key: Key,
    via: Option<WantedJob>,
    wants: std::vec::IntoIter<WantedJob>,
}

/// The type of job that a verb means for a unit in its present state; `None` for nothing to do
/// (`job_type_collapse`).
pub(super) fn job_type(draft: &Draft, verb: Verb, unit: UnitId) -> Option<JobType> {
    let down = is_down_or_going(draft.activity(unit));
    let unless_down = |kind| if down { None } else { Some(kind) };
    let reloads = can_reload(draft.graph, unit);
    match verb {
        Verb::Start => Some(JobType::Start),
        Verb::VerifyActive => Some(JobType::VerifyActive),
        Verb::Stop => Some(JobType::Stop),
        Verb::Restart => Some(JobType::Restart),
        Verb::Reload => Some(JobType::Reload),
        Verb::TryRestart => unless_down(JobType::Restart),
        Verb::TryReload => unless_down(JobType::Reload),
        Verb::TryReloadOrRestart => unless_down(if reloads { JobType::Reload } else { JobType::Restart }),
        Verb::ReloadOrRestart if !reloads => Some(JobType::Restart),
        Verb::ReloadOrStart | Verb::ReloadOrRestart => {
            Some(unless_down(JobType::Reload).unwrap_or(JobType::Start))
        }
    }
}

fn is_down_or_going(now: Activity) -> bool {
    now.is_inactive() || now == Activity::Deactivating
}

fn can_reload(graph: &Graph, unit: UnitId) -> bool {
    let own = match graph.unit(unit).map(|u| &u.body) {
        Some(Body::Service(s)) => !s.exec.reload.is_empty() || s.kind == ServiceType::NotifyReload,
        Some(Body::Other) | None => false,
    };
    own || graph.has(unit, Relation::PropagatesReloadTo)
}

/// May this unit have this job?
fn check(draft: &Draft, unit: UnitId, kind: JobType) -> Result<(), Unavailable> {
    let graph = draft.graph;
    if graph.is_template(unit) {
        return Err(Unavailable::Template);
    }
    if kind == JobType::Stop {
        return Ok(());
    }
    match graph.load_state(unit) {
        LoadState::Loaded => {}
        LoadState::NotFound => return Err(Unavailable::NotFound),
        LoadState::Masked => return Err(Unavailable::Masked),
        LoadState::BadSetting => return Err(Unavailable::BadSetting),
        LoadState::Error => return Err(Unavailable::Error),
    }
    if let Some(of_kind) = graph.not_run(unit)
        && !draft.activity(unit).is_active()
    {
        return Err(Unavailable::NotRun(of_kind));
    }
    if kind == JobType::Reload && !can_reload(graph, unit) {
        return Err(Unavailable::NoReload);
    }
    Ok(())
}

/// Adds what was asked for and everything that it brings about.
pub(super) fn add_anchor(
    draft: &mut Draft,
    verb: Verb,
    name: &UnitName,
    (unit, kind): Key,
    mode: Mode,
) -> Result<(), TransactionError> {
    let refuse = |cause, chain| TransactionError::Unavailable { verb, unit: name.clone(), cause, chain };
    let gone = draft.activity(unit).is_inactive() && draft.graph.load_state(unit) == LoadState::NotFound;
    let checked = if gone { Err(Unavailable::NotFound) } else { check(draft, unit, kind) };
    if let Err(cause) = checked {
        return Err(refuse(cause, Vec::new()));
    }
    let (id, new) = draft.add(unit, kind);
    if let Some(job) = draft.jobs.get_mut(id) {
        job.anchor = true;
        job.ignore_order |= mode == Mode::IgnoreDependencies;
    }
    if !new || matches!(mode, Mode::IgnoreDependencies | Mode::IgnoreRequirements) {
        return Ok(());
    }
    pull_in(draft, id, (unit, kind)).map_err(|(chain, cause)| refuse(cause, steps(draft.graph, &chain)))
}

/// The edges with their units' names.
pub(super) fn steps(graph: &Graph, edges: &[EdgeId]) -> Vec<Step> {
    let step = |id: &EdgeId| {
        let e = graph.edge(*id)?;
        let (from, to) = (graph.unit_name(e.from)?.clone(), graph.unit_name(e.to)?.clone());
        Some(Step { from, kind: e.kind, to, origin: graph.origin(*id).cloned() })
    };
    edges.iter().filter_map(step).collect()
}

/// Follows the edges from one job. The error is the way to what cannot be had, and why.
fn pull_in(draft: &mut Draft, anchor: JobId, key: Key) -> Result<(), (Vec<EdgeId>, Unavailable)> {
    // What failed once fails again: remembered, so that a broken unit that many want costs once.
    let mut failed: HashMap<Key, FailedJob> = HashMap::new();
    let mut stack = vec![Frame { job: anchor, key, via: None, wants: wants(draft, key).into_iter() }];
    while let Some(top) = stack.last_mut() {
        let by = top.job;
        let Some(want) = top.wants.next() else {
            stack.pop();
            continue;
        };
        let key = (want.unit, want.kind);
        if let Err(cause) = check(draft, want.unit, want.kind) {
            failed.entry(key).or_insert(FailedJob { cause, next: None });
        }
        if failed.contains_key(&key) {
            unwind(draft, &mut stack, &mut failed, want)?;
            continue;
        }
        let (matters, conflicts) = (want.need != Need::May, want.need == Need::Conflict);
        let (id, new) = draft.add(want.unit, want.kind);
        draft.link(Pull { by, matters, conflicts, reason: Reason::Edge(want.relation, want.edge) }, id);
        if new {
            stack.push(Frame { job: id, key, via: Some(want), wants: wants(draft, key).into_iter() });
        }
    }
    Ok(())
}

/// Takes back every job that cannot be without what `want` asks for, up to one that only wants it.
fn unwind(
    draft: &mut Draft,
    stack: &mut Vec<Frame>,
    failed: &mut HashMap<Key, FailedJob>,
    mut want: WantedJob,
) -> Result<(), (Vec<EdgeId>, Unavailable)> {
    let Some(cause) = failed.get(&(want.unit, want.kind)).map(|b| b.cause) else { return Ok(()) };
    loop {
        if want.need == Need::May {
            if let Some(by) = stack.last().and_then(|f| draft.graph.unit_name(f.key.0)) {
                let mut way = vec![want.edge];
                way.extend(blame(failed, (want.unit, want.kind)));
                let chain = steps(draft.graph, &way);
                draft.notes.push(Note::LeftOut { by: by.clone(), chain, cause });
            }
            return Ok(());
        }
        let Some(top) = stack.pop() else { return Ok(()) };
        failed.insert(top.key, FailedJob { cause, next: Some((want.edge, (want.unit, want.kind))) });
        draft.drop_with_dependents(top.job);
        match top.via {
            Some(via) => want = via,
            None => return Err((blame(failed, top.key), cause)),
        }
    }
}

/// The edges from a job to the unit that is at fault.
fn blame(failed: &HashMap<Key, FailedJob>, from: Key) -> Vec<EdgeId> {
    let mut way = Vec::new();
    let mut at = from;
    while let Some((edge, next)) = failed.get(&at).and_then(|b| b.next) {
        way.push(edge);
        at = next;
    }
    way
}

/// What a job asks for, in systemd's order.
fn wants(draft: &Draft, (unit, kind): Key) -> Vec<WantedJob> {
    let graph = draft.graph;
    let mut out = Vec::new();
    let mut each = |relations: &[Relation], kind: JobType, need: Need, only: &dyn Fn(UnitId) -> bool| {
        for relation in relations {
            for (to, edge) in graph.related(unit, *relation).filter(|(to, _)| only(*to)) {
                out.push(WantedJob { unit: to, kind, relation: *relation, edge, need });
            }
        }
    };
    let all = |_: UnitId| true;
    let running = |to: UnitId| !is_down_or_going(draft.activity(to));
    let propagate = [Relation::RequiredBy, Relation::RequisiteOf, Relation::BoundBy, Relation::ConsistsOf];
    if matches!(kind, JobType::Start | JobType::Restart) {
        each(&[Relation::Requires, Relation::BindsTo], JobType::Start, Need::Must, &all);
        each(&[Relation::Wants, Relation::Upholds], JobType::Start, Need::May, &all);
        each(&[Relation::Requisite], JobType::VerifyActive, Need::Must, &all);
        each(&[Relation::Conflicts], JobType::Stop, Need::Conflict, &all);
        each(&[Relation::ConflictedBy], JobType::Stop, Need::May, &all);
    }
    match kind {
        JobType::Restart => each(&propagate, JobType::Restart, Need::Must, &running),
        JobType::Stop => {
            each(&propagate, JobType::Stop, Need::Must, &all);
            each(&[Relation::PropagatesStopTo], JobType::Stop, Need::Must, &all);
        }
        JobType::Reload => each(&[Relation::PropagatesReloadTo], JobType::Reload, Need::May, &running),
        JobType::Start | JobType::VerifyActive | JobType::ReloadOrStart => {}
    }
    out
}

/// Stops all that runs and that the anchors do not bring in (`transaction_add_isolate_jobs`).
pub(super) fn add_isolate(draft: &mut Draft) {
    let Some(anchor) = draft.jobs.iter().position(|j| j.anchor) else { return };
    let graph = draft.graph;
    for unit in graph.ids() {
        let stays = graph.unit(unit).is_some_and(|u| u.ignore_on_isolate)
            || graph.unit_name(unit).is_some_and(special::is_built_in);
        if stays || draft.activity(unit).is_inactive() || !draft.of_unit(unit).is_empty() {
            continue;
        }
        let (id, _) = draft.add(unit, JobType::Stop);
        draft.link(Pull { by: anchor, matters: true, conflicts: false, reason: Reason::Isolate }, id);
    }
}
