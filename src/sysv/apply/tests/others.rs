//! Where others have the word: xinetd, systemctl, insserv.

use super::*;

/// sysv.md 1.9, the xinetd part of the table.
#[test]
fn xinetd() {
    let host = Host::new();
    host.script("xinetd", PLAIN);
    for (name, disable) in [("tftp", "yes"), ("a-long-name-of-one", "no"), ("x.rpmsave", "no")] {
        fs::write(
            host.path("/etc/xinetd.d").join(name),
            format!("service {name}\n{{\n disable = {disable}\n}}\n"),
        )
        .unwrap();
    }
    assert_eq!(host.run(&["--list"]).stdout, "");
    host.quiet(&["xinetd", "on"]);
    let out = host.run(&["--list"]).stdout;
    let (_, xinetd) = out.split_once('\n').unwrap();
    assert_eq!(xinetd, "\nxinetd based services:\n\ta-long-name-of-one:\ton\n\ttftp:          \toff\n");
    assert!(!host.run(&["--list", "--type", "sysv"]).stdout.contains("tftp"));
    assert!(!host.run(&["--list", "--type", "xinetd"]).stdout.contains("0:off"));
    assert_eq!(host.run(&["--list", "tftp"]).stdout, "tftp           \toff\n");
    assert_eq!((host.run(&["tftp"]).code, host.run(&["a-long-name-of-one"]).code), (1, 0));
    host.quiet(&["--add", "tftp"]).quiet(&["--del", "tftp"]);
    // As chkconfig: the line goes behind the brace, and xinetd reads it.
    let out = host.run(&["tftp", "on"]);
    assert_eq!((out.code, out.reload_xinetd), (0, true));
    let file = host.path("/etc/xinetd.d/tftp");
    assert_eq!(fs::read_to_string(&file).unwrap(), "service tftp\n{\n\tdisable\t= no\n}\n");
    assert_eq!(host.run(&["--level", "3", "tftp", "off"]).code, 0);
    assert!(fs::read_to_string(&file).unwrap().contains("= yes"));
    let out = host.run(&["tftp", "reset"]);
    assert!(out.code == 1 && out.stderr.contains("'on' or 'off'"), "{out:?}");
}

/// sysv.md 1.10.
#[test]
fn native_units_go_to_systemctl() {
    let mut host = Host::new();
    host.env.init = Init::SystemdRunning;
    host.script("web", PLAIN).script("old", PLAIN).script("sock", PLAIN);
    fs::create_dir_all(host.path("/lib/systemd/system")).unwrap();
    for unit in ["web.service", "sock@.service", "sock.socket"] {
        fs::write(host.path("/lib/systemd/system").join(unit), "").unwrap();
    }
    let handed = |words: &[&str]| {
        let out = host.run(words);
        let calls: Vec<String> = out
            .hand_over
            .iter()
            .map(|h| format!("{} {}", h.program, h.args.join(OsStr::new(" ")).to_str().unwrap()))
            .collect();
        (calls.join("; "), out.stderr)
    };
    let note = |call: &str| (call.to_owned(), format!("Note: Forwarding request to '{call}'.\n"));
    assert_eq!(handed(&["web", "on"]), note("systemctl enable web.service"));
    assert_eq!(handed(&["web", "off"]), note("systemctl disable web.service"));
    assert_eq!(handed(&["web"]), note("systemctl is-enabled web.service"));
    assert_eq!(handed(&["sock", "on"]), note("systemctl enable sock.socket"));
    assert_eq!(host.links("web"), "");
    let nothing = (String::new(), String::new());
    for words in
        [&["--no-redirect", "web", "on"][..], &["--level", "3", "web"], &["web", "reset"], &["old", "on"]]
    {
        assert_eq!(handed(words), nothing, "{words:?}");
    }
    let out = host.run(&["--list"]);
    assert!(out.stdout.contains("old ") && !out.stdout.contains("web "), "{}", out.stdout);
    assert_eq!(out.stderr.lines().count(), 9);
    assert!(host.run(&["--add", "old"]).reload);
    let skip = parse("chkconfig", &["web".into(), "on".into()], true).unwrap();
    assert!(matches!(skip, Command::Set { redirect: Redirect::Forbidden, .. }));
    host.env.program = "systemd-sysv-install".to_owned();
    assert_eq!(host.run(&["disable", "web"]).code, 0);
    assert_eq!(host.run(&["is-enabled", "web"]).code, 1);
    assert_eq!(host.run(&["enable", "web"]).code, 0);
    assert_eq!(host.run(&["is-enabled", "web"]).code, 0);
    assert!(host.run(&["frob", "web"]).stderr.contains("usage:"));
    host.env.program = "chkconfig".to_owned();
    host.env.hand_over = HandOverPolicy::Forbidden;
    let out = host.run(&["web", "on"]);
    assert_eq!((out.code, out.hand_over.len()), (1, 0));
    assert!(out.stderr.contains("systemctl --root=DIR enable web.service"));
}

