//! The S and K numbers of LSB scripts: chkconfig's own algorithm (`frobDependencies`), with the
//! cycles that it runs into named. Pure.
//!
//! A script with an LSB block starts from its `chkconfig:` numbers, or 50 and 50. Each name in
//! Required-Start and Should-Start that another script has or provides puts its S number behind
//! that script's, if the other is on in every level where this one is; Required-Stop and
//! Should-Stop put its K number before. This is repeated until nothing changes. Numbers only ever
//! move one way, so the result does not depend on the order of the scripts.

use super::header::{Header, Scan};
use super::level::{Levels, Priority};
use crate::hash::Map;
use crate::sort;
use std::collections::BTreeSet;
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
    /// As its header has it.
    #[must_use]
    pub fn of(name: &'a str, header: &'a Header, on: Levels) -> Self {
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
        write!(f, "{key} goes in a circle, so that they end at {end}: {} -> {first}", self.names.join(" -> "))
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
    let mut cycles = circles(scripts, &starts, Direction::Start);
    cycles.extend(circles(scripts, &stops, Direction::Stop));
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
fn providers<'a>(scripts: &'a [Script<'a>]) -> Map<&'a str, Providers> {
    let mut by_name: Map<&str, Providers> = Map::default();
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

/// For each script the indices of some others, all in one row: hosts have thousands of scripts.
struct Edges {
    /// Where the others of a script begin; those of the next one follow.
    from: Vec<usize>,
    to: Vec<usize>,
}

impl Edges {
    fn of(&self, script: usize) -> &[usize] {
        let range = self.from.get(script).zip(self.from.get(script + 1)).map(|(from, to)| *from..*to);
        range.and_then(|range| self.to.get(range)).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.from.len().saturating_sub(1)
    }

    /// The same, the other way round.
    fn turned(&self) -> Self {
        let mut from = vec![0; self.from.len()];
        for to in &self.to {
            if let Some(count) = from.get_mut(to + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut from {
            sum += *count;
            *count = sum;
        }
        let (mut next, mut to) = (from.clone(), vec![0; self.to.len()]);
        for script in 0..self.len() {
            for other in self.of(script) {
                let Some(place) = next.get_mut(*other) else { continue };
                if let Some(slot) = to.get_mut(*place) {
                    *slot = script;
                }
                *place += 1;
            }
        }
        Self { from, to }
    }
}

/// For each script the indices of those it must come behind, each once and in order.
fn edges(
    scripts: &[Script<'_>],
    providers: &Map<&str, Providers>,
    lists: for<'n> fn(&Needs<'n>) -> [&'n [String]; 2],
) -> Edges {
    let mut edges = Edges { from: vec![0], to: Vec::with_capacity(scripts.len()) };
    let mut behind = Vec::new();
    for script in scripts {
        behind.clear();
        let lists = script.needs.as_ref().map_or([&[][..]; 2], lists);
        for name in lists.iter().copied().flatten() {
            let is_on = |t: &usize| scripts.get(*t).is_some_and(|t| script.on.is_subset(t.on));
            behind.extend(providers.get(name.as_str()).into_iter().flat_map(Providers::all).filter(is_on));
        }
        sort::slice(&mut behind);
        behind.dedup();
        edges.to.extend_from_slice(&behind);
        edges.from.push(edges.to.len());
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
            let after = edges.of(i).iter().filter_map(|t| numbers.get(*t).copied()).fold(before, adjust);
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

/// Which scripts are left when whatever is behind nothing, or only behind what has gone, is taken
/// away: the knots, and what is behind them.
fn knotted(edges: &Edges) -> Vec<bool> {
    let before = edges.turned();
    let mut waits: Vec<usize> = (0..edges.len()).map(|i| edges.of(i).len()).collect();
    let mut free: Vec<usize> = (0..edges.len()).filter(|i| waits.get(*i) == Some(&0)).collect();
    let mut left = vec![true; edges.len()];
    while let Some(at) = free.pop() {
        if let Some(slot) = left.get_mut(at) {
            *slot = false;
        }
        for i in before.of(at) {
            if let Some(count) = waits.get_mut(*i) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    free.push(*i);
                }
            }
        }
    }
    left
}

/// One cycle of each knot in the graph.
fn circles(scripts: &[Script<'_>], edges: &Edges, direction: Direction) -> Vec<Cycle> {
    let left = knotted(edges);
    let is_left = |i: usize| left.get(i).copied().unwrap_or(false);
    let first = |at: usize| edges.of(at).iter().copied().find(|t| is_left(*t));
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for start in (0..edges.len()).filter(|i| is_left(*i)) {
        let mut path = Vec::new();
        let mut at = start;
        while seen.insert(at) {
            path.push(at);
            match first(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if let Some(from) = path.iter().position(|i| *i == at) {
            let names = path.get(from..).unwrap_or_default();
            let mut names: Vec<String> =
                names.iter().filter_map(|i| scripts.get(*i)).map(|s| s.name.to_owned()).collect();
            let least = names.iter().enumerate().min_by_key(|(_, n)| n.as_str()).map_or(0, |(i, _)| i);
            names.rotate_left(least);
            found.push(Cycle { direction, names });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::header;

    fn parse(text: &str) -> Header {
        let block = text.replace("LSB", "### BEGIN INIT INFO").replace('|', "\n# ");
        header::parse(format!("{block}\n").as_bytes()).unwrap()
    }

    fn run(host: &[(&str, &str)]) -> (Vec<(String, u8, u8)>, Vec<String>) {
        let headers: Vec<Header> = host.iter().map(|(_, text)| parse(text)).collect();
        let scripts: Vec<Script<'_>> = host
            .iter()
            .zip(&headers)
            .map(|((name, _), header)| Script::of(name, header, header.levels))
            .collect();
        let (numbers, cycles) = compute(&scripts);
        let rows = host.iter().zip(numbers).map(|((n, _), x)| ((*n).to_owned(), x.start.get(), x.stop.get()));
        (rows.collect(), cycles.iter().map(Cycle::to_string).collect())
    }

    fn numbers(host: &[(&str, &str)]) -> Vec<(u8, u8)> {
        run(host).0.into_iter().map(|(_, s, k)| (s, k)).collect()
    }

    /// sysv.md 1.8, points 1 and 2.
    #[test]
    fn behind_what_it_requires() {
        let net = ("network", "# chkconfig: 2345 10 90|Provides: $network");
        let app = "LSB|Default-Start: 3 5|Required-Start: $network|Required-Stop: $network";
        assert_eq!(numbers(&[net, ("app", app)]), [(10, 90), (50, 50)]);
        let late = ("network", "# chkconfig: 2345 60 30|Provides: $network");
        assert_eq!(numbers(&[late, ("app", app)]), [(60, 30), (61, 29)]);
        // Should-* counts like Required-*, and a name counts like what is provided.
        let should = "LSB|Default-Start: 3 5|Should-Start: network|Should-Stop: network";
        assert_eq!(numbers(&[("app", should), late]), [(61, 29), (60, 30)]);
        // Not where the other is off in a level where this one is on.
        assert_eq!(numbers(&[late, ("app", &app.replace("3 5", "1 3"))])[1], (50, 50));
        // A facility that nobody provides is a plain name and matches nothing.
        assert_eq!(numbers(&[("app", app)]), [(50, 50)]);
        // The chkconfig line gives the first numbers; without the LSB block nothing moves.
        assert_eq!(numbers(&[late, ("app", &format!("{app}|chkconfig: 35 70 20"))])[1], (70, 20));
        assert_eq!(numbers(&[late, ("app", "# chkconfig: 35 20 80|Required-Start: $network")])[1], (20, 80));
    }

    #[test]
    fn chains_and_ends() {
        let lsb =
            |needs: &str| format!("LSB|Default-Start: 3|Required-Start: {needs}|Required-Stop: {needs}");
        let host = [("c", lsb("b")), ("b", lsb("a")), ("a", lsb(""))];
        let host: Vec<(&str, &str)> = host.iter().map(|(n, t)| (*n, t.as_str())).collect();
        assert_eq!(numbers(&host), [(52, 48), (51, 49), (50, 50)]);
        let end = [("b", lsb("a")), ("a", "# chkconfig: 3 99 0".to_owned())];
        let end: Vec<(&str, &str)> = end.iter().map(|(n, t)| (*n, t.as_str())).collect();
        assert_eq!(numbers(&end), [(99, 0), (99, 0)]);
    }

    /// sysv.md 1.8, point 4, and the names that the real one does not tell.
    #[test]
    fn circles_are_named() {
        let lsb = |needs: &str| format!("LSB|Default-Start: 3|Required-Start: {needs}");
        let host =
            [("z", lsb("y")), ("y", lsb("x")), ("x", lsb("z")), ("w", lsb("x")), ("self", lsb("self"))];
        let host: Vec<(&str, &str)> = host.iter().map(|(n, t)| (*n, t.as_str())).collect();
        let (rows, cycles) = run(&host);
        assert!(rows.iter().all(|(_, s, k)| (*s, *k) == (99, 50)), "{rows:?}");
        assert_eq!(cycles.len(), 2, "{cycles:?}");
        assert!(cycles[0].ends_with("S99: x -> z -> y -> x"), "{cycles:?}");
        assert!(cycles[1].ends_with("S99: self -> self"), "{cycles:?}");
    }

    /// sysv.md 1.7, `install_initd`.
    #[test]
    fn unmet_requirements() {
        let app = parse("LSB|Default-Start: 3|Required-Start: $local_fs net gone|Required-Stop: off");
        let net = parse("# chkconfig: 345 1 2|Provides: net");
        let off = parse("# chkconfig: - 1 2");
        let host = [Script::of("network", &net, net.levels), Script::of("off", &off, off.levels)];
        assert_eq!(unmet(&host, &Script::of("app", &app, app.levels)), ["gone", "off"]);
    }

    proptest::proptest! {
        /// The result does not depend on the order of the scripts, and every edge holds but at the ends.
        #[test]
        fn any_order(links in proptest::collection::vec((0usize..8, 0usize..8), 0..14), turn in 0usize..8) {
            let text = |i: usize| {
                let needs: Vec<String> = links.iter().filter(|(a, _)| *a == i).map(|(_, b)| format!("s{b}")).collect();
                format!("LSB|Default-Start: 3|Required-Start: {0}|Required-Stop: {0}", needs.join(" "))
            };
            let mut host: Vec<(String, String)> = (0..8).map(|i| (format!("s{i}"), text(i))).collect();
            let sorted = |host: &[(String, String)]| {
                let host: Vec<(&str, &str)> = host.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
                let mut rows = run(&host).0;
                rows.sort();
                rows
            };
            let one = sorted(&host);
            host.rotate_left(turn);
            proptest::prop_assert_eq!(&one, &sorted(&host));
            for (a, b) in &links {
                let (a, b) = (&one[*a], &one[*b]);
                proptest::prop_assert!(a.1 > b.1 || a.1 == 99);
                proptest::prop_assert!(a.2 < b.2 || a.2 == 0);
            }
        }
    }
}
