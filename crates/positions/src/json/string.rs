//! Strings: found in the buffer where they have no escapes, put together beside it where they have.

use super::{Error, LONGEST, Problem, Reader};

/// Where a string's text stands.
#[derive(Clone, Copy)]
pub(super) enum Text {
    /// In the buffer, from and to.
    Buffer(usize, usize),
    /// In `text`.
    Resolved,
}

/// Bytes from which on a byte ends the plain run of a string: a quote, a backslash, a control byte.
#[inline(always)]
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut run = 0usize;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        // A borrow may mark a byte above the first one wrongly, never one below it.
        let stop = has_zero(word ^ (ONES * 0x22))
            | has_zero(word ^ (ONES * 0x5c))
            | (word.wrapping_sub(ONES * 0x20) & !word & HIGHS);
        if stop != 0 {
            return run.wrapping_add((stop.trailing_zeros() / 8) as usize);
        }
        run = run.wrapping_add(8);
    }
    run + rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(rest.len())
}

impl Reader<'_> {
    #[inline(always)]
    pub(super) fn resolve(&self, text: Text) -> &[u8] {
        match text {
            Text::Buffer(from, to) => self.buffer.get(from..to).unwrap_or_default(),
            Text::Resolved => &self.text,
        }
    }

    /// Reads over a string; its text stays where [`Text`] says until the next token.
    #[inline]
    pub(super) fn raw_string(&mut self) -> Result<Text, Error> {
        if let [b'"', text @ ..] = self.rest() {
            let len = plain(text);
            if len <= LONGEST && text.get(len) == Some(&b'"') {
                let from = self.at + 1;
                self.at = from + len + 1;
                return Ok(Text::Buffer(from, from + len));
            }
        }
        self.raw_string_beyond()
    }

    /// A string with white space before it, with escapes, or beyond the buffer's end.
    #[cold]
    fn raw_string_beyond(&mut self) -> Result<Text, Error> {
        self.token(b'"', "'\"'")?;
        let mut from = self.at;
        loop {
            let rest = self.rest();
            let run = plain(rest);
            let stop = rest.get(run).copied();
            self.at += run;
            if self.at - from > LONGEST {
                return Err(self.bad(Problem::Long));
            }
            match stop {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::Buffer(from, self.at - 1));
                }
                Some(b'\\') => return self.escaped_string(from),
                Some(_) => return Err(self.unexpected("no control byte in a string")),
                None => {
                    self.fill(from)?;
                    from = 0;
                    if self.at == self.filled {
                        return Err(self.bad(Problem::End));
                    }
                }
            }
        }
    }

    /// The rest of a string from its first escape on; what is before it stands from `from` on.
    fn escaped_string(&mut self, from: usize) -> Result<Text, Error> {
        self.text.clear();
        self.text.extend_from_slice(self.buffer.get(from..self.at).unwrap_or_default());
        loop {
            let rest = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let run = plain(rest);
            let stop = rest.get(run).copied();
            self.text.extend_from_slice(rest.get(..run).unwrap_or_default());
            self.at += run;
            if self.text.len() > LONGEST {
                return Err(self.bad(Problem::Long));
            }
            match stop {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::Resolved);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.unexpected("no control byte in a string")),
                None if self.byte()?.is_none() => return Err(self.bad(Problem::End)),
                None => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.at += 1;
        let byte = match self.byte()? {
            None => return Err(self.bad(Problem::End)),
            Some(b'u') => {
                self.at += 1;
                let code = self.hex()?;
                return self.unicode(code);
            }
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(_) => return Err(self.bad(Problem::Escape)),
        };
        self.at += 1;
        self.text.push(byte);
        Ok(())
    }

    /// One UTF-16 unit; a high surrogate takes the low one after it, if there is one.
    fn unicode(&mut self, mut code: u32) -> Result<(), Error> {
        while (0xd800..0xdc00).contains(&code) && self.byte()? == Some(b'\\') {
            // Two bytes have to be seen at once: the backslash stays if no `u` follows.
            if self.at + 1 >= self.filled {
                self.fill(self.at)?;
            }
            if self.rest().get(1) != Some(&b'u') {
                break;
            }
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                self.push_code(0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00));
                return Ok(());
            }
            self.push_code(code);
            code = low;
        }
        self.push_code(code);
        Ok(())
    }

    fn push_code(&mut self, code: u32) {
        let mut bytes = [0; 4];
        let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.text.extend_from_slice(letter.encode_utf8(&mut bytes).as_bytes());
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = match self.byte()? {
                Some(byte) => char::from(byte).to_digit(16),
                None => return Err(self.bad(Problem::End)),
            };
            code = code << 4 | digit.ok_or_else(|| self.bad(Problem::Escape))?;
            self.at += 1;
        }
        Ok(code)
    }
}
