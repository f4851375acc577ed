//! What follows when a unit ends without having been told to: which others are started, stopped or
//! restarted, as systemd's manager would (`unit_notify`, 252).
//!
//! The supervisor asks [`interested`] first, so that it spawns a reaction only when somebody cares.
//! Pure.

use super::graph::{EdgeId, Graph, Relation, UnitId};
use super::transaction::{Activity, Mode, Verb};
use crate::unit::model::Origin;
use crate::unit::name::UnitName;

/// How a unit came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It failed and stays down.
    Failed,
    /// It ended well by itself and stays down.
    Succeeded,
    /// A job stopped it.
    Stopped,
    /// It ended and will be started again after `RestartSec=`.
    WillRestart,
    /// That time is over and it starts again. systemd makes this a restart job, so that what
    /// requires the unit is restarted with it.
    Restarting,
    /// A job stopped it well, to start it again.
    StoppedForRestart,
    /// A job for it failed without its doing: what it requires failed, the job's time was over; or it
    /// failed as a job stopped it to start it again.
    JobFailed,
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::Succeeded,
        Self::Stopped,
        Self::WillRestart,
        Self::Restarting,
        Self::StoppedForRestart,
        Self::JobFailed,
    ];

    /// Its word on the command line of `amr reaction`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failure",
            Self::Succeeded => "success",
            Self::Stopped => "stopped",
            Self::WillRestart => "will-restart",
            Self::Restarting => "restarting",
            Self::StoppedForRestart => "stopped-for-restart",
            Self::JobFailed => "job-failed",
        }
    }
}

/// One transaction that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// What is done.
    pub verb: Verb,
    /// The unit to which it is done.
    pub unit: UnitName,
    /// What becomes of jobs in its way.
    pub mode: Mode,
    /// What that unit is to the one that ended.
    pub relation: Relation,
    /// Where it is written; `None` where it is implied.
    pub origin: Option<Origin>,
}

/// The endings of a unit that anybody reacts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    endings: Vec<Ending>,
}

impl Interest {
    /// Does this ending concern anybody?
    #[must_use]
    pub fn in_ending(&self, ending: Ending) -> bool {
        self.endings.contains(&ending)
    }

    /// Does no ending concern anybody?
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.endings.is_empty()
    }
}

const PROPAGATES_RESTART: [Relation; 4] =
    [Relation::RequiredBy, Relation::RequisiteOf, Relation::BoundBy, Relation::ConsistsOf];
const STOPS_WITH: [Relation; 2] = [Relation::BoundBy, Relation::PropagatesStopTo];
const NEEDS: [Relation; 5] =
    [Relation::Requires, Relation::Requisite, Relation::Wants, Relation::BindsTo, Relation::Upholds];
const PINS: [Relation; 5] =
    [Relation::RequiredBy, Relation::RequisiteOf, Relation::WantedBy, Relation::BoundBy, Relation::UpheldBy];

/// The service that a unit is started for by its `OnFailure=` or `OnSuccess=`, of those that `counts`; `None`
/// where there are several (`service_get_triggering_service`).
#[must_use]
pub fn monitored<'g>(
    graph: &'g Graph,
    unit: &UnitName,
    counts: &dyn Fn(&UnitName) -> bool,
) -> Option<&'g UnitName> {
    let id = graph.find(unit)?;
    let relations = [Relation::OnFailureOf, Relation::OnSuccessOf];
    let all = relations.into_iter().flat_map(|relation| graph.related(id, relation));
    let mut names = all.filter_map(|(of, _)| graph.unit_name(of)).filter(|name| counts(name));
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// The units that want to know of the end of others when they come up: each with those others.
const WATCHES: [Relation; 6] = [
    Relation::Requires,
    Relation::Requisite,
    Relation::BindsTo,
    Relation::PartOf,
    Relation::Upholds,
    Relation::StopPropagatedFrom,
];

/// The units whose end concerns `unit`.
pub fn watched<'g>(graph: &'g Graph, unit: &UnitName) -> impl Iterator<Item = &'g UnitName> {
    let related = graph
        .find(unit)
        .into_iter()
        .flat_map(move |id| WATCHES.into_iter().flat_map(move |relation| graph.related(id, relation)));
    related.filter_map(|(to, _)| graph.unit_name(to))
}

