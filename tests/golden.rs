//! Golden cases: `tests/golden/AREA/CASE/{cmd, root/, stdout, stderr, code, after/}`.
//!
//! `root/` is copied to a scratch folder, `amr --root THERE $(cat cmd)` runs, and what it printed, its
//! exit code and (where the case has `after/`) the files that it left are compared. Each line of `cmd`
//! is one command, words split at blanks, quotes as in the shell; the outputs of all are joined. A line
//! that begins with `!` is run without `--root`, as init scripts are (their path names the root); one
//! that begins with `@NAME` calls amr by a link of that name, also without `--root`. The
//! scratch folder is written ROOT. `AMR_BLESS=1 cargo test --test golden` writes what came out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_tree(&entry.path(), &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else if entry.file_name() != ".keep" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A listing of a tree: one line a name, with link targets, execute bits and contents' length, then contents.
fn listing(dir: &Path) -> String {
    fn walk(dir: &Path, at: &str, out: &mut String) {
        let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = format!("{at}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                walk(&entry.path(), &name, out);
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                out.push_str(&format!("{name} -> {}\n", target.display()));
            } else if kind.is_file() {
                let mode = entry.metadata().unwrap().permissions().mode() & 0o111;
                let x = if mode == 0 { "" } else { " x" };
                let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                out.push_str(&format!("{name}{x}\n"));
                text.lines().for_each(|l| out.push_str(&format!("    {l}\n")));
            }
        }
    }
    let mut out = String::new();
    walk(dir, "", &mut out);
    out
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

/// Compares with the file `name` of the case, or writes it when blessing. Returns what differs.
fn held(case: &Path, name: &str, got: &str, bless: bool) -> Option<String> {
    let file = case.join(name);
    if bless {
        if got.is_empty() && name != "code" {
            let _ = fs::remove_file(&file);
        } else {
            fs::write(&file, got).unwrap();
        }
        return None;
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    (wanted != got).then(|| format!("--- {name} wanted:\n{wanted}--- {name} got:\n{got}"))
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

fn run(case: &Path, bless: bool) -> Vec<String> {
    let name = case.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().replace('/', "-");
    let scratch = Scratch(std::env::temp_dir().join(format!("amr-{name}-{}", std::process::id())));
    let _ = fs::remove_dir_all(&scratch.0);
    fs::create_dir_all(&scratch.0).unwrap();
    if case.join("root").is_dir() {
        copy_tree(&case.join("root"), &scratch.0);
    }
    let links = Scratch(scratch.0.with_extension("links"));
    let (mut out, mut err, mut codes) = (String::new(), String::new(), String::new());
    let here = scratch.0.to_str().unwrap();
    for line in fs::read_to_string(case.join("cmd")).unwrap().lines().filter(|l| !l.starts_with('#')) {
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
        out.push_str(&String::from_utf8_lossy(&output.stdout).replace(here, "ROOT"));
        err.push_str(&String::from_utf8_lossy(&output.stderr).replace(here, "ROOT"));
        codes.push_str(&output.status.code().map_or("killed".to_owned(), |c| c.to_string()));
        codes.push('\n');
    }
    let mut differences = vec![
        held(case, "stdout", &out, bless),
        held(case, "stderr", &err, bless),
        held(case, "code", &codes, bless),
    ];
    if case.join("after").exists() {
        differences.push(held(case, "after", &listing(&scratch.0), bless));
    }
    differences.into_iter().flatten().collect()
}

#[test]
fn golden_cases() {
    let bless = std::env::var_os("AMR_BLESS").is_some();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let only = std::env::var("AMR_GOLDEN").unwrap_or_default();
    let (mut count, mut failed) = (0, Vec::new());
    let mut areas: Vec<_> = fs::read_dir(&golden).unwrap().map(|e| e.unwrap().path()).collect();
    areas.sort();
    for area in areas.iter().filter(|a| a.is_dir()) {
        let mut cases: Vec<_> = fs::read_dir(area).unwrap().map(|e| e.unwrap().path()).collect();
        cases.sort();
        for case in cases.iter().filter(|c| c.join("cmd").is_file()) {
            if !case.to_string_lossy().contains(&only) {
                continue;
            }
            count += 1;
            for difference in run(case, bless) {
                failed.push(format!("{}\n{difference}", case.display()));
            }
        }
    }
    println!("{count} golden cases");
    assert!(count > 0, "no golden case found");
    assert!(failed.is_empty(), "{} differences\n{}", failed.len(), failed.join("\n"));
}

/// Each reason why a hook does not run has a host here that has it.
#[test]
fn every_obstacle_has_a_host() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(home.join("src/order/obstacle.rs")).unwrap();
    let ids = source.split("pub fn id(").nth(1).unwrap().split("pub fn gravity(").next().unwrap();
    let ids: Vec<&str> = ids.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(ids.len() >= 25, "{ids:?}");
    let said: String = fs::read_dir(home.join("tests/golden/order"))
        .unwrap()
        .filter_map(|case| fs::read_to_string(case.unwrap().path().join("stdout")).ok())
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
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = home.join("tests/golden/order/systemd-default-limit/root");
    let output = Command::new(env!("CARGO_BIN_EXE_amr"))
        .arg("--root")
        .arg(root)
        .args(["order", "--all", "--svg", "-"])
        .env_clear()
        .output()
        .unwrap();
    let drawn = String::from_utf8(output.stdout).unwrap();
    if let Some(difference) =
        held(&home.join("docs"), "order.svg", &drawn, std::env::var_os("AMR_BLESS").is_some())
    {
        panic!("{difference}");
    }
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
}
