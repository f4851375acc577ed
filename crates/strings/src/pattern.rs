//! Shell patterns, glob(7), by the crate glob, whose dialect differs: it knows no backslash, takes `**` for
//! something else, and negates by `!` alone. Pure; every subject may use it.
//!
//! The patterns of Go's filepath.Match are another dialect: `src/drain/judge/glob.rs`.

use glob::MatchOptions;
pub use glob::PatternError;

/// As a shell matches one component of a path: a leading dot only by a dot, no `/`.
const COMPONENT: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A shell pattern, as glob(7) has it.
#[derive(Clone, Debug)]
pub struct Pattern(glob::Pattern);

impl Pattern {
    /// Reads `*`, `?`, `[…]`, `[!…]`, `[^…]`, and a backslash before what stands for itself.
    ///
    /// # Errors
    /// A bracket is never closed.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        glob::Pattern::new(&translate(text, true)).map(Self)
    }

    /// The same where a backslash is a letter, as in names of units (fnmatch(3) with `FNM_NOESCAPE`).
    ///
    /// # Errors
    /// A bracket is never closed.
    pub fn of_names(text: &str) -> Result<Self, PatternError> {
        glob::Pattern::new(&translate(text, false)).map(Self)
    }

    /// Does it match all of a text? As fnmatch(3) without flags: `/` and dots are letters like others.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }

    /// The same, upper and lower case being equal.
    #[must_use]
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        self.0.matches_with(text, MatchOptions { case_sensitive: false, ..MatchOptions::new() })
    }

    /// Does it match a name in a folder, as a shell would?
    #[must_use]
    pub fn matches_component(&self, name: &str) -> bool {
        self.0.matches_with(name, COMPONENT)
    }
}

/// Is it more than a name?
#[must_use]
pub fn has_wildcard(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let special = !escaped && matches!(c, '*' | '?' | '[');
        escaped = !escaped && c == '\\';
        special
    })
}

/// How many patterns braces may stand for, and how long a text with braces may be: as a path may.
const BRACES: (usize, usize) = (1 << 12, 4096);

/// Does one of the patterns that braces stand for (`/etc/{a,b}.d`) pass the test? As GLOB_BRACE of glob(3)
/// has it: braces nest, a backslash takes their meaning away, and those that are not closed are letters.
pub fn any_of_braces(text: &str, test: &mut dyn FnMut(&str) -> bool) -> bool {
    let (most, longest) = BRACES;
    let mut waiting = vec![text.to_owned()];
    for _ in 0..most {
        let Some(pattern) = waiting.pop() else { return false };
        let alternatives = if pattern.len() > longest { None } else { first_braces(&pattern) };
        match alternatives {
            Some(patterns) => waiting.extend(patterns.into_iter().rev()),
            None if test(&pattern) => return true,
            None => {}
        }
    }
    false
}

/// What the first braces of a text stand for, each with what is around them; `None` where there are none.
fn first_braces(text: &str) -> Option<Vec<String>> {
    let (begin, _) = unescaped(text).find(|(_, c)| *c == '{')?;
    let (before, inside) = (text.get(..begin)?, text.get(begin + 1..)?);
    let (mut depth, mut from, mut parts) = (0_u32, 0, Vec::new());
    for (at, c) in unescaped(inside) {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                parts.push(inside.get(from..at)?);
                from = at + 1;
                if c == '}' {
                    let behind = inside.get(from..)?;
                    return Some(parts.iter().map(|part| format!("{before}{part}{behind}")).collect());
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The letters that no backslash stands before, with their places.
fn unescaped(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut escaped = false;
    text.char_indices().filter(move |(_, c)| {
        let plain = !escaped && *c != '\\';
        escaped = !escaped && *c == '\\';
        plain
    })
}

fn translate(text: &str, escapes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if escapes => {
                if let Some(literal) = chars.next() {
                    out.push_str(&glob::Pattern::escape(literal.encode_utf8(&mut [0; 4])));
                }
            }
            '*' if out.ends_with('*') => {}
            '[' if chars.peek() == Some(&'^') => {
                chars.next();
                out.push_str("[!");
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_as_glob_has_them() {
        let all = |text: &str| {
            let mut all = Vec::new();
            any_of_braces(text, &mut |pattern| {
                all.push(pattern.to_owned());
                false
            });
            all
        };
        assert_eq!(all("/a/{b,c{d,e}}.x"), ["/a/b.x", "/a/cd.x", "/a/ce.x"]);
        assert_eq!(all("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
        assert_eq!(all("a{}b{,c}"), ["ab", "abc"]);
        for plain in ["a", "a{b", "a{b,c", "a\\{b,c}", "a}", "{a\\}"] {
            assert_eq!(all(plain), [plain]);
        }
        assert!(any_of_braces("{a,b,c}", &mut |pattern| pattern == "b"));
        // As many as there can be: it ends.
        assert!(!any_of_braces(&"{a,b}".repeat(40), &mut |_| false));
        assert!(!any_of_braces(&"{".repeat(1 << 20), &mut |_| false));
    }

    #[test]
    fn as_fnmatch() {
        for (pattern, text, wanted) in [
            ("a*", "a/.b", true),
            ("a**c", "abc", true),
            ("[^a]b", "ab", false),
            ("[!a]b", "xb", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("?", "é", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(text), wanted, "{pattern} {text}");
        }
        assert!(Pattern::of_names("dev-a\\x2d*").unwrap().matches("dev-a\\x2db.device"));
        assert!(Pattern::new("Web*").unwrap().matches_ignoring_case("wEB1"));
        let any = Pattern::new("*").unwrap();
        assert!(any.matches_component("a") && !any.matches_component(".a") && !any.matches_component("a/b"));
        assert!(Pattern::new("[a").is_err());
        assert!(has_wildcard("a?") && !has_wildcard("a\\*") && has_wildcard("a\\\\*"));
    }
}
