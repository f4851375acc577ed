//! The two forms in which Filebeat writes a time. Pure.

use crate::cursor::Timestamp;
use crate::json::eight;

/// A time as the registry has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Go's zero time, 0001-01-01: never set.
    Zero,
    /// A real one.
    At(Timestamp),
}

/// Seconds of 0001-01-01T00:00:00Z.
const ZERO: i64 = -62_135_596_800;

fn from_seconds(seconds: i64, nanoseconds: i64) -> Option<Time> {
    if seconds == ZERO && nanoseconds == 0 {
        return Some(Time::Zero);
    }
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds).map(Timestamp).map(Time::At)
}

/// RFC 3339 with any fraction, as 5.x to 7.8 write it (`2026-11-20T22:08:39.641383315Z`).
#[must_use]
pub fn rfc3339(text: &[u8]) -> Option<Time> {
    Dates::default().rfc3339(text)
}

/// Reads times of which many are of one day: its seconds are kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dates {
    /// The date before, and the seconds of its midnight. At first none, which is no date.
    text: [u8; 10],
    seconds: i64,
}

impl Dates {
    /// As [`rfc3339`].
    pub fn rfc3339(&mut self, text: &[u8]) -> Option<Time> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let ([b'T' | b't' | b' '], rest) = rest.split_first_chunk()? else { return None };
        let (clock, rest) = rest.split_first_chunk::<8>()?;
        if *date != self.text {
            *self = Self { text: *date, seconds: midnight(*date)? };
        }
        let clock = pairs(*clock, *b"00:00:00")?;
        let (hour, minute, second) = (at(clock, 0), at(clock, 3), at(clock, 6));
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (nanoseconds, zone) = match nine(rest) {
            Some(nanoseconds) => (nanoseconds, 0),
            None => {
                let (nanoseconds, zone) = fraction(rest)?;
                (nanoseconds, zone_seconds(zone)?)
            }
        };
        from_seconds(self.seconds + hour * 3600 + minute * 60 + second - zone, nanoseconds)
    }
}

/// The seconds of a day's beginning.
fn midnight(date: [u8; 10]) -> Option<i64> {
    let ([date @ .., _, _], [.., d1, d2]) = (date, date);
    let (date, day) = (pairs(date, *b"0000-00-")?, pair(d1, d2)?);
    let (year, month) = (at(date, 0) * 100 + at(date, 2), at(date, 5));
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| days(year, month, day) * 86_400)
}

/// The number of the two digits that begin at a place of what [`pairs`] gave.
fn at(pairs: u64, place: u32) -> i64 {
    i64::from((pairs >> (place * 8)) as u8)
}

/// The nanoseconds of nine digits and no other zone than `Z`, as Go writes nearly all times.
fn nine(rest: &[u8]) -> Option<i64> {
    let [b'.', digits @ .., last, b'Z'] = rest else { return None };
    let last = last.wrapping_sub(b'0');
    let others = i64::try_from(eight(digits.try_into().ok()?)?).ok()?;
    (last <= 9).then(|| others.wrapping_mul(10).wrapping_add(i64::from(last)))
}

/// `[extra, sec]` of memlog: nanoseconds and zone in one, seconds as the two's complement.
#[must_use]
pub fn pair_of(extra: u64, sec: u64) -> Option<Time> {
    let nanoseconds = i64::try_from(extra & 0xffff_ffff).ok().filter(|&part| part < 1_000_000_000)?;
    from_seconds(i64::from_ne_bytes(sec.to_ne_bytes()), nanoseconds)
}

/// Eight bytes that have digits where the form has zeros, and are like it elsewhere: in each byte the
/// number of the two digits that begin there.
fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 255;
    let mut others = form;
    others.iter_mut().for_each(|byte| *byte = if *byte == b'0' { 0 } else { u8::MAX });
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    // Above nine, or with a high bit, in any byte.
    let wrong = (digits.wrapping_add(ONES * 0x76) | digits) & (ONES * 0x80);
    let like = digits & u64::from_le_bytes(others) == 0;
    (wrong == 0 && like).then(|| digits.wrapping_mul(10).wrapping_add(digits >> 8))
}

fn pair(tens: u8, ones: u8) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The nanoseconds of a fraction, if there is one, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = rest else { return Some((0, rest)) };
    let (mut value, mut len) = match rest.first_chunk().and_then(eight) {
        Some(value) => (i64::try_from(value).ok()?, 8),
        None => (0i64, 0),
    };
    for byte in rest.iter().skip(len) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        if len < 9 {
            value = value * 10 + i64::from(digit);
        }
        len += 1;
    }
    let scale = 10i64.pow(9u32.saturating_sub(u32::try_from(len).ok()?));
    if len == 0 { None } else { Some((value * scale, rest.get(len..)?)) }
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        // Filebeat's own log leaves the colon out.
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let seconds = pair(h1, h2)? * 3600 + pair(m1, m2)? * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant's days_from_civil).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanoseconds: i64) -> Option<Time> {
        Some(Time::At(Timestamp(seconds * 1_000_000_000 + nanoseconds)))
    }

    #[test]
    fn both_forms_of_a_recorded_moment_agree() {
        // From one recording each of 5.6.16 and 8.1.3.
        assert_eq!(rfc3339(b"2026-11-20T22:08:39.641383315Z"), at(1_795_212_519, 641_383_315));
        assert_eq!(pair_of(652_235_322, 1_795_212_674), at(1_795_212_674, 652_235_322));
    }

    #[test]
    fn zones_and_fractions() {
        assert_eq!(rfc3339(b"1970-01-01T00:00:00Z"), at(0, 0));
        assert_eq!(rfc3339(b"1970-01-01T01:00:00.5+01:00"), at(0, 500_000_000));
        assert_eq!(rfc3339(b"1969-12-31T19:00:00.1234567899-05:00"), at(0, 123_456_789));
        assert_eq!(rfc3339(b"2000-02-29T00:00:00Z"), at(951_782_400, 0));
        // −300 minutes in the upper half of `extra`.
        assert_eq!(pair_of(0xffff_fed4_0000_0007, 12), at(12, 7));
    }

    #[test]
    fn the_day_before_changes_nothing() {
        let texts =
            ["2026-11-20T22:08:39.641383315Z", "2026-11-20T00:00:00+01:00", "2026-13-20T00:00:00Z", "x", ""];
        let mut dates = Dates::default();
        for (one, other) in texts.iter().flat_map(|one| texts.map(|other| (*one, other))) {
            dates.rfc3339(one.as_bytes());
            assert_eq!(dates.rfc3339(other.as_bytes()), rfc3339(other.as_bytes()), "{one} {other}");
        }
    }

    #[test]
    fn the_zero_time_of_go() {
        assert_eq!(rfc3339(b"0001-01-01T00:00:00Z"), Some(Time::Zero));
        assert_eq!(pair_of(281_470_681_743_360, 18_446_744_011_573_954_816), Some(Time::Zero));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026-11-20",
            "2026-13-20T22:08:39Z",
            "2026-11-20T22:08:39",
            "2026-11-20T22:08:39.Z",
            "2026-11-20T22:08:39.64138331xZ",
            "2026-11-20T22:08:39.6413833x5Z",
            "2026-11-32T22:08:39Z",
            "2026-11-20x22:08:39Z",
        ] {
            assert_eq!(rfc3339(text.as_bytes()), None, "{text}");
        }
        assert_eq!(pair_of(0xffff_ffff, 0), None);
        assert_eq!(pair_of(0, i64::MAX.unsigned_abs()), None);
    }
}
