//! Sets of CPUs: `CPUAffinity=0-3,8 10` (systemd's `parse_cpu_set_full`). Pure.

use super::ValueError;

/// Highest number that a set can hold.
const MAX: u32 = 8191;

/// Reads numbers and ranges between blanks and commas, in the order written.
///
/// # Errors
/// Anything else, and ranges that end before they begin.
pub fn parse(value: &str) -> Result<Vec<u32>, ValueError> {
    let (mut cpus, mut at) = (Vec::new(), 0);
    for range in value.split([' ', '\t', '\n', ',']) {
        if !range.is_empty() {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            match (first.parse::<u32>(), last.parse::<u32>()) {
                (Ok(first), Ok(last)) if first <= last && last <= MAX => cpus.extend(first..=last),
                _ => {
                    let message = format!("'{range}' is not a CPU or a range of CPUs");
                    return Err(ValueError::new(at, range.len(), message));
                }
            }
        }
        at += range.len() + 1;
    }
    Ok(cpus)
}

/// Adds those that a value names to a sorted set; each stays in it once.
///
/// # Errors
/// As [`parse`]; then the set is as it was.
pub fn add(cpus: &mut Vec<u32>, value: &str) -> Result<(), ValueError> {
    cpus.extend(parse(value)?);
    cpus.sort_unstable();
    cpus.dedup();
    Ok(())
}

/// The same as systemctl prints them: `0-3 8`. They are sorted, each once.
#[must_use]
pub fn show(cpus: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &cpu in cpus {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(cpu) => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    let range = |(a, b): &(u32, u32)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_systemctl_does() {
        for (cpus, text) in [(&[][..], ""), (&[0, 1], "0-1"), (&[0, 1, 2, 8, 10], "0-2 8 10")] {
            assert_eq!(show(cpus), text);
        }
    }

    #[test]
    fn numbers_and_ranges() {
        assert_eq!(parse("0-2,8 10, 1"), Ok(vec![0, 1, 2, 8, 10, 1]));
        assert_eq!(parse(""), Ok(Vec::new()));
        for (value, at) in [("1 x", 2), ("3-1", 0), ("0,9000", 2), ("-1", 0), ("1-", 0), ("0-4294967295", 0)]
        {
            assert_eq!(parse(value).unwrap_err().at, at, "{value}");
        }
    }
}
