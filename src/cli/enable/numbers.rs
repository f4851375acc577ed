//! S and K numbers for amr's scripts, so that After= and Before= hold among the scripts of the host.

use super::request::{Changed, LinkRequest, Request, refuse};
use crate::cli::exit::Class;
use crate::cli::scripts::{Owner, Script};
use crate::sysv::assign::{Edge, Node, Placement, assign};
use crate::sysv::initd::Spec;
use crate::sysv::links::{FoundLinks, LinkAction};
use crate::sysv::priority::Numbers;
use crate::unit::load::Loader;
use crate::unit::model::{DepKind, LoadState, Unit};
use crate::unit::name::UnitName;
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// Scripts that stand for systemd's targets, the first that is there.
const TARGETS: [(&str, &[&str]); 6] = [
    ("network.target", &["network", "networking", "NetworkManager"]),
    ("network-online.target", &["network", "networking", "NetworkManager"]),
    ("remote-fs.target", &["netfs", "mountnfs.sh"]),
    ("time-sync.target", &["chronyd", "ntpd", "ntpdate", "ntp"]),
    ("nss-lookup.target", &["named", "bind9"]),
    ("rpcbind.target", &["rpcbind", "portmap"]),
];

/// The numbers of every script of amr's that is to be started, by name.
///
/// # Errors
/// An order that no numbers can give.
pub(super) fn numbers(request: &Request, found: &FoundLinks) -> Changed<BTreeMap<String, Numbers>> {
    let ours: Vec<&LinkRequest> = request.wanted.iter().filter(|w| !request.is_foreign(w)).collect();
    let is_ours = |name: &str| ours.iter().any(|w| w.script == name);
    let mut nodes = Vec::new();
    for script in request.scripts.values().filter(|s| !is_ours(&s.name)) {
        // One of ours that no level starts is started by the unit that pulls it in.
        let name = OsStr::new(&script.name);
        let counts = script.owner == Owner::Other || !found.on(name).is_empty();
        if let Some(numbers) = has(script, found).filter(|_| counts) {
            let place = if script.owner == Owner::Amr && !script.overridden {
                Placement::Free
            } else {
                Placement::Fixed
            };
            nodes.push(Node { name: script.name.clone(), numbers, place });
        }
    }
    for wanted in &ours {
        let there = request.scripts.get(&wanted.script);
        let shipped = shipped(&wanted.script);
        let is_set = there.is_some_and(|s| s.overridden) || shipped.is_some();
        let place = if is_set { Placement::Fixed } else { Placement::Free };
        let numbers = there.and_then(own).or(shipped).unwrap_or_else(by_default);
        nodes.push(Node { name: wanted.script.clone(), numbers, place });
    }
    let edges = edges(request, &nodes);
    match assign(&nodes, &edges) {
        Ok(mut numbers) => {
            let set = nodes.iter().filter(|n| n.place == Placement::Fixed && is_ours(&n.name));
            numbers.extend(set.map(|n| (n.name.clone(), n.numbers)));
            Ok(numbers)
        }
        Err(e) => refuse(
            Class::Failed,
            e.to_string(),
            Some("change After= or Before=, or give a script other numbers in '/etc/chkconfig.d'"),
        ),
    }
}

/// What a script is linked with, else what it asks for.
fn has(script: &Script, found: &FoundLinks) -> Option<Numbers> {
    let own = own(script);
    let of = |turn| {
        let entries = found.links_of(OsStr::new(&script.name)).iter().filter(|e| e.turn == turn);
        let down = |e: &&crate::sysv::links::Entry| matches!(e.level.get(), 0 | 6);
        let mut best: Vec<_> = entries.filter(|e| turn == LinkAction::Start || down(e)).collect();
        best.sort_by_key(|e| e.priority);
        best.first().map(|e| e.priority)
    };
    let start = of(LinkAction::Start).or(own.map(|n| n.start))?;
    let stop = of(LinkAction::Stop).or(own.map(|n| n.stop))?;
    Some(Numbers { start, stop })
}

fn own(script: &Script) -> Option<Numbers> {
    script.header.as_ref().and_then(Numbers::of_header)
}

/// The numbers that ship belong together: writers, then the drain, then the shipper, then the network.
fn shipped(name: &str) -> Option<Numbers> {
    let spec = Spec::shipped_as(name)?;
    Some(Numbers { start: spec.start, stop: spec.stop })
}

fn by_default() -> Numbers {
    let number = |n| crate::sysv::level::Priority::new(n).unwrap_or(crate::sysv::level::Priority::MIDDLE);
    Numbers { start: number(95), stop: number(20) }
}

/// Every After= and Before= with one of ours on one side and a script of the host on the other.
fn edges(request: &Request, nodes: &[Node]) -> Vec<Edge> {
    let facts = request.ctx.facts();
    let loader = Loader::new(&request.ctx.root, &request.ctx.unit_paths, &facts);
    let is_free = |name: &str| nodes.iter().any(|n| n.name == name && n.place == Placement::Free);
    let mut edges = Vec::new();
    for me in nodes {
        let Some(unit) = unit_of(request, &loader, &me.name) else { continue };
        for dep in unit.deps.iter().filter(|d| matches!(d.kind, DepKind::After | DepKind::Before)) {
            for other in scripts_of(request, &dep.on, nodes).into_iter().filter(|o| *o != me.name) {
                let (earlier, later) = if dep.kind == DepKind::After {
                    (other, me.name.clone())
                } else {
                    (me.name.clone(), other)
                };
                if is_free(&earlier) || is_free(&later) {
                    edges.push(Edge { earlier, later, origin: dep.origin.clone() });
                }
            }
        }
    }
    edges
}

fn unit_of(request: &Request, loader: &Loader, script: &str) -> Option<Unit> {
    let wanted = request.wanted.iter().find(|w| w.script == script).and_then(|w| w.unit.clone());
    wanted.or_else(|| {
        let named = request.scripts.get(script).and_then(|s| s.header.as_ref()?.unit.clone());
        let unit = loader.load(&UnitName::parse_or_service(named.as_deref().unwrap_or(script)).ok()?);
        (unit.load == LoadState::Loaded).then_some(unit)
    })
}

/// The scripts that stand for a unit on this host: its own, those of its aliases, or a target's.
fn scripts_of(request: &Request, unit: &UnitName, nodes: &[Node]) -> Vec<String> {
    let is_there = |name: &str| nodes.iter().any(|n| n.name == name);
    if let Some((_, scripts)) = TARGETS.iter().find(|(target, _)| *target == unit.as_str()) {
        return scripts.iter().find(|s| is_there(s)).map(|s| (*s).to_owned()).into_iter().collect();
    }
    let aliases = request.wanted.iter().filter(|w| w.unit.as_ref().is_some_and(|u| u.name == *unit));
    let mut scripts: Vec<String> = aliases.map(|w| w.script.clone()).filter(|s| is_there(s)).collect();
    if unit.as_str().ends_with(".service")
        && is_there(unit.stem())
        && !scripts.iter().any(|s| s == unit.stem())
    {
        scripts.push(unit.stem().to_owned());
    }
    scripts
}
