//! Whole numbers as systemd's `safe_atou64` reads them. Pure.

/// Why a string is not a number that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::unit) enum NumberFault {
    /// Not a number.
    Malformed,
    /// Negative, or too large.
    OutOfRange,
}

/// Reads a number that is not negative: decimal, `0x…`, `0o…`, `0b…`, or octal with a leading zero.
pub(in crate::unit) fn parse_u64(s: &str) -> Result<u64, NumberFault> {
    let s = s.trim_start_matches([' ', '\t', '\n', '\r']);
    let (negative, s) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    let (radix, digits) = match s.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, s.get(2..)),
        [b'0', b'o' | b'O', ..] => (8, s.get(2..)),
        [b'0', b'b' | b'B', ..] => (2, s.get(2..)),
        [b'0', _, ..] => (8, s.get(1..)),
        _ => (10, Some(s)),
    };
    let digits = digits.unwrap_or_default();
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(NumberFault::Malformed);
    }
    match u64::from_str_radix(digits, radix) {
        Ok(n) if !negative || n == 0 => Ok(n),
        Ok(_) | Err(_) => Err(NumberFault::OutOfRange),
    }
}

/// Reads a number with or without a sign, in the same notations (`safe_atoi`).
pub(in crate::unit) fn parse_i32(s: &str) -> Option<i32> {
    let s = s.trim_start_matches([' ', '\t', '\n', '\r']);
    let (negative, digits) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let size = i64::try_from(parse_u64(digits).ok()?).ok()?;
    i32::try_from(if negative { -size } else { size }).ok()
}

/// The digits at the start of `s`, and what is behind them.
pub(super) fn digits(s: &str) -> (&str, &str) {
    let end = s.bytes().take_while(u8::is_ascii_digit).count();
    s.split_at_checked(end).unwrap_or((s, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (s, want) in [
            ("0", Ok(0)),
            ("42", Ok(42)),
            (" +7", Ok(7)),
            ("0x1F", Ok(31)),
            ("0b101", Ok(5)),
            ("0o17", Ok(15)),
            ("017", Ok(15)),
            ("-0", Ok(0)),
            ("-1", Err(NumberFault::OutOfRange)),
            ("18446744073709551616", Err(NumberFault::OutOfRange)),
            ("", Err(NumberFault::Malformed)),
            ("08", Err(NumberFault::Malformed)),
            ("1K", Err(NumberFault::Malformed)),
            ("1 ", Err(NumberFault::Malformed)),
            ("--1", Err(NumberFault::Malformed)),
        ] {
            assert_eq!(parse_u64(s), want, "{s}");
        }
    }
    #[test]
    fn numbers_with_a_sign() {
        for (s, want) in [
            ("-20", Some(-20)),
            ("+3", Some(3)),
            ("010", Some(8)),
            ("-0x10", Some(-16)),
            ("0b11", Some(3)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("--1", None),
            ("+ 1", None),
            ("", None),
            ("1 ", None),
        ] {
            assert_eq!(parse_i32(s), want, "{s}");
        }
    }
}
