//! The units of a host and the edges between them, each edge seen from both of its ends and with
//! the place where it is written.
//!
//! Promises: a unit answers to all of its names; `a After=b` and `b Before=a` are one edge; for
//! every requirement there is its reverse (`RequiredBy`, `BoundBy`, `ConsistsOf` …) as in systemd's
//! unit-dependency table; building takes time in proportion to units and edges. Pure.

use super::special;
use crate::hash::Map;
use crate::unit::model::{DepKind, LoadState, Origin, Unit};
use crate::unit::name::UnitName;
use std::fmt;

/// A unit's place in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(usize);

/// What an edge means as seen from one of its ends. The names are those of `systemctl show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Relation {
    Requires,
    RequiredBy,
    Requisite,
    RequisiteOf,
    Wants,
    WantedBy,
    BindsTo,
    BoundBy,
    PartOf,
    ConsistsOf,
    Upholds,
    UpheldBy,
    Conflicts,
    ConflictedBy,
    Before,
    After,
    OnFailure,
    OnFailureOf,
    OnSuccess,
    OnSuccessOf,
    PropagatesReloadTo,
    ReloadPropagatedFrom,
    PropagatesStopTo,
    StopPropagatedFrom,
    JoinsNamespaceOf,
    NamespaceJoinedBy,
}

impl Relation {
    /// All of them, in order.
    const ALL: [Self; 26] = [
        Self::Requires,
        Self::RequiredBy,
        Self::Requisite,
        Self::RequisiteOf,
        Self::Wants,
        Self::WantedBy,
        Self::BindsTo,
        Self::BoundBy,
        Self::PartOf,
        Self::ConsistsOf,
        Self::Upholds,
        Self::UpheldBy,
        Self::Conflicts,
        Self::ConflictedBy,
        Self::Before,
        Self::After,
        Self::OnFailure,
        Self::OnFailureOf,
        Self::OnSuccess,
        Self::OnSuccessOf,
        Self::PropagatesReloadTo,
        Self::ReloadPropagatedFrom,
        Self::PropagatesStopTo,
        Self::StopPropagatedFrom,
        Self::JoinsNamespaceOf,
        Self::NamespaceJoinedBy,
    ];

    /// The property's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requires => "Requires",
            Self::RequiredBy => "RequiredBy",
            Self::Requisite => "Requisite",
            Self::RequisiteOf => "RequisiteOf",
            Self::Wants => "Wants",
            Self::WantedBy => "WantedBy",
            Self::BindsTo => "BindsTo",
            Self::BoundBy => "BoundBy",
            Self::PartOf => "PartOf",
            Self::ConsistsOf => "ConsistsOf",
            Self::Upholds => "Upholds",
            Self::UpheldBy => "UpheldBy",
            Self::Conflicts => "Conflicts",
            Self::ConflictedBy => "ConflictedBy",
            Self::Before => "Before",
            Self::After => "After",
            Self::OnFailure => "OnFailure",
            Self::OnFailureOf => "OnFailureOf",
            Self::OnSuccess => "OnSuccess",
            Self::OnSuccessOf => "OnSuccessOf",
            Self::PropagatesReloadTo => "PropagatesReloadTo",
            Self::ReloadPropagatedFrom => "ReloadPropagatedFrom",
            Self::PropagatesStopTo => "PropagatesStopTo",
            Self::StopPropagatedFrom => "StopPropagatedFrom",
            Self::JoinsNamespaceOf => "JoinsNamespaceOf",
            Self::NamespaceJoinedBy => "NamespaceJoinedBy",
        }
    }

    /// The relation as the directive is written, and as its other end sees it.
    #[must_use]
    pub fn both_ends(kind: DepKind) -> (Self, Self) {
        match kind {
            DepKind::Requires => (Self::Requires, Self::RequiredBy),
            DepKind::Requisite => (Self::Requisite, Self::RequisiteOf),
            DepKind::Wants => (Self::Wants, Self::WantedBy),
            DepKind::BindsTo => (Self::BindsTo, Self::BoundBy),
            DepKind::PartOf => (Self::PartOf, Self::ConsistsOf),
            DepKind::Upholds => (Self::Upholds, Self::UpheldBy),
            DepKind::Conflicts => (Self::Conflicts, Self::ConflictedBy),
            DepKind::Before => (Self::Before, Self::After),
            DepKind::After => (Self::After, Self::Before),
            DepKind::OnFailure => (Self::OnFailure, Self::OnFailureOf),
            DepKind::OnSuccess => (Self::OnSuccess, Self::OnSuccessOf),
            DepKind::PropagatesReloadTo => (Self::PropagatesReloadTo, Self::ReloadPropagatedFrom),
            DepKind::ReloadPropagatedFrom => (Self::ReloadPropagatedFrom, Self::PropagatesReloadTo),
            DepKind::PropagatesStopTo => (Self::PropagatesStopTo, Self::StopPropagatedFrom),
            DepKind::StopPropagatedFrom => (Self::StopPropagatedFrom, Self::PropagatesStopTo),
            DepKind::JoinsNamespaceOf => (Self::JoinsNamespaceOf, Self::NamespaceJoinedBy),
        }
    }
}

