//! The scan over the lines of a script. Pure.
//!
//! chkconfig treats the file as one C string, so everything is a slice up to the first NUL, and a
//! value is scanned from where it starts to the end of that slice, not to the end of its line.

use super::{HeaderError, LineFault, Scan};
use crate::sysv::level::{Levels, Priority, Runlevel};

/// How much of a header is wanted: what is not kept costs nothing, on hosts with thousands of scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The levels and the numbers.
    Levels,
    /// The dependencies as well.
    Order,
    /// Everything.
    All,
}

/// Reads every comment line of a script or an override.
///
/// # Errors
/// A `chkconfig:` line that does not scan, wherever it stands.
pub fn scan(file: &[u8]) -> Result<Scan, HeaderError> {
    scan_for(file, Keep::All)
}

/// The same, where only a part is wanted; what it says of that part is the same.
///
/// # Errors
/// As [`scan`].
pub fn scan_for(file: &[u8], keep: Keep) -> Result<Scan, HeaderError> {
    let mut found = Scan::default();
    for line in Lines::new(file) {
        let Some(body) = line.comment() else { continue };
        if line.is_lsb_begin() {
            found.is_lsb = true;
        }
        if let Some(value) = line.value(body, "chkconfig:") {
            found.chkconfig_line(&line, value)?;
        } else {
            found.other_line(&line, body, keep);
        }
    }
    Ok(found)
}

/// amr's own line `# unit: NAME`, the first one. What the init door needs, without the rest.
#[must_use]
pub fn unit_line(file: &[u8]) -> Option<&str> {
    Lines::new(file).find_map(|line| unit_of(&line, line.comment()?))
}

/// The line of the first `chkconfig:` header, from 1: where a script's numbers are written.
#[must_use]
pub fn chkconfig_line(file: &[u8]) -> Option<u32> {
    Lines::new(file).find_map(|line| {
        let body = line.comment()?;
        line.value(body, "chkconfig:").map(|_| line.number())
    })
}

fn unit_of<'a>(line: &Line<'a>, body: &'a [u8]) -> Option<&'a str> {
    let word = words(line.value(body, "unit:")?.line).next()?;
    std::str::from_utf8(word).ok()
}

impl Scan {
    fn chkconfig_line(&mut self, line: &Line<'_>, value: Value<'_>) -> Result<(), HeaderError> {
        let fail = |fault| HeaderError::Line { line: line.number(), text: line.shown(), fault };
        let numbers = numbers(value).map_err(fail)?;
        if self.priorities.is_none() {
            self.priorities = Some((numbers.start, numbers.stop));
        }
        if self.levels.is_none() {
            let levels = match numbers.levels {
                b"-" => Some(Levels::NONE),
                word => Levels::parse(word),
            };
            self.levels = Some(levels.ok_or_else(|| fail(LineFault::Levels(text(numbers.levels))))?);
        }
        Ok(())
    }

    /// By its first letter, since most comments are none of these.
    fn other_line<'a>(&mut self, line: &Line<'a>, body: &'a [u8], keep: Keep) {
        let order = keep != Keep::Levels;
        match body.first() {
            Some(b'd') if keep == Keep::All => self.described(line, body, "description"),
            Some(b'D') => {
                self.level_line(line, body);
                if keep == Keep::All {
                    self.described(line, body, "Description");
                }
            }
            Some(b'S') => {
                if order {
                    set_names(&mut self.should_start, line, body, "Should-Start:");
                    set_names(&mut self.should_stop, line, body, "Should-Stop:");
                }
                if keep == Keep::All {
                    self.described(line, body, "Short-Description");
                }
            }
            Some(b'R') if order => {
                set_names(&mut self.required_start, line, body, "Required-Start:");
                set_names(&mut self.required_stop, line, body, "Required-Stop:");
            }
            Some(b'P') if order => {
                if let Some(names) = names(line, body, "Provides:").filter(|names| !names.is_empty()) {
                    self.provides = Some(names);
                }
            }
            Some(b'u') => {
                if let Some(name) = unit_of(line, body) {
                    self.unit.get_or_insert_with(|| name.to_owned());
                }
            }
            Some(b'c' | b'C') => {
                if body.get(..10).is_some_and(|key| key.eq_ignore_ascii_case(b"chkconfig:")) {
                    self.near_miss.get_or_insert_with(|| (line.number(), line.shown()));
                }
            }
            Some(_) | None => {}
        }
    }

    fn level_line<'a>(&mut self, line: &Line<'a>, body: &'a [u8]) {
        let levels = self.levels.unwrap_or(Levels::NONE);
        if let Some(value) = line.value(body, "Default-Start:") {
            self.levels = level_numbers(value.rest, levels, Levels::with).or(self.levels);
        } else if let Some(value) = line.value(body, "Default-Stop:") {
            self.levels = level_numbers(value.rest, levels, Levels::without).or(self.levels);
        }
    }

    fn described<'a>(&mut self, line: &Line<'a>, body: &'a [u8], key: &str) {
        if let Some(value) = line.value(body, key).filter(|v| v.line.starts_with(b":")) {
            self.description = description(value).or(self.description.take());
        }
    }
}

