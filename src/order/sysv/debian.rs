//! Debian's `/lib/init/rc` (sysv-rc 3.06): by numbers, and by insserv's files with startpar. No
//! lock file matters here; in runlevels 0 and 6 the S links are called with `stop` as well. Pure.

use super::host::{Link, SysvHost, tail};
use super::steps::{chain, empty, step};
use crate::order::obstacle::Obstacle;
use crate::order::step::{Act, Order, OrderOptions, Plan, Role, Step, StepOutcome, Transition, Wait, Why};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Scripts that end all processes that are left.
const KILLERS: [&str; 2] = ["sendsigs", "killprocs"];

/// The steps on `way` where the numbers of the links decide.
#[must_use]
pub fn by_numbers(host: &SysvHost, way: Transition, options: &OrderOptions) -> Plan {
    let level = way.level(host.runlevel);
    let down = way.is_down();
    let mut plan = empty(host, way);
    let (up, stopped) = (host.services(host.runlevel, 'S'), host.services(host.runlevel, 'K'));
    for link in host.links(level, 'K') {
        // Down already: a K link and no S link in the level that the host comes from.
        let is_down = tail(&link.name).is_some_and(|s| stopped.contains(s) && !up.contains(s));
        if way != Transition::Boot && !is_down {
            plan.steps.push(step(host, link, Act::Stop, options));
        }
    }
    for link in host.links(level, 'S') {
        let act = if down { Act::Stop } else { Act::Start };
        let is_up = tail(&link.name).is_some_and(|s| up.contains(s));
        if down || way == Transition::Boot || !is_up {
            plan.steps.push(step(host, link, act, options));
        }
    }
    if down {
        mark_killed(&mut plan.steps);
        mark_doubles(&mut plan.steps);
    }
    chain(host, &mut plan.steps, &SysvHost::folder(level));
    plan
}

/// What stands behind a killer has no process left to stop; said of those that matter to the drain.
/// (The network is no process.)
fn mark_killed(steps: &mut [Step]) {
    let killer = steps.iter().position(|s| KILLERS.contains(&s.name.as_str()) && s.fate == StepOutcome::Runs);
    let Some(at) = killer else { return };
    let by = steps.get(at).map(|s| s.shown.clone()).unwrap_or_default();
    for step in steps.iter_mut().skip(at + 1).filter(|s| s.shown.starts_with('K') && has_process(s.role)) {
        step.obstacles.push(Obstacle::KilledFirst { by: by.clone() });
    }
}

fn has_process(role: Role) -> bool {
    match role {
        Role::Writer | Role::Drain | Role::Shipper => true,
        Role::Network | Role::Other => false,
    }
}

/// A second K link of a service finds it stopped.
fn mark_doubles(steps: &mut [Step]) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for step in steps.iter_mut().filter(|s| s.fate == StepOutcome::Runs) {
        match first.get(&step.name) {
            Some(earlier) => step
                .obstacles
                .push(Obstacle::OlderKillLink { first: earlier.clone(), meant: step.shown.clone() }),
            None => {
                first.insert(step.name.clone(), step.shown.clone());
            }
        }
    }
}

/// One of insserv's files: a line of all names, and for each name what goes before it.
struct DependFile {
    targets: Vec<String>,
    before: BTreeMap<String, Vec<(String, u32)>>,
}

/// Reads the makefile language that insserv writes and startpar reads.
fn parse(text: &str) -> DependFile {
    let mut file = DependFile { targets: Vec::new(), before: BTreeMap::new() };
    for (line, number) in text.lines().zip(1_u32..) {
        if let Some(names) = line.strip_prefix("TARGETS =") {
            file.targets = names.split_whitespace().map(str::to_owned).collect();
        } else if let Some((name, needs)) = line.split_once(':') {
            let needs = needs.split_whitespace().map(|n| (n.to_owned(), number));
            file.before.entry(name.trim().to_owned()).or_default().extend(needs);
        }
    }
    file
}

