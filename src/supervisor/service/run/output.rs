//! The output of a service: a FIFO that the service itself keeps open, pumped into a sink.
//!
//! The service never waits for a disk: what the sink cannot take is the sink's to count. Buffers
//! are there while there is something to pump.

use crate::os::clock::{self, BootId};
use crate::os::error::Result;
use crate::os::fifo::{self, Side};
use crate::os::root::Root;
use crate::supervisor::log::file::{LIMITS, LogFile, rotated};
use crate::supervisor::log::forward::Forward;
use crate::supervisor::log::query::boot_note;
use crate::supervisor::log::rules::{Filter, Rate, Rules};
use crate::unit::exec::ExecContext;
use crate::unit::exec::io as unit;
use crate::unit::exec::log::Logging;
use crate::unit::value::utc::Utc;
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// How much is taken at once, and what the pipe of a service that shouts is made to hold.
const CHUNK: usize = 256 << 10;
/// How much is taken at first: mostly that is all, and no larger buffer is needed.
const FEW: usize = 4 << 10;
/// As much as a pipe usually holds.
const PIPE: usize = 64 << 10;
/// How often in one turn of the loop, so that signals are not kept waiting by a service that shouts.
const TURNS: u32 = 16;

/// Where the output goes.
pub trait LogSink: std::fmt::Debug {
    /// Takes a piece as it was written; lines may be cut anywhere. Never waits, never fails: what
    /// finds no room is counted.
    fn take(&mut self, now: Utc, piece: &[u8]);
}

impl LogSink for LogFile {
    fn take(&mut self, now: Utc, piece: &[u8]) {
        self.append(now, piece);
    }
}

/// What a unit says of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LogSettings {
    log: Logging,
    outputs: [unit::Output; 2],
}

impl LogSettings {
    fn new(context: &ExecContext) -> Self {
        let streams = context.io.streams();
        let outputs = [streams.stdout.clone(), streams.stderr.clone()];
        Self { log: context.log.clone(), outputs }
    }
}

/// What happens to lines before they come into the log, where a unit asks for anything.
#[derive(Debug)]
struct LineFilters {
    /// What it was made for.
    asked: LogSettings,
    rules: Option<Filter>,
    forward: Option<Forward>,
    rate: Option<Filter>,
}

impl LineFilters {
    fn new(context: &ExecContext) -> Self {
        let rules = Rules::new(context);
        Self {
            asked: LogSettings::new(context),
            rules: (!rules.is_empty()).then(|| Filter::by_rules(rules)),
            forward: Forward::new(context),
            rate: Rate::new(context).map(Filter::by_rate),
        }
    }

    /// What of a piece goes into the log; in journald's order the rate counts for its own storage alone.
    fn pass<'a>(&mut self, now: Utc, piece: &'a [u8]) -> Cow<'a, [u8]> {
        let through = |filter: &mut Option<Filter>, piece: Cow<'a, [u8]>| match filter {
            None => piece,
            Some(filter) => {
                let mut passed = Vec::with_capacity(piece.len());
                filter.pass(now, &piece, &mut passed);
                Cow::Owned(passed)
            }
        };
        let piece = through(&mut self.rules, Cow::Borrowed(piece));
        if let Some(forward) = &mut self.forward {
            forward.take(&piece);
        }
        through(&mut self.rate, piece)
    }
}

/// How much the pipe holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PipeSize {
    Usual,
    Wide,
}

/// The supervisor's side of the output.
#[derive(Debug)]
pub struct Output {
    root: Root,
    fifo: PathBuf,
    log: PathBuf,
    reader: File,
    pipe_size: PipeSize,
    shape: LineFilters,
    /// Opened with the first byte, so that a silent service has no log.
    sink: Option<Box<dyn LogSink>>,
}

impl Output {
    /// Opens the FIFO, made before if it is not there.
    pub fn open(root: &Root, fifo: &Path, log: &Path, context: &ExecContext) -> Result<Self> {
        let reader = File::from(fifo::open(root, fifo, 0o600, Side::Reader)?);
        let (fifo, log, pipe_size) = (fifo.to_owned(), log.to_owned(), PipeSize::Usual);
        let shape = LineFilters::new(context);
        Ok(Self { root: root.clone(), fifo, log, reader, pipe_size, shape, sink: None })
    }

    /// Has what the unit asks of its lines now happen to them, where that is another thing than before.
    pub fn shape(&mut self, context: &ExecContext) {
        if self.shape.asked != LogSettings::new(context) {
            self.shape = LineFilters::new(context);
        }
    }

    /// Who writes from now on, for those who are told.
    pub fn written_by(&mut self, program: &str, pid: i32) {
        if let Some(forward) = &mut self.shape.forward {
            forward.written_by(program, pid);
        }
    }

    /// Marks where a boot begins in a log that is there already; says whether the log is fit for the question
    /// which part of it this boot wrote. A log that is made later is that boot's from its first line.
    pub fn mark_boot(&mut self, boot: &BootId) -> bool {
        let is_there = |n| self.root.lstat(&rotated(&self.log, n)).is_ok();
        if !is_there(0) && !is_there(1) {
            return true;
        }
        let Ok(mut file) = LogFile::open(&self.root, &self.log, LIMITS) else { return false };
        if file.is_begun() {
            file.note(now(), &boot_note(boot.as_str()));
        }
        let is_marked = file.dropped() == 0;
        self.sink = Some(Box::new(file));
        is_marked
    }

    /// The service's side: it blocks only while the pipe is full.
    pub fn writer(&self) -> Result<OwnedFd> {
        let host = Root::host()?;
        fifo::writer_of(&host, &self.reader)
            .or_else(|_| fifo::open(&self.root, &self.fifo, 0o600, Side::Writer))
    }

    /// Moves what is there, in small pieces as long as they are small.
    pub fn pump(&mut self) {
        if let Some(forward) = &mut self.shape.forward {
            forward.begin_turn();
        }
        let mut few = [0_u8; FEW];
        for _ in 0..TURNS {
            let taken = self.take(&mut few);
            if taken == FEW {
                return self.pump_many();
            }
            if taken == 0 {
                return;
            }
        }
    }

    fn pump_many(&mut self) {
        let mut buffer = vec![0_u8; CHUNK];
        for _ in 0..TURNS {
            let taken = self.take(&mut buffer);
            if taken >= PIPE - FEW && self.pipe_size == PipeSize::Usual {
                fifo::widen(&self.reader, i32::try_from(CHUNK).unwrap_or(i32::MAX));
                self.pipe_size = PipeSize::Wide;
            }
            if taken == 0 {
                return;
            }
        }
    }

    /// Passes on what one read gives; returns how much that was.
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let taken = (&self.reader).read(buffer).unwrap_or(0);
        if let Some(piece) = buffer.get(..taken).filter(|piece| !piece.is_empty()) {
            self.pass(piece);
        }
        taken
    }

    fn pass(&mut self, piece: &[u8]) {
        if self.sink.is_none() {
            match LogFile::open(&self.root, &self.log, LIMITS) {
                Ok(file) => self.sink = Some(Box::new(file)),
                Err(e) => log::warn!("{e}; what the service writes is lost"),
            }
        }
        let now = now();
        let piece = self.shape.pass(now, piece);
        if let Some(sink) = self.sink.as_mut().filter(|_| !piece.is_empty()) {
            sink.take(now, &piece);
        }
    }
}

fn now() -> Utc {
    Utc(i64::try_from(clock::realtime().as_micros()).unwrap_or(i64::MAX))
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