/// The words behind a key.
fn names<'a>(line: &Line<'a>, body: &'a [u8], key: &str) -> Option<Vec<String>> {
    line.value(body, key).map(|v| words(v.line).map(text).collect())
}

fn set_names<'a>(slot: &mut Option<Vec<String>>, line: &Line<'a>, body: &'a [u8], key: &str) {
    if let Some(names) = names(line, body, key) {
        *slot = Some(names);
    }
}

/// A line that begins with `#`, and what follows it.
struct Line<'a> {
    /// The file, up to its first NUL, and where in it the line's `#` is.
    file: &'a [u8],
    at: usize,
    /// From its `#` to the end of the file.
    rest: &'a [u8],
    /// Length of the line in `rest`, its newline not counted.
    len: usize,
}

/// A value: what is left of its line, and of the file.
#[derive(Clone, Copy)]
struct Value<'a> {
    line: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    /// From 1; counted when it is asked for.
    fn number(&self) -> u32 {
        let newlines = memchr::memchr_iter(b'\n', self.file.get(..self.at).unwrap_or_default()).count();
        u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn is_lsb_begin(&self) -> bool {
        self.rest.starts_with(b"### BEGIN INIT INFO")
    }

    /// What stands behind one `#` and white space, from there to the end of the file; `None` for an
    /// empty comment.
    fn comment(&self) -> Option<&'a [u8]> {
        let line = self.rest.get(..self.len)?.strip_prefix(b"#")?;
        let blank = leading_space(line);
        if blank == line.len() { None } else { self.rest.get(1 + blank..) }
    }

    /// The value behind `key`, where `body` starts with it.
    fn value(&self, body: &'a [u8], key: &str) -> Option<Value<'a>> {
        let rest = body.strip_prefix(key.as_bytes())?;
        let behind = self.rest.len() - self.len;
        Some(Value { line: rest.get(..rest.len().checked_sub(behind)?)?, rest })
    }

    fn shown(&self) -> String {
        text(self.rest.get(..self.len).unwrap_or_default()).trim_end().to_owned()
    }
}

/// May a comment that begins so say something to chkconfig or to amr? White space is looked through
/// later; the keys are those of `scan_for` and [`Scan::other_line`].
fn is_telling(first: u8) -> bool {
    matches!(first, b'#' | b'C' | b'D' | b'P' | b'R' | b'S' | b'c' | b'd' | b'u') || is_space(first)
}

/// The lines whose first character that is no white space is a `#` and whose comment may say something,
/// up to the first NUL. Looks for the `#`, of which scripts have fewer than lines.
struct Lines<'a> {
    file: &'a [u8],
    /// Where to go on, and whether that is the beginning of a line.
    at: usize,
    is_beginning: bool,
}

impl<'a> Lines<'a> {
    fn new(file: &'a [u8]) -> Self {
        // In a short script it is not worth asking the processor what it can do, which a virtual machine
        // answers slowly.
        const SHORT: usize = 1024;
        let end = if file.len() < SHORT { find(0, file) } else { memchr::memchr(0, file) };
        let end = end.unwrap_or(file.len());
        Self { file: file.get(..end).unwrap_or_default(), at: 0, is_beginning: true }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let left = self.file.get(self.at..)?;
            let (before, rest) = left.split_at_checked(find(b'#', left)?)?;
            let was_beginning = std::mem::replace(&mut self.is_beginning, false);
            let at = self.at + before.len();
            self.at = at + 1;
            let body = rest.get(1..)?;
            let first = body.iter().find(|b| !matches!(b, b' ' | b'\t'));
            if !first.is_some_and(|b| is_telling(*b)) || !begins(before, was_beginning) {
                continue;
            }
            let len = find(b'\n', rest).unwrap_or(rest.len());
            self.at = at + len + 1;
            self.is_beginning = true;
            return Some(Line { file: self.file, at, rest, len });
        }
    }
}

