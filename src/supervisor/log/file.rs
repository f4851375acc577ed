//! `UNIT.log`: appended to, rotated by size and count, and honest about what a full disk cost.
//!
//! Promises: a write never waits for space (a line that finds none is dropped, counted, and the
//! count is written as soon as there is room again); a line that is not too long is never torn by a
//! rotation; a log never grows far beyond its limit, whatever the service writes or does not; rotated
//! files keep the ending (`UNIT.1.log` is the newest), so that a shipper's glob still finds them.

use super::stamp::{self, Batch, Prefix, StreamState};
use crate::os::error::{Error, Result};
use crate::os::root::{OFlag, Root, Stat};
use crate::unit::value::utc::Utc;
use std::fs::File;
use std::io::{IoSlice, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// When a log is rotated, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A log that reaches this many bytes is rotated at the next line end, which comes within
    /// [`stamp::LINE_MAX`] bytes.
    pub size: u64,
    /// How many rotated logs are kept beside the current one.
    pub keep: u32,
}

/// 10 MiB, and four older ones.
pub const LIMITS: Limits = Limits { size: 10 << 20, keep: 4 };

/// How many slices one write takes: two for each line, and a few KiB of stack.
const SLICES: usize = 256;

/// An open log of one unit.
#[derive(Debug)]
pub struct LogFile {
    root: Root,
    path: PathBuf,
    limits: Limits,
    file: File,
    size: u64,
    place: StreamState,
    dropped: u64,
}

/// The path of the `n`th rotated log; 0 is the current one.
#[must_use]
pub fn rotated(path: &Path, n: u32) -> PathBuf {
    if n == 0 { path.to_owned() } else { path.with_extension(format!("{n}.log")) }
}

impl LogFile {
    /// Opens or makes the log at `path` (which ends in `.log`), mode 0640. Its folder must be there.
    ///
    /// # Errors
    /// The file cannot be opened, is a link, or is not a regular file.
    pub fn open(root: &Root, path: &Path, limits: Limits) -> Result<Self> {
        let (file, size, place) = open_at_end(root, path)?;
        Ok(Self { root: root.clone(), path: path.to_owned(), limits, file, size, place, dropped: 0 })
    }

    /// How many lines a full disk has cost and the log does not say yet.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Appends what the service wrote.
    pub fn append(&mut self, now: Utc, piece: &[u8]) {
        let prefix = Prefix::new(&now.stamp());
        let mut rest = piece;
        while !rest.is_empty() {
            let known = self.dropped == 0 || self.write_loss_note(&prefix);
            let mut slices = [IoSlice::new(&[]); SLICES];
            let room = self.limits.size.saturating_sub(self.size);
            let batch = stamp::batch(self.place, &prefix, rest, room, &mut slices);
            if !known || !self.write_batch(slices.get_mut(..batch.slices).unwrap_or_default(), &batch) {
                let unfinished = u64::from(batch.lines == 0);
                self.dropped = self.dropped.saturating_add(batch.lines.max(unfinished));
            }
            rest = rest.get(batch.taken..).unwrap_or_default();
            if self.size >= self.limits.size && self.place.is_end() {
                self.rotate();
            }
        }
    }

    /// Is anything in it, or was there before it was rotated?
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.size > 0 || self.root.lstat(&rotated(&self.path, 1)).is_ok()
    }

    /// Appends a line of amr's own, on a line of its own.
    pub fn note(&mut self, now: Utc, text: &str) {
        match self.place {
            StreamState::LineStart => {}
            StreamState::MidLine(_) => self.append(now, b"\n"),
            StreamState::Cut => self.place = StreamState::LineStart,
        }
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.append(now, format!("{line}\n").as_bytes());
    }

    /// Says how many lines were lost, on a line of its own.
    fn write_loss_note(&mut self, prefix: &Prefix) -> bool {
        let note = format!("<4>amr: {} lines were lost here, the disk was full\n", self.dropped);
        let end: &[u8] = if matches!(self.place, StreamState::MidLine(_)) { b"\n" } else { b"" };
        let stamp = prefix.whole();
        let len = end.len() + stamp.len() + note.len();
        let batch = Batch { slices: 3, taken: 0, len, lines: 0, end: StreamState::LineStart };
        let said = self.write_batch(
            &mut [IoSlice::new(end), IoSlice::new(stamp), IoSlice::new(note.as_bytes())],
            &batch,
        );
        if said {
            self.dropped = 0;
        }
        said
    }

    /// Whole or not at all.
    fn write_batch(&mut self, slices: &mut [IoSlice<'_>], batch: &Batch) -> bool {
        match write_whole(&mut self.file, slices, batch.len) {
            Ok(()) => {
                self.size = self.size.saturating_add(batch.len as u64);
                self.place = batch.end;
                true
            }
            Err(written) => {
                // Undo the torn part, so that the log holds whole lines only; if that fails too, the
                // next write begins with a line end.
                if self.file.set_len(self.size).is_err() {
                    self.size = self.size.saturating_add(written as u64);
                    self.place = StreamState::MidLine(stamp::LINE_MAX);
                }
                false
            }
        }
    }

    /// Moves the log aside and begins a new one. If that fails, the old one is written on. A line that
    /// goes on is ended in the old one: a shipper waits for the end.
    fn rotate(&mut self) {
        if matches!(self.place, StreamState::MidLine(_)) {
            let end = Batch { slices: 1, taken: 0, len: 1, lines: 0, end: StreamState::Cut };
            if !self.write_batch(&mut [IoSlice::new(b"\n")], &end) {
                return;
            }
        }
        // The oldest goes first: ext4 writes a file out that is renamed over another, and then waits for
        // that before it removes the one that was so written a moment ago.
        if self.root.remove_file_if_there(&rotated(&self.path, self.limits.keep)).is_err() {
            return;
        }
        for n in (0..self.limits.keep).rev() {
            let from = rotated(&self.path, n);
            if self.root.lstat(&from).is_ok() && self.root.rename(&from, &rotated(&self.path, n + 1)).is_err()
            {
                return;
            }
        }
        if let Ok((file, size, _)) = open_at_end(&self.root, &self.path) {
            (self.file, self.size) = (file, size);
        }
    }
}

fn open_at_end(root: &Root, path: &Path) -> Result<(File, u64, StreamState)> {
    let mut file = root.safe_own_file(path, OFlag::O_RDWR | OFlag::O_APPEND, 0o640)?;
    let fail = |e| Error::new("read", root.outer(path), e);
    let size = Stat::from_fd(&file).map_err(fail)?.size;
    let mut place = StreamState::LineStart;
    if size > 0 {
        let mut last = [b'\n'];
        file.seek(SeekFrom::Start(size - 1)).map_err(fail)?;
        file.read_exact(&mut last).map_err(fail)?;
        if last != [b'\n'] {
            // Of what length nobody knows: more of it begins a line that goes on.
            place = StreamState::MidLine(stamp::LINE_MAX);
        }
    }
    Ok((file, size, place))
}

/// Writes all `len` bytes or says how many were written before it went wrong.
fn write_whole(
    file: &mut File,
    mut slices: &mut [IoSlice<'_>],
    len: usize,
) -> std::result::Result<(), usize> {
    let mut left = len;
    while left > 0 {
        match file.write_vectored(slices) {
            Ok(n) if n > 0 => {
                left = left.saturating_sub(n);
                IoSlice::advance_slices(&mut slices, n);
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return Err(len - left),
        }
    }
    Ok(())
}
