//! The S and K numbers of LSB scripts: chkconfig's own algorithm (`frobDependencies`), with the
//! cycles that it runs into named. Pure.
//!
//! A script with an LSB block starts from its `chkconfig:` numbers, or 50 and 50. Each name in
//! Required-Start and Should-Start that another script has or provides puts its S number behind
//! that script's, if the other is on in every level where this one is; Required-Stop and
//! Should-Stop put its K number before. This is repeated until nothing changes. Numbers only ever
//! move one way, so the result does not depend on the order of the scripts.

mod graph;

use super::header::{Header, Scan};
use super::level::{Levels, Priority};
use graph::Edges;
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

/// One script of the host, as the algorithm sees it.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// Its name in init.d.
    pub name: &'a str,
    /// The numbers of its `chkconfig:` line.
    pub start: Option<Priority>,
    /// See `start`.
    pub stop: Option<Priority>,
    /// `Provides:`
    pub provides: &'a [String],
    /// What it needs, where it has an LSB block.
    pub needs: Option<Needs<'a>>,
    /// Where it is on, or is about to be.
    pub on: Levels,
}

/// The names that an LSB script needs.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    /// Required-Start and Should-Start.
    pub start: [&'a [String]; 2],
    /// Required-Stop and Should-Stop.
    pub stop: [&'a [String]; 2],
}

impl<'a> Script<'a> {
    /// A script whose numbers and dependencies are those of its header, LSB's or `# chkconfig:`.
    #[must_use]
    pub fn from_header(name: &'a str, header: &'a Header, on: Levels) -> Self {
        let needs = header.lsb.as_ref().map(|lsb| Needs {
            start: [&lsb.required_start, &lsb.should_start],
            stop: [&lsb.required_stop, &lsb.should_stop],
        });
        Self { name, start: header.start, stop: header.stop, provides: &header.provides, needs, on }
    }

    /// As its scan has it, which is to be good enough for a script.
    #[must_use]
    pub fn of_scan(name: &'a str, scan: &'a Scan, on: Levels) -> Self {
        let list = |names: &'a Option<Vec<String>>| names.as_deref().unwrap_or_default();
        let needs = scan.is_lsb.then(|| Needs {
            start: [list(&scan.required_start), list(&scan.should_start)],
            stop: [list(&scan.required_stop), list(&scan.should_stop)],
        });
        let (start, stop) = scan.priorities.unzip();
        Self { name, start, stop, provides: list(&scan.provides), needs, on }
    }
}

/// The numbers of one script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The S number.
    pub start: Priority,
    /// The K number.
    pub stop: Priority,
}

impl Numbers {
    /// Those of the `chkconfig:` line; only an LSB script may have none.
    #[must_use]
    pub fn of_header(header: &Header) -> Option<Self> {
        Some(Self { start: header.start?, stop: header.stop? })
    }
}

/// Which numbers a cycle concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Required-Start and Should-Start: all of them end at 99.
    Start,
    /// Required-Stop and Should-Stop: all of them end at 0.
    Stop,
}

/// Scripts that each must come behind the next, the last behind the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// At start or at stop.
    pub direction: Direction,
    /// Their names, beginning with the first in the alphabet.
    pub names: Vec<String>,
}

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, end) = match self.direction {
            Direction::Start => ("Required-Start or Should-Start", "S99"),
            Direction::Stop => ("Required-Stop or Should-Stop", "K00"),
        };
        let first = self.names.first().map_or("", String::as_str);
        write!(
            f,
            "dependency cycle in {key}, so that they end at {end}: {} -> {first}",
            self.names.join(" -> ")
        )
    }
}

