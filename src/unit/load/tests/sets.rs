//! Sets of units: of the conformance suite, shipped ones, many at once.

use super::*;

/// The units of the conformance suite. On 252 all but one load: that one has an unknown specifier.
#[test]
fn the_conformance_units_load_as_on_252() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/units");
    let root = Root::at(&suite).unwrap();
    let facts = Facts { user: Some(User::default()), ..Facts::default() };
    let loader = Loader::new(&root, &["/".into()], &facts);
    let files = loader.list_unit_files();
    assert_eq!(files.len(), 60);
    for file in files {
        let name =
            if file.name.is_template() { file.name.with_instance(r"a-b\x2fc").unwrap() } else { file.name };
        let unit = loader.load(&name);
        let bad = name.as_str().starts_with("c58-");
        let expected = if bad { LoadState::BadSetting } else { LoadState::Loaded };
        assert_eq!(unit.load, expected, "{name}: {:?}", unit.findings);
        // Only these have anything wrong in them.
        let doubtful = ["c42-", "c43-", "c58-"].iter().any(|p| name.as_str().starts_with(p));
        assert_eq!(unit.findings.is_empty(), !doubtful, "{name}: {:?}", unit.findings);
    }
    let dropin = loader.load(&unit_name("c46-dropin.service"));
    assert_eq!(dropin.dropins.len(), 2);
    assert_eq!(service(&dropin).exec.start.len(), 2);
}

/// The units that ship: nothing is wrong in them, and what is not applied is known.
#[test]
fn the_shipped_units_load_without_findings() {
    let root = Root::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")).unwrap();
    let facts = Facts { user: Some(User::default()), ..Facts::default() };
    let loader = Loader::new(&root, &["/".into()], &facts);
    let units = loader.load_closure(&[unit_name("amr.service")]);
    for name in ["amr.service", "amr-mqtt.service", "amr-system.service", "amr-dashboard.service"] {
        let unit = units.get(&unit_name(name)).unwrap();
        assert_eq!((unit.load, unit.findings.len()), (LoadState::Loaded, 0), "{name}: {:?}", unit.findings);
    }
}

/// Many units are read by several threads, where there are processors, and are what each is by itself.
#[test]
fn all_of_many_are_as_one_by_one() {
    let folder = "/usr/lib/systemd/system";
    let mut files = vec![
        (format!("{folder}/alias.service"), "-> s7.service".to_owned()),
        (format!("{folder}/masked.service"), "-> /dev/null".to_owned()),
        (format!("{folder}/s3.service.d/more.conf"), "[Service]\nExecStop=/bin/%H\nBogus=1\n".to_owned()),
        (format!("{folder}/t@.service"), SIMPLE.to_owned()),
        ("/etc/hostname".to_owned(), "h\n".to_owned()),
    ];
    for n in 0..900 {
        let text = format!("[Unit]\nWants=s{}.service t@{n}.service gone.service\n{SIMPLE}", n + 1);
        files.push((format!("{folder}/s{n}.service"), text));
        let link = format!("/etc/systemd/system/multi-user.target.wants/s{n}.service");
        files.push((link, format!("-> {folder}/s{n}.service")));
    }
    let tree = Tree::new(&files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
    let loader = tree.loader();
    let all = loader.load_all(&[]);
    assert_eq!(all.get(&unit_name("alias.service")).unwrap().name, unit_name("s7.service"));
    assert_eq!(all.get(&unit_name("masked.service")).unwrap().load, LoadState::Masked);
    let units = all.into_vec();
    let named = |start: &str| units.iter().filter(|u| u.name.as_str().starts_with(start)).count();
    // s900.service is only wanted, as is gone.service.
    assert_eq!((named("s"), named("t@"), named("gone")), (901 + named_built_in("s"), 900, 1));
    assert!(units.windows(2).all(|pair| pair[0].name < pair[1].name));
    for unit in units.iter().filter(|u| u.name.kind() != UnitKind::Target) {
        assert_eq!(format!("{unit:?}"), format!("{:?}", loader.load(&unit.name)));
    }
}

fn named_built_in(start: &str) -> usize {
    builtin::names().filter(|n| n.as_str().starts_with(start)).count()
}

#[test]
fn dropins_of_the_beginnings_of_a_templates_name() {
    let folder = "/etc/systemd/system";
    let files =
        ["tp-@", "tp-", "tp-@a", "tp-@b"].map(|name| format!("{folder}/{name}.service.d/{name}.conf"));
    let mut tree = vec![("/etc/systemd/system/tp-x@.service", SIMPLE)];
    tree.extend(files.iter().map(|path| (path.as_str(), "[Service]\nEnvironment=X=1\n")));
    let unit = Tree::new(&tree).load("tp-x@a.service");
    let of = |name: &str| format!("{folder}/{name}.service.d/{name}.conf");
    assert_eq!(paths(&unit.dropins), [of("tp-"), of("tp-@"), of("tp-@a")]);
}

#[test]
fn a_link_to_null_hides_the_link_of_that_name_in_a_later_folder() {
    let tree = Tree::new(&[
        ("/etc/systemd/system/w.service", SIMPLE),
        ("/etc/systemd/system/nulled.service", SIMPLE),
        ("/etc/systemd/system/w.service.wants/nulled.service", "-> /dev/null"),
        ("/etc/systemd/system/w.service.requires/other.service", "-> /dev/null"),
        ("/usr/lib/systemd/system/w.service.wants/nulled.service", "-> ../nulled.service"),
        ("/usr/lib/systemd/system/w.service.wants/other.service", "-> ../other.service"),
    ]);
    let unit = tree.load("w.service");
    assert!(!has(&unit, DepKind::Wants, "nulled.service"));
    assert!(has(&unit, DepKind::Wants, "other.service"), "of another folder");
}
