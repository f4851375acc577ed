//! What systemd would do on each way, from the units and their states: the jobs of the transaction
//! for default.target or shutdown.target, the limit of each, and what is never stopped at all. Pure.

use super::graph::{EdgeId, Graph, Relation, UnitId};
use super::obstacle::Obstacle;
use super::step::{
    Act, Init, Limit, MissingStep, OrderOptions, Plan, Role, Step, StepOutcome, Transition, Wait, Why,
};
use super::transaction::{Activity, Job, JobKind, Mode, TransactionError, Verb, sequence};
use crate::unit::model::{Body, LoadState, NotifyAccess, Service, ServiceType, Unit};
use crate::unit::name::{NameError, UnitName};
use crate::unit::value::Timeout;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use thiserror::Error;

/// The facts about a host.
pub struct SystemdHost<'a> {
    /// All units that are loaded, and their dependencies.
    pub graph: &'a Rc<Graph>,
    /// Major version of its systemd, such as 252.
    pub version: u32,
    /// What each unit does now.
    pub active: &'a dyn Fn(&UnitName) -> Activity,
    /// The scripts of init.d, without `.sh`.
    pub scripts: Vec<String>,
    /// `DefaultTimeoutStopSec=`, 90 s unless it is set.
    pub default_stop: Duration,
    /// `JobTimeoutSec=` of poweroff.target and reboot.target, 30 min unless a drop-in says otherwise.
    pub job_timeout: Option<Duration>,
    /// Where a boot ends.
    pub default_target: UnitName,
}

/// Why there is no plan.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// The jobs contradict each other.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// No such target.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// What happens on `way`.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(host: &SystemdHost, way: Transition, options: &OrderOptions) -> Result<Plan, PlanError> {
    let target = target(host, way)?;
    let down = way.is_down();
    let cold = |_: &UnitName| Activity::Inactive;
    let active: &dyn Fn(&UnitName) -> Activity = if way == Transition::Boot { &cold } else { host.active };
    let jobs = match host.graph.find(&target) {
        Some(_) => sequence(host.graph, &[(Verb::Start, target)], mode(way), active)?,
        None => Vec::new(),
    };
    let graph = Some(Rc::clone(host.graph));
    let (init, asked) = (Init::Systemd, BTreeMap::new());
    let mut plan = Plan { way, init, steps: Vec::new(), absent: Vec::new(), graph, asked };
    let wanted = |kind: JobKind| kind.is_stop() || !down;
    // For each unit the edge to the one at hand.
    let mut edges: Vec<Option<EdgeId>> = vec![None; host.graph.len()];
    // Where each job's step is, if it has one.
    let mut place: Vec<Option<usize>> = vec![None; jobs.len()];
    let mut stopped = vec![false; host.graph.len()];
    plan.steps.reserve(jobs.len());
    for (at, job) in jobs.iter().enumerate().filter(|(_, j)| wanted(j.kind)) {
        if let Some(slot) = place.get_mut(at) {
            *slot = Some(plan.steps.len());
        }
        let waits = waits(host.graph, &jobs, at, &place, &mut edges);
        plan.steps.push(step(host, job, waits, options, down));
        if let Some(stopped) = stopped.get_mut(job.id.index()) {
            *stopped |= job.kind.is_stop();
        }
    }
    plan.set_waves();
    if down {
        plan.absent = absent(host, &stopped, options);
    }
    Ok(plan)
}

fn target(host: &SystemdHost, way: Transition) -> Result<UnitName, NameError> {
    match way {
        Transition::Boot => Ok(host.default_target.clone()),
        Transition::PowerOff | Transition::Reboot | Transition::Runlevel(0 | 6) => {
            UnitName::parse("shutdown.target")
        }
        Transition::Runlevel(1) => UnitName::parse("rescue.target"),
        Transition::Runlevel(5) => UnitName::parse("graphical.target"),
        Transition::Runlevel(_) => UnitName::parse("multi-user.target"),
    }
}