/// The numbers of every script, in the order given, and the cycles among them.
#[must_use]
pub fn compute(scripts: &[Script<'_>]) -> (Vec<Numbers>, Vec<Cycle>) {
    let providers = providers(scripts);
    let starts = edges(scripts, &providers, |needs| needs.start);
    let stops = edges(scripts, &providers, |needs| needs.stop);
    let first = |own: Option<Priority>| own.unwrap_or(Priority::MIDDLE);
    let start = scripts.iter().map(|s| first(s.start)).collect();
    let stop = scripts.iter().map(|s| first(s.stop)).collect();
    let start = settle(start, &starts, Priority::later_than);
    let stop = settle(stop, &stops, Priority::earlier_than);
    let start_cycles = cycles(scripts, &starts, Direction::Start);
    let cycles = start_cycles.chain(cycles(scripts, &stops, Direction::Stop)).collect();
    (start.into_iter().zip(stop).map(|(start, stop)| Numbers { start, stop }).collect(), cycles)
}

/// Names in Required-Start and Required-Stop that no script has or provides in its levels,
/// `$local_fs` aside: what `install_initd` refuses.
#[must_use]
pub fn unmet(scripts: &[Script<'_>], script: &Script<'_>) -> Vec<String> {
    let providers = providers(scripts);
    let Some(needs) = &script.needs else { return Vec::new() };
    let [required_start, _] = needs.start;
    let [required_stop, _] = needs.stop;
    let is_met = |name: &&String| {
        let is_on = |t: usize| scripts.get(t).is_some_and(|t| script.on.is_subset(t.on));
        *name == "$local_fs" || providers.get(name.as_str()).is_some_and(|all| all.all().any(is_on))
    };
    required_start.iter().chain(required_stop).filter(|name| !is_met(name)).cloned().collect()
}

/// Who has or provides a name. A script without `Provides:` provides its own name, and its own
/// name counts in any case.
fn providers<'a>(scripts: &'a [Script<'a>]) -> HashMap<&'a str, Providers> {
    let mut by_name: HashMap<&str, Providers> = HashMap::new();
    by_name.reserve(scripts.len());
    for (i, script) in scripts.iter().enumerate() {
        let others = script.provides.iter().map(String::as_str).filter(|p| *p != script.name);
        for name in std::iter::once(script.name).chain(others) {
            match by_name.entry(name) {
                Vacant(slot) => {
                    slot.insert(Providers { first: i, more: Vec::new() });
                }
                Occupied(slot) => slot.into_mut().more.push(i),
            }
        }
    }
    by_name
}

/// Who has or provides one name: mostly one script.
struct Providers {
    first: usize,
    more: Vec<usize>,
}

impl Providers {
    fn all(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }
}

/// For each script the indices of those it must come behind, each once and in order.
fn edges(
    scripts: &[Script<'_>],
    providers: &HashMap<&str, Providers>,
    lists: for<'n> fn(&Needs<'n>) -> [&'n [String]; 2],
) -> Edges {
    let mut edges = Edges::with_capacity(scripts.len());
    let mut behind = Vec::new();
    for script in scripts {
        behind.clear();
        let lists = script.needs.as_ref().map_or([&[][..]; 2], lists);
        for name in lists.iter().copied().flatten() {
            let is_on = |t: &usize| scripts.get(*t).is_some_and(|t| script.on.is_subset(t.on));
            behind.extend(providers.get(name.as_str()).into_iter().flat_map(Providers::all).filter(is_on));
        }
        behind.sort_unstable();
        behind.dedup();
        edges.push(&behind);
    }
    edges
}

/// Repeats `adjust` along the edges until nothing changes.
fn settle(
    mut numbers: Vec<Priority>,
    edges: &Edges,
    adjust: fn(Priority, Priority) -> Priority,
) -> Vec<Priority> {
    loop {
        let mut changed = false;
        for i in 0..edges.len() {
            let Some(before) = numbers.get(i).copied() else { continue };
            let after =
                edges.predecessors(i).iter().filter_map(|t| numbers.get(*t).copied()).fold(before, adjust);
            if after != before {
                changed = true;
                if let Some(slot) = numbers.get_mut(i) {
                    *slot = after;
                }
            }
        }
        if !changed {
            return numbers;
        }
    }
}

/// The circles with their names.
fn cycles(scripts: &[Script<'_>], edges: &Edges, direction: Direction) -> impl Iterator<Item = Cycle> {
    edges.circles().into_iter().map(move |circle| {
        let mut names: Vec<String> =
            circle.iter().filter_map(|i| scripts.get(*i)).map(|s| s.name.to_owned()).collect();
        let least = names.iter().enumerate().min_by_key(|(_, n)| n.as_str()).map_or(0, |(i, _)| i);
        names.rotate_left(least);
        Cycle { direction, names }
    })
}

#[cfg(test)]
mod tests;
