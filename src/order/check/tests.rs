//! A host for each reason, and hosts that people really set up.

mod words;

use super::*;
use crate::order::fixture::{empty, name, service_mut, unit};
use crate::order::graph::Graph;
use crate::order::systemd::{self, SystemdHost};
use crate::order::sysv::beside::When;
use crate::order::sysv::tests::{depend_host, host, numbers_host, shipper_of_upstart};
use crate::order::sysv::{self, LinkTarget, SysvHost};
use crate::order::transaction::Activity;
use crate::order::{render, why};
use crate::unit::finding::Id;
use crate::unit::model::{LoadState, NotifyAccess, ServiceType, Unit};
use crate::unit::name::UnitName;
use crate::unit::value::Timeout;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

pub fn options() -> OrderOptions {
    OrderOptions {
        drains: list(&["drain"]),
        shippers: list(&["filebeat"]),
        writers: list(&["app"]),
        network: list(&["network", "networking"]),
        needs: Some(Duration::from_secs(600)),
        ..OrderOptions::default()
    }
}

fn sysv(host: &SysvHost) -> Report {
    check(&sysv::plan(host, Transition::PowerOff, &options()), &options())
}

/// The right order: writer, drain, shipper, network.
fn good() -> SysvHost {
    host(
        &["K15app", "K30drain", "K40filebeat", "K90network", "S00killall", "S01halt"],
        &["app", "drain", "filebeat", "network"],
    )
}

fn with(change: impl FnOnce(&mut SysvHost)) -> Report {
    let mut host = good();
    change(&mut host);
    sysv(&host)
}

fn down(host: &mut SysvHost) -> &mut Vec<sysv::Link> {
    host.levels.get_mut(&0).unwrap()
}

fn ids(report: &Report) -> Vec<&'static str> {
    report.met.iter().map(|f| f.obstacle.id().as_str()).collect()
}

/// The units of a host that drains well.
fn units() -> Vec<Unit> {
    let mut list: Vec<Unit> = [
        "network Conflicts=shutdown.target Before=shutdown.target,network.target Wants=network.target",
        "network.target Conflicts=shutdown.target Before=shutdown.target",
        "filebeat Conflicts=shutdown.target Before=shutdown.target After=network.target",
        "drain Conflicts=shutdown.target Before=shutdown.target,app After=filebeat,network.target",
        "app Conflicts=shutdown.target Before=shutdown.target",
    ]
    .iter()
    .map(|l| unit(l))
    .collect();
    let drain = service_mut(&mut list[3]);
    drain.kind = ServiceType::Oneshot;
    drain.remain_after_exit = true;
    drain.timeout_stop = Timeout::After(Duration::from_secs(900));
    list
}

struct Facts {
    units: Vec<Unit>,
    inactive: Vec<&'static str>,
    starting: Vec<&'static str>,
    scripts: Vec<&'static str>,
    options: OrderOptions,
}

fn systemd_with(change: impl FnOnce(&mut Facts)) -> (Plan, Report) {
    let mut facts =
        Facts { units: units(), inactive: vec![], starting: vec![], scripts: vec![], options: options() };
    change(&mut facts);
    let graph = std::rc::Rc::new(Graph::new(facts.units));
    let active = |u: &UnitName| {
        if facts.inactive.contains(&u.stem()) || u.as_str() == "shutdown.target" {
            Activity::Inactive
        } else if facts.starting.contains(&u.stem()) {
            Activity::Activating
        } else {
            Activity::Active
        }
    };
    let host = SystemdHost {
        graph: &graph,
        version: 252,
        active: &active,
        scripts: list(&facts.scripts),
        default_stop: Duration::from_secs(90),
        job_timeout: Some(Duration::from_secs(1800)),
        default_target: name("multi-user.target"),
    };
    let plan = systemd::plan(&host, Transition::Reboot, &facts.options).unwrap();
    let report = check(&plan, &facts.options);
    (plan, report)
}

fn on_systemd(change: impl FnOnce(&mut Facts)) -> Report {
    systemd_with(change).1
}

fn drain(facts: &mut Facts) -> &mut Unit {
    facts.units.iter_mut().find(|u| u.name == name("drain")).unwrap()
}

/// Takes an edge away.
fn without(facts: &mut Facts, unit: &str, on: &str) {
    let unit = facts.units.iter_mut().find(|u| u.name == name(unit)).unwrap();
    unit.deps.retain(|d| d.on != name(on));
}

fn generated(facts: &mut Facts) {
    let unit = drain(facts);
    unit.fragment = Some(PathBuf::from("/run/systemd/generator.late/drain.service"));
    service_mut(unit).timeout_stop = Timeout::After(Duration::from_secs(300));
}

