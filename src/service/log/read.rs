//! Reads a log back, rotated files first, and follows it while it grows and rotates.

use super::file::rotated;
use super::query::{self, Line, Query};
use crate::os::error::{Error, Result};
use crate::os::root::{Root, Stat};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A line is cut here when it is read, so that a log without line ends cannot exhaust memory.
const LINE_MAX: u64 = 1 << 20;

/// Where reading stopped: the file, and how far.
#[derive(Debug)]
pub struct End {
    stat: Option<Stat>,
    offset: u64,
}

/// Which part of the log is meant.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Which lines.
    pub query: Query,
    /// At most the last N of them.
    pub last: Option<u64>,
    /// Only what was written since this boot (its id).
    pub boot: Option<&'a str>,
}

/// Calls `print` with each wanted line (stamp and all, without line end), oldest first, and returns
/// where it stopped. A log that is not there has no lines.
///
/// # Errors
/// A file is there and cannot be read.
pub fn read(root: &Root, path: &Path, part: &Part<'_>, print: &mut dyn FnMut(&[u8])) -> Result<End> {
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    let mut selection = Selection { part, other_boot: false };
    let mut end = End { stat: None, offset: 0 };
    for n in (0..=oldest(root, path)).rev() {
        let Some(file) = open(root, &rotated(path, n))? else { continue };
        let fail = |e| Error::new("read", root.outer(&rotated(path, n)), e);
        let stat = Stat::of(&file).map_err(fail)?;
        let mut reader = BufReader::new(file.take(stat.size));
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).map_err(fail)? == 0 {
                break;
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            match selection.judge(&query::line(text)) {
                Verdict::Skip => {}
                Verdict::StartOver => kept.clear(),
                // Only what may be dropped again is held back.
                Verdict::Keep if part.boot.is_none() && part.last.is_none() => print(text),
                Verdict::Keep => keep(&mut kept, text, part.last),
            }
        }
        end = End { offset: stat.size, stat: Some(stat) };
    }
    if !selection.other_boot {
        kept.iter().for_each(|l| print(l));
    }
    Ok(end)
}

fn keep(kept: &mut VecDeque<Vec<u8>>, line: &[u8], last: Option<u64>) {
    kept.push_back(line.to_vec());
    if last.is_some_and(|last| kept.len() as u64 > last) {
        kept.pop_front();
    }
}

enum Verdict {
    Skip,
    StartOver,
    Keep,
}

/// Follows the boots while the lines go by.
struct Selection<'a> {
    part: &'a Part<'a>,
    other_boot: bool,
}

impl Selection<'_> {
    fn judge(&mut self, line: &Line<'_>) -> Verdict {
        if let (Some(wanted), Some(boot)) = (self.part.boot, query::boot_of(line)) {
            let was_other = self.other_boot;
            self.other_boot = boot != wanted;
            if self.other_boot {
                return Verdict::StartOver;
            }
            if was_other {
                return if self.part.query.wants(line) { Verdict::Keep } else { Verdict::Skip };
            }
        }
        if self.other_boot || !self.part.query.wants(line) { Verdict::Skip } else { Verdict::Keep }
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
    loop {
        end = print_from(root, &rotated(path, n), end, query, print)?;
        if n == 0 {
            return Ok(end);
        }
        n -= 1;
        end.offset = 0;
    }
}

fn print_from(
    root: &Root,
    path: &Path,
    end: End,
    query: &Query,
    print: &mut dyn FnMut(&[u8]),
) -> Result<End> {
    let Some(mut file) = open(root, path)? else { return Ok(end) };
    let fail = |e| Error::new("read", root.outer(path), e);
    let stat = Stat::of(&file).map_err(fail)?;
    let start = if end.offset > stat.size { 0 } else { end.offset };
    file.seek(SeekFrom::Start(start)).map_err(fail)?;
    let mut reader = BufReader::new(file);
    let mut offset = start;
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).map_err(fail)? as u64;
        // An unfinished line is left for the next look.
        if n == 0 || (!line.ends_with(b"\n") && n < LINE_MAX) {
            return Ok(End { stat: Some(stat), offset });
        }
        offset += n;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if query.wants(&query::line(text)) {
            print(text);
        }
    }
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
