//! The shippers that amr can read, each in a file or folder of its own.
//!
//! A further one is one file that turns its positions into [`Positions`], one variant of
//! [`Shipper`], and its row in each method here: nothing else of the drain knows shippers by name.
//!
//! [`Positions`]: crate::drain::cursor::Positions

pub mod cloudwatch;
pub mod filebeat;
pub mod find;

use crate::drain::facts::Trust;
use std::time::Duration;

/// A log shipper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shipper {
    /// Elastic's Filebeat, alone or under the Elastic Agent.
    Filebeat,
    /// Amazon's CloudWatch agent.
    CloudWatchAgent,
}

/// The longest time, with the settings that a version has by default, from a line being written to
/// its position being visible, each part apart. Their sum is what silence must outlast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// A new file is noticed (`scan_frequency`, `prospector.scanner.check_interval`).
    pub scan: Duration,
    /// New lines in an open file are noticed (`max_backoff`, `backoff.max`).
    pub backoff: Duration,
    /// The queue hands on a batch that is not full (`queue.mem.flush.timeout`; the spooler's
    /// `idle_timeout` of 5.x; `force_flush_interval` of the CloudWatch agent).
    pub flush: Duration,
    /// An acknowledgement is written down (`registry.flush`).
    pub registry: Duration,
}

impl Latency {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.scan + self.backoff + self.flush + self.registry
    }
}

/// A version, as far as it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third.
    pub patch: u32,
}

impl Version {
    /// `8.1.3`, also with something after it (`8.1.3-SNAPSHOT`, `1.300057.0b1`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches('v').splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let rest = parts.next().unwrap_or("0");
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self { major, minor, patch: rest.get(..digits)?.parse().ok()? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Shipper {
    /// Every shipper there is.
    pub const ALL: [Self; 2] = [Self::Filebeat, Self::CloudWatchAgent];

    /// Its name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filebeat => "filebeat",
            Self::CloudWatchAgent => "cloudwatch-agent",
        }
    }

    /// The shipper of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shipper| shipper.name() == name)
    }

    /// What its positions are worth.
    #[must_use]
    pub fn trust(self) -> Trust {
        match self {
            Self::Filebeat => Trust::Acknowledged,
            Self::CloudWatchAgent => Trust::AlsoDropped,
        }
    }

    /// The basenames of its executables.
    #[must_use]
    pub fn executables(self) -> &'static [&'static str] {
        match self {
            Self::Filebeat => &["filebeat", "filebeat-god", "agentbeat", "elastic-otel-collector"],
            Self::CloudWatchAgent => &["amazon-cloudwatch-agent"],
        }
    }

    /// The latencies of a version's defaults; of the slowest one where the version is not known.
    #[must_use]
    pub fn latency(self, version: Option<Version>) -> Latency {
        let seconds = Duration::from_secs;
        match self {
            Self::Filebeat => filebeat_latency(version),
            // The agent polls by inotify and every second; `force_flush_interval` is 5 s, states are
            // saved every 100 ms.
            Self::CloudWatchAgent => Latency {
                scan: seconds(1),
                backoff: seconds(1),
                flush: seconds(5),
                registry: Duration::from_millis(100),
            },
        }
    }
}

/// 5.x and older write the registry after a whole spooler batch (5 s); the queue flushes after 1 s,
/// from 8.12 on after 10 s; `registry.flush` is 1 s from 8.3 on.
fn filebeat_latency(version: Option<Version>) -> Latency {
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
    fn versions_are_read_and_ordered() {
        let version = |text| Version::parse(text).unwrap();
        assert_eq!(version("8.1.3-SNAPSHOT").to_string(), "8.1.3");
        assert_eq!(version("1.300057.0b1123"), Version { major: 1, minor: 300_057, patch: 0 });
        assert!(version("8.12.0") > version("8.9.9") && version("9.5") > version("8.19.9"));
        assert_eq!(Version::parse("unknown"), None);
    }

    #[test]
    fn latencies_follow_the_versions_defaults() {
        let total = |text| Shipper::Filebeat.latency(Version::parse(text)).total().as_secs();
        let totals: Vec<u64> =
            ["5.6.16", "6.8.14", "8.2.0", "8.3.0", "8.12.0", "9.5.0", "?"].into_iter().map(total).collect();
        assert_eq!(totals, [25, 21, 21, 22, 31, 31, 31]);
    }

    #[test]
    fn every_shipper_is_found_by_its_name() {
        for shipper in Shipper::ALL {
            assert_eq!(Shipper::named(shipper.name()), Some(shipper));
        }
        assert_eq!(Shipper::named("fluentd"), None);
    }
}
