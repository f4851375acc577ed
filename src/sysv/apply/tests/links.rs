//! What chkconfig does to links: numbers, overrides, LSB blocks.

use super::*;

/// headers.sh and headers.out: 44 headers and file names and what chkconfig 1.3.49.3 made of them.
#[test]
fn the_cases_of_the_real_one() {
    let host = Host::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chkconfig");
    let script = fs::read_to_string(data.join("headers.sh")).unwrap();
    let (_, set_up) = script.split_once("mk(){").unwrap();
    let (set_up, _) = set_up.split_once("\nfor f in").unwrap();
    let root = host.path("/").display().to_string();
    let mut set_up = format!("set -e; D={root}/etc/rc.d/init.d; mk(){{{set_up}");
    for (from, to) in [
        ("mkdir -p /opt", format!("mkdir -p {root}/opt")),
        ("> /opt", format!("> {root}/opt")),
        ("755 /opt", format!("755 {root}/opt")),
        ("/sbin/consoletype", "/bin/sh".to_owned()),
    ] {
        assert!(set_up.contains(from));
        set_up = set_up.replace(from, &to);
    }
    let shell = std::process::Command::new("sh").arg("-c").arg(&set_up).status().unwrap();
    assert!(shell.success());

    let expected = fs::read_to_string(data.join("headers.out")).unwrap();
    let (adds, list) = expected.split_once("--- list\n").unwrap();
    let mut cases = 0;
    for line in adds.lines().skip(1) {
        let (name, want) = line.split_once(" add ").unwrap();
        let name = name.trim_end();
        let out = host.run(&["--add", name]);
        let said = format!("{}{}", out.stdout, out.stderr);
        let got = format!("rc={} [{}] links: {}", out.code, said.trim_end(), host.links(name));
        assert_eq!(got, want, "{name}");
        cases += 1;
    }
    assert_eq!(cases, 44);
    let out = host.run(&["--list"]);
    assert_eq!(out.stdout, list);
    assert_eq!((out.stderr.as_str(), out.code), ("", 0));
    for (_, file, text) in host.all_links() {
        assert_eq!(text.unwrap().to_str().unwrap(), format!("../init.d/{}", &file[3..]));
    }
}

/// sysv.md 1.7: on and off take 2345 or the levels given, and leave the others.
#[test]
fn on_off_reset() {
    let host = Host::new();
    host.script("web", PLAIN).quiet(&["web", "on"]);
    assert_eq!(host.links("web"), "2S90 3S90 4S90 5S90 ");
    host.quiet(&["--level", "06", "web", "off"]);
    assert_eq!(host.links("web"), "0K30 2S90 3S90 4S90 5S90 6K30 ");
    host.quiet(&["web", "--levels=35", "off"]);
    assert_eq!(host.links("web"), "0K30 2S90 3K30 4S90 5K30 6K30 ");
    host.quiet(&["web", "reset"]);
    assert_eq!(host.links("web"), "0K30 1K30 2S90 3S90 4S90 5S90 6K30 ");
    host.script("web", "# chkconfig: 2345 91 31").quiet(&["web", "resetpriorities"]);
    assert_eq!(host.links("web"), "0K31 1K31 2S91 3S91 4S91 5S91 6K31 ");
    host.quiet(&["--del", "/etc/init.d/web/"]);
    assert_eq!(host.links("web"), "");
    // Creates K links where there was none.
    host.quiet(&["web", "resetpriorities"]);
    assert_eq!(host.links("web"), "0K31 1K31 2K31 3K31 4K31 5K31 6K31 ");
}

