//! base64 (RFC 4648) as systemd's unbase64mem reads it: blanks count for nothing. Pure.

use super::ValueError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes that plans hold in this form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        decode(&String::deserialize(from)?).map(Bytes).map_err(|e| D::Error::custom(e.message))
    }
}

/// Writes it, with its padding and in one line.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let number =
            (0..3).fold(0_usize, |sum, n| sum << 8 | usize::from(group.get(n).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = ALPHABET.get(number >> (18 - 6 * place) & 63).copied();
            text.push(if place <= group.len() { char::from(digit.unwrap_or(b'=')) } else { '=' });
        }
    }
    text
}

/// Reads it.
///
/// # Errors
/// A character that is none of its, padding in the middle, or a group that is not whole.
pub fn decode(text: &str) -> Result<Vec<u8>, ValueError> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut number, mut digits, mut padding) = (0_u32, 0_u32, 0_u32);
    let wrong = |at| Err(ValueError::new(at, 1, "this is not base64"));
    for (at, c) in text.bytes().enumerate().filter(|(_, c)| !c.is_ascii_whitespace()) {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if digits % 4 >= 2 => {
                padding += 1;
                0
            }
            _ => return wrong(at),
        };
        if padding > 0 && c != b'=' || bytes.len() % 3 != 0 {
            return wrong(at);
        }
        (number, digits) = (number << 6 | u32::from(digit), digits.wrapping_add(1));
        if digits % 4 == 0 {
            let [_, a, b, c] = number.to_be_bytes();
            let whole = [a, b, c];
            let used = 3_usize.saturating_sub(usize::try_from(padding).unwrap_or(3));
            bytes.extend_from_slice(whole.get(..used).unwrap_or_default());
            number = 0;
        }
    }
    if digits % 4 == 0 { Ok(bytes) } else { wrong(text.len().saturating_sub(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!((encode(plain.as_bytes()), decode(coded).unwrap()), (coded.into(), plain.into()));
        }
        assert_eq!(decode(" Zm9 v\tYg= =").unwrap(), b"foob");
        assert_eq!(decode(" Zm9v\nYg = = ").unwrap(), b"foob");
        for wrong in
            ["Z!==", "=g==", "Z", "Zg", "Zg=", "Zg=a", "Zg==Zg==", "=", "Z===", "Zm9v!", "Zm9vYg===="]
        {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
