//! Hosts for this folder and for the checks, and the rules of each rc one by one.

use super::*;
use crate::order::step::{Order, StepOutcome};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub fn links(names: &[&str]) -> Vec<Link> {
    let link = |n: &&str| Link {
        name: (*n).to_owned(),
        target: LinkTarget::Script(tail(n).unwrap_or_default().to_owned()),
        executable: true,
    };
    names.iter().map(link).collect()
}

fn scripts(names: &[&str]) -> Vec<Script> {
    let script = |n: &&str| Script {
        name: (*n).to_owned(),
        executable: true,
        numbers: Some(Numbers { start: 50, stop: 50, place: (PathBuf::from("/etc/init.d").join(n), 2) }),
        lock: None,
    };
    names.iter().map(script).collect()
}

/// A Red Hat host in runlevel 3 where all that is in `up` runs; rc0.d holds `rc0`.
pub fn host(rc0: &[&str], up: &[&str]) -> SysvHost {
    let starts: Vec<String> = up.iter().map(|n| format!("S50{n}")).collect();
    let starts: Vec<&str> = starts.iter().map(String::as_str).collect();
    SysvHost {
        rc: Rc::RedHat,
        levels: BTreeMap::from([(0, links(rc0)), (3, links(&starts))]),
        scripts: scripts(up),
        locks: Some(up.iter().map(|n| (*n).to_owned()).collect()),
        lock_folder: "/var/lock/subsys".to_owned(),
        depend: Depend::default(),
        runlevel: 3,
        jobs: Vec::new(),
    }
}

/// A Debian host in runlevel 2 with numbers.
pub fn numbers_host(kills: &[&str], tails: &[&str]) -> SysvHost {
    let all: Vec<&str> = kills.iter().chain(tails).filter_map(|l| tail(l)).collect();
    let mut host = host(&[kills, tails].concat(), &all);
    let starts = host.levels.remove(&3).unwrap_or_default();
    let starts = starts.into_iter().filter(|l| l.name != "S50sendsigs").collect();
    host.levels.insert(2, starts);
    SysvHost { rc: Rc::DebianNumbers, locks: None, runlevel: 2, ..host }
}

/// A Debian host with insserv: app, then the drain, then filebeat, sendsigs, networking.
pub fn depend_host() -> SysvHost {
    let kills = ["K01app", "K02drain", "K03filebeat", "K04sendsigs", "K05networking"];
    let depend = Depend {
        start: "TARGETS = networking filebeat drain app\nfilebeat: networking\ndrain: filebeat\napp: drain\n"
            .to_owned(),
        stop:
            "TARGETS = app drain filebeat sendsigs networking\nINTERACTIVE =\ndrain: app\nfilebeat: drain\n\
               sendsigs: filebeat\nnetworking: sendsigs\n"
                .to_owned(),
    };
    SysvHost { rc: Rc::DebianDepend, depend, ..numbers_host(&kills, &["S01halt"]) }
}

fn run(host: &SysvHost, way: Transition) -> Vec<String> {
    let plan = plan(host, way, &OrderOptions::default());
    plan.steps
        .iter()
        .filter(|s| s.fate == StepOutcome::Runs)
        .map(|s| format!("{} {}", s.act.as_str(), s.shown))
        .collect()
}

#[test]
fn red_hat_stops_what_has_a_lock_and_starts_what_has_none() {
    // facts/sysv.md 2.1
    let mut h = host(&["K10a", "K20b", "S00killall", "S01halt"], &["a", "b", "c"]);
    assert_eq!(
        run(&h, Transition::PowerOff),
        ["stop K10a", "stop K20b", "start S00killall", "stop killall: c", "start S01halt"]
    );
    h.locks = Some(BTreeSet::from(["b.init".to_owned(), "network".to_owned()]));
    assert_eq!(run(&h, Transition::PowerOff), ["stop K20b", "start S00killall", "start S01halt"]);
    h.levels.insert(5, links(&["S10b", "S20d"]));
    assert_eq!(run(&h, Transition::Runlevel(5)), ["start S20d"]);
    assert_eq!(run(&h, Transition::Boot), ["start S50a", "start S50b", "start S50c"]);
}

#[test]
fn killall_passes_over_locks_without_a_script() {
    let mut h = host(&["S00killall"], &["a"]);
    h.locks = Some(BTreeSet::from(["ghost".to_owned(), "a".to_owned()]));
    assert_eq!(run(&h, Transition::PowerOff), ["start S00killall", "stop killall: a"]);
}

