//! What a service sees of the file system, as a list of mounts: one entry for each path that a directive is
//! about, sorted and merged as systemd 252's namespace.c does it. Pure.

mod made;

use super::process::Bind;
use super::spaces;
use crate::os::spaces::Space;
use crate::unit::exec::mounts::{Access, AccessPath, FIELDS, Propagation, ProtectHome, ProtectSystem};
use crate::unit::exec::{ExecContext, Field};
use std::path::{Path, PathBuf};

/// What is done at a path; of several the first counts (`MountMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nobody enters or reads it.
    Inaccessible,
    /// Another is seen in its place.
    Bind,
    /// With what is mounted below that.
    BindRecursive,
    /// The service's own of those that all may write to.
    PrivateTmp,
    /// /dev with what every program expects, and no more.
    PrivateDev,
    /// /proc anew.
    Proc,
    /// The message queues of its own.
    Queues,
    /// What the host has of the kernel, unless something is mounted there.
    HostApi,
    /// It can be read.
    ReadOnly,
    /// It can be written to.
    ReadWrite,
    /// No programs are executed from it.
    NoExec,
    /// Programs are.
    Exec,
    /// An empty one in memory.
    Tmpfs,
    /// The same, unless something is mounted there.
    Run,
    /// A link, where there is none.
    Link,
    /// As `ReadWrite`, of what no directive named.
    ReadWriteImplicit,
}

/// See the head of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Absolute, of the host.
    pub path: PathBuf,
    /// What is mounted there, and how.
    pub mode: Mode,
    /// It may be missing.
    pub optional: bool,
    /// Of a bind.
    pub source: Option<PathBuf>,
    /// Of a file system that is made: options as of mount(8).
    pub options: String,
    /// It can only be read, whatever the mode.
    pub read_only: bool,
    /// No programs are executed from it, whatever the mode.
    pub no_exec: bool,
    /// They are.
    pub exec: bool,
    /// None of them has more rights than who executes it.
    pub no_suid: bool,
}

impl Entry {
    fn new(path: impl Into<PathBuf>, mode: Mode, optional: bool) -> Entry {
        let read_only = matches!(mode, Mode::ReadOnly | Mode::Inaccessible | Mode::PrivateDev);
        let no_exec = matches!(mode, Mode::NoExec | Mode::Inaccessible | Mode::Proc);
        let (path, exec) = (path.into(), mode == Mode::Exec);
        let options = String::new();
        Entry { path, mode, optional, source: None, options, read_only, no_exec, exec, no_suid: false }
    }

    fn made_of(self, source: impl Into<PathBuf>) -> Entry {
        Entry { source: Some(source.into()), ..self }
    }
}

/// What lies around a process that is about to start. Paths of the host.
#[derive(Clone, Copy, Debug)]
pub struct HostPaths<'a> {
    /// Of `PrivateTmp=`.
    pub own: &'a [Bind],
    /// Above the `RuntimeDirectory=`.
    pub runtime: &'a Path,
    /// The socket by which it says that it is up.
    pub notify: Option<&'a Path>,
    /// The folder of its credentials, if it has some.
    pub credentials: Option<&'a Path>,
}

/// Is anything asked of what a process sees (`exec_needs_mount_namespace`)?
pub fn is_wanted(context: &ExecContext) -> bool {
    let m = &context.mounts;
    let host_paths = &HostPaths { own: &[], runtime: Path::new("/run"), notify: None, credentials: None };
    let slave = m.propagation.is_some_and(|p| p != Propagation::Shared);
    slave || m.private_tmp || context.is_on("PrivateMounts") || !entries(context, host_paths).is_empty()
}

/// The directives that ask it, each by its newer name.
pub fn names(context: &ExecContext) -> Vec<&'static str> {
    let none = ExecContext::default();
    let set = |field: &&Field| (field.show)(context) != (field.show)(&none);
    let mut names: Vec<_> = FIELDS.iter().filter(set).map(|field| field.property).collect();
    names.dedup();
    names.extend(spaces::asked(context, Space::Ipc));
    names.extend(SWITCHES.iter().copied().filter(|name| context.is_on(name)));
    names
}

/// Those of them of which the row says all.
const SWITCHES: [&str; 6] = [
    "PrivateDevices",
    "PrivateMounts",
    "ProtectControlGroups",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
];

/// Is it more than that less can be done (`insist_on_sandboxing`)? Then the service does not run without.
pub fn is_needed(context: &ExecContext) -> bool {
    // What is bound to where it is only becomes another to write to.
    let m = &context.mounts;
    let otherwise = m.root().is_some() || context.identity.dynamic;
    otherwise || m.binds.iter().any(|bind| bind.source != bind.target) || !m.temporary.is_empty()
}

