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
        .map(|((name, _), header)| Script::from_header(name, header, header.levels))
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
    let lsb = |needs: &str| format!("LSB|Default-Start: 3|Required-Start: {needs}|Required-Stop: {needs}");
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
    let host = [("z", lsb("y")), ("y", lsb("x")), ("x", lsb("z")), ("w", lsb("x")), ("self", lsb("self"))];
    let host: Vec<(&str, &str)> = host.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let (rows, cycles) = run(&host);
    assert!(rows.iter().all(|(_, s, k)| (*s, *k) == (99, 50)), "{rows:?}");
    assert_eq!(cycles.len(), 2, "{cycles:?}");
    assert!(cycles[0].ends_with("S99: x -> z -> y -> x"), "{cycles:?}");
    assert!(cycles[1].ends_with("S99: self -> self"), "{cycles:?}");
    // Each knot is named, also one that another one hangs behind.
    let host = [("a", lsb("a")), ("x", lsb("a y")), ("y", lsb("x"))];
    let host: Vec<(&str, &str)> = host.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let (_, cycles) = run(&host);
    assert_eq!(cycles.len(), 2, "{cycles:?}");
    assert!(cycles[1].ends_with("S99: x -> y -> x"), "{cycles:?}");
}

/// sysv.md 1.7, `install_initd`.
#[test]
fn unmet_requirements() {
    let app = parse("LSB|Default-Start: 3|Required-Start: $local_fs net gone|Required-Stop: off");
    let net = parse("# chkconfig: 345 1 2|Provides: net");
    let off = parse("# chkconfig: - 1 2");
    let host =
        [Script::from_header("network", &net, net.levels), Script::from_header("off", &off, off.levels)];
    assert_eq!(unmet(&host, &Script::from_header("app", &app, app.levels)), ["gone", "off"]);
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

    /// Whoever can be reached from itself is in a knot; each knot has a circle, and each circle is one.
    #[test]
    fn every_knot_has_a_circle(links in proptest::collection::vec((0usize..8, 0usize..8), 0..20)) {
        let mut edges = graph::Edges::with_capacity(8);
        let mut reach = [[false; 8]; 8];
        for (script, reach) in reach.iter_mut().enumerate() {
            let behind: Vec<usize> = links.iter().filter(|(a, _)| *a == script).map(|(_, b)| *b).collect();
            behind.iter().for_each(|to| reach[*to] = true);
            edges.push(&behind);
        }
        let direct = reach;
        for (by, from, to) in (0..512).map(|n| (n / 64, n / 8 % 8, n % 8)) {
            reach[from][to] |= reach[from][by] && reach[by][to];
        }
        let circles = edges.circles();
        for circle in &circles {
            let next = circle.iter().cycle().skip(1);
            proptest::prop_assert!(circle.iter().zip(next).all(|(a, b)| direct[*a][*b]), "{circle:?}");
        }
        let all: Vec<usize> = circles.concat();
        proptest::prop_assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        for script in (0..8).filter(|i| reach[*i][*i]) {
            let same = |other: &usize| reach[script][*other] && reach[*other][script];
            proptest::prop_assert!(all.iter().any(same), "{script} {circles:?}");
        }
    }
}
