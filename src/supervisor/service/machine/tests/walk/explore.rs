//! The walk over every situation that can be reached, and the diagram that it draws.

use super::*;

type Edges = BTreeMap<(State, State), BTreeSet<String>>;

fn explore(p: &Policy, edges: &mut Edges) -> HashSet<Node> {
    let mut seen = HashSet::new();
    let mut todo = VecDeque::from([(Machine::default(), World::default())]);
    while let Some((m, w)) = todo.pop_front() {
        if !seen.insert((m.clone(), w)) {
            continue;
        }
        check(&m, w);
        for (e, f) in possible(p, &m, w) {
            let (n, w) = advance(p, &m, w, e, &f);
            if n.state != m.state {
                edges.entry((m.state, n.state)).or_default().insert(label(e));
            }
            if !seen.contains(&(n.clone(), w)) {
                todo.push_back((n, w));
            }
        }
    }
    seen
}

/// The kind of event, without its details.
fn label(e: Event) -> String {
    let text = format!("{e:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

#[test]
fn every_reachable_situation_keeps_the_promises() {
    let mut situations = 0;
    let mut edges = Edges::new();
    for p in policies() {
        let n = explore(&p, &mut edges).len();
        situations += n;
    }
    let states: BTreeSet<State> = edges.keys().map(|(_, to)| *to).collect();
    assert_eq!(states.len(), State::ALL.len(), "some state is never reached");
    println!("{situations} situations, {} edges between {} states", edges.len(), states.len());
    compare_diagram(&edges);
}

/// The diagram in docs/ is what the walk has found.
fn compare_diagram(edges: &Edges) {
    let mut dot = String::from(
        "// Printed by the walk over service::machine; AMR_BLESS=1 cargo test writes it anew.\n\
         digraph service {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n",
    );
    for ((from, to), events) in edges {
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        dot += &format!("  \"{}\" -> \"{}\" [label=\"{}\"];\n", from.sub(), to.sub(), events.join("\\n"));
    }
    dot += "}\n";
    if std::env::var_os("AMR_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/service-states.dot"), &dot).unwrap();
    } else {
        assert!(
            dot == include_str!("../../../../../../docs/service-states.dot"),
            "docs/service-states.dot is out of date"
        );
    }
}

/// Nothing that happens after a stop can keep the service from ending: the situations that follow
/// one another have no circle, and each that is not the end has a way on.
#[test]
fn stop_always_ends() {
    for p in policies().into_iter().step_by(4) {
        let mut depth = HashMap::new();
        for (m, w) in explore(&p, &mut Edges::new()) {
            if w.spawning.is_some() {
                continue;
            }
            let facts = Facts { others: true, ..Facts::default() };
            let (n, w) = advance(&p, &m, w, Event::Stop(StopKind::Stop), &facts);
            longest(&p, &n, w, &mut depth);
        }
    }
}

fn longest(p: &Policy, m: &Machine, w: World, depth: &mut HashMap<Node, Option<usize>>) -> usize {
    let node = (m.clone(), w);
    match depth.get(&node) {
        Some(Some(d)) => return *d,
        Some(None) => panic!("a circle through {node:?}"),
        None => {}
    }
    depth.insert(node.clone(), None);
    let mut d = 0;
    if !m.state.is_over() {
        for (e, f) in possible(p, m, w) {
            if matches!(e, Event::Start | Event::Stop(_) | Event::ResetFailed | Event::Adopted(_)) {
                continue;
            }
            let (n, v) = advance(p, m, w, e, &f);
            if n.state != m.state || matches!(e, Event::Timeout | Event::Spawned(_)) {
                d = d.max(1 + longest(p, &n, v, depth));
            }
        }
        assert!(d > 0, "nothing leads on from {node:?}");
    }
    depth.insert(node, Some(d));
    d
}
