use super::*;
use proptest::prelude::*;

fn facts() -> Facts {
    let some = |s: &str| Some(s.to_owned());
    let field = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    let host = HostFacts {
        host_name: some("robot7.plant.example"),
        pretty_host_name: None,
        machine_id: some("0123456789abcdef0123456789abcdef"),
        boot_id: some("fedcba9876543210fedcba9876543210"),
        kernel_release: some("4.9.76"),
        architecture: some("x86-64"),
        os_release: Some(vec![field("ID", "amzn"), field("VERSION_ID", "2023")]),
        ..HostFacts::default()
    };
    Facts {
        host: LazyFacts::when_needed(|| host),
        user: Some(User::default()),
        dirs: Dirs::default(),
        fragment: some("/etc/systemd/system/a.service"),
    }
}

fn on(name: &str, text: &str) -> Result<String, ValueError> {
    expand(text, &facts(), &UnitName::parse(name).unwrap())
}

#[test]
fn an_instance_as_measured() {
    // Conformance case c40 on 252.
    let name = r"c40-template@a-b\x2fc.service";
    for (text, want) in [
        ("%i", r"a-b\x2fc"),
        ("%I", "a/b/c"),
        ("%n", name),
        ("%N", r"c40-template@a-b\x2fc"),
        ("%p", "c40-template"),
        ("%P", "c40/template"),
        ("%t", "/run"),
        ("%u", "root"),
        ("%U", "0"),
        ("%%", "%"),
        ("%j", "template"),
        ("%J", "template"),
        ("%f", "/a/b/c"),
    ] {
        assert_eq!(on(name, text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn a_plain_unit() {
    for (text, want) in [
        ("%i%I", ""),
        ("%f", "/a/b-c"),
        ("%j", r"b\x2dc"),
        ("%J", "b-c"),
        ("%S/x %C %L %E %T %V", "/var/lib/x /var/cache /var/log /etc /tmp /var/tmp"),
        ("%g %G %h %s", "root 0 /root /bin/sh"),
        ("%H %l %q", "robot7.plant.example robot7 robot7"),
        ("%m %b", "0123456789abcdef0123456789abcdef fedcba9876543210fedcba9876543210"),
        ("%v %a", "4.9.76 x86-64"),
        ("%o %w [%W%A%B%M]", "amzn 2023 []"),
        ("%d", r"/run/credentials/a-b\x2dc.service"),
        ("%y %Y", "/etc/systemd/system/a.service /etc/systemd/system"),
        ("5%", "5%"),
        ("100% sure, 3%-4%", "100% sure, 3%-4%"),
        ("%%i %%%p", r"%i %a-b\x2dc"),
        ("%é", "%é"),
        ("", ""),
    ] {
        assert_eq!(on(r"a-b\x2dc.service", text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn odd_names() {
    for (name, text, want) in [
        ("a-.service", "[%j%J]", "[]"),
        ("u@a@b.service", "%p %i %f", "u a@b /a@b"),
        ("u@-.service", "%i %I %f", "- / /"),
        ("-a.service", "%P %j", "/a a"),
    ] {
        assert_eq!(on(name, text).as_deref(), Ok(want), "{name} {text}");
    }
    for name in ["u@a--b.service", "u@..-b.service", "-a.service"] {
        assert!(on(name, "%f").is_err(), "{name}");
    }
}

#[test]
fn unknown_ones_are_refused() {
    // Conformance case c58: '%z' made 252 refuse the unit.
    let e = on("a.service", "é %z 5%").unwrap_err();
    assert_eq!((e.at, e.len), (3, 2));
    assert!(e.message.contains("'%z'"));
    // '%D' came with 256.
    for text in ["%D", "%1", "%k", "%c", "%r", "%R"] {
        assert!(on("a.service", text).is_err(), "{text}");
    }
}

#[test]
fn missing_facts_say_which() {
    let name = UnitName::parse("a.service").unwrap();
    for letter in "HlqmbvauUgGhsoyY".chars() {
        let e = expand(&format!("x%{letter}"), &Facts::default(), &name).unwrap_err();
        assert!(e.at == 1 && e.message.starts_with(&format!("cannot resolve '%{letter}': ")), "{e}");
    }
}

#[test]
fn names_take_fewer() {
    let name = UnitName::parse(r"a@b-c.service").unwrap();
    let expand = |text| expand_name(text, &facts(), &name);
    assert_eq!(expand("foo@%i.service").as_deref(), Ok("foo@b-c.service"));
    assert_eq!(expand("%p-%H-%u.service").as_deref(), Ok("a-robot7.plant.example-root.service"));
    for text in ["%I", "%f", "%t", "%h", "%T", "%P"] {
        assert!(expand(text).is_err(), "{text}");
    }
}

#[test]
fn escapes_that_cannot_be_undone() {
    for (name, text) in
        [(r"a@b\q.service", "%I"), (r"a@b\q.service", "%f"), (r"a\xff.service", "%P"), ("a@.service", "%f")]
    {
        assert!(on(name, text).unwrap_err().message.starts_with("cannot resolve"), "{name} {text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = on("a@b.service", &text);
    }

    #[test]
    fn specifier_like_strings(text in "[%a-zA-Z0-9é]{0,12}") {
        if let Err(e) = on("a@b.service", &text) {
            prop_assert!(text.get(e.at..e.at + e.len).is_some_and(|s| s.starts_with('%')));
        }
    }
}
