//! The source files of amr without tests and comments, the paths that they name, and who names whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub struct Source {
    pub rel: String,
    pub code: String,
}

/// Every source file of amr itself.
pub fn sources() -> Vec<Source> {
    let found = below("src");
    assert!(found.len() > 30, "found only {} source files", found.len());
    found
}

/// Every source file of the folder `top`, a path of the repository.
pub fn below(top: &str) -> Vec<Source> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join(top);
    let mut files = Vec::new();
    walk(&top, &mut files);
    files.sort();
    files
        .iter()
        .map(|f| Source {
            rel: f.strip_prefix(&top).unwrap().to_str().unwrap().to_owned(),
            code: without_tests_and_comments(&fs::read_to_string(f).unwrap()),
        })
        .collect()
}

/// Drops comments, and everything from the first `#[cfg(test)] mod` on (tests close a file).
pub fn without_tests_and_comments(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let text = text.split("#[cfg(test)]\n#[allow").next().unwrap();
    text.lines().map(|l| if l.trim_start().starts_with("//") { "" } else { l }).collect::<Vec<_>>().join("\n")
}

pub fn is_test_file(rel: &str) -> bool {
    rel.ends_with("tests.rs") || rel.contains("/tests/") || rel.ends_with("/recordings.rs")
}

/// Does the code name this path? A longer name that ends in it (`unix::` for `nix::`) does not count.
pub fn names(code: &str, path: &str) -> bool {
    let before = |at: usize| code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(path).any(|(at, _)| !before(at))
}

pub fn uses(code: &str, module: &str) -> bool {
    code.contains(&format!("crate::{module}::")) || code.contains(&format!("crate::{module};"))
}

/// Files by the paths of their modules: `cli/show/mod.rs` is `cli::show`.
pub fn module(rel: &str) -> String {
    let path = rel.strip_suffix(".rs").unwrap();
    path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
}

/// The paths that the code names from the top of the crate, braces taken apart.
pub fn paths(code: &str, me: &str) -> Vec<String> {
    fn expand(prefix: &str, text: &str, out: &mut Vec<String>) {
        let Some((head, rest)) = text.split_once('{') else {
            let name = text.split(" as ").next().unwrap_or_default().trim();
            // Nothing stands behind the last comma.
            out.extend((!name.is_empty()).then(|| format!("{prefix}{name}")));
            return;
        };
        let (prefix, mut depth, mut from) = (format!("{prefix}{}", head.trim()), 1, 0);
        for (at, c) in rest.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 || depth == 1 && c == ',' {
                expand(&prefix, &rest[from..at], out);
                from = at + 1;
            }
            if depth == 0 {
                return;
            }
        }
    }
    // What lies in files below this one is named without more: `steps::step`.
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found: Vec<String> = Vec::new();
    for (at, _) in code.match_indices("::") {
        let first = code[..at].rsplit(|c| !is_name(c)).next().unwrap_or_default();
        if !first.is_empty() && !code[..at - first.len()].ends_with("::") {
            found.push(format!("self::{first}"));
        }
    }
    for word in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(word).filter(|(at, _)| !code[..*at].ends_with([':', '_'])) {
            let rest = &code[at..];
            let is_path = |c: char| c.is_alphanumeric() || "_:{}, \n".contains(c);
            // Only a `use` has braces and blanks.
            let is_use = code[..at].trim_end().ends_with("use");
            let end =
                if is_use { rest.find(';') } else { rest.find(|c| !is_path(c) || "{}, \n".contains(c)) };
            expand("", &rest[..end.unwrap_or(rest.len())], &mut found);
        }
    }
    let whole = |path: String| {
        let mut parts: Vec<&str> = me.split("::").collect();
        let mut rest = path.as_str();
        if let Some(below) = rest.strip_prefix("crate::") {
            return below.to_owned();
        }
        rest = rest.strip_prefix("self::").unwrap_or(rest);
        while let Some(above) = rest.strip_prefix("super::") {
            parts.pop();
            rest = above;
        }
        parts.push(rest);
        parts.join("::")
    };
    found.into_iter().map(whole).collect()
}

/// Whom each file names, as far as it is a file.
pub fn graph(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<String> = sources.iter().map(|s| module(&s.rel)).collect();
    let file_of = |path: &str| {
        let mut path = path;
        loop {
            if modules.contains(path) {
                return Some(path.to_owned());
            }
            path = path.rsplit_once("::")?.0;
        }
    };
    let edges = sources.iter().filter(|s| !is_test_file(&s.rel)).map(|s| {
        let me = module(&s.rel);
        let named = paths(&s.code, &me).into_iter().filter_map(|path| file_of(&path)).filter(|to| *to != me);
        (me.clone(), named.collect())
    });
    edges.collect()
}
