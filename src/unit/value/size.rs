//! Sizes in bytes: `512M`, `1.5G`, `10%`, `infinity` (systemd's `parse_size`, base 1024). Pure.

use super::ValueError;
use super::number::digits;

/// Suffixes from the largest down; a sum must go down in this order.
type Units = [(&'static str, u64); 8];

/// Of memory.
const BINARY: Units = [
    ("E", 1 << 60),
    ("P", 1 << 50),
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
    ("B", 1),
    ("", 1),
];

/// Of what goes over a line.
const DECIMAL: Units = [
    ("E", 1_000_000_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("K", 1_000),
    ("B", 1),
    ("", 1),
];

/// Stands for `infinity`.
pub const INFINITY: u64 = u64::MAX;

/// A size, or a part of what the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Bytes, or a count of tasks; [`INFINITY`] for no limit.
    Absolute(u64),
    /// Hundredths of a percent, 10000 for all.
    Permyriad(u32),
}

/// Reads a size; `infinity` gives [`INFINITY`].
///
/// # Errors
/// Anything else, and what does not fit in 64 bits.
pub fn parse(value: &str) -> Result<u64, ValueError> {
    parse_in(value, &BINARY)
}

/// The same where kilo is 1000 (`parse_size` with base 1000).
///
/// # Errors
/// As [`parse`].
pub fn parse_decimal(value: &str) -> Result<u64, ValueError> {
    parse_in(value, &DECIMAL)
}

fn parse_in(value: &str, units: &Units) -> Result<u64, ValueError> {
    if value == "infinity" {
        return Ok(INFINITY);
    }
    let (mut total, mut at, mut first) = (0u64, 0, 0);
    loop {
        let rest = value.get(at..).unwrap_or_default();
        let fault = |message: String| ValueError::new(at, rest.len(), message);
        let (size, unit, used) = summand(rest, first, units).map_err(fault)?;
        total = total.checked_add(size).ok_or_else(|| ValueError::whole(value, "the size is too large"))?;
        first = unit.saturating_add(1);
        at = at.saturating_add(used);
        if at >= value.len() {
            return Ok(total);
        }
    }
}

/// Reads a size or a percentage, for the directives that take both (`MemoryMax=`, `TasksMax=`).
///
/// # Errors
/// As [`parse`]; percentages over 100, or with more than two digits behind the point.
pub fn parse_amount(value: &str) -> Result<Amount, ValueError> {
    if !value.ends_with(['%', '‰', '‱']) {
        return parse(value).map(Amount::Absolute);
    }
    let part = parse_permyriad(value).filter(|part| *part <= 10_000);
    let fault = || ValueError::whole(value, format!("'{value}' is not a percentage from 0% to 100%"));
    part.map(Amount::Permyriad).ok_or_else(fault)
}

/// Reads a percentage that may be more than all there is (`parse_permyriad_unbounded`): in hundredths of a
/// percent, permille and permyriad included.
#[must_use]
pub fn parse_permyriad(value: &str) -> Option<u32> {
    let (number, decimals) = [("%", 2), ("‰", 1), ("‱", 0)]
        .iter()
        .find_map(|(sign, decimals)| Some((value.strip_suffix(sign)?, *decimals)))?;
    let (whole, rest) = digits(number);
    let fraction = match rest.strip_prefix('.') {
        Some(f) if (1..=decimals).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_digit()) => f,
        None if rest.is_empty() => "",
        Some(_) | None => return None,
    };
    let scale = |digits: usize| 10_u32.saturating_pow(u32::try_from(digits).unwrap_or(0));
    let whole = whole.parse::<u32>().ok()?.checked_mul(scale(decimals))?;
    let fraction =
        format!("0{fraction}").parse::<u32>().ok()?.checked_mul(scale(decimals - fraction.len()))?;
    whole.checked_add(fraction)
}

/// One number with its unit: its bytes, the place of the unit in the table, and its length.
fn summand(s: &str, first: usize, units: &Units) -> Result<(u64, usize, usize), String> {
    let number = s.trim_start_matches([' ', '\t']);
    if number.starts_with('-') {
        return Err("a size cannot be negative".to_owned());
    }
    let (whole, rest) = digits(number.strip_prefix('+').unwrap_or(number));
    if whole.is_empty() {
        return Err(format!("'{s}' is not a size: expected a number with a unit, such as 512M or 1.5G"));
    }
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    let unit = rest.trim_start_matches([' ', '\t']);
    let found = units.iter().enumerate().skip(first).find(|(_, (name, _))| unit.starts_with(name));
    let Some((index, (name, factor))) = found else {
        return Err(format!("'{unit}' does not fit here: the units of a sum go down, from E to B"));
    };
    let behind = unit.get(name.len()..).unwrap_or_default();
    if name.is_empty() && !behind.is_empty() {
        return Err(format!("'{unit}' is not a unit of size: use B, K, M, G, T, P or E"));
    }
    let size = whole.parse::<u64>().ok().and_then(|w| w.checked_mul(*factor));
    let size = size.and_then(|w| w.checked_add(part(fraction, *factor)));
    let used = s.len().saturating_sub(behind.len());
    size.map(|size| (size, index, used)).ok_or_else(|| "the size is too large".to_owned())
}

/// The bytes that the digits behind the point are worth, rounded down.
fn part(fraction: &str, factor: u64) -> u64 {
    // 18 digits are more than the largest factor can show.
    let digits = fraction.get(..fraction.len().min(18)).unwrap_or_default();
    let numerator = u128::from(digits.parse::<u64>().unwrap_or(0));
    let denominator = 10u128.saturating_pow(u32::try_from(digits.len()).unwrap_or(0));
    u64::try_from(numerator.saturating_mul(u128::from(factor)) / denominator).unwrap_or(0)
}

/// Prints a size for people: `512 MiB`, `1.5 GiB`, `12 B`, `infinity`; cut, not rounded.
#[must_use]
pub fn format(size: u64) -> String {
    if size == INFINITY {
        return "infinity".to_owned();
    }
    let found = BINARY.iter().find(|(name, factor)| *factor > 1 && size >= *factor && !name.is_empty());
    let Some((name, factor)) = found else { return format!("{size} B") };
    let whole = size / factor;
    let tenths = u128::from(size % factor).saturating_mul(10) / u128::from(*factor);
    if tenths == 0 { format!("{whole} {name}iB") } else { format!("{whole}.{tenths} {name}iB") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        for (value, want) in [
            ("0", 0),
            ("1024", 1024),
            ("12B", 12),
            ("1K", 1 << 10),
            ("1.5G", 3 << 29),
            ("2 G", 2 << 30),
            ("1G 512M", (1 << 30) + (512 << 20)),
            ("1M1K1", (1 << 20) + (1 << 10) + 1),
            ("10.M", 10 << 20),
            ("0.5K", 512),
            ("+1K", 1024),
            ("15E", 15 << 60),
            ("infinity", u64::MAX),
        ] {
            assert_eq!(parse(value), Ok(want), "{value}");
        }
        for (value, at) in [
            ("", 0),
            ("1KB2", 2),
            ("1X", 0),
            ("-1", 0),
            ("16E", 0),
            ("1K 1G", 2),
            (".5G", 0),
            ("1G ", 2),
            ("1k", 0),
            ("10%", 0),
        ] {
            assert_eq!(parse(value).map_err(|e| e.at), Err(at), "{value}");
        }
    }

    #[test]
    fn amounts() {
        for (value, want) in [
            ("10%", Amount::Permyriad(1_000)),
            ("15.5%", Amount::Permyriad(1_550)),
            ("0.25%", Amount::Permyriad(25)),
            ("100%", Amount::Permyriad(10_000)),
            ("1.5G", Amount::Absolute(3 << 29)),
            ("infinity", Amount::Absolute(u64::MAX)),
        ] {
            assert_eq!(parse_amount(value), Ok(want), "{value}");
        }
        for bad in ["101%", "%", "1.%", "1.234%", "-1%", "5000000000%", "1 %"] {
            assert!(parse_amount(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn printed() {
        for (size, want) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (512 << 20, "512 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "infinity"),
            (u64::MAX - 1, "15.9 EiB"),
        ] {
            assert_eq!(format(size), want);
        }
    }

    proptest! {
        #[test]
        fn size_like_strings(value in "[0-9 .+KMGB%-]{0,24}") {
            if let Err(e) = parse(&value) {
                prop_assert!(e.at + e.len <= value.len());
            }
            let _ = parse_amount(&value);
        }
    }
}
