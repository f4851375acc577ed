//! File modes: `UMask=`, `RuntimeDirectoryMode=` (systemd's `parse_mode`). Pure.

use super::ValueError;

/// Reads an octal number from 0 to 7777.
///
/// # Errors
/// Anything else, a sign included.
pub fn parse(value: &str) -> Result<u32, ValueError> {
    if value.is_empty() || !value.chars().all(|c| c.is_digit(8)) {
        return Err(ValueError::whole(
            value,
            format!("'{value}' is not a mode: expected octal digits, such as 0755"),
        ));
    }
    u32::from_str_radix(value, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| ValueError::whole(value, format!("the mode '{value}' is larger than 7777")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (value, want) in
            [("0022", 0o22), ("755", 0o755), ("7777", 0o7777), ("0", 0), ("00000000000000644", 0o644)]
        {
            assert_eq!(parse(value), Ok(want), "{value}");
        }
        for bad in ["", "9", "10000", "+755", "-1", "0o755", "rwx", "0755 # x", "77777777777777777777"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
