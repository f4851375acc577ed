//! What the bytes are that a shipper has not acknowledged.
//!
//! A shipper counts whole lines, so a file's last bytes may stay unshipped for ever: a line without
//! its newline, blocks of NUL that a writer allocated ahead, blank lines. [`Look`] is fed the bytes
//! between the acknowledged offset and the size, and says which of these they are. It stops asking
//! as soon as one line is found that the shipper would ship.
//!
//! A line ends in LF here, with or without CR before it. Whoever uses the answer must know that the
//! shipper's line terminator is LF as well: for another one these answers mean nothing.
//!
//! Pure.

use serde::Deserialize;
use std::borrow::Cow;

/// What the bytes between the acknowledged offset and the size are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// There are none.
    Nothing,
    /// All of them are NUL.
    OnlyNul,
    /// Not one is a newline: an unterminated line.
    NoNewline,
    /// Lines without a character, then perhaps an unterminated line.
    OnlyBlank,
    /// Lines of a container's log that belong to a stream which is not asked for.
    OtherStream,
    /// Lines of a container's log that are parts of a longer line whose end has not been written.
    PartOfLine,
    /// At least one complete line with characters in it.
    CompleteLines {
        /// Bytes of the first of them, its newline not counted; a lower bound where reading
        /// stopped before.
        first: u64,
    },
    /// They begin within a line, where no position of this file's is.
    WithinLine(Box<Self>),
    /// They could not be looked at.
    Unread(Unread),
}

listed! {
    /// Why bytes could not be looked at.
    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    pub enum Unread {
        /// There were more of them than amr reads of one file, and no line ended in what was read.
        #[error("no line ends within {0} bytes, more are not looked at")]
        TooMany(u64),
        /// The file shrank while it was read.
        #[error("the file shrank while it was read")]
        Shrank,
        /// The file system did not answer in time.
        #[error("its file system did not answer in time")]
        Hangs,
        /// Opening or reading failed.
        #[error("{0}")]
        Failed(String),
        /// Whoever looked had no reason to read them.
        #[error("not looked at")]
        NotAsked,
    }
}

/// How the lines of a file are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each line is an event, or a part of one that joined lines make.
    Lines,
    /// Each line is an envelope with a stream, a part mark and the text (Docker's json-file or CRI).
    Container {
        /// The stream that counts; all of them where `None`.
        stream: Option<Stream>,
    },
}

/// A container's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// By `stdout` or `stderr`; `None` for any other word.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"stdout" => Some(Self::Stdout),
            b"stderr" => Some(Self::Stderr),
            _ => None,
        }
    }
}

/// Whether more bytes would change the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// More bytes may change the answer.
    More,
    /// The answer stands.
    Enough,
}

/// The longest envelope that is looked into; a longer one counts as a line to be shipped. Docker
/// cuts its parts at 16 KiB, escapes can make them six times as long.
const ENVELOPE: usize = 256 * 1024;

/// Looks at the bytes of one tail, in as many pieces as they come.
#[derive(Clone, Debug)]
pub struct Look {
    framing: Framing,
    seen: u64,
    only_nul: bool,
    ended_lines: bool,
    line: Line,
    other_stream: bool,
    part: bool,
    found: Option<u64>,
}

/// The line under way.
#[derive(Clone, Debug, Default)]
struct Line {
    bytes: u64,
    /// All bytes so far are one CR: still a blank line if LF follows.
    lone_cr: bool,
    /// The bytes themselves, where the framing wants to look into them.
    text: Vec<u8>,
    overflow: bool,
}

