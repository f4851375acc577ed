use super::*;
use proptest::prelude::*;

fn texts(value: &str) -> Vec<String> {
    split(value).unwrap().into_iter().map(|w| w.text.into_owned()).collect()
}

#[test]
fn quotes_and_escapes() {
    // c02 and c06 were measured on 252.
    for (value, want) in [
        ("", vec![]),
        ("  \t ", vec![]),
        ("a  b\tc", vec!["a", "b", "c"]),
        (r#""A=one two" 'B=three "four"' C=plain"#, vec!["A=one two", "B=three \"four\"", "C=plain"]),
        (r#"D="x y" E=esc\x41ped"#, vec!["D=x y", "E=escAped"]),
        (r#"--opt="a b" 'c d' "e\tf" g\x20h"#, vec!["--opt=a b", "c d", "e\tf", "g h"]),
        (r#"'\n' "\"" '\''"#, vec!["\n", "\"", "'"]),
        (r#""" '' x"#, vec!["", "", "x"]),
        (r"\s\\\101\u00e9\U0001F600\a\b\f\r\v", vec![" \\Aé😀\u{7}\u{8}\u{c}\r\u{b}"]),
        (r"\xc3\xa9", vec!["é"]),
        (r"a\ b", vec![r"a\ b"]), // kept: the blank is part of an unknown escape
        (
            r"\x00 \x4 \8 \400 \u0000 \ud800 \é",
            vec![r"\x00", r"\x4", r"\8", r"\400", r"\u0000", r"\ud800", r"\é"],
        ),
    ] {
        assert_eq!(texts(value), want, "{value}");
    }
}

#[test]
fn places() {
    let words = split(r#" a "b c"d  e"#).unwrap();
    let got: Vec<_> = words.iter().map(|w| (&*w.text, w.at, w.len)).collect();
    assert_eq!(got, [("a", 1, 1), ("b cd", 3, 6), ("e", 11, 1)]);
}

#[test]
fn unknown_escapes_are_kept_with_a_warning() {
    let (words, warnings) = split_with(r"/bin/echo a\qb", Escapes::Relaxed).unwrap();
    assert_eq!(words[1].text, r"a\qb");
    assert_eq!((warnings[0].at, warnings[0].len), (11, 2));
    assert!(warnings[0].message.contains(r"'\q'"));
    let e = split_with(r"A=1 B=\q", Escapes::Strict).unwrap_err();
    assert_eq!((e.at, e.len), (6, 2));
}

#[test]
fn unbalanced_quotes_are_errors() {
    for (value, at, len) in [("/bin/echo \"x y", 10, 4), ("it's", 0, 4), ("'a\\", 0, 3)] {
        let e = split(value).unwrap_err();
        assert_eq!((e.at, e.len), (at, len), "{value}");
        assert!(e.message.contains("unbalanced"));
    }
    assert!(split(r"\xff").unwrap_err().message.contains("UTF-8"));
}

#[test]
fn other_meanings_of_the_backslash() {
    let literal =
        |v| split_with(v, Escapes::Literal).unwrap().0.into_iter().map(|w| w.text).collect::<Vec<_>>();
    assert_eq!(literal(r#"a\x2db.service "c d\n""#), [r"a\x2db.service", r"c d\n"]);
    let dropped =
        |v| split_with(v, Escapes::Dropped).unwrap().0.into_iter().map(|w| w.text).collect::<Vec<_>>();
    assert_eq!(dropped(r"a\nb\ c \é"), ["anb c", "é"]);
}

#[test]
fn bare_words() {
    let got: Vec<_> = split_bare(" 'a  b'\\n\t").into_iter().map(|w| (w.text, w.at, w.len)).collect();
    assert_eq!(got, [("'a".into(), 1, 2), ("b'\\n".into(), 5, 4)]);
}

#[test]
fn values_of_variables() {
    for (value, want) in [
        ("a  b", vec!["a", "b"]),
        ("'a b' c", vec!["a b", "c"]),
        ("'a b", vec!["a b"]),
        (r"a\nb\", vec!["anb"]),
        ("", vec![]),
    ] {
        assert_eq!(split_variable(value), want, "{value}");
    }
}

proptest! {
    #[test]
    fn any_string_is_split_or_refused(value in any::<String>(), from in 0usize..20) {
        for escapes in [Escapes::Relaxed, Escapes::Strict, Escapes::Literal, Escapes::Dropped] {
            if let Ok((words, _)) = split_with(&value, escapes) {
                let mut end = 0;
                for w in words {
                    prop_assert!(w.at >= end && value.get(w.at..w.at + w.len).is_some());
                    end = w.at + w.len;
                }
            }
            let _ = next(&value, from, escapes);
        }
        let _ = split_variable(&value);
    }

    #[test]
    fn quoting_is_undone(value in "[a-z \\\\\"'\\n]{0,20}") {
        let quoted: String = value.chars().flat_map(|c| match c {
            '\\' | '"' => vec!['\\', c],
            '\n' => vec!['\\', 'n'],
            c => vec![c],
        }).collect();
        prop_assert_eq!(texts(&format!("\"{quoted}\"")), [value]);
    }
}
