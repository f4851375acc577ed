//! Spans of time: `1min 30s`, `1.5h`, `infinity` (systemd's `parse_time` and `format_timespan`). Pure.
//!
//! Counted in microseconds. A month is 30.44 days and a year 365.25, as systemd has it.

use super::number::digits;
use super::{Timeout, ValueError};
use std::time::Duration;

const MS: u64 = 1_000;
const SEC: u64 = 1_000 * MS;
const MINUTE: u64 = 60 * SEC;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const MONTH: u64 = 2_629_800 * SEC;
const YEAR: u64 = 31_557_600 * SEC;

/// The first that fits counts, so longer spellings stand in front of shorter ones.
const UNITS: [(&str, u64); 30] = [
    ("seconds", SEC),
    ("second", SEC),
    ("sec", SEC),
    ("s", SEC),
    ("minutes", MINUTE),
    ("minute", MINUTE),
    ("min", MINUTE),
    ("months", MONTH),
    ("month", MONTH),
    ("M", MONTH),
    ("msec", MS),
    ("ms", MS),
    ("m", MINUTE),
    ("hours", HOUR),
    ("hour", HOUR),
    ("hr", HOUR),
    ("h", HOUR),
    ("days", DAY),
    ("day", DAY),
    ("d", DAY),
    ("weeks", WEEK),
    ("week", WEEK),
    ("w", WEEK),
    ("years", YEAR),
    ("year", YEAR),
    ("y", YEAR),
    ("usec", 1),
    ("us", 1),
    // The micro sign and the Greek letter that looks like it.
    ("\u{b5}s", 1),
    ("\u{3bc}s", 1),
];

const NANOSECONDS: [(&str, u64); 2] = [("nsec", 1), ("ns", 1)];

const PRINTED: [(&str, u64); 9] = [
    ("y", YEAR),
    ("month", MONTH),
    ("w", WEEK),
    ("d", DAY),
    ("h", HOUR),
    ("min", MINUTE),
    ("s", SEC),
    ("ms", MS),
    ("us", 1),
];

/// The unit of a number without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultUnit {
    /// Most settings.
    Seconds,
    /// `LimitRTTIME=`.
    Microseconds,
    /// `TimerSlackNSec=`, in which all is counted in them.
    Nanoseconds,
}

/// Reads a span; a bare number means seconds. Whether `0` means "never" is the directive's to say.
///
/// # Errors
/// Anything else, and spans that do not fit in 64 bits of microseconds.
pub fn parse(value: &str) -> Result<Timeout, ValueError> {
    parse_with(value, DefaultUnit::Seconds)
}

/// Reads a span; a bare number means what `bare` says.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(value: &str, bare: DefaultUnit) -> Result<Timeout, ValueError> {
    Ok(match sum(value, bare)? {
        None => Timeout::Never,
        Some(total) if bare == DefaultUnit::Nanoseconds => Timeout::After(Duration::from_nanos(total)),
        Some(total) => Timeout::After(Duration::from_micros(total)),
    })
}

/// The sum of all that is named, in microseconds or nanoseconds; `None` for `infinity`.
fn sum(value: &str, bare: DefaultUnit) -> Result<Option<u64>, ValueError> {
    let blanks = |s: &str| s.len().saturating_sub(s.trim_start_matches([' ', '\t', '\n', '\r']).len());
    if value.trim_matches([' ', '\t', '\n', '\r']) == "infinity" {
        return Ok(None);
    }
    let mut total: u64 = 0;
    let mut at = blanks(value);
    if at == value.len() {
        return Err(ValueError::whole(value, "a time is missing"));
    }
    while at < value.len() {
        let rest = value.get(at..).unwrap_or_default();
        let (span, used) = summand(rest, bare).map_err(|message| ValueError::new(at, rest.len(), message))?;
        // systemd keeps the largest number for 'infinity'.
        total = match total.checked_add(span) {
            Some(sum) if sum < u64::MAX => sum,
            Some(_) | None => return Err(ValueError::whole(value, "the time is too long")),
        };
        at = at.saturating_add(used);
        at = at.saturating_add(blanks(value.get(at..).unwrap_or_default()));
    }
    Ok(Some(total))
}

