//! What systemd-sysusers 252.39 was seen to do with the same lines and files.

use super::database::Texts;
use super::line::{parse, read};
use super::plan::{Plan, World, plan, range};
use super::write::{Mode, make};
use crate::os::root::tests::Scratch;
use crate::unit::finding::render;
use crate::unit::specifier::Facts;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\ntaken:x:997:997::/:/bin/sh\n+::::::\n";
const GROUP: &str = "root:x:0:\nadm:x:4:root\ntaken:x:997:\nother:x:995:\n+:::\n";

const LINES: &str = r#"# c
u web 33 "Web server" /var/www /bin/bash
u auto - "Auto"
u fixed 500:4
u named -:adm
u named2 501:nogrp
g grp 600
g grpauto
m auto adm
m newuser newgroup
u taken 5 "never"
u clash 997
u clash2 995
u web 34
u root2 0
u gid9 501:9
g adm 77
r - 300-310
u many 40:41
g many2 41
u noshell - - - /usr/sbin/nologin
u dash - - -
"#;

fn planned(text: &str, passwd: &str, group: &str) -> Plan {
    let entries = read(Path::new("/a.conf"), text.as_bytes(), &Facts::default()).0;
    let find = |file: &str, wanted: &str| {
        let lines = file.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mut known = lines.filter_map(|f| Some((f.first()?.to_string(), f.get(2)?.parse::<u32>().ok()?)));
        Ok(known.find(|(name, id)| name == wanted || id.to_string() == wanted))
    };
    let world = World {
        user: &|wanted| find(passwd, wanted),
        group: &|wanted| find(group, wanted),
        owner_of: &|path| (path == Path::new("/srv")).then_some((305, 306)),
        range: (100, 999),
    };
    plan(&entries, &world)
}

#[test]
fn numbers_and_order_are_systemds() {
    let made = planned(LINES, PASSWD, GROUP);
    let groups: Vec<String> = made.groups.iter().map(|g| format!("{} {}", g.name, g.gid)).collect();
    assert_eq!(
        groups.join(","),
        "grp 600,grpauto 310,many2 41,newgroup 309,web 33,auto 308,clash 306,clash2 305,root2 304,\
         noshell 303,dash 302,newuser 301"
    );
    let users: Vec<String> = made.users.iter().map(|u| format!("{} {}:{}", u.name, u.uid, u.gid)).collect();
    assert_eq!(
        users.join(","),
        "web 33:33,auto 308:308,fixed 500:4,named 307:4,clash 306:306,clash2 305:305,root2 304:304,\
         many 40:41,noshell 303:303,dash 302:302,newuser 301:301"
    );
    assert_eq!(
        made.failures,
        [
            "/a.conf:6: cannot create user 'named2': group 'nogrp' does not exist",
            "/a.conf:16: cannot create user 'gid9': group 9 does not exist; hint: create it first",
        ]
    );
    assert_eq!(
        made.notes,
        [
            "/a.conf:14: /a.conf:2 has this name already",
            "number 997 for user 'clash' is taken",
            "number 995 for user 'clash2' is taken",
            "number 0 for user 'root2' is taken",
        ]
    );
}

#[test]
fn what_is_written() {
    let made = planned(LINES, PASSWD, GROUP);
    let old = Texts {
        passwd: PASSWD.into(),
        group: GROUP.into(),
        shadow: Some(b"root:*:1::::::".to_vec()),
        gshadow: Some(b"root:*::\nadm:*::root\n".to_vec()),
    };
    let new = old.with(&made, 20787, "/usr/sbin/nologin");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let passwd = text(&new.passwd);
    assert!(passwd.starts_with("root:x:0:0:root:/root:/bin/sh\ntaken:x:997:997::/:/bin/sh\nweb:x:33:33:Web server:/var/www:/bin/bash\nauto:x:308:308:Auto:/:/usr/sbin/nologin\n"));
    assert!(passwd.ends_with("newuser:x:301:301::/:/usr/sbin/nologin\n+::::::\n"), "{passwd}");
    let group = text(&new.group);
    assert!(group.contains("\nadm:x:4:auto,root\n") && group.contains("\nnewgroup:x:309:newuser\n"));
    assert!(group.ends_with("newuser:x:301:\n+:::\n"));
    let shadow = text(&new.shadow.unwrap());
    assert!(shadow.starts_with("root:*:1::::::\nweb:!*:20787::::::\n"), "{shadow}");
    let gshadow = text(&new.gshadow.unwrap());
    assert!(
        gshadow.starts_with("root:*::\nadm:*::auto,root\ngrp:!*::\n")
            && gshadow.contains("newgroup:!*::newuser\n")
    );
    let bare = Texts { shadow: None, gshadow: None, ..old.clone() }.with(&made, 1, "/x");
    assert!(text(&bare.passwd).contains("web:!*:33:") && bare.shadow.is_none() && bare.gshadow.is_none());
    assert_eq!(old.with(&Plan::default(), 1, "/x"), old, "no byte changes where nobody is made");
}

