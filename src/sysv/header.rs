//! The comment header of an init script, read as chkconfig reads it.
//!
//! The rules are those of chkconfig's `parseServiceInfo` (the same text in 1.3.49.3 and 1.33),
//! quirks included: the whole file is scanned, code or not; the first NUL ends it; numbers may
//! spill over line ends; LSB keys count wherever they stand; one malformed `chkconfig:` line
//! anywhere rejects the script. One thing is left out: `description(xx)` in the language of
//! `$LANG`, which would end the scan early. Pure.

mod scan;

use super::level::{Levels, Priority};
use thiserror::Error;

pub use scan::{Keep, chkconfig_line, scan, scan_for, unit_line};

/// What chkconfig needs to know of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Where it is started.
    pub levels: Levels,
    /// Its start priority; only an LSB script may have none.
    pub start: Option<Priority>,
    /// Its stop priority; only an LSB script may have none.
    pub stop: Option<Priority>,
    /// `Provides:`; empty where the line is missing, and the script then provides its own name.
    pub provides: Vec<String>,
    /// The dependencies that count, where the file has a `### BEGIN INIT INFO`.
    pub lsb: Option<Lsb>,
    /// `description:`, `Description:` or `Short-Description:`, the last one found.
    pub description: Option<String>,
    /// amr's own line `# unit: NAME`.
    pub unit: Option<String>,
}

/// The dependencies of an LSB script, names as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lsb {
    /// `Required-Start:`.
    pub required_start: Vec<String>,
    /// `Required-Stop:`.
    pub required_stop: Vec<String>,
    /// `Should-Start:`.
    pub should_start: Vec<String>,
    /// `Should-Stop:`.
    pub should_stop: Vec<String>,
}

/// What one file says, complete or not: a script, or an override in `/etc/chkconfig.d`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// `None` where neither a `chkconfig:` line nor a number in `Default-Start:` or `Default-Stop:` was seen.
    pub levels: Option<Levels>,
    /// Both numbers of the first `chkconfig:` line.
    pub priorities: Option<(Priority, Priority)>,
    /// Is there a `### BEGIN INIT INFO`?
    pub is_lsb: bool,
    /// `Provides:`, the last line that has a word.
    pub provides: Option<Vec<String>>,
    /// `Required-Start:`, the last line.
    pub required_start: Option<Vec<String>>,
    /// `Required-Stop:`, the last line.
    pub required_stop: Option<Vec<String>>,
    /// `Should-Start:`, the last line.
    pub should_start: Option<Vec<String>>,
    /// `Should-Stop:`, the last line.
    pub should_stop: Option<Vec<String>>,
    /// The last description.
    pub description: Option<String>,
    /// amr's `# unit: NAME`, the first one.
    pub unit: Option<String>,
    /// A line that only looks like a `chkconfig:` line.
    near_miss: Option<(u32, String)>,
}

/// Why chkconfig would say "service X does not support chkconfig".
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    /// A `chkconfig:` line that does not scan.
    #[error("line {line}: {fault} in '{text}'")]
    Line {
        /// From 1.
        line: u32,
        /// The line as it stands, without its end.
        text: String,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// Something like `# Chkconfig:`, which chkconfig does not take for a header.
    #[error("line {line}: '{text}' is not read as a header, as 'chkconfig:' must be in small letters")]
    NearMiss {
        /// From 1.
        line: u32,
        /// The line as it stands.
        text: String,
    },
    /// Neither a `chkconfig:` line nor LSB levels before the end or the first NUL.
    #[error("no 'chkconfig:' line and no LSB header")]
    NoHeader,
    /// `### BEGIN INIT INFO` without a number in `Default-Start:` or `Default-Stop:`.
    #[error("the LSB header has no runlevel in Default-Start: or Default-Stop:")]
    NoLevels,
    /// `Default-Start:` outside of an LSB block, and no `chkconfig:` line.
    #[error("Default-Start: or Default-Stop: without '### BEGIN INIT INFO' and without a 'chkconfig:' line")]
    NoPriorities,
}

/// What is wrong with a `chkconfig:` line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LineFault {
    /// Nothing on the line behind the colon.
    #[error("nothing follows 'chkconfig:'")]
    Empty,
    /// The word of levels is neither `-` nor digits 0 to 6.
    #[error("'{0}' is neither '-' nor runlevels 0 to 6")]
    Levels(String),
    /// No number where the start priority belongs.
    #[error("the start priority is missing or no number")]
    NoStart,
    /// No number where the stop priority belongs.
    #[error("the stop priority is missing or no number")]
    NoStop,
    /// A number below 0 or above 99.
    #[error("priority {0} is not between 0 and 99")]
    Range(i32),
    /// The last number runs into other text.
    #[error("the stop priority is not followed by white space")]
    NoSpace,
    /// The last number is the end of the file (or a NUL follows).
    #[error("the file ends behind the stop priority without a newline")]
    NoNewline,
}

