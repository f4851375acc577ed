use super::*;
use crate::order::fixture::{graph, name};
use crate::order::graph::Graph;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::HashMap;

fn run(g: &Graph, verb: Verb, unit: &str, up: &[&str]) -> Result<Transaction, TransactionError> {
    let active = |u: &UnitName| {
        if up.iter().any(|n| name(n) == *u) { Activity::Active } else { Activity::Inactive }
    };
    transaction(g, &[(verb, name(unit))], Mode::Replace, &active)
}

/// `stop a | start b`, in order.
fn line(t: &Transaction) -> String {
    t.jobs.iter().map(|j| format!("{} {}", j.kind.as_str(), j.unit.stem())).collect::<Vec<_>>().join(" | ")
}

fn done(g: &Graph, verb: Verb, unit: &str, up: &[&str]) -> String {
    line(&run(g, verb, unit, up).unwrap())
}

fn sorted(mut list: Vec<usize>) -> Vec<usize> {
    list.sort_unstable();
    list
}

const AMR: [&str; 4] = [
    "amr Wants=amr-mqtt,amr-system,amr-dashboard",
    "amr-mqtt PartOf=amr After=network.target Before=amr-system",
    "amr-system PartOf=amr Wants=amr-mqtt After=network.target,amr-mqtt",
    "amr-dashboard PartOf=amr Requires=amr-system After=network.target,amr-system",
];

#[test]
fn the_umbrella_starts_stops_and_restarts_its_members_in_order() {
    let g = graph(&AMR);
    assert_eq!(
        done(&g, Verb::Start, "amr", &[]),
        "start amr-mqtt | start amr-system | start amr-dashboard | start amr"
    );
    let all = ["amr", "amr-mqtt", "amr-system", "amr-dashboard"];
    assert_eq!(
        done(&g, Verb::Stop, "amr", &all),
        "stop amr-dashboard | stop amr-system | stop amr-mqtt | stop amr"
    );
    let up = ["amr", "amr-mqtt", "amr-system"];
    // The dashboard did not run, but the umbrella wants it.
    assert_eq!(
        done(&g, Verb::Restart, "amr", &up),
        "restart (stop) amr-system | restart (stop) amr-mqtt | restart (stop) amr | \
         restart (start) amr-mqtt | restart (start) amr-system | start amr-dashboard | restart (start) amr"
    );
}

#[test]
fn what_runs_needs_no_job_and_pulls_in_nothing() {
    let g = graph(&["a Requires=b", "b Wants=c", "c"]);
    assert_eq!(done(&g, Verb::Start, "a", &[]), "start a | start b | start c");
    assert_eq!(done(&g, Verb::Start, "a", &["b"]), "start a");
    // An anchor is kept although it runs, and so is what it needs.
    assert_eq!(done(&g, Verb::Start, "a", &["a"]), "start a | start b | start c");
}

#[test]
fn stop_follows_the_reverse_requirements_only() {
    let g = graph(&[
        "db",
        "req Requires=db After=db",
        "bound BindsTo=db",
        "part PartOf=db",
        "qui Requisite=db",
        "want Wants=db",
        "src PropagatesStopTo=sink",
        "sink",
    ]);
    let all = ["db", "req", "bound", "part", "qui", "want", "src", "sink"];
    assert_eq!(done(&g, Verb::Stop, "db", &all), "stop bound | stop part | stop qui | stop req | stop db");
    assert_eq!(done(&g, Verb::Stop, "src", &all), "stop sink | stop src");
    assert_eq!(done(&g, Verb::Stop, "db", &["db"]), "stop db");
}

#[test]
fn restart_takes_along_only_what_runs() {
    let g = graph(&["db", "app Requires=db After=db", "idle Requires=db After=db"]);
    assert_eq!(
        done(&g, Verb::Restart, "db", &["db", "app"]),
        "restart (stop) app | restart (stop) db | restart (start) db | restart (start) app"
    );
    assert_eq!(done(&g, Verb::Restart, "db", &[]), "start db");
    assert_eq!(done(&g, Verb::TryRestart, "db", &[]), "");
}

#[test]
fn a_stop_comes_before_a_start_whatever_the_direction() {
    // facts/systemd.md 10, systemd.unit(5) Before=.
    for edge in ["Before=old", "After=old"] {
        let g = graph(&[&format!("new Conflicts=old {edge}"), "old"]);
        assert_eq!(done(&g, Verb::Start, "new", &["old"]), "stop old | start new");
        let t = run(&g, Verb::Start, "new", &["old"]).unwrap();
        assert_eq!(t.jobs[1].waits_for, [0]);
    }
}

