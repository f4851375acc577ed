//! chkconfig on trees: the cases that the real one was run on, line by line, and what it does to links.

#![allow(clippy::disallowed_methods)]

use super::*;
use crate::os::root::tests::Scratch;
use crate::sysv::chkconfig::{HandingOver, Redirect, parse};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// A Red Hat style tree of its own.
struct Host {
    scratch: Scratch,
    env: Env,
}

impl Host {
    fn new() -> Self {
        let scratch = Scratch::new();
        let etc = scratch.0.join("root/etc");
        for dir in ["rc.d/init.d", "chkconfig.d", "xinetd.d"] {
            fs::create_dir_all(etc.join(dir)).unwrap();
        }
        symlink("rc.d/init.d", etc.join("init.d")).unwrap();
        for n in 0..7 {
            fs::create_dir(etc.join(format!("rc.d/rc{n}.d"))).unwrap();
            symlink(format!("rc.d/rc{n}.d"), etc.join(format!("rc{n}.d"))).unwrap();
        }
        let env = Env {
            program: "chkconfig".to_owned(),
            privilege: Privilege::Full,
            runlevel: Runlevel::new(3),
            init: Init::Sysv,
            family: Family::RedHat,
            hand_over: HandingOver::Allowed,
        };
        Self { scratch, env }
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.scratch.0.join("root").join(inner.trim_start_matches('/'))
    }

