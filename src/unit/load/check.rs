//! Do the `Condition…=` and `Assert…=` of a unit hold on this host? (systemd's condition.c)
//!
//! Looks at files through the root and at nothing else but the facts; a test that cannot be carried
//! out counts as failed, as for systemd. The tests that amr does not know never come here: the table
//! of directives marks them, and the unit keeps them as not applied.

mod compare;
mod controllers;
mod machine;
mod mounts;
mod pressure;
mod virtualization;

use crate::os::cpu;
use crate::os::root::{FileKind, Root};
use crate::unit::model::Check;
use crate::unit::specifier::Facts;
use crate::unit::value::boolean;
use mounts::{mount_of, mounts};
use pressure::Resource;
use std::path::Path;
use strings::pattern::{Pattern, any_of_braces};

/// Longest kernel command line or table of mounts that is read, in bytes.
const SIZE_MAX: u64 = 1024 * 1024;

/// The first check that keeps the unit from running; `None` when all is met. Those with a leading
/// `|` count as one: it is met when any of them is (`condition_test_list`).
#[must_use]
pub fn unmet<'c>(root: &Root, facts: &Facts, checks: &'c [Check]) -> Option<&'c Check> {
    unmet_asked(root, facts, checks, &|_| ())
}

/// The same; each is told before it is looked at.
fn unmet_asked<'c>(
    root: &Root,
    facts: &Facts,
    checks: &'c [Check],
    tell: &dyn Fn(&'c Check),
) -> Option<&'c Check> {
    let met = |c: &'c Check| {
        tell(c);
        test(root, facts, c).is_some_and(|holds| holds != c.negate)
    };
    let plain = checks.iter().find(|c| !c.trigger && !met(c));
    let mut triggers = checks.iter().filter(|c| c.trigger).peekable();
    let first = triggers.peek().copied();
    plain.or_else(|| if triggers.any(met) { None } else { first })
}

/// What keeps a unit from being started.
#[derive(Clone, Copy, Debug)]
pub enum Unmet<'c> {
    /// A `Condition…=`: the start is left.
    Condition(&'c Check),
    /// An `Assert…=`: the start fails.
    Assert(&'c Check),
}

impl Unmet<'_> {
    /// As it is written in the unit.
    #[must_use]
    pub fn assignment(self) -> String {
        match self {
            Self::Condition(check) => check.assignment("Condition"),
            Self::Assert(check) => check.assignment("Assert"),
        }
    }

    /// Is it this very line of the unit?
    #[must_use]
    pub fn is(self, other: Unmet<'_>) -> bool {
        match (self, other) {
            (Self::Condition(one), Unmet::Condition(other)) | (Self::Assert(one), Unmet::Assert(other)) => {
                std::ptr::eq(one, other)
            }
            (Self::Condition(_), Unmet::Assert(_)) | (Self::Assert(_), Unmet::Condition(_)) => false,
        }
    }
}

/// The first of a unit's conditions, and then of its asserts, that is not met. Each is told before it is looked at.
#[must_use]
pub fn unmet_of_unit<'c>(
    root: &Root,
    facts: &Facts,
    conditions: &'c [Check],
    asserts: &'c [Check],
    tell: &dyn Fn(Unmet<'c>),
) -> Option<Unmet<'c>> {
    let condition = unmet_asked(root, facts, conditions, &|c| tell(Unmet::Condition(c)));
    condition
        .map(Unmet::Condition)
        .or_else(|| unmet_asked(root, facts, asserts, &|c| tell(Unmet::Assert(c))).map(Unmet::Assert))
}