/// sysv.md 4: Debian's links are insserv's.
#[test]
fn debian_goes_to_update_rc_d() {
    let mut host = Host::new();
    host.env.family = Family::Debian;
    let keys = |name: &str| {
        format!("Provides: {name}|Required-Start:|Required-Stop:|Default-Start: 2 3|Default-Stop: 0 6")
    };
    host.lsb("web", &keys("web")).link("rc3.d/S01web", "../init.d/web");
    fs::create_dir_all(host.path("/usr/sbin")).unwrap();
    fs::write(host.path("/usr/sbin/update-rc.d"), "").unwrap();
    let calls = |words: &[&str]| {
        let out = host.run(words);
        assert!(out.hand_over.iter().all(|h| h.program == "update-rc.d"));
        let args = out.hand_over.iter().map(|h| h.args.join(OsStr::new(" ")).into_string().unwrap());
        (args.collect::<Vec<_>>().join("; "), out.notes.len())
    };
    assert_eq!(calls(&["--add", "web"]), ("web defaults".into(), 0));
    assert_eq!(calls(&["--del", "web"]), ("-f web remove".into(), 0));
    assert_eq!(calls(&["web", "on"]), ("web enable".into(), 0));
    assert_eq!(calls(&["web", "--level", "023", "off"]), ("web disable 2 3".into(), 1));
    assert_eq!(calls(&["web", "--level", "06", "off"]), (String::new(), 1));
    assert_eq!(calls(&["web", "reset"]), ("-f web remove; web defaults".into(), 0));
    assert_eq!(calls(&["web", "resetpriorities"]), ("web defaults".into(), 0));
    host.lsb("new", &keys("new"));
    assert_eq!(calls(&["new", "on"]), ("new defaults; new enable".into(), 0));
    assert_eq!(calls(&["--override", "new"]).1, 1);
    assert!(host.run(&["gone", "on"]).stderr.starts_with("error reading"));
}

