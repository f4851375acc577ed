//! The shippers that amr can read, each in a folder of its own behind one trait ([`Shipper`]).

pub mod belief;
mod changed;
pub mod cloudwatch;
pub mod filebeat;
pub mod host;
pub mod interface;
mod listener;
mod log_end;
pub mod trouble;

pub use interface::{
    Counters, Error, EvidenceSource, Found, Latency, LogEvidence, PositionSource, QUESTION, Shipper, Version,
};

use crate::os::error::Error as OsError;
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
/// A process that may be one cannot be examined.
pub fn find(host: &Host) -> Result<Vec<Found>, OsError> {
    let mut found = Vec::new();
    for shipper in ALL {
        found.extend(shipper.find(host)?);
    }
    Ok(found.into_iter().map(|one| with_start(host, one)).collect())
}

/// With the moment when its process began, which tells it from a later one of its number.
#[must_use]
pub fn with_start(host: &Host, found: Found) -> Found {
    let stat = found.process.and_then(|pid| host.proc.stat(pid).ok());
    let began = found.process.and_then(|pid| host.began(pid));
    Found { started: stat.map(|stat| stat.start_time), began, ..found }
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
