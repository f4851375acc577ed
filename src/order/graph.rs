//! The units of a host and the edges between them, each edge seen from both of its ends and with
//! the place where it is written.
//!
//! Promises: a unit answers to all of its names; `a After=b` and `b Before=a` are one edge; for
//! every requirement there is its reverse (`RequiredBy`, `BoundBy`, `ConsistsOf` …) as in systemd's
//! unit-dependency table; building takes time in proportion to units and edges. Pure.

mod relation;

pub use relation::Relation;

use super::special;
use crate::unit::model::{DepKind, LoadState, Origin, Unit};
use crate::unit::name::{UnitKind, UnitName};
use std::collections::HashMap;
use std::fmt;

/// A unit's place in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(u32);

/// One edge as it is written in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The unit that has the directive.
    pub from: UnitId,
    /// The directive, such as `Requires=` or `After=`.
    pub kind: DepKind,
    /// The unit that it names.
    pub to: UnitId,
    /// Which of that unit's dependencies it is.
    dep: u32,
}

/// An edge's place in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(u32);

#[derive(Clone, Copy, Debug)]
struct Link {
    relation: Relation,
    to: UnitId,
    edge: EdgeId,
}

/// What a walk asks of each unit that it meets; what it says besides lies elsewhere.
#[derive(Debug)]
struct Node {
    name: UnitName,
    load: LoadState,
    is_template: bool,
    /// Where its links begin among all.
    links: usize,
}

/// Units by name and the edges between them.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// By node; there are fewer than nodes where some are only named.
    units: Vec<Unit>,
    edges: Vec<Edge>,
    /// Node by node; those of a node sorted by relation, inside a relation in the order of the files.
    links: Vec<Link>,
    /// Each node's place among the names.
    ranks: Vec<u32>,
    index: HashMap<UnitName, UnitId>,
    /// Which kinds of unit are started by whoever computes; `None` for all.
    runs: Option<fn(UnitKind) -> bool>,
}

