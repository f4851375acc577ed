//! Filebeat as the drain sees it. A driver: it reads files and `/proc`.

use super::config::{self, Flags};
use super::find;
use super::follow::{Change, Error as RegistryError, Registry};
use super::load::{LARGEST, load};
use crate::drain::cursor::{Generation, Positions};
use crate::drain::judge::facts::Trust;
use crate::drain::shipper::host::Host;
use crate::drain::shipper::interface::{Error, Found, Latency, PositionSource, Shipper, Version};
use crate::os::error::{Error as OsError, escape};
use crate::os::root::Root;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

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

    /// Its positions move when the output has acknowledged, and never else.
    fn trust(&self) -> Trust {
        Trust::Acknowledged
    }

    fn find(&self, host: &Host) -> Result<Vec<Found>, OsError> {
        find::all(host)
    }

    fn unfound(&self, positions: &Path) -> Found {
        let doubt = "no process keeps its positions there, and --config names no configuration";
        Found { unknown: vec![doubt.to_owned()], ..find::nothing_but(positions.to_owned()) }
    }

    /// `/var/lib/filebeat/registry/filebeat/log.json` means `/var/lib/filebeat/registry`.
    fn place_of<'p>(&self, path: &'p Path) -> &'p Path {
        const WITHIN: [&str; 4] = ["log.json", "data.json", "meta.json", "active.dat"];
        let is_within = |name: &OsStr| WITHIN.iter().any(|own| name == *own);
        let folder = path.parent().filter(|_| path.file_name().is_some_and(is_within)).unwrap_or(path);
        let up = folder.parent().filter(|up| up.ends_with("registry") && folder.ends_with("filebeat"));
        up.unwrap_or(folder)
    }

    fn configure(&self, root: &Root, file: &Path, found: &mut Found) -> Result<(), Error> {
        let (name, flags) = (escape(file.as_os_str()), Flags::default());
        let text = root.read(file, LARGEST)?;
        config::read(&name, &String::from_utf8_lossy(&text), &flags)
            .map_err(|error| Error::Unreadable(format!("cannot read '{name}': {error}")))?;
        let loaded = load(root, file, file.parent(), &flags);
        find::take(found, loaded.config, loaded.doubts);
        Ok(())
    }

    fn open(&self, root: &Root, place: &Path) -> Result<Box<dyn PositionSource>, Error> {
        Ok(Box::new(Registry::find(root, place)?))
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