impl HeaderError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Line { fault: LineFault::NoNewline, .. } => "end the file with a newline",
            Self::Line { .. } | Self::NearMiss { .. } => {
                "write the line as '# chkconfig: LEVELS START STOP', for example '# chkconfig: 2345 95 20'"
            }
            Self::NoHeader | Self::NoPriorities => "add a line such as '# chkconfig: 2345 95 20'",
            Self::NoLevels => "add runlevels, for example '# Default-Start: 2 3 4 5'",
        }
    }
}

/// Why an override in `/etc/chkconfig.d` cannot be applied.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OverrideError {
    /// A malformed line; chkconfig would go on with values that nobody set.
    #[error("{0}")]
    Header(#[from] HeaderError),
    /// No `chkconfig:` line; chkconfig would lose both numbers and make links such as `S-1NAME`.
    #[error("no complete 'chkconfig:' line")]
    NoPriorities,
    /// It is there and cannot be read: why, in the words of strerror(3).
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl OverrideError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Header(e) => e.remedy(),
            Self::NoPriorities => "give the override a full line such as '# chkconfig: 2345 98 40'",
            Self::Unreadable(_) => "make it a file that can be read, or remove it",
        }
    }
}

/// How much of a script is searched for its header, in bytes. Executable archives (a shell header, then
/// a zip) are services too, and may be of any size.
pub const SEARCHED: u64 = 1 << 20;

/// What was read of a script, without the line that the search was cut in.
#[must_use]
pub fn whole_lines(head: &[u8]) -> &[u8] {
    let is_cut = u64::try_from(head.len()).is_ok_and(|len| len >= SEARCHED);
    let end = head.iter().rposition(|b| *b == b'\n').filter(|_| is_cut).map(|at| at + 1);
    end.and_then(|end| head.get(..end)).unwrap_or(head)
}

/// The header of a script without an override.
///
/// # Errors
/// Where chkconfig says that the service does not support it.
pub fn parse(file: &[u8]) -> Result<Header, HeaderError> {
    scan(file)?.accept()
}

impl Scan {
    /// Why it is not enough for a script.
    #[must_use]
    pub fn fault(&self) -> Option<HeaderError> {
        if self.levels.is_none() {
            return Some(match &self.near_miss {
                Some((line, text)) => HeaderError::NearMiss { line: *line, text: text.clone() },
                None if self.is_lsb => HeaderError::NoLevels,
                None => HeaderError::NoHeader,
            });
        }
        (self.priorities.is_none() && !self.is_lsb).then_some(HeaderError::NoPriorities)
    }

    /// The header, if it is enough for a script (`parseServiceInfo` without `partialOk`).
    ///
    /// # Errors
    /// As [`parse`].
    pub fn accept(self) -> Result<Header, HeaderError> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let levels = self.levels.unwrap_or(Levels::NONE);
        let lsb = self.is_lsb.then(|| Lsb {
            required_start: self.required_start.unwrap_or_default(),
            required_stop: self.required_stop.unwrap_or_default(),
            should_start: self.should_start.unwrap_or_default(),
            should_stop: self.should_stop.unwrap_or_default(),
        });
        Ok(Header {
            levels,
            start: self.priorities.map(|p| p.0),
            stop: self.priorities.map(|p| p.1),
            provides: self.provides.unwrap_or_default(),
            lsb,
            description: self.description,
            unit: self.unit,
        })
    }

    /// What the script says with the override laid over it (`readServiceInfo`). What the override
    /// does not mention stays, but for `Provides:`, which chkconfig then takes to be the name.
    ///
    /// # Errors
    /// An override without a `chkconfig:` line, over a script that has one.
    pub fn overridden(self, over: Self) -> Result<Self, OverrideError> {
        if over.priorities.is_none() && self.priorities.is_some() {
            return Err(OverrideError::NoPriorities);
        }
        Ok(Self {
            levels: over.levels.or(self.levels),
            priorities: over.priorities,
            is_lsb: self.is_lsb || over.is_lsb,
            provides: over.provides,
            required_start: over.required_start.or(self.required_start),
            required_stop: over.required_stop.or(self.required_stop),
            should_start: over.should_start.or(self.should_start),
            should_stop: over.should_stop.or(self.should_stop),
            description: over.description.or(self.description),
            unit: over.unit.or(self.unit),
            near_miss: None,
        })
    }
}

#[cfg(test)]
mod tests;
