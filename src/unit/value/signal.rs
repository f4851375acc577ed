//! Names and numbers of signals (systemd's `signal_from_string`). Pure.

use super::number::{NumberFault, parse_u64};
use super::{Signal, ValueError};
use std::fmt;

/// The names without `SIG`; the place is the number less one.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The first real-time signal of glibc, which is what services and systemd mean by the name; musl
/// keeps one more for itself and would count from 35.
const RTMIN: i32 = 34;
/// The last signal.
const RTMAX: i32 = 64;

impl Signal {
    /// The name without `SIG`: `TERM`, `RTMIN+0`, `RTMIN+3`; the number where there is none.
    #[must_use]
    pub fn name(self) -> String {
        let index = usize::try_from(self.0).ok().and_then(|n| n.checked_sub(1));
        match index.and_then(|i| NAMES.get(i)) {
            Some(name) => (*name).to_owned(),
            None if (RTMIN..=RTMAX).contains(&self.0) => format!("RTMIN+{}", self.0.saturating_sub(RTMIN)),
            None => self.0.to_string(),
        }
    }
}

/// `SIGTERM`, `SIGRTMIN+3`; a number that is none as it is.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let prefix = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { "SIG" } else { "" };
        write!(f, "{prefix}{name}")
    }
}

/// Reads `SIGTERM`, `TERM`, `15`, `RTMIN`, `SIGRTMIN+3`, `RTMAX-2`.
///
/// # Errors
/// Unknown names (lower case ones too), numbers outside 1 to 64.
pub fn parse(value: &str) -> Result<Signal, ValueError> {
    let range =
        || ValueError::whole(value, format!("unknown signal '{value}': numbers go from 1 to {RTMAX}"));
    match parse_u64(value) {
        Ok(n) => {
            return i32::try_from(n).ok().filter(|n| (1..=RTMAX).contains(n)).map(Signal).ok_or_else(range);
        }
        Err(NumberFault::OutOfRange) => return Err(range()),
        Err(NumberFault::Malformed) => {}
    }
    let name = value.strip_prefix("SIG").unwrap_or(value);
    let number = match NAMES.iter().position(|n| *n == name) {
        Some(index) => i32::try_from(index).ok().map(|i| i.saturating_add(1)),
        None => real_time(name),
    };
    number
        .map(Signal)
        .ok_or_else(|| ValueError::whole(value, format!("'{value}' is not the name of a signal")))
}

fn real_time(name: &str) -> Option<i32> {
    let offset = |digits: &str| {
        parse_u64(digits).ok().and_then(|n| i32::try_from(n).ok()).filter(|n| *n <= RTMAX - RTMIN)
    };
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return if rest.is_empty() {
            Some(RTMIN)
        } else {
            offset(rest.strip_prefix('+')?).map(|n| RTMIN + n)
        };
    }
    let rest = name.strip_prefix("RTMAX")?;
    if rest.is_empty() { Some(RTMAX) } else { offset(rest.strip_prefix('-')?).map(|n| RTMAX - n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (s, n) in [
            ("TERM", 15),
            ("SIGTERM", 15),
            ("15", 15),
            ("HUP", 1),
            ("SYS", 31),
            ("SIGRTMIN+3", 37),
            ("RTMIN", 34),
            ("RTMAX", 64),
            ("RTMAX-1", 63),
            ("RTMIN+30", 64),
            ("64", 64),
        ] {
            assert_eq!(parse(s), Ok(Signal(n)), "{s}");
        }
        for bad in
            ["", "term", "SIGFOO", "0", "65", "-1", "RTMIN-1", "RTMIN+31", "RTMAX+1", "SIGSIGTERM", "POLL"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_name_reads_back() {
        for n in 1..=64 {
            let name = Signal(n).name();
            assert_eq!(parse(&name), Ok(Signal(n)), "{name}");
            assert_eq!(parse(&Signal(n).to_string()), Ok(Signal(n)));
        }
        assert_eq!(Signal(34).name(), "RTMIN+0");
        assert_eq!(Signal(37).to_string(), "SIGRTMIN+3");
        assert_eq!(Signal(32).to_string(), "32");
    }
}
