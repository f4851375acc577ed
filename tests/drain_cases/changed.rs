//! What runs is what was read: a configuration, module or program that was changed since the process began is none
//! that it goes by.

use crate::tree::{A, Tree};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LINES: &str = "one line\nanother line\n";
const ALL: u64 = LINES.len() as u64;

/// A tree whose process began so many seconds after now, by the kernel's own words. One that began later has read
/// what was laid before; the other one may not have: contents and times can be set, the moment of that (ctime) cannot.
fn began(name: &str, seconds: i64, files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new(name);
    tree.config("filebeat.config.inputs: {path: inputs.d/*.yml, reload.enabled: false}\n");
    tree.put("/etc/filebeat/inputs.d/a.yml", "- type: log\n  paths: [/var/log/app/*.log]\n");
    files.iter().for_each(|(path, text)| tree.put(path, text));
    let id = tree.file(A, LINES);
    tree.log_state(A, id, ALL);
    tree.lay();
    tree.put("/proc/stat", format!("cpu 1 2\nbtime {}\n", seconds_after_now(seconds)));
    tree
}

fn seconds_after_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

/// Written then, in seconds after now; also a folder.
fn written(tree: &Tree, path: &str, seconds: i64) {
    let at = Duration::from_secs(seconds_after_now(seconds).try_into().unwrap());
    fs::File::open(tree.root.join(&path[1..])).unwrap().set_modified(UNIX_EPOCH + at).unwrap();
}

fn expect_now(tree: &Tree, verdict: Verdict, words: &str) {
    let (found, report) = tree.look().unwrap();
    let text = report::text(&report);
    assert_eq!(found, verdict, "{text}");
    assert!(text.contains(words), "'{words}' is not in\n{text}");
}

const YEAR: i64 = 365 * 86_400;
const LATER: i64 = 60;

#[test]
fn a_configuration_that_is_newer_than_the_process_is_not_what_runs() {
    for (path, text) in [
        ("/etc/filebeat/filebeat.yml", None),
        ("/etc/filebeat/inputs.d/a.yml", None),
        // The version and the default paths of modules.
        ("/usr/share/filebeat/README.md", Some("# Welcome to Filebeat 7.17.0\n")),
    ] {
        let name = path.rsplit('/').next().unwrap();
        let files: Vec<(&str, &str)> = text.map(|text| (path, text)).into_iter().collect();
        let tree = began(&format!("newer-{name}"), LATER, &files);
        expect_now(&tree, Verdict::Drained, "drained");
        written(&tree, path, YEAR);
        expect_now(&tree, Verdict::CannotTell, "these were changed after its process began");
        expect_now(&tree, Verdict::CannotTell, &format!("'{path}'; restart the shipper"));
    }
}

/// `cp -p` and `mv` of an older file.
#[test]
fn an_older_configuration_that_was_put_in_its_place_is_not_what_runs() {
    let tree = began("older", -LATER, &[]);
    let places = ["/etc/filebeat/inputs.d/a.yml", "/etc/filebeat/inputs.d", "/etc/filebeat/filebeat.yml"];
    places.iter().for_each(|path| written(&tree, path, -YEAR));
    let three = "'/etc/filebeat/filebeat.yml', '/etc/filebeat/inputs.d', '/etc/filebeat/inputs.d/a.yml'";
    expect_now(&tree, Verdict::CannotTell, three);
}

