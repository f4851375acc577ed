//! Which Filebeats are here: installed, or running, and where each keeps its positions.
//!
//! A running one is found by its executable and its command line; what it really uses counts more
//! than what a package would have it use: the lock that it holds on `filebeat.lock` (7.0 and later),
//! and what it has open of its registry. Nothing is executed: the version is what the package's files
//! say. A driver: it reads `/proc` and files.

use super::config::{Flags, Setting};
use super::load::{LARGEST, Loaded, Plan, load, vars};
use super::shipper::slowest;
use super::{Filebeat, agent, latency, own_log, rules};
use crate::drain::shipper::host::{Host, Process};
use crate::drain::shipper::interface::{Found, Source, Version};
use crate::os::error::Error as OsError;
use crate::os::opener::OpenFile;
use crate::os::proc::ProcessId;
use crate::os::root::{FileKind, Root, Stat};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The basenames of its executables; `agentbeat` and `elastic-otel-collector` hold all beats.
const EXECUTABLES: [&str; 3] = ["filebeat", "agentbeat", "elastic-otel-collector"];

/// The programs of the units that run one: Elastic Agent starts its components as its own user.
pub(super) const PROGRAMS: [&str; 4] = ["filebeat", "agentbeat", "elastic-otel-collector", "elastic-agent"];

/// The places of a packaged Filebeat (deb and rpm).
const PACKAGE: [(&str, &str); 4] = [
    ("path.home", "/usr/share/filebeat"),
    ("path.config", "/etc/filebeat"),
    ("path.data", "/var/lib/filebeat"),
    ("path.logs", "/var/log/filebeat"),
];

/// What names the version in the home folder.
const README: &str = "README.md";

/// What one that runs holds a flock(2) on, in its data folder; 7.0 and later.
const LOCK: &str = "filebeat.lock";

/// The folder of the package's own files.
pub const DATA: &str = "/var/lib/filebeat";