/// Which endings of `unit` have consequences, whatever the others are doing.
#[must_use]
pub fn interested(graph: &Graph, unit: &UnitName) -> Interest {
    let Some(id) = graph.find(unit) else { return Interest::default() };
    let any = |relations: &[Relation]| relations.iter().any(|r| graph.has(id, *r));
    let unneeded = needed(graph, id).any(|(to, _, _)| stops_when_unneeded(graph, to));
    let concerns = |ending: &Ending| match ending {
        Ending::Failed => unneeded || any(&STOPS_WITH) || any(&[Relation::OnFailure, Relation::UpheldBy]),
        Ending::Succeeded => unneeded || any(&STOPS_WITH) || any(&[Relation::OnSuccess, Relation::UpheldBy]),
        Ending::Stopped => unneeded || any(&[Relation::OnSuccess, Relation::UpheldBy]),
        Ending::WillRestart => any(&STOPS_WITH),
        Ending::Restarting => any(&PROPAGATES_RESTART),
        Ending::StoppedForRestart => any(&[Relation::OnSuccess]),
        Ending::JobFailed => any(&[Relation::OnFailure]),
    };
    Interest { endings: Ending::ALL.into_iter().filter(concerns).collect() }
}

/// What follows now. Each is a transaction of its own: one that cannot be done keeps none of the
/// others from being done.
///
/// `active` is asked by main name; `unit` itself counts as at rest.
#[must_use]
pub fn reactions(
    graph: &Graph,
    unit: &UnitName,
    ending: Ending,
    active: &dyn Fn(&UnitName) -> Activity,
) -> Vec<Reaction> {
    let Some(id) = graph.find(unit) else { return Vec::new() };
    let now = |at: UnitId| graph.unit_name(at).filter(|_| at != id).map_or(Activity::Inactive, active);
    let mut out = Reactions { graph, list: Vec::new() };
    match ending {
        Ending::Failed => {
            out.stop_with(id, &now);
            out.each(id, Relation::OnFailure, Verb::Start, Mode::Replace, |_| true);
        }
        Ending::Succeeded => {
            out.stop_with(id, &now);
            out.each(id, Relation::OnSuccess, Verb::Start, Mode::Fail, |_| true);
        }
        Ending::Stopped | Ending::StoppedForRestart => {
            out.each(id, Relation::OnSuccess, Verb::Start, Mode::Fail, |_| true);
        }
        Ending::JobFailed => out.each(id, Relation::OnFailure, Verb::Start, Mode::Replace, |_| true),
        Ending::WillRestart => out.stop_with(id, &now),
        Ending::Restarting => {
            for relation in PROPAGATES_RESTART {
                let runs = |to| now(to).is_active_or_activating();
                out.each(id, relation, Verb::TryRestart, Mode::Replace, runs);
            }
        }
    }
    if matches!(ending, Ending::Failed | Ending::Succeeded | Ending::Stopped) {
        out.stop_unneeded(id, &now);
        out.uphold(id, &now);
    }
    out.list
}

struct Reactions<'a> {
    graph: &'a Graph,
    list: Vec<Reaction>,
}

impl Reactions<'_> {
    fn push(&mut self, verb: Verb, to: UnitId, mode: Mode, relation: Relation, edge: EdgeId) {
        let Some(unit) = self.graph.unit_name(to).cloned() else { return };
        if self.list.iter().any(|r| r.unit == unit && r.verb == verb) {
            return;
        }
        let origin = self.graph.origin(edge).cloned();
        self.list.push(Reaction { verb, unit, mode, relation, origin });
    }

    fn each(
        &mut self,
        id: UnitId,
        relation: Relation,
        verb: Verb,
        mode: Mode,
        only: impl Fn(UnitId) -> bool,
    ) {
        let related: Vec<_> = self.graph.related(id, relation).filter(|(to, _)| only(*to)).collect();
        for (to, edge) in related {
            self.push(verb, to, mode, relation, edge);
        }
    }

    /// `retroactively_stop_dependencies`.
    fn stop_with(&mut self, id: UnitId, now: &dyn Fn(UnitId) -> Activity) {
        for relation in STOPS_WITH {
            let runs = |to| now(to).is_active_or_activating();
            self.each(id, relation, Verb::Stop, Mode::Replace, runs);
        }
    }

    /// `unit_is_unneeded` for everything that `id` needed.
    fn stop_unneeded(&mut self, id: UnitId, now: &dyn Fn(UnitId) -> Activity) {
        let graph = self.graph;
        let pinned = |at: UnitId| {
            PINS.iter().flat_map(|r| graph.related(at, *r)).any(|(by, _)| !now(by).is_inactive())
        };
        let gone: Vec<_> = needed(graph, id)
            .filter(|(to, ..)| stops_when_unneeded(graph, *to))
            .filter(|(to, ..)| now(*to).is_active_or_activating() && !pinned(*to))
            .collect();
        for (to, relation, edge) in gone {
            self.push(Verb::Stop, to, Mode::Fail, relation, edge);
        }
    }

    /// `unit_is_upheld_by_active`.
    fn uphold(&mut self, id: UnitId, now: &dyn Fn(UnitId) -> Activity) {
        let by = self.graph.related(id, Relation::UpheldBy).find(|(by, _)| now(*by).is_active());
        if let Some((_, edge)) = by {
            self.push(Verb::Start, id, Mode::Fail, Relation::UpheldBy, edge);
        }
    }
}

