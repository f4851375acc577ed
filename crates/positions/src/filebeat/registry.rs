//! The one-file registries: the object of 1.x, and the array of 5.x, 6.x and 7.0 to 7.8.
//!
//! Filebeat replaces them by a rename, so a half-written one is a damaged one. States of the same
//! file (and, from 6.3 on, the same meta) are merged as `fixStates` of 6.8 does: the higher offset
//! counts, the newer time brings the rest. Pure.

use super::state::State;
use crate::cursor::{
    Acknowledged, Cursor, Fault, FaultKind, Full, Generation, Identity, Input, Note, Novelty, Positions,
};
use crate::json::{Error, Next, Problem, Reader};
use std::io::{self, Read};

/// Reads a registry. `size` is how many bytes it will be, as far as that is known: room is made for as
/// many states. `file` is its name in faults; `generation` what is expected there: an object makes it
/// [`Generation::Object`] whatever was expected.
///
/// # Errors
/// The stream fails. What is wrong with the text is in [`Positions::faults`].
pub fn read(mut source: impl Read, size: u64, file: &str, generation: Generation) -> io::Result<Positions> {
    let mut positions = Positions::new(generation);
    positions.cursors.reserve(states_in(size));
    fill(&mut source, positions, file)
}

/// For how many states room is made when a text of `size` bytes is to be read. Filebeat's are some 200
/// bytes long and seldom below 160. A file that is mostly a hole may be of any size, so there is a bound.
pub(super) fn states_in(size: u64) -> usize {
    usize::try_from(size / 160).unwrap_or(usize::MAX).min(1 << 21)
}

fn fill(source: &mut dyn Read, positions: Positions, file: &str) -> io::Result<Positions> {
    let mut reading =
        Reading { json: Reader::new(source, 0), positions, state: State::default(), file, duplicates: 0 };
    match reading.all() {
        Ok(()) => {}
        Err(Error::Io(error)) => return Err(error),
        Err(Error::Bad { at, problem }) => reading.fault(at, syntax(at, problem)),
    }
    if reading.duplicates > 0 {
        reading.positions.notes.push(Note::Duplicates(reading.duplicates));
    }
    Ok(reading.positions)
}

/// A file that is empty or holds NUL bytes from its start is what a power loss leaves.
pub(super) fn syntax(at: u64, problem: Problem) -> FaultKind {
    match problem {
        Problem::End | Problem::Byte { found: 0, .. } if at == 0 => FaultKind::Blank,
        Problem::End | Problem::Byte { .. } | Problem::Escape | Problem::Long | Problem::Deep => {
            FaultKind::Syntax(problem)
        }
    }
}

struct Reading<'a> {
    json: Reader<'a>,
    positions: Positions,
    state: State,
    file: &'a str,
    duplicates: u64,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<(), Error> {
        match self.json.peek()? {
            Next::Object => self.object()?,
            Next::Null => self.json.null()?,
            Next::Array | Next::String | Next::Number | Next::Bool | Next::End => self.array()?,
        }
        match self.json.peek()? {
            Next::End => Ok(()),
            Next::Object | Next::Array | Next::String | Next::Number | Next::Bool | Next::Null => {
                Err(self.json.unexpected("the end of the file"))
            }
        }
    }

    fn object(&mut self) -> Result<(), Error> {
        self.positions.generation = Generation::Object;
        self.json.object()?;
        let mut first = true;
        loop {
            self.state.clear();
            let Some(path) = self.json.name(first)? else { return Ok(()) };
            self.state.key.extend_from_slice(path);
            first = false;
            self.one()?;
        }
    }

    fn array(&mut self) -> Result<(), Error> {
        self.json.array()?;
        let mut first = true;
        while self.json.element(first)? {
            first = false;
            self.state.clear();
            self.one()?;
        }
        Ok(())
    }

    fn one(&mut self) -> Result<(), Error> {
        self.json.peek()?;
        let place = self.json.place();
        if self.json.peek()? != Next::Object {
            self.fault(place, FaultKind::Value("state"));
            return self.json.skip();
        }
        // The object's name is the path of 1.x; `_key` means nothing in an array.
        let path = std::mem::take(&mut self.state.key);
        self.state.read(&mut self.json)?;
        if self.state.source.is_empty() {
            self.state.source.extend_from_slice(&path);
        }
        self.state.key = path;
        for (at, kind) in std::mem::take(&mut self.state.faults) {
            self.fault(at, kind);
        }
        if let Err(full) = self.merge(place) {
            self.fault(place, FaultKind::Full(full));
        }
        Ok(())
    }

    fn merge(&mut self, place: u64) -> Result<(), Full> {
        if self.state.add_like(&mut self.positions.cursors)? {
            return Ok(());
        }
        let Some(id) = self.state.file_id() else {
            self.fault(place, FaultKind::Missing("FileStateOS"));
            let state = self.state.cursor(Identity::Path, Input::Log, b"");
            return self.positions.cursors.add(&state).map(drop);
        };
        let identity = Identity::Inode(id);
        let new = self.state.cursor(identity, Input::Log, b"");
        let cursors = &mut self.positions.cursors;
        let (number, novelty) = cursors.insert(new.meta, &new)?;
        if novelty == Novelty::New {
            self.state.is_model(cursors, number, (b"", b""));
            return Ok(());
        }
        let Some(old) = cursors.get(number) else { return Ok(()) };
        self.duplicates += 1;
        let offset = old.acknowledged.prefix().max(new.acknowledged.prefix());
        let acknowledged = Acknowledged::Offset(offset);
        if old.updated > new.updated {
            // The texts of the old one lie in the table that is about to change.
            let (folder, name) = (old.folder.to_vec(), old.name.to_vec());
            let merged = Cursor {
                folder: &folder,
                name: &name,
                ttl: old.ttl,
                input: old.input,
                updated: old.updated,
                acknowledged,
                ..new
            };
            return cursors.set(new.meta, &merged).map(drop);
        }
        let merged = Cursor { acknowledged, ..new };
        cursors.set(new.meta, &merged).map(drop)
    }

    fn fault(&mut self, at: u64, kind: FaultKind) {
        self.positions.faults.push(Fault { file: self.file.into(), at, kind });
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
