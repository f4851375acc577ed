//! `amr show` knows each property that `systemctl show` of systemd 252 has of a service: it prints it, or the
//! directive that it shows is one that amr does not apply (its row of the table says why), or it is listed
//! here with the reason. tests/data/properties-252.txt has the names, as a booted 252.39 printed them, and
//! those of its bus_service_vtable that it prints only of units that set them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use amr::unit::directive::{self, Support};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DBUS: &str = "of systemd's bus and queue, which amr does not have";
const CLEAN: &str = "there is no `amr clean`";
const NETWORK: &str = "traffic is not counted";
const COUNTED: &str = "not counted by amr";
const TRIGGERS: &str = "amr starts nothing by timers, sockets and paths";
const IMAGES: &str = "amr mounts no images";
const GROUPS: &str = "of systemd's tree of slices";
const SECURITY: &str = "no security module is asked";

/// Properties of 252 that are no directive's and that amr does not print.
const LEFT_OUT: [(&str, &str); 25] = [
    ("AccessSELinuxContext", SECURITY),
    ("ActivationDetails", DBUS),
    ("CPUAffinityFromNUMA", "CPUAffinity=numa is not applied"),
    ("CanClean", CLEAN),
    ("CleanResult", CLEAN),
    ("ControlGroupId", GROUPS),
    ("DelegateControllers", GROUPS),
    ("EffectiveCPUs", COUNTED),
    ("EffectiveMemoryNodes", COUNTED),
    ("Following", "of devices alone"),
    ("IPEgressBytes", NETWORK),
    ("IPEgressPackets", NETWORK),
    ("IPIngressBytes", NETWORK),
    ("IPIngressPackets", NETWORK),
    ("Job", DBUS),
    ("Markers", DBUS),
    ("MemoryAvailable", COUNTED),
    ("Refs", DBUS),
    ("RootHashPath", IMAGES),
    ("RootHashSignaturePath", IMAGES),
    ("SameProcessGroup", "a directive of old that 252 only prints"),
    ("SliceOf", GROUPS),
    ("TriggeredBy", TRIGGERS),
    ("Triggers", TRIGGERS),
    ("UnitFilePreset", "amr reads no presets"),
];

/// What amr prints and 252 does not have.
const MORE: [&str; 10] = [
    "FilesMissing",
    "LogPath",
    "SupervisorPID",
    // Of later systemds.
    "MemoryPeak",
    "OpenFile",
    "ReloadSignal",
    "RestartMaxDelayUSec",
    "RestartMode",
    "RestartSteps",
    "SetLoginEnvironment",
];

fn show(root: &Path, args: &[&str]) -> String {
    let mut amr = Command::new(env!("CARGO_BIN_EXE_amr"));
    let out = amr.arg("--root").arg(root).arg("show").args(args).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, text: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("amr-show-{}-{name}", std::process::id()));
        let units = dir.join("etc/systemd/system");
        fs::create_dir_all(&units).unwrap();
        fs::write(units.join("x.service"), text).unwrap();
        Self(dir)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The directive that a property shows.
fn directive_of(property: &str) -> String {
    let bus_time = ["RootHash", "TimerSlackNSec"].iter().all(|own| *own != property);
    match property.strip_suffix("USec").filter(|_| bus_time) {
        Some(stem) => format!("{stem}Sec"),
        None => property.to_owned(),
    }
}

/// Is there a directive of that name that amr does not apply, and that says why?
fn is_not_applied(property: &str) -> bool {
    let name = directive_of(property);
    let rows: Vec<_> = directive::all().filter(|row| row.name == name && row.section != "Install").collect();
    !rows.is_empty() && rows.iter().all(|row| !matches!(row.amr, Support::Honoured(_)))
}

#[test]
fn each_property_of_systemd_252_is_shown_or_left_out_for_a_reason() {
    let tree = Tree::new("all", "[Service]\nExecStart=/bin/true\n");
    let shown = show(&tree.0, &["--all", "x"]);
    let shown: BTreeSet<&str> = shown.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/properties-252.txt");
    let recorded = fs::read_to_string(file).unwrap();
    let recorded: BTreeSet<&str> = recorded.lines().collect();
    assert!(recorded.len() > 350, "only {}", recorded.len());
    let left_out = |name: &str| LEFT_OUT.iter().any(|(left, _)| *left == name);
    let lacking: Vec<_> =
        recorded.iter().filter(|p| !shown.contains(*p) && !left_out(p) && !is_not_applied(p)).collect();
    assert!(lacking.is_empty(), "neither shown nor left out: {lacking:?}");
    for (name, _) in LEFT_OUT {
        assert!(recorded.contains(name), "systemd 252 does not have {name}");
        assert!(!shown.contains(name) && !is_not_applied(name), "{name} need not be listed");
    }
    let own: Vec<_> = shown.iter().filter(|p| !recorded.contains(*p) && !MORE.contains(p)).collect();
    assert!(own.is_empty(), "systemd 252 does not have these: {own:?}");
}

#[test]
fn what_is_no_property_is_an_empty_line() {
    let tree = Tree::new("unknown", "[Service]\nExecStart=/bin/true\n");
    assert_eq!(show(&tree.0, &["x", "-p", "MainPID,Nope", "--value"]), "0\n\n");
    assert_eq!(show(&tree.0, &["x", "-p", "Nope"]), "Nope=\n");
}

#[test]
fn why_a_unit_cannot_be_used_is_said_as_systemd_says_it() {
    let tree = Tree::new("error", "[Service]\nExecStart=relative/path\n");
    let said = |unit: &str| show(&tree.0, &[unit, "-p", "LoadError", "--value"]);
    assert_eq!(said("nosuch"), "org.freedesktop.systemd1.NoSuchUnit \"Unit nosuch.service not found.\"\n");
    let bad = "org.freedesktop.systemd1.BadUnitSetting \"Unit x.service has a bad unit file setting.\"\n";
    assert_eq!(said("x"), bad);
}