fn needed(graph: &Graph, id: UnitId) -> impl Iterator<Item = (UnitId, Relation, EdgeId)> {
    NEEDS.into_iter().flat_map(move |r| graph.related(id, r).map(move |(to, edge)| (to, r, edge)))
}

fn stops_when_unneeded(graph: &Graph, id: UnitId) -> bool {
    graph.unit(id).is_some_and(|u| u.stop_when_unneeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::fixture::{graph, name};

    fn after(lines: &[&str], ending: Ending, up: &[&str]) -> String {
        let g = graph(lines);
        let active = |u: &UnitName| {
            if up.contains(&u.stem()) { Activity::Active } else { Activity::Inactive }
        };
        let list = reactions(&g, &name("a"), ending, &active);
        assert!(list.is_empty() || interested(&g, &name("a")).in_ending(ending));
        list.iter().map(|r| format!("{} {}", r.verb.as_str(), r.unit.stem())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn on_failure_and_on_success_are_for_units_that_stay_down() {
        let host = ["a OnFailure=mail OnSuccess=next", "mail", "next"];
        assert_eq!(after(&host, Ending::Failed, &[]), "start mail");
        assert_eq!(after(&host, Ending::Succeeded, &[]), "start next");
        assert_eq!(after(&host, Ending::Stopped, &[]), "start next");
        assert_eq!(after(&host, Ending::WillRestart, &[]), "");
        assert_eq!(after(&host, Ending::Restarting, &[]), "");
        assert_eq!(after(&host, Ending::StoppedForRestart, &[]), "start next");
        assert_eq!(after(&host, Ending::JobFailed, &[]), "start mail");
    }

    #[test]
    fn bound_units_follow_an_ending_required_ones_only_a_restart() {
        let host =
            ["a PropagatesStopTo=p", "p", "b BindsTo=a", "r Requires=a", "part PartOf=a", "idle BindsTo=a"];
        let up = ["p", "b", "r", "part"];
        assert_eq!(after(&host, Ending::Failed, &up), "stop b, stop p");
        assert_eq!(after(&host, Ending::WillRestart, &up), "stop b, stop p");
        assert_eq!(after(&host, Ending::Restarting, &up), "try-restart r, try-restart b, try-restart part");
        assert_eq!(after(&host, Ending::Stopped, &up), "");
    }

    #[test]
    fn what_is_unneeded_stops_unless_somebody_else_needs_it() {
        let host = ["a Requires=tool", "tool unneeded", "other Wants=tool"];
        assert_eq!(after(&host, Ending::Stopped, &["tool"]), "stop tool");
        assert_eq!(after(&host, Ending::Stopped, &["tool", "other"]), "");
        assert_eq!(after(&host, Ending::WillRestart, &["tool"]), "");
    }

    #[test]
    fn an_upheld_unit_comes_back() {
        let host = ["a", "boss Upholds=a"];
        assert_eq!(after(&host, Ending::Failed, &["boss"]), "start a");
        assert_eq!(after(&host, Ending::Failed, &[]), "");
    }

    #[test]
    fn one_service_is_monitored_and_not_one_of_two() {
        let g = graph(&["a OnFailure=mail", "b OnSuccess=mail,b2", "mail", "b2"]);
        let of = |unit: &str, up: &[&str]| {
            monitored(&g, &name(unit), &|n| up.contains(&n.stem())).map(UnitName::stem)
        };
        assert_eq!(of("mail", &["a"]), Some("a"));
        assert_eq!(of("mail", &["a", "b"]), None);
        assert_eq!((of("b2", &["b"]), of("b2", &[]), of("a", &["b"])), (Some("b"), None, None));
        let both = graph(&["a OnFailure=mail OnSuccess=mail", "mail"]);
        assert_eq!(monitored(&both, &name("mail"), &|_| true), Some(&name("a")));
    }

    #[test]
    fn a_unit_alone_interests_nobody() {
        let g = graph(&["a After=b Requires=b", "b"]);
        assert!(interested(&g, &name("a")).is_none());
        assert!(interested(&g, &name("nobody")).is_none());
    }
}
