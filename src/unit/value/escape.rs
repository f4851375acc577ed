//! The escaping of strings and paths in names of units (systemd-escape(1)). Pure.
//!
//! `/` becomes `-`; what a name cannot hold becomes `\xHH`, byte by byte.

use super::{ValueError, path};
use std::fmt::Write;

/// Escapes a string for use in a name (`unit_name_escape`).
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, b) in text.bytes().enumerate() {
        let plain = b.is_ascii_alphanumeric() || matches!(b, b':' | b'_') || (b == b'.' && i > 0);
        if b == b'/' {
            out.push('-');
        } else if plain {
            out.push(char::from(b));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

/// Undoes [`escape`] (`unit_name_unescape`).
///
/// # Errors
/// A backslash without `xHH` behind it, and bytes that are not UTF-8.
pub fn unescape(name: &str) -> Result<String, ValueError> {
    let mut out = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(&b) = name.as_bytes().get(at) {
        let used = match b {
            b'-' => {
                out.push(b'/');
                1
            }
            b'\\' => {
                out.push(hex_byte(name, at)?);
                4
            }
            other => {
                out.push(other);
                1
            }
        };
        at = at.saturating_add(used);
    }
    String::from_utf8(out)
        .map_err(|_| ValueError::whole(name, format!("'{name}' stands for bytes that are not valid UTF-8")))
}

fn hex_byte(name: &str, at: usize) -> Result<u8, ValueError> {
    let digits = name
        .get(at.saturating_add(1)..at.saturating_add(4))
        .and_then(|s| s.strip_prefix('x'))
        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    digits
        .and_then(|d| u8::from_str_radix(d, 16).ok())
        .filter(|b| *b != 0)
        .ok_or_else(|| ValueError::new(at, 1, format!("'{name}' holds a backslash that is not \\xHH")))
}

/// Escapes a path for use in a name: `/var/lib` gives `var-lib`, `/` gives `-`.
///
/// # Errors
/// A path with `..` in it.
pub fn escape_path(text: &str) -> Result<String, ValueError> {
    let simple = path::simplify(text);
    let bare = simple.trim_matches('/');
    if bare.is_empty() {
        return Ok("-".to_owned());
    }
    if !path::is_normalized(&simple) {
        return Err(ValueError::whole(text, format!("'{text}' is not a path that a unit's name can hold")));
    }
    Ok(escape(bare))
}

/// Undoes [`escape_path`]; the result is absolute.
///
/// # Errors
/// As [`unescape`]; also what [`escape_path`] never gives.
pub fn unescape_path(name: &str) -> Result<String, ValueError> {
    if name == "-" {
        return Ok("/".to_owned());
    }
    let bare = unescape(name)?;
    let whole = format!("/{bare}");
    if bare.is_empty() || bare.starts_with('/') || bare.ends_with('/') || !path::is_normalized(&whole) {
        return Err(ValueError::whole(name, format!("'{name}' is not an escaped path")));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_systemd_escape_does() {
        for (text, want) in [
            ("a/b", "a-b"),
            ("a-b", "a\\x2db"),
            (".ssh", "\\x2essh"),
            ("a.b", "a.b"),
            ("é", "\\xc3\\xa9"),
            ("a b@c", "a\\x20b\\x40c"),
            ("a\\b", "a\\x5cb"),
            ("", ""),
        ] {
            assert_eq!(escape(text), want);
            assert_eq!(unescape(want).as_deref(), Ok(text));
        }
        for bad in ["\\", "\\x", "\\x4", "\\xzz", "a\\n", "\\xff", "\\x+1", "\\x00"] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths() {
        for (text, name) in [("/", "-"), ("/var/lib", "var-lib"), ("/.a/b-c", "\\x2ea-b\\x2dc")] {
            assert_eq!(escape_path(text).as_deref(), Ok(name));
            assert_eq!(unescape_path(name).as_deref(), Ok(text));
        }
        assert_eq!(escape_path("//var/./lib//").as_deref(), Ok("var-lib"));
        assert_eq!(escape_path("").as_deref(), Ok("-"));
        assert!(escape_path("/a/../b").is_err());
        for bad in ["", "-a", "a-", "a--b", "a-..-b", "\\x"] {
            assert!(unescape_path(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_string_comes_back(text in "[^\\x00]{0,20}") {
            prop_assert_eq!(unescape(&escape(&text)), Ok(text));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = unescape(&text);
            let _ = unescape_path(&text);
            let _ = escape_path(&text);
        }
    }
}