#[test]
fn a_second_time_nothing() {
    let made = planned("u web 33\nm web adm\n", PASSWD, GROUP);
    let old = Texts { passwd: PASSWD.into(), group: GROUP.into(), ..Texts::default() };
    let new = old.with(&made, 1, "/x");
    let again = planned(
        "u web 33\nm web adm\n",
        std::str::from_utf8(&new.passwd).unwrap(),
        std::str::from_utf8(&new.group).unwrap(),
    );
    assert!(again.users.is_empty() && again.groups.is_empty());
    assert_eq!(new.with(&again, 1, "/x"), new);
    let owned = planned("u x /srv\nr - 300-310", PASSWD, GROUP);
    assert_eq!(owned.users.first().map(|u| (u.uid, u.gid)), Some((305, 306)));
    let none = planned("u x\nu y\nr - 300-300", PASSWD, GROUP);
    assert_eq!((none.users.len(), none.failures.len()), (1, 1));
    assert_eq!(
        (range("SYS_UID_MIN 101\nSYS_UID_MAX\t 899\n"), range("UID_MIN 500\n"), range("")),
        ((101, 899), (100, 499), (100, 999))
    );
}

#[test]
fn what_252_refuses() {
    for (text, says) in [
        ("u rel - \"x\" relative", "'relative' cannot be a home folder"),
        ("u bad!name", "'bad!name' is not a name of a user or group"),
        ("u a:b", "'a:b' is not a name of a user or group"),
        ("u - 5", "type 'u' needs a name there"),
        ("x foo", "unknown type 'x'"),
        ("u toolong a b c d e f g", "more than six fields"),
        ("uu foo", "unknown type 'uu'"),
        ("g withdesc - \"desc\"", "type 'g' takes no such field"),
        ("u desc - \"a:b\"", "'a:b' cannot be a comment"),
        ("m onlyuser", "type 'm' needs a name there"),
        ("u big 65535", "'65535' is not a number for it"),
        ("u big2 4294967295", "'4294967295' is not a number for it"),
        ("u plus +5", "'+5' is not a number for it"),
        ("u oct 010", "'010' is not a number for it"),
        ("r - 5-3", "'5-3' is not a range"),
        ("r x 1-3", "type 'r' takes no such field"),
        ("u %C", "unknown specifier '%C': write '%%' for a percent sign"),
        ("u \"open", "unbalanced quoting: the quote is never closed"),
    ] {
        let said = parse(text, &Facts::default()).map_or_else(|e| e.message, |item| format!("{item:?}"));
        assert_eq!(said, says, "{text}");
    }
}

#[test]
fn a_tree_gets_users_and_keeps_modes_and_old_files() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let at = |path: &str| root.outer(Path::new(path));
    fs::create_dir_all(at("/etc")).unwrap();
    fs::write(at("/etc/passwd"), PASSWD).unwrap();
    fs::write(at("/etc/group"), GROUP).unwrap();
    fs::write(at("/etc/shadow"), "root:*:1::::::\n").unwrap();
    fs::set_permissions(at("/etc/shadow"), fs::Permissions::from_mode(0o640)).unwrap();
    let (entries, findings) = read(Path::new("/a.conf"), b"u web - Web\nm web adm\nz\n", &Facts::default());
    assert!(
        render(findings.first().unwrap()).starts_with("/a.conf:3:1: unknown type 'z', ignoring the line")
    );
    assert_eq!(make(&root, &entries, Mode::DryRun).unwrap().users.len(), 1);
    assert_eq!(fs::read_to_string(at("/etc/passwd")).unwrap(), PASSWD);
    make(&root, &entries, Mode::Do).unwrap();
    let text = |path: &str| fs::read_to_string(at(path)).unwrap();
    assert!(text("/etc/passwd").contains("web:x:999:999:Web:/:/sbin/nologin\n"), "{}", text("/etc/passwd"));
    assert!(text("/etc/group").contains("adm:x:4:root,web\n"), "{}", text("/etc/group"));
    assert!(text("/etc/shadow").starts_with("root:*:1::::::\nweb:!*:"));
    assert_eq!((text("/etc/passwd-").as_str(), text("/etc/group-").as_str()), (PASSWD, GROUP));
    let mode = |path: &str| fs::metadata(at(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("/etc/shadow"), mode("/etc/shadow-"), mode("/etc/.pwd.lock")), (0o640, 0o640, 0o600));
    assert!(!at("/etc/gshadow").exists());
    let before = text("/etc/passwd");
    assert!(make(&root, &entries, Mode::Do).unwrap().users.is_empty());
    assert_eq!(text("/etc/passwd"), before);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ugmr]?[ \"'a-z0-9:/%-]{0,40}") {
        let _ = parse(&text, &Facts::default());
        let made = planned(&text, PASSWD, GROUP);
        let old = Texts { passwd: PASSWD.into(), group: GROUP.into(), ..Texts::default() };
        let new = old.with(&made, 1, "/x");
        prop_assert!(new.passwd.len() >= old.passwd.len());
    }
}
