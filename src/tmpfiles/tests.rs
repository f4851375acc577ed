//! The grammar as systemd-tmpfiles 252.39 was seen to read it, plans, and trees on which they are done.

use super::apply::{Mode, apply};
use super::line::{Act, Entry, parse, read};
use super::plan::{When, plan};
use super::point::Points;
use crate::os::root::Placed;
use crate::os::root::tests::Scratch;
use crate::unit::build::{Input, build};
use crate::unit::finding::render;
use crate::unit::merge::Source;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

fn entries(text: &str) -> Vec<Entry> {
    read(Path::new("/t.conf"), text.as_bytes(), &Facts::default()).0
}

/// What is wrong with a line.
fn fault(text: &str) -> String {
    parse(text, &Facts::default()).map_or_else(|e| e.message, |line| format!("{line:?}"))
}

#[test]
fn six_fields_and_the_rest() {
    let line = |text| parse(text, &Facts::default()).unwrap();
    let d = line("\"d\"  \"/a b\\x21\" 02775 web :33 10d ignored");
    assert_eq!((d.act, d.path.as_path()), (Act::Folder, Path::new("/a b!")));
    let (mode, user, group) = (d.mode.unwrap(), d.user.unwrap(), d.group.unwrap());
    assert_eq!((mode.value, mode.only_new, d.masked), (0o2775, false, false));
    assert_eq!(
        (user.value.as_str(), user.only_new, group.value.as_str(), group.only_new),
        ("web", false, "33", true)
    );
    assert_eq!((d.age.as_deref(), d.argument), (Some("10d"), None));
    for (text, only_new, masked) in [("~:0711", true, true), (":~0711", true, true), ("~0711", false, true)] {
        let line = parse(&format!("d /x {text}"), &Facts::default()).unwrap();
        assert_eq!((line.mode.unwrap().only_new, line.masked), (only_new, masked), "{text}");
    }
    let bare = line("D! /x - - - -");
    assert!(bare.boot && bare.mode.is_none() && bare.user.is_none() && bare.age.is_none());
    let argument = |text| String::from_utf8(line(text).argument.unwrap()).unwrap();
    assert_eq!(argument("f /x - - - - a\\x20b\\n%%  \"q\""), "a b\n%  \"q\"");
    assert_eq!(argument("f /x - - - -   two   words"), "two   words");
    assert_eq!(argument("f~ /x - - - - aGVsbG8K"), "hello\n");
    assert_eq!(argument("L /x - - - - ../a b\\x41"), "../a bA");
    assert_eq!(line("f /x - - - - -").argument, None);
    assert!(line("F /x").force && line("f+ /x").force && line("d= /x").replace && line("z- /x").may_fail);
    assert_eq!(line("d /a//b/./c/").path, Path::new("/a/b/c"));
    assert_eq!(line("d /var/run/x").path, Path::new("/run/x"));
    assert_eq!(line("d /var/runner").path, Path::new("/var/runner"));
    assert_eq!(line("d %t/x%%%T").path, Path::new("/run/x%/tmp"));
    assert_eq!(line("R /x").act, Act::Nothing);
}

#[test]
fn what_252_refuses() {
    // A facts' host without an os-release: '%o' cannot be told.
    for (text, says) in [
        ("d", "it has no path"),
        ("d=/c8", "it has no path"),
        ("d\\x20/c7", "it has no path"),
        ("\"\" /x", "the type is missing"),
        ("dd /x", "unknown modifiers in type 'dd'"),
        ("d++ /x", "unknown modifiers in type 'd++'"),
        ("k /x", "unknown type 'k'"),
        ("L~ /x - - - - aGVs", "'~' (base64) is not for type 'L'"),
        ("f~ /x - - - - !", "the argument is not base64"),
        ("f^ /x", "'^' asks for a credential, and none is named"),
        ("d x", "the path 'x' is not absolute"),
        ("d /x/../y", "the path '/x/../y' has '..' in it"),
        ("d /x%i", "unknown specifier '%i': write '%%' for a percent sign"),
        ("d /x%A", "unknown specifier '%A': write '%%' for a percent sign"),
        ("d /x%o", "cannot resolve '%o': there is neither /etc/os-release nor /usr/lib/os-release"),
        ("d /x 9999", "'9999' is not a mode: expected octal digits, such as 0755"),
        ("d /x -0755", "'-0755' is not a mode: expected octal digits, such as 0755"),
        ("d /x :~", "'' is not a mode: expected octal digits, such as 0755"),
        ("d /x - :", "the name is missing"),
        ("d /x \"0755", "unbalanced quoting: the quote is never closed"),
        ("d /x\\q", "unknown escape sequence '\\q', kept as it stands"),
        ("f /x - - - - a\\q", "unknown escape sequence '\\q'"),
        ("f /x - - - - a\\", "unknown escape sequence '\\'"),
        ("f /x - - - - %i", "unknown specifier '%i': write '%%' for a percent sign"),
    ] {
        assert_eq!(fault(text), says, "{text}");
    }
    assert!(fault("d /x - - - 5xyz").starts_with("invalid age: "), "{}", fault("d /x - - - 5xyz"));
    assert!(parse("d /x - - - ~abcm:5d", &Facts::default()).is_ok());
}