#[test]
fn conflicts_work_from_both_ends() {
    let g = graph(&["a Conflicts=b", "b"]);
    assert_eq!(done(&g, Verb::Start, "b", &["a"]), "stop a | start b");
    assert_eq!(done(&g, Verb::Start, "a", &["b"]), "stop b | start a");
    assert_eq!(done(&g, Verb::Start, "a", &[]), "start a");
}

#[test]
fn a_missing_requirement_is_an_error_that_names_the_way() {
    let g = graph(&["a Requires=b", "b After=x Requires=gone", "m masked", "n Requires=m", "bad bad"]);
    let text = |u| run(&g, Verb::Start, u, &[]).unwrap_err().to_string();
    assert_eq!(
        text("a"),
        "cannot start 'a.service': 'gone.service' was not found \
         (a.service Requires=b.service (/etc/systemd/system/a.service:2), \
         b.service Requires=gone.service (/etc/systemd/system/b.service:3))"
    );
    assert!(text("n").contains("'m.service' is masked"), "{}", text("n"));
    assert_eq!(text("bad"), "cannot start 'bad.service': it has a bad setting");
    assert_eq!(text("nobody"), "cannot start 'nobody.service': it was not found");
    assert_eq!(
        text("foo@"),
        "cannot start 'foo@.service': a template needs an instance, as in 'foo@NAME.service'"
    );
}

#[test]
fn a_missing_want_is_a_note() {
    let g = graph(&["a Wants=gone,half,c", "half Requires=gone2", "c"]);
    let t = run(&g, Verb::Start, "a", &[]).unwrap();
    assert_eq!(line(&t), "start a | start c");
    let notes: Vec<String> = t.notes.iter().map(ToString::to_string).collect();
    assert!(notes[0].starts_with("'gone.service' was not found, going on without it"), "{notes:?}");
    assert!(notes[1].contains("half.service Requires=gone2.service"), "{notes:?}");
}

#[test]
fn requisite_asks_but_does_not_start() {
    let g = graph(&["a Requisite=b After=b", "b"]);
    let t = run(&g, Verb::Start, "a", &[]).unwrap();
    assert_eq!(line(&t), "verify-active b | start a");
    assert_eq!(on_job_failed(&t, 0), [1]);
    assert_eq!(done(&g, Verb::Start, "a", &["b"]), "start a");
}

#[test]
fn a_oneshot_that_leaves_nothing_active_fails_its_requisites() {
    let g = graph(&["top Requires=a,b", "a Requisite=b After=b", "b"]);
    let t = run(&g, Verb::Start, "top", &[]).unwrap();
    let at = |n: &str| t.jobs.iter().position(|j| j.unit == name(n)).unwrap();
    // The verify-active was merged into the start.
    assert_eq!(on_job_done_inactive(&t, at("b")), sorted(vec![at("a"), at("top")]));
}

#[test]
fn failure_spreads_along_requirements_and_no_further() {
    let g = graph(&["top Wants=mid", "mid Requires=low After=low", "low", "bound BindsTo=mid"]);
    let active = |_: &UnitName| Activity::Inactive;
    let both = [(Verb::Start, name("top")), (Verb::Start, name("bound"))];
    let t = transaction(&g, &both, Mode::Replace, &active).unwrap();
    let at = |n: &str| t.jobs.iter().position(|j| j.unit == name(n)).unwrap();
    assert_eq!(on_job_failed(&t, at("low")), sorted(vec![at("mid"), at("bound")]));
    assert!(on_job_failed(&t, at("top")).is_empty());
}

#[test]
fn a_cycle_loses_a_wanted_unit_or_is_an_error_with_every_line() {
    let g = graph(&["top Wants=a,b", "a After=b", "b After=a"]);
    let t = run(&g, Verb::Start, "top", &[]).unwrap();
    assert_eq!(t.jobs.len(), 2);
    assert!(matches!(&t.notes[..], [Note::CycleBroken { .. }]), "{:?}", t.notes);
    let g = graph(&["a Requires=b After=b", "b After=c Requires=c", "c Wants=x After=a"]);
    let text = run(&g, Verb::Start, "a", &[]).unwrap_err().to_string();
    for place in ["a.service:3", "b.service:2", "c.service:3"] {
        assert!(text.contains(place), "{text}");
    }
    // Dropping a wanted unit takes along what requires it.
    let g = graph(&["top Requires=core Wants=w", "core After=w", "w After=core Requires=v", "v"]);
    assert_eq!(done(&g, Verb::Start, "top", &[]), "start core | start top");
}