/// The entries, sorted and merged; paths are those below the root of the process.
pub fn entries(context: &ExecContext, host_paths: &HostPaths<'_>) -> Vec<Entry> {
    let mut all = Vec::new();
    asked(context, &mut all);
    let own = host_paths.own.iter();
    all.extend(own.map(|bind| Entry::new(&bind.target, Mode::PrivateTmp, false).made_of(&bind.source)));
    if context.is_on("PrivateDevices") {
        all.push(Entry::new("/dev", Mode::PrivateDev, false));
    }
    if spaces::asked(context, Space::Ipc).is_some() {
        all.push(Entry::new("/dev/mqueue", Mode::Queues, false));
    }
    kernel(context, &mut all);
    home(context.mounts.home, &mut all);
    system(context.mounts.system, &mut all);
    api(context, &mut all);
    let root = context.mounts.root().is_some();
    if root || !all.is_empty() {
        made::directories(context, host_paths.runtime, &mut all);
    }
    if !all.is_empty() {
        made::credentials(host_paths, &mut all);
    }
    if root && !all.is_empty() {
        made::socket(host_paths, &mut all);
    }
    normalize(&mut all);
    all
}

/// `MountAPIVFS=`, which those who protect a part of it need below another root (`namespace_info_mount_apivfs`).
/// On the host's root it is there already, but for a /proc that is asked for.
fn api(context: &ExecContext, all: &mut Vec<Entry>) {
    let (m, root) = (&context.mounts, context.mounts.root().is_some());
    let protects = ["ProtectControlGroups", "ProtectKernelTunables"].iter().any(|name| context.is_on(name));
    if !m.has_api() && !(root && (protects || m.proc.is_some() || m.only_processes)) {
        return;
    }
    all.push(Entry::new("/proc", Mode::Proc, false));
    if root {
        for path in ["/dev", "/sys"] {
            all.push(Entry::new(path, Mode::HostApi, false).made_of(path));
        }
        let options = "mode=0755,nosuid,nodev,strictatime,size=20%,nr_inodes=800k".to_owned();
        all.push(Entry { options, ..Entry::new("/run", Mode::Run, false) });
    }
}

/// A path of the host as one below the root, where it is there; one that is meant below it as it is.
fn below(root: Option<&Path>, place: &AccessPath) -> Option<PathBuf> {
    match root.filter(|_| !place.below_root) {
        None => Some(place.path.clone().into()),
        Some(root) => Some(Path::new("/").join(Path::new(&place.path).strip_prefix(root).ok()?)),
    }
}

/// What the unit names itself.
fn asked(context: &ExecContext, all: &mut Vec<Entry>) {
    let m = &context.mounts;
    for access in Access::ALL {
        let mode = match access {
            Access::ReadWrite => Mode::ReadWrite,
            Access::ReadOnly => Mode::ReadOnly,
            Access::Inaccessible => Mode::Inaccessible,
            Access::Exec => Mode::Exec,
            Access::NoExec => Mode::NoExec,
        };
        let entry = |place: &AccessPath| Some(Entry::new(below(m.root(), place)?, mode, place.optional));
        all.extend(m.paths(access).iter().filter_map(entry));
    }
    all.extend(m.binds.iter().map(|bind| {
        let mode = if bind.recursive { Mode::BindRecursive } else { Mode::Bind };
        let entry = Entry::new(&bind.target, mode, bind.optional).made_of(&bind.source);
        Entry { read_only: bind.read_only, ..entry }
    }));
    all.extend(m.temporary.iter().map(|(path, options)| {
        let read_only = options.split(',').any(|option| option == "ro");
        let kept: Vec<_> = options.split(',').filter(|o| !matches!(*o, "" | "ro" | "rw")).collect();
        let options =
            ["mode=0755,nodev,strictatime,size=10%,nr_inodes=400k".into(), kept.join(",")].join(",");
        Entry { read_only, options, ..Entry::new(path, Mode::Tmpfs, false) }
    }));
    if m.proc.is_some() || m.only_processes {
        let hide = m.proc.as_deref().unwrap_or("off");
        let subset = if m.only_processes { ",subset=pid" } else { "" };
        all.push(Entry {
            options: format!("hidepid={hide}{subset}"),
            ..Entry::new("/proc", Mode::Proc, false)
        });
    }
}

/// `ProtectKernelTunables=` to `ProtectControlGroups=`; below a /proc of processes alone nothing is missed.
fn kernel(context: &ExecContext, all: &mut Vec<Entry>) {
    use Mode::{Inaccessible, ReadOnly, ReadWriteImplicit};
    let mut add = |path: &str, mode, optional| all.push(Entry::new(path, mode, optional));
    if context.is_on("ProtectKernelTunables") {
        for path in [
            "acpi",
            "apm",
            "asound",
            "bus",
            "fs",
            "irq",
            "latency_stats",
            "mtrr",
            "scsi",
            "sys",
            "sysrq-trigger",
            "timer_stats",
        ] {
            add(&format!("/proc/{path}"), ReadOnly, true);
        }
        add("/proc/kallsyms", Inaccessible, true);
        add("/proc/kcore", Inaccessible, true);
        add("/sys", ReadOnly, true);
        for path in ["fs/bpf", "kernel/debug", "kernel/tracing"] {
            add(&format!("/sys/{path}"), ReadOnly, true);
        }
        // That of ProtectControlGroups=.
        add("/sys/fs/cgroup", ReadWriteImplicit, true);
        add("/sys/fs/selinux", ReadWriteImplicit, true);
    }
    if context.is_on("ProtectKernelModules") {
        add("/lib/modules", Inaccessible, true);
        add("/usr/lib/modules", Inaccessible, true);
    }
    if context.is_on("ProtectKernelLogs") {
        add("/proc/kmsg", Inaccessible, true);
        add("/dev/kmsg", Inaccessible, true);
    }
    if context.is_on("ProtectControlGroups") {
        add("/sys/fs/cgroup", ReadOnly, true);
    }
}