/// One edge as it is written in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The unit that has the directive.
    pub from: UnitId,
    /// The directive.
    pub kind: DepKind,
    /// The unit that it names.
    pub to: UnitId,
    /// Which of that unit's dependencies it is.
    dep: usize,
}

/// An edge's place in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(usize);

#[derive(Clone, Copy, Debug)]
struct Link {
    relation: Relation,
    to: UnitId,
    edge: EdgeId,
}

#[derive(Debug)]
struct Node {
    name: UnitName,
    unit: Option<Unit>,
    /// Sorted by relation; inside a relation in the order of the files.
    links: Vec<Link>,
}

/// Units by name and the edges between them.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    index: Map<UnitName, UnitId>,
}

impl Graph {
    /// Joins `units`. A unit that is only named by others becomes a node without a file:
    /// loaded when it is one of systemd's own ([`special`]), not found otherwise.
    #[must_use]
    pub fn new(units: Vec<Unit>) -> Self {
        let mut graph = Self::default();
        for unit in units {
            if graph.index.contains_key(&unit.name) {
                continue;
            }
            graph.add(unit.name.clone(), Some(unit));
        }
        graph.index_aliases();
        let given = graph.nodes.len();
        for from in 0..given {
            graph.add_edges(UnitId(from));
        }
        graph.sort_links();
        graph
    }

    fn add(&mut self, name: UnitName, unit: Option<Unit>) -> UnitId {
        let id = UnitId(self.nodes.len());
        self.index.insert(name.clone(), id);
        self.nodes.push(Node { name, unit, links: Vec::new() });
        id
    }

    /// A main name wins over an alias, the earlier alias over the later.
    fn index_aliases(&mut self) {
        for (at, node) in self.nodes.iter().enumerate() {
            for alias in node.unit.iter().flat_map(|u| &u.aliases) {
                self.index.entry(alias.clone()).or_insert(UnitId(at));
            }
        }
    }

    fn add_edges(&mut self, from: UnitId) {
        let count = self.unit(from).map_or(0, |u| u.deps.len());
        if let Some(node) = self.nodes.get_mut(from.0) {
            node.links.reserve(count);
        }
        for at in 0..count {
            let Some(dep) = self.unit(from).and_then(|u| u.deps.get(at)) else { continue };
            let kind = dep.kind;
            let to = match self.index.get(&dep.on) {
                Some(to) => *to,
                None => {
                    let named = dep.on.clone();
                    self.add(named, None)
                }
            };
            if to == from {
                continue;
            }
            let edge = EdgeId(self.edges.len());
            let (forward, backward) = Relation::both_ends(kind);
            self.edges.push(Edge { from, kind, to, dep: at });
            self.link(from, Link { relation: forward, to, edge });
            self.link(to, Link { relation: backward, to: from, edge });
        }
    }