/// The bare test, without its `!`; `None` when it cannot be told, which never counts as met.
fn test(root: &Root, facts: &Facts, check: &Check) -> Option<bool> {
    let value = check.value.as_str();
    let path = Path::new(value);
    let stat = || root.stat(path).ok();
    match check.test.as_str() {
        "PathExists" => Some(root.exists(path)),
        "PathExistsGlob" => {
            Some(any_of_braces(value, &mut |pattern| root.glob(pattern).is_ok_and(|found| !found.is_empty())))
        }
        "PathIsDirectory" => Some(stat().is_some_and(|s| s.kind == FileKind::Dir)),
        "PathIsSymbolicLink" => Some(root.lstat(path).is_ok_and(|s| s.kind == FileKind::Symlink)),
        "PathIsMountPoint" => Some(is_mount_point(root, path).unwrap_or(false)),
        "PathIsReadWrite" if root.exists(path) => mount_of(root, path).map(|on| !on.read_only),
        "PathIsReadWrite" => Some(false),
        "PathIsSocket" => Some(stat().is_some_and(|s| s.kind == FileKind::Socket)),
        "PathIsEncrypted" => Some(machine::is_encrypted(root, path)),
        "DirectoryNotEmpty" => {
            Some(root.list(path).is_ok_and(|found| found.iter().any(|e| is_content(&e.name))))
        }
        "FileNotEmpty" => Some(stat().is_some_and(|s| s.kind == FileKind::Regular && s.size > 0)),
        "FileIsExecutable" => {
            Some(stat().is_some_and(|s| s.kind == FileKind::Regular && s.mode & 0o111 != 0))
        }
        "FirstBoot" => Some(boolean::parse(value).ok()? == root.exists(Path::new("/run/systemd/first-boot"))),
        "User" => facts.user.as_ref().map(|user| {
            value == user.name || number(value) == Some(user.uid) || (value == "@system" && user.uid < 1000)
        }),
        "Group" => facts.user.as_ref().map(|user| value == user.group || number(value) == Some(user.gid)),
        "Environment" => Some(is_set(&facts.host.environment, value)),
        "Host" => Some(is_host(facts, value)),
        "KernelCommandLine" => {
            let line = root.read(Path::new("/proc/cmdline"), SIZE_MAX).ok()?;
            Some(has_option(&String::from_utf8_lossy(&line), value))
        }
        "KernelVersion" => compare::version(facts.host.kernel_release.as_deref()?, value),
        "Version" => version(facts, value),
        "Virtualization" => Some(virtualization::holds(root, value)),
        "Security" => Some(machine::security(root, value)),
        "Firmware" => machine::firmware(root, value),
        "Capability" => machine::capability(root, value),
        "ACPower" => machine::ac_power(root, value),
        "Memory" => machine::memory(facts, value),
        "CPUs" => machine::cpus(value),
        "CPUFeature" => Some(cpu::has_feature(&value.to_ascii_lowercase())),
        "OSRelease" => machine::os_release(facts, value),
        "NeedsUpdate" => Some(machine::needs_update(root, path)),
        "KernelModuleLoaded" => Some(machine::module_loaded(root, value)),
        "Credential" => Some(machine::credential(root, value)),
        "ControlGroupController" => controllers::holds(root, value),
        "CPUPressure" => pressure::holds(root, Resource::Cpu, value),
        "MemoryPressure" => pressure::holds(root, Resource::Memory, value),
        "IOPressure" => pressure::holds(root, Resource::Io, value),
        "Architecture" => facts.host.architecture.as_deref().map(|a| value == "native" || value == a),
        _ => None,
    }
}

/// Hidden files and leftovers of editors do not make a folder full.
fn is_content(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    !name.starts_with('.') && !name.ends_with('~')
}

/// Is something mounted here? `None` where the path cannot be looked at.
#[must_use]
pub fn is_mount_point(root: &Root, path: &Path) -> Option<bool> {
    let resolved = root.resolve(path).ok()?;
    let Some(parent) = resolved.parent() else { return Some(true) };
    let (here, above) = (root.stat(&resolved).ok()?, root.stat(parent).ok()?);
    Some(here.dev != above.dev || mounts(root).is_some_and(|m| m.iter().any(|m| m.point == resolved)))
}

fn number(value: &str) -> Option<u32> {
    value.parse().ok()
}

/// A name, or a name and its value.
fn is_set(variables: &[(String, String)], wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => variables.iter().any(|(n, v)| (n.as_str(), v.as_str()) == (name, value)),
        None => variables.iter().any(|(n, _)| n == wanted),
    }
}

/// Of the kernel, as `KernelVersion`, where another is not named. Of systemd there is none, and of the host's C
/// library nothing can be told from here.
fn version(facts: &Facts, value: &str) -> Option<bool> {
    match value.split_once([' ', '\t']) {
        Some(("systemd" | "glibc", _)) => None,
        Some(("kernel", rest)) => compare::version(facts.host.kernel_release.as_deref()?, rest),
        _ => compare::version(facts.host.kernel_release.as_deref()?, value),
    }
}

/// A text file; `None` where it is not there or cannot be read.
fn text(root: &Root, path: &str) -> Option<String> {
    let bytes = root.read_kernel(Path::new(path), SIZE_MAX).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn first_line(root: &Root, path: &str) -> Option<String> {
    text(root, path).map(|text| text.lines().next().unwrap_or_default().to_owned())
}

/// A machine ID, or a pattern of host names.
fn is_host(facts: &Facts, value: &str) -> bool {
    let plain = value.replace('-', "").to_ascii_lowercase();
    if plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_hexdigit()) {
        return facts.host.machine_id.as_deref() == Some(plain.as_str());
    }
    let host = facts.host.host_name.as_deref();
    host.is_some_and(|host| Pattern::new(value).is_ok_and(|pattern| pattern.matches_ignoring_case(host)))
}

/// With a `=` the whole word must be there, else a word that is or begins with `value=`.
fn has_option(line: &str, value: &str) -> bool {
    line.split_ascii_whitespace().any(|word| {
        word == value
            || (!value.contains('=') && word.strip_prefix(value).is_some_and(|rest| rest.starts_with('=')))
    })
}

#[cfg(test)]
mod tests;
