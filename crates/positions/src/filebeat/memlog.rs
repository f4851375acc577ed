//! Memlog, Filebeat's store since 7.9: a checkpoint `<txid>.json` and the operations after it in
//! `log.json`.
//!
//! [`Memlog`] is loaded once and then fed what was appended. It keeps the checkpoint's number, how
//! far the log was read and the last operation taken; one more operation costs what that operation
//! costs. An operation counts when its last byte is there, so that any cut of a log is a state that
//! was once true. Operations up to the checkpoint's number are older than it and left out.
//!
//! The log is truncated in place at each checkpoint, so what is read may belong to two of its
//! lives. The numbers, which only grow and by one, tell: what does not follow is a
//! [`Step::Disagrees`], upon which the caller loads everything anew, and calls it a fault
//! ([`Memlog::accept`]) when that did not help. Filebeat itself stops at the first bad operation and
//! keeps what it has; so does this. Source: `libbeat/statestore/backend/memlog`. Pure.

mod operation;

use super::key::{self, FileKey, Key};
use super::registry::{states_in, syntax};
use super::state::{self, State};
use crate::cursor::{Fault, FaultKind, Full, Generation, NotAFile, Note, Positions};
use crate::json::{Any, Error, Window};
use operation::{Body, Op, Stop, head, object};
use serde::de::DeserializeSeed;
use std::io::{self, Read};

/// The name of the log of operations.
pub const LOG: &str = "log.json";
/// How many cursors that are no files are kept by name; a bucket may have a million.
pub const NAMED: usize = 1000;

/// What feeding the log gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many operations were taken (older ones included).
    Taken(u64),
    /// What follows does not belong to what was read: load anew, or accept it.
    Disagrees(Fault),
}

/// The state of the store, as far as it was read.
#[derive(Clone, Debug)]
pub struct Memlog {
    positions: Positions,
    checkpoint: u64,
    last: u64,
    offset: u64,
    stopped: bool,
    state: State,
    scope: Vec<u8>,
}

/// `a` is at most `b`, counted in a circle of 2^63 as Filebeat does.
fn at_most(a: u64, b: u64) -> bool {
    const HALF: u64 = 1 << 62;
    const MASK: u64 = (1 << 63) - 1;
    (b.wrapping_sub(a) & MASK) < HALF
}

impl Default for Memlog {
    fn default() -> Self {
        Self::new()
    }
}

