use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, path: &str) -> bool {
    Pattern::parse(pattern, true).unwrap().matches(path.as_bytes())
}

#[test]
fn components_match_as_go_matches_them() {
    // The table of Go's own path/filepath/match_test.go, where it has no slash.
    for (pattern, name, expected) in [
        ("abc", "abc", Some(true)),
        ("*", "abc", Some(true)),
        ("*c", "abc", Some(true)),
        ("a*", "a", Some(true)),
        ("a*", "abc", Some(true)),
        ("a*b*c*d*e*", "axbxcxdxe", Some(true)),
        ("a*b*c*d*e*", "axbxcxdxexxx", Some(true)),
        ("a*b?c*x", "abxbbxdbxebxczzx", Some(true)),
        ("a*b?c*x", "abxbbxdbxebxczzy", Some(false)),
        ("ab[c]", "abc", Some(true)),
        ("ab[b-d]", "abc", Some(true)),
        ("ab[e-g]", "abc", Some(false)),
        ("ab[^c]", "abc", Some(false)),
        ("ab[^b-d]", "abc", Some(false)),
        ("ab[^e-g]", "abc", Some(true)),
        ("a\\*b", "a*b", Some(true)),
        ("a\\*b", "ab", Some(false)),
        ("a?b", "a☺b", Some(true)),
        ("a[^a]b", "a☺b", Some(true)),
        ("a???b", "a☺b", Some(false)),
        ("[a-ζ]*", "α", Some(true)),
        ("*[a-ζ]", "A", Some(false)),
        ("[\\]a]", "]", Some(true)),
        ("[\\-]", "-", Some(true)),
        ("[x\\-]", "z", Some(false)),
        ("[\\-x]", "a", Some(false)),
        ("[]a]", "]", None),
        ("[-]", "-", None),
        ("[x-]", "x", None),
        ("[-x]", "x", None),
        ("\\", "a", None),
        ("[a-b-c]", "a", None),
        ("[", "a", None),
        ("[^", "a", None),
        ("[^bc", "a", None),
        ("a[", "a", None),
        ("a[", "ab", None),
        ("*x", "xxx", Some(true)),
        ("*", ".hidden", Some(true)),
        ("", "", Some(true)),
    ] {
        assert_eq!(matches_part(pattern, name.as_bytes()), expected, "{pattern} {name}");
    }
    assert_eq!(matches_part("a?b", b"a\xffb"), Some(true));
}

#[test]
fn two_stars_stand_for_none_to_eight_folders() {
    assert!(matches("/foo/**", "/foo"));
    assert!(matches("/foo/**", "/foo/1/2/3/4/5/6/7/8"));
    assert!(!matches("/foo/**", "/foo/1/2/3/4/5/6/7/8/9"));
    assert!(matches("/foo/**/*.log", "/foo/a.log"));
    assert!(matches("/foo/**/*.log", "/foo/a/b/c.log"));
    assert!(!matches("/foo/**/*.log", "/bar/a.log"));
    // Not alone in its component, or switched off, it is a star.
    assert!(matches("/foo/a**", "/foo/abc") && !matches("/foo/a**", "/foo/a/b"));
    let off = Pattern::parse("/foo/**", false).unwrap();
    assert!(off.matches(b"/foo/x") && !off.matches(b"/foo") && !off.matches(b"/foo/x/y"));
}

#[test]
fn paths_are_cleaned_and_refused() {
    assert!(matches("/var//log/./x/../*.log", "/var/log/a.log"));
    assert!(!matches("/var/log/*.log", "/var/log/a/b.log"));
    assert!(!matches("/var/log/*.log", "var/log/b.log"));
    let error = |pattern| Pattern::parse(pattern, true).unwrap_err();
    assert_eq!(error("/a/**/b/**"), PatternError::Doubled("/a/**/b/**".into()));
    assert_eq!(error("logs/*.log"), PatternError::Relative("logs/*.log".into()));
    assert_eq!(error("/logs/[a"), PatternError::Malformed("/logs/[a".into()));
}

#[test]
fn expressions_that_are_not_understood_are_unknown() {
    let known = Expressions::new([r"\.gz$", "^/var/log/old/"]);
    assert_eq!(known.match_path(b"/var/log/a.gz"), Answer::Yes);
    assert_eq!(known.match_path(b"/var/log/a.gz.1"), Answer::No);
    assert_eq!(known.match_path(b"/var/log/\xff"), Answer::Unknown);
    let mixed = Expressions::new([r"\.gz$", r"\p{Greek}"]);
    assert_eq!(mixed.unknown(), [r"\p{Greek}"]);
    assert_eq!(mixed.match_path(b"/a.gz"), Answer::Yes);
    assert_eq!(mixed.match_path(b"/a.log"), Answer::Unknown);
    for text in ["(?i)straße", "(?x) a", "a\\<b", "(", "(?=a)"] {
        assert_eq!(Expressions::new([text]).unknown(), [text]);
    }
    assert_eq!(Expressions::default().match_path(b"\xff"), Answer::No);
}

proptest! {
    /// Held against a plain recursive matcher.
    #[test]
    fn stars_match_as_the_definition_says(pattern in "[ab*?]{0,8}", name in "[ab]{0,10}") {
        fn slow(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|n| slow(rest, &name[n..])),
                Some((b'?', rest)) => !name.is_empty() && slow(rest, &name[1..]),
                Some((byte, rest)) => name.first() == Some(byte) && slow(rest, &name[1..]),
            }
        }
        prop_assert_eq!(matches_part(&pattern, name.as_bytes()), Some(slow(pattern.as_bytes(), name.as_bytes())));
    }

    #[test]
    fn any_pattern_ends(pattern in "[\\[\\]\\^\\\\a-c*?-]{0,12}", name in prop::collection::vec(any::<u8>(), 0..20)) {
        let _ = matches_part(&pattern, &name);
    }
}

#[test]
fn one_star_is_matched_as_any_pattern_is() {
    for pattern in ["*", "*.log", "a*", "a*.log", "app-*-*", "a*b?", "ä*", "*[ab]"] {
        let part = Part::Wild(pattern.into());
        let names: [&[u8]; 8] =
            [b"", b"a", b".log", b"a.log", b"a\xff.log", b"\xc3\xa4x", b"app-1-2", b"axb\xc3"];
        for name in names {
            assert_eq!(part.matches(name), matches_part(pattern, name) == Some(true), "{pattern} {name:?}");
        }
    }
}

#[test]
fn a_pattern_within_a_folder_takes_what_it_takes_as_a_whole() {
    let patterns = ["/l/*.log", "/l/**/*.log", "/l/**", "/*/a.log", "/**", "/l/*/*", "/"];
    let folders =
        ["/", "/l", "/l/", "/l/a", "/l/1/2/3/4/5/6/7", "/l/1/2/3/4/5/6/7/8", "/l/1/2/3/4/5/6/7/8/9", "/m"];
    for pattern in patterns.map(|text| Pattern::parse(text, true).unwrap()) {
        for folder in folders {
            let within = pattern.within(folder.as_bytes());
            for name in ["a.log", "b", "l"] {
                let path = format!("{}/{name}", folder.trim_end_matches('/'));
                let whole = pattern.matches(path.as_bytes());
                assert_eq!(within.matches(path.as_bytes(), name.as_bytes()), whole, "{pattern:?} {path}");
            }
        }
    }
}
