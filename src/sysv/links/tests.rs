use super::*;

fn level(n: u8) -> Runlevel {
    Runlevel::new(n).unwrap()
}

fn p(n: u8) -> Priority {
    Priority::new(n).unwrap()
}

#[test]
fn names_of_links() {
    let link = Link::parse(OsStr::new("S05S10foo")).unwrap();
    assert_eq!(
        (link.turn, link.priority, link.name.as_os_str()),
        (LinkAction::Start, p(5), OsStr::new("S10foo"))
    );
    assert_eq!((link.file(), link.target()), ("S05S10foo".into(), "../init.d/S10foo".into()));
    for no in ["S10", "S1foo", "s10foo", "X10foo", "README", "", "K-1foo"] {
        assert_eq!(Link::parse(OsStr::new(no)), None, "{no}");
    }
    // chkconfig's own corrupt `K100NAME` reads as K10 of '0NAME' (sysv.md 1.4).
    assert_eq!(Link::parse(OsStr::new("K100web")).unwrap().name, "0web");
    assert_eq!(Link::parse(OsStr::new("S-1web")), None);
}

#[test]
fn makes_before_it_removes() {
    let name = OsStr::new("web");
    let mut found = FoundLinks::default();
    let good = Target::Link("../init.d/web".into());
    found.add(level(3), OsStr::new("K80web"), good.clone());
    found.add(level(3), OsStr::new("S10web"), good.clone());
    found.add(level(5), OsStr::new("S20web"), good.clone());
    found.add(level(4), OsStr::new("S20web"), Target::NotALink);
    found.add(level(5), OsStr::new("S20webbing"), good);
    let wanted = [3, 4, 5].map(|n| (level(n), LinkAction::Start, p(20)));
    let link = Link { turn: LinkAction::Start, priority: p(20), name: "web".into() };
    let old = |file: &str| Link::parse(OsStr::new(file)).unwrap();
    assert_eq!(
        plan(&found, name, wanted),
        [
            Step::Make { level: level(3), link: link.clone() },
            Step::Make { level: level(4), link },
            Step::Remove { level: level(3), link: old("K80web") },
            Step::Remove { level: level(3), link: old("S10web") },
        ]
    );
    assert_eq!(plan_removal(&found, name).len(), 4);
    assert_eq!(found.on(name).to_string(), "345");
    let faults = found.faults(name);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!(faults[0], "/etc/rc3.d has more than one link for 'web': K80web, S10web");
    assert_eq!(faults[1], "'/etc/rc4.d/S20web' is not a link");
}

#[test]
fn links_that_lead_elsewhere() {
    let mut found = FoundLinks::default();
    for (n, to) in
        [(1, "../init.d/web"), (2, "/etc/rc.d/init.d/web"), (3, "../init.d/other"), (4, "xinit.d/web")]
    {
        found.add(level(n), OsStr::new("K20web"), Target::Link(to.into()));
    }
    let faults = found.faults(OsStr::new("web"));
    assert_eq!(
        faults,
        ["'/etc/rc3.d/K20web' leads to '../init.d/other'", "'/etc/rc4.d/K20web' leads to 'xinit.d/web'"]
    );
}

#[test]
fn names_are_shown_safely() {
    assert_eq!(shown(OsStr::new("t_space name")), "t_space name");
    assert_eq!(shown(OsStr::from_bytes(b"a\nb\x1b\xffc")), "a\\nb\\u{1b}\\xffc");
    assert_eq!(shown(OsStr::new("a\u{202e}b")), "a\\u{202e}b");
}
