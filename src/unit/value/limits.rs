//! Resource limits: `LimitNOFILE=1024:4096` (systemd's `rlimit_parse`). Pure.

use super::number::{NumberFault, parse_u64};
use super::time::DefaultUnit;
use super::{Timeout, ValueError, size, time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits of setrlimit(2) that systemd has a `Limit…=` for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Resource {
    Cpu,
    Fsize,
    Data,
    Stack,
    Core,
    Rss,
    Nofile,
    As,
    Nproc,
    Memlock,
    Locks,
    Sigpending,
    Msgqueue,
    Nice,
    Rtprio,
    Rttime,
}

/// Soft and hard; `u64::MAX` is `infinity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ResourceLimit {
    pub soft: u64,
    pub hard: u64,
}

/// No limit (`RLIM_INFINITY`).
const INFINITY: u64 = u64::MAX;

/// Reads `LIMIT` or `SOFT:HARD` in the unit of the resource.
///
/// # Errors
/// Suffixes where the resource is a plain count, a soft limit above the hard one, and all that is no number.
pub fn parse(resource: Resource, value: &str) -> Result<ResourceLimit, ValueError> {
    let Some((soft, hard)) = value.split_once(':') else {
        let both = one(resource, value)?;
        return Ok(ResourceLimit { soft: both, hard: both });
    };
    let offset = soft.len().saturating_add(1);
    let limit = ResourceLimit {
        soft: one(resource, soft)?,
        hard: one(resource, hard).map_err(|e| e.shifted(offset))?,
    };
    if limit.soft > limit.hard {
        return Err(ValueError::whole(
            value,
            format!("the soft limit '{soft}' is above the hard limit '{hard}'"),
        ));
    }
    Ok(limit)
}

fn one(resource: Resource, text: &str) -> Result<u64, ValueError> {
    if resource != Resource::Nice && text == "infinity" {
        return Ok(INFINITY);
    }
    match resource {
        Resource::Cpu => time::parse(text).map(|t| span(t, Duration::as_micros, 1_000_000)),
        Resource::Rttime => {
            time::parse_with(text, DefaultUnit::Microseconds).map(|t| span(t, Duration::as_micros, 1))
        }
        Resource::Fsize
        | Resource::Data
        | Resource::Stack
        | Resource::Core
        | Resource::Rss
        | Resource::As
        | Resource::Memlock
        | Resource::Msgqueue => size::parse(text).and_then(|n| finite(text, n)),
        Resource::Nofile | Resource::Nproc | Resource::Locks | Resource::Sigpending | Resource::Rtprio => {
            count(text).and_then(|n| finite(text, n))
        }
        Resource::Nice => nice(text),
    }
}

/// A span in steps of `step` microseconds, rounded up.
fn span(timeout: Timeout, micros: fn(&Duration) -> u128, step: u128) -> u64 {
    match timeout {
        Timeout::After(d) => u64::try_from(micros(&d).div_ceil(step)).unwrap_or(INFINITY),
        Timeout::Never => INFINITY,
    }
}

/// The largest number means infinity to the kernel; only the word may say that.
fn finite(text: &str, n: u64) -> Result<u64, ValueError> {
    if n < INFINITY {
        Ok(n)
    } else {
        Err(ValueError::whole(text, format!("the limit '{text}' is too large")))
    }
}

fn count(text: &str) -> Result<u64, ValueError> {
    parse_u64(text).map_err(|fault| {
        let why = match fault {
            NumberFault::Malformed => {
                format!("'{text}' is not a plain number, which this limit needs: it takes no suffix")
            }
            NumberFault::OutOfRange => format!("the limit '{text}' is out of range"),
        };
        ValueError::whole(text, why)
    })
}

/// `+N` and `-N` are nice levels, as nice(1) counts them; a bare number is the kernel's own, 0 to 40.
fn nice(text: &str) -> Result<u64, ValueError> {
    let fault = || {
        let message =
            format!("'{text}' is not a nice limit: expected -20 to +19 with a sign, or 0 to 40 without");
        ValueError::whole(text, message)
    };
    let read = |s: &str, max: u64| parse_u64(s).ok().filter(|n| *n <= max).ok_or_else(fault);
    if let Some(level) = text.strip_prefix('+') {
        Ok(20u64.saturating_sub(read(level, 19)?))
    } else if let Some(level) = text.strip_prefix('-') {
        Ok(read(level, 20)?.saturating_add(20))
    } else {
        read(text, 40)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        for (resource, value, soft, hard) in [
            (Resource::Nofile, "1024:4096", 1024, 4096),
            (Resource::Nofile, "infinity", INFINITY, INFINITY),
            (Resource::Nofile, "1024:infinity", 1024, INFINITY),
            (Resource::Nofile, "0x10", 16, 16),
            (Resource::As, "1G", 1 << 30, 1 << 30),
            (Resource::Core, "0", 0, 0),
            (Resource::Cpu, "10s", 10, 10),
            (Resource::Cpu, "1min", 60, 60),
            (Resource::Cpu, "1500ms", 2, 2),
            (Resource::Rttime, "100ms", 100_000, 100_000),
            (Resource::Rttime, "5", 5, 5),
            (Resource::Nice, "+5", 15, 15),
            (Resource::Nice, "-5", 25, 25),
            (Resource::Nice, "0", 0, 0),
            (Resource::Nice, "0:40", 0, 40),
        ] {
            assert_eq!(parse(resource, value), Ok(ResourceLimit { soft, hard }), "{resource:?} {value}");
        }
    }

    #[test]
    fn what_is_no_limit() {
        for (resource, value, at) in [
            (Resource::Nofile, "1K", 0),
            (Resource::Nofile, "10:5", 0),
            (Resource::Nofile, "1:2:3", 2),
            (Resource::Nofile, "5:", 2),
            (Resource::Nofile, "-1", 0),
            (Resource::Nofile, "18446744073709551615", 0),
            (Resource::Nproc, "10%", 0),
            (Resource::As, "1G:x", 3),
            (Resource::Cpu, "ten", 0),
            (Resource::Nice, "+20", 0),
            (Resource::Nice, "41", 0),
            (Resource::Nice, "-21", 0),
            (Resource::Nice, "infinity", 0),
            (Resource::Nofile, "", 0),
        ] {
            assert_eq!(parse(resource, value).map_err(|e| e.at), Err(at), "{resource:?} {value}");
        }
    }
}