#[test]
fn a_broken_line_says_where_and_keeps_none_of_the_others() {
    let text = "# c\n  d /a 0750\r\n\n\td /b 0999 x\nd /c\0d /d";
    let (entries, findings) = read(Path::new("/etc/tmpfiles.d/x.conf"), text.as_bytes(), &Facts::default());
    let paths: Vec<&Path> = entries.iter().map(|e| e.line.path.as_path()).collect();
    assert_eq!(paths, [Path::new("/a"), Path::new("/c"), Path::new("/d")]);
    assert_eq!(
        findings.iter().map(render).collect::<Vec<_>>(),
        [
            "/etc/tmpfiles.d/x.conf:4:7: '0999' is not a mode: expected octal digits, such as 0755, ignoring the line\n    \
          \td /b 0999 x\n    \t     ^~~~\nhint: see tmpfiles.d(5): TYPE PATH MODE USER GROUP AGE ARGUMENT"
        ]
    );
    let (_, findings) = read(Path::new("/x"), b"d /lat\xe9\n", &Facts::default());
    assert!(render(findings.first().unwrap()).starts_with("/x:1:1: it is not UTF-8, ignoring"));
}

#[test]
fn the_first_line_of_a_path_counts_and_folders_come_first() {
    let text = "f /run/a/b/c\nz /run/a/* 0600\nd /run/a/b 0700\nd /run/a\nd! /run/boot\nd /run/a/b 0711\n\
                d /run/a/b 0700\nR /run/x\nf^ /y - - - - cred\nx /tmp/*";
    let made = plan(entries(text), When::Later, Path::new("/var/run"));
    let steps: Vec<&str> = made.steps.iter().map(|e| e.line.path.to_str().unwrap()).collect();
    assert_eq!(steps, ["/var/run/a", "/var/run/a/b", "/var/run/a/b", "/var/run/a/b/c", "/var/run/a/*"]);
    let passed: Vec<&str> = made.passed.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(
        passed,
        [
            "it is for the boot alone",
            "/t.conf:3 has this path already",
            "amr does nothing for type 'R'",
            "it needs a credential, and amr has none",
            "amr does nothing for type 'x'"
        ]
    );
    let boot = plan(entries(text), When::Boot, Path::new("/run"));
    assert!(boot.steps.iter().any(|e| e.line.path == Path::new("/run/boot")));
}

