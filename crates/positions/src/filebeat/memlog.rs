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

use super::key::{FileKey, Key, Keys};
use super::registry::{states_in, syntax};
use super::state::State;
use crate::cursor::{Fault, FaultKind, Full, Generation, NotAFile, Note, Positions};
use crate::json::{Error, Next, Number, Problem, Reader};
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
    keys: Keys,
    scope: Vec<u8>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Set,
    Remove,
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
            keys: Keys::default(),
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
        let mut json = Reader::new(source, 0);
        match store.entries(&mut json, &file) {
            Ok(()) => Ok(store),
            Err(Error::Io(error)) => Err(error),
            Err(Error::Bad { at, problem }) => {
                store.fault(&file, at, syntax(at, problem));
                Ok(store)
            }
        }
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
        let mut json = Reader::new(source, self.offset);
        loop {
            match self.operation(&mut json) {
                Ok(false) => return Ok(Step::Taken(taken)),
                Ok(true) => taken += 1,
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
    fn entries(&mut self, json: &mut Reader<'_>, file: &str) -> Result<(), Error> {
        json.array()?;
        let mut first = true;
        while json.element(first)? {
            first = false;
            let place = json.place();
            self.state.clear();
            if json.peek()? == Next::Object {
                self.state.read(json)?;
                self.apply(Op::Set, place, file);
            } else {
                self.fault(file, place, FaultKind::Value("state"));
                json.skip()?;
            }
        }
        match json.peek()? {
            Next::End => Ok(()),
            Next::Object | Next::Array | Next::String | Next::Number | Next::Bool | Next::Null => {
                Err(json.unexpected("the end of the file"))
            }
        }
    }

    /// Takes one operation; `false` at the end of the log.
    fn operation(&mut self, json: &mut Reader<'_>) -> Result<bool, Stop> {
        if json.peek()? == Next::End {
            return Ok(false);
        }
        let (op, id) = head(json)?;
        let place = json.place();
        if !at_most(id, self.checkpoint) && id != self.last.wrapping_add(1) {
            return Err(Stop::Fault(place, FaultKind::Sequence { last: self.last, found: id }));
        }
        self.state.clear();
        json.peek()?;
        let place = json.place();
        self.body(json)?;
        if !at_most(id, self.checkpoint) {
            self.apply(op, place, LOG);
            self.last = id;
        }
        self.offset = json.place();
        Ok(true)
    }

    /// `{"k":KEY,"v":{…}}`, the second line of an operation.
    fn body(&mut self, json: &mut Reader<'_>) -> Result<(), Error> {
        json.object()?;
        let mut first = true;
        while let Some(name) = json.name(first)? {
            first = false;
            let is_value = name.eq_ignore_ascii_case(b"v");
            if name.eq_ignore_ascii_case(b"k") {
                self.state.read_key(json)?;
            } else if is_value && json.peek()? == Next::Object {
                self.state.read(json)?;
            } else {
                json.skip()?;
            }
        }
        Ok(())
    }

    /// Carries out an operation whose key and value are in `self.state`.
    fn apply(&mut self, op: Op, place: u64, file: &str) {
        if op == Op::Set {
            match self.state.add_like(&mut self.positions.cursors) {
                Ok(true) => return,
                Ok(false) => {}
                Err(full) => return self.fault(file, place, FaultKind::Full(full)),
            }
        }
        let key = std::mem::take(&mut self.state.key);
        match self.keys.cut(&key) {
            Key::File(parts) => {
                if let Some(number) = self.apply_file(op, &parts, place, file) {
                    let value = key.get(parts.prefix.len()..).unwrap_or_default();
                    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let end = value.get(digits..).unwrap_or_default();
                    self.state.is_model(&self.positions.cursors, number, (parts.prefix, end));
                }
            }
            Key::Other(kind) => self.apply_other(op, &key, kind),
            Key::Unknown => {
                let shown: String = String::from_utf8_lossy(&key).chars().take(200).collect();
                self.fault(file, place, FaultKind::Key(shown.escape_debug().to_string()));
            }
        }
        self.state.key = key;
    }

    /// The number of the state, if there is one then.
    fn apply_file(&mut self, op: Op, key: &FileKey<'_>, place: u64, file: &str) -> Option<u32> {
        self.scope.clear();
        self.scope.extend_from_slice(key.prefix);
        self.scope.push(0);
        self.scope.extend_from_slice(key.suffix);
        if op == Op::Remove {
            self.positions.cursors.remove(&self.scope, key.input_id, &key.identity);
            return None;
        }
        for (at, kind) in std::mem::take(&mut self.state.faults) {
            self.fault(file, at, kind);
        }
        let cursor = self.state.cursor(key.identity, key.input, key.input_id);
        let other_file =
            cursor.seen.is_some() && self.state.file_id().is_some_and(|id| cursor.seen != Some(id));
        let full: Result<u32, Full> = self.positions.cursors.set(&self.scope, &cursor);
        if other_file {
            self.fault(file, place, FaultKind::Value("FileStateOS"));
        }
        full.map_err(|full| self.fault(file, place, FaultKind::Full(full))).ok()
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

/// Why no operation was taken.
enum Stop {
    Io(io::Error),
    /// The text ends within the operation.
    Torn,
    Fault(u64, FaultKind),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::Io(error),
            Error::Bad { problem: Problem::End, .. } => Self::Torn,
            Error::Bad { at, problem } => Self::Fault(at, FaultKind::Syntax(problem)),
        }
    }
}

/// `{"op":"set","id":N}`, the first line of an operation.
fn head(json: &mut Reader<'_>) -> Result<(Op, u64), Stop> {
    let place = json.place();
    json.object()?;
    let (mut op, mut id) = (None, None);
    let mut first = true;
    while let Some(name) = json.name(first)? {
        first = false;
        let (is_op, is_id) = (name.eq_ignore_ascii_case(b"op"), name.eq_ignore_ascii_case(b"id"));
        let next = json.peek()?;
        if is_op && next == Next::String {
            let place = json.place();
            op = Some(match json.string()? {
                b"set" => Op::Set,
                b"remove" => Op::Remove,
                other => {
                    let shown: String = String::from_utf8_lossy(other).chars().take(40).collect();
                    let kind = FaultKind::Operation(shown.escape_debug().to_string());
                    return Err(Stop::Fault(place, kind));
                }
            });
        } else if is_id && next == Next::Number {
            id = match json.number()? {
                Number::Unsigned(id) => Some(id),
                Number::Negative(_) | Number::Other => None,
            };
        } else {
            json.skip()?;
        }
    }
    match (op, id) {
        (Some(op), Some(id)) => Ok((op, id)),
        (None, _) => Err(Stop::Fault(place, FaultKind::Missing("op"))),
        (Some(_), None) => Err(Stop::Fault(place, FaultKind::Missing("id"))),
    }
}

#[cfg(test)]
#[path = "memlog_tests.rs"]
mod tests;
