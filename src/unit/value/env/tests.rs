use super::*;
use proptest::prelude::*;

fn as_is(s: &str) -> Result<String, ValueError> {
    if s.contains("%z") {
        return Err(ValueError::new(0, 2, "unknown specifier '%z'"));
    }
    Ok(s.replace("%i", "a b"))
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

#[test]
fn assignments() {
    // c02, measured.
    let (vars, ignored) =
        parse_assignments(r#""A=one two" 'B=three "four"' C=plain D="x y" E=esc\x41ped"#, &as_is).unwrap();
    assert_eq!(
        pairs(&vars),
        [("A", "one two"), ("B", "three \"four\""), ("C", "plain"), ("D", "x y"), ("E", "escAped")]
    );
    assert!(ignored.is_empty());
    // No variable is expanded, later ones win, a specifier makes no new word.
    let (vars, _) = parse_assignments("F=$BAR E= F=2 G=%i", &as_is).unwrap();
    assert_eq!(pairs(&vars), [("F", "2"), ("E", ""), ("G", "a b")]);
}

#[test]
fn bad_assignments_are_ignored_one_by_one() {
    let (vars, ignored) = parse_assignments("FOO 1FOO=x A-B=c OK=1 P=%z", &as_is).unwrap();
    assert_eq!(pairs(&vars), [("OK", "1")]);
    assert_eq!(ignored.iter().map(|e| (e.at, e.len)).collect::<Vec<_>>(), [(0, 3), (4, 6), (11, 5), (22, 4)]);
    // What cannot be split ends the line; what stood in front of it is kept.
    let (vars, ignored) = parse_assignments(r"A=1 B=\q C=2", &as_is).unwrap();
    assert_eq!((pairs(&vars), ignored[0].at), (vec![("A", "1")], 6));
    assert!(ignored[0].message.ends_with("ignoring the rest of the line"));
    assert_eq!(parse_assignments("A=\"open", &as_is).unwrap_err().at, 0);
}

#[test]
fn lists_of_names() {
    let (names, ignored) = parse_unset("HOME 'LANG' 1A HOME", &as_is).unwrap();
    assert_eq!((names, ignored.len()), (vec!["HOME".to_owned(), "LANG".to_owned()], 1));
    let (names, ignored) = parse_unset("HOME A=b 1x", &as_is).unwrap();
    assert_eq!((names, ignored[0].at), (vec!["HOME".to_owned(), "A=b".to_owned()], 9));
}

#[test]
fn words_are_shown_so_that_a_shell_takes_them_as_one() {
    for (word, shown) in
        [("A=b", "A=b"), ("A=", "A="), ("A=b c", r#""A=b c""#), (r#"A=$x"\"#, r#""A=\$x\"\\""#)]
    {
        assert_eq!(quoted(word), shown);
    }
}

#[test]
fn the_measured_file() {
    // Conformance case c03: the file, and what 252 made of it.
    let file = parse_file(
        br#"# comment
; also a comment
OVER=file
PLAIN=a b   c
  SPACED   =   padded value   
SINGLE='single $HOME \n "q"'
DOUBLE="double  two"
ESCDQ="a\"b\\c\$d\ne"
ESCSQ='x\ty'
CONT=first \
second
TRAIL=value # not a comment
export EXPORTED=yes
REF=$PLAIN
HASH=a#b
# comment ending with backslash \
AFTERCOMMENT=seen
MIXED="left"right'more'
"#,
    );
    assert_eq!(
        pairs(&file.vars),
        [
            ("OVER", "file"),
            ("PLAIN", "a b   c"),
            ("SPACED", "padded value"),
            ("SINGLE", r#"single $HOME \n "q""#),
            ("DOUBLE", "double  two"),
            ("ESCDQ", r#"a"b\c$d\ne"#),
            ("ESCSQ", r"x\ty"),
            ("CONT", "first second"),
            ("TRAIL", "value # not a comment"),
            ("REF", "$PLAIN"),
            ("HASH", "a#b"),
            ("MIXED", "leftright'more'"),
        ]
    );
    assert_eq!(file.notes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [13]);
    assert!(file.notes[0].1.contains("'export EXPORTED'"));
    assert_eq!(file.refused, None);
}

#[test]
fn the_grammar_at_its_edges() {
    for (text, want) in [
        ("A=1\r\nB=2\r\n", vec![("A", "1"), ("B", "2")]),
        ("A=1", vec![("A", "1")]),
        ("A=1  ", vec![("A", "1")]),
        ("A=", vec![("A", "")]),
        ("A='  '", vec![("A", "  ")]),
        ("A=\"x\"  \"y\"\n", vec![("A", "xy")]),
        ("A=\"x\\\ny\"\n", vec![("A", "xy")]),
        ("A='x\ny'\n", vec![("A", "x\ny")]),
        ("A=x\\ \n", vec![("A", "x ")]),
        ("A=\\\n  b\n", vec![("A", "  b")]),
        ("A=a\\nb\n", vec![("A", "anb")]),
        ("A=1\nB=2\nA=3\n", vec![("A", "3"), ("B", "2")]),
        ("A=b'c d'\n", vec![("A", "b'c d'")]),
        ("A=\"`\\`\"\n", vec![("A", "``")]),
        ("A=b=c\n", vec![("A", "b=c")]),
    ] {
        let file = parse_file(text.as_bytes());
        assert_eq!(pairs(&file.vars), want, "{text:?}");
        assert!(file.notes.is_empty() && file.refused.is_none(), "{text:?}");
    }
}

#[test]
fn what_is_left_out() {
    for (text, line) in
        [("A=1\nno equals\n", 2), ("\n\n1A=b\n", 3), ("=x\n", 1), ("A=1\nB='x\nC=3\n", 2), ("words", 1)]
    {
        let file = parse_file(text.as_bytes());
        assert_eq!(file.notes.iter().map(|(l, _)| *l).collect::<Vec<_>>(), [line], "{text:?}");
    }
    let file = parse_file(b"A=1\nB=\xff\nC=3\n");
    assert_eq!((file.vars.len(), file.refused.map(|(line, _)| line)), (0, Some(2)));
    let file = parse_file(b"A=1\nB=\0\n");
    assert_eq!((file.vars.len(), file.refused.map(|(line, _)| line)), (0, Some(2)));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in any::<Vec<u8>>()) {
        for (name, _) in parse_file(&bytes).vars {
            prop_assert!(is_name(&name));
        }
    }

    #[test]
    fn file_like_strings(text in "[A=\\\\\"'# \n\r]{0,30}") {
        let lines = text.lines().count() + text.matches('\r').count() + 1;
        for (line, _) in parse_file(text.as_bytes()).notes {
            prop_assert!(line as usize <= lines);
        }
    }

    #[test]
    fn any_list_is_read_or_refused(text in any::<String>()) {
        let _ = parse_assignments(&text, &as_is);
        let _ = parse_unset(&text, &as_is);
    }

    #[test]
    fn quoted_values_come_back(value in "[a-z \\\\\"$`'\n]{0,20}") {
        let quoted: String = value.chars().flat_map(|c| match c {
            '\\' | '"' | '$' | '`' => vec!['\\', c],
            c => vec![c],
        }).collect();
        let file = parse_file(format!("A=\"{quoted}\"\n").as_bytes());
        prop_assert_eq!(file.vars, [("A".to_owned(), value)]);
    }
}
