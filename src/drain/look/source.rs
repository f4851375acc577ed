//! Which shippers are looked at, and where their positions come from.
//!
//! A driver: it reads files and `/proc`.

use super::{Error, Options};
use crate::drain::scan::within;
use crate::drain::shipper::{self, Found, PositionSource, Shipper};
use crate::os::error::escape;
use crate::os::root::Root;
use std::time::Duration;

/// A registry of a million states takes seconds on a slow disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shippers that the options ask for, each with the configuration and place they name.
///
/// # Errors
/// There is none, or what the options name cannot be read.
pub fn shippers_of(root: &Root, options: &Options) -> Result<Vec<Found>, Error> {
    let wanted = |found: &Found| options.shipper.is_none_or(|it| it.name() == found.shipper.name());
    let mut all = shipper::find(root)?;
    all.retain(wanted);
    if let Some(registry) = &options.registry {
        let [first, ..] = shipper::ALL;
        let shipper = options.shipper.unwrap_or(first);
        let place = shipper.place_of(registry);
        all.retain(|found| found.shipper.name() == shipper.name() && found.positions == place);
        if all.is_empty() {
            all.push(shipper.unfound(place));
        }
    }
    if let Some(path) = &options.config {
        for found in &mut all {
            found.shipper.configure(root, path, found)?;
        }
    }
    if all.is_empty() {
        let name = options.shipper.map_or("shipper that amr knows", Shipper::name);
        return Err(Error::NoShipper(name));
    }
    Ok(all)
}

/// Reads the positions of a shipper.
///
/// # Errors
/// They cannot be read, or not within `limit`.
pub fn positions_of(root: &Root, found: &Found, limit: Duration) -> Result<Box<dyn PositionSource>, Error> {
    let (root, place, shipper) = (root.clone(), found.positions.clone(), found.shipper);
    let read = within(limit.max(PATIENCE), move || shipper.open(&root, &place));
    match read {
        Some(read) => Ok(read?),
        None => Err(Error::Hangs(escape(found.positions.as_os_str()))),
    }
}
