//! Where Elastic Agent keeps the registries of its components, by its versions.
//!
//! Its home is `TOP/data/elastic-agent-VERSION`, TOP being what it was installed to: `/opt/Elastic/Agent`,
//! `Elastic/Agent` below any folder (`install --base-path`), `Agent-NAME` beside it (installations with a
//! namespace), `/var/lib/elastic-agent` (deb and rpm). In a container the home is `data` below STATE_PATH, without
//! a version. A component has `run/ID` below the home (8.6 and later), or `run/OUTPUT/filebeat--VERSION` (7.10 to
//! 8.5). Sources: `internal/pkg/agent/application/paths/common.go`, `pkg/component/runtime/command.go` (`start`),
//! `internal/pkg/agent/cmd/container.go`, and `pkg/core/app/process/start.go` (`injectDataPath`) of its older ones.
//!
//! A component that runs is found as any Filebeat is, by the `path.data` that it was told. This finds the others,
//! and those whose process is the agent's collector. A driver: it reads `/proc` and lists folders.

use super::config::Flags;
use super::find::{PROGRAMS, nothing_but};
use crate::drain::shipper::host::{Host, Process};
use crate::drain::shipper::interface::{Found, Version};
use crate::os::error::Error as OsError;
use crate::os::root::Root;
use std::path::{Path, PathBuf};

/// The basename of its executable.
const EXECUTABLE: &str = "elastic-agent";

/// Where `install` puts it: `Agent` and `Agent-NAME`.
pub const INSTALLED: &str = "/opt/Elastic";

/// Where its packages do.
pub const PACKAGED: &str = "/var/lib/elastic-agent";

/// STATE_PATH, where its image does not say otherwise.
pub const STATE: &str = "/usr/share/elastic-agent/state";

/// The components' Filebeats at the places that installations, packages and images have.
///
/// # Errors
/// A folder of the agent's cannot be listed.
pub(super) fn installed(host: &Host) -> Result<Vec<Found>, OsError> {
    let root = &host.root;
    let own = |name: &str| name == "Agent" || name.starts_with("Agent-");
    let mut homes = vec![Path::new(STATE).join("data")];
    for top in folders(root, Path::new(INSTALLED), own)?.into_iter().chain([PathBuf::from(PACKAGED)]) {
        homes.extend(homes_below(root, &top)?);
    }
    let mut found = Vec::new();
    for home in homes {
        found.extend(registries(root, &home)?);
    }
    Ok(found)
}

/// The components' Filebeats of the agents that run, wherever they lie.
///
/// # Errors
/// A folder of an agent's cannot be listed, or its process cannot be examined.
pub(super) fn running(host: &Host) -> Result<Vec<Found>, OsError> {
    let mut found = Vec::new();
    for process in host.processes.iter().filter(|process| process.name() == EXECUTABLE) {
        match home_of(host, process) {
            Ok(Some((root, home))) => found.extend(registries(&root, &home)?),
            Ok(None) => {}
            // It ended meanwhile.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The home of an agent that runs, and where its paths lead. `None`: it is not believed, or cannot be looked into.
fn home_of(host: &Host, process: &Process) -> Result<Option<(Root, PathBuf)>, OsError> {
    let named = || installed(host).unwrap_or_default();
    if !host.takes(process.pid, &PROGRAMS, || host.owners(&named().iter().collect::<Vec<_>>())) {
        return Ok(None);
    }
    let Some(root) = host.root_of(process.pid) else { return Ok(None) };
    let words = host.proc.cmdline(process.pid)?;
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let own = process.exe.parent().map(Path::to_path_buf);
    let unversioned = |word: &&str| word.trim_start_matches('-') == "path.home.unversioned";
    let home = if words.first() == Some(&"container") {
        let environment = host.environment(process.pid).unwrap_or_default();
        let state = environment.get("STATE_PATH").filter(|path| !path.is_empty());
        Some(Path::new(state.map_or(STATE, String::as_str)).join("data"))
    } else if words.iter().any(unversioned) {
        Flags::parse(words.iter().copied()).setting("path.home").map(PathBuf::from).or(own)
    } else {
        own
    };
    Ok(home.map(|home| (root, home)))
}

/// The homes below a TOP: the one that its link `elastic-agent` leads to, since what an update leaves of the version
/// before was copied and counts no more. Without that link, all of them.
fn homes_below(root: &Root, top: &Path) -> Result<Vec<PathBuf>, OsError> {
    let data = top.join("data");
    let current = root.resolve(&top.join(EXECUTABLE)).ok();
    let is_home = |home: &&Path| root.resolve(&data).is_ok_and(|data| home.parent() == Some(&data));
    match current.as_deref().and_then(Path::parent).filter(is_home) {
        Some(home) => Ok(vec![home.to_owned()]),
        None => folders(root, &data, |name| name.starts_with("elastic-agent-")),
    }
}

/// The registries below a home. Those of other beats have other names.
fn registries(root: &Root, home: &Path) -> Result<Vec<Found>, OsError> {
    let mut components = Vec::new();
    for folder in folders(root, &home.join("run"), |_| true)? {
        components.extend(folders(root, &folder, |name| name.starts_with("filebeat-"))?);
        components.push(folder);
    }
    components.retain(|component| root.is_dir(&component.join("registry/filebeat")));
    let found = components.into_iter().map(|component| Found {
        version: version(&component),
        unknown: vec!["the Elastic Agent gives its inputs to this component at run time".into()],
        ..nothing_but(root, component.join("registry"))
    });
    Ok(found.collect())
}

/// The version that a home's name has, from 8.13 on: `elastic-agent-8.16.0-3f07f2`; that of everything below it.
pub(super) fn version(path: &Path) -> Option<Version> {
    let names = path.ancestors().filter_map(|folder| folder.file_name()?.to_str());
    names.filter_map(|name| name.strip_prefix("elastic-agent-")).find_map(Version::parse)
}

/// The folders in a folder, by their names; a link to one is one.
fn folders(root: &Root, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, OsError> {
    match root.list(folder) {
        Ok(mut entries) => {
            entries.retain(|entry| entry.name.to_str().is_some_and(&wanted));
            entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
            let paths = entries.into_iter().map(|entry| folder.join(entry.name));
            Ok(paths.filter(|path| root.is_dir(path)).collect())
        }
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_that_names_its_version_tells_it() {
        let version = |path: &str| version(Path::new(path)).map(|version| version.to_string());
        let components = "/srv/Elastic/Agent/data/elastic-agent-8.16.0-3f07f2/components";
        assert_eq!(version(components).as_deref(), Some("8.16.0"));
        for none in ["/opt/Elastic/Agent/data/elastic-agent-d99b09/run/x", "/var/lib/filebeat", "/"] {
            assert_eq!(version(none), None, "{none}");
        }
    }
}