/// There are never so many units or edges.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn wide(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Graph {
    /// Joins `units`. A unit that is only named by others becomes a node without a file:
    /// loaded when it is one of systemd's own ([`special`]), not found otherwise.
    #[must_use]
    pub fn new(units: Vec<Unit>) -> Self {
        let mut graph = Self::default();
        graph.nodes.reserve(units.len());
        graph.index.reserve(units.len());
        graph.units = units;
        graph.index_units();
        graph.index_aliases();
        graph.add_edges();
        graph.add_links();
        graph.rank();
        graph
    }

    /// Of two units with one name the first counts.
    fn index_units(&mut self) {
        let mut units = std::mem::take(&mut self.units);
        units.retain(|unit| {
            let is_new = !self.index.contains_key(&unit.name);
            if is_new {
                self.add(unit.name.clone(), unit.load);
            }
            is_new
        });
        self.units = units;
    }

    fn add(&mut self, name: UnitName, load: LoadState) -> UnitId {
        let id = UnitId(small(self.nodes.len()));
        let is_own = load == LoadState::NotFound && special::is_built_in(&name);
        let load = if is_own { LoadState::Loaded } else { load };
        let is_template = name.is_template();
        self.index.insert(name.clone(), id);
        self.nodes.push(Node { name, load, is_template, links: 0 });
        id
    }

    /// A main name wins over an alias, the earlier alias over the later.
    fn index_aliases(&mut self) {
        for (at, unit) in self.units.iter().enumerate() {
            for alias in &unit.aliases {
                self.index.entry(alias.clone()).or_insert(UnitId(small(at)));
            }
        }
    }

    fn add_edges(&mut self) {
        let units = std::mem::take(&mut self.units);
        self.edges.reserve(units.iter().map(|u| u.deps.len()).sum());
        for (from, unit) in units.iter().enumerate() {
            let from = UnitId(small(from));
            for (at, dep) in (0u32..).zip(&unit.deps) {
                let to = match self.index.get(&dep.on) {
                    Some(to) => *to,
                    None => self.add(dep.on.clone(), LoadState::NotFound),
                };
                if to != from {
                    self.edges.push(Edge { from, kind: dep.kind, to, dep: at });
                }
            }
        }
        self.units = units;
    }

    /// The links of all nodes, in the order of the edges; where those of each begin, and the end of all.
    fn all_links(&self) -> (Vec<Link>, Vec<usize>) {
        let mut begins = vec![0; self.nodes.len().saturating_add(1)];
        for end in self.edges.iter().flat_map(|e| [e.from, e.to]) {
            if let Some(count) = begins.get_mut(end.index().saturating_add(1)) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut begins {
            sum += *count;
            *count = sum;
        }
        let nothing = Link { relation: Relation::After, to: UnitId(0), edge: EdgeId(0) };
        let mut links = vec![nothing; sum];
        let mut next = begins.clone();
        for (at, edge) in self.edges.iter().enumerate() {
            let (forward, backward) = Relation::both_ends(edge.kind);
            for (node, relation, to) in [(edge.from, forward, edge.to), (edge.to, backward, edge.from)] {
                let Some(place) = next.get_mut(node.index()) else { continue };
                if let Some(link) = links.get_mut(*place) {
                    *link = Link { relation, to, edge: EdgeId(small(at)) };
                }
                *place += 1;
            }
        }
        (links, begins)
    }

    /// Sorts by relation and keeps one link per relation and unit: the first that is written in a
    /// file, else the first.
    fn add_links(&mut self) {
        let (all, begins) = self.all_links();
        // Which link of the relation at hand leads to a unit: for each unit the number of the turn, and the
        // link's place among those kept.
        let mut seen = vec![(0usize, 0usize); self.nodes.len()];
        let mut turn = 0;
        let mut kept: Vec<Option<Link>> = Vec::new();
        self.links.reserve(all.len());
        for (node, range) in begins.windows(2).enumerate() {
            let [from, to] = range else { continue };
            let links = all.get(*from..*to).unwrap_or_default();
            kept.clear();
            let present = links.iter().fold(0u32, |set, link| set | 1 << link.relation as u32);
            for relation in Relation::ALL.into_iter().filter(|r| present & 1 << *r as u32 != 0) {
                turn += 1;
                for link in links.iter().filter(|l| l.relation == relation) {
                    let Some(seen) = seen.get_mut(link.to.index()) else { continue };
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
                node.links = self.links.len();
            }
            self.links.extend(kept.iter().copied().flatten());
        }
    }

    fn rank(&mut self) {
        let mut order: Vec<(&UnitName, usize)> =
            self.nodes.iter().enumerate().map(|(at, node)| (&node.name, at)).collect();
        order.sort_unstable();
        self.ranks = vec![0; order.len()];
        for (rank, (_, node)) in order.into_iter().enumerate() {
            if let Some(slot) = self.ranks.get_mut(node) {
                *slot = small(rank);
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
        self.units.get(id.index())
    }

    /// The main name, for text; empty for an id of another graph.
    #[must_use]
    pub fn name(&self, id: UnitId) -> &str {
        self.unit_name(id).map_or("", UnitName::as_str)
    }

    /// The main name; `None` only for an id of another graph.
    #[must_use]
    pub fn unit_name(&self, id: UnitId) -> Option<&UnitName> {
        self.nodes.get(id.index()).map(|n| &n.name)
    }

    /// Could it be loaded?
    #[must_use]
    pub fn load_state(&self, id: UnitId) -> LoadState {
        self.nodes.get(id.index()).map_or(LoadState::NotFound, |n| n.load)
    }

    /// From now on only units of these kinds can be started; the others may still be up already.
    pub fn starts_only(&mut self, runs: fn(UnitKind) -> bool) {
        self.runs = Some(runs);
    }

    /// The kind of a unit, where it is none of those that can be started.
    #[must_use]
    pub fn not_run(&self, id: UnitId) -> Option<UnitKind> {
        let (runs, kind) = (self.runs?, self.unit_name(id)?.kind());
        (!runs(kind)).then_some(kind)
    }

    /// Is it a template, which cannot be started?
    #[must_use]
    pub fn is_template(&self, id: UnitId) -> bool {
        self.nodes.get(id.index()).is_some_and(|n| n.is_template)
    }

    /// Its place among the names of all: they sort as these numbers do.
    #[must_use]
    pub fn rank_of(&self, id: UnitId) -> u32 {
        self.ranks.get(id.index()).copied().unwrap_or(u32::MAX)
    }

    /// The units that `id` has this relation to, with the edge that says so, in file order.
    pub fn related(&self, id: UnitId, relation: Relation) -> impl Iterator<Item = (UnitId, EdgeId)> {
        let begin = |at: usize| self.nodes.get(at).map_or(self.links.len(), |n| n.links);
        let (from, to) = (begin(id.index()), begin(id.index().saturating_add(1)));
        let links = self.links.get(from..to).unwrap_or_default();
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
        self.edges.get(wide(id.0))
    }

    /// Where an edge is written; `None` where it is implied.
    #[must_use]
    pub fn origin(&self, id: EdgeId) -> Option<&Origin> {
        let edge = self.edge(id)?;
        self.unit(edge.from)?.deps.get(wide(edge.dep))?.origin.as_ref()
    }

    /// Every unit, those given first.
    pub fn ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..small(self.nodes.len())).map(UnitId)
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

    /// `a.service After=b.service`, as the directive is written.
    #[must_use]
    pub fn relation_text(&self, edge: EdgeId) -> String {
        let Some(e) = self.edge(edge) else { return String::new() };
        let (kind, _) = Relation::both_ends(e.kind);
        [self.name(e.from), " ", kind.as_str(), "=", self.name(e.to)].concat()
    }
}

impl UnitId {
    /// The position, for tables with one entry for each unit of the graph.
    #[must_use]
    pub fn index(self) -> usize {
        wide(self.0)
    }
}

/// `path:line` of an [`Origin`].
#[derive(Clone, Copy, Debug)]
pub struct SourceLocation<'a>(pub &'a Origin);

impl fmt::Display for SourceLocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.path.display(), self.0.span.line)
    }
}
