//! Variables on a command line, as systemd expands them when it starts the process
//! (`replace_env_argv` of 252). Pure.

use super::words;

/// Expands the words of a command, `argv[0]` included.
///
/// A word that is `$NAME` becomes the words of the value, quotes honoured, so none at all where it is
/// empty or unset. `${NAME}` anywhere becomes the value as it is, or nothing. `$$` is a dollar. All
/// else stays: `$NAME` in the middle of a word, and forms that only a shell knows, such as `${A:-b}`.
#[must_use]
pub fn argv(words: &[String], lookup: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    words.iter().flat_map(|word| expand_word(word, lookup)).collect()
}

fn expand_word(word: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    match word.strip_prefix('$') {
        Some(name) if !name.starts_with(['{', '$']) => {
            lookup(name).map(|value| words::split_variable(&value)).unwrap_or_default()
        }
        Some(_) | None => vec![replace(word, lookup)],
    }
}

/// Replaces `${NAME}` and `$$`.
fn replace(word: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        rest = behind;
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some(inner) = rest.strip_prefix('{') {
            rest = braced(inner, &mut out, lookup);
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    out
}

/// Reads what is behind `${` and gives back what is left. Without a `}` all of it stays as it is, and
/// so does the name in front of a `:`, which only a shell would know.
fn braced<'a>(inner: &'a str, out: &mut String, lookup: &dyn Fn(&str) -> Option<String>) -> &'a str {
    let end = inner.find(['}', ':']).unwrap_or(inner.len());
    let (name, behind) = inner.split_at_checked(end).unwrap_or((inner, ""));
    if let Some(behind) = behind.strip_prefix('}') {
        // An unset variable leaves nothing.
        out.push_str(&lookup(name).unwrap_or_default());
        behind
    } else {
        out.push_str("${");
        out.push_str(name);
        behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(line: &[&str]) -> Vec<String> {
        let vars = [("WORDS", "a  b"), ("EMPTY", ""), ("ONE", "1"), ("Q", "'x y' z"), ("MAINPID", "42")];
        let lookup = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        argv(&line.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), &lookup)
    }

    #[test]
    fn measured_on_252() {
        // Conformance case c05; quoting is already undone, and does not prevent the expansion.
        let got = run(&[
            "$WORDS", "${WORDS}", "x${ONE}y", "x$ONE", "$UNSET", "${UNSET}", "$EMPTY", "$$ONE", "$${ONE}",
            "a$$b", "$WORDS", "${ONE}",
        ]);
        assert_eq!(got, ["a", "b", "a  b", "x1y", "x$ONE", "", "$ONE", "${ONE}", "a$b", "a", "b", "1"]);
    }

    #[test]
    fn odd_forms() {
        for (word, want) in [
            ("${ONE:-b}", vec!["${ONE:-b}"]),
            ("${X:-${ONE}}", vec!["${X:-1}"]),
            ("${ONE", vec!["${ONE"]),
            ("${ONE $$", vec!["${ONE $$"]),
            ("${A$ONE}", vec![""]),
            ("a$", vec!["a$"]),
            ("$", vec![]),
            ("$ONE/x", vec![]),
            ("x$$$$", vec!["x$$"]),
            ("x$a${ONE}", vec!["x$a1"]),
            ("$Q", vec!["x y", "z"]),
            ("${Q}", vec!["'x y' z"]),
            ("echo /proc/$$$$/x", vec!["echo /proc/$$/x"]),
            ("${}", vec![""]),
            ("", vec![""]),
        ] {
            assert_eq!(run(&[word]), want, "{word}");
        }
        assert_eq!(run(&["/bin/kill", "-HUP", "$MAINPID"]), ["/bin/kill", "-HUP", "42"]);
        assert_eq!(run(&["$EMPTY"]), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn never_panics(word in any::<String>()) {
            let _ = run(&[&word]);
        }

        #[test]
        fn never_panics_on_dollars(word in "[${}:A\\\\'\" ]{0,12}") {
            let lookup = |_: &str| Some(word.clone());
            let _ = argv(std::slice::from_ref(&word), &lookup);
        }

        #[test]
        fn what_has_no_dollar_stays(word in "[^$]{0,12}") {
            prop_assert_eq!(run(&[&word]), [word]);
        }
    }
}
