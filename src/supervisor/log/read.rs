//! Reads a log back, rotated files first, and follows it while it grows and rotates.

use super::file::rotated;
use super::query::{self, Line, Query};
use super::stamp;
use crate::os::error::{Error, Result};
use crate::os::root::{Root, Stat};
use crate::unit::value::utc::STAMP_LEN;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// No more of a line is read at once: nothing that amr writes comes near it.
const LINE_MAX: usize = 1 << 20;

/// No line is put together beyond this: what is left of it is printed as the log has it, as a line whose
/// stamp says that it goes on.
const JOINED_MAX: usize = 16 << 20;

/// A place in a log: the file, and how far.
#[derive(Clone, Copy, Debug)]
pub struct End {
    stat: Option<Stat>,
    offset: u64,
}

/// A boot, and what is known of its part of the log.
#[derive(Clone, Copy, Debug)]
pub struct Boot<'a> {
    /// As records have it: /proc/sys/kernel/random/boot_id.
    pub id: &'a str,
    /// A supervisor of this boot has seen to the log: without a mark of the boot all of it was written since.
    pub seen_to: bool,
}

/// Which part of the log is meant.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Which lines.
    pub query: Query,
    /// At most the last N of them.
    pub last: Option<u64>,
    /// Only what was written since this boot.
    pub boot: Option<Boot<'a>>,
    /// What has not ended yet is left to [`follow`], so that it is seen as the line that it is.
    pub whole: bool,
}

/// Lines as the service wrote them: what was cut is put together again.
struct Lines<'t> {
    line: Vec<u8>,
    /// Where the line began; `None` where there is none.
    begun: Option<End>,
    /// It is the rest of one that was too long.
    is_rest: bool,
    /// Gets the line, and whether it is such a rest.
    take: &'t mut dyn FnMut(&[u8], bool),
}

impl<'t> Lines<'t> {
    fn new(take: &'t mut dyn FnMut(&[u8], bool)) -> Self {
        Self { line: Vec::new(), begun: None, is_rest: false, take }
    }

    /// A line of the file. `torn` where it is the rest of what was too long for one read.
    fn add(&mut self, bytes: &[u8], torn: bool, at: End) {
        let more = if torn { Some(bytes) } else { query::continued(bytes) };
        let Some(more) = more.filter(|_| self.begun.is_some()) else {
            self.end();
            self.line.extend_from_slice(bytes);
            (self.begun, self.is_rest) = (Some(at), false);
            return;
        };
        if self.line.len().saturating_add(more.len()) > JOINED_MAX {
            let stamp = self.line.get(..STAMP_LEN).map(<[u8]>::to_vec).unwrap_or_default();
            self.end();
            self.line = stamp;
            self.line.push(stamp::CONTINUED);
            (self.begun, self.is_rest) = (Some(at), true);
        }
        self.line.extend_from_slice(more);
    }

    /// Nothing more belongs to the line.
    fn end(&mut self) {
        if self.begun.take().is_some() {
            (self.take)(&self.line, self.is_rest);
        }
        self.line.clear();
    }

    /// Reads a file. What has not ended is left, unless `all` is wanted; gives where reading stopped, and
    /// whether what was left goes on with the line that is there.
    fn read(&mut self, file: File, from: &End, all: bool) -> io::Result<(End, bool)> {
        let mut reader = BufReader::new(file);
        let (mut bytes, mut at, mut torn) = (Vec::new(), *from, false);
        loop {
            bytes.clear();
            let n = reader.by_ref().take(LINE_MAX as u64).read_until(b'\n', &mut bytes)?;
            if n == 0 {
                return Ok((at, false));
            }
            let text = bytes.strip_suffix(b"\n");
            if text.is_none() && n < LINE_MAX && !all {
                return Ok((at, torn || query::continued(&bytes).is_some()));
            }
            self.add(text.unwrap_or(&bytes), torn, at);
            torn = text.is_none();
            at.offset += n as u64;
        }
    }
}

/// Calls `print` with each wanted line (stamp and all, without line end), oldest first, and returns
/// where it stopped. A log that is not there has no lines.
///
/// # Errors
/// A file is there and cannot be read.
pub fn read(root: &Root, path: &Path, part: &Part<'_>, print: &mut dyn FnMut(&[u8])) -> Result<End> {
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    let mut selection = Selection { part, at: part.boot.map_or(BootMatch::Wanted, |_| BootMatch::Unknown) };
    let mut verdict = Verdict::Skip;
    let mut take = |line: &[u8], is_rest: bool| {
        if !is_rest {
            verdict = selection.judge(&query::line(line));
        }
        match verdict {
            Verdict::Skip => {}
            Verdict::StartOver => kept.clear(),
            // Only what may be dropped again is held back.
            Verdict::Keep if part.boot.is_none() && part.last.is_none() => print(line),
            Verdict::Keep => keep(&mut kept, line, part.last),
        }
    };
    let mut lines = Lines::new(&mut take);
    let (mut end, mut goes_on) = (End { stat: None, offset: 0 }, false);
    for n in (0..=oldest(root, path)).rev() {
        let Some(file) = open(root, &rotated(path, n))? else { continue };
        let fail = |e| Error::new("read", root.outer(&rotated(path, n)), e);
        let stat = Stat::from_fd(&file).map_err(fail)?;
        let from = End { stat: Some(stat), offset: 0 };
        (end, goes_on) = lines.read(file, &from, !part.whole || n > 0).map_err(fail)?;
    }
    let end = finish(&mut lines, end, goes_on);
    let is_wanted = match selection.at {
        BootMatch::Wanted => true,
        BootMatch::Unknown => part.boot.is_none_or(|boot| boot.seen_to),
        BootMatch::Other => false,
    };
    if is_wanted {
        kept.iter().for_each(|l| print(l));
    }
    Ok(end)
}