/// Changing to another runlevel stops what that one does not have.
fn mode(way: Transition) -> Mode {
    match way {
        Transition::Runlevel(1..=5) => Mode::Isolate,
        Transition::Boot | Transition::PowerOff | Transition::Reboot | Transition::Runlevel(_) => {
            Mode::Replace
        }
    }
}

/// The waits of a job that is already placed, each with the edge that says so. `edges` has a place for
/// each unit, and nothing in it before and after.
fn waits(
    graph: &Graph,
    jobs: &[Job],
    at: usize,
    place: &[Option<usize>],
    edges: &mut [Option<EdgeId>],
) -> Vec<Wait> {
    let Some(job) = jobs.get(at) else { return Vec::new() };
    let mut waits = Vec::with_capacity(job.waits_for.len());
    let ordering = || [Relation::Before, Relation::After].into_iter().flat_map(|r| graph.related(job.id, r));
    for (to, edge) in ordering() {
        edges.get_mut(to.index()).into_iter().for_each(|slot| *slot = Some(edge));
    }
    for on in &job.waits_for {
        let (Some(step), Some(other)) = (place.get(*on).copied().flatten(), jobs.get(*on)) else {
            continue;
        };
        let Some(edge) = edges.get(other.id.index()).copied().flatten() else {
            continue;
        };
        waits.push(Wait { on: step, why: Why::Written(edge) });
    }
    for (to, _) in ordering() {
        edges.get_mut(to.index()).into_iter().for_each(|slot| *slot = None);
    }
    waits
}

fn step(host: &SystemdHost, job: &Job, waits: Vec<Wait>, options: &OrderOptions, down: bool) -> Step {
    let (unit, stop) = (&job.unit, job.kind.is_stop());
    let model = host.graph.unit(job.id);
    let service = model.and_then(service);
    let limit = service.map_or(Limit::None, |s| match if stop { s.timeout_stop } else { s.timeout_start } {
        Timeout::After(span) => Limit::After(span),
        Timeout::Never => Limit::None,
    });
    let role = options.role(unit.as_str());
    let mut obstacles = Vec::new();
    let mut fate = StepOutcome::Runs;
    if let (true, Some(model), Some(service)) = (down, model, service) {
        if (host.active)(unit) == Activity::Activating {
            obstacles.push(Obstacle::StillStarting);
            fate = StepOutcome::Skipped;
        }
        if is_generated(model) {
            obstacles.push(Obstacle::GeneratedOrder);
        }
        if role == Role::Drain {
            limits(host, model, service, options, &mut obstacles);
        }
    }
    let name = unit.as_str().strip_suffix(".service").unwrap_or(unit.as_str()).to_owned();
    let act = if stop { Act::Stop } else { Act::Start };
    let shown = unit.as_str().to_owned();
    Step { name, shown, act, role, wave: 0, waits, limit, fate, obstacles, beside: None }
}

fn service(unit: &Unit) -> Option<&Service> {
    match &unit.body {
        Body::Service(service) => Some(service),
        Body::Other => None,
    }
}

/// Did systemd-sysv-generator make it?
fn is_generated(unit: &Unit) -> bool {
    let parts =
        |path: &Path| path.as_os_str().as_bytes().split(|b| *b == b'/').any(|p| p == b"generator.late");
    unit.fragment.as_deref().is_some_and(parts)
}

/// Which limits would cut the drain short.
fn limits(
    host: &SystemdHost,
    unit: &Unit,
    service: &Service,
    options: &OrderOptions,
    out: &mut Vec<Obstacle>,
) {
    let extends = options.extends_timeout && can_extend(host.version, service.notify_access);
    let limit = match service.timeout_stop {
        Timeout::After(limit) => Some(limit),
        Timeout::Never => None,
    };
    let short = |limit: Duration| options.needs.filter(|needs| *needs > limit && !extends);
    match limit {
        Some(limit) if is_generated(unit) => {
            out.push(Obstacle::GeneratedLimit { limit, needs: short(limit) });
        }
        Some(limit) => out.extend(short(limit).map(|needs| Obstacle::StopLimitShort {
            limit,
            needs,
            by_default: limit == host.default_stop,
            whole: host.job_timeout,
        })),
        None => {}
    }
    if let Some((needs, limit)) = options.needs.zip(host.job_timeout).filter(|(needs, limit)| needs > limit) {
        out.push(Obstacle::JobTimeout { limit, needs });
    }
}

