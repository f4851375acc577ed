//! The numbers that insserv gives on Debian: how deep a script's dependencies go. Pure.
//!
//! At start a script comes one number behind the last of those it requires; at stop one number
//! behind the last of those that require it. `$all` is behind all others at start and before them
//! at stop. A script with X-Interactive has a number to itself at start. Numbers are counted from 1, for the
//! scripts of rcS.d, for those that other runlevels start, and for those that some runlevel stops,
//! each by themselves. `$facility` names are sets of scripts from `/etc/insserv.conf`.

use super::level::Priority;
use super::lsb::Block;
use std::collections::{BTreeMap, BTreeSet};

/// What `/etc/insserv.conf` and its folder say a `$facility` stands for.
pub type Facilities = BTreeMap<String, Vec<String>>;

/// The line of insserv.conf that names the scripts which talk to a person.
const INTERACTIVE: &str = "<interactive>";

/// Reads one file of insserv's configuration; later files and lines add to earlier ones. A `+`
/// before a name means that it need not be there, which none of them need here.
pub fn read_facilities(text: &str, into: &mut Facilities) {
    for line in text.lines().filter(|l| l.starts_with('$') || l.starts_with(INTERACTIVE)) {
        let mut words = line.split([' ', '\t', '=', ':', ',', ';']).filter(|w| !w.is_empty());
        if let Some(name) = words.next() {
            let members = words.map(|w| w.strip_prefix('+').unwrap_or(w).to_owned());
            into.entry(name.to_ascii_lowercase()).or_default().extend(members);
        }
    }
}

/// A script with links, those included that it is about to get.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a> {
    /// Its name in init.d.
    pub name: &'a str,
    /// What it says.
    pub block: &'a Block,
    /// Has it an S link in rcS.d?
    pub boots: bool,
    /// Has it an S link in another level?
    pub starts: bool,
    /// Has it a K link in some level?
    pub stops: bool,
}

/// Start and stop number of each script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depths {
    /// In the order of the scripts given.
    pub numbers: Vec<(Priority, Priority)>,
    /// Scripts whose dependencies go in a circle, by name; insserv refuses to go on with them.
    pub circles: Vec<String>,
}

/// Counts the depths of all scripts that have links, or are about to.
#[must_use]
pub fn depths(scripts: &[Linked<'_>], facilities: &Facilities) -> Depths {
    let names = Names::new(scripts, facilities);
    let start = names.edges(scripts, |b| [&b.required_start, &b.should_start], |b| &b.start_before);
    let stop = names.edges(scripts, |b| [&b.required_stop, &b.should_stop], |b| &b.stop_after);
    // At stop everything runs the other way round.
    let mut before_stop = vec![BTreeSet::new(); scripts.len()];
    for (script, needs) in stop.iter().enumerate() {
        for need in needs {
            if let Some(set) = before_stop.get_mut(*need) {
                set.insert(script);
            }
        }
    }
    let listed = facilities.get(INTERACTIVE).map_or(&[][..], Vec::as_slice);
    let is_listed = |s: &Linked<'_>| listed.iter().any(|n| n == s.name || s.block.provides.contains(n));
    let is_interactive = |i: usize| scripts.get(i).is_some_and(|s| s.block.interactive || is_listed(s));
    let of = |counts: fn(&Linked<'_>) -> bool| -> BTreeSet<usize> {
        scripts.iter().enumerate().filter(|(_, s)| counts(s)).map(|(i, _)| i).collect()
    };
    let boot = of(|s| s.boots);
    let up = of(|s| s.starts);
    let down = of(|s| s.stops);
    let (at_boot, boot_circles) = count(&start, &boot, &is_interactive);
    let (at_start, start_circles) = count(&start, &up, &is_interactive);
    let (at_stop, stop_circles) = count(&before_stop, &down, &|_| false);
    let circles = [boot_circles, start_circles, stop_circles].into_iter().flatten().collect::<BTreeSet<_>>();
    let number = |n: u8| Priority::new(n).unwrap_or(Priority::MIDDLE);
    // A script that both start has the later place in both.
    let starts = at_boot.iter().zip(&at_start).map(|(boot, up)| *boot.max(up));
    Depths {
        numbers: starts.zip(at_stop).map(|(start, stop)| (number(start), number(stop))).collect(),
        circles: circles.iter().filter_map(|i| scripts.get(*i)).map(|s| s.name.to_owned()).collect(),
    }
}

struct Names<'a> {
    providers: BTreeMap<&'a str, BTreeSet<usize>>,
    facilities: &'a Facilities,
    /// Those that are behind everything else.
    all: BTreeSet<usize>,
}