/// `mv b.yml b.yml.off`, `filebeat modules disable`: nothing that is left is newer.
#[test]
fn an_input_that_was_taken_away_after_the_process_began_still_runs() {
    let tree = began("taken-away", LATER, &[]);
    expect_now(&tree, Verdict::Drained, "drained");
    written(&tree, "/etc/filebeat/inputs.d", YEAR);
    expect_now(&tree, Verdict::CannotTell, "'/etc/filebeat/inputs.d'; restart the shipper");
    // What it reads again by itself it has read.
    let text = fs::read_to_string(tree.root.join("etc/filebeat/filebeat.yml")).unwrap();
    tree.put("/etc/filebeat/filebeat.yml", text.replace("enabled: false", "enabled: true"));
    written(&tree, "/etc/filebeat/inputs.d/a.yml", YEAR);
    expect_now(&tree, Verdict::Drained, "drained");
    // One that the configuration names, and the folder of all of them.
    for path in ["more.yml", "inputs.d/b.yml", "gone.d/*.yml"] {
        let tree = began(&format!("taken-away-{}", path.len()), LATER, &[]);
        let more = format!("filebeat.config.modules: {{path: {path}, reload.enabled: false}}\n");
        let text = fs::read_to_string(tree.root.join("etc/filebeat/filebeat.yml")).unwrap();
        tree.put("/etc/filebeat/filebeat.yml", text + &more);
        expect_now(&tree, Verdict::Drained, "drained");
        let folder = if path.starts_with("inputs") { "/etc/filebeat/inputs.d" } else { "/etc/filebeat" };
        written(&tree, folder, YEAR);
        expect_now(&tree, Verdict::CannotTell, &format!("'{folder}'; restart the shipper"));
    }
}

/// `ln -sfn`: what the link leads to now is older than the process.
#[test]
fn a_link_that_leads_elsewhere_since_is_newer() {
    let tree = began("link", LATER, &[]);
    fs::rename(tree.root.join("etc/filebeat"), tree.root.join("etc/one")).unwrap();
    symlink("one", tree.root.join("etc/filebeat")).unwrap();
    expect_now(&tree, Verdict::Drained, "drained");
    let link = tree.root.join("etc/filebeat");
    let year = format!("@{}", seconds_after_now(YEAR));
    let touched = Command::new("touch").args(["-h", "-d", &year]).arg(link).status().unwrap();
    assert!(touched.success());
    expect_now(&tree, Verdict::CannotTell, "'/etc/filebeat/filebeat.yml'");
}

/// A package was upgraded and the process not started anew: what lies there speaks of another program.
#[test]
fn a_program_that_was_replaced_is_not_what_runs() {
    const PROGRAM: &str = "/usr/share/filebeat/bin/filebeat";
    let words = "process 42 runs a program that was changed, replaced or removed since it began";
    let tree = began("replaced", LATER, &[(PROGRAM, "")]);
    expect_now(&tree, Verdict::Drained, "drained");
    written(&tree, PROGRAM, YEAR);
    expect_now(&tree, Verdict::CannotTell, words);
    written(&tree, PROGRAM, -YEAR);
    expect_now(&tree, Verdict::Drained, "drained");
    let link = tree.root.join("proc/42/exe");
    fs::remove_file(&link).unwrap();
    symlink(format!("{PROGRAM} (deleted)"), link).unwrap();
    expect_now(&tree, Verdict::CannotTell, words);
    expect_now(&tree, Verdict::CannotTell, &format!("'{PROGRAM}'; restart the shipper"));
}

/// The manifests of modules that are on.
#[test]
fn a_manifest_that_is_newer_than_the_process_is_not_what_it_has_read() {
    let manifest = "/usr/share/filebeat/module/system/syslog/manifest.yml";
    let text = "var:\n- name: paths\n  default: [/var/log/messages]\ninput: config/x.yml\n";
    let template = "/usr/share/filebeat/module/system/syslog/config/x.yml";
    let module = "- module: system\n  syslog.enabled: true\n";
    let files = [
        (manifest, text),
        (template, "type: log\n"),
        ("/etc/filebeat/modules.d/system.yml", module),
        ("/usr/share/filebeat/README.md", "# Welcome to Filebeat 8.1.3\n"),
    ];
    for newer in [manifest, template] {
        let tree = began(&format!("manifest-{}", newer.len()), LATER, &files);
        let more = "filebeat.config.modules: {path: modules.d/*.yml, reload.enabled: false}\n";
        let text = fs::read_to_string(tree.root.join("etc/filebeat/filebeat.yml")).unwrap();
        tree.put("/etc/filebeat/filebeat.yml", text + more);
        expect_now(&tree, Verdict::Drained, "drained");
        written(&tree, newer, YEAR);
        expect_now(&tree, Verdict::CannotTell, &format!("'{newer}'; restart the shipper"));
    }
}
