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
use read::{LineMap, Reader};
use std::borrow::Cow;

mod read;
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
        /// As it stands in the file, line end included.
        raw: &'a [u8],
        /// Its line, from 1.
        line: u32,
    },
    /// Nothing but blanks.
    Blank {
        /// As it stands in the file, line end included.
        raw: &'a [u8],
        /// Its first line, from 1.
        line: u32,
    },
    /// A line that means nothing; the fault says why.
    Junk {
        /// As it stands in the file, line end included.
        raw: &'a [u8],
        /// Place of the line in the file.
        span: Span,
        /// What is wrong with it.
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
    /// As it stands in the file, line end included.
    pub raw: &'a [u8],
}

/// `Key=value`, the blanks around both taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// The section that it stands in; `None` before the first one (systemd ignores it there).
    pub section: Option<Cow<'a, str>>,
    /// Name of the directive, as written.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub key_span: Span,
    /// What stands behind the `=`, lines that go on put together.
    pub value: Value<'a>,
    /// As it stands in the file, line end included.
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

    /// The id of the finding, a stable word for machines (docs/findings.md).
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
    /// Which fault it is.
    pub kind: FaultKind,
    /// Whether systemd refuses the file or ignores the line.
    pub severity: Severity,
    /// Place in the file that the caret is put under.
    pub span: Span,
    /// One sentence, lower case, no full stop.
    pub message: String,
}

impl<'a> Document<'a> {
    /// Reads a file. Never fails: see [`Document::faults`].
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Self {
        let mut reader = Reader::new(bytes);
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
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | 0)).unwrap_or(rest.len());
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