/// sysv.md 1.7: --add leaves what is there alone, wrong numbers and doubles included.
#[test]
fn add_leaves_links_alone() {
    let host = Host::new();
    host.script("web", PLAIN).link("rc3.d/S10web", "../init.d/web").link("rc3.d/K80web", "../init.d/web");
    let out = host.run(&["--add", "web"]);
    assert_eq!((out.code, out.stderr.as_str()), (0, ""));
    assert_eq!(out.notes, ["/etc/rc3.d has more than one link for 'web': K80web, S10web"]);
    assert_eq!(host.links("web"), "0K30 1K30 2S90 3K80 3S10 4S90 5S90 6K30 ");
    // Any other command leaves one (sysv.md 1.6).
    host.quiet(&["--level", "3", "web", "off"]);
    assert_eq!(host.links("web"), "0K30 1K30 2S90 3K30 4S90 5S90 6K30 ");
}

/// sysv.md 1.7: the real one refuses to clean up behind a removed package.
#[test]
fn del_of_a_script_that_is_gone() {
    let host = Host::new();
    host.script("web", PLAIN).quiet(&["--add", "web"]);
    fs::remove_file(host.path("/etc/init.d/web")).unwrap();
    let listed = host.run(&["--list"]);
    assert_eq!((listed.stdout.as_str(), listed.code), ("", 0));
    assert_eq!(
        listed.notes,
        ["'web' has links but no script '/etc/init.d/web'; 'chkconfig --del web' removes them"]
    );
    let out = host.run(&["--del", "web"]);
    assert_eq!((out.code, out.stderr.as_str()), (0, ""));
    assert_eq!(out.notes.len(), 1);
    assert!(out.notes[0].contains("removes its links"), "{:?}", out.notes);
    assert_eq!(host.links("web"), "");
}

/// sysv.md 1.4 and 1.8.
#[test]
fn overrides() {
    let host = Host::new();
    host.script("beat", "# chkconfig: 2345 98 02").quiet(&["--add", "beat"]).quiet(&["--override", "beat"]);
    host.over("beat", "# why\n# chkconfig: 2345 98 40\n").quiet(&["--override", "beat"]);
    assert_eq!(host.links("beat"), "0K40 1K40 2S98 3S98 4S98 5S98 6K40 ");
    // Changed by hand: it waits, and applies to everything else at once.
    host.over("beat", "# chkconfig: 2345 98 41\n");
    let out = host.run(&["--override", "beat"]);
    assert_eq!((out.code, out.notes.len()), (0, 1), "{out:?}");
    assert_eq!(host.links("beat"), "0K40 1K40 2S98 3S98 4S98 5S98 6K40 ");
    host.quiet(&["beat", "reset"]);
    assert_eq!(host.links("beat"), "0K41 1K41 2S98 3S98 4S98 5S98 6K41 ");
}

#[test]
fn a_partial_override_changes_nothing() {
    let host = Host::new();
    host.script("beat", "# chkconfig: 2345 98 02").quiet(&["--add", "beat"]);
    let before = host.links("beat");
    for text in ["# description: only\n", "# chkconfig: 2345 98 40", "# Default-Start: 3\n"] {
        host.over("beat", text);
        for words in [&["beat", "reset"][..], &["--add", "beat"], &["--override", "beat"], &["beat", "off"]] {
            let out = host.run(words);
            assert_eq!(out.code, 1, "{words:?}");
            assert!(out.stderr.contains("override '/etc/chkconfig.d/beat'"), "{}", out.stderr);
            assert_eq!(host.links("beat"), before);
        }
        let out = host.run(&["--list"]);
        assert!(out.stdout.starts_with("beat ") && out.code == 0, "{out:?}");
        assert!(out.notes[0].contains("is not applied"), "{:?}", out.notes);
    }
    // Empty, or a folder: the real one cannot map it and goes on without.
    host.over("beat", "").quiet(&["beat", "reset"]);
}