impl Memlog {
    /// An empty store: no checkpoint, nothing read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            positions: Positions::new(Generation::Memlog),
            checkpoint: 0,
            last: 0,
            offset: 0,
            stopped: false,
            state: State::default(),
            scope: Vec::new(),
        }
    }

    /// A store that begins with the checkpoint `txid`, the highest number there is, which will be `size`
    /// bytes as far as that is known. A fault in it leaves out what comes after the fault.
    ///
    /// # Errors
    /// The stream fails.
    pub fn from_checkpoint(mut source: impl Read, size: u64, txid: u64) -> io::Result<Self> {
        Self::checkpoint_of(&mut source, size, txid)
    }

    fn checkpoint_of(source: &mut dyn Read, size: u64, txid: u64) -> io::Result<Self> {
        let mut store = Self { checkpoint: txid, last: txid, ..Self::new() };
        store.positions.cursors.reserve(states_in(size));
        let file = format!("{txid}.json");
        let mut json = Window::new(source, 0);
        if let Err(error) = store.entries(&mut json, &file) {
            let (at, problem) = error.fault()?;
            store.fault(&file, at, syntax(at, problem, json.peek()?));
        }
        Ok(store)
    }

    /// Takes the operations of `source`, which is `log.json` from byte [`Self::offset`] on.
    ///
    /// # Errors
    /// The stream fails; what was taken before stays taken.
    pub fn feed(&mut self, mut source: impl Read) -> io::Result<Step> {
        self.operations(&mut source)
    }

    fn operations(&mut self, source: &mut dyn Read) -> io::Result<Step> {
        self.positions.notes.retain(|note| !matches!(note, Note::Torn { .. }));
        let mut taken = 0;
        if self.stopped {
            return Ok(Step::Taken(taken));
        }
        let mut json = Window::new(source, self.offset);
        loop {
            match self.operation(&mut json) {
                Ok(true) => taken += 1,
                Ok(false) => return Ok(Step::Taken(taken)),
                Err(Stop::Io(error)) => return Err(error),
                Err(Stop::Torn) => {
                    self.positions.notes.push(Note::Torn { file: LOG.into(), at: self.offset });
                    return Ok(Step::Taken(taken));
                }
                Err(Stop::Fault(at, kind)) => {
                    return Ok(Step::Disagrees(Fault { file: LOG.into(), at, kind }));
                }
            }
        }
    }

    /// Takes a disagreement for what it is, damage: it becomes a fault, and the log is read no further.
    pub fn accept(&mut self, fault: Fault) {
        self.stopped = true;
        self.positions.faults.push(fault);
    }

    /// Adds a note, once.
    pub fn note_once(&mut self, note: Note) {
        if !self.positions.notes.contains(&note) {
            self.positions.notes.push(note);
        }
    }

    /// How far `log.json` was read: where the next whole operation begins. A log shorter than this
    /// was truncated.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of the checkpoint it began with; 0 if there was none.
    #[must_use]
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    /// The last operation taken, or the checkpoint's number.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// What the store says.
    #[must_use]
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// What the store says, the store itself done with.
    #[must_use]
    pub fn into_positions(self) -> Positions {
        self.positions
    }

    /// The entries of a checkpoint.
    fn entries(&mut self, json: &mut Window<'_>, file: &str) -> Result<(), Error> {
        if json.peek()? != Some(b'[') {
            return Err(json.unexpected("'['"));
        }
        json.list(b']', |json| {
            json.peek()?;
            let place = json.place();
            let is_state = json.value(|json| {
                self.state.clear();
                Any(state::Read(&mut self.state)).deserialize(json)
            })?;
            if is_state {
                self.apply(Op::Set, place, file);
            } else {
                self.fault(file, place, FaultKind::Value("state"));
            }
            Ok(())
        })?;
        match json.peek()? {
            None => Ok(()),
            Some(_) => Err(json.unexpected("the end of the file")),
        }
    }

    /// Takes one operation; `false` at the end of the log.
    fn operation(&mut self, json: &mut Window<'_>) -> Result<bool, Stop> {
        if json.peek()?.is_none() {
            return Ok(false);
        }
        let (op, id) = head(json)?;
        object(json)?;
        let place = json.place();
        if !at_most(id, self.checkpoint) && id != self.last.wrapping_add(1) {
            return Err(Stop::Fault(place, FaultKind::Sequence { last: self.last, found: id }));
        }
        json.value(|json| {
            self.state.clear();
            Any(Body(&mut self.state)).deserialize(json)
        })?;
        if !at_most(id, self.checkpoint) {
            self.apply(op, place, LOG);
            self.last = id;
        }
        self.offset = json.place();
        Ok(true)
    }

    /// Carries out an operation whose key and value are in `self.state`.
    fn apply(&mut self, op: Op, place: u64, file: &str) {
        let key = std::mem::take(&mut self.state.key);
        match key::parse(&key) {
            Key::File(parts) => self.apply_file(op, &parts, place, file),
            Key::Other(kind) => self.apply_other(op, &key, kind),
            Key::Unknown => {
                let shown = strings::escape(key.get(..200).unwrap_or(&key), &['\'']);
                self.fault(file, place, FaultKind::Key(shown));
            }
        }
        self.state.key = key;
    }

    fn apply_file(&mut self, op: Op, key: &FileKey<'_>, place: u64, file: &str) {
        self.scope.clear();
        self.scope.extend_from_slice(key.prefix);
        self.scope.push(0);
        self.scope.extend_from_slice(key.suffix);
        if op == Op::Remove {
            self.positions.cursors.remove(&self.scope, key.input_id, &key.identity);
            return;
        }
        for kind in std::mem::take(&mut self.state.faults) {
            self.fault(file, place, kind);
        }
        let cursor = self.state.cursor(key.identity, key.input, key.input_id);
        let other_file =
            cursor.seen.is_some() && self.state.file_id().is_some_and(|id| cursor.seen != Some(id));
        let full: Result<u32, Full> = self.positions.cursors.set(&self.scope, &cursor);
        if other_file {
            self.fault(file, place, FaultKind::Value("FileStateOS"));
        }
        if let Err(full) = full {
            self.fault(file, place, FaultKind::Full(full));
        }
    }

    fn apply_other(&mut self, op: Op, key: &[u8], kind: &[u8]) {
        let list = &mut self.positions.not_files;
        match (op, list.binary_search_by(|other| (*other.key).cmp(key))) {
            (Op::Remove, Ok(at)) => drop(list.remove(at)),
            (Op::Set, Err(at)) if list.len() < NAMED => {
                list.insert(at, NotAFile { key: key.into(), kind: kind.into() });
            }
            (Op::Set | Op::Remove, _) => {}
        }
    }

    fn fault(&mut self, file: &str, at: u64, kind: FaultKind) {
        self.positions.faults.push(Fault { file: file.into(), at, kind });
    }
}

#[cfg(test)]
#[path = "memlog_tests.rs"]
mod tests;