/// EXTEND_TIMEOUT_USEC= is heard since 236, from an ExecStop= process with NotifyAccess=all, or exec
/// (since 233).
fn can_extend(version: u32, access: NotifyAccess) -> bool {
    match access {
        NotifyAccess::All | NotifyAccess::Exec => version >= 236,
        NotifyAccess::None | NotifyAccess::Main => false,
    }
}

/// Services that the options name, or that run, and that no job stops.
fn absent(host: &SystemdHost, stopped: &[bool], options: &OrderOptions) -> Vec<MissingStep> {
    let mut names: Vec<UnitName> = [&options.drains, &options.shippers, &options.writers, &options.network]
        .into_iter()
        .flatten()
        .filter_map(|n| UnitName::parse_or_service(n).ok())
        .collect();
    let graph = host.graph;
    let is_stopped = |id: UnitId| stopped.get(id.index()) == Some(&true);
    names.extend(graph.ids().filter_map(|id| {
        let unit = graph.unit(id)?;
        service(unit).filter(|_| !is_stopped(id))?;
        (host.active)(&unit.name).is_active_or_activating().then(|| unit.name.clone())
    }));
    names.sort_unstable();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let id = graph.find(&name);
        let main = id.and_then(|id| graph.unit_name(id)).unwrap_or(&name);
        let stem = main.as_str().strip_suffix(".service").unwrap_or(main.as_str());
        if id.is_some_and(is_stopped) {
            continue;
        }
        let role = options.role(name.as_str());
        let runs = (host.active)(main).is_active_or_activating();
        let obstacles = reasons(host, main, runs);
        let known = id.is_some_and(|id| graph.unit(id).is_some());
        if runs || role == Role::Drain || (known && role != Role::Other) {
            out.push(MissingStep { name: stem.to_owned(), role, runs, obstacles });
        }
    }
    out
}

/// Why no job stops this unit.
fn reasons(host: &SystemdHost, name: &UnitName, runs: bool) -> Vec<Obstacle> {
    let id = host.graph.find(name);
    let unit = id.and_then(|id| host.graph.unit(id));
    let script = host.scripts.iter().any(|s| s == name.stem());
    let mut out = Vec::new();
    if !script && unit.is_none_or(|u| u.load == LoadState::NotFound) {
        return vec![Obstacle::NotInstalled { path: name.to_string() }];
    }
    if unit.is_some_and(|u| u.load == LoadState::Masked) {
        out.push(Obstacle::Masked);
    }
    if let Some(unit) = unit.filter(|u| script && !is_generated(u)) {
        let path = unit.fragment.as_ref().map_or_else(|| name.to_string(), |f| f.display().to_string());
        out.push(Obstacle::HiddenByUnit { unit: path });
    }
    match (id, runs) {
        (Some(id), true) => {
            if !stops_at_shutdown(host.graph, id) {
                out.push(Obstacle::NoShutdownConflict);
            }
        }
        (_, false) => out.push(why_inactive(unit)),
        (None, true) => {}
    }
    out
}

fn stops_at_shutdown(graph: &Graph, id: UnitId) -> bool {
    graph.related(id, Relation::Conflicts).any(|(to, _)| graph.name(to) == "shutdown.target")
}

fn why_inactive(unit: Option<&Unit>) -> Obstacle {
    let Some(service) = unit.and_then(service) else { return Obstacle::NeverStarted };
    if service.remain_after_exit {
        Obstacle::NeverStarted
    } else if service.exec.start.is_empty() {
        Obstacle::NoExecStart
    } else if service.kind == ServiceType::Oneshot {
        Obstacle::OneshotForgets
    } else {
        Obstacle::NeverStarted
    }
}