/// sysv.md 1.8: LSB scripts touch all seven levels, also with --level, and move others.
#[test]
fn lsb_numbers() {
    let host = Host::new();
    host.script("network", "# chkconfig: 2345 60 30\n# Provides: $network");
    host.lsb("app", "Default-Start: 3 5|Required-Start: $network|Required-Stop: $network");
    host.quiet(&["--add", "network"]).quiet(&["--add", "app"]);
    assert_eq!(host.links("app"), "0K29 1K29 2K29 3S61 4K29 5S61 6K29 ");
    host.script("network", "# chkconfig: 2345 70 20\n# Provides: $network").quiet(&["network", "reset"]);
    host.lsb("late", "Default-Start: 3|Required-Start: app|Required-Stop: app");
    host.quiet(&["--level", "3", "late", "on"]);
    assert_eq!(host.links("late"), "0K18 1K18 2K18 3S72 4K18 5K18 6K18 ");
    assert_eq!(host.links("app"), "0K19 1K19 2K19 3S71 4K19 5S71 6K19 ");
}

/// sysv.md 1.8: the bug of `off`, which falls back to the raw numbers in every level.
#[test]
fn off_keeps_the_order() {
    let host = Host::new();
    host.script("network", "# chkconfig: 2345 60 30\n# Provides: $network").quiet(&["--add", "network"]);
    host.lsb(
        "app",
        "chkconfig: 35 23 77|Default-Start: 3 5|Required-Start: $network|Required-Stop: $network",
    );
    host.quiet(&["--add", "app"]);
    assert_eq!(host.links("app"), "0K29 1K29 2K29 3S61 4K29 5S61 6K29 ");
    let out = host.run(&["--level", "3", "app", "off"]);
    assert_eq!(host.links("app"), "0K29 1K29 2K29 3K29 4K29 5S61 6K29 ");
    assert_eq!(
        out.notes,
        ["'app' keeps S61 and K29 by its dependencies, where chkconfig would fall back to S23 and K77"]
    );
    host.run(&["app", "off"]);
    assert_eq!(host.links("app"), "0K29 1K29 2K29 3K29 4K29 5K29 6K29 ");
}

/// As chkconfig 1.3.49.3: the others are counted with the links as they were.
#[test]
fn off_moves_nobody_else() {
    let host = Host::new();
    host.lsb("zdb", "Default-Start: 2 3 4 5|Default-Stop: 0 1 6");
    host.lsb("app", "Default-Start: 2 3 4 5|Default-Stop: 0 1 6|Required-Start: zdb|Required-Stop: zdb");
    host.quiet(&["--add", "zdb"]).quiet(&["--add", "app"]);
    let before = host.links("app");
    assert_eq!(before, "0K49 1K49 2S51 3S51 4S51 5S51 6K49 ");
    host.run(&["--level", "2", "zdb", "off"]);
    assert_eq!(host.links("zdb"), "0K50 1K50 2K50 3S50 4S50 5S50 6K50 ");
    assert_eq!(host.links("app"), before);
}

/// As chkconfig 1.3.49.3, where a plain script gets K links, and an LSB script what its header says.
#[test]
fn resetpriorities_of_what_was_never_added() {
    let host = Host::new();
    host.lsb("lsb", "Default-Start: 2 3 4 5|Default-Stop: 0 1 6").script("old", "# chkconfig: 345 80 20");
    host.quiet(&["--level", "23", "lsb", "resetpriorities"]).quiet(&["old", "resetpriorities"]);
    assert_eq!(host.links("lsb"), "0K50 1K50 2S50 3S50 4S50 5S50 6K50 ");
    assert_eq!(host.links("old"), "0K20 1K20 2K20 3K20 4K20 5K20 6K20 ");
}

#[test]
fn an_override_of_an_lsb_script() {
    let host = Host::new();
    host.lsb("lsb", "Default-Start: 2 3 4 5|Default-Stop: 0 1 6").script("old", "# chkconfig: 345 80 20");
    let over = "# chkconfig: 345 33 66\n";
    host.over("lsb", over).over("old", over).quiet(&["--override", "old"]).quiet(&["--override", "lsb"]);
    assert_eq!(host.links("old"), "");
    let overridden = "0K66 1K66 2K66 3S33 4S33 5S33 6K66 ";
    assert_eq!(host.links("lsb"), overridden);
    for name in ["lsb", "old"] {
        host.quiet(&["--add", name]).quiet(&["--override", name]);
        assert_eq!(host.links(name), overridden);
    }
}

