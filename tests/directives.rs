//! The table of directives, the description of a unit, `show`, the steps before exec and the cases hold
//! together: nothing is called honoured without a step or a part of amr that applies it, a default that
//! is systemd's, a property of `amr show` and a case that shows its effect. What holds is printed as
//! docs/directives.md; AMR_BLESS=1 writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use amr::exec::steps;
use amr::supervisor::service::show::properties;
use amr::unit::build::{Input, blank, build};
use amr::unit::directive::{self, AppliedBy, Directive, Kind, Known, Shape, Since, Support};
use amr::unit::exec::plain;
use amr::unit::merge::Source;
use amr::unit::model::{Body, LoadState, Unit};
use amr::unit::name::UnitName;
use amr::unit::specifier::Facts;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The parts of amr that apply what is not about one process, and where they are.
const PARTS: [(&str, &str); 15] = [
    ("bus", "src/supervisor/service/run/bus.rs"),
    ("cgroup", "src/cgroup"),
    ("credentials", "src/exec/credentials.rs"),
    ("descriptors", "src/exec/descriptors.rs"),
    ("directories", "src/exec/resolve/directories.rs"),
    ("enable", "src/cli/enable"),
    ("identity", "src/exec/resolve/identity.rs"),
    ("jobs", "src/job"),
    ("log", "src/supervisor/log"),
    ("loader", "src/unit/build"),
    ("machine", "src/supervisor/service/machine"),
    ("reaction", "src/order/reaction.rs"),
    ("show", "src/supervisor/service/show"),
    ("supervisor", "src/supervisor/service/run"),
    ("transaction", "src/order/transaction"),
];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn honoured() -> impl Iterator<Item = (Directive, AppliedBy)> {
    directive::all().filter_map(|row| match row.amr {
        Support::Honoured(by) => Some((row, by)),
        Support::Ignored(_) | Support::Refused(_) => None,
    })
}

/// What `amr show` prints of a service that sets nothing.
fn defaults() -> BTreeMap<&'static str, String> {
    let mut unit = blank(UnitName::parse("x.service").unwrap(), LoadState::Loaded);
    unit.body = Body::Service(Box::default());
    properties(&unit, None).into_iter().collect()
}

#[test]
fn each_is_applied_by_a_part_that_is_there() {
    let mut used = BTreeSet::new();
    for (row, by) in honoured() {
        match by {
            AppliedBy::Part(part) => {
                let known = PARTS.iter().any(|(name, _)| *name == part);
                assert!(known, "{}=: there is no part '{part}'", row.name);
                used.insert(part);
            }
            AppliedBy::Step(step) => {
                let known = steps::all().any(|s| s.name == step);
                assert!(known, "{}=: there is no step '{step}'", row.name);
            }
        }
    }
    for (name, place) in PARTS {
        assert!(used.contains(name) && repository().join(place).exists(), "{name} at {place}");
    }
}

#[test]
fn each_is_shown_with_the_default_of_its_row() {
    let defaults = defaults();
    for (row, _) in honoured() {
        match row.property {
            // systemctl has no properties of these either.
            None => assert!(row.section == "Install" || row.name == "PermissionsStartOnly", "{}=", row.name),
            Some(property) => {
                let shown = defaults.get(property);
                assert_eq!(shown.map(String::as_str), Some(row.default), "{}= as {property}", row.name);
            }
        }
    }
}

/// The defaults of the rows are those that a booted systemd 252 shows of a service that sets nothing.
#[test]
fn the_defaults_are_those_of_systemd_252() {
    let recorded = fs::read_to_string(repository().join("tests/data/show-252.txt")).unwrap();
    let recorded: BTreeMap<_, _> = recorded.lines().filter_map(|line| line.split_once('=')).collect();
    // What every unit has, and what differs with the host or is not asked for.
    let aside = ["After", "Before", "Conflicts", "Description", "Requires", "ExecStart"];
    // docs/decisions/control-groups.md: amr has no manager's defaults of its own for these.
    let otherwise = ["MemoryAccounting", "TasksAccounting", "TasksMax"];
    // Recorded of a unit that runs.
    let aside: Vec<_> = aside.into_iter().chain(otherwise).chain(["WatchdogUSec"]).collect();
    let mut compared = 0;
    for (row, _) in honoured() {
        let Some(property) = row.property.filter(|p| !aside.contains(p)) else { continue };
        // Limits that are not set are the host's.
        let Some(systemd) = recorded.get(property).filter(|_| !row.name.starts_with("Limit")) else {
            continue;
        };
        assert_eq!(row.default, *systemd, "{}=", row.name);
        compared += 1;
    }
    assert!(compared > 45, "only {compared} compared");
}

