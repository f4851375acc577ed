//! Golden cases: each file `tests/golden/AREA/NAME` is one ([`case`] says how it reads).
//!
//! The host that it describes is made in a scratch folder, and for each line of `=== run` that folder is
//! given to `amr --root THERE LINE`: words split at blanks, quotes as in the shell, the outputs of all
//! joined. A line that begins with `!` is run without `--root`, as init scripts are (their path names the
//! root); one that begins with `@NAME` calls amr by a link of that name, also without `--root`. The
//! scratch folder is written ROOT. `AMR_BLESS=1 cargo test --test golden` writes what came out;
//! `AMR_GOLDEN=order/rhel` takes only the cases whose path has that in it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

#[path = "golden/case.rs"]
mod case;

use amr::unit::finding::Id;
use case::{Case, Results, changes, make, taken};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read(file: &Path) -> Case {
    Case::read(file, &golden().join("hosts"))
}

/// Splits a command line at blanks; single and double quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.push(c),
            None if c == '\'' || c == '"' => (quote, any) = (Some(c), true),
            None if c.is_whitespace() => {
                if any || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                any = false;
            }
            None => word.push(c),
        }
    }
    if any || !word.is_empty() {
        out.push(word);
    }
    out
}

/// amr by another name.
fn called_as(folder: &Path, name: &str) -> PathBuf {
    let link = folder.join(name);
    fs::create_dir_all(folder).unwrap();
    if !link.exists() {
        symlink(env!("CARGO_BIN_EXE_amr"), &link).unwrap();
    }
    link
}

fn run(name: &str, case: &Case) -> Results {
    let name = name.replace('/', "-");
    let scratch = Scratch(std::env::temp_dir().join(format!("amr-golden-{name}-{}", std::process::id())));
    let _ = fs::remove_dir_all(&scratch.0);
    make(&case.tree, &scratch.0);
    let before = taken(&scratch.0);
    let links = Scratch(scratch.0.with_extension("links"));
    let mut got = Results::default();
    let mut codes = Vec::new();
    let here = scratch.0.to_str().unwrap();
    for line in case.commands.iter().filter(|l| !l.starts_with('#')) {
        let amr = PathBuf::from(env!("CARGO_BIN_EXE_amr"));
        let mut words = words(&line.trim_start_matches(['!', '@']).replace("ROOT", here));
        let (program, root) = match line.chars().next() {
            Some('!') => (amr, vec![]),
            Some('@') => (called_as(&links.0, &words.remove(0)), vec![]),
            _ => (amr, vec!["--root", here]),
        };
        let output = Command::new(program)
            .args(root)
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .output()
            .unwrap();
        got.stdout.push_str(&String::from_utf8_lossy(&output.stdout).replace(here, "ROOT"));
        got.stderr.push_str(&String::from_utf8_lossy(&output.stderr).replace(here, "ROOT"));
        codes.push(output.status.code().map_or("killed".to_owned(), |c| c.to_string()));
    }
    got.exit = codes.join(" ");
    got.after = case.results.after.as_ref().map(|_| changes(&before, &taken(&scratch.0)));
    got
}

/// What differs, part by part.
fn differences(wanted: &Results, got: &Results) -> String {
    let none = String::new();
    let parts = [
        ("stdout", &wanted.stdout, &got.stdout),
        ("stderr", &wanted.stderr, &got.stderr),
        ("exit", &wanted.exit, &got.exit),
        ("after", wanted.after.as_ref().unwrap_or(&none), got.after.as_ref().unwrap_or(&none)),
    ];
    let differing = parts.iter().filter(|(_, wanted, got)| wanted != got);
    differing
        .map(|(name, wanted, got)| format!("--- {name} wanted:\n{wanted}\n--- {name} got:\n{got}\n"))
        .collect()
}

#[test]
fn golden_cases() {
    let bless = std::env::var_os("AMR_BLESS").is_some();
    let only = std::env::var("AMR_GOLDEN").unwrap_or_default();
    let (mut count, mut failed) = (0, Vec::new());
    for area in ["chkconfig", "cli", "enable", "init", "order"] {
        let mut files: Vec<_> =
            fs::read_dir(golden().join(area)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = format!("{area}/{}", file.file_name().unwrap().to_string_lossy());
            if !name.contains(&only) {
                continue;
            }
            count += 1;
            let case = read(&file);
            let got = run(&name, &case);
            if bless {
                fs::write(&file, case.with(&got)).unwrap();
            } else if got != case.results {
                failed.push(format!("{name}\n{}", differences(&case.results, &got)));
            }
        }
    }
    println!("{count} golden cases");
    assert!(count > 0, "no golden case found");
    assert!(failed.is_empty(), "{} cases differ\n{}", failed.len(), failed.join("\n"));
}

/// Each reason why a hook does not run has a host here that has it.
#[test]
fn every_obstacle_has_a_host() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(home.join("src/order/obstacle.rs")).unwrap();
    let ids = source.split("pub fn id(").nth(1).unwrap().split("pub fn path(").next().unwrap();
    let is_named = |id: &&Id| ids.contains(&format!("=> Id::{id:?},"));
    let ids: Vec<&str> = Id::ALL.iter().filter(is_named).map(|id| id.as_str()).collect();
    assert!(ids.len() >= 25, "{ids:?}");
    let said: String = fs::read_dir(home.join("tests/golden/order"))
        .unwrap()
        .map(|file| read(&file.unwrap().path()).results.stdout)
        .collect();
    for id in ids {
        assert!(said.contains(&format!("\"id\": \"{id}\"")), "no case in tests/golden/order has '{id}'");
    }
}

/// The names of all tests of the crate.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let names = text.split("#[test]").skip(1).filter_map(|t| t.split_once("fn ")?.1.split_once('('));
            found.extend(names.map(|(name, _)| name.to_owned()));
        }
    }
}

/// Each fact about headers and links names a case that is there.
#[test]
fn every_fact_about_links_has_a_case() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    tests_below(&home.join("src"), &mut tests);
    let table = fs::read_to_string(home.join("tests/data/chkconfig/facts.tsv")).unwrap();
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for line in table.lines().filter(|l| !l.starts_with('#')) {
        let [section, _, case] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let is_there =
            if case.contains('/') { home.join("tests").join(case).exists() } else { tests.contains(case) };
        assert!(is_there, "no such case: {line}");
        *rows.entry(section.to_owned()).or_default() += 1;
    }
    // As many as there are facts; one that is struck out must be struck out here too.
    let counts: Vec<(&str, usize)> = rows.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    assert_eq!(
        counts,
        [
            ("1.1", 4),
            ("1.10", 7),
            ("1.2", 9),
            ("1.3", 22),
            ("1.4", 4),
            ("1.5", 4),
            ("1.6", 3),
            ("1.7", 10),
            ("1.8", 9),
            ("1.9", 9),
            ("4", 19)
        ]
    );
}

/// The picture in the README is what amr draws of that host.
#[test]
fn the_picture_is_what_amr_draws() {
    let scratch = Scratch(std::env::temp_dir().join(format!("amr-picture-{}", std::process::id())));
    make(&read(&golden().join("order/systemd-default-limit")).tree, &scratch.0);
    let output = Command::new(env!("CARGO_BIN_EXE_amr"))
        .arg("--root")
        .arg(&scratch.0)
        .args(["order", "--all", "--svg", "-"])
        .env_clear()
        .output()
        .unwrap();
    let drawn = String::from_utf8(output.stdout).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/order.svg");
    if std::env::var_os("AMR_BLESS").is_some() {
        fs::write(&file, &drawn).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), drawn);
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
}
