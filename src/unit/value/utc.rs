//! Points in time as amr writes and reads them: UTC, RFC 3339, microseconds. Pure.
//!
//! Dates are of the proleptic Gregorian calendar; no time zone file and no locale is needed, also at shutdown.

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Utc(pub i64);

/// Length of `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub const STAMP_LEN: usize = 27;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

impl Utc {
    /// From the parts of a `struct timespec`.
    #[must_use]
    pub fn from_parts(seconds: i64, nanoseconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND).saturating_add(nanoseconds / 1000))
    }

    /// This much earlier.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// `2026-03-01T12:00:00.000000Z`; years outside 0..=9999 are clamped.
    #[must_use]
    pub fn stamp(self) -> [u8; STAMP_LEN] {
        let seconds = self.0.div_euclid(SECOND).clamp(-62_167_219_200, 253_402_300_799);
        let date = date_after(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY);
        let mut out = *b"0000-00-00T00:00:00.000000Z";
        let mut put = |at: usize, len: usize, value: i64| {
            let mut value = value;
            for slot in out.iter_mut().skip(at).take(len).rev() {
                *slot = b'0' + u8::try_from(value.rem_euclid(10)).unwrap_or(0);
                value /= 10;
            }
        };
        put(0, 4, date.year().into());
        put(5, 2, date.month().into());
        put(8, 2, date.day().into());
        put(11, 2, of_day / 3600);
        put(14, 2, of_day / 60 % 60);
        put(17, 2, of_day % 60);
        put(20, 6, self.0.rem_euclid(SECOND));
        out
    }

    /// The stamp as text.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        String::from_utf8_lossy(&self.stamp()).into_owned()
    }

    /// `Sun 2026-03-01 12:00:00 UTC`, as systemctl(1) prints times.
    #[must_use]
    pub fn to_systemd(self) -> String {
        const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let days = self.0.div_euclid(SECOND).div_euclid(DAY);
        let name = usize::try_from(days.rem_euclid(7)).ok().and_then(|d| NAMES.get(d)).unwrap_or(&"");
        let text = self.to_rfc3339();
        let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
        format!("{name} {date} {} UTC", rest.get(..8).unwrap_or(rest))
    }

    /// Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.fraction]]][Z|±HH:MM]`; without a zone it is UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.get(..10)?.split('-').map(number);
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        if parts.next().is_some() {
            return None;
        }
        let midnight = date.duration_since(EPOCH).as_secs();
        let rest = text.get(10..)?;
        if rest.is_empty() {
            return Some(Self(midnight * SECOND));
        }
        let rest = rest.strip_prefix(['T', ' '])?;
        let (clock, offset) = split_zone(rest)?;
        Some(Self((midnight - offset) * SECOND + parse_clock(clock)?))
    }
}

/// `HH:MM[:SS[.fraction]]` as microseconds since midnight.
#[must_use]
pub fn parse_clock(text: &str) -> Option<i64> {
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':').map(number);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let micros = if fraction.is_empty() {
        0
    } else {
        let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
        number(&digits)?
    };
    Some((hour * 3600 + minute * 60 + second) * SECOND + micros)
}

fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some((clock, sign * (number(hours)? * 3600 + number(minutes)? * 60)))
}

fn number(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// 1970-01-01.
const EPOCH: Date = date(1970, 1, 1);

/// The date so many days after [`EPOCH`]; the first or last that there is where there is none.
fn date_after(days: i64) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_points() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_210_096_789_012, "2024-02-29T12:34:56.789012Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Utc(micros).to_rfc3339(), text);
            assert_eq!(Utc::parse(text), Some(Utc(micros)), "{text}");
        }
        assert_eq!(Utc(0).to_systemd(), "Thu 1970-01-01 00:00:00 UTC");
        assert_eq!(Utc(1_709_210_096_000_000).to_systemd(), "Thu 2024-02-29 12:34:56 UTC");
    }

    #[test]
    fn zones_and_short_forms() {
        assert_eq!(Utc::parse("1970-01-01T01:00:00+01:00"), Some(Utc(0)));
        assert_eq!(Utc::parse("1969-12-31 22:00-02:00"), Some(Utc(0)));
        assert_eq!(Utc::parse("1970-01-02"), Some(Utc(86_400_000_000)));
        for bad in
            ["", "1970-13-01", "1970-02-30", "1970-01-01T25:00", "1970-01-01x", "yesterday", "+970-01-01"]
        {
            assert_eq!(Utc::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn stamp_and_parse_agree(micros in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
            prop_assert_eq!(Utc::parse(&Utc(micros).to_rfc3339()), Some(Utc(micros)));
        }

        #[test]
        fn parse_never_panics(text in "\\PC*") {
            let _ = Utc::parse(&text);
        }
    }
}