/// A service of which the lines are all there is.
fn service(section: &str, lines: &str) -> Unit {
    let text = format!("[{section}]\n{lines}\n");
    let input = Input {
        name: UnitName::parse("x.service").unwrap(),
        aliases: Vec::new(),
        fragment: Some("/x.service".into()),
        sources: vec![Source::new(Path::new("/x.service"), text.as_bytes())],
        dropins: Vec::new(),
        links: Vec::new(),
    };
    build(input, &Facts::default())
}

/// Of those of which the row says all: its first value that is not the default.
fn plain_value(row: &Directive) -> &'static str {
    let values = row.notes.unwrap().split(',').map(|pair| pair.split_once(['=', '.']).unwrap());
    let other = |(word, number): &(&str, &str)| *number != row.default && *word != row.default;
    values.into_iter().find(other).unwrap().0
}

/// A value other than the default.
fn a_value(row: &Directive) -> &'static str {
    match (row.kind, row.name) {
        (_, "KillMode") => "mixed",
        (_, "ExitType") => "cgroup",
        (_, "OOMPolicy") => "kill",
        (Kind::Choice, name) if name.ends_with("Action") => "reboot",
        (_, name) if name.ends_with("ControlGroupController") => "bpf-firewall",
        (_, name) if name.ends_with("NeedsUpdate") => "!/x",
        (_, "BusName") => "org.x",
        (_, "BlockIOWeight") => "20",
        (_, "DeviceAllow") => "/dev/null rw",
        (_, "DevicePolicy") => "strict",
        (Kind::DeviceValue, _) => "/dev/null 20",
        (Kind::Choice | Kind::Int, _) if plain::is_plain(row) => plain_value(row),
        (_, "NotifyAccess") => "all",
        (_, "PrivateTmp" | "RuntimeDirectoryPreserve") => "yes",
        (_, "Restart") => "always",
        (_, "RestartMode") => "direct",
        (_, "KeyringMode") => "shared",
        (_, "MountFlags") => "slave",
        (_, "ProcSubset") => "pid",
        (_, "ProtectHome") => "read-only",
        (_, "ProtectProc") => "invisible",
        (_, "ProtectSystem") => "full",
        (_, "RestrictAddressFamilies") => "AF_UNIX",
        (_, "RestrictNamespaces") => "uts",
        (_, "SystemCallArchitectures") => "x86",
        (_, "SystemCallErrorNumber") => "EPERM",
        (_, "SystemCallFilter" | "SystemCallLog") => "~uname",
        (_, "SecureBits") => "noroot",
        (_, "CPUSchedulingPolicy") => "batch",
        (_, "CoredumpFilter") => "elf-headers",
        (_, "LogLevelMax" | "SyslogLevel") => "notice",
        (_, "Personality") => "x86",
        (_, "LoadCredential") => "a:/b",
        (_, "SetCredential") => "a:b",
        (_, "StandardInputData") => "Zm9v",
        (_, "SyslogFacility") => "local3",
        (_, "StandardInput") => "tty",
        (_, "StandardError" | "StandardOutput") => "null",
        (_, "TimeoutStartFailureMode" | "TimeoutStopFailureMode") => "kill",
        (_, "Type") => "exec",
        (Kind::Percent, _) => "150%",
        (Kind::Size, _) => "32M",
        (Kind::Bool, _) if row.default == "yes" => "no",
        (Kind::Bool, _) => "yes",
        (Kind::Capabilities, _) => "CAP_CHOWN",
        (Kind::Command, _) => "/bin/false",
        (Kind::Cpus | Kind::Int | Kind::Rlimit | Kind::Statuses | Kind::Uint, _) => "3",
        (Kind::Duration | Kind::Timeout, _) => "7s",
        (Kind::Environment, _) => "A=1",
        (Kind::Mode, _) => "0700",
        (Kind::Signal, _) => "SIGHUP",
        (Kind::Unit | Kind::Units, _) => "foo.service",
        (Kind::Uris, _) => "man:x",
        (Kind::EnvironmentFile | Kind::Path | Kind::PathCheck | Kind::Paths | Kind::WorkingDirectory, _) => {
            "/x"
        }
        (_, _) => "games",
    }
}

