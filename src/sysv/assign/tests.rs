use super::*;
use crate::unit::value::Span;

fn node(name: &str, start: u8, stop: u8, place: Placement) -> Node {
    let p = |n| Priority::new(n).unwrap();
    Node { name: name.to_owned(), numbers: Numbers { start: p(start), stop: p(stop) }, place }
}

fn free(name: &str) -> Node {
    node(name, 95, 20, Placement::Free)
}

fn after(later: &str, earlier: &str) -> Edge {
    let span = Span { line: 3, col: 1, len: 0 };
    let path = std::path::PathBuf::from(format!("/etc/systemd/system/{later}.service")).into();
    Edge { earlier: earlier.to_owned(), later: later.to_owned(), origin: Some(Origin { path, span }) }
}

fn run(nodes: &[Node], edges: &[Edge]) -> Vec<(String, u8, u8)> {
    let numbers = assign(nodes, edges).unwrap();
    numbers.into_iter().map(|(name, n)| (name, n.start.get(), n.stop.get())).collect()
}

fn row(name: &str, start: u8, stop: u8) -> (String, u8, u8) {
    (name.to_owned(), start, stop)
}

#[test]
fn stays_where_nothing_pushes() {
    let network = node("network", 10, 90, Placement::Fixed);
    assert_eq!(
        run(&[free("a"), network], &[after("a", "network"), after("a", "nobody")]),
        [row("a", 95, 20)]
    );
}

#[test]
fn chains() {
    let nodes = [free("c"), free("b"), free("a"), node("late", 97, 10, Placement::Fixed)];
    let edges = [after("b", "a"), after("c", "b")];
    assert_eq!(run(&nodes, &edges), [row("a", 95, 22), row("b", 96, 21), row("c", 97, 20)]);
    // What must come before a script that stands moves down, and stops after it.
    let edges = [after("b", "a"), after("late", "b")];
    assert_eq!(run(&nodes, &edges)[..2], [row("a", 95, 21), row("b", 96, 20)]);
    let nodes = [free("b"), free("a"), node("early", 40, 60, Placement::Fixed)];
    let edges = [after("b", "a"), after("early", "b")];
    assert_eq!(run(&nodes, &edges), [row("a", 38, 62), row("b", 39, 61)]);
}

#[test]
fn circles_are_named() {
    let e = assign(&[free("a"), free("b"), free("c")], &[after("b", "a"), after("a", "b"), after("c", "a")]);
    let text = e.unwrap_err().to_string();
    assert!(text.starts_with("ordering cycle: "), "{text}");
    assert!(text.contains("'a' after 'b' (/etc/systemd/system/a.service:3)"), "{text}");
    assert!(text.contains("'b' after 'a'") && !text.contains("'c'"), "{text}");
    let own = assign(&[free("a")], &[after("a", "a")]).unwrap_err().to_string();
    assert!(own.contains("'a' after 'a'"), "{own}");
}

#[test]
fn no_room_is_explained() {
    let (early, late) = (node("early", 50, 50, Placement::Fixed), node("late", 51, 49, Placement::Fixed));
    let nodes = [early.clone(), late.clone(), free("a")];
    let text = assign(&nodes, &[after("a", "early"), after("late", "a")]).unwrap_err().to_string();
    assert!(text.starts_with("S50 of 'early' and S51 of 'late' leave no number: "), "{text}");
    assert!(text.contains("'a' after 'early' (/etc/systemd/system/a.service:3), 'late' after 'a'"), "{text}");
    // Two that stand the wrong way round.
    let text = assign(&[early, late], &[after("early", "late")]).unwrap_err().to_string();
    assert!(text.contains("S51 of 'late'") && text.contains("'early' after 'late'"), "{text}");
    let last = node("last", 99, 0, Placement::Fixed);
    let text = assign(&[last, free("a")], &[after("a", "last")]).unwrap_err().to_string();
    assert!(text.contains("S99 of 'last' and the place of 'a'"), "{text}");
}

proptest::proptest! {
    /// Whatever is assigned holds every edge in both directions and leaves fixed numbers alone.
    #[test]
    fn every_edge_holds(
        edges in proptest::collection::vec((0usize..7, 0usize..7), 0..12),
        fixed in proptest::collection::vec((0u8..100, 0u8..100, proptest::bool::ANY), 7),
    ) {
        let nodes: Vec<Node> = fixed.iter().enumerate().map(|(i, (s, k, is_fixed))| {
            node(&format!("n{i}"), *s, *k, if *is_fixed { Placement::Fixed } else { Placement::Free })
        }).collect();
        let edges: Vec<Edge> = edges.iter().map(|(a, b)| after(&format!("n{a}"), &format!("n{b}"))).collect();
        if let Ok(numbers) = assign(&nodes, &edges) {
            let of = |name: &str| {
                let own = nodes.iter().find(|n| n.name == name).unwrap().numbers;
                numbers.get(name).copied().unwrap_or(own)
            };
            for edge in &edges {
                let (earlier, later) = (of(&edge.earlier), of(&edge.later));
                proptest::prop_assert!(earlier.start < later.start && later.stop < earlier.stop, "{edge}");
            }
        }
    }
}
