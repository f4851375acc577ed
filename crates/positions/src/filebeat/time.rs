//! The two forms in which Filebeat writes a time. Pure.

use crate::cursor::Timestamp;
use jiff::civil::Date;

/// A time as the registry has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Go's zero time, 0001-01-01: never set.
    Zero,
    /// A real one.
    At(Timestamp),
}

const EPOCH: Date = Date::constant(1970, 1, 1);

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
    let (date, rest) = text.split_first_chunk::<10>()?;
    let ([b'T' | b't' | b' '], rest) = rest.split_first_chunk()? else { return None };
    let (clock, rest) = rest.split_first_chunk::<8>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let [h1, h2, b':', i1, i2, b':', s1, s2] = *clock else { return None };
    let year = i16::from(pair(y1, y2)?) * 100 + i16::from(pair(y3, y4)?);
    let day = Date::new(year, pair(m1, m2)?, pair(d1, d2)?).ok()?;
    let (hour, minute, second) = (pair(h1, h2)?, pair(i1, i2)?, pair(s1, s2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanoseconds, zone) = fraction(rest)?;
    let midnight = day.duration_since(EPOCH).as_secs();
    let seconds = midnight + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    from_seconds(seconds - zone_seconds(zone)?, nanoseconds)
}

/// `[extra, sec]` of memlog: nanoseconds and zone in one, seconds as the two's complement.
#[must_use]
pub fn pair_of(extra: u64, sec: u64) -> Option<Time> {
    let nanoseconds = i64::try_from(extra & 0xffff_ffff).ok().filter(|&part| part < 1_000_000_000)?;
    from_seconds(i64::from_ne_bytes(sec.to_ne_bytes()), nanoseconds)
}

fn pair(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| (byte - b'0').cast_signed());
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The nanoseconds of a fraction, if there is one, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = rest else { return Some((0, rest)) };
    let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(len)?;
    let kept = digits.iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0)).take(9);
    (len > 0).then(|| (kept.fold(0, |value, digit| value * 10 + digit), rest))
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        // Filebeat's own log leaves the colon out.
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let seconds = i64::from(pair(h1, h2)?) * 3600 + i64::from(pair(m1, m2)?) * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
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
            "2026-11-31T22:08:39Z",
            "2026-02-29T22:08:39Z",
            "2026-11-20x22:08:39Z",
        ] {
            assert_eq!(rfc3339(text.as_bytes()), None, "{text}");
        }
        assert_eq!(pair_of(0xffff_ffff, 0), None);
        assert_eq!(pair_of(0, i64::MAX.unsigned_abs()), None);
    }
}
