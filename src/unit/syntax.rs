//! Unit files as text: bytes become items with their places, and items become the same bytes again.
//!
//! Pure and total: any bytes give a [`Document`], and printing it gives those bytes back. It borrows from
//! them; only a continued line is put together anew. What
//! systemd 252 warns of or refuses is kept as a [`Fault`] beside the items (its `config_parse` and
//! `parse_line`). Sections and keys are not judged here; an `X-` key is an assignment like others.
//!
//! A line ends at a line feed, a carriage return, both together in any order, or a NUL byte; a NUL
//! right behind a line end belongs to it (measured on 252.39). A line that ends in an unescaped backslash goes on in the next one, with a space for the backslash; comments between
//! the two are left out of the value.

use super::finding::{Id, Severity};
use super::value::Span;
use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// Longest line, and longest joined line, that systemd reads (`LONG_LINE_MAX`).
pub const LINE_MAX: usize = 1024 * 1024;

/// So many lines most files have.
const ITEMS: usize = 16;

/// The byte order mark, which systemd skips once.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A unit file or drop-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// Everything in the file, in order.
    pub items: Vec<Item<'a>>,
    faults: Vec<Fault>,
}

/// One logical line; `raw` is what stands in the file, line ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// `[Service]`
    Section(SectionHeader<'a>),
    /// `Key=value`
    Assignment(Assignment<'a>),
    /// A line whose first character is `#` or `;`.
    Comment {
        /// The bytes.
        raw: &'a [u8],
        /// Its line, from 1.
        line: u32,
    },
    /// Nothing but blanks.
    Blank {
        /// The bytes.
        raw: &'a [u8],
        /// Its first line, from 1.
        line: u32,
    },
    /// A line that means nothing; the fault says why.
    Junk {
        /// The bytes.
        raw: &'a [u8],
        /// Where.
        span: Span,
        /// Why.
        kind: FaultKind,
    },
}

/// `[Name]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionHeader<'a> {
    /// What stands between the brackets.
    pub name: Cow<'a, str>,
    /// The header with its brackets.
    pub span: Span,
    /// The bytes.
    pub raw: &'a [u8],
}

/// `Key=value`, the blanks around both taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// The section that it stands in; `None` before the first one (systemd ignores it there).
    pub section: Option<Cow<'a, str>>,
    /// The key.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Value<'a>,
    /// The bytes.
    pub raw: &'a [u8],
}

/// A value with continued lines joined, and the way back from each of its bytes to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// Joined and trimmed.
    pub text: Cow<'a, str>,
    /// Where `text` begins in the joined line.
    start: usize,
    map: LineMap,
}

impl Value<'_> {
    /// The place of `len` bytes at `offset` in [`Value::text`]; cut where the line in the file ends.
    #[must_use]
    pub fn span(&self, offset: usize, len: usize) -> Span {
        self.map.span(self.start.saturating_add(offset), len)
    }

    /// The place of the whole value, or of its first line if it is continued.
    #[must_use]
    pub fn full_span(&self) -> Span {
        self.span(0, self.text.len())
    }
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// No `=` in the line.
    NoEquals,
    /// Nothing in front of the `=`.
    NoKey,
    /// Bytes that are not UTF-8, outside comments. 252 words it as a warning, and then refuses the file.
    NotUtf8,
    /// A line that begins with `[` and does not end with `]`.
    BadHeader,
    /// Longer than [`LINE_MAX`].
    TooLong,
    /// An assignment in front of the first section.
    OutsideSection,
    /// `.include`, which systemd 246 dropped.
    Include,
}

impl FaultKind {
    /// How systemd 252 takes it: the file is refused, or the line is ignored.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::BadHeader | Self::TooLong | Self::NotUtf8 => Severity::Error,
            Self::NoEquals | Self::NoKey | Self::OutsideSection | Self::Include => Severity::Warning,
        }
    }

    /// Its word.
    #[must_use]
    pub fn id(self) -> Id {
        match self {
            Self::NoEquals => Id::NoEquals,
            Self::NoKey => Id::NoKey,
            Self::NotUtf8 => Id::NotUtf8,
            Self::BadHeader => Id::BadHeader,
            Self::TooLong => Id::LineTooLong,
            Self::OutsideSection => Id::OutsideSection,
            Self::Include => Id::Include,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::NoEquals => "missing '=', ignoring the line",
            Self::NoKey => "missing key in front of '=', ignoring the line",
            Self::NotUtf8 => "the line is not valid UTF-8: systemd refuses the file here",
            Self::BadHeader => "invalid section header: it must end with ']', with nothing behind it",
            Self::TooLong => "the line is too long: at most 1 MiB, continued lines included",
            Self::OutsideSection => "assignment outside of any section, ignoring it",
            Self::Include => "'.include' has no effect since systemd 246, ignoring the line: use a drop-in",
        }
    }
}

