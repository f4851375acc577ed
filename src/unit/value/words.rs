//! Splitting a value into words, with quotes and C escapes undone (systemd's `extract_first_word`). Pure.
//!
//! Since systemd 221 a quote may open anywhere in a word: `--opt="a b"` is one word. C escapes count
//! inside both kinds of quotes. What is done about a backslash differs between directives: see [`Escapes`].
//!
//! One difference is meant: a word whose `\xHH` make it something else than UTF-8 is refused, where
//! systemd would hand the bytes on.

use super::ValueError;
use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// A word, and where it stands in the value, its quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// Quotes and escapes undone; most words have none.
    pub text: Cow<'a, str>,
    /// Offset in the value, in bytes.
    pub at: usize,
    /// Length in the value, in bytes.
    pub len: usize,
}

/// What a backslash means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// C escapes are undone; an unknown one is kept with a warning (command lines).
    Relaxed,
    /// C escapes are undone; an unknown one is an error (`Environment=`).
    Strict,
    /// It is a character like others (lists of units and paths).
    Literal,
    /// It goes, and the next character stays as it is (lists of names).
    Dropped,
}

/// One step of the splitter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// What it came to, without quotes.
    pub word: Word<'a>,
    /// Where the next word begins, or the end of the value.
    pub next: usize,
    /// Unknown escapes that were kept.
    pub warnings: Vec<ValueError>,
}

/// Splits a value; unknown escapes are kept silently.
///
/// # Errors
/// A quote that is never closed, and escapes that make text which is not UTF-8.
pub fn split(value: &str) -> Result<Vec<Word<'_>>, ValueError> {
    split_with(value, Escapes::Relaxed).map(|(words, _)| words)
}

/// Splits a value, and says which escapes it does not know.
///
/// # Errors
/// As [`split`]; with [`Escapes::Strict`] unknown escapes too.
pub fn split_with(value: &str, escapes: Escapes) -> Result<(Vec<Word<'_>>, Vec<ValueError>), ValueError> {
    let (mut words, mut warnings, mut from) = (Vec::new(), Vec::new(), 0);
    while let Some(step) = next(value, from, escapes)? {
        words.push(step.word);
        warnings.extend(step.warnings);
        from = step.next;
    }
    Ok((words, warnings))
}

/// Splits the value of a variable, as `$NAME` on a command line asks for: quotes count, a quote that
/// is never closed ends with the value, backslashes go (`EXTRACT_RELAX | EXTRACT_UNQUOTE`).
#[must_use]
pub fn split_variable(value: &str) -> Vec<String> {
    split_relaxed(value).into_iter().map(|word| word.text.into_owned()).collect()
}

/// The same with the places of the words.
#[must_use]
pub fn split_relaxed(value: &str) -> Vec<Word<'_>> {
    let (mut words, mut from) = (Vec::new(), 0);
    while let Some((bytes, scan)) = scan(value, from, Escapes::Dropped) {
        // Only whole characters of a valid string were copied.
        let text = Cow::Owned(String::from_utf8_lossy(&bytes).into_owned());
        words.push(Word { text, at: scan.start, len: scan.end.saturating_sub(scan.start) });
        from = skip_blanks(value, scan.end);
    }
    words
}

/// Splits at blanks alone: quotes and backslashes are characters like others.
#[must_use]
pub fn split_bare(value: &str) -> Vec<Word<'_>> {
    let mut at = 0;
    let pieces = value.split([' ', '\t', '\n', '\r']).map(|text| {
        let word = Word { text: Cow::Borrowed(text), at, len: text.len() };
        at = at.saturating_add(text.len()).saturating_add(1);
        word
    });
    pieces.filter(|word| word.len > 0).collect()
}

/// The next word at or behind `from`; `None` where only blanks are left.
///
/// # Errors
/// As [`split_with`]; the place is that of the word.
pub fn next(value: &str, from: usize, escapes: Escapes) -> Result<Option<Step<'_>>, ValueError> {
    if let Some(word) = as_it_is(value, from) {
        let next = skip_blanks(value, word.at.saturating_add(word.len));
        return Ok(Some(Step { word, next, warnings: Vec::new() }));
    }
    let Some((bytes, scan)) = scan(value, from, escapes) else { return Ok(None) };
    let len = scan.end.saturating_sub(scan.start);
    if scan.open_quote.is_some() {
        return Err(ValueError::new(scan.start, len, "unbalanced quoting: the quote is never closed"));
    }
    if escapes == Escapes::Strict
        && let Some(first) = scan.unknown.first()
    {
        return Err(first.clone());
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        ValueError::new(scan.start, len, "the escapes in this word make text that is not UTF-8")
    })?;
    let word = Word { text: Cow::Owned(text), at: scan.start, len };
    Ok(Some(Step { word, next: skip_blanks(value, scan.end), warnings: scan.unknown }))
}

/// The first offset at or behind `from` that holds no blank.
#[must_use]
pub fn skip_blanks(value: &str, from: usize) -> usize {
    let rest = value.as_bytes().get(from..).unwrap_or_default();
    from.saturating_add(rest.iter().take_while(|b| is_blank(**b)).count())
}

/// Is it one of systemd's `WHITESPACE`?
#[must_use]
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The next word where it is a piece of the value as it is, which nearly all are.
fn as_it_is(value: &str, from: usize) -> Option<Word<'_>> {
    let at = skip_blanks(value, from);
    let len = plain(value.as_bytes().get(at..)?);
    let end = at.checked_add(len)?;
    let text = Cow::Borrowed(value.get(at..end)?);
    (len > 0 && value.as_bytes().get(end).is_none_or(|b| is_blank(*b))).then_some(Word { text, at, len })
}