/// One number with its unit: its microseconds or nanoseconds, and its length.
fn summand(s: &str, bare: DefaultUnit) -> Result<(u64, usize), String> {
    let unsigned = match s.strip_prefix('+') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        Some(_) | None => s,
    };
    if s.starts_with('-') {
        return Err("a time cannot be negative".to_owned());
    }
    let (whole, rest) = digits(unsigned);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (fraction, rest) = digits(rest);
            (Some(fraction), rest)
        }
        None => (None, rest),
    };
    if fraction.map_or(whole, |f| f).is_empty() {
        return Err(format!("'{s}' is not a time: expected a number with a unit, such as 90s or 1min 30s"));
    }
    let unit = rest.trim_start_matches([' ', '\t', '\n', '\r']);
    let nanoseconds = bare == DefaultUnit::Nanoseconds;
    let small = if nanoseconds { NANOSECONDS.as_slice() } else { &[] };
    let scale = |(name, usec): &(&'static str, u64)| (*name, if nanoseconds { usec * 1000 } else { *usec });
    let mut units = small.iter().copied().chain(UNITS.iter().map(scale));
    let found = units.find(|(name, _)| unit.starts_with(name));
    let (multiplier, behind) = match found {
        Some((name, worth)) => (worth, unit.get(name.len()..).unwrap_or_default()),
        None if unit.len() == rest.len() && !rest.is_empty() => {
            return Err(format!("'{rest}' is not a unit of time: use us, ms, s, min, h, d, w, month or y"));
        }
        None => (if bare == DefaultUnit::Seconds { SEC } else { 1 }, unit),
    };
    let whole = if whole.is_empty() { Some(0) } else { whole.parse::<u64>().ok() };
    let span = whole
        .and_then(|w| w.checked_mul(multiplier))
        .and_then(|w| w.checked_add(parts(fraction, multiplier)));
    let used = s.len().saturating_sub(behind.len());
    span.map(|span| (span, used)).ok_or_else(|| "the time is too long".to_owned())
}

/// The digits behind the point, each worth a tenth of the one before.
fn parts(fraction: Option<&str>, multiplier: u64) -> u64 {
    let mut worth = multiplier;
    let mut sum: u64 = 0;
    for digit in fraction.unwrap_or_default().chars().filter_map(|c| c.to_digit(10)) {
        worth /= 10;
        sum = sum.saturating_add(u64::from(digit).saturating_mul(worth));
    }
    sum
}

/// Prints a span as systemd does, to the microsecond: `1min 30s`, `1.500000s`, `0`.
#[must_use]
pub fn format(span: Duration) -> String {
    format_to(span, Duration::from_micros(1))
}

/// Prints a span, leaving out what is smaller than `accuracy`: `2h 5min`.
#[must_use]
pub fn format_to(span: Duration, accuracy: Duration) -> String {
    let usec = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
    let (mut left, accuracy) = (usec(span), usec(accuracy));
    if left == 0 {
        return "0".to_owned();
    }
    if left == u64::MAX {
        return "infinity".to_owned();
    }
    let mut out: Vec<String> = Vec::new();
    for (name, unit) in PRINTED {
        if left == 0 || (left < accuracy && !out.is_empty()) {
            break;
        }
        if left < unit {
            continue;
        }
        let (count, rest) = (left / unit, left % unit);
        let places =
            unit.checked_ilog10().unwrap_or(0).saturating_sub(accuracy.checked_ilog10().unwrap_or(0));
        if left < MINUTE && rest > 0 && places > 0 {
            let shown = rest / 10u64.saturating_pow(accuracy.checked_ilog10().unwrap_or(0));
            let width = usize::try_from(places).unwrap_or(0);
            out.push(format!("{count}.{shown:0width$}{name}"));
            break;
        }
        out.push(format!("{count}{name}"));
        left = rest;
    }
    out.join(" ")
}

/// How long ago something was, as systemctl(1) says it: `98ms ago`, `1min 5s ago`, `3h 2min ago`.
#[must_use]
pub fn relative(ago: Duration) -> String {
    const LONG: [(&str, u64, &str, u64); 3] =
        [("year", YEAR, "month", MONTH), ("month", MONTH, "day", DAY), ("week", WEEK, "day", DAY)];
    let usec = u64::try_from(ago.as_micros()).unwrap_or(u64::MAX);
    let count = |n: u64, name: &str| format!("{n} {name}{}", if n == 1 { "" } else { "s" });
    if let Some((name, unit, smaller, part)) = LONG.iter().find(|(_, unit, ..)| usec >= *unit) {
        return format!("{} {} ago", count(usec / unit, name), count(usec % unit / part, smaller));
    }
    match usec {
        0 => "now".to_owned(),
        _ if usec >= 2 * DAY => format!("{} days ago", usec / DAY),
        _ if usec >= 25 * HOUR => format!("1 day {}h ago", (usec - DAY) / HOUR),
        _ if usec >= 6 * HOUR => format!("{}h ago", usec / HOUR),
        _ if usec >= HOUR => format!("{}h {}min ago", usec / HOUR, usec % HOUR / MINUTE),
        _ if usec >= 5 * MINUTE => format!("{}min ago", usec / MINUTE),
        _ if usec >= MINUTE => format!("{}min {}s ago", usec / MINUTE, usec % MINUTE / SEC),
        _ if usec >= SEC => format!("{}s ago", usec / SEC),
        _ if usec >= MS => format!("{}ms ago", usec / MS),
        _ => format!("{usec}us ago"),
    }
}