impl Look {
    /// Begins with no bytes seen.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            seen: 0,
            only_nul: true,
            ended_lines: false,
            line: Line::default(),
            other_stream: false,
            part: false,
            found: None,
        }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Need {
        self.seen = self.seen.saturating_add(bytes.len() as u64);
        self.only_nul = self.only_nul && bytes.iter().all(|&byte| byte == 0);
        let mut rest = bytes;
        while self.found.is_none() {
            let Some(at) = rest.iter().position(|&byte| byte == b'\n') else {
                self.extend(rest);
                break;
            };
            let (piece, after) = rest.split_at(at);
            self.extend(piece);
            self.end_line();
            rest = after.get(1..).unwrap_or_default();
        }
        if self.found.is_some() { Need::Enough } else { Need::More }
    }

    fn extend(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        self.line.lone_cr = self.line.bytes == 0 && piece == b"\r";
        self.line.bytes = self.line.bytes.saturating_add(piece.len() as u64);
        if let Framing::Container { .. } = self.framing {
            self.line.overflow = self.line.overflow || self.line.text.len() + piece.len() > ENVELOPE;
            if !self.line.overflow {
                self.line.text.extend_from_slice(piece);
            }
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        self.ended_lines = true;
        match self.framing {
            Framing::Lines => {
                if line.bytes > 0 && !line.lone_cr {
                    self.found = Some(line.bytes);
                }
            }
            Framing::Container { stream } => {
                if line.overflow {
                    self.found = Some(line.bytes);
                    return;
                }
                match Envelope::parse(&line.text) {
                    Some(envelope) if stream.is_some_and(|wanted| wanted != envelope.stream) => {
                        self.other_stream = true;
                    }
                    Some(Envelope { part: true, .. }) => self.part = true,
                    Some(Envelope { part: false, .. }) | None => self.found = Some(line.bytes),
                }
                // The buffer is used again for the next line.
                line.text.clear();
                self.line.text = line.text;
            }
        }
    }

    /// Bytes that were fed so far.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The answer, all bytes being seen.
    #[must_use]
    pub fn finish(&self) -> Tail {
        if let Some(first) = self.found {
            Tail::CompleteLines { first }
        } else if self.seen == 0 {
            Tail::Nothing
        } else if self.only_nul {
            Tail::OnlyNul
        } else if self.part {
            Tail::PartOfLine
        } else if self.other_stream {
            Tail::OtherStream
        } else if self.ended_lines {
            Tail::OnlyBlank
        } else {
            Tail::NoNewline
        }
    }

    /// The answer where reading had to stop before the end.
    #[must_use]
    pub fn cut_short(&self) -> Tail {
        match self.found {
            Some(first) => Tail::CompleteLines { first },
            None => Tail::Unread(Unread::TooMany(self.seen)),
        }
    }
}

/// What is written around a line of a container's output.
struct Envelope {
    stream: Stream,
    part: bool,
}

impl Envelope {
    /// A line of Docker's json-file log driver: `{"log": …, "stream": …}`.
    fn docker(line: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Entry<'a> {
            #[serde(borrow)]
            log: Cow<'a, str>,
            #[serde(borrow)]
            stream: Cow<'a, str>,
        }
        let entry: Entry<'_> = serde_json::from_slice(line).ok()?;
        Some(Self { stream: Stream::named(entry.stream.as_bytes())?, part: !entry.log.ends_with('\n') })
    }

    /// The envelope of a line, if it is in one of the two forms.
    fn parse(line: &[u8]) -> Option<Self> {
        if line.first() == Some(&b'{') {
            return Self::docker(line);
        }
        // CRI: time, stream, tags separated by colons, text; each followed by one space.
        let mut fields = line.splitn(4, |&byte| byte == b' ');
        let _time = fields.next()?;
        let stream = Stream::named(fields.next()?)?;
        let part = match fields.next()?.split(|&byte| byte == b':').next()? {
            b"P" => true,
            b"F" => false,
            _ => return None,
        };
        Some(Self { stream, part })
    }
}

