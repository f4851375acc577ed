//! Numbers: read at once where the buffer holds them whole, byte by byte where it does not.

use super::{Error, Number, Reader};

/// The powers of ten.
const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// An integer of at most fifteen digits that ends well before `rest` does, and its length; `None` for
/// any other number, and for what is none.
#[inline(always)]
pub(super) fn whole(rest: &[u8]) -> Option<(Number, usize)> {
    match rest {
        [b'-', rest @ ..] => {
            digits(rest).map(|(value, len)| (signed(true, Some(value)), len.wrapping_add(1)))
        }
        rest => digits(rest).map(|(value, len)| (Number::Unsigned(value), len)),
    }
}

/// As [`whole`], of digits alone.
#[inline(always)]
pub(crate) fn digits(rest: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut len) = up_to_eight(rest.first_chunk()?);
    if len == 8 {
        let others = rest.get(8..)?;
        let (more, count) = match others.first_chunk() {
            Some(others) => up_to_eight(others),
            None => up_to_eight(&filled(others)),
        };
        // Above fifteen digits: seldom, and with care.
        if count == 8 {
            return None;
        }
        value = value.wrapping_mul(*POWERS.get(count)?).wrapping_add(more);
        len = len.wrapping_add(count);
    }
    let leading_zero = len > 1 && rest.first() == Some(&b'0');
    let ends = !matches!(rest.get(len)?, b'.' | b'e' | b'E');
    (len > 0 && !leading_zero && ends).then_some((value, len))
}

/// The bytes before a text's end, and zeros, which are no digits.
#[inline(never)]
fn filled(end: &[u8]) -> [u8; 8] {
    let mut all = [0; 8];
    for (byte, other) in all.iter_mut().zip(end) {
        *byte = *other;
    }
    all
}

/// The value of the digits that stand first among eight bytes, and how many they are.
#[inline(always)]
fn up_to_eight(bytes: &[u8; 8]) -> (u64, usize) {
    let word = u64::from_le_bytes(*bytes) ^ (ONES * 0x30);
    // Above nine, or with a high bit. A carry may mark a byte above the first one wrongly.
    let others = (word.wrapping_add(ONES * 0x76) | word) & (ONES * 0x80);
    let bits = others.trailing_zeros() & !7;
    // The digits move up, and zeros take their place: leading ones.
    (together(word.checked_shl(64u32.wrapping_sub(bits)).unwrap_or(0)), (bits / 8) as usize)
}

/// The value of eight digits; `None` if they are not all digits.
#[inline(always)]
pub(crate) fn eight(digits: &[u8; 8]) -> Option<u64> {
    let (value, len) = up_to_eight(digits);
    (len == 8).then_some(value)
}

/// Eight digits, one in each byte, the first one lowest: to pairs, pairs to fours, fours to eight.
#[inline(always)]
fn together(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

/// A one in each byte.
const ONES: u64 = u64::MAX / 255;

/// A value with its sign; `None` is one beyond 64 bits.
#[inline(always)]
fn signed(negative: bool, value: Option<u64>) -> Number {
    match (negative, value) {
        (_, None) => Number::Other,
        (false, Some(value)) => Number::Unsigned(value),
        (true, Some(0)) => Number::Unsigned(0),
        (true, Some(value)) => 0i64.checked_sub_unsigned(value).map_or(Number::Other, Number::Negative),
    }
}

impl Reader<'_> {
    /// A number of any form, wherever the buffer ends.
    #[cold]
    pub(super) fn number_beyond(&mut self) -> Result<Number, Error> {
        let negative = self.peek_token()? == Some(b'-');
        if negative {
            self.at += 1;
        }
        let first = self.byte()?;
        let mut value = Some(0u64);
        let digits = self.digits(|digit| {
            value = value.and_then(|sum| sum.checked_mul(10)?.checked_add(u64::from(digit)));
        })?;
        if first == Some(b'0') && digits > 1 {
            return Err(self.unexpected("no digit after a leading zero"));
        }
        if self.fraction()? {
            return Ok(Number::Other);
        }
        Ok(signed(negative, value))
    }

    fn fraction(&mut self) -> Result<bool, Error> {
        let mut other = false;
        if self.byte()? == Some(b'.') {
            self.at += 1;
            self.digits(|_| ())?;
            other = true;
        }
        if matches!(self.byte()?, Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte()?, Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(|_| ())?;
            other = true;
        }
        Ok(other)
    }

    /// Digits, at least one: how many.
    fn digits(&mut self, mut each: impl FnMut(u8)) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(byte @ b'0'..=b'9') = self.byte()? {
            each(byte - b'0');
            self.at += 1;
            count += 1;
        }
        if count == 0 {
            return Err(self.unexpected("a digit"));
        }
        Ok(count)
    }
}
