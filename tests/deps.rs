//! Every crate that amr names itself stands with its reason in `docs/decisions/dependencies.md`, and nothing
//! stands there that amr does not name.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What the packages of this repository ask for, of any kind, without one another.
fn named() -> BTreeSet<String> {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let dependencies = packages.iter().flat_map(|package| package["dependencies"].as_array().unwrap());
    dependencies
        .filter(|dependency| dependency["path"].is_null())
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The rows of the page's table whose second cell says something.
fn reasoned(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.filter(|(name, why)| *name != "crate" && !why.trim().is_empty())
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn each_direct_dependency_has_its_reason() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/decisions/dependencies.md");
    let (named, reasoned) = (named(), reasoned(&std::fs::read_to_string(page).unwrap()));
    assert!(named.contains("serde"), "{named:?}");
    let missing: Vec<_> = named.difference(&reasoned).collect();
    let stale: Vec<_> = reasoned.difference(&named).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/decisions/dependencies.md lacks {missing:?}, and has {stale:?}, which nothing depends on"
    );
}
