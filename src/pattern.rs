//! Shell patterns, glob(7), by the crate glob, whose dialect differs: it knows no backslash, takes `**` for
//! something else, and negates by `!` alone. Pure; every subject may use it.
//!
//! The patterns of Go's filepath.Match are another dialect: `drain/shipper/filebeat/glob.rs`.

use glob::MatchOptions;
pub use glob::PatternError;

/// As a shell matches one component of a path: a leading dot only by a dot, no `/`.
const COMPONENT: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// One pattern.
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
