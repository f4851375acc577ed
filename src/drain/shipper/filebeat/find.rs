//! Which Filebeats are here: installed, or running, and where each keeps its positions.
//!
//! A running one is found by its executable and its command line; what it really uses counts more
//! than what a package would have it use: the lock that it holds on `filebeat.lock` (7.0 and later),
//! and the `log.json` that it has open. Nothing is executed: the version is what the package's files
//! say. A driver: it reads `/proc` and files.

use super::config::{Config, Flags, Setting};
use super::load::{LARGEST, Loaded, load};
use super::{Filebeat, latency, own_log, rules};
use crate::drain::shipper::host::{Host, Process};
use crate::drain::shipper::interface::{Found, Version};
use crate::os::error::Error as OsError;
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The basenames of its executables; `agentbeat` and `elastic-otel-collector` hold all beats.
const EXECUTABLES: [&str; 3] = ["filebeat", "agentbeat", "elastic-otel-collector"];

/// The places of a packaged Filebeat (deb and rpm).
const PACKAGE: [(&str, &str); 4] = [
    ("path.home", "/usr/share/filebeat"),
    ("path.config", "/etc/filebeat"),
    ("path.data", "/var/lib/filebeat"),
    ("path.logs", "/var/log/filebeat"),
];

/// The folder of the package's own files.
const DATA: &str = "/var/lib/filebeat";

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
    if let Some(one) = installed(&host.root)
        && !found.iter().any(|other| other.positions == one.positions)
    {
        found.push(one);
    }
    found.extend(agent_components(&host.root, &found));
    // The process that holds the lock of a data folder, by whatever name its executable goes.
    for one in &mut found {
        one.process = one.process.or_else(|| host.lock_holder(&one.own.join("filebeat.lock")));
    }
    Ok(found)
}

/// The Filebeat that a process is.
fn running(host: &Host, process: &Process) -> Result<Option<Found>, OsError> {
    let words = host.proc.cmdline(process.pid)?;
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    // One executable for all beats: the first word says which.
    if process.name() != "filebeat" && words.first() != Some(&"filebeat") {
        return Ok(None);
    }
    let flags = Flags::parse(words.iter().copied());
    let cwd = host.root.read_link(Path::new(&format!("/proc/{}/cwd", process.pid))).ok();
    let beside = process.exe.is_absolute().then(|| process.exe.parent()).flatten();
    let mut found = described(&host.root, &flags, cwd.as_deref(), beside);
    found.process = Some(process.pid);
    match open_registry(host, process.pid) {
        Some(folder) if folder != found.positions && !folder.starts_with(&found.positions) => {
            found.own.clone_from(&folder);
            found.positions = folder;
        }
        Some(_) | None => {}
    }
    if let Some(holder) = host.lock_holder(&found.own.join("filebeat.lock"))
        && holder != process.pid
    {
        let pid = process.pid;
        found.unknown.push(format!("process {holder} holds the lock of its data folder, not process {pid}"));
    }
    Ok(Some(found))
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

/// A Filebeat of these flags: the places, from the flags, the configuration and the defaults.
fn described(root: &Root, flags: &Flags, cwd: Option<&Path>, beside: Option<&Path>) -> Found {
    let absolute = |path: &str, base: Option<&Path>| match (Path::new(path).is_absolute(), base) {
        (true, _) | (false, None) => PathBuf::from(path),
        (false, Some(base)) => base.join(path),
    };
    // Without flags: the home is where the executable lies, and everything is below it.
    let home = flags.setting("path.home").map(|path| absolute(path, cwd)).or(beside.map(Path::to_path_buf));
    let folder = flags.setting("path.config").map(|path| absolute(path, cwd)).or(home.clone());
    let name = flags.config.last().map_or("filebeat.yml", String::as_str);
    let file = absolute(name, folder.as_deref().or(cwd));
    let Loaded { config, mut doubts } = load(root, &file, folder.as_deref(), flags);
    if flags.config.len() > 1 {
        doubts.push("it was started with several configuration files, the last one was read".into());
    }
    if !flags.modules.is_empty() {
        doubts.push("it was started with -M, modules may have other settings".into());
    }
    let data = match (&config.data, &home) {
        (Setting::Set(path), _) => Some(absolute(path, home.as_deref().or(cwd))),
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
    let positions = absolute(registry, Some(&own));
    let version = home.as_deref().and_then(|home| version(root, home));
    let mut found = Found { own, version, ..nothing_but(positions) };
    take(&mut found, config, doubts);
    found
}

/// A Filebeat of which nothing but the place of its positions is known.
pub(super) fn nothing_but(positions: PathBuf) -> Found {
    Found {
        shipper: &Filebeat,
        process: None,
        started: None,
        own: positions.parent().unwrap_or(Path::new("/")).to_path_buf(),
        positions,
        inputs: Vec::new(),
        latency: latency(None),
        version: None,
        unknown: Vec::new(),
        witness: None,
    }
}

/// Takes what a configuration says, in place of what was known.
pub(super) fn take(found: &mut Found, config: Config, doubts: Vec<String>) {
    let version = found.version;
    found.latency = latency(version);
    found.inputs = config.inputs.iter().map(|input| rules::input_rules(input, version)).collect();
    found.unknown = doubts;
    found.unknown.extend(config.unknown.iter().map(ToString::to_string));
    found.witness = Some(Arc::new(own_log::SelfReport::of(config)));
}

/// The packaged Filebeat, if its configuration or data are there.
fn installed(root: &Root) -> Option<Found> {
    let there = ["/etc/filebeat/filebeat.yml", DATA];
    if !there.iter().any(|path| root.exists(Path::new(path))) {
        return None;
    }
    let settings = PACKAGE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let flags = Flags { settings, ..Flags::default() };
    Some(described(root, &flags, None, None))
}

/// The version that the first line of the README in the home folder names, `# Welcome to Filebeat
/// 7.8.1`; `None` where a package has left it out.
fn version(root: &Root, home: &Path) -> Option<Version> {
    let readme = root.read(&home.join("README.md"), LARGEST).ok()?;
    let readme = String::from_utf8_lossy(&readme).into_owned();
    readme.lines().next()?.rsplit(' ').next().and_then(Version::parse)
}

/// The registries of Elastic Agent's components that no running process was found for.
fn agent_components(root: &Root, found: &[Found]) -> Vec<Found> {
    let pattern = "/opt/Elastic/Agent/data/elastic-agent-*/run/*/registry";
    let folders = root.glob(pattern).unwrap_or_default();
    let known = |folder: &PathBuf| found.iter().any(|one| one.positions == *folder);
    let new = folders.into_iter().filter(|folder| !known(folder));
    new.map(|folder| Found {
        unknown: vec!["the Elastic Agent gives its inputs to this component at run time".into()],
        ..nothing_but(folder)
    })
    .collect()
}

/// Two processes of one Filebeat (a wrapper that kept its words) share their positions: the one that
/// was found last, the child, is kept.
fn merge_parents(found: &mut Vec<Found>) {
    let mut kept: Vec<Found> = Vec::new();
    for one in found.drain(..) {
        kept.retain(|other| other.positions != one.positions);
        kept.push(one);
    }
    *found = kept;
}

#[cfg(test)]
mod tests;
