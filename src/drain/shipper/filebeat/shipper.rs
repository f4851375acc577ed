//! Filebeat as the drain sees it. A driver: it reads files and `/proc`.

use super::config::{self, Config, Flags, LogInput, Setting};
use super::find;
use super::follow::{Change, Error as RegistryError, Registry};
use super::load::{LARGEST, Plan, load, vars};
use crate::drain::cursor::{Generation, Positions};
use crate::drain::judge::facts::Trust;
use crate::drain::shipper::host::Host;
use crate::drain::shipper::interface::{Error, Found, Latency, PositionSource, Shipper, Version};
use crate::os::error::{Error as OsError, escape};
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a package's modules are.
const HOME: &str = "/usr/share/filebeat";

/// Elastic's Filebeat.
#[derive(Clone, Copy, Debug)]
pub struct Filebeat;

impl Shipper for Filebeat {
    fn name(&self) -> &'static str {
        "filebeat"
    }

    fn about(&self) -> &'static str {
        "Filebeat, any generation, Elastic Agent's too"
    }

    fn programs(&self) -> &'static [&'static str] {
        &find::PROGRAMS
    }

    /// Its positions move when the output has acknowledged, and never else.
    fn trust(&self) -> Trust {
        Trust::Acknowledged
    }

    fn find(&self, host: &Host) -> Result<Vec<Found>, OsError> {
        find::all(host)
    }

    fn at(&self, host: &Host, positions: &Path) -> Found {
        find::at(host, positions)
    }

    fn run_by(&self, host: &Host, found: &Found, pid: ProcessId) -> Option<Found> {
        find::run_by(host, found, pid)
    }

    fn has_logs_alone(&self, found: &Found) -> bool {
        find::has_logs_alone(found)
    }

    /// `/var/lib/filebeat/registry/filebeat/log.json` means `/var/lib/filebeat/registry`.
    fn place_of<'p>(&self, path: &'p Path) -> &'p Path {
        const WITHIN: [&str; 4] = ["log.json", "data.json", "meta.json", "active.dat"];
        let is_within = |name: &OsStr| WITHIN.iter().any(|own| name == *own);
        let folder = path.parent().filter(|_| path.file_name().is_some_and(is_within)).unwrap_or(path);
        let up = folder.parent().filter(|up| up.ends_with("registry") && folder.ends_with("filebeat"));
        up.unwrap_or(folder)
    }

    fn written(&self, positions: &Path) -> Vec<PathBuf> {
        vec![positions.to_owned(), positions.join("filebeat")]
    }

    fn configure(&self, file: &Path, found: &mut Found) -> Result<(), Error> {
        let (name, flags) = (escape(file.as_os_str()), Flags::default());
        let text = found.root.read(file, LARGEST)?;
        config::read(&name, &String::from_utf8_lossy(&text), &flags)
            .map_err(|error| Error::Unreadable(format!("cannot read '{name}': {error}")))?;
        let (root, folder) = (found.root.clone(), file.parent());
        let plan = Plan {
            root: &root,
            files: vec![file.to_owned()],
            folder,
            home: Some(Path::new(HOME)),
            flags: &flags,
            vars: vars(Some(Path::new(HOME)), folder, &flags),
            version: found.version,
        };
        find::take(found, load(&plan));
        Ok(())
    }

    fn open(&self, found: &Found) -> Result<Box<dyn PositionSource>, Error> {
        match Registry::find(&found.root, &found.positions) {
            Err(RegistryError::Missing(_)) if found.process.is_some() => Ok(Box::new(MissingRegistry {
                root: found.root.clone(),
                place: found.positions.clone(),
                none: Positions::new(Generation::Array),
                registry: None,
            })),
            other => Ok(Box::new(other?)),
        }
    }

    fn format(&self, positions: &Positions) -> &'static str {
        match positions.generation {
            Generation::Object => "filebeat-1.x",
            Generation::Array => "filebeat-5.x-6.x",
            Generation::DataJson => "filebeat-7.0-7.8",
            Generation::Memlog | Generation::CloudWatch => "filebeat-7.9",
        }
    }
}

impl PositionSource for Registry {
    fn positions(&self) -> &Positions {
        Self::positions(self)
    }