/// The last line of all is at its end, unless what was left goes on with it: then it is left as well, while
/// it is short enough to be read again with each look.
fn finish(lines: &mut Lines<'_>, end: End, goes_on: bool) -> End {
    match lines.begun.filter(|_| goes_on && !lines.is_rest && lines.line.len() < LINE_MAX) {
        Some(begun) => begun,
        None => {
            lines.end();
            end
        }
    }
}

fn keep(kept: &mut VecDeque<Vec<u8>>, line: &[u8], last: Option<u64>) {
    kept.push_back(line.to_vec());
    if last.is_some_and(|last| kept.len() as u64 > last) {
        kept.pop_front();
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    Skip,
    StartOver,
    Keep,
}

/// In which boot the line at hand was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BootMatch {
    /// In one before the first mark.
    Unknown,
    /// In the one that is wanted, or none is.
    Wanted,
    /// In another.
    Other,
}

/// Follows the boots while the lines go by.
struct Selection<'a> {
    part: &'a Part<'a>,
    at: BootMatch,
}

impl Selection<'_> {
    fn judge(&mut self, line: &Line<'_>) -> Verdict {
        if let (Some(wanted), Some(boot)) = (self.part.boot, query::boot_of(line)) {
            let before = self.at;
            self.at = if boot == wanted.id { BootMatch::Wanted } else { BootMatch::Other };
            // The mark itself is no line of the service's. One more of the same boot says nothing new.
            return if before == BootMatch::Wanted && self.at == BootMatch::Wanted {
                Verdict::Skip
            } else {
                Verdict::StartOver
            };
        }
        if self.at == BootMatch::Other || !self.part.query.wants(line) {
            Verdict::Skip
        } else {
            Verdict::Keep
        }
    }
}

/// Prints what was added since `end`, across rotations, and returns the new end.
///
/// # Errors
/// A file is there and cannot be read.
pub fn follow(
    root: &Root,
    path: &Path,
    end: End,
    query: &Query,
    print: &mut dyn FnMut(&[u8]),
) -> Result<End> {
    let mut end = end;
    // Where is the file that was read last?
    let mut n = 0;
    if let Some(last) = &end.stat {
        while n <= oldest(root, path) {
            let same = root.lstat(&rotated(path, n)).is_ok_and(|s| s.same_file(last));
            if same {
                break;
            }
            n += 1;
        }
        if n > oldest(root, path) {
            // Rotated out of existence: everything that is there is new.
            end.offset = 0;
            n = oldest(root, path);
        }
    }
    let mut wanted = false;
    let mut take = |line: &[u8], is_rest: bool| {
        wanted = if is_rest { wanted } else { query.wants(&query::line(line)) };
        if wanted {
            print(line);
        }
    };
    let mut lines = Lines::new(&mut take);
    let mut goes_on = false;
    for n in (0..=n).rev() {
        (end, goes_on) = read_from(root, &rotated(path, n), end, &mut lines)?;
        if n > 0 {
            end.offset = 0;
        }
    }
    Ok(finish(&mut lines, end, goes_on))
}

/// Reads on in a file; one that is not there has no more.
fn read_from(root: &Root, path: &Path, end: End, lines: &mut Lines<'_>) -> Result<(End, bool)> {
    let Some(mut file) = open(root, path)? else { return Ok((end, false)) };
    let fail = |e| Error::new("read", root.outer(path), e);
    let stat = Stat::from_fd(&file).map_err(fail)?;
    let offset = if end.offset > stat.size { 0 } else { end.offset };
    file.seek(SeekFrom::Start(offset)).map_err(fail)?;
    lines.read(file, &End { stat: Some(stat), offset }, false).map_err(fail)
}

fn open(root: &Root, path: &Path) -> Result<Option<File>> {
    match root.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e),
    }
}

/// The highest number of a rotated log that is there.
fn oldest(root: &Root, path: &Path) -> u32 {
    let there = |n: &u32| root.lstat(&rotated(path, *n)).is_ok();
    (1..).take_while(there).last().unwrap_or(0)
}

/// Where the log of a unit is.
#[must_use]
pub fn path_of(log_dir: &Path, unit: &str) -> PathBuf {
    log_dir.join(format!("{unit}.log"))
}