#[test]
fn a_stop_is_not_stuck_in_a_cycle_that_only_starts_have() {
    let g = graph(&["a After=b Conflicts=b", "b After=a"]);
    assert_eq!(done(&g, Verb::Start, "a", &["b"]), "stop b | start a");
}

#[test]
fn contradicting_requirements_are_named() {
    let g = graph(&["a Requires=b,c", "b Conflicts=c", "c"]);
    let text = run(&g, Verb::Start, "a", &[]).unwrap_err().to_string();
    assert!(text.contains("cannot both") && text.contains("b.service Conflicts=c.service"), "{text}");
    // A want gives way.
    let g = graph(&["a Requires=b Wants=c", "b Conflicts=c", "c"]);
    let t = run(&g, Verb::Start, "a", &[]).unwrap();
    assert_eq!(line(&t), "start a | start b");
}

#[test]
fn reload_passes_on_to_what_runs_and_reload_or_start_chooses() {
    let g = graph(&["a reloads PropagatesReloadTo=b,c,d", "b reloads", "c reloads", "d", "e"]);
    assert_eq!(done(&g, Verb::Reload, "a", &["a", "b", "d"]), "reload a | reload b");
    assert_eq!(
        run(&g, Verb::Reload, "e", &["e"]).unwrap_err().to_string(),
        "cannot reload 'e.service': it has no ExecReload="
    );
    assert_eq!(done(&g, Verb::ReloadOrStart, "a", &[]), "start a");
    assert_eq!(done(&g, Verb::ReloadOrRestart, "e", &["e"]), "restart (stop) e | restart (start) e");
    assert_eq!(done(&g, Verb::TryReloadOrRestart, "a", &[]), "");
    assert_eq!(done(&g, Verb::TryReloadOrRestart, "a", &["a"]), "reload a");
}

#[test]
fn modes() {
    let g = graph(&["a Requires=b After=b Wants=w", "b Conflicts=old", "old", "w Conflicts=busy", "busy"]);
    let up = |u: &UnitName| {
        if ["busy", "other"].contains(&u.stem()) { Activity::Active } else { Activity::Inactive }
    };
    let go = |m| line(&transaction(&g, &[(Verb::Start, name("a"))], m, &up).unwrap());
    assert_eq!(go(Mode::Replace), "stop busy | start b | start a | start w");
    assert_eq!(go(Mode::Fail), "start b | start a");
    assert_eq!(go(Mode::IgnoreDependencies), "start a");
    assert_eq!(go(Mode::IgnoreRequirements), "start a");
    assert_eq!(go(Mode::Isolate), "stop busy | start b | start a | start w");
    let g = graph(&["a", "other"]);
    let t = transaction(&g, &[(Verb::Start, name("a"))], Mode::Isolate, &up).unwrap();
    assert_eq!(line(&t), "stop other | start a");
    assert_eq!(t.jobs[0].because, JobReason::Isolated);
}

#[test]
fn ignoring_dependencies_ignores_order_too() {
    let g = graph(&["a After=b", "b"]);
    let both = [(Verb::Start, name("a")), (Verb::Start, name("b"))];
    let down = |_: &UnitName| Activity::Inactive;
    let t = transaction(&g, &both, Mode::IgnoreDependencies, &down).unwrap();
    assert!(t.jobs.iter().all(|j| j.waits_for.is_empty()));
    let t = transaction(&g, &both, Mode::IgnoreRequirements, &down).unwrap();
    assert_eq!(line(&t), "start b | start a");
}

#[test]
fn refuse_manual_is_for_hands_only() {
    let g = graph(&["a no-manual-start", "b no-manual-stop Requires=a"]);
    assert!(
        check_manual(&g, &[(Verb::Start, name("a"))]).unwrap_err().to_string().contains("by dependency only")
    );
    assert!(check_manual(&g, &[(Verb::Restart, name("b"))]).is_err());
    assert!(check_manual(&g, &[(Verb::Start, name("b"))]).is_ok());
    assert_eq!(done(&g, Verb::Start, "b", &[]), "start a | start b");
}

#[test]
fn aliases_and_built_in_targets() {
    let g = graph(&[
        "a alias:z Requires=sysinit.target After=sysinit.target Conflicts=shutdown.target",
        "b Requires=z",
    ]);
    assert_eq!(done(&g, Verb::Start, "b", &["sysinit.target"]), "start a | start b");
    assert_eq!(done(&g, Verb::Start, "z", &[]), "start sysinit | start a");
}