/// Those of which it can be seen on systemd 252 what an empty value leaves: no property tells of the first,
/// the second is shown while a service runs, the third is seen in names of links, the two of accounting are on by default there, systemctl
/// does not print the last four.
fn to_reset() -> impl Iterator<Item = Directive> {
    let unseen = [
        "PermissionsStartOnly",
        "WatchdogSec",
        "DefaultInstance",
        "MemoryAccounting",
        "TasksAccounting",
        "LoadCredential",
        "SetCredential",
        "TTYColumns",
        "TTYRows",
    ];
    let seen = move |row: &Directive| row.in_252 != Known::No && !unseen.contains(&row.name);
    honoured().map(|(row, _)| row).filter(seen)
}

/// What case c101 asks a booted systemd and amr, of each directive: `show` with a value and after an empty one.
#[test]
fn the_case_of_empty_values_is_about_each_directive() {
    let line = |row: Directive| {
        let property = row.property.unwrap_or_default();
        format!("{}\t{}\t{}\t{property}\n", row.section, row.name, a_value(&row))
    };
    let (path, text) = (conformance("files/resets.tsv"), to_reset().map(line).collect::<String>());
    if std::env::var_os("AMR_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap_or_default() == text, "AMR_BLESS=1 writes {}", path.display());
}

fn conformance(file: &str) -> PathBuf {
    repository().join("tests/conformance").join(file)
}

/// What case c101 recorded of systemd 252, by section and name: `resets`, `keeps`, or what is left.
fn recorded() -> BTreeMap<String, String> {
    let text = fs::read_to_string(conformance("expected-252.json")).unwrap();
    let mut cases: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    serde_json::from_value::<Vec<(String, String)>>(cases.remove("c101").unwrap())
        .unwrap()
        .into_iter()
        .collect()
}

/// Each directive is given a value and then an empty one: what is left, and what is said, is as the rule of
/// the table has it, and as a booted systemd 252 has it.
#[test]
fn an_empty_value_resets_or_is_refused_as_by_systemd_252() {
    let state = |row: &Directive, unit: &Unit| match row.property {
        Some(property) => properties(unit, None).into_iter().find(|(name, _)| *name == property).unwrap().1,
        None => format!("{:?}", unit.install),
    };
    let recorded = recorded();
    assert_eq!(recorded.len(), to_reset().count(), "the recording is of another table");
    for row in to_reset() {
        let (name, section) = (row.name, row.section);
        let set = format!("{name}={}", a_value(&row));
        let [none, once, then] = ["", &set, &format!("{set}\n{name}=")].map(|lines| service(section, lines));
        let [unset, value, left] = [&none, &once, &then].map(|unit| state(&row, unit));
        assert_ne!(unset, value, "{set} is the default");
        let what = if left == unset {
            "resets"
        } else if left == value {
            "keeps"
        } else {
            &left
        };
        let resets = row.is_reset_by_empty();
        assert_eq!(what == "keeps", !resets, "{set}, then {name}=: {left}");
        assert_eq!(recorded[&format!("{section} {name}")], what, "{set}, then {name}= on systemd 252");
        // About the line, not about what the unit lacks without it.
        let about_lines = |unit: &Unit| {
            unit.findings.iter().filter(|f| f.origin.as_ref().is_some_and(|o| o.span.line > 0)).count()
        };
        let said = about_lines(&then) > about_lines(&once);
        assert_eq!(said, !resets && row.shape != Shape::Append, "{name}=: {:?}", then.findings);
    }
}

/// Values of all sorts that no directive takes, or not as a whole: what is said of each says once that it is
/// left out.
#[test]
fn nothing_is_said_twice() {
    let odd = [
        "%Q",
        "x 'y",
        "A B=1",
        "A=1 B 'C",
        "A=1 %Q",
        "1 x 999 SIGX",
        "/a b:c",
        "CAP_X CAP_CHOWN",
        "\u{1}",
        "-1",
    ];
    for (row, _) in honoured() {
        for value in odd {
            for finding in service(row.section, &format!("{}={value}", row.name)).findings {
                let said = finding.message.matches("ignoring").count();
                assert!(said <= 1, "{}={value}: {}", row.name, finding.message);
            }
        }
    }
}

/// Where a unit with this directive is started, or its effect is looked at otherwise.
struct Cases {
    files: Vec<(String, String)>,
}

impl Cases {
    fn read() -> Cases {
        fn walk(folder: &Path, files: &mut Vec<(String, String)>) {
            let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    read(&path, files);
                }
            }
        }
        fn read(path: &Path, files: &mut Vec<(String, String)>) {
            let Ok(mut text) = fs::read_to_string(path) else { return };
            // Units are strings there.
            if path.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
                text = text.replace("\\n", "\n");
            }
            files.push((path.strip_prefix(repository().join("tests")).unwrap().display().to_string(), text));
        }
        let mut files = Vec::new();
        // The first that has it is named: recordings of systemd before our own words. A golden case alone, which has
        // nothing run, is none.
        let places =
            ["conformance/units", "conformance/cases", "conformance/files", "exec.rs", "supervise", "e2e"];
        for place in places.map(|place| repository().join("tests").join(place)) {
            if place.is_dir() { walk(&place, &mut files) } else { read(&place, &mut files) }
        }
        Cases { files }
    }

    fn of(&self, name: &str) -> Option<&str> {
        let (own, plain) = (format!("{name}="), |c: char| !c.is_alphanumeric());
        let sets = |line: &str| {
            let line = line.trim_start();
            !["#", "//", "\"\"\""].iter().any(|mark| line.starts_with(mark))
                && line.match_indices(&own).any(|(at, _)| line[..at].chars().next_back().is_none_or(plain))
        };
        self.files.iter().find(|(_, text)| text.lines().any(sets)).map(|(name, _)| name.as_str())
    }
}

