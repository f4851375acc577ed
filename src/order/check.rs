//! `amr order --check`: does the drain run, in time and in order? What stands in its way, as findings with
//! remedies, fit for a configuration manager. Pure.

use super::obstacle::{Certainty, Header, Obstacle};
use super::step::{Act, Init, Order, OrderOptions, Plan, Role, Step, StepOutcome, Transition};
use super::sysv::beside;
use crate::unit::finding::{Finding, Severity};
use crate::unit::model::Origin;
use crate::unit::value::Span;
use std::path::Path;

/// An obstacle where a hook or a shipper meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedObstacle {
    /// The boot or shutdown on which it is met.
    pub way: Transition,
    /// The init of the host that is judged.
    pub init: Init,
    /// The hook's K number, where it has one.
    pub number: Option<u8>,
    /// Name of the service that meets it.
    pub name: String,
    /// What is in the way, with its sentence and severity.
    pub obstacle: Obstacle,
}

impl PlacedObstacle {
    /// `filebeat: the link 'K02filebeat' runs first …`.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}: {}: {}", self.way.title(), self.name, self.obstacle.sentence())
    }

    /// As what is found elsewhere is told; the place is the file to look at, where there is one.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let origin = |path: &str| Origin { path: Path::new(path).into(), span: Span::default() };
        Finding {
            id: self.obstacle.id(),
            severity: self.obstacle.severity(),
            origin: self.obstacle.path().map(origin),
            line: String::new(),
            message: self.obstacle.sentence(),
            hint: Some(self.remedy()),
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.obstacle.remedy(&self.name, self.init, self.number)
    }
}

/// What was found on one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// All obstacles of this way, the gravest first.
    pub met: Vec<PlacedObstacle>,
}

impl Report {
    /// Does the hook run in time and in order?
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.met.iter().all(|m| m.obstacle.severity() == Severity::Note)
    }
}

/// Looks at one way down.
#[must_use]
pub fn check(plan: &Plan, options: &OrderOptions) -> Report {
    let mut met = Vec::new();
    let mut number = None;
    let mut add = |name: &str, obstacle: Obstacle, number: Option<u8>| {
        let here = PlacedObstacle { way: plan.way, init: plan.init, number, name: name.to_owned(), obstacle };
        if !met.contains(&here) {
            met.push(here);
        }
    };
    for name in &options.drains {
        number = place(plan, name).and_then(|at| plan.steps.get(at)).and_then(kill_number);
        for obstacle in own(plan, name) {
            add(name, obstacle, number);
        }
        let Some(drain) = place(plan, name) else { continue };
        for obstacle in around(plan, drain) {
            add(name, obstacle, number);
        }
        if let (Some(limit), Some(needs)) = (options.provider_limit, options.needs)
            && needs > limit
        {
            add(name, Obstacle::ProviderLimit { limit, needs }, number);
        }
    }
    for step in plan.steps.iter().filter(|s| s.role == Role::Shipper) {
        for obstacle in step.obstacles.iter().filter(|o| matches!(o, Obstacle::OlderKillLink { .. })) {
            add(&step.name, obstacle.clone(), number);
        }
    }
    met.sort_by_key(|m| std::cmp::Reverse(m.obstacle.severity()));
    Report { met }
}

/// Where the drain stands; also one that would be passed over, so that what else is wrong is told at once.
fn place(plan: &Plan, name: &str) -> Option<usize> {
    let link = || plan.steps.iter().position(|s| s.name == name && s.act == Act::Stop);
    plan.find(name, Act::Stop).or_else(|| link().filter(|_| plan.is_serial()))
}

/// 30 of `K30shutdown-filebeat`.
fn kill_number(step: &Step) -> Option<u8> {
    step.shown.strip_prefix('K')?.get(..2)?.parse().ok()
}

/// What stands in the drain's own way.
fn own(plan: &Plan, name: &str) -> Vec<Obstacle> {
    let steps = plan.steps.iter().filter(|s| s.name == name && s.act == Act::Stop);
    let mut out: Vec<Obstacle> = steps.flat_map(|s| s.obstacles.iter().cloned()).collect();
    for absent in plan.absent.iter().filter(|a| a.name == name) {
        out.extend(absent.obstacles.iter().cloned());
    }
    if out.is_empty() && plan.find(name, Act::Stop).is_none() {
        out.push(Obstacle::NeverStarted);
    }
    out
}

/// Who stops too early or too late around the drain.
fn around(plan: &Plan, drain: usize) -> Vec<Obstacle> {
    let mut out = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let concerns = matches!(step.role, Role::Writer | Role::Shipper | Role::Network);
        if !concerns || step.act != Act::Stop {
            continue;
        }
        if step.fate == StepOutcome::Skipped {
            if step.role == Role::Writer && runs_on(plan, step) {
                let header = header(plan, drain, &step.name, Side::Before);
                out.push(Obstacle::WriterStillRuns {
                    writer: step.name.clone(),
                    sure: Certainty::Yes,
                    header,
                });
            }
            continue;
        }
        let order = plan.order(drain, at);
        let sure = if order == Order::None { Certainty::Unordered } else { Certainty::Yes };
        let name = step.name.clone();
        match (step.role, order) {
            (Role::Writer, Order::Before | Order::None) => {
                let header = header(plan, drain, &name, Side::Before);
                out.push(Obstacle::WriterStillRuns { writer: name, sure, header });
            }
            (Role::Shipper, Order::After | Order::None) => {
                let header = header(plan, drain, &name, Side::After);
                let first = Obstacle::ShipperStopsFirst { shipper: name, sure, header };
                out.push(beside::obstacle(step).unwrap_or(first));
            }
            (Role::Network, Order::After | Order::None) => {
                out.push(Obstacle::NetworkDownFirst { network: name, sure });
            }
            (Role::Writer, Order::After)
            | (Role::Shipper | Role::Network, Order::Before)
            | (Role::Drain | Role::Other, _) => {}
        }
    }
    for absent in plan.absent.iter().filter(|a| a.role == Role::Writer && a.runs) {
        if plan.find(&absent.name, Act::Stop).is_none() {
            let header = header(plan, drain, &absent.name, Side::Before);
            out.push(Obstacle::WriterStillRuns { writer: absent.name.clone(), sure: Certainty::Yes, header });
        }
    }
    out
}

/// Where a service belongs among the K links.
#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// Does the script ask for a K number on the right side of the drain's?
fn header(plan: &Plan, drain: usize, name: &str, side: Side) -> Header {
    let hook = plan.steps.get(drain).and_then(kill_number);
    let (Some(hook), Some(asked)) = (hook, plan.asked.get(name)) else { return Header::Other };
    let is_right = match side {
        Side::Before => *asked < hook,
        Side::After => *asked > hook,
    };
    let linked = plan.steps.iter().any(|s| s.name == name && kill_number(s).is_some());
    if is_right { Header::Right { linked } } else { Header::Other }
}

/// Does what rc passes over go on running? Its lock says that it runs, and what was stopped by another
/// link does not. (Debian's rc looks at no lock, and nothing there tells.)
fn runs_on(plan: &Plan, step: &Step) -> bool {
    let is_down = |o: &Obstacle| matches!(o, Obstacle::NoLock { .. } | Obstacle::OlderKillLink { .. });
    plan.init == Init::RedHat && plan.way.is_down() && !step.obstacles.iter().any(is_down)
}

#[cfg(test)]
mod tests;