/// sysv.md 4: in a tree amr makes the links that insserv would.
#[test]
fn debian_in_a_tree() {
    let mut host = Host::new();
    host.env.family = Family::Debian;
    host.env.hand_over = HandOverPolicy::Forbidden;
    fs::write(host.path("/etc/insserv.conf"), "$network networking\n$syslog +rsyslog\n").unwrap();
    let block = |name: &str, needs: &str| {
        let levels = "Default-Start: 2 3 4 5|Default-Stop: 0 1 6";
        host.lsb(name, &format!("Provides: {name}|Required-Start: {needs}|Required-Stop: {needs}|{levels}"));
    };
    block("networking", "");
    block("filebeat", "$network");
    block("hook", "filebeat");
    let said = |words: &[&str]| {
        let out = host.run(words);
        assert_eq!((out.code, out.stderr.as_str(), out.hand_over.len()), (0, "", 0), "{words:?}");
        assert!(out.notes.last().unwrap().contains("run insserv on the host"), "{:?}", out.notes);
    };
    said(&["--add", "networking"]);
    assert_eq!(host.links("networking"), "0K01 1K01 2S01 3S01 4S01 5S01 6K01 ");
    said(&["--add", "hook"]);
    said(&["filebeat", "on"]);
    // The third pushes the others to their depth.
    assert_eq!(host.links("networking"), "0K03 1K03 2S01 3S01 4S01 5S01 6K03 ");
    assert_eq!(host.links("filebeat"), "0K02 1K02 2S02 3S02 4S02 5S02 6K02 ");
    assert_eq!(host.links("hook"), "0K01 1K01 2S03 3S03 4S03 5S03 6K01 ");
    said(&["--level", "3", "filebeat", "off"]);
    assert_eq!(host.links("filebeat"), "0K02 1K02 2S02 3K02 4S02 5S02 6K02 ");
    said(&["filebeat", "reset"]);
    assert_eq!(host.links("filebeat"), "0K02 1K02 2S02 3S02 4S02 5S02 6K02 ");
    said(&["--del", "filebeat"]);
    assert_eq!(
        (host.links("filebeat").as_str(), host.links("hook").as_str()),
        ("", "0K01 1K01 2S01 3S01 4S01 5S01 6K01 ")
    );
    // No block, no links; and the real one ends with 0.
    host.script("web", PLAIN);
    let out = host.run(&["web", "on"]);
    assert_eq!(out.code, 1);
    assert!(out.stderr.contains("no '### BEGIN INIT INFO'"), "{}", out.stderr);
    assert_eq!(host.links("web"), "");
    block("web.dpkg-old", "");
    let out = host.run(&["--add", "web.dpkg-old"]);
    assert_eq!((out.code, host.links("web.dpkg-old").as_str()), (1, ""));
    assert_eq!(out.stderr, "service web.dpkg-old: insserv passes over files of such a name\n");
    fs::create_dir_all(host.path("/etc/insserv/overrides")).unwrap();
    let over = fs::read(host.path("/etc/init.d/networking")).unwrap();
    fs::write(host.path("/etc/insserv/overrides/web"), over).unwrap();
    said(&["web", "on"]);
    assert!(host.links("web").contains("3S01"));
}

/// As insserv 1.24 with the same scripts.
#[test]
fn refusals_and_levels_of_insserv() {
    let mut host = Host::new();
    host.env.family = Family::Debian;
    host.env.hand_over = HandOverPolicy::Forbidden;
    fs::create_dir(host.path("/etc/rcS.d")).unwrap();
    let script = |name: &str, needs: &str, start: &str, stop: &str| {
        let text = format!(
            "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: {name}\n# Required-Start: {needs}\n\
             # Required-Stop: {needs}\n# Default-Start: {start}\n# Default-Stop: {stop}\n### END INIT INFO\n"
        );
        fs::write(host.path("/etc/init.d").join(name), text).unwrap();
    };
    script("app", "net", "2 3", "0 6");
    // Without initscripts update-rc.d has insserv forgive what is missing.
    assert_eq!(host.run(&["--add", "app"]).code, 0);
    host.run(&["--del", "app"]);
    script("mountkernfs.sh", "", "S", "");
    script("net", "mountkernfs.sh", "S", "0 6");
    assert_eq!(host.run(&["--add", "mountkernfs.sh"]).code, 0);
    let out = host.run(&["--add", "app"]);
    assert_eq!((out.code, host.links("app").as_str()), (1, ""));
    assert!(out.stderr.starts_with("service net has to be enabled to use service app"), "{}", out.stderr);
    assert_eq!((host.run(&["--add", "net"]).code, host.run(&["--add", "app"]).code), (0, 0));
    assert_eq!(host.links("app"), "0K01 2S01 3S01 6K01 ");
    assert_eq!(host.links("net"), "0K02 6K02 ");
    let mut boot: Vec<_> =
        fs::read_dir(host.path("/etc/rcS.d")).unwrap().map(|e| e.unwrap().file_name()).collect();
    boot.sort();
    assert_eq!(boot, ["S01mountkernfs.sh", "S02net"]);
    // One without Default-Stop has a number all the same.
    script("udev", "", "2 3", "");
    assert_eq!((host.run(&["--add", "udev"]).code, host.run(&["udev", "off"]).code), (0, 0));
    assert_eq!(host.links("udev"), "2K01 3K01 ");
}
