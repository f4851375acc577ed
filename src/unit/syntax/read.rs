//! The way from lines to items: lines that go on are put together, and each item keeps where it stood. Pure.

use super::{Assignment, BOM, Document, Fault, FaultKind, Item, LINE_MAX, SectionHeader, Value};
use crate::unit::value::Span;
use std::borrow::Cow;

/// From offsets in a joined line to lines and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LineMap {
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
    pub(super) fn span(&self, pos: usize, len: usize) -> Span {
        let piece = self.more.iter().rev().find(|p| p.at <= pos).unwrap_or(&self.first);
        let inside = pos.saturating_sub(piece.at).min(piece.len);
        let len = len.min(piece.len.saturating_sub(inside));
        Span { line: piece.line, col: small(inside).saturating_add(1), len: small(len) }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A logical line that is being put together.
#[derive(Default)]
pub(super) struct Pending<'a> {
    joined: Cow<'a, [u8]>,
    map: LineMap,
    /// Where it begins in the file, and where what follows it does.
    from: usize,
    to: usize,
}

#[derive(Default)]
pub(super) struct Reader<'a> {
    file: &'a [u8],
    /// How much of it was read.
    at: usize,
    pub(super) document: Document<'a>,
    section: Option<Cow<'a, str>>,
    pub(super) pending: Option<Pending<'a>>,
    number: u32,
    bom_seen: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { file, ..Self::default() }
    }

    pub(super) fn line(&mut self, content: &'a [u8], raw: &'a [u8]) {
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

    pub(super) fn finish(&mut self, pending: Pending<'a>) {
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