    fn script(&self, name: &str, header: &str) -> &Self {
        let path = self.path("/etc/init.d").join(name);
        fs::write(&path, format!("#!/usr/sbin/amr initd\n{header}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn lsb(&self, name: &str, keys: &str) -> &Self {
        self.script(name, &format!("### BEGIN INIT INFO\n# {}\n### END INIT INFO", keys.replace('|', "\n# ")))
    }

    fn over(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path("/etc/chkconfig.d").join(name), text).unwrap();
        self
    }

    fn link(&self, file: &str, target: &str) -> &Self {
        symlink(target, self.path("/etc").join(file)).unwrap();
        self
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        match parse(&self.env.program, &words, false) {
            Ok(command) => execute(&self.scratch.root(), &command, &self.env),
            Err(usage) => Outcome { stderr: usage.stderr, code: 1, ..Outcome::default() },
        }
    }

    /// Runs a command that must succeed in silence.
    fn quiet(&self, words: &[&str]) -> &Self {
        let out = self.run(words);
        assert_eq!(
            (out.stdout.as_str(), out.stderr.as_str(), out.code),
            ("", "", 0),
            "{words:?} {:?}",
            out.notes
        );
        assert_eq!(out.notes, Vec::<String>::new(), "{words:?}");
        self
    }

    /// `0K30 1K30 2S90 …` of one service, as headers.sh prints them.
    fn links(&self, name: &str) -> String {
        let mut found = String::new();
        for n in 0..7 {
            for file in self.folder(n) {
                if let Some(link) = Link::parse(OsStr::new(&file))
                    && link.name == name
                {
                    found += &format!("{n}{}{} ", link.turn.letter(), link.priority);
                }
            }
        }
        found
    }

    fn folder(&self, n: u8) -> Vec<String> {
        let dir = fs::read_dir(self.path(&format!("/etc/rc.d/rc{n}.d"))).unwrap();
        let mut names: Vec<String> = dir.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn all_links(&self) -> Vec<(u8, String, Option<PathBuf>)> {
        let entry = |n, file: String| {
            let text = fs::read_link(self.path(&format!("/etc/rc.d/rc{n}.d/{file}"))).ok();
            (n, file, text)
        };
        (0..7).flat_map(|n| self.folder(n).into_iter().map(move |f| entry(n, f))).collect()
    }
}

const PLAIN: &str = "# chkconfig: 2345 90 30";

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

/// sysv.md 1.9.
#[test]
fn messages_and_codes() {
    let host = Host::new();
    host.script("web", PLAIN).script("bad", "# nothing");
    let said = |words: &[&str]| {
        let out = host.run(words);
        (format!("{}{}", out.stdout, out.stderr), out.code)
    };
    let err = |text: &str| (format!("{text}\n"), 1);
    assert_eq!(said(&["bad", "on"]), err("service bad does not support chkconfig"));
    assert_eq!(
        said(&["gone", "on"]),
        err("error reading information on service gone: No such file or directory")
    );
    assert_eq!(
        said(&["--del", "gone"]),
        err("error reading information on service gone: No such file or directory")
    );
    assert_eq!(
        said(&["--list", "web"]),
        err(
            "service web supports chkconfig, but is not referenced in any runlevel (run 'chkconfig --add web')"
        )
    );
    assert_eq!(
        said(&["web", "--level", "35"]),
        err("only one runlevel may be specified for a chkconfig query")
    );
    assert_eq!(
        said(&["--add", "--del", "web"]),
        err("only one of --list, --add, --del, or --override may be specified")
    );
    assert_eq!(said(&["--type", "x", "--list"]), err("--type must be 'sysv' or 'xinetd'"));
    assert_eq!(said(&["--bogus"]), err("--bogus: unknown option"));
    assert_eq!(said(&["--level"]), err("--level: missing argument"));
    assert!(said(&["--help"]).0.contains("usage:   chkconfig [--list]"));
    assert_eq!(said(&["--help"]).1, 1);
    assert!(said(&["--version"]).0.starts_with("chkconfig version 1.3.49.3"));
    assert_eq!(said(&["--version"]).1, 0);
    for usage in [
        &["--add"][..],
        &["--add", "a", "b"],
        &["web", "frob"],
        &["--level", "37", "web", "on"],
        &["--add", "/"],
    ] {
        assert!(said(usage).0.contains("usage:"), "{usage:?}");
    }
    // Silent queries.
    for (words, code) in [(&["gone"][..], 1), (&["bad"], 1), (&["web"], 1), (&["web", "--level", "3"], 1)] {
        assert_eq!(said(words), (String::new(), code), "{words:?}");
    }
    host.quiet(&["web", "on"]).quiet(&["web"]).quiet(&["--level", "5", "web"]);
    assert_eq!(said(&["web", "--level", "1"]).1, 1);
    // --level means nothing to --list; a bare call lists.
    let row = "web            \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\n".to_owned();
    assert_eq!(said(&["--level", "1", "--list", "web"]), (row.clone(), 0));
    assert_eq!(said(&[]), (row, 0));
}

#[test]
fn without_a_folder_of_scripts() {
    let host = Host::new();
    fs::remove_dir(host.path("/etc/rc.d/init.d")).unwrap();
    let out = host.run(&["--list"]);
    assert_eq!(out.stderr, "failed to open /etc/init.d: No such file or directory\n");
    assert_eq!((out.stdout.as_str(), out.code), ("", 1));
}

#[test]
fn without_privileges() {
    let mut host = Host::new();
    host.script("web", PLAIN).quiet(&["web", "on"]);
    host.env.privilege = Privilege::None;
    let refused = "You do not have enough privileges to perform this operation.\n";
    for words in [&["web", "off"][..], &["--add", "web"], &["--del", "web"], &["web", "reset"]] {
        let out = host.run(words);
        assert_eq!((out.stderr.as_str(), out.code), (refused, 1));
    }
    // The script is read first.
    assert!(host.run(&["gone", "on"]).stderr.starts_with("error reading"));
    assert_eq!(host.run(&["--list"]).code, 0);
    host.env.privilege = Privilege::Full;
    fs::remove_dir_all(host.path("/etc/rc.d/rc3.d")).unwrap();
    let out = host.run(&["web", "off"]);
    assert_eq!((out.stderr.as_str(), out.code), (refused, 1));
    assert!(out.notes[0].contains("no '/etc/rc3.d'"), "{:?}", out.notes);
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

/// sysv.md 1.5: the real one takes a name for a pattern.
#[test]
fn names_are_not_patterns() {
    let host = Host::new();
    host.script("web1", PLAIN).script("web2", PLAIN).script("web*", PLAIN).script("-x y", PLAIN);
    for name in ["web1", "web2"] {
        host.quiet(&["--add", name]);
    }
    let before = host.links("web1");
    let out = host.run(&["web*", "on"]);
    assert_eq!(out.notes, ["'web*' is a name, not a pattern: web1 web2 stay as they are"]);
    assert_eq!(host.links("web*"), "2S90 3S90 4S90 5S90 ");
    assert_eq!((host.links("web1"), host.links("web2")), (before.clone(), before));
    host.quiet(&["--add", "--", "-x y"]);
    for bad in ["..", "a/b", "../init.d/web1", "x\ny", ""] {
        let out = host.run(&[bad, "on"]);
        assert!(out.stderr.starts_with("error reading information on service"), "{bad:?} {out:?}");
        assert_eq!(out.stderr.lines().count(), 1);
    }
}

/// Link names are limited to 255 bytes; the real one writes past a buffer of 200.
#[test]
fn long_names() {
    let host = Host::new();
    let (fits, long) = ("n".repeat(252), "n".repeat(253));
    host.script(&fits, PLAIN).script(&long, PLAIN).quiet(&["--add", &fits]);
    let out = host.run(&["--add", &long]);
    assert_eq!(out.code, 1);
    assert!(out.stderr.starts_with("failed to make symlink /etc/rc0.d/K30nnn"), "{}", out.stderr);
    assert!(out.stderr.ends_with(": File name too long\n"), "{}", out.stderr);
    assert_eq!(out.notes, ["nothing was changed"]);
    assert_eq!(host.links(&long), "");
}

#[test]
fn nothing_half_done() {
    let host = Host::new();
    host.script("web", PLAIN)
        .link("rc0.d/S01web", "../init.d/web")
        .link("rc2.d/S90web", "/nowhere")
        .link("rc3.d/S90other", "../init.d/other");
    fs::write(host.path("/etc/rc3.d/K11web"), "a file").unwrap();
    fs::remove_dir(host.path("/etc/rc.d/rc6.d")).unwrap();
    fs::create_dir(host.path("/etc/rc.d/rc6.d")).unwrap();
    fs::create_dir(host.path("/etc/rc.d/rc6.d/K99web")).unwrap();
    let before = host.all_links();
    for words in [&["web", "reset"][..], &["--del", "web"]] {
        let out = host.run(words);
        assert_eq!(out.code, 1, "{out:?}");
        assert!(out.stderr.contains("/etc/rc6.d/K99web: it is a folder"), "{}", out.stderr);
        assert!(out.notes.contains(&"nothing was changed".to_owned()));
        assert_eq!(host.all_links(), before);
        assert_eq!(fs::read_to_string(host.path("/etc/rc3.d/K11web")).unwrap(), "a file");
    }
    fs::remove_dir(host.path("/etc/rc.d/rc6.d/K99web")).unwrap();
    // A file in the place of a link counts as a link, as in sysv.md 1.5.
    host.quiet(&["web", "reset"]);
    assert_eq!(host.links("web"), "0K30 1K30 2S90 3S90 4S90 5S90 6K30 ");
    assert_eq!(host.all_links().len(), 8);
    assert!(!host.path(LOCK).exists());
}

#[test]
fn a_missing_folder() {
    let host = Host::new();
    host.script("web", PLAIN);
    fs::remove_dir(host.path("/etc/rc.d/rc4.d")).unwrap();
    let out = host.run(&["web", "on"]);
    assert_eq!(out.stderr, "failed to make symlink /etc/rc4.d/S90web: No such file or directory\n");
    assert_eq!((out.code, out.notes), (1, vec!["nothing was changed".to_owned()]));
    fs::create_dir(host.path("/etc/rc.d/rc4.d")).unwrap();
    assert_eq!(host.all_links(), []);
}

#[test]
fn files_that_are_no_scripts() {
    let host = Host::new();
    host.script("big", PLAIN);
    let file = fs::OpenOptions::new().write(true).open(host.path("/etc/init.d/big")).unwrap();
    file.set_len(SCRIPT_LIMIT + 1).unwrap();
    host.scratch.root().make_fifo(Path::new("/etc/init.d/fifo"), 0o600).unwrap();
    host.link("init.d/loop", "loop").link("init.d/out", "../../../../secret");
    for name in ["big", "fifo", "loop", "out"] {
        let out = host.run(&["--add", name]);
        assert_eq!(out.code, 1, "{name}");
        assert!(out.stderr.starts_with("error reading information on service"), "{}", out.stderr);
    }
    let out = host.run(&["--list"]);
    assert_eq!((out.stdout.as_str(), out.code), ("", 0));
}

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
    let out = host.run(&["tftp", "on"]);
    assert_eq!(out.code, 1);
    assert!(out.stderr.contains("/etc/xinetd.d/tftp"));
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
    host.env.hand_over = HandingOver::Forbidden;
    let out = host.run(&["web", "on"]);
    assert_eq!((out.code, out.hand_over.len()), (1, 0));
    assert!(out.stderr.contains("systemctl --root=DIR enable web.service"));
}

/// sysv.md 4: Debian's links are insserv's.
#[test]
fn debian_goes_to_update_rc_d() {
    let mut host = Host::new();
    host.env.family = Family::Debian;
    host.script("web", PLAIN).link("rc3.d/S01web", "../init.d/web");
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
    host.script("new", PLAIN);
    assert_eq!(calls(&["new", "on"]), ("new defaults; new enable".into(), 0));
    assert_eq!(calls(&["--override", "new"]).1, 1);
    assert!(host.run(&["gone", "on"]).stderr.starts_with("error reading"));
}

/// sysv.md 4: in a tree amr makes the links that insserv would.
#[test]
fn debian_in_a_tree() {
    let mut host = Host::new();
    host.env.family = Family::Debian;
    host.env.hand_over = HandingOver::Forbidden;
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

#[test]
fn two_writers() {
    let host = Host::new();
    host.script("web", PLAIN);
    std::thread::scope(|threads| {
        for state in ["on", "off", "reset"] {
            let host = &host;
            threads.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(host.run(&["web", state]).code, 0);
                }
            });
        }
    });
    let links = host.all_links();
    assert_eq!(links.len(), 7, "{links:?}");
}