/// Something that systemd 252 says about the text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// One sentence, lower case, no full stop.
    pub message: String,
}

/// From offsets in a joined line to lines and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LineMap {
    first: Piece,
    more: Vec<Piece>,
}

/// One line of the file inside a joined line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Piece {
    at: usize,
    len: usize,
    line: u32,
}

impl LineMap {
    fn span(&self, pos: usize, len: usize) -> Span {
        let piece = self.more.iter().rev().find(|p| p.at <= pos).unwrap_or(&self.first);
        let inside = pos.saturating_sub(piece.at).min(piece.len);
        let len = len.min(piece.len.saturating_sub(inside));
        Span { line: piece.line, col: small(inside).saturating_add(1), len: small(len) }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<'a> Document<'a> {
    /// Reads a file. Never fails: see [`Document::faults`].
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Self {
        let mut reader = Reader { file: bytes, ..Reader::default() };
        reader.document.items.reserve(ITEMS);
        for (content, raw) in lines(bytes) {
            reader.line(content, raw);
        }
        if let Some(pending) = reader.pending.take() {
            reader.finish(pending);
        }
        reader.document
    }

    /// The bytes that it was read from.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        self.items.iter().flat_map(|item| item.raw().iter().copied()).collect()
    }

    /// What systemd 252 says about the text, in the order of the file.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl Item<'_> {
    /// What stands in the file, line ends included.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        match self {
            Self::Section(s) => s.raw,
            Self::Assignment(a) => a.raw,
            Self::Comment { raw, .. } | Self::Blank { raw, .. } | Self::Junk { raw, .. } => raw,
        }
    }
}

/// The line of that number (from 1) for showing it above a caret: without its end and a byte order
/// mark, so that columns fit, bytes that are not UTF-8 replaced.
#[must_use]
pub fn physical_line(bytes: &[u8], line: u32) -> String {
    let wanted = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let content = lines(bytes).nth(wanted).map_or(&b""[..], |(content, _)| content);
    String::from_utf8_lossy(content.strip_prefix(BOM).unwrap_or(content)).into_owned()
}

/// The lines of a file, each without and with its end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr3(b'\n', b'\r', 0, rest).unwrap_or(rest.len());
        let (content, tail) = rest.split_at(end);
        let marks = match tail {
            [b'\n', b'\r', 0, ..] | [b'\r', b'\n', 0, ..] => 3,
            [b'\n', b'\r' | 0, ..] | [b'\r', b'\n' | 0, ..] => 2,
            [] => 0,
            [_, ..] => 1,
        };
        let (raw, next) = rest.split_at(end.saturating_add(marks));
        rest = next;
        Some((content, raw))
    })
}

/// A logical line that is being put together.
#[derive(Default)]
struct Pending<'a> {
    joined: Cow<'a, [u8]>,
    map: LineMap,
    /// Where it begins in the file, and where what follows it does.
    from: usize,
    to: usize,
}

#[derive(Default)]
struct Reader<'a> {
    file: &'a [u8],
    /// How much of it was read.
    at: usize,
    document: Document<'a>,
    section: Option<Cow<'a, str>>,
    pending: Option<Pending<'a>>,
    number: u32,
    bom_seen: bool,
}

impl<'a> Reader<'a> {
    fn line(&mut self, content: &'a [u8], raw: &'a [u8]) {
        self.number = self.number.saturating_add(1);
        let from = self.at;
        self.at = self.at.saturating_add(raw.len());
        let content = self.without_bom(content);
        if content.iter().find(|b| !is_blank(**b)).is_some_and(|b| matches!(b, b'#' | b';')) {
            return self.comment(raw);
        }
        let line = self.number;
        let mut pending = match self.pending.take() {
            None => {
                let map = LineMap { first: Piece { at: 0, len: content.len(), line }, more: Vec::new() };
                Pending { joined: Cow::Borrowed(content), map, from, to: self.at }
            }
            Some(mut pending) => {
                pending.map.more.push(Piece { at: pending.joined.len(), len: content.len(), line });
                pending.joined.to_mut().extend_from_slice(content);
                pending.to = self.at;
                pending
            }
        };
        if content.len() >= LINE_MAX || pending.joined.len() > LINE_MAX {
            return self.junk(&pending, FaultKind::TooLong, 0, 0);
        }
        let backslashes = pending.joined.iter().rev().take_while(|b| **b == b'\\').count();
        if backslashes % 2 == 1 {
            if let Some(last) = pending.joined.to_mut().last_mut() {
                *last = b' ';
            }
            self.pending = Some(pending);
        } else {
            self.finish(pending);
        }
    }

