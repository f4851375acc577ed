//! Which shippers are looked at, and where their positions come from.
//!
//! A driver: it reads files and `/proc`.

use super::{Error, Options};
use crate::drain::cursor::{Generation, Positions};
use crate::drain::shipper::belief::Asker;
use crate::drain::shipper::host::Host;
use crate::drain::shipper::{self, Found, PositionSource, Shipper};
use crate::os::error::escape;
use crate::os::ids::effective_uid;
use crate::os::root::Root;
use crate::os::worker::within;
use std::path::Path;
use std::time::Duration;

/// A registry of a million states takes seconds on a slow disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shippers that the options ask for, each with the configuration and place they name.
///
/// # Errors
/// There is none, or what the options name cannot be read.
pub fn shippers_of(root: &Root, options: &Options) -> Result<Vec<Found>, Error> {
    let wanted = |found: &Found| options.shipper.is_none_or(|it| it.name() == found.shipper.name());
    let [first, ..] = shipper::ALL;
    let named = options.registry.as_deref();
    let registry = named.map(|path| options.shipper.unwrap_or(first).place_of(path).to_owned());
    let user = options.user.unwrap_or_else(effective_uid);
    let host = Host::inspect(root)?.asked_by(Asker { user, registry });
    let mut all = shipper::find(&host)?;
    all.retain(wanted);
    if let Some(place) = &host.asker.registry {
        let shipper = options.shipper.unwrap_or(first);
        all.retain(|found| found.shipper.name() == shipper.name() && found.keeps(root, place));
        if all.is_empty() {
            all.push(shipper::with_start(&host, shipper.at(&host, place)));
        }
    }
    if let Some(path) = &options.config {
        for found in &mut all {
            found.shipper.configure(path, found)?;
        }
    }
    if all.is_empty() {
        let name = options.shipper.map_or("shipper that amr knows", Shipper::name);
        let refused = host.refused().map(|refused| format!("; {refused}"));
        return Err(Error::NoShipper(name, refused.unwrap_or_default()));
    }
    let notes: Vec<String> = host.refused().into_iter().collect();
    for found in &mut all {
        found.unknown.extend(host.changed_program(found));
        // Who names the configuration says that it is the one that runs.
        if options.config.is_none() {
            found.unknown.extend(host.changed_configuration(found));
        }
        found.changeable = host.changeable(found);
        found.notes.clone_from(&notes);
    }
    Ok(all)
}

/// A shipper and its positions.
pub type Followed = (Found, Box<dyn PositionSource>);

/// Reads the positions of each shipper. Where none is named and there are several, those of one that cannot
/// be read are in doubt, and the others are judged all the same.
///
/// # Errors
/// They cannot be read, or not within `limit`.
pub fn positions_of_all(
    found: Vec<Found>,
    options: &Options,
    limit: Duration,
) -> Result<Vec<Followed>, Error> {
    let strict = options.shipper.is_some() || found.len() < 2;
    let mut all = Vec::with_capacity(found.len());
    for mut found in found {
        let source = match positions_of(&found, limit) {
            Ok(source) => source,
            Err(error) if strict => return Err(error),
            Err(error) => {
                found.unreadable = Some(error.to_string());
                Box::new(Nothing(Positions::new(Generation::Array)))
            }
        };
        all.push((found, source));
    }
    Ok(all)
}

/// Reads the positions of a shipper.
///
/// # Errors
/// They cannot be read, or not within `limit`.
pub fn positions_of(found: &Found, limit: Duration) -> Result<Box<dyn PositionSource>, Error> {
    let asked = found.clone();
    let read = within(limit.max(PATIENCE), move || asked.shipper.open(&asked));
    match read {
        Some(read) => Ok(read?),
        None => Err(Error::Hangs(escape(found.positions.as_os_str()))),
    }
}

/// In the place of positions that cannot be read.
#[derive(Debug)]
struct Nothing(Positions);

impl PositionSource for Nothing {
    fn positions(&self) -> &Positions {
        &self.0
    }

    fn refresh(&mut self) -> Result<bool, shipper::Error> {
        Ok(false)
    }

    fn folder(&self) -> &Path {
        Path::new("/")
    }
}