#[test]
fn each_has_a_case_that_shows_its_effect() {
    let cases = Cases::read();
    let without: Vec<_> =
        honoured().map(|(row, _)| row.name).filter(|name| cases.of(name).is_none()).collect();
    assert!(without.is_empty(), "no case sets these: {without:?}");
}

fn page() -> String {
    let cases = Cases::read();
    let mut page = String::from(
        "# Directives\n\nMade by tests/directives.rs from the table in src/unit/directive; do not edit. systemd.unit(5), \
         systemd.service(5), systemd.exec(5) and systemd.kill(5) say what they mean; amr does what systemd 252 does.\n",
    );
    page.push_str("\n## The steps of a process, in the order of systemd's exec_child\n\n");
    for step in steps::all() {
        writeln!(page, "- {}: fails with {}/{}", step.name, step.status.code(), step.status.name()).unwrap();
    }
    let mut groups: BTreeMap<(&str, &str), Vec<Directive>> = BTreeMap::new();
    directive::all().for_each(|row| groups.entry((row.section, row.group)).or_default().push(row));
    for ((section, group), rows) in groups {
        let applied: Vec<_> = rows.iter().filter(|row| matches!(row.amr, Support::Honoured(_))).collect();
        if !applied.is_empty() {
            writeln!(page, "\n## [{section}], {group}: applied\n").unwrap();
            page.push_str(
                "| directive | since | default | applied by | shown as | case |\n|---|---|---|---|---|---|\n",
            );
            applied.iter().for_each(|row| page.push_str(&line(row, &cases)));
        }
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in &rows {
            match row.amr {
                Support::Honoured(_) => {}
                Support::Ignored(why) => reasons.entry(why).or_default().push(format!("{}=", row.name)),
                Support::Refused(why) => reasons.entry(why).or_default().push(format!("**{}=**", row.name)),
            }
        }
        if !reasons.is_empty() {
            writeln!(page, "\n## [{section}], {group}: not applied (in bold: the unit is refused)\n")
                .unwrap();
        }
        for (why, names) in reasons {
            writeln!(page, "- {why}: {}", names.join(", ")).unwrap();
        }
    }
    page
}

fn line(row: &Directive, cases: &Cases) -> String {
    let since = match row.since {
        Since::Before184 => String::new(),
        Since::V(version) => version.to_string(),
    };
    let by = match row.amr {
        Support::Honoured(AppliedBy::Step(step)) => format!("step {step}"),
        Support::Honoured(AppliedBy::Part(part)) => part.to_owned(),
        Support::Ignored(_) | Support::Refused(_) => String::new(),
    };
    let default = if row.default.len() > 40 { "all" } else { row.default };
    let property = row.property.unwrap_or_default();
    let case = cases.of(row.name).unwrap_or_default();
    format!("| {}= | {since} | {default} | {by} | {property} | {case} |\n", row.name)
}

#[test]
fn the_page_is_what_the_table_says() {
    let (path, page) = (repository().join("docs/directives.md"), page());
    if std::env::var_os("AMR_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let had = fs::read_to_string(&path).unwrap_or_default();
    assert!(had == page, "docs/directives.md is not what the table says; AMR_BLESS=1 makes it anew");
}