    fn without_bom<'c>(&mut self, content: &'c [u8]) -> &'c [u8] {
        match content.strip_prefix(BOM) {
            Some(rest) if !self.bom_seen => {
                self.bom_seen = true;
                rest
            }
            Some(_) | None => content,
        }
    }

    /// A comment between continued lines belongs to them; it does not end them.
    fn comment(&mut self, raw: &'a [u8]) {
        match &mut self.pending {
            Some(pending) => pending.to = self.at,
            None => self.document.items.push(Item::Comment { raw, line: self.number }),
        }
    }

    /// What stands in the file for a logical line.
    fn raw(&self, pending: &Pending<'a>) -> &'a [u8] {
        self.file.get(pending.from..pending.to).unwrap_or_default()
    }

    fn finish(&mut self, pending: Pending<'a>) {
        let (start, end) = trim(&pending.joined);
        let text = match &pending.joined {
            Cow::Borrowed(joined) => {
                std::str::from_utf8(joined.get(start..end).unwrap_or_default()).map(Cow::Borrowed)
            }
            Cow::Owned(joined) => std::str::from_utf8(joined.get(start..end).unwrap_or_default())
                .map(|text| Cow::Owned(text.to_owned())),
        };
        let text: Cow<'a, str> = match text {
            Ok(text) => text,
            Err(e) => {
                return self.junk(&pending, FaultKind::NotUtf8, start.saturating_add(e.valid_up_to()), 1);
            }
        };
        if text.is_empty() {
            let line = pending.map.span(0, 0).line;
            self.document.items.push(Item::Blank { raw: self.raw(&pending), line });
        } else if let Some(inner) = text.strip_prefix('[') {
            match inner.strip_suffix(']') {
                Some(name) => {
                    let name = part(&text, 1, name.len());
                    self.header(&pending, name, start, text.len());
                }
                None => {
                    // The file is refused. What follows is read as the section that was meant, so
                    // that one fault does not make many.
                    let len = inner.split(']').next().map_or(0, str::len);
                    self.section = Some(part(&text, 1, len));
                    self.junk(&pending, FaultKind::BadHeader, start, text.len());
                }
            }
        } else {
            self.assignment(pending, text, start);
        }
    }

    fn header(&mut self, pending: &Pending<'a>, name: Cow<'a, str>, start: usize, len: usize) {
        self.section = Some(name.clone());
        let span = pending.map.span(start, len);
        self.document.items.push(Item::Section(SectionHeader { name, span, raw: self.raw(pending) }));
    }

    fn assignment(&mut self, pending: Pending<'a>, text: Cow<'a, str>, start: usize) {
        if text.strip_prefix(".include").is_some_and(|t| t.starts_with([' ', '\t'])) {
            return self.junk(&pending, FaultKind::Include, start, text.len());
        }
        let Some(equals) = text.bytes().position(|b| b == b'=') else {
            // systemd looks for the section first, and says only that.
            let kind = if self.section.is_some() { FaultKind::NoEquals } else { FaultKind::OutsideSection };
            return self.junk(&pending, kind, start, text.len());
        };
        if equals == 0 {
            return self.junk(&pending, FaultKind::NoKey, start, text.len());
        }
        let bytes = text.as_bytes();
        let (_, key_len) = trim(bytes.get(..equals).unwrap_or_default());
        let key_span = pending.map.span(start, key_len);
        if self.section.is_none() {
            self.fault(FaultKind::OutsideSection, key_span);
        }
        let value_at = equals.saturating_add(1);
        let (from, to) = trim(bytes.get(value_at..).unwrap_or_default());
        // An empty value stands right behind its '=', wherever the line ends.
        let value_at = if from >= to { value_at } else { value_at.saturating_add(from) };
        let value = part(&text, value_at, to.saturating_sub(from));
        let raw = self.raw(&pending);
        self.document.items.push(Item::Assignment(Assignment {
            section: self.section.clone(),
            key: part(&text, 0, key_len),
            key_span,
            value: Value { text: value, start: start.saturating_add(value_at), map: pending.map },
            raw,
        }));
    }

    fn junk(&mut self, pending: &Pending<'a>, kind: FaultKind, at: usize, len: usize) {
        let span = pending.map.span(at, len);
        self.fault(kind, span);
        self.document.items.push(Item::Junk { raw: self.raw(pending), span, kind });
    }

    fn fault(&mut self, kind: FaultKind, span: Span) {
        let message = kind.message().to_owned();
        self.document.faults.push(Fault { kind, severity: kind.severity(), span, message });
    }
}

/// `len` bytes of a text, borrowed as it is.
fn part<'a>(text: &Cow<'a, str>, at: usize, len: usize) -> Cow<'a, str> {
    let range = at..at.saturating_add(len);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or_default().to_owned()),
    }
}

/// The blanks of systemd (`WHITESPACE`).
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where the bytes begin and end without the blanks around them.
fn trim(bytes: &[u8]) -> (usize, usize) {
    let leading = bytes.iter().take_while(|b| is_blank(**b)).count();
    let trailing = bytes.iter().skip(leading).rev().take_while(|b| is_blank(**b)).count();
    (leading, bytes.len().saturating_sub(trailing))
}