impl<'a> Names<'a> {
    fn new(scripts: &[Linked<'a>], facilities: &'a Facilities) -> Self {
        let mut providers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (i, script) in scripts.iter().enumerate() {
            for provided in script.block.provides.iter().map(String::as_str).chain([script.name]) {
                providers.entry(provided).or_default().insert(i);
            }
        }
        let wants_all = |b: &Block| {
            [&b.required_start, &b.should_start, &b.required_stop, &b.should_stop]
                .iter()
                .any(|list| list.iter().any(|n| n == "$all"))
        };
        let all = scripts.iter().enumerate().filter(|(_, s)| wants_all(s.block)).map(|(i, _)| i).collect();
        Self { providers, facilities, all }
    }

    /// The scripts that a name stands for.
    fn resolve(&self, name: &str, seen: &mut BTreeSet<String>) -> BTreeSet<usize> {
        let mut found = self.providers.get(name).cloned().unwrap_or_default();
        let key = name.to_ascii_lowercase();
        if let Some(members) = self.facilities.get(&key)
            && seen.insert(key)
        {
            found.extend(members.iter().flat_map(|m| self.resolve(m, seen)));
        }
        found
    }

    /// For each script those that it must come behind.
    fn edges(
        &self,
        scripts: &[Linked<'_>],
        needs: fn(&Block) -> [&Vec<String>; 2],
        before: fn(&Block) -> &Vec<String>,
    ) -> Vec<BTreeSet<usize>> {
        let mut edges = vec![BTreeSet::new(); scripts.len()];
        for (i, Linked { block, .. }) in scripts.iter().enumerate() {
            for name in needs(block).into_iter().flatten() {
                let behind = match name.as_str() {
                    "$all" => (0..scripts.len()).filter(|t| !self.all.contains(t)).collect(),
                    name => self.resolve(name, &mut BTreeSet::new()),
                };
                if let Some(set) = edges.get_mut(i) {
                    set.extend(behind.into_iter().filter(|t| *t != i));
                }
            }
            for later in before(block).iter().flat_map(|name| self.resolve(name, &mut BTreeSet::new())) {
                if let Some(set) = edges.get_mut(later).filter(|_| later != i) {
                    set.insert(i);
                }
            }
        }
        edges
    }
}

/// Numbers in the order of depth among those that count, 0 for others; and who is in or behind a
/// circle (they come last).
fn count(
    edges: &[BTreeSet<usize>],
    counted: &BTreeSet<usize>,
    is_interactive: &dyn Fn(usize) -> bool,
) -> (Vec<u8>, BTreeSet<usize>) {
    let mut numbers = vec![0u8; edges.len()];
    let mut left = counted.clone();
    let mut number = 0u8;
    while !left.is_empty() {
        let ready: Vec<usize> =
            left.iter().copied().filter(|i| edges.get(*i).is_some_and(|e| e.is_disjoint(&left))).collect();
        if ready.is_empty() {
            break;
        }
        number = number.saturating_add(1).min(99);
        let alone = ready.iter().copied().find(|i| is_interactive(*i));
        // An interactive script runs by itself; the others of its depth come next.
        for i in alone.map_or(ready, |i| vec![i]) {
            if let Some(slot) = numbers.get_mut(i) {
                *slot = number;
            }
            left.remove(&i);
        }
    }
    for i in &left {
        if let Some(slot) = numbers.get_mut(*i) {
            *slot = number.saturating_add(1).min(99);
        }
    }
    (numbers, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::lsb;

    fn block(name: &str, needs: &str, more: &str) -> Block {
        let text = format!(
            "### BEGIN INIT INFO\n# Provides: {name}\n# Required-Start: {needs}\n# Required-Stop: {needs}\n\
             # Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n# {more}\n### END INIT INFO\n"
        );
        lsb::parse(text.as_bytes()).unwrap()
    }

    /// As its block wants to be linked.
    fn linked<'a>(name: &'a str, block: &'a Block) -> Linked<'a> {
        let (start, stop) = (block.default_start, block.default_stop);
        let (starts, stops) = (!start.levels.is_empty(), !stop.levels.is_empty());
        Linked { name, block, boots: start.boot, starts, stops }
    }

    fn run(host: &[(&str, &str, &str)], conf: &str) -> (Vec<(u8, u8)>, Vec<String>) {
        let blocks: Vec<Block> = host.iter().map(|(n, needs, more)| block(n, needs, more)).collect();
        let scripts: Vec<Linked<'_>> = host.iter().zip(&blocks).map(|((n, _, _), b)| linked(n, b)).collect();
        let mut facilities = Facilities::new();
        read_facilities(conf, &mut facilities);
        let depths = depths(&scripts, &facilities);
        (depths.numbers.iter().map(|(s, k)| (s.get(), k.get())).collect(), depths.circles)
    }

    /// sysv.md 4.
    #[test]
    fn depth_of_dependencies() {
        let conf = "# comment\n$network networking +ifupdown\n$syslog\t+rsyslog\n$named $network +bind9\n";
        let host = [
            ("networking", "", ""),
            ("bind9", "$network", ""),
            ("app", "$named", ""),
            ("hook", "$network filebeat", ""),
            ("filebeat", "$Network", ""),
        ];
        let (numbers, circles) = run(&host, conf);
        assert_eq!(numbers, [(1, 3), (2, 2), (3, 1), (3, 1), (2, 2)]);
        assert!(circles.is_empty());
    }

    #[test]
    fn all_is_last_at_start_and_first_at_stop() {
        let host = [("a", "", ""), ("b", "a", ""), ("last", "$all", ""), ("also", "$all", "")];
        assert_eq!(run(&host, "").0, [(1, 3), (2, 2), (3, 1), (3, 1)]);
    }

    /// As insserv 1.24 of Debian 12 numbers them.
    #[test]
    fn boot_and_runlevels_are_counted_apart() {
        let text = |name: &str, needs: &str, start: &str, stop: &str| {
            let text = format!(
                "### BEGIN INIT INFO\n# Provides: {name}\n# Required-Start: {needs}\n# Required-Stop: {needs}\n\
                 # Default-Start: {start}\n# Default-Stop: {stop}\n### END INIT INFO\n"
            );
            lsb::parse(text.as_bytes()).unwrap()
        };
        let blocks = [
            text("mountall", "", "S", ""),
            text("mountnfs", "mountall", "S", ""),
            text("sendsigs", "mountnfs", "", "0 6"),
            text("app", "mountnfs sendsigs", "2 3", "0 6"),
        ];
        let scripts: Vec<Linked<'_>> = blocks.iter().map(|b| linked(&b.provides[0], b)).collect();
        let numbers = depths(&scripts, &Facilities::new()).numbers;
        let numbers: Vec<(u8, u8)> = numbers.iter().map(|(s, k)| (s.get(), k.get())).collect();
        assert_eq!(numbers, [(1, 0), (2, 0), (0, 2), (1, 1)]);
    }

    #[test]
    fn interactive_and_reversed() {
        let host = [("a", "", ""), ("ask", "", "X-Interactive: true"), ("b", "ask", "")];
        assert_eq!(run(&host, "").0, [(2, 1), (1, 2), (2, 1)]);
        // Those that the configuration names.
        let host = [("x", "", ""), ("udev", "", ""), ("y", "udev", "")];
        assert_eq!(run(&host, "<interactive> glibc udev\n").0, [(2, 1), (1, 2), (2, 1)]);
        // At stop it is like all others.
        let host = [("a", "", ""), ("ask", "", "X-Interactive: true"), ("b", "a", "")];
        assert_eq!(run(&host, "").0, [(2, 2), (1, 1), (3, 1)]);
        let host = [("a", "", ""), ("first", "", "X-Start-Before: a"), ("c", "", "X-Stop-After: a")];
        assert_eq!(run(&host, "").0, [(2, 1), (1, 1), (1, 2)]);
    }

    #[test]
    fn circles_come_last_and_are_named() {
        let (numbers, circles) =
            run(&[("a", "b", ""), ("b", "a", ""), ("c", "", ""), ("self", "self", "")], "");
        assert_eq!((numbers[2], circles), ((1, 1), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(run(&[("a", "$x", "")], "$x $y\n$y $x a\n").0, [(1, 1)], "facilities in a circle");
    }

    proptest::proptest! {
        /// Without a circle every edge holds in both directions.
        #[test]
        fn edges_hold(links in proptest::collection::vec((1usize..7, 0usize..6), 0..12)) {
            let needs = |i: usize| links.iter().filter(|(a, b)| *a == i && b < a).map(|(_, b)| format!("s{b} ")).collect::<String>();
            let rows: Vec<(String, String)> = (0..7).map(|i| (format!("s{i}"), needs(i))).collect();
            let host: Vec<(&str, &str, &str)> = rows.iter().map(|(n, d)| (n.as_str(), d.as_str(), "")).collect();
            let (numbers, circles) = run(&host, "");
            proptest::prop_assert!(circles.is_empty());
            for (a, b) in links.iter().filter(|(a, b)| b < a) {
                proptest::prop_assert!(numbers[*a].0 > numbers[*b].0 && numbers[*a].1 < numbers[*b].1);
            }
        }
    }
}