#[test]
fn the_reason_is_the_shortest_way_and_shows_its_line() {
    let g = graph(&AMR);
    let t = run(&g, Verb::Start, "amr", &[]).unwrap();
    let text = t.to_text();
    assert!(text.contains("Wants of amr.service (/etc/systemd/system/amr.service:2)"), "{text}");
    assert!(text.lines().last().unwrap().ends_with("asked for"), "{text}");
    let json = t.to_json();
    assert_eq!(json.pointer("/jobs/0/because/line").and_then(Value::as_u64), Some(2));
    assert_eq!(t.chain(0), [0, 3]);
}

#[test]
fn bound_and_ordered_units_must_be_active() {
    let g = graph(&["a BindsTo=b,c After=b"]);
    assert_eq!(must_be_active(&g, &name("a")), [&name("b")]);
}

#[test]
fn a_long_chain_needs_no_long_stack() {
    let n = 10_000;
    let lines: Vec<String> =
        (0..n).map(|i| format!("u{i} Requires=u{0} After=u{0}", i + 1)).chain([format!("u{n}")]).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let t = run(&graph(&lines), Verb::Start, "u0", &[]).unwrap();
    assert_eq!(t.jobs.len(), n + 1);
    assert_eq!(t.jobs[0].unit, name(&format!("u{n}")));
    // The last one missing: the whole way is named, once.
    let gone = run(&graph(&lines[..n]), Verb::Start, "u0", &[]).unwrap_err();
    assert!(matches!(gone, TransactionError::Unavailable { chain, .. } if chain.len() == n));
}

/// Random hosts of up to 12 units with any edges.
fn hosts() -> impl Strategy<Value = (Vec<String>, Vec<bool>)> {
    let kinds = prop::sample::select(vec![
        "Requires",
        "Wants",
        "BindsTo",
        "Requisite",
        "PartOf",
        "Conflicts",
        "After",
        "Before",
        "After",
        "Before",
        "PropagatesStopTo",
    ]);
    let edges = prop::collection::vec((0..12_usize, kinds, 0..13_usize), 0..30);
    (edges, prop::collection::vec(any::<bool>(), 12)).prop_map(|(edges, up)| {
        let mut units: Vec<String> = (0..12).map(|i| format!("u{i}")).collect();
        for (from, kind, to) in edges {
            units[from].push_str(&format!(" {kind}=u{to}"));
        }
        (units, up)
    })
}

fn verbs() -> impl Strategy<Value = Verb> {
    prop::sample::select(vec![Verb::Start, Verb::Stop, Verb::Restart, Verb::TryRestart])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]
    #[test]
    fn an_order_never_contradicts_an_edge_and_starts_are_closed_under_requires(
        (units, up) in hosts(), verb in verbs(), anchor in 0..12_usize,
    ) {
        let lines: Vec<&str> = units.iter().map(String::as_str).collect();
        let g = graph(&lines);
        let active = |u: &UnitName| {
            let at: Option<usize> = u.stem()[1..].parse().ok();
            if at.and_then(|i| up.get(i)).is_some_and(|b| *b) { Activity::Active } else { Activity::Inactive }
        };
        let result = transaction(&g, &[(verb, name(&format!("u{anchor}")))], Mode::Replace, &active);
        let Ok(t) = result else { return Ok(()) };
        let at: HashMap<(&UnitName, bool), usize> =
            t.jobs.iter().enumerate().map(|(i, j)| ((&j.unit, j.kind.is_stop()), i)).collect();
        for (i, job) in t.jobs.iter().enumerate() {
            prop_assert!(job.waits_for.iter().all(|w| *w < i));
            let id = g.find(&job.unit).unwrap();
            for (to, _) in g.related(id, Relation::Before) {
                let to = g.unit_name(to).unwrap();
                for down in [true, false] {
                    let Some(other) = at.get(&(to, down)) else { continue };
                    let kept = if down { *other < i } else { i < *other };
                    prop_assert!(kept, "{}", line(&t));
                }
            }
            if matches!(job.kind, JobKind::Start | JobKind::RestartStart) {
                for relation in [Relation::Requires, Relation::BindsTo] {
                    for (to, _) in g.related(id, relation) {
                        let to = g.unit_name(to).unwrap();
                        let started = at.contains_key(&(to, false));
                        prop_assert!(started || (active(to).is_active() && !at.contains_key(&(to, true))));
                    }
                }
            }
            if job.kind == JobKind::Stop {
                for relation in [Relation::RequiredBy, Relation::BoundBy, Relation::ConsistsOf] {
                    for (to, _) in g.related(id, relation) {
                        let to = g.unit_name(to).unwrap();
                        prop_assert!(at.contains_key(&(to, true)) || active(to).is_inactive());
                    }
                }
            }
        }
    }
}