#[test]
fn a_tree_gets_what_is_listed_and_a_second_time_nothing() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let at = |path: &str| root.outer(Path::new(path));
    fs::create_dir_all(at("/run/there")).unwrap();
    fs::create_dir(at("/run/dir")).unwrap();
    fs::write(at("/run/there/old"), "old").unwrap();
    symlink("elsewhere", at("/run/link")).unwrap();
    let text = "d /run/new/deep 0711\nd /run/there 0700\nf /run/there/old 0640 - - - new\n\
                f+ /run/there/over 0600 - - - 1\nL /run/to - - - - ../x\nL /run/link - - - - y\n\
                L+ /run/link2 - - - - y\nz /run/there/o* 0604\nf /run/dir - - - -\nd- /run/there/old\n\
                d /run/nobody - no-such-user\nd /run/mine ~0777\n";
    fs::write(at("/run/link2"), "file").unwrap();
    let steps = plan(entries(text), When::Later, Path::new("/run")).steps;
    let looked = apply(&root, &steps, Mode::DryRun);
    assert!(!at("/run/new").exists() && looked.len() >= steps.len());
    let done = apply(&root, &steps, Mode::Do);
    let mode = |path: &str| fs::symlink_metadata(at(path)).unwrap().mode() & 0o7777;
    assert_eq!((mode("/run/new"), mode("/run/new/deep"), mode("/run/there")), (0o755, 0o711, 0o700));
    assert_eq!((mode("/run/there/old"), mode("/run/there/over")), (0o604, 0o604));
    assert_eq!(fs::read_to_string(at("/run/there/old")).unwrap(), "old", "f leaves what is there");
    assert_eq!(fs::read_to_string(at("/run/there/over")).unwrap(), "1");
    assert_eq!(fs::read_link(at("/run/to")).unwrap(), Path::new("../x"));
    assert_eq!(fs::read_link(at("/run/link")).unwrap(), Path::new("elsewhere"));
    assert_eq!(fs::read_link(at("/run/link2")).unwrap(), Path::new("y"));
    let failed: Vec<&str> = done.iter().filter_map(|d| d.end.as_ref().err()).map(String::as_str).collect();
    assert!(done.iter().any(|d| d.end == Ok(Placed::Left) && d.what.starts_with("link '/run/link'")));
    let prefix = at("/run").display().to_string();
    assert_eq!(
        failed,
        [
            format!("cannot create '{prefix}/dir': something else is there; hint: move it away").as_str(),
            "user 'no-such-user' does not exist; hint: install its package, or 'amr sysusers' where sysusers.d has it",
        ]
    );
    fs::set_permissions(at("/run/mine"), fs::Permissions::from_mode(0o600)).unwrap();
    let again = apply(&root, &steps, Mode::Do);
    let changed: Vec<&str> = again
        .iter()
        .filter(|d| matches!(d.end, Ok(Placed::Made | Placed::Changed)))
        .map(|d| d.what.as_str())
        .collect();
    assert_eq!(
        changed,
        [
            "file '/run/there/old' (0640, -:-)",
            "file '/run/there/over' (0600, -:-)",
            "folder '/run/mine' (0777, -:-)",
            "'/run/there/old' (0604, -:-)",
            "'/run/there/over' (0604, -:-)"
        ],
        "what was changed, f and z, which disagree each time, and f+, which writes anew; nothing else"
    );
    assert_eq!(mode("/run/mine"), 0o666, "masked: nobody could enter it");
}

/// A unit of this name with these lines in [Service].
fn unit(name: &str, aliases: &[&str], lines: &str) -> Unit {
    let text = format!("[Service]\n{lines}\n");
    let name = UnitName::parse(name).unwrap();
    build(
        Input {
            name,
            aliases: aliases.iter().map(|alias| UnitName::parse(alias).unwrap()).collect(),
            fragment: Some("/u/file@.service".into()),
            dropins: Vec::new(),
            sources: vec![Source::new(Path::new("/run/u"), text.as_bytes())],
            links: Vec::new(),
        },
        &Facts::default(),
    )
}

#[test]
fn a_line_is_a_units_by_name_or_by_a_path_that_it_mentions() {
    let points = Points::from_unit(
        &unit(
            "web@a.service",
            &["www.service"],
            "ExecStart=/usr/sbin/httpd --pid=/run/httpd/pid -s/var/run/glued/s unix:/run/sock,mode=1 /srv/run/no\n\
             User=daemon\nGroup=root\nRuntimeDirectory=own\nPIDFile=/run/own/pid\nEnvironment=A=/run/env/x",
        ),
        Path::new("/run"),
    );
    let names: Vec<&str> = points.names.iter().map(String::as_str).collect();
    assert_eq!(names, ["daemon", "file", "httpd", "web", "web@a", "www"]);
    let paths: Vec<&str> = points.paths.iter().map(|p| p.to_str().unwrap()).collect();
    assert_eq!(paths, ["/run/env/x", "/run/glued/s", "/run/httpd/pid", "/run/sock"]);
    let has = |file: &str, line: &str| {
        points.has(read(Path::new(file), line.as_bytes(), &Facts::default()).0.first().unwrap())
    };
    assert!(has("/usr/lib/tmpfiles.d/www.conf", "d /run/any") && has("/x/other.conf", "d /run/httpd"));
    assert!(has("/x/other.conf", "d /var/run/env/x") && !has("/x/other.conf", "d /run/env/xy"));
    assert!(
        !has("/x/www.conf", "d /var/lib/www")
            && !has("/x/www.conf", "d /run")
            && !has("/x/w.conf", "d /run/y")
    );
    let old =
        Points::from_unit(&unit("a.service", &[], "ExecStart=/a /var/run/x /run/y"), Path::new("/var/run"));
    assert_eq!(old.paths.iter().map(|p| p.to_str().unwrap()).collect::<Vec<_>>(), ["/run/x", "/run/y"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[dfLz+!=~^-]{0,3} ?[/a-z%\"\\\\{}~: .0-7-]{0,40}") {
        let _ = parse(&text, &Facts::default());
    }

    #[test]
    fn any_bytes_are_a_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (entries, findings) = read(Path::new("/x"), &bytes, &Facts::default());
        findings.iter().for_each(|finding| drop(render(finding)));
        drop(plan(entries, When::Boot, Path::new("/run")));
    }
}