#[test]
fn a_missing_folder_and_odd_names_do_nothing() {
    let h = host(&["K1", "K", "README", "kxxa", "Kxxa"], &["a"]);
    assert_eq!(run(&h, Transition::PowerOff), ["stop Kxxa"]);
    assert_eq!(run(&h, Transition::Reboot), Vec::<String>::new());
    assert_eq!(tail("S10é"), Some("é"));
    assert_eq!(tail("Ké"), None);
    assert_eq!(tail("K30"), None);
}

#[test]
fn debian_by_numbers_needs_no_lock_and_stops_by_s_links_too() {
    // facts/sysv.md 4
    let mut h = numbers_host(&["K01a", "K02b"], &["S30umountfs"]);
    assert_eq!(run(&h, Transition::PowerOff), ["stop K01a", "stop K02b", "stop S30umountfs"]);
    // Down already in the level that it comes from.
    h.levels.insert(2, links(&["K02b", "S01a"]));
    assert_eq!(run(&h, Transition::PowerOff), ["stop K01a", "stop S30umountfs"]);
    h.levels.insert(3, links(&["S01a", "S02c"]));
    assert_eq!(run(&h, Transition::Runlevel(3)), ["start S02c"]);
}

#[test]
fn debian_by_dependencies_runs_side_by_side_and_only_what_it_knows() {
    let mut h = depend_host();
    h.depend.stop = h.depend.stop.replace("filebeat: drain\n", "");
    h.levels.get_mut(&0).unwrap().extend(links(&["K01byhand"]));
    let plan = plan(&h, Transition::PowerOff, &OrderOptions::default());
    let at = |n: &str| plan.steps.iter().position(|s| s.name == n).unwrap();
    assert_eq!(plan.order(at("app"), at("drain")), Order::Before);
    assert_eq!(plan.order(at("drain"), at("filebeat")), Order::None);
    assert_eq!(plan.order(at("networking"), at("filebeat")), Order::After);
    assert_eq!(plan.order(at("halt"), at("drain")), Order::After);
    assert!(plan.steps.iter().all(|s| s.name != "byhand"));
    let wait = &plan.steps[at("drain")].waits[0];
    assert_eq!(plan.place(wait), Some((std::path::Path::new("/etc/init.d/.depend.stop"), 3)));
    assert_eq!(run(&h, Transition::Boot).len(), 4);
}

#[test]
fn a_circle_in_a_depend_file_ends() {
    let mut h = depend_host();
    h.depend.stop.push_str("app: networking\n");
    assert_eq!(run(&h, Transition::PowerOff).len(), 6);
}

/// Filebeat as a job of upstart's that a power-off stops.
pub fn shipper_of_upstart(when: beside::When) -> beside::Job {
    beside::Job {
        name: "filebeat".to_owned(),
        file: "/etc/init/filebeat.conf".to_owned(),
        stop_on: "runlevel [!2345]".to_owned(),
        kill_timeout: std::time::Duration::from_secs(5),
        only_waits: false,
        stops: BTreeMap::from([(0, when)]),
    }
}

/// A shipper that upstart runs stops before every K link, and with a job that waits, behind the hook's.
#[test]
fn jobs_of_pid_1_stop_beside_rc() {
    let mut h = host(&["K20tomcat", "K30drain", "K90network"], &["tomcat", "drain", "network"]);
    let job = shipper_of_upstart;
    let options = OrderOptions {
        drains: vec!["drain".to_owned()],
        shippers: vec!["filebeat".to_owned()],
        writers: vec!["tomcat".to_owned()],
        ..OrderOptions::default()
    };
    let found = |h: &SysvHost| -> Vec<&str> {
        let report = crate::order::check::check(&plan(h, Transition::PowerOff, &options), &options);
        report.met.iter().map(|f| f.obstacle.id().as_str()).collect()
    };
    h.jobs = vec![job(beside::When::AtOnce)];
    assert_eq!(run(&h, Transition::PowerOff)[0], "stop init: filebeat");
    assert_eq!(found(&h), ["stops-beside-rc"]);
    assert!(run(&h, Transition::Reboot).is_empty());
    h.jobs = vec![job(beside::When::AfterScript("drain".to_owned()))];
    assert_eq!(run(&h, Transition::PowerOff)[2], "stop init: filebeat");
    assert!(found(&h).is_empty());
    // What it waits for is not stopped by rc: it does not wait.
    h.locks.as_mut().unwrap().remove("drain");
    assert_eq!(run(&h, Transition::PowerOff)[0], "stop init: filebeat");
    let other = beside::Job { name: "app".to_owned(), ..job(beside::When::Behind("filebeat".to_owned())) };
    h.jobs = vec![other, job(beside::When::AtOnce)];
    assert_eq!(run(&h, Transition::PowerOff)[..2], ["stop init: filebeat", "stop init: app"]);
}

