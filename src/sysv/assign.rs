//! S and K numbers for units: After= and Before= among the scripts of the host, whose numbers
//! stand. Pure.
//!
//! A unit that is started after another gets a higher S number and a lower K number. Where
//! nothing pushes it stays at the numbers that its script asks for. An order that no numbers can
//! give is an error that names the edges with file and line.

use super::level::Priority;
use super::priority::{Direction, Numbers};
use crate::unit::model::Origin;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

/// A script, and whether its numbers may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name in init.d.
    pub name: String,
    /// The numbers it has, or would like.
    pub numbers: Numbers,
    /// May they be changed?
    pub place: Placement,
}

/// May a script's numbers be changed?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Somebody else's script, or one with an override: as it is.
    Fixed,
    /// One of ours.
    Free,
}

/// `later` starts after `earlier`, and stops before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// A node's name.
    pub earlier: String,
    /// A node's name.
    pub later: String,
    /// Where it is written; `None` where it is implied.
    pub origin: Option<Origin>,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' after '{}'", self.later, self.earlier)?;
        match &self.origin {
            Some(o) => write!(f, " ({}:{})", o.path.display(), o.span.line),
            None => Ok(()),
        }
    }
}

/// Why there are no such numbers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AssignError {
    /// The units order each other in a circle.
    #[error("ordering cycle: {}", chain(.0))]
    Circle(Vec<Edge>),
    /// Between the numbers that stand there is no room for those between them.
    #[error("{} leave no number: {}", ends(.direction, .first, .last), chain(.edges))]
    NoRoom {
        /// For the S or the K numbers.
        direction: Direction,
        /// The node that comes first, and its number where that stands.
        first: (String, Option<Priority>),
        /// The node that comes last, and its number where that stands.
        last: (String, Option<Priority>),
        /// How the one comes to be before the other.
        edges: Vec<Edge>,
    },
}

fn chain(edges: &[Edge]) -> String {
    edges.iter().map(Edge::to_string).collect::<Vec<_>>().join(", ")
}

fn ends(
    direction: &Direction,
    first: &(String, Option<Priority>),
    last: &(String, Option<Priority>),
) -> String {
    let letter = match direction {
        Direction::Start => 'S',
        Direction::Stop => 'K',
    };
    let one = |(name, number): &(String, Option<Priority>)| match number {
        Some(n) => format!("{letter}{n} of '{name}'"),
        None => format!("the place of '{name}'"),
    };
    format!("{} and {}", one(first), one(last))
}

/// The numbers of all free nodes, by name. Edges to names that are no nodes are passed over.
///
/// # Errors
/// See [`AssignError`].
pub fn assign(nodes: &[Node], edges: &[Edge]) -> Result<BTreeMap<String, Numbers>, AssignError> {
    let graph = Graph::new(nodes, edges);
    let order = graph.sorted()?;
    let start = graph.numbers(&order, Direction::Start)?;
    let stop = graph.numbers(&order, Direction::Stop)?;
    let free = nodes.iter().zip(start.iter().zip(stop)).filter(|(n, _)| n.place == Placement::Free);
    Ok(free.map(|(n, (start, stop))| (n.name.clone(), Numbers { start: *start, stop })).collect())
}