#[test]
fn circles_are_named() {
    let host = Host::new();
    host.lsb("a", "Default-Start: 3|Required-Start: b").lsb("b", "Default-Start: 3|Required-Start: a");
    host.run(&["--add", "a"]);
    let out = host.run(&["--add", "b"]);
    assert_eq!(out.code, 0);
    assert!(out.notes.iter().any(|n| n.ends_with("a -> b -> a")), "{:?}", out.notes);
    assert!(host.links("b").contains("3S99"), "{}", host.links("b"));
}

/// sysv.md 1.7.
#[test]
fn install_and_remove_initd() {
    let mut host = Host::new();
    host.script("net", "# chkconfig: 345 10 90")
        .lsb("app", "Default-Start: 3 5|Required-Start: $local_fs net gone");
    host.quiet(&["--add", "net"]);
    host.env.program = "install_initd".to_owned();
    let out = host.run(&["/etc/init.d/app"]);
    assert_eq!((out.code, out.stderr.as_str(), host.links("app").as_str()), (1, "", ""));
    assert!(out.notes[0].ends_with("requires: gone"), "{:?}", out.notes);
    host.lsb("app", "Default-Start: 3 5|Required-Start: $local_fs net").quiet(&["app"]);
    assert!(host.links("app").contains("3S50"));
    assert!(host.run(&[]).stderr.contains("usage:   install_initd [name]"));
    host.env.program = "remove_initd".to_owned();
    let out = host.run(&["net"]);
    assert_eq!((out.code, out.stderr.as_str()), (1, ""));
    assert_eq!(out.notes, ["'app' still requires 'net'"]);
    host.quiet(&["app"]).quiet(&["net"]);
    assert_eq!(host.all_links(), []);
}

#[test]
fn what_chkconfig_and_insserv_read_differently_is_said_before_a_script_is_added() {
    let host = Host::new();
    let block = "### BEGIN INIT INFO\n# Provides: web\n# Required-Start: $network\n# Required-Stop:\n\
                 # Default-Start: 3 S\n# Default-Stop: 0 6\n# X-Stop-After: db\n### END INIT INFO\n";
    host.script("web", &format!("# chkconfig: 345 20 80\n{block}"));
    host.script("plain", "# chkconfig: 345 20 80\n");
    let said = |name: &str| {
        let command = parse("chkconfig", &["--add".into(), name.into()], false).unwrap();
        differences(&host.scratch.root(), &command)
    };
    assert_eq!(
        said("web"),
        [
            "'/etc/init.d/web': the numbers 20 and 80 mean nothing to insserv, which counts dependencies",
            "'/etc/init.d/web': chkconfig starts it in runlevels 345, insserv in 3",
            "'/etc/init.d/web': runlevel S is unknown to chkconfig",
            "'/etc/init.d/web': X-Stop-After is unknown to chkconfig",
        ]
    );
    assert_eq!((said("plain"), said("none")), (Vec::new(), Vec::new()));
}

/// `--dry-run`: the same decision, nothing taken.
#[test]
fn a_preview_changes_nothing() {
    let host = Host::new();
    host.script("web", PLAIN);
    let command = parse("chkconfig", &["--add".into(), "web".into()], false).unwrap();
    let decision = preview(&host.scratch.root(), &command, &host.env);
    assert_eq!(decision.steps.len(), 7);
    assert_eq!(decision.steps[0].to_string(), "link /etc/rc0.d/K30web -> ../init.d/web");
    assert_eq!(host.all_links(), []);
}
