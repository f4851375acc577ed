//! What chkconfig says and refuses: words, codes, odd names and files, half-done work.

use super::*;

/// Links that are not seen are not taken for links that are not there.
#[test]
fn a_folder_of_links_that_cannot_be_read_is_an_error() {
    let host = Host::new();
    host.script("web", PLAIN);
    assert_eq!(host.run(&["--add", "web"]).code, 0);
    let folder = host.path("/etc/rc.d/rc3.d");
    fs::remove_dir_all(&folder).unwrap();
    symlink("rc3.d", &folder).unwrap();
    for words in [["web", "on"].as_slice(), &["web", "off"], &["--list", "web"], &["--del", "web"]] {
        let out = host.run(words);
        assert!(out.code == 1 && out.stderr.contains("rc3.d"), "{words:?}: {out:?}");
    }
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
    assert!(out.notes[0].contains("'/etc/rc3.d', by which"), "{:?}", out.notes);
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

/// An override that is there and cannot be read must not be passed over: the numbers would be wrong.
#[test]
fn an_override_that_cannot_be_read() {
    let host = Host::new();
    host.script("web", PLAIN).quiet(&["--add", "web"]);
    let before = host.all_links();
    host.link("chkconfig.d/web", "web");
    for words in [&["web", "reset"][..], &["--add", "web"], &["web", "off"]] {
        let out = host.run(words);
        assert_eq!(out.code, 1, "{words:?}");
        let said = "error reading information on service web: override '/etc/chkconfig.d/web': it cannot be read: Too many";
        assert!(out.stderr.starts_with(said), "{}", out.stderr);
        assert_eq!(host.all_links(), before);
    }
    let out = host.run(&["--list"]);
    assert!(out.stdout.starts_with("web ") && out.code == 0, "{out:?}");
    assert!(out.notes[0].contains("is not applied: it cannot be read"), "{:?}", out.notes);
    // A folder is none, as for chkconfig.
    fs::remove_file(host.path("/etc/chkconfig.d/web")).unwrap();
    fs::create_dir(host.path("/etc/chkconfig.d/web")).unwrap();
    host.quiet(&["web", "reset"]);
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
    host.scratch.root().make_fifo(Path::new("/etc/init.d/fifo"), 0o600).unwrap();
    host.link("init.d/loop", "loop").link("init.d/out", "../../../../secret");
    for name in ["fifo", "loop", "out"] {
        let out = host.run(&["--add", name]);
        assert_eq!(out.code, 1, "{name}");
        assert!(out.stderr.starts_with("error reading information on service"), "{}", out.stderr);
    }
    let out = host.run(&["--list"]);
    assert_eq!((out.stdout.as_str(), out.code), ("", 0));
}

/// A shell header, then a zip: the header counts, however much follows.
#[test]
fn files_of_any_size() {
    let host = Host::new();
    let text = format!("#!/bin/bash\n{PLAIN}\nexit 0\nPK\x03\x04\0\0");
    fs::write(host.path("/etc/init.d/jar"), text).unwrap();
    let file = fs::OpenOptions::new().write(true).open(host.path("/etc/init.d/jar")).unwrap();
    file.set_len(20 << 20).unwrap();
    host.quiet(&["--add", "jar"]);
    assert!(host.run(&["--list"]).stdout.starts_with("jar  "), "{:?}", host.run(&["--list"]));
    // In the line in which the search ends, and behind it, nothing counts.
    let far = format!("#!/bin/sh\n{}", "#\n".repeat((1 << 19) - 20));
    fs::write(host.path("/etc/init.d/far"), format!("{far}# chkconfig: 2345 90 30\n# chkconfig: x\n"))
        .unwrap();
    host.quiet(&["--add", "far"]);
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

#[test]
fn what_a_killed_writer_left_goes_with_the_next_change() {
    let host = Host::new();
    host.script("web", "# chkconfig: 345 20 80");
    let folder = host.path("/etc/rc3.d");
    for name in [".amr-old-0", ".amr-77-3.tmp"] {
        symlink("../init.d/web", folder.join(name)).unwrap();
    }
    // A file that somebody had in the place of a link is not amr's to remove.
    fs::write(folder.join(".amr-old-1"), "mine").unwrap();
    host.quiet(&["--list"]);
    assert_eq!(host.folder(3).len(), 3);
    host.quiet(&["--add", "web"]);
    assert_eq!(host.folder(3), [".amr-old-1", "S20web"]);
}
