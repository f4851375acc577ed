//! What time it is, and which boot this is.

use super::error::{Error, Result};
use super::root::Root;
use nix::time::{ClockId, clock_gettime};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Time since boot, suspended time included (CLOCK_BOOTTIME, since Linux 2.6.39; CLOCK_MONOTONIC
/// where that is refused). Never goes back.
pub fn now() -> Duration {
    read(ClockId::CLOCK_BOOTTIME).or_else(|| read(ClockId::CLOCK_MONOTONIC)).unwrap_or_default()
}

/// Time since boot without that of suspension (CLOCK_MONOTONIC), which sd_notify(3) goes by.
pub fn monotonic() -> Duration {
    read(ClockId::CLOCK_MONOTONIC).unwrap_or_default()
}

/// Time since 1970 in UTC, as the host's clock has it. May jump.
pub fn realtime() -> Duration {
    read(ClockId::CLOCK_REALTIME).unwrap_or_default()
}

/// How long this process has used a processor, all its threads together.
pub fn cpu() -> Duration {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap_or_default()
}

fn read(clock: ClockId) -> Option<Duration> {
    clock_gettime(clock).ok().map(Duration::from)
}

/// The kernel's random name of this boot. A record with another one is about processes long gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootId(String);

impl BootId {
    /// From /proc/sys/kernel/random/boot_id.
    pub fn read(root: &Root) -> Result<BootId> {
        let path = Path::new("/proc/sys/kernel/random/boot_id");
        let bytes = root.read_kernel(path, 128)?;
        let text = String::from_utf8_lossy(&bytes);
        BootId::parse(text.trim()).ok_or_else(|| {
            Error::other("read", root.outer(path), io::ErrorKind::InvalidData, "it is not a boot id")
        })
    }

    /// From a record: hexadecimal digits and hyphens.
    pub fn parse(text: &str) -> Option<BootId> {
        let sound = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        sound.then(|| BootId(text.to_owned()))
    }

    /// As it stands in a record.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_and_the_boot_has_a_name() {
        let first = now();
        assert!(now() >= first && first > Duration::ZERO);
        assert!(realtime() > Duration::from_secs(1_700_000_000));
        let host = Root::host().unwrap();
        assert_eq!(BootId::read(&host).unwrap(), BootId::read(&host).unwrap());
        assert_eq!(BootId::parse("no id"), None);
    }
}
