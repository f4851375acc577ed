//! docs/findings.md is what the table of findings says, and each of them is found by something.
//! AMR_BLESS=1 writes the page anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use amr::unit::finding::{Id, RETIRED};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    let mut page = String::from(
        "# Findings\n\nMade by tests/findings.rs from the table in src/unit/finding/id.rs; do not edit. The word is the `id` in what \
         `--json` prints of `start`, `restart`, `status` and `order`; it stays the same from release to release. With it stand \
         `severity` (`note`, `warning`, `error`), `path`, `line` and `column` where they are known, `message` and `hint`; `order` adds `way` and `name`, the service that is concerned. An id is never given to something else.\n\n\
         | id | means |\n|---|---|\n",
    );
    for id in Id::ALL {
        writeln!(page, "| {} | {} |", id.as_str(), id.meaning()).unwrap();
    }
    for word in RETIRED {
        writeln!(page, "| {word} | no longer found |").unwrap();
    }
    page
}

#[test]
fn the_page_is_what_the_table_says() {
    let (path, page) = (repository().join("docs/findings.md"), page());
    // What the page named once stays an id, or is retired: also when the page is made anew.
    let had = fs::read_to_string(&path).unwrap_or_default();
    let kept = |word: &str| RETIRED.contains(&word) || Id::ALL.iter().any(|id| id.as_str() == word);
    for word in had.lines().filter_map(|l| l.strip_prefix("| ")?.split(" |").next()).filter(|w| *w != "id") {
        assert!(kept(word), "the id '{word}' is gone; hint: add it to RETIRED in src/unit/finding/id.rs");
    }
    if std::env::var_os("AMR_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let had = fs::read_to_string(&path).unwrap_or_default();
    assert!(had == page, "docs/findings.md is not what the table says; AMR_BLESS=1 makes it anew");
}

#[test]
fn each_is_found_by_something() {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if !path.ends_with("finding/id.rs") && !path.ends_with("tests.rs") {
                text.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut text = String::new();
    read(&repository().join("src"), &mut text);
    for id in Id::ALL {
        let named = format!("Id::{id:?}");
        let whole = |at: usize| !text[at + named.len()..].starts_with(|c: char| c.is_alphanumeric());
        assert!(text.match_indices(&named).any(|(at, _)| whole(at)), "nothing finds {}", id.as_str());
    }
}
