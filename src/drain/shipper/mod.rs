//! The shippers that amr can read, each in a folder of its own behind one trait ([`Shipper`]).

pub mod cloudwatch;
pub mod filebeat;
pub mod host;
pub mod interface;

pub use interface::{Error, Found, Latency, PositionSource, Shipper, Testimony, Version, Witness};

use crate::os::error::Error as OsError;
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use host::Host;

/// Every shipper there is.
pub const ALL: [&dyn Shipper; 2] = [&filebeat::Filebeat, &cloudwatch::CloudWatchAgent];

/// The shipper of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Shipper> {
    ALL.into_iter().find(|shipper| shipper.name() == name)
}

/// Every shipper that runs or is installed.
///
/// # Errors
/// `/proc` cannot be read, or shows no process although this one runs.
pub fn find(root: &Root) -> Result<Vec<Found>, OsError> {
    let host = Host::inspect(root)?;
    let mut found = Vec::new();
    for shipper in ALL {
        found.extend(shipper.find(&host)?);
    }
    for one in &mut found {
        one.started =
            one.process.and_then(|pid: ProcessId| host.proc.stat(pid).ok()).map(|stat| stat.start_time);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipper_is_found_by_its_name() {
        for shipper in ALL {
            assert_eq!(named(shipper.name()).map(Shipper::name), Some(shipper.name()));
        }
        assert!(named("fluentd").is_none());
    }
}