/// For each reason a host that has it.
fn hosts() -> Vec<(&'static str, Report)> {
    vec![
        ("not-installed", {
            let options = OrderOptions { drains: list(&["nobody"]), ..options() };
            check(&sysv::plan(&good(), Transition::PowerOff, &options), &options)
        }),
        (
            "no-lock",
            with(|h| {
                h.locks.as_mut().unwrap().remove("drain");
            }),
        ),
        (
            "lock-named-otherwise",
            with(|h| {
                let locks = h.locks.as_mut().unwrap();
                locks.remove("drain");
                locks.insert("draind".to_owned());
                h.scripts.iter_mut().find(|s| s.name == "drain").unwrap().lock = Some("draind".to_owned());
            }),
        ),
        ("not-executable", with(|h| down(h)[1].executable = false)),
        ("name-filtered", {
            let host = host(&["K30drain.bak"], &["drain.bak"]);
            let options = OrderOptions { drains: list(&["drain.bak"]), ..options() };
            check(&sysv::plan(&host, Transition::PowerOff, &options), &options)
        }),
        (
            "no-kill-link",
            with(|h| {
                down(h).remove(1);
            }),
        ),
        (
            "kill-link-in-start-level",
            with(|h| {
                let link = down(h).remove(1);
                h.levels.get_mut(&3).unwrap().push(link);
            }),
        ),
        (
            "older-kill-link",
            with(|h| {
                let mut link = down(h)[2].clone();
                link.name = "K02filebeat".to_owned();
                down(h).push(link);
            }),
        ),
        (
            "link-broken",
            with(|h| {
                down(h)[1].target = LinkTarget::Dangling("../init.d/gone".to_owned());
                down(h)[1].executable = false;
            }),
        ),
        ("not-in-depend", {
            let mut host = depend_host();
            host.depend.stop = host.depend.stop.replace("drain", "");
            sysv(&host)
        }),
        ("killed-first", sysv(&numbers_host(&["K01sendsigs", "K30drain"], &["S31umountnfs"]))),
        ("never-started", on_systemd(|f| f.inactive.push("drain"))),
        (
            "oneshot-forgets",
            on_systemd(|f| {
                f.inactive.push("drain");
                service_mut(drain(f)).remain_after_exit = false;
            }),
        ),
        (
            "no-exec-start",
            on_systemd(|f| {
                f.inactive.push("drain");
                let service = service_mut(drain(f));
                service.remain_after_exit = false;
                service.exec.start.clear();
            }),
        ),
        ("still-starting", on_systemd(|f| f.starting.push("drain"))),
        ("no-shutdown-conflict", on_systemd(|f| without(f, "drain", "shutdown.target"))),
        (
            "masked",
            on_systemd(|f| {
                f.inactive.push("drain");
                drain(f).load = LoadState::Masked;
            }),
        ),
        (
            "hidden-by-unit",
            on_systemd(|f| {
                f.inactive.push("drain");
                f.scripts.push("drain");
            }),
        ),
        ("generated-limit", on_systemd(generated)),
        ("generated-order", on_systemd(generated)),
        (
            "stop-limit-short",
            on_systemd(|f| {
                service_mut(drain(f)).timeout_stop = Timeout::After(Duration::from_secs(90));
            }),
        ),
        ("job-timeout", on_systemd(|f| f.options.needs = Some(Duration::from_secs(2000)))),
        ("provider-limit", on_systemd(|f| f.options.provider_limit = Some(Duration::from_secs(120)))),
        ("network-down-first", with(|h| down(h)[3].name = "K10network".to_owned())),
        ("stops-beside-rc", with(|h| h.jobs = vec![shipper_of_upstart(When::AtOnce)])),
        ("shipper-stops-first", with(|h| down(h)[2].name = "K02filebeat".to_owned())),
        ("writer-still-runs", with(|h| down(h)[0].name = "K50app".to_owned())),
    ]
}

#[test]
fn every_reason_has_a_host_that_shows_it() {
    let mut seen = BTreeSet::new();
    for (id, report) in hosts() {
        let found = report.met.iter().find(|f| f.obstacle.id().as_str() == id);
        let found = found.unwrap_or_else(|| panic!("{id} is not found: {:?}", ids(&report)));
        assert_eq!(report.is_good(), report.met.iter().all(|f| f.obstacle.severity() == Severity::Note));
        assert!(!found.sentence().is_empty() && !found.remedy().is_empty());
        if found.obstacle.severity() == Severity::Error {
            assert!(!report.is_good(), "{id}");
        }
        seen.insert(id);
    }
    // The ids that `Obstacle::id` gives, from its source: a reason without a host is a gap.
    let source = include_str!("../obstacle.rs");
    let body = source.split("pub fn id").nth(1).unwrap().split("pub fn path").next().unwrap();
    let is_named = |id: &&Id| body.contains(&format!("=> Id::{id:?},"));
    let known: BTreeSet<&str> = Id::ALL.iter().filter(is_named).map(|id| id.as_str()).collect();
    assert_eq!(known, seen);
}

#[test]
fn hosts_that_are_right_are_good() {
    assert_eq!(sysv(&good()).met, []);
    assert_eq!(on_systemd(|_| {}).met, []);
    assert_eq!(sysv(&depend_host()).met, []);
    assert_eq!(
        sysv(&numbers_host(&["K15app", "K30drain", "K40filebeat", "K80sendsigs", "K90networking"], &[])).met,
        []
    );
}

/// What rc passes over although its lock is there is not stopped before the drain.
#[test]
fn a_writer_that_rc_passes_over_still_runs() {
    let writer = |change: fn(&mut SysvHost)| ids(&with(change));
    assert_eq!(writer(|h| down(h)[0].executable = false), ["writer-still-runs"]);
    assert_eq!(
        writer(|h| {
            down(h)[0].target = LinkTarget::Dangling("../init.d/gone".to_owned());
            down(h)[0].executable = false;
        }),
        ["writer-still-runs"]
    );
    assert_eq!(
        writer(|h| {
            let locks = h.locks.as_mut().unwrap();
            locks.remove("app");
            locks.insert("appd".to_owned());
            h.scripts.iter_mut().find(|s| s.name == "app").unwrap().lock = Some("appd".to_owned());
        }),
        ["writer-still-runs"]
    );
    // Without a lock it is down, as far as anybody can tell; and a second link finds it stopped.
    assert_eq!(writer(|h| assert!(h.locks.as_mut().unwrap().remove("app"))), [""; 0]);
    assert_eq!(
        writer(|h| {
            let mut link = down(h)[0].clone();
            link.name = "K20app".to_owned();
            down(h).push(link);
        }),
        [""; 0]
    );
}