/// `ProtectHome=`. Empty folders can be written to by all, as in 252, whatever its manual says.
fn home(protect: ProtectHome, all: &mut Vec<Entry>) {
    let mode = match protect {
        ProtectHome::No => return,
        ProtectHome::Yes => Mode::Inaccessible,
        ProtectHome::ReadOnly => Mode::ReadOnly,
        ProtectHome::Tmpfs => Mode::Tmpfs,
    };
    for path in ["/home", "/run/user", "/root"] {
        all.push(Entry { options: "mode=1777,nodev".to_owned(), ..Entry::new(path, mode, true) });
    }
}

fn system(protect: ProtectSystem, all: &mut Vec<Entry>) {
    let mut add = |path: &str, mode, optional| all.push(Entry::new(path, mode, optional));
    match protect {
        ProtectSystem::No => {}
        ProtectSystem::Yes | ProtectSystem::Full => {
            add("/usr", Mode::ReadOnly, false);
            for path in ["/boot", "/efi", "/lib", "/lib64", "/bin", "/sbin"] {
                add(path, Mode::ReadOnly, true);
            }
            if protect == ProtectSystem::Full {
                add("/etc", Mode::ReadOnly, false);
            }
        }
        ProtectSystem::Strict => {
            add("/", Mode::ReadOnly, false);
            for path in ["/proc", "/sys", "/dev", "/home", "/run/user", "/root"] {
                add(path, Mode::ReadWriteImplicit, true);
            }
        }
    }
}

/// As `normalize_mounts`: sorted, each path once, nothing below what nobody enters, nothing that is so already.
pub fn normalize(all: &mut Vec<Entry>) {
    all.sort_by(|a, b| a.path.cmp(&b.path).then(a.mode.cmp(&b.mode)));
    let mut kept: Vec<Entry> = Vec::with_capacity(all.len());
    for entry in all.drain(..) {
        match kept.last_mut() {
            Some(before) if before.path == entry.path => {
                before.read_only |= entry.read_only;
                before.no_exec |= entry.no_exec;
                before.exec |= entry.exec;
                before.no_suid |= entry.no_suid;
            }
            Some(before) if before.mode == Mode::Inaccessible && entry.path.starts_with(&before.path) => {}
            _ => {
                let above = kept.iter().rev().find(|above| entry.path.starts_with(&above.path));
                let plain = matches!(entry.mode, Mode::ReadOnly | Mode::ReadWrite | Mode::ReadWriteImplicit);
                if !(plain && above.is_some_and(|above| above.mode == entry.mode)) {
                    kept.push(entry);
                }
            }
        }
    }
    *all = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(entries: &[(&str, Mode)]) -> Vec<(String, Mode, bool)> {
        let mut all: Vec<_> = entries.iter().map(|(path, mode)| Entry::new(*path, *mode, false)).collect();
        normalize(&mut all);
        all.into_iter().map(|e| (e.path.display().to_string(), e.mode, e.read_only)).collect()
    }

    #[test]
    fn the_strictest_of_a_path_counts_and_nothing_stands_below_what_nobody_enters() {
        use Mode::{Inaccessible, ReadOnly, ReadWrite, Tmpfs};
        assert_eq!(
            merged(&[("/b", ReadWrite), ("/a", ReadWrite), ("/a", ReadOnly)]),
            [("/a".into(), ReadOnly, true), ("/b".into(), ReadWrite, false),]
        );
        // What is said besides of a path stays: an empty one that can only be read.
        assert_eq!(merged(&[("/a", Tmpfs), ("/a", ReadOnly)]), [("/a".into(), ReadOnly, true)]);
        assert_eq!(
            merged(&[("/a/b", ReadWrite), ("/a", Inaccessible), ("/ab", ReadOnly)]),
            [("/a".into(), Inaccessible, true), ("/ab".into(), ReadOnly, true),]
        );
        // So already.
        assert_eq!(
            merged(&[("/a", ReadOnly), ("/a/b/c", ReadOnly), ("/a/b", ReadWrite), ("/a/d", ReadOnly)]),
            [
                ("/a".into(), ReadOnly, true),
                ("/a/b".into(), ReadWrite, false),
                ("/a/b/c".into(), ReadOnly, true),
            ]
        );
    }

    #[test]
    fn nothing_asked_nothing_mounted() {
        assert!(!is_wanted(&ExecContext::default()));
    }
}