/// Every Filebeat that runs or is installed.
pub(super) fn all(host: &Host) -> Result<Vec<Found>, OsError> {
    let mut found = Vec::new();
    for process in host.processes.iter().filter(|process| EXECUTABLES.contains(&process.name())) {
        match running(host, process) {
            Ok(one) => found.extend(one),
            // It ended meanwhile.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    merge_parents(&mut found);
    let agents = agent::installed(host)?.into_iter().chain(agent::running(host)?);
    for one in installed(host).into_iter().chain(agents) {
        if !found.iter().any(|other| other.is_same(&one)) {
            found.push(holder_known(host, one));
        }
    }
    Ok(found)
}

/// The Filebeat that keeps its positions at this place.
pub(super) fn at(host: &Host, positions: &Path) -> Found {
    let doubt = "no process keeps its positions there, and --config names no configuration";
    let unknown = Found { unknown: vec![doubt.to_owned()], ..nothing_but(&host.root, positions.to_owned()) };
    holder_known(host, unknown)
}

/// With the process that holds the lock of its data folder, or has its registry open, by whatever name its
/// executable goes; what that was told counts.
fn holder_known(host: &Host, found: Found) -> Found {
    let takes = |pid: &ProcessId| host.takes(*pid, &PROGRAMS, || host.owners(&[&found]));
    let locker = host.lock_holder(&host.root, &found.own.join(LOCK)).filter(takes);
    let Some(pid) = locker.or_else(|| keeper(host, &found, takes)) else { return found };
    run_by(host, &found, pid).unwrap_or(Found { process: Some(pid), ..found })
}

/// The process that has open what a Filebeat of 7.0 and later keeps open: its lock, which /proc/locks may name by
/// another device (btrfs, overlayfs), and what it writes of its registry, or that folder.
fn keeper(host: &Host, found: &Found, takes: impl Fn(&ProcessId) -> bool) -> Option<ProcessId> {
    let folder = found.positions.join("filebeat");
    let stat = |path: PathBuf| host.root.stat(&path).ok();
    let entries = host.root.list(&folder).unwrap_or_default();
    let written: Vec<Stat> = entries.iter().filter_map(|entry| stat(folder.join(&entry.name))).collect();
    let folders = [found.positions.clone(), folder].into_iter().filter_map(stat);
    let folders = folders.filter(|stat| stat.kind == FileKind::Dir);
    let kept: Vec<Stat> = folders.chain(stat(found.own.join(LOCK))).collect();
    if written.is_empty() && kept.is_empty() {
        return None;
    }
    let has = |open: &OpenFile| {
        let is = |stat: &Stat| stat.same_file(&open.stat);
        kept.iter().any(is) || (open.info.is_writable() && written.iter().any(is))
    };
    host.with_open(has).map(|process| process.pid).find(takes)
}

/// The Filebeat that a process is, where it was told to keep its positions where this one does.
pub(super) fn run_by(host: &Host, found: &Found, pid: ProcessId) -> Option<Found> {
    let exe = host.proc.exe(pid).unwrap_or_default();
    let (own, _) = described_by(host, &Process { pid, exe }).ok()?;
    own.keeps(&found.root, &found.positions).then_some(Found { process: Some(pid), ..own })
}

/// Whether one that runs may have nothing open but the logs: before 7.0 there is neither a lock nor a `log.json`.
pub(super) fn has_logs_alone(found: &Found) -> bool {
    let own = [found.own.join(LOCK), found.positions.join("filebeat/log.json")];
    !own.iter().any(|path| found.root.exists(path))
}

/// The Filebeat that a process is.
fn running(host: &Host, process: &Process) -> Result<Option<Found>, OsError> {
    // Before anything is read of what it was told: a stranger's words are not asked for.
    if !host.takes(process.pid, &PROGRAMS, || named_owners(host, process)) {
        return Ok(None);
    }
    let (mut found, words) = described_by(host, process)?;
    // One executable for all beats: the first word says which.
    if process.name() != "filebeat" && words.first().map(String::as_str) != Some("filebeat") {
        return Ok(None);
    }
    found.process = Some(process.pid);
    match open_registry(host, process.pid) {
        Some(folder) if folder != found.positions && !folder.starts_with(&found.positions) => {
            found.own.clone_from(&folder);
            found.positions = folder;
        }
        Some(_) | None => {}
    }
    if let Some(holder) = host.lock_holder(&found.root, &found.own.join(LOCK))
        && holder != process.pid
        && host.takes(holder, &PROGRAMS, || host.owners(&[&found]))
    {
        let pid = process.pid;
        found.unknown.push(format!("process {holder} holds the lock of its data folder, not process {pid}"));
    }
    Ok(Some(found))
}

/// The owners of the registries that root has named: `--registry`, those of the package and of Elastic Agent, and
/// the one that root's own program has by root's own configuration.
fn named_owners(host: &Host, process: &Process) -> BTreeSet<u32> {
    let asked = host.asker.registry.clone().map(|place| nothing_but(&host.root, place));
    let named: Vec<Found> = asked
        .into_iter()
        .chain(installed(host))
        .chain(agent::installed(host).unwrap_or_default())
        .chain(told_by_root(host, process))
        .collect();
    host.owners(&named.iter().collect::<Vec<_>>())
}

/// The Filebeat that a process is by what root alone has said: the program and where it lies, and the configuration
/// that is named, without the process's own paths, settings and environment.
fn told_by_root(host: &Host, process: &Process) -> Option<Found> {
    let root = host.root_of(process.pid)?;
    if !host.has_same_users(process.pid) || !host.is_roots(&root, &process.exe) {
        return None;
    }
    let words = host.proc.cmdline(process.pid).ok()?;
    let said = Flags::parse(words.iter().skip(1).filter_map(|word| word.to_str()));
    let flags = Flags { config: said.config, ..Flags::default() };
    let (beside, environment) = (process.exe.parent(), Some(BTreeMap::new()));
    Some(described(CommandLine { root: &root, flags: &flags, cwd: None, beside, environment }))
}

/// The Filebeat that a process was told to be, and its words.
fn described_by(host: &Host, process: &Process) -> Result<(Found, Vec<String>), OsError> {
    let pid = process.pid;
    let words = host.proc.cmdline(pid)?;
    let words: Vec<String> =
        words.iter().skip(1).filter_map(|word| word.to_str()).map(str::to_owned).collect();
    let flags = Flags::parse(words.iter().map(String::as_str));
    let cwd = host.root.read_link(Path::new(&format!("/proc/{pid}/cwd"))).ok();
    let beside = process.exe.is_absolute().then(|| process.exe.parent()).flatten();
    let root = host.root_of(pid);
    let told = CommandLine {
        root: root.as_ref().unwrap_or(&host.root),
        flags: &flags,
        cwd: cwd.as_deref(),
        beside,
        environment: host.environment(pid),
    };
    let mut found = described(told);
    if root.is_none() {
        found
            .unknown
            .push(format!("process {pid} lives in another mount namespace, which cannot be looked into"));
    }
    Ok((found, words))
}

/// The folder of the `log.json` that a process has open.
fn open_registry(host: &Host, pid: ProcessId) -> Option<PathBuf> {
    let fds = host.proc.fds(pid).ok()?;
    fds.into_iter().find_map(|fd| {
        let path = host.proc.fd_link(pid, fd).ok()?;
        let folder = path.parent()?;
        let own = path.file_name() == Some(OsStr::new("log.json")) && folder.ends_with("registry/filebeat");
        own.then(|| folder.parent().map(Path::to_path_buf))?
    })
}

/// What a Filebeat was told.
struct CommandLine<'t> {
    root: &'t Root,
    flags: &'t Flags,
    cwd: Option<&'t Path>,
    /// The folder of its executable.
    beside: Option<&'t Path>,
    environment: Option<BTreeMap<String, String>>,
}

fn absolute(path: &str, base: Option<&Path>) -> PathBuf {
    match (Path::new(path).is_absolute(), base) {
        (true, _) | (false, None) => PathBuf::from(path),
        (false, Some(base)) => base.join(path),
    }
}

/// A Filebeat that was told this: the places, from the flags, the configuration and the defaults.
fn described(told: CommandLine<'_>) -> Found {
    let CommandLine { root, flags, cwd, beside, environment } = told;
    // Without flags: the home is where the executable lies, and everything is below it.
    let home = flags.setting("path.home").map(|path| absolute(path, cwd)).or(beside.map(Path::to_path_buf));
    let folder = flags.setting("path.config").map(|path| absolute(path, cwd)).or(home.clone());
    let base = folder.as_deref().or(cwd);
    let mut files: Vec<PathBuf> = flags.config.iter().map(|name| absolute(name, base)).collect();
    if files.is_empty() {
        files.push(absolute("filebeat.yml", base));
    }
    let version = home.as_deref().and_then(|home| version(root, home).or_else(|| agent::version(home)));
    let mut vars = vars(home.as_deref(), folder.as_deref(), flags);
    vars.environment = environment;
    let (folder, home) = (folder.as_deref(), home.as_deref());
    let mut loaded = load(&Plan { root, files, folder, home, flags, vars, version });
    loaded.sources.extend(home.and_then(|home| Source::there(root, &home.join(README))));
    if let Some(first) = flags.modules.first() {
        loaded.doubts.push(format!("it was started with {first}: modules that no file names"));
    }
    let (config, doubts) = (&loaded.config, &mut loaded.doubts);
    let data = match (&config.data, home) {
        (Setting::Set(path), _) => Some(absolute(path, home.or(cwd))),
        (Setting::Default, Some(home)) => Some(home.join("data")),
        (Setting::Default, None) => None,
        (Setting::Unknown(text), _) => {
            doubts.push(format!("path.data is '{text}'"));
            None
        }
    };
    let registry = match &config.registry {
        Setting::Set(path) => path.as_str(),
        Setting::Default => "registry",
        Setting::Unknown(text) => {
            doubts.push(format!("the registry's path is '{text}'"));
            "registry"
        }
    };
    let own = data.unwrap_or_else(|| PathBuf::from(DATA));
    let mut found = Found { version, ..nothing_but(root, absolute(registry, Some(&own))) };
    found.own = own;
    take(&mut found, loaded);
    found
}

/// A Filebeat of which nothing but the place of its positions is known.
pub(super) fn nothing_but(root: &Root, positions: PathBuf) -> Found {
    Found {
        shipper: &Filebeat,
        root: root.clone(),
        process: None,
        started: None,
        began: None,
        own: positions.parent().unwrap_or(Path::new("/")).to_path_buf(),
        positions,
        inputs: Vec::new(),
        latency: latency(None),
        version: None,
        unknown: Vec::new(),
        unreadable: None,
        others: Vec::new(),
        sources: Vec::new(),
        changeable: Vec::new(),
        notes: Vec::new(),
        witness: None,
    }
}

/// Takes what a configuration says, in place of what was known.
pub(super) fn take(found: &mut Found, loaded: Loaded) {
    let (version, mut config) = (found.version, loaded.config);
    found.latency = slowest(&config, version);
    found.inputs = config.inputs.iter().map(|input| rules::input_rules(input, version)).collect();
    found.unknown = loaded.doubts;
    found.unknown.extend(config.unknown.iter().map(ToString::to_string));
    found.others = std::mem::take(&mut config.others);
    found.sources = loaded.sources;
    found.witness = Some(Arc::new(own_log::SelfReport::new(config, &found.own)));
}

/// The packaged Filebeat, if its configuration or data are there.
fn installed(host: &Host) -> Option<Found> {
    let root = &host.root;
    let there = ["/etc/filebeat/filebeat.yml", DATA];
    if !there.iter().any(|path| root.exists(Path::new(path))) {
        return None;
    }
    let settings = PACKAGE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let flags = Flags { settings, ..Flags::default() };
    let told = CommandLine { root, flags: &flags, cwd: None, beside: None, environment: None };
    Some(described(told))
}

/// The version that the first line of the README in the home folder names, `# Welcome to Filebeat
/// 7.8.1`; `None` where a package has left it out.
fn version(root: &Root, home: &Path) -> Option<Version> {
    let readme = root.read(&home.join(README), LARGEST).ok()?;
    let readme = String::from_utf8_lossy(&readme).into_owned();
    readme.lines().next()?.rsplit(' ').next().and_then(Version::parse)
}

/// Two processes of one Filebeat (a wrapper that kept its words) share their positions: the one that
/// was found last, the child, is kept.
fn merge_parents(found: &mut Vec<Found>) {
    let mut kept: Vec<Found> = Vec::new();
    for one in found.drain(..) {
        kept.retain(|other| !other.is_same(&one));
        kept.push(one);
    }
    *found = kept;
}

#[cfg(test)]
mod tests;
