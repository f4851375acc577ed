//! LOGGING: `SyslogIdentifier=`, `SyslogFacility=`, `SyslogLevel=`, `LogLevelMax=`, `LogRateLimitIntervalSec=`,
//! `LogRateLimitBurst=`, `SyslogLevelPrefix=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::Timeout;
use crate::unit::value::boolean::yes_no;
use crate::unit::value::time;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// syslog(3)'s LOG_INFO: what a line is that says nothing else.
pub const INFO: u8 = 6;

/// How lines of output are told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// `SyslogIdentifier=`; `None`: the name of the program.
    pub identifier: Option<String>,
    /// `SyslogFacility=`, not shifted: 3 is daemon.
    pub facility: u8,
    /// `SyslogLevel=`.
    pub level: u8,
    /// `SyslogLevelPrefix=`: does a `<N>` at the beginning of a line say how urgent that is?
    pub level_prefix: bool,
    /// `LogLevelMax=`: what is less urgent is dropped.
    pub level_max: Option<u8>,
    /// `LogRateLimitIntervalSec=`; zero where it is not said. So with the other.
    pub rate_interval: Duration,
    /// `LogRateLimitBurst=`: so many lines of one urgency in that time.
    pub rate_burst: u32,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            identifier: None,
            facility: 3,
            level: INFO,
            level_prefix: true,
            level_max: None,
            rate_interval: Duration::ZERO,
            rate_burst: 0,
        }
    }
}

const FACILITIES: [(&str, u8); 20] = [
    ("kern", 0),
    ("user", 1),
    ("mail", 2),
    ("daemon", 3),
    ("auth", 4),
    ("syslog", 5),
    ("lpr", 6),
    ("news", 7),
    ("uucp", 8),
    ("cron", 9),
    ("authpriv", 10),
    ("ftp", 11),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

const LEVELS: [(&str, u8); 8] = [
    ("emerg", 0),
    ("alert", 1),
    ("crit", 2),
    ("err", 3),
    ("warning", 4),
    ("notice", 5),
    ("info", 6),
    ("debug", 7),
];

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "LogLevelMax",
        property: "LogLevelMax",
        read: |c, l| set(&mut c.log.level_max, word(l, &LEVELS, 7).map(Some)),
        show: |c| c.log.level_max.map_or_else(|| "-1".into(), |level| level.to_string()),
    },
    Field {
        name: "LogRateLimitBurst",
        property: "LogRateLimitBurst",
        read: |c, l| set(&mut c.log.rate_burst, l.number()),
        show: |c| c.log.rate_burst.to_string(),
    },
    Field {
        name: "LogRateLimitIntervalSec",
        property: "LogRateLimitIntervalUSec",
        read: |c, l| set(&mut c.log.rate_interval, l.duration()),
        show: |c| match c.log.rate_interval {
            Duration::MAX => time::format_timeout(Timeout::Never),
            interval => time::format(interval),
        },
    },
    Field {
        name: "SyslogFacility",
        property: "SyslogFacility",
        read: |c, l| set(&mut c.log.facility, word(l, &FACILITIES, 127)),
        show: |c| c.log.facility.to_string(),
    },
    Field {
        name: "SyslogIdentifier",
        property: "SyslogIdentifier",
        read: |c, l| {
            let text = l.expand(0, l.text)?;
            c.log.identifier = (!text.is_empty()).then_some(text);
            Ok(())
        },
        show: |c| c.log.identifier.clone().unwrap_or_default(),
    },
    Field {
        name: "SyslogLevel",
        property: "SyslogLevel",
        read: |c, l| set(&mut c.log.level, word(l, &LEVELS, 7)),
        show: |c| c.log.level.to_string(),
    },
    Field {
        name: "SyslogLevelPrefix",
        property: "SyslogLevelPrefix",
        read: |c, l| set(&mut c.log.level_prefix, l.boolean()),
        show: |c| yes_no(c.log.level_prefix),
    },
];

/// A word, or its number.
fn word(l: &Line<'_>, words: &[(&str, u8)], most: u8) -> Result<u8, ValueProblem> {
    match l.text.parse() {
        Ok(number) if number <= most => Ok(number),
        Ok(_) | Err(_) => l.choice(words),
    }
}