    fn refresh(&mut self) -> Result<bool, Error> {
        Ok(Self::refresh(self)? != Change::Same)
    }

    fn folder(&self) -> &Path {
        Self::folder(self)
    }
}

/// The registry of a Filebeat that runs and has not written it yet: nothing is acknowledged.
#[derive(Debug)]
struct MissingRegistry {
    root: Root,
    place: PathBuf,
    none: Positions,
    registry: Option<Registry>,
}

impl PositionSource for MissingRegistry {
    fn positions(&self) -> &Positions {
        self.registry.as_ref().map_or(&self.none, Registry::positions)
    }

    fn refresh(&mut self) -> Result<bool, Error> {
        if let Some(registry) = &mut self.registry {
            return Ok(registry.refresh()? != Change::Same);
        }
        match Registry::find(&self.root, &self.place) {
            Err(RegistryError::Missing(_)) => Ok(false),
            other => {
                self.registry = Some(other?);
                Ok(true)
            }
        }
    }

    fn folder(&self) -> &Path {
        let above = self.place.parent().unwrap_or(Path::new("/"));
        self.registry.as_ref().map_or(above, Registry::folder)
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Os(error) => Self::Os(error),
            RegistryError::Missing(_) | RegistryError::Bbolt(_) | RegistryError::Version { .. } => {
                Self::Unreadable(error.to_string())
            }
        }
    }
}

/// The latencies of a version's defaults; of the slowest one where the version is not known. 5.x and
/// older write the registry after a whole spooler batch (`idle_timeout`, 5 s); the queue flushes after
/// 1 s (`queue.mem.flush.timeout`), from 8.12 on after 10 s; `registry.flush` is 1 s from 8.3 on.
#[must_use]
pub fn latency(version: Option<Version>) -> Latency {
    let seconds = Duration::from_secs;
    let (flush, registry) = match version.map(|version| (version.major, version.minor)) {
        None => (10, 1),
        Some((..=5, _)) => (5, 0),
        Some((6 | 7, _) | (8, ..=2)) => (1, 0),
        Some((8, ..=11)) => (1, 1),
        Some(_) => (10, 1),
    };
    Latency { scan: seconds(10), backoff: seconds(10), flush: seconds(flush), registry: seconds(registry) }
}

/// The latencies of a version's defaults and of this configuration: of several inputs the slowest counts.
pub(super) fn slowest(config: &Config, version: Option<Version>) -> Latency {
    let default = latency(version);
    let most = |of: fn(&LogInput) -> &Setting<Duration>, default: Duration| {
        let said = config.inputs.iter().filter_map(|input| of(input).set().copied());
        said.fold(default, Duration::max)
    };
    Latency {
        scan: most(|input| &input.scan, default.scan),
        backoff: most(|input| &input.backoff, default.backoff),
        flush: config.queue_flush.set().copied().unwrap_or_default().max(default.flush),
        registry: config.registry_flush.set().copied().unwrap_or_default().max(default.registry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_follow_the_versions_defaults() {
        let total = |text| latency(Version::parse(text)).total().as_secs();
        let totals: Vec<u64> =
            ["5.6.16", "6.8.14", "8.2.0", "8.3.0", "8.12.0", "9.5.0", "?"].into_iter().map(total).collect();
        assert_eq!(totals, [25, 21, 21, 22, 31, 31, 31]);
    }

    #[test]
    fn a_path_within_a_registry_means_the_registry() {
        for (named, meant) in [
            ("/var/lib/filebeat/registry", "/var/lib/filebeat/registry"),
            ("/var/lib/filebeat/registry/filebeat/", "/var/lib/filebeat/registry"),
            ("/var/lib/filebeat/registry/filebeat/log.json", "/var/lib/filebeat/registry"),
            ("/fb/registry/filebeat/data.json", "/fb/registry"),
            ("/fb/mybeat/meta.json", "/fb/mybeat"),
            ("/var/lib/filebeat", "/var/lib/filebeat"),
            ("/", "/"),
        ] {
            assert_eq!(Filebeat.place_of(Path::new(named)), Path::new(meant), "{named}");
        }
    }
}