/// The steps on `way` where insserv's files decide.
#[must_use]
pub fn by_depend(host: &SysvHost, way: Transition, options: &OrderOptions) -> Plan {
    let level = way.level(host.runlevel);
    let mut plan = empty(host, way);
    if way != Transition::Boot {
        let mut stops = runnable(host, level, 'K', Act::Stop, options);
        let stopped = host.services(host.runlevel, 'K');
        stops.retain(|s| !stopped.contains(s.name.as_str()));
        append(&mut plan.steps, stops, &host.depend.stop, ".depend.stop");
    }
    if way.is_down() {
        // rc runs the S links of 0 and 6 by their numbers, after all K links.
        let from = plan.steps.len();
        for link in host.links(level, 'S') {
            plan.steps.push(step(host, link, Act::Stop, options));
        }
        serial_tail(&mut plan.steps, from);
        mark_unordered_killers(&mut plan);
    } else {
        let mut starts = runnable(host, level, 'S', Act::Start, options);
        let up = host.services(host.runlevel, 'S');
        starts.retain(|s| way == Transition::Boot || !up.contains(s.name.as_str()));
        append(&mut plan.steps, starts, &host.depend.start, ".depend.start");
    }
    plan
}

/// The scripts with a link in the level that the file knows; the others are ignored.
fn runnable(host: &SysvHost, level: u8, letter: char, act: Act, options: &OrderOptions) -> Vec<Step> {
    let text = if act == Act::Stop { &host.depend.stop } else { &host.depend.start };
    let known = parse(text).targets.into_iter().collect::<BTreeSet<_>>();
    let listed = |l: &&Link| tail(&l.name).is_some_and(|s| known.contains(s));
    host.links(level, letter).into_iter().filter(listed).map(|l| step(host, l, act, options)).collect()
}

/// Adds `new` behind `steps` in an order that the file allows.
fn append(steps: &mut Vec<Step>, new: Vec<Step>, text: &str, file: &str) {
    let depend = parse(text);
    let rank = depend.targets.iter().enumerate().map(|(at, n)| (n.as_str(), at)).collect::<BTreeMap<_, _>>();
    let mut left: Vec<Step> = new;
    left.sort_by_key(|s| rank.get(s.name.as_str()).copied());
    let from = steps.len();
    while !left.is_empty() {
        let waiting = left.iter().map(|s| s.name.clone()).collect::<BTreeSet<_>>();
        let free = |s: &Step| {
            depend.before.get(&s.name).is_none_or(|needs| !needs.iter().any(|(n, _)| waiting.contains(n)))
        };
        let (now, later): (Vec<Step>, Vec<Step>) = left.into_iter().partition(free);
        // A circle: startpar runs the rest all the same.
        let (now, later) = if now.is_empty() { (later, Vec::new()) } else { (now, later) };
        for mut step in now {
            step.waits = waits(steps, from, &depend, &step.name, file);
            steps.push(step);
        }
        left = later;
    }
}

fn waits(steps: &[Step], from: usize, depend: &DependFile, name: &str, file: &str) -> Vec<Wait> {
    let path = PathBuf::from("/etc/init.d").join(file);
    let mut waits = Vec::new();
    for (need, line) in depend.before.get(name).into_iter().flatten() {
        let on = steps.iter().enumerate().skip(from).find(|(_, s)| s.name == *need).map(|(at, _)| at);
        if let Some(on) = on {
            let why = Why::clause(format!("{name}: {need}"), Some((path.clone(), *line)));
            waits.push(Wait { on, why });
        }
    }
    waits
}

/// The steps from `from` on run one by one, the first after all before it.
fn serial_tail(steps: &mut [Step], from: usize) {
    for at in from..steps.len() {
        let on: Vec<usize> = if at == from { (0..from).collect() } else { vec![at - 1] };
        if let Some(step) = steps.get_mut(at) {
            let why = Why::clause("rc runs S links after all K links, by number".to_owned(), None);
            step.waits = on.into_iter().map(|on| Wait { on, why: why.clone() }).collect();
        }
    }
}

/// What a killer does not wait for may be killed; said of those that matter to the drain.
fn mark_unordered_killers(plan: &mut Plan) {
    let is_killer = |s: &Step| KILLERS.contains(&s.name.as_str());
    let killers: Vec<usize> =
        plan.steps.iter().enumerate().filter(|(_, s)| is_killer(s)).map(|(at, _)| at).collect();
    let concerned: Vec<usize> =
        plan.steps.iter().enumerate().filter(|(_, s)| has_process(s.role)).map(|(at, _)| at).collect();
    for at in concerned {
        let free = killers.iter().find(|killer| plan.order(at, **killer) != Order::Before);
        let by = free.and_then(|k| plan.steps.get(*k)).map(|s| s.shown.clone());
        if let (Some(by), Some(step)) = (by, plan.steps.get_mut(at)) {
            step.obstacles.push(Obstacle::KilledFirst { by });
        }
    }
}