/// Hosts with any links, locks and dependencies.
fn hosts() -> impl Strategy<Value = SysvHost> {
    let link = ("[SK][0-9]{2}", 0..8_usize, any::<bool>(), 0..4_usize);
    let level = prop::collection::vec(link, 0..14);
    let rc = prop::sample::select(vec![Rc::RedHat, Rc::DebianNumbers, Rc::DebianDepend]);
    let locks = prop::option::of(prop::collection::btree_set(0..8_usize, 0..8));
    let edges = prop::collection::vec((0..8_usize, 0..8_usize), 0..16);
    (rc, level.clone(), level, locks, edges, "[ -~\n]{0,40}").prop_map(
        |(rc, zero, three, locks, edges, noise)| {
            let entry = |(letter, service, executable, target): (String, usize, bool, usize)| Link {
                name: format!("{letter}s{service}"),
                target: match target {
                    0 => LinkTarget::Dangling("../init.d/gone".to_owned()),
                    1 => LinkTarget::Elsewhere("/bin/true".to_owned()),
                    2 => LinkTarget::RegularFile,
                    _ => LinkTarget::Script(format!("s{service}")),
                },
                executable,
            };
            let names: Vec<String> = (0..8).map(|i| format!("s{i}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let lines: String = edges.iter().map(|(a, b)| format!("s{a}: s{b}\n")).collect();
            let stop = format!("TARGETS = {}\n{lines}{noise}", names.join(" "));
            SysvHost {
                rc,
                levels: BTreeMap::from([
                    (0, zero.into_iter().map(entry).collect()),
                    (3, three.into_iter().map(entry).collect()),
                ]),
                locks: locks.map(|l| l.into_iter().map(|i| format!("s{i}")).collect()),
                depend: Depend { start: stop.clone(), stop },
                ..host(&[], &names)
            }
        },
    )
}

proptest! {
    #[test]
    fn steps_stand_behind_what_they_wait_for_and_nothing_stops_twice(h in hosts()) {
        for way in [Transition::Boot, Transition::PowerOff, Transition::Reboot, Transition::Runlevel(3)] {
            let options = OrderOptions { drains: vec!["s0".to_owned()], ..OrderOptions::default() };
            let plan = plan(&h, way, &options);
            let mut stopped = BTreeSet::new();
            for (at, step) in plan.steps.iter().enumerate() {
                prop_assert!(step.waits.iter().all(|w| w.on < at));
                prop_assert!(!plan.is_serial() || step.fate == StepOutcome::Runs || step.waits.is_empty());
                if h.rc == Rc::RedHat && step.act == Act::Stop && step.fate == StepOutcome::Runs {
                    prop_assert!(stopped.insert(step.name.clone()));
                }
            }
            let report = crate::order::check::check(&plan, &options);
            let drains = plan.find("s0", Act::Stop).is_some();
            prop_assert!(!way.is_down() || drains || !report.is_good());
        }
    }
}

/// Nobody has so many; whoever makes them on purpose does not keep the answer away.
#[test]
fn many_links_take_no_longer_each() {
    let names: Vec<String> = (0..40_000).map(|n| format!("K50x{n:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let begin = std::time::Instant::now();
    for rc in [Rc::RedHat, Rc::DebianNumbers, Rc::DebianDepend] {
        let mut host = SysvHost { rc, scripts: Vec::new(), ..host(&names, &["web"]) };
        let starts = links(&names).into_iter().map(|l| Link { name: l.name.replacen('K', "S", 1), ..l });
        host.levels.insert(3, starts.collect());
        assert_eq!(plan(&host, Transition::PowerOff, &OrderOptions::default()).absent, []);
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(30), "it took {:?}", begin.elapsed());
}
