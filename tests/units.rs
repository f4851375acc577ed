//! The unit files and init scripts that ship: they load without a finding, and what systemd 219 would say
//! of them is what systemd/README.md lists (by the table of directives, which was checked against a 219).

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use amr::cli::args::Amr;
use amr::drain::report::keep;
use amr::unit::directive::{self, Known};
use amr::unit::load::{Loader, search_path};
use amr::unit::model::{DepKind, LoadState};
use amr::unit::name::UnitName;
use amr::unit::specifier::Facts;
use amr::unit::syntax::{Document, Item};
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const UNITS: [&str; 4] = ["amr.service", "amr-mqtt.service", "amr-system.service", "amr-dashboard.service"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

fn load(name: &str) -> amr::unit::model::Unit {
    let root = amr::os::root::Root::at(&folder()).unwrap();
    let facts = Facts::default();
    Loader::new(&root, &[PathBuf::from("/")], &facts).load(&UnitName::parse(name).unwrap())
}

#[test]
fn they_load_without_a_finding() {
    assert!(!search_path(None).is_empty());
    for name in UNITS {
        let unit = load(name);
        assert_eq!(unit.load, LoadState::Loaded, "{name}");
        assert!(unit.findings.is_empty(), "{name}: {:?}", unit.findings);
        assert!(unit.unapplied.is_empty(), "{name}: {:?}", unit.unapplied);
    }
}

#[test]
fn the_umbrella_wants_its_members_and_they_are_part_of_it() {
    let umbrella = load("amr.service");
    for member in &UNITS[1..] {
        let name = UnitName::parse(member).unwrap();
        assert!(umbrella.deps.iter().any(|d| d.kind == DepKind::Wants && d.on == name), "{member}");
        let part = load(member);
        assert!(part.deps.iter().any(|d| d.kind == DepKind::PartOf && d.on == umbrella.name), "{member}");
    }
    assert_eq!(umbrella.install.wanted_by.len(), 1);
}

/// What the table of directives says that 219 does not know, unit by unit.
fn unknown_in_219() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for name in UNITS {
        let bytes = fs::read(folder().join(name)).unwrap();
        for item in &Document::parse(&bytes).items {
            let Item::Assignment(a) = item else { continue };
            let section = a.section.as_deref().unwrap();
            let directive = directive::find(section, &a.key).unwrap();
            let unit = name.trim_end_matches(".service");
            if directive.in_219 != Known::Yes {
                all.insert(format!("{unit}: Unknown lvalue '{}' in section '{section}'", a.key));
            }
            if a.key == "ProtectSystem" && a.value.text == "strict" {
                all.insert(format!("{unit}: Failed to parse protect system value, ignoring: strict"));
            }
        }
    }
    all
}

#[test]
fn what_219_says_is_listed() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let part = readme.split("systemd 219").nth(2).unwrap().split("systemd 252").next().unwrap();
    let mut listed = BTreeSet::new();
    for row in part.lines().filter(|l| l.starts_with("| amr")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for unit in cells[1].split(", ") {
            listed.insert(format!("{unit}: {}", cells[2].trim_matches('`')));
        }
    }
    assert_eq!(listed, unknown_in_219());
}

/// docs/MIGRATION.md: the numbers, folders and limits of the hook that a host changes to.
#[test]
fn the_way_from_the_old_script_leads_to_what_ships() {
    let text = |path: &str| fs::read_to_string(folder().join("..").join(path)).unwrap();
    let page = text("docs/MIGRATION.md");
    let leads = |words: &str| assert!(page.contains(words), "'{words}' is not in docs/MIGRATION.md");
    let hook = load("shutdown-filebeat.service");
    assert!(
        hook.findings.is_empty() && hook.unapplied.is_empty(),
        "{:?} {:?}",
        hook.findings,
        hook.unapplied
    );
    let unit = text("systemd/shutdown-filebeat.service");
    for (ships, words, said) in [
        (text("initd/shutdown-filebeat"), "chkconfig: 2345 99 30", "the hook waits at K30"),
        (text("rc-links/filebeat"), "chkconfig: 2345 98 40", "Filebeat at `K40`"),
        (unit.clone(), "--timeout 20min", "`--timeout 20min`"),
        (unit.clone(), "--reports /var/log/shutdown-filebeat", "`/var/log/shutdown-filebeat/drain.log`"),
        (unit, "ExecStop=/usr/sbin/amr drain filebeat", "`systemd/shutdown-filebeat.service`"),
        (text("systemd/shutdown-filebeat.service.d/219.conf"), "TimeoutStopSec=", "`219.conf`"),
    ] {
        assert!(ships.contains(words), "{ships}");
        leads(said);
    }
    let command = Amr::command();
    let drain = command.get_subcommands().find(|verb| verb.get_name() == "drain").unwrap();
    let timeout = drain.get_arguments().find(|arg| arg.get_id() == "timeout").unwrap();
    assert_eq!(timeout.get_default_values(), ["20min"]);
    leads(&format!("`{}`", keep::ELSEWHERE));
    for told in [
        "1800 s",
        "after 30 min",
        "10 s",
        "a look each 5 s",
        "/var/log/shutdown-filebeat/debug.log",
        "[add]",
        "[update]",
    ] {
        leads(told);
    }
}