/// [`format`], with `infinity` for no limit.
#[must_use]
pub fn format_timeout(timeout: Timeout) -> String {
    match timeout {
        Timeout::After(span) => format(span),
        Timeout::Never => "infinity".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usec(value: &str) -> Result<u64, ValueError> {
        parse(value).map(|t| match t {
            Timeout::After(d) => u64::try_from(d.as_micros()).unwrap(),
            Timeout::Never => u64::MAX,
        })
    }

    #[test]
    fn spans() {
        for (value, want) in [
            ("0", 0),
            ("90", 90 * SEC),
            ("90 sec", 90 * SEC),
            ("1min 30s", 90 * SEC),
            ("1min30s", 90 * SEC),
            ("1.5h", 90 * MINUTE),
            (".5s", SEC / 2),
            ("100ms", 100 * MS),
            ("5\u{b5}s", 5),
            ("5us", 5),
            ("2M", 2 * MONTH),
            ("2month", 2 * MONTH),
            ("2m", 2 * MINUTE),
            ("1y 1w 1d", YEAR + WEEK + DAY),
            ("12.34 .56", 12_900_000),
            ("12.34s.56", 12_900_000),
            ("+5", 5 * SEC),
            ("1.0000001s", SEC),
            (" infinity ", u64::MAX),
        ] {
            assert_eq!(usec(value), Ok(want), "{value}");
        }
    }

    #[test]
    fn what_is_no_span() {
        for (value, at) in [
            ("", 0),
            ("x", 0),
            ("-1", 0),
            ("-0", 0),
            ("5 # why", 2),
            ("5parsecs", 0),
            ("1.s", 0),
            ("12.34.56", 0),
            ("1min 3.+1", 5),
            ("infinity s", 0),
            ("99999999999999999999", 0),
            ("600000y", 0),
            ("+ 5", 0),
        ] {
            assert_eq!(usec(value).map_err(|e| e.at), Err(at), "{value}");
        }
    }

    #[test]
    fn printed_as_systemd_does() {
        for (micros, want) in [
            (0, "0"),
            (90 * SEC, "1min 30s"),
            (100 * MS, "100ms"),
            (1_500_000, "1.500000s"),
            (1_500, "1.500ms"),
            (7, "7us"),
            (90 * MINUTE, "1h 30min"),
            (61_500_000, "1min 1.500000s"),
            (YEAR + 2 * MONTH + DAY, "1y 2month 1d"),
            (u64::MAX, "infinity"),
        ] {
            assert_eq!(format(Duration::from_micros(micros)), want);
        }
        assert_eq!(format_to(Duration::from_millis(1_500), Duration::from_millis(1)), "1.500s");
        assert_eq!(format_to(Duration::from_micros(125_000_900), Duration::from_secs(1)), "2min 5s");
        assert_eq!(format_to(Duration::from_micros(2_500_000), Duration::from_secs(1)), "2s");
        assert_eq!(format_timeout(Timeout::Never), "infinity");
    }

    #[test]
    fn how_long_ago() {
        for (micros, want) in [
            (0, "now"),
            (7, "7us ago"),
            (98_765, "98ms ago"),
            (SEC, "1s ago"),
            (65 * SEC, "1min 5s ago"),
            (5 * MINUTE + 1, "5min ago"),
            (3 * HOUR + 2 * MINUTE, "3h 2min ago"),
            (6 * HOUR + 2 * MINUTE, "6h ago"),
            (24 * HOUR, "24h ago"),
            (26 * HOUR, "1 day 2h ago"),
            (3 * DAY, "3 days ago"),
            (WEEK, "1 week 0 days ago"),
            (2 * WEEK + DAY, "2 weeks 1 day ago"),
            (MONTH + 2 * WEEK, "1 month 14 days ago"),
            (2 * YEAR + MONTH, "2 years 1 month ago"),
        ] {
            assert_eq!(relative(Duration::from_micros(micros)), want);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(micros in any::<u64>()) {
            let text = format(Duration::from_micros(micros));
            prop_assert_eq!(usec(&text), Ok(micros));
        }

        #[test]
        fn any_string_is_read_or_refused(value in any::<String>()) {
            let _ = parse(&value);
        }

        #[test]
        fn time_like_strings(value in "[0-9 .+smhdy-]{0,12}") {
            if let Err(e) = parse(&value) {
                prop_assert!(e.at + e.len <= value.len());
            }
        }
    }
}