/// `--dry-run`: the same decision, nothing taken.
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

#[test]
fn what_a_killed_writer_left_goes_with_the_next_change() {
    let host = Host::new();
    host.script("web", "# chkconfig: 345 20 80\n");
    let folder = host.path("/etc/rc3.d");
    for name in [".amr-old-0", ".amr-77-3.tmp"] {
        symlink("../init.d/web", folder.join(name)).unwrap();
    }
    // A file that somebody had in the place of a link is not amr's to remove.
    fs::write(folder.join(".amr-old-1"), "mine").unwrap();
    host.quiet(&["--list"]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
    host.quiet(&["--add", "web"]);
    let mut left = host.folder(3);
    left.sort();
    assert_eq!(left, [".amr-old-1", "S20web"]);
}

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

mod any_sequence {
    use super::*;
    use proptest::prelude::*;

    fn commands() -> impl Strategy<Value = Vec<Vec<String>>> {
        let name = prop::sample::select(vec!["plain", "lsb", "needs", "odd name*"]);
        let levels = prop::option::of("[0-6]{1,4}");
        let verb = prop::sample::select(vec![
            "--add",
            "--del",
            "on",
            "off",
            "reset",
            "resetpriorities",
            "--override",
        ]);
        let command = (name, levels, verb).prop_map(|(name, levels, verb)| {
            let mut words: Vec<String> = Vec::new();
            if let Some(levels) = levels.filter(|_| !verb.starts_with('-')) {
                words.extend(["--level".to_owned(), levels]);
            }
            if verb.starts_with('-') {
                words.extend([verb.to_owned(), name.to_owned()]);
            } else {
                words.extend([name.to_owned(), verb.to_owned()]);
            }
            words
        });
        prop::collection::vec(command, 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// At most one link per level and service, each leads to its script, and --list says what is there.
        #[test]
        fn leaves_links_right(commands in commands()) {
            let host = Host::new();
            host.script("plain", PLAIN).script("odd name*", "# chkconfig: - 20 80");
            host.lsb("lsb", "Provides: thing|Default-Start: 2 3|Default-Stop: 0");
            host.lsb("needs", "Default-Start: 3 5|Required-Start: thing plain|Should-Stop: thing");
            host.over("plain", "# chkconfig: 35 91 29\n");
            for words in &commands {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                prop_assert_eq!(host.run(&words).code, 0, "{:?}", words);
            }
            let links = host.all_links();
            let mut seen = std::collections::BTreeSet::new();
            for (level, file, text) in &links {
                let name = &file[3..];
                prop_assert!(seen.insert((*level, name.to_owned())), "{} twice in {}", name, level);
                let target = format!("../init.d/{name}");
                prop_assert_eq!(text.as_deref(), Some(Path::new(&target)));
            }
            let table = host.run(&["--list"]).stdout;
            for name in ["plain", "lsb", "needs", "odd name*"] {
                let has = |turn: char, n: u8| links.iter().any(|(l, f, _)| *l == n && f.starts_with(turn) && &f[3..] == name);
                let is_there = links.iter().any(|(_, f, _)| &f[3..] == name);
                let row: String = (0..7).map(|n| format!("\t{n}:{}", if has('S', n) { "on" } else { "off" })).collect();
                prop_assert_eq!(table.contains(&format!("{name:<15}{row}\n")), is_there, "{} {}", name, table);
            }
        }
    }
}
