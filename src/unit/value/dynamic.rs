//! Names and numbers of dynamic users, as systemd reckons them. Pure.

use std::hash::Hasher;
use std::ops::RangeInclusive;

/// The numbers that are set aside for dynamic users (DYNAMIC_UID_MIN and DYNAMIC_UID_MAX).
pub const NUMBERS: RangeInclusive<u32> = 61_184..=65_519;

/// The keys of `pick_uid` and `user_from_unit_name`, each as two numbers of eight bytes, the lowest first.
const OF_NUMBERS: [u64; 2] = [0xf548_cecf_317e_5337, 0x59ec_d98d_5739_bb8a];
const OF_NAMES: [u64; 2] = [0x964e_5828_e6af_1a58, 0xec07_928c_3bf5_4eb4];

/// SipHash-2-4, which the standard library has under a name that it would have nobody use for its tables.
#[allow(deprecated)]
fn hash([first, second]: [u64; 2], bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::SipHasher::new_with_keys(first, second);
    hasher.write(bytes);
    hasher.finish()
}

/// The number of a name, if it is free; where it is not, the next round has another.
#[must_use]
pub fn number(name: &str, round: u32) -> u32 {
    let (first, last) = (NUMBERS.start(), NUMBERS.end());
    let mut bytes = name.as_bytes().to_vec();
    if round > 0 {
        bytes.extend(round.to_le_bytes());
    }
    let low = (hash(OF_NUMBERS, &bytes) & 0xffff_ffff) as u32;
    first + low % (last - first + 1)
}

/// The name of the user of a unit that gives none: what the unit is called, where that can be a user's name.
#[must_use]
pub fn user_of(prefix: &str) -> String {
    if is_strict(prefix) {
        prefix.to_owned()
    } else {
        format!("_du{:016x}", hash(OF_NAMES, prefix.as_bytes()))
    }
}

/// `valid_user_group_name` without its relaxed rules.
fn is_strict(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first)
        && name.len() <= 31
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_range_and_names_as_systemd_has_them() {
        for name in ["a", "web", "postgres", ""] {
            for round in 0..50 {
                assert!(NUMBERS.contains(&number(name, round)));
            }
        }
        // As a booted systemd 252 has them.
        let reckoned = ["conf-some", "conf-one", "conf-two", "c208"].map(|name| number(name, 0));
        assert_eq!(reckoned, [62_438, 63_512, 62_124, 65_137]);
        assert_eq!(user_of("web"), "web");
        assert!(user_of("web.blue").starts_with("_du") && user_of("web.blue").len() == 19);
    }
}
