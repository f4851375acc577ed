//! Paths in unit files, as text: simplifying, and what is allowed (systemd's path-util). Pure.

use super::ValueError;

/// Longest path (`PATH_MAX` without its NUL).
const PATH_MAX: usize = 4095;
/// Longest name of a file (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Takes away doubled and trailing slashes and `.` components; `..` stays (`path_simplify`).
#[must_use]
pub fn simplify(path: &str) -> String {
    // As most are written.
    let odd = |two: &[u8]| matches!(two, b"//" | b"/.");
    if is_absolute(path) && !path.ends_with('/') && !path.as_bytes().windows(2).any(odd) {
        return path.to_owned();
    }
    let root = if is_absolute(path) { "/" } else { "" };
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    format!("{root}{}", parts.join("/"))
}

/// Does it begin with a slash?
#[must_use]
pub fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
}

/// Not empty and nothing too long (`path_is_valid`).
#[must_use]
pub fn is_valid(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= PATH_MAX
        && !path.contains('\0')
        && path.split('/').all(|part| part.len() <= NAME_MAX)
}

/// Valid, without `.`, `..` or empty components; one trailing slash may stand (`path_is_normalized`).
#[must_use]
pub fn is_normalized(path: &str) -> bool {
    is_valid(path) && !path.contains("//") && path.split('/').all(|part| part != "." && part != "..")
}

/// A name that can stand in a folder (`filename_is_valid`).
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && name.len() <= NAME_MAX && !name.contains(['/', '\0'])
}

/// Reads a path that must be absolute and may not climb with `..`; simplified.
///
/// # Errors
/// Says which of these it is not.
pub fn absolute(value: &str) -> Result<String, ValueError> {
    if !is_absolute(value) {
        return Err(ValueError::whole(value, format!("'{value}' is not an absolute path")));
    }
    normalized(value)
}

/// Reads a path below some folder: relative, and without `..`; simplified.
///
/// # Errors
/// Says which of these it is not.
pub fn relative(value: &str) -> Result<String, ValueError> {
    if is_absolute(value) {
        return Err(ValueError::whole(
            value,
            format!("'{value}' is absolute: expected a path without leading slash"),
        ));
    }
    normalized(value)
}

fn normalized(value: &str) -> Result<String, ValueError> {
    let simple = simplify(value);
    if simple.is_empty() {
        return Err(ValueError::whole(value, "a path is missing"));
    }
    if !is_valid(&simple) {
        return Err(ValueError::whole(value, "the path, or a name in it, is too long or holds a NUL byte"));
    }
    let mut at = 0;
    for part in value.split('/') {
        if part == ".." {
            return Err(ValueError::new(at, part.len(), format!("'..' is not allowed in '{value}'")));
        }
        at = at.saturating_add(part.len()).saturating_add(1);
    }
    Ok(simple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simplified() {
        for (path, want) in [
            ("//a///b/", "/a/b"),
            ("/./a/.", "/a"),
            ("/", "/"),
            ("///", "/"),
            ("/.", "/"),
            ("a/./b", "a/b"),
            ("./a", "a"),
            ("/a/../b", "/a/../b"),
            ("", ""),
        ] {
            assert_eq!(simplify(path), want, "{path}");
        }
    }

    #[test]
    fn checks() {
        assert!(is_normalized("/a/b") && is_normalized("a") && is_normalized("/a/"));
        for bad in ["", "/a/../b", "/./a", "/a/.", "/a//b", "..", "."] {
            assert!(!is_normalized(bad), "{bad}");
        }
        assert!(is_file_name("true") && !is_file_name("a/b") && !is_file_name("..") && !is_file_name(""));
        assert!(!is_file_name(&"x".repeat(256)) && !is_valid(&"/x".repeat(2048)));
        assert_eq!(absolute("/var//log/"), Ok("/var/log".to_owned()));
        assert_eq!(relative("a/b"), Ok("a/b".to_owned()));
        assert_eq!(absolute("/a/../b").map_err(|e| (e.at, e.len)), Err((3, 2)));
        for bad in ["a", "", "~"] {
            assert!(absolute(bad).is_err(), "{bad}");
        }
        for bad in ["/a", "", ".", "a/../.."] {
            assert!(relative(bad).is_err(), "{bad}");
        }
    }
}