struct Graph<'a> {
    nodes: &'a [Node],
    /// For each node those that come directly before it, by index.
    before: Vec<Vec<(usize, &'a Edge)>>,
    /// The same the other way round.
    after: Vec<Vec<(usize, &'a Edge)>>,
}

/// The least or greatest number that a node may have, and what makes it so.
#[derive(Clone, Copy)]
struct Bound {
    /// Beyond 0 to 99 where there is no room.
    value: i32,
    /// The neighbour that it comes from.
    from: Option<usize>,
}

impl<'a> Graph<'a> {
    fn new(nodes: &'a [Node], edges: &'a [Edge]) -> Self {
        let index = nodes.iter().enumerate().map(|(i, n)| (n.name.as_str(), i)).collect::<BTreeMap<_, _>>();
        let mut graph =
            Self { nodes, before: vec![Vec::new(); nodes.len()], after: vec![Vec::new(); nodes.len()] };
        for edge in edges {
            let (earlier, later) = (index.get(edge.earlier.as_str()), index.get(edge.later.as_str()));
            if let (Some(earlier), Some(later)) = (earlier, later) {
                if let Some(list) = graph.before.get_mut(*later) {
                    list.push((*earlier, edge));
                }
                if let Some(list) = graph.after.get_mut(*earlier) {
                    list.push((*later, edge));
                }
            }
        }
        graph
    }

    fn place(&self, node: usize) -> Placement {
        self.nodes.get(node).map_or(Placement::Fixed, |n| n.place)
    }

    fn name(&self, node: usize) -> String {
        self.nodes.get(node).map(|n| n.name.clone()).unwrap_or_default()
    }

    /// What a node has or would like in a direction.
    fn own(&self, node: usize, direction: Direction) -> i32 {
        self.nodes.get(node).map_or(0, |n| {
            i32::from(match direction {
                Direction::Start => n.numbers.start.get(),
                Direction::Stop => n.numbers.stop.get(),
            })
        })
    }

    /// All nodes, those that come earlier first.
    fn sorted(&self) -> Result<Vec<usize>, AssignError> {
        let mut waits: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let mut ready =
            waits.iter().enumerate().filter(|(_, n)| **n == 0).map(|(i, _)| i).collect::<BTreeSet<_>>();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(node) = ready.pop_first() {
            order.push(node);
            for (next, _) in self.after.get(node).into_iter().flatten() {
                if let Some(left) = waits.get_mut(*next) {
                    *left -= 1;
                    if *left == 0 {
                        ready.insert(*next);
                    }
                }
            }
        }
        if order.len() == self.nodes.len() { Ok(order) } else { Err(self.circle(&order)) }
    }

    /// Walks back from a node that never became ready until one comes twice.
    fn circle(&self, done: &[usize]) -> AssignError {
        let done = done.iter().copied().collect::<BTreeSet<_>>();
        let mut path: Vec<(usize, &Edge)> = Vec::new();
        let mut at = (0..self.nodes.len()).find(|i| !done.contains(i)).unwrap_or(0);
        while !path.iter().any(|(node, _)| *node == at) {
            let behind = self.before.get(at).into_iter().flatten().find(|(i, _)| !done.contains(i));
            let Some((earlier, edge)) = behind else { break };
            path.push((at, *edge));
            at = *earlier;
        }
        let from = path.iter().position(|(node, _)| *node == at).unwrap_or(0);
        let edges = path.get(from..).unwrap_or_default().iter().rev().map(|(_, e)| (*e).clone());
        AssignError::Circle(edges.collect())
    }

    /// The numbers of one direction. For S numbers what starts earlier has the lower number; for K
    /// numbers what starts later stops earlier, so everything is turned round.
    fn numbers(&self, order: &[usize], direction: Direction) -> Result<Vec<Priority>, AssignError> {
        let (low_side, high_side) = match direction {
            Direction::Start => (&self.before, &self.after),
            Direction::Stop => (&self.after, &self.before),
        };
        let upward: Vec<usize> = match direction {
            Direction::Start => order.to_vec(),
            Direction::Stop => order.iter().rev().copied().collect(),
        };
        let downward: Vec<usize> = upward.iter().rev().copied().collect();
        let lowest = self.bounds(&upward, low_side, direction, 1);
        let highest = self.bounds(&downward, high_side, direction, -1);
        let mut chosen = vec![0; self.nodes.len()];
        for node in upward {
            let at = |bounds: &[Bound]| bounds.get(node).map_or(0, |b| b.value);
            let below = low_side.get(node).into_iter().flatten();
            let pushed = below.filter_map(|(n, _)| chosen.get(*n)).max().map_or(0, |n| n + 1);
            let own = self.own(node, direction);
            let (low, high) = (at(&lowest).max(pushed), at(&highest));
            let number = match self.place(node) {
                Placement::Fixed if at(&lowest) <= own && own <= at(&highest) => own,
                Placement::Free if at(&lowest) <= high => own.clamp(low.min(high), high),
                Placement::Fixed | Placement::Free => {
                    return Err(self.no_room(node, direction, &lowest, &highest));
                }
            };
            if let Some(slot) = chosen.get_mut(node) {
                *slot = number;
            }
        }
        let priority = |n| u8::try_from(n).ok().and_then(Priority::new).unwrap_or(Priority::MIDDLE);
        Ok(chosen.into_iter().map(priority).collect())
    }

    /// How low (step 1) or high (step -1) each node can go.
    fn bounds(
        &self,
        order: &[usize],
        side: &[Vec<(usize, &Edge)>],
        direction: Direction,
        step: i32,
    ) -> Vec<Bound> {
        let end = if step > 0 { 0 } else { 99 };
        let mut bounds = vec![Bound { value: end, from: None }; self.nodes.len()];
        for node in order {
            let mut bound = Bound { value: end, from: None };
            for (neighbour, _) in side.get(*node).into_iter().flatten() {
                let value = step
                    + match self.place(*neighbour) {
                        Placement::Fixed => self.own(*neighbour, direction),
                        Placement::Free => bounds.get(*neighbour).map_or(end, |b| b.value),
                    };
                if (value - bound.value) * step > 0 {
                    bound = Bound { value, from: Some(*neighbour) };
                }
            }
            if let Some(slot) = bounds.get_mut(*node) {
                *slot = bound;
            }
        }
        bounds
    }

    /// Follows both bounds of a node to the numbers that stand.
    fn no_room(&self, node: usize, direction: Direction, lowest: &[Bound], highest: &[Bound]) -> AssignError {
        let follow = |bounds: &[Bound]| {
            let mut path = vec![node];
            let mut at = node;
            while let Some(next) = bounds.get(at).and_then(|b| b.from) {
                path.push(next);
                if self.place(next) == Placement::Fixed {
                    break;
                }
                at = next;
            }
            path
        };
        let fixed = |n: &usize| {
            let number = u8::try_from(self.own(*n, direction)).ok().and_then(Priority::new);
            (self.name(*n), number.filter(|_| self.place(*n) == Placement::Fixed))
        };
        let mut path: Vec<usize> = follow(lowest);
        path.reverse();
        path.extend(follow(highest).into_iter().skip(1));
        let edges = path.windows(2).filter_map(|pair| match pair {
            [a, b] => self.edge(*a, *b),
            _ => None,
        });
        AssignError::NoRoom {
            direction,
            first: path.first().map(fixed).unwrap_or_default(),
            last: path.last().map(fixed).unwrap_or_default(),
            edges: edges.cloned().collect(),
        }
    }

    fn edge(&self, a: usize, b: usize) -> Option<&'a Edge> {
        let between = |side: &[Vec<(usize, &'a Edge)>]| {
            side.get(a)?.iter().find(|(n, _)| *n == b).map(|(_, edge)| *edge)
        };
        between(&self.after).or_else(|| between(&self.before))
    }
}

#[cfg(test)]
mod tests;