/// Looks at bytes that are at hand as a whole.
#[must_use]
pub fn inspect(framing: Framing, bytes: &[u8]) -> Tail {
    let mut look = Look::new(framing);
    look.feed(bytes);
    look.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(bytes: &[u8]) -> Tail {
        inspect(Framing::Lines, bytes)
    }

    fn container(stream: Option<Stream>, bytes: &[u8]) -> Tail {
        inspect(Framing::Container { stream }, bytes)
    }

    #[test]
    fn plain_lines() {
        for (bytes, tail) in [
            (&b""[..], Tail::Nothing),
            (b"no end", Tail::NoNewline),
            (b"\0\0\0", Tail::OnlyNul),
            (b"\0\0a", Tail::NoNewline),
            (b"\n", Tail::OnlyBlank),
            (b"\r\n\n\r\n", Tail::OnlyBlank),
            (b"\nno end", Tail::OnlyBlank),
            (b" \n", Tail::CompleteLines { first: 1 }),
            (b"\n\nabc\nx", Tail::CompleteLines { first: 3 }),
            // A shipper takes one CR away: of two, one is left, which is an event.
            (b"\r\r\n", Tail::CompleteLines { first: 2 }),
            (b"\0\0\n", Tail::CompleteLines { first: 2 }),
        ] {
            assert_eq!(lines(bytes), tail, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn docker_envelopes() {
        let out = b"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n";
        let err = b"{\"log\":\"a\\n\",\"stream\":\"stderr\",\"time\":\"t\"}\n";
        let part = b"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"t\"}\n";
        let broken = b"{\"log\":\"a\n";
        assert_eq!(container(Some(Stream::Stdout), err), Tail::OtherStream);
        assert_eq!(container(Some(Stream::Stdout), &[&err[..], part].concat()), Tail::PartOfLine);
        assert!(matches!(container(Some(Stream::Stdout), out), Tail::CompleteLines { .. }));
        assert!(matches!(container(None, err), Tail::CompleteLines { .. }));
        assert!(matches!(container(Some(Stream::Stdout), broken), Tail::CompleteLines { .. }));
        assert!(matches!(container(None, &[&part[..], out].concat()), Tail::CompleteLines { .. }));
    }

    #[test]
    fn cri_envelopes() {
        let line = b"2026-01-01T00:00:00.0Z stderr F text\n";
        let part = b"2026-01-01T00:00:00.0Z stderr P text\n";
        assert_eq!(container(Some(Stream::Stdout), line), Tail::OtherStream);
        assert_eq!(container(Some(Stream::Stderr), part), Tail::PartOfLine);
        assert!(matches!(container(Some(Stream::Stderr), line), Tail::CompleteLines { .. }));
        assert!(matches!(container(None, b"\n"), Tail::CompleteLines { .. }));
    }

    #[test]
    fn an_envelope_without_end_is_not_kept() {
        let mut look = Look::new(Framing::Container { stream: None });
        for _ in 0..64 {
            assert_eq!(look.feed(&[b'a'; 8192]), Need::More);
        }
        assert!(look.line.text.len() <= ENVELOPE);
        assert_eq!(look.feed(b"\n"), Need::Enough);
    }

    #[test]
    fn cut_short_is_unread() {
        let mut look = Look::new(Framing::Lines);
        look.feed(&[0; 100]);
        assert_eq!(look.cut_short(), Tail::Unread(Unread::TooMany(100)));
    }

    proptest! {
        /// The pieces in which the bytes come do not matter.
        #[test]
        fn pieces(bytes in prop::collection::vec(prop::sample::select(b"a\r\n\0{ ".to_vec()), 0..40),
                  cut in 0usize..40) {
            for framing in [Framing::Lines, Framing::Container { stream: Some(Stream::Stdout) }] {
                let mut pieces = Look::new(framing);
                let (left, right) = bytes.split_at(cut.min(bytes.len()));
                if pieces.feed(left) == Need::More {
                    pieces.feed(right);
                }
                prop_assert_eq!(pieces.finish(), inspect(framing, &bytes));
            }
        }

        /// Whatever is called unshippable holds no complete line with characters in it.
        #[test]
        fn never_a_line(bytes in prop::collection::vec(prop::sample::select(b"a\r\n\0".to_vec()), 0..40)) {
            let text: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
            let complete = text[..text.len() - 1].iter().any(|line| !line.is_empty() && *line != b"\r");
            prop_assert_eq!(complete, matches!(lines(&bytes), Tail::CompleteLines { .. }));
        }
    }
}
