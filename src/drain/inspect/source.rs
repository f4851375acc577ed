//! Which shippers are looked at, and where their positions come from.
//!
//! A driver: it reads files and `/proc`.

use super::{Error, Options};
use crate::drain::cursor::{Generation, Positions};
use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::ReasonClass;
use crate::drain::shipper::belief::Asker;
use crate::drain::shipper::host::Host;
use crate::drain::shipper::{self, Found, PositionSource, Shipper};
use crate::os::error::escape;
use crate::os::ids::effective_uid;
use crate::os::proc::ProcessId;
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
    if all.is_empty() {
        let name = options.shipper.map_or("shipper that amr knows", Shipper::name);
        let refused = host.refused().map(|refused| format!("; {refused}"));
        return Err(Error::NoShipper(name, refused.unwrap_or_default()));
    }
    complete(&host, options, &mut all)?;
    Ok(all)
}

/// With the configuration that the options name, and what speaks against what was found.
fn complete(host: &Host, options: &Options, all: &mut [Found]) -> Result<(), Error> {
    let notes: Vec<String> = host.refused().into_iter().collect();
    for found in all {
        if let Some(path) = &options.config {
            found.shipper.configure(path, found)?;
        }
        found.unknown.extend(host.changed_program(found));
        // Who names the configuration says that it is the one that runs.
        if options.config.is_none() {
            found.unknown.extend(host.changed_configuration(found));
        }
        found.changeable = host.changeable(found);
        found.notes.clone_from(&notes);
    }
    Ok(())
}

/// A shipper that nobody seems to run, as run by a process that has its logs open, where one that runs may have
/// nothing else open: of several by the one that was told to keep these very positions. Where none of them is
/// believed, as it is, with a note that was not there.
#[must_use]
pub fn read_by(root: &Root, options: &Options, found: &Found, files: &[Progress]) -> Option<Found> {
    if !found.shipper.has_logs_alone(found) {
        return None;
    }
    let dead = found;
    let mut found = found.clone();
    (found.process, found.started, found.began) = (None, None, None);
    let user = options.user.unwrap_or_else(effective_uid);
    let host = Host::inspect(root).ok()?.asked_by(Asker { user, registry: options.registry.clone() });
    // One that keeps positions of its own reads them for those.
    let others = shipper::find(&host).ok()?;
    let others = others.iter().filter(|other| !other.is_same(&found) && other.root.exists(&other.positions));
    let others: Vec<ProcessId> = others.filter_map(|other| other.process).collect();
    let its = files.iter().filter(|file| file.reason.class() != ReasonClass::LeftAlone);
    let its = its.map(|file| file.file).collect();
    let programs = found.shipper.programs();
    let takes =
        |pid: &ProcessId| !others.contains(pid) && host.takes(*pid, programs, || host.owners(&[&found]));
    let readers: Vec<ProcessId> = host.readers(&its).map(|process| process.pid).filter(takes).collect();
    let Some(first) = readers.first().copied() else {
        let refused = host.refused().filter(|refused| !dead.notes.contains(refused))?;
        return Some(Found { notes: vec![refused], ..dead.clone() });
    };
    let told = readers.iter().find_map(|pid| found.shipper.run_by(&host, &found, *pid));
    let one = told.unwrap_or(Found { process: Some(first), ..found });
    let mut one = [shipper::with_start(&host, one)];
    complete(&host, options, &mut one).ok()?;
    let [mut one] = one;
    let pid = one.process.unwrap_or(first);
    one.notes.push(format!("process {pid} is taken for the shipper, since it has its logs open"));
    Some(one)
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