    fn link(&mut self, at: UnitId, link: Link) {
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.links.push(link);
        }
    }

    /// Sorts by relation and keeps one link per relation and unit: the first that is written in a
    /// file, else the first.
    fn sort_links(&mut self) {
        // Which link of the relation at hand leads to a unit: for each unit the number of the turn, and the
        // link's place among those kept.
        let mut seen = vec![(0usize, 0usize); self.nodes.len()];
        let mut turn = 0;
        let mut kept: Vec<Option<Link>> = Vec::new();
        for node in 0..self.nodes.len() {
            let mut links =
                self.nodes.get_mut(node).map(|n| std::mem::take(&mut n.links)).unwrap_or_default();
            kept.clear();
            let present = links.iter().fold(0u32, |set, link| set | 1 << link.relation as u32);
            for relation in Relation::ALL.into_iter().filter(|r| present & 1 << *r as u32 != 0) {
                turn += 1;
                for link in links.iter().filter(|l| l.relation == relation) {
                    let Some(seen) = seen.get_mut(link.to.0) else { continue };
                    if seen.0 == turn {
                        let before = kept.get_mut(seen.1);
                        let Some(before) = before.filter(|b| b.is_some_and(|b| self.is_implied(b.edge)))
                        else {
                            continue;
                        };
                        if self.is_implied(link.edge) {
                            continue;
                        }
                        *before = None;
                    }
                    *seen = (turn, kept.len());
                    kept.push(Some(*link));
                }
            }
            if let Some(node) = self.nodes.get_mut(node) {
                links.clear();
                links.extend(kept.iter().copied().flatten());
                node.links = links;
            }
        }
    }

    fn is_implied(&self, edge: EdgeId) -> bool {
        self.origin(edge).is_none()
    }

    /// The unit that has this name or alias.
    #[must_use]
    pub fn find(&self, name: &UnitName) -> Option<UnitId> {
        self.index.get(name).copied()
    }

    /// The unit's files as a model; `None` for one that is only named.
    #[must_use]
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.nodes.get(id.0).and_then(|n| n.unit.as_ref())
    }

    /// The main name, for text; empty for an id of another graph.
    #[must_use]
    pub fn name(&self, id: UnitId) -> &str {
        self.unit_name(id).map_or("", UnitName::as_str)
    }

    /// The main name; `None` only for an id of another graph.
    #[must_use]
    pub fn unit_name(&self, id: UnitId) -> Option<&UnitName> {
        self.nodes.get(id.0).map(|n| &n.name)
    }

    /// Could it be loaded?
    #[must_use]
    pub fn load_state(&self, id: UnitId) -> LoadState {
        match self.unit(id) {
            Some(unit) if unit.load == LoadState::NotFound && special::is_built_in(&unit.name) => {
                LoadState::Loaded
            }
            Some(unit) => unit.load,
            None if self.unit_name(id).is_some_and(special::is_built_in) => LoadState::Loaded,
            None => LoadState::NotFound,
        }
    }

    /// The units that `id` has this relation to, with the edge that says so, in file order.
    pub fn related(&self, id: UnitId, relation: Relation) -> impl Iterator<Item = (UnitId, EdgeId)> {
        let links = self.nodes.get(id.0).map_or(&[][..], |n| &n.links);
        let start = links.partition_point(|l| l.relation < relation);
        let rest = links.get(start..).unwrap_or_default();
        rest.iter().take_while(move |l| l.relation == relation).map(|l| (l.to, l.edge))
    }

    /// Has `id` this relation to anyone?
    #[must_use]
    pub fn has(&self, id: UnitId, relation: Relation) -> bool {
        self.related(id, relation).next().is_some()
    }

    /// The edge as written.
    #[must_use]
    pub fn edge(&self, id: EdgeId) -> Option<&Edge> {
        self.edges.get(id.0)
    }

    /// Where an edge is written; `None` where it is implied.
    #[must_use]
    pub fn origin(&self, id: EdgeId) -> Option<&Origin> {
        let edge = self.edge(id)?;
        self.unit(edge.from)?.deps.get(edge.dep)?.origin.as_ref()
    }

    /// Every unit, those given first.
    pub fn ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..self.nodes.len()).map(UnitId)
    }

    /// Number of units, those only named included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Is there no unit?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl UnitId {
    /// The position, for tables with one entry for each unit of the graph.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// `path:line` of an [`Origin`].
#[derive(Clone, Copy, Debug)]
pub struct Place<'a>(pub &'a Origin);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.path.display(), self.0.span.line)
    }
}
