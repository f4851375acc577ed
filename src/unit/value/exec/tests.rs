use super::*;
use proptest::prelude::*;

fn as_is(s: &str) -> Result<String, ValueError> {
    match s.find("%z") {
        Some(at) => Err(ValueError::new(at, 2, "unknown specifier '%z'")),
        None => Ok(s.replace("%i", "a b")),
    }
}

fn one(value: &str) -> ParsedCommand {
    let mut all = parse(value, &as_is).unwrap();
    assert_eq!(all.len(), 1, "{value}");
    all.remove(0)
}

#[test]
fn words_and_specifiers() {
    let c = one(r#"/opt/conf/bin/probe c06 --opt="a b" 'c d' "e\tf" g\x20h"#);
    assert_eq!(c.argv, ["/opt/conf/bin/probe", "c06", "--opt=a b", "c d", "e\tf", "g h"]);
    // An expanded blank makes no new word.
    assert_eq!(one("/bin/echo x%i y").argv, ["/bin/echo", "xa b", "y"]);
    assert_eq!(one("/bin/%i").path, "/bin/a b");
    // The path is simplified, argv[0] is not.
    let c = one("//bin/./echo");
    assert_eq!((c.path.as_str(), c.argv[0].as_str()), ("/bin/echo", "//bin/./echo"));
    assert_eq!(one("true").path, "true");
    assert_eq!(one("'/bin/tr ue'").path, "/bin/tr ue");
    assert_eq!(parse("", &as_is), Ok(vec![]));
}

#[test]
fn prefixes() {
    use ExecPrivilege::*;
    for (value, ignore, no_env, privilege) in [
        ("/bin/true", false, false, Normal),
        ("-/bin/true", true, false, Normal),
        (":/bin/true", false, true, Normal),
        ("+/bin/true", false, false, Full),
        ("!/bin/true", false, false, NoUser),
        ("!!/bin/true", false, false, AmbientFallback),
        ("-:+/bin/true", true, true, Full),
        ("+-:/bin/true", true, true, Full),
        ("!-!/bin/true", true, false, AmbientFallback),
    ] {
        let c = one(value);
        assert_eq!((c.ignore_failure, c.no_env_expand, c.privilege), (ignore, no_env, privilege), "{value}");
        assert_eq!(c.path, "/bin/true", "{value}");
    }
    let c = one("@-/bin/sh renamed -c x");
    assert_eq!((c.path.as_str(), c.ignore_failure), ("/bin/sh", true));
    assert_eq!(c.argv, ["renamed", "-c", "x"]);
    for bad in ["@@/bin/true x", "+!/bin/true", "!!!/bin/true", "::/bin/true", "|/bin/true"] {
        assert!(parse(bad, &as_is).is_err(), "{bad}");
    }
    // A second '-' begins the path, which is wrong, but the first one forgives.
    let (commands, warnings) = parse_with_warnings("--/bin/true", &as_is).unwrap();
    assert_eq!((commands.len(), warnings.len()), (0, 1));
}

#[test]
fn semicolons() {
    // c07, measured.
    let all = parse(r"/p c07 one ; /p c07 two \; three", &as_is).unwrap();
    assert_eq!(all[0].argv, ["/p", "c07", "one"]);
    assert_eq!(all[1].argv, ["/p", "c07", "two", ";", "three"]);
    assert_eq!((all[0].at, all[0].len, all[1].at, all[1].len), (0, 10, 13, 19));
    assert_eq!(parse("; /a ; ; /b ;", &as_is).unwrap().len(), 2);
    assert_eq!(one("/a ;b c; ';' \\;x").argv, ["/a", ";b", "c;", ";", "\\;x"]);
}

#[test]
fn errors_point_at_their_word() {
    for (value, at, len, text) in [
        ("/bin/echo %z 5%", 10, 2, "%z"),
        ("/bin/echo 'x %z'", 10, 6, "%z"),
        ("-@+", 0, 3, "missing"),
        ("/bin/echo ok \"open", 13, 5, "unbalanced"),
        ("bin/true", 0, 8, "absolute"),
        ("/bin/", 0, 5, "folder"),
        ("\"/bin/a\\\\b\"", 0, 11, "backslashes"),
        ("/a ; ../b", 5, 4, "bare name"),
        ("@/bin/sh", 0, 8, "argv[0]"),
        ("@/bin/sh ; /b", 0, 8, "argv[0]"),
    ] {
        let result = parse_with_warnings(value, &as_is);
        let e = match result {
            Ok((_, mut warnings)) => warnings.remove(0),
            Err(e) => e,
        };
        assert_eq!((e.at, e.len), (at, len), "{value}: {e}");
        assert!(e.message.contains(text), "{value}: {e}");
    }
}

#[test]
fn what_252_only_warns_of() {
    let (commands, warnings) = parse_with_warnings(r"/bin/echo \q", &as_is).unwrap();
    assert_eq!((commands[0].argv[1].as_str(), warnings.len()), (r"\q", 1));
    for (value, kept) in [("\"/bin/true", 0), ("/a ; '/b", 1), ("/a ; -/b %z ; /c", 1), ("-/b 'x", 0)] {
        let (commands, warnings) = parse_with_warnings(value, &as_is).unwrap();
        assert_eq!((commands.len(), warnings.len()), (kept, 1), "{value}");
        assert!(warnings[0].message.ends_with("ignoring the rest of the line"));
    }
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(value in any::<String>()) {
        let _ = parse_with_warnings(&value, &as_is);
    }

    #[test]
    fn line_like_strings(value in "[-@:+!/ab%z;\\\\\"' ]{0,24}") {
        match parse_with_warnings(&value, &as_is) {
            Ok((commands, _)) => for c in commands {
                prop_assert!(c.at + c.len <= value.len() && !c.path.is_empty() && !c.argv.is_empty());
            },
            Err(e) => prop_assert!(e.at + e.len <= value.len()),
        }
    }
}
