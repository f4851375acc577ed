//! Booleans (systemd's `parse_boolean`). Pure.

use super::ValueError;

/// Reads `1 yes y true t on` or `0 no n false f off`, in any case of letters.
///
/// # Errors
/// Anything else.
pub fn parse(value: &str) -> Result<bool, ValueError> {
    let is_one_of = |list: &[&str]| list.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is_one_of(&["1", "yes", "y", "true", "t", "on"]) {
        Ok(true)
    } else if is_one_of(&["0", "no", "n", "false", "f", "off"]) {
        Ok(false)
    } else {
        Err(ValueError::whole(value, format!("'{value}' is not a boolean: expected yes or no")))
    }
}

/// As systemctl prints a switch.
#[must_use]
pub fn yes_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for yes in ["1", "yes", "y", "true", "t", "on", "Yes", "TRUE"] {
            assert_eq!(parse(yes), Ok(true), "{yes}");
        }
        for no in ["0", "no", "n", "false", "f", "off", "OFF"] {
            assert_eq!(parse(no), Ok(false), "{no}");
        }
        for bad in ["maybe", "", "2", "yes # really", "enabled"] {
            assert_eq!(parse(bad).unwrap_err().len, bad.len(), "{bad}");
        }
    }
}