/// Where a byte is. The next one is near, so that what looks at eight bytes at a time is quicker than
/// what sets up to look at thirty-two.
fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let pattern = ONES.wrapping_mul(u64::from(byte));
    let (mut at, mut rest) = (0, bytes);
    while let Some((word, behind)) = rest.split_first_chunk() {
        // The lowest bit set is that of the first byte that is equal (a borrow comes from below).
        let other = u64::from_le_bytes(*word) ^ pattern;
        let equal = other.wrapping_sub(ONES) & !other & (ONES << 7);
        if equal != 0 {
            return Some(at + usize::try_from(equal.trailing_zeros() / 8).ok()?);
        }
        (at, rest) = (at + 8, behind);
    }
    rest.iter().position(|b| *b == byte).map(|more| at + more)
}

/// Is there nothing but white space between the beginning of the line and what follows `before`?
fn begins(before: &[u8], was_beginning: bool) -> bool {
    for byte in before.iter().rev() {
        match byte {
            b'\n' => return true,
            byte if is_space(*byte) => {}
            _ => return false,
        }
    }
    was_beginning
}

struct Numbers<'a> {
    levels: &'a [u8],
    start: Priority,
    stop: Priority,
}

/// `sscanf(value, "%15s %d %d%c")` with white space for the last character.
fn numbers(value: Value<'_>) -> Result<Numbers<'_>, LineFault> {
    let blank = leading_space(value.line);
    if blank == value.line.len() {
        return Err(LineFault::Empty);
    }
    let rest = value.rest.get(blank..).unwrap_or_default();
    let len = rest.iter().take(15).take_while(|b| !is_space(**b)).count();
    let (levels, rest) = rest.split_at_checked(len).ok_or(LineFault::Empty)?;
    let (start, rest) = integer(rest).ok_or(LineFault::NoStart)?;
    let (stop, rest) = integer(rest).ok_or(LineFault::NoStop)?;
    match rest.first() {
        Some(c) if is_space(*c) => {}
        Some(_) => return Err(LineFault::NoSpace),
        None => return Err(LineFault::NoNewline),
    }
    // The C library stores the low half of a long, so that 4294967297 is read as 1.
    #[allow(clippy::cast_possible_truncation)]
    let priority = |n: i64| {
        let n = n as i32;
        u8::try_from(n).ok().and_then(Priority::new).ok_or(LineFault::Range(n))
    };
    Ok(Numbers { levels, start: priority(start)?, stop: priority(stop)? })
}

/// White space, an optional sign and decimal digits, as strtol(3) with base 10.
fn integer(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let rest = bytes.get(leading_space(bytes)..)?;
    let (negative, rest) = match rest.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, rest),
    };
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(len).filter(|_| len > 0)?;
    let value = digits.iter().fold(0i64, |n, d| n.saturating_mul(10).saturating_add(i64::from(d - b'0')));
    Some((if negative { -value } else { value }, rest))
}

/// Applies each number of a `Default-…:` value to `levels`; `None` where there is no number. A
/// number that is no runlevel makes the levels known and changes none.
fn level_numbers(value: &[u8], levels: Levels, apply: fn(Levels, Runlevel) -> Levels) -> Option<Levels> {
    let (first, mut rest) = integer(value)?;
    let one = |levels, n: i64| match u8::try_from(n).ok().and_then(Runlevel::new) {
        Some(level) => apply(levels, level),
        None => levels,
    };
    let mut levels = one(levels, first);
    while let Some((n, behind)) = integer(rest) {
        levels = one(levels, n);
        rest = behind;
    }
    Some(levels)
}

/// The text behind the colon, continued on the next comment line after a backslash; `None` where
/// it is empty or the continuation is missing.
fn description(value: Value<'_>) -> Option<String> {
    let mut line = value.line.get(1..)?;
    line = line.get(leading_space(line)..).filter(|l| !l.is_empty())?;
    let mut rest = value.rest.get(value.line.len()..).unwrap_or_default();
    let mut whole = Vec::new();
    while let Some(head) = line.strip_suffix(b"\\") {
        whole.extend_from_slice(head);
        rest = rest.get(leading_space(rest)..)?.strip_prefix(b"#")?;
        rest = rest.get(leading_space(rest)..).filter(|r| !r.is_empty())?;
        let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        (line, rest) = rest.split_at_checked(len)?;
    }
    whole.extend_from_slice(line);
    Some(text(&whole).trim_end().to_owned())
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| is_space(*b)).filter(|word| !word.is_empty())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn leading_space(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| is_space(**b)).count()
}

/// isspace(3) in the C locale, which counts the vertical tab.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