/// How many bytes stand for themselves.
fn plain(rest: &[u8]) -> usize {
    rest.iter().take_while(|c| !matches!(**c, b'"' | b'\'' | b'\\') && !is_blank(**c)).count()
}

/// What was found out about a word besides its text.
struct Scan {
    start: usize,
    end: usize,
    open_quote: Option<u8>,
    unknown: Vec<ValueError>,
}

fn scan(value: &str, from: usize, escapes: Escapes) -> Option<(Vec<u8>, Scan)> {
    let start = skip_blanks(value, from);
    let all = value.as_bytes();
    all.get(start)?;
    let mut scan = Scan { start, end: start, open_quote: None, unknown: Vec::new() };
    let rest = all.get(start..)?;
    let plain = plain(rest);
    let mut out = rest.get(..plain)?.to_vec();
    scan.end = start.saturating_add(plain);
    while let Some(&c) = all.get(scan.end) {
        match (c, scan.open_quote) {
            (_, Some(quote)) if c == quote => scan.open_quote = None,
            (b'"' | b'\'', None) => scan.open_quote = Some(c),
            (b'\\', _) if escapes != Escapes::Literal => {
                backslash(value, &mut out, &mut scan, escapes);
                continue;
            }
            (_, None) if is_blank(c) => break,
            (_, _) => out.push(c),
        }
        scan.end = scan.end.saturating_add(1);
    }
    Some((out, scan))
}

/// Reads the backslash at `scan.end` and what it stands for.
fn backslash(value: &str, out: &mut Vec<u8>, scan: &mut Scan, escapes: Escapes) {
    let at = scan.end;
    let behind = value.get(at.saturating_add(1)..).unwrap_or_default();
    let Some(first) = behind.chars().next() else {
        scan.end = value.len();
        if escapes != Escapes::Dropped {
            out.push(b'\\');
            scan.unknown.push(ValueError::new(at, 1, "a backslash at the end escapes nothing"));
        }
        return;
    };
    let plain = first.len_utf8();
    let used = match (escapes, unescape(behind)) {
        (Escapes::Dropped | Escapes::Literal, _) => {
            out.extend_from_slice(behind.get(..plain).unwrap_or_default().as_bytes());
            plain
        }
        (Escapes::Relaxed | Escapes::Strict, Some((bytes, used))) => {
            out.extend_from_slice(&bytes);
            used
        }
        (Escapes::Relaxed | Escapes::Strict, None) => {
            let sequence = value.get(at..at.saturating_add(1).saturating_add(plain)).unwrap_or_default();
            let message = format!("unknown escape sequence '{sequence}', kept as it stands");
            scan.unknown.push(ValueError::new(at, sequence.len(), message));
            out.extend_from_slice(sequence.as_bytes());
            plain
        }
    };
    scan.end = at.saturating_add(1).saturating_add(used);
}

/// A whole text with its C escapes undone (`cunescape`); quotes and blanks are characters like others.
///
/// # Errors
/// An escape that there is none of, a backslash at the end.
pub fn unescape_all(text: &str) -> Result<Vec<u8>, ValueError> {
    let (mut out, mut from) = (Vec::with_capacity(text.len()), 0);
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('\\')) {
        let at = from.saturating_add(at);
        out.extend_from_slice(text.as_bytes().get(from..at).unwrap_or_default());
        let behind = text.get(at.saturating_add(1)..).unwrap_or_default();
        let Some((bytes, used)) = unescape(behind) else {
            let len = behind.chars().next().map_or(1, |c| c.len_utf8().saturating_add(1));
            let sequence = text.get(at..at.saturating_add(len)).unwrap_or_default();
            return Err(ValueError::new(at, len, format!("unknown escape sequence '{sequence}'")));
        };
        out.extend_from_slice(&bytes);
        from = at.saturating_add(1).saturating_add(used);
    }
    out.extend_from_slice(text.as_bytes().get(from..).unwrap_or_default());
    Ok(out)
}

/// The bytes that an escape (without its backslash) stands for, and its length (`cunescape_one`).
/// A NUL byte cannot be written.
fn unescape(s: &str) -> Option<(Vec<u8>, usize)> {
    let single = match s.as_bytes().first()? {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b's' => b' ',
        c @ (b'\\' | b'"' | b'\'') => *c,
        b'x' => return byte(s.get(1..3)?, 16, 3),
        b'0'..=b'7' => return byte(s.get(..3)?, 8, 3),
        b'u' => return character(s.get(1..5)?, 5),
        b'U' => return character(s.get(1..9)?, 9),
        _ => return None,
    };
    Some((vec![single], 1))
}

fn byte(digits: &str, radix: u32, used: usize) -> Option<(Vec<u8>, usize)> {
    let n = u8::try_from(digits_to_number(digits, radix)?).ok().filter(|n| *n != 0)?;
    Some((vec![n], used))
}

fn character(digits: &str, used: usize) -> Option<(Vec<u8>, usize)> {
    let c = char::from_u32(digits_to_number(digits, 16)?).filter(|c| *c != '\0')?;
    Some((c.to_string().into_bytes(), used))
}

/// As `from_str_radix`, but without its leading plus.
fn digits_to_number(digits: &str, radix: u32) -> Option<u32> {
    if digits.chars().all(|c| c.is_digit(radix)) { u32::from_str_radix(digits, radix).ok() } else { None }
}
