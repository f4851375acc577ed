//! Where positions come from: the shippers that the options ask for, and what they have written down.
//!
//! A driver: it reads files and `/proc`.

use super::{Error, Options};
use crate::drain::cursor::Positions;
use crate::drain::scan::within;
use crate::drain::shipper::filebeat::config::{self, Config, Flags};
use crate::drain::shipper::filebeat::follow::{Change, Registry};
use crate::drain::shipper::find::{self, Found};
use crate::drain::shipper::{Shipper, cloudwatch};
use crate::os::error::escape;
use crate::os::root::Root;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A registry of a million states takes seconds on a slow disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// How large a configuration may be.
const LARGEST: u64 = 4 << 20;

/// The shippers that the options ask for, each with the configuration and place they name.
///
/// # Errors
/// There is none, or what the options name cannot be read.
pub fn shippers_of(root: &Root, options: &Options) -> Result<Vec<Found>, Error> {
    let mut all = find::all(root)?;
    all.retain(|found| options.shipper.is_none_or(|wanted| wanted == found.shipper));
    if let Some(registry) = &options.registry {
        let shipper = options.shipper.unwrap_or(Shipper::Filebeat);
        let registry = whole(registry);
        all.retain(|found| found.shipper == shipper && found.positions == registry);
        if all.is_empty() {
            all.push(unfound(shipper, registry, options));
        }
    }
    if let Some(path) = &options.config {
        for found in &mut all {
            found.config = read_config(root, path)?;
            found.configuration = Some(path.clone());
            found.doubts.clear();
        }
    }
    if all.is_empty() {
        let name = options.shipper.map_or("shipper that amr knows", Shipper::name);
        return Err(Error::NoShipper(name));
    }
    Ok(all)
}

/// The registry that is meant where a file or folder within it is named, such as
/// `/var/lib/filebeat/registry/filebeat/log.json`.
fn whole(path: &Path) -> &Path {
    const WITHIN: [&str; 4] = ["log.json", "data.json", "meta.json", "active.dat"];
    let is_within = |name: &OsStr| WITHIN.iter().any(|own| name == *own);
    let folder = path.parent().filter(|_| path.file_name().is_some_and(is_within)).unwrap_or(path);
    folder.parent().filter(|up| up.ends_with("registry") && folder.ends_with("filebeat")).unwrap_or(folder)
}

/// A shipper of which only the place of its positions is known.
fn unfound(shipper: Shipper, registry: &Path, options: &Options) -> Found {
    let unread = options.config.is_none();
    let doubt = "no process keeps its positions there, and --config names no configuration";
    Found {
        shipper,
        process: None,
        started: None,
        positions: registry.to_owned(),
        data: registry.parent().map(Path::to_path_buf),
        configuration: None,
        config: Config::default(),
        version: None,
        doubts: unread.then(|| doubt.to_owned()).into_iter().collect(),
    }
}

fn read_config(root: &Root, path: &Path) -> Result<Config, Error> {
    let name = escape(path.as_os_str());
    let read =
        |path: &Path| root.read(path, LARGEST).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let failed = |name: &str| {
        let name = name.to_owned();
        move |error| Error::Configuration(name, error)
    };
    let mut config = config::read(&name, &read(path)?, &Flags::default()).map_err(failed(&name))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    for include in std::mem::take(&mut config.includes) {
        let pattern = folder.join(&include.pattern);
        for file in root.glob(&pattern.to_string_lossy())? {
            let name = escape(file.as_os_str());
            config.add(include.holds, &name, &read(&file)?).map_err(failed(&name))?;
        }
    }
    Ok(config)
}

/// Positions, as they were read; a registry can be brought up to date.
#[derive(Debug)]
pub enum Source {
    /// Filebeat's.
    Registry(Box<Registry>),
    /// The CloudWatch agent's.
    States(Box<Positions>),
}

impl Source {
    /// Reads the positions of a shipper.
    ///
    /// # Errors
    /// They cannot be read, or not within `limit`.
    pub fn read(root: &Root, found: &Found, limit: Duration) -> Result<Self, Error> {
        let (root, path, shipper) = (root.clone(), found.positions.clone(), found.shipper);
        let read = within(limit.max(PATIENCE), move || match shipper {
            Shipper::Filebeat => Ok(Self::Registry(Box::new(Registry::find(&root, &path)?))),
            Shipper::CloudWatchAgent => Ok(Self::States(Box::new(cloudwatch::follow::states(&root, &path)?))),
        });
        read.unwrap_or_else(|| Err(Error::Hangs(escape(found.positions.as_os_str()))))
    }

    /// What they say.
    #[must_use]
    pub fn positions(&self) -> &Positions {
        match self {
            Self::Registry(registry) => registry.positions(),
            Self::States(positions) => positions,
        }
    }

    /// Brings the positions up to date, within `limit`. `false`: nothing has changed.
    ///
    /// # Errors
    /// They cannot be read any more; they are as they were.
    pub fn refresh(&mut self, root: &Root, found: &Found) -> Result<bool, Error> {
        match self {
            Self::Registry(registry) => Ok(registry.refresh()? != Change::Same),
            Self::States(positions) => {
                **positions = cloudwatch::follow::states(root, &found.positions)?;
                Ok(true)
            }
        }
    }

    /// The folder in which changes show.
    #[must_use]
    pub fn folder(&self, found: &Found) -> PathBuf {
        match self {
            Self::Registry(registry) => registry.folder().to_owned(),
            Self::States(_) => found.positions.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(whole(Path::new(named)), Path::new(meant), "{named}");
        }
    }
}
