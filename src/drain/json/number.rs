//! Numbers: read at once where the buffer holds them whole, byte by byte where it does not.

use super::{Error, Number, Reader};
use std::io::Read;

/// So many digits always fit into 64 bits.
const SAFE: usize = 19;

/// An integer of at most [`SAFE`] digits that ends before `rest` does, and its length; `None` for
/// any other number, and for what is none.
#[inline(always)]
pub(super) fn whole(rest: &[u8]) -> Option<(Number, usize)> {
    let (sign, digits) = match rest {
        [b'-', digits @ ..] => (1, digits),
        digits => (0, digits),
    };
    let (mut value, mut len) = match digits.first_chunk().and_then(eight) {
        Some(value) => (value, 8),
        None => (0u64, 0usize),
    };
    for byte in digits.iter().take(SAFE).skip(len) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        len = len.wrapping_add(1);
    }
    let leading_zero = len > 1 && digits.first() == Some(&b'0');
    if len == 0 || leading_zero || matches!(digits.get(len)?, b'0'..=b'9' | b'.' | b'e' | b'E') {
        return None;
    }
    Some((signed(sign == 1, Some(value)), sign + len))
}

/// The value of eight digits; `None` if they are not all digits.
#[inline(always)]
pub(in crate::drain) fn eight(digits: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(*digits) ^ (ONES * 0x30);
    // Above nine, or with a high bit, in any byte.
    if (word.wrapping_add(ONES * 0x76) | word) & (ONES * 0x80) != 0 {
        return None;
    }
    // Neighbours are put together: digits to pairs, pairs to fours, fours to eight.
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

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

impl<R: Read> Reader<R> {
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
