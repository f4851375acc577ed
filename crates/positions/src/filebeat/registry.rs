//! The one-file registries: the object of 1.x, and the array of 5.x, 6.x and 7.0 to 7.8.
//!
//! Filebeat replaces them by a rename, so a half-written one is a damaged one. States of the same
//! file (and, from 6.3 on, the same meta) are merged as `fixStates` of 6.8 does: the higher offset
//! counts, the newer time brings the rest. Pure.

use super::state::{self, State};
use crate::cursor::{
    Acknowledged, Cursor, Fault, FaultKind, Full, Generation, Identity, Input, Note, Novelty, Positions,
};
use crate::json::{Any, Error, Text, Window};
use serde::Deserialize;
use serde::de::DeserializeSeed;
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
    let mut json = Window::new(source, 0);
    let mut reading = Reading { positions, state: State::default(), file, duplicates: 0 };
    if let Err(error) = reading.all(&mut json) {
        let (at, problem) = error.fault()?;
        reading.fault(at, syntax(at, problem, json.peek()?));
    }
    if reading.duplicates > 0 {
        reading.positions.notes.push(Note::Duplicates(reading.duplicates));
    }
    Ok(reading.positions)
}

/// A file that is empty or begins with NUL bytes is what a power loss leaves. `next` is what stands where
/// the reading stopped.
pub(super) fn syntax(at: u64, problem: String, next: Option<u8>) -> FaultKind {
    match (at, next) {
        (0, None | Some(0)) => FaultKind::Blank,
        _ => FaultKind::Syntax(problem),
    }
}

struct Reading<'a> {
    positions: Positions,
    state: State,
    file: &'a str,
    duplicates: u64,
}

impl Reading<'_> {
    fn all(&mut self, json: &mut Window<'_>) -> Result<(), Error> {
        match json.peek()? {
            Some(b'{') => {
                self.positions.generation = Generation::Object;
                let mut path = Vec::new();
                json.list(b'}', |json| self.named(json, &mut path))?;
            }
            // Filebeat writes it where it has no state yet.
            Some(b'n') => json.value(|json| <()>::deserialize(json))?,
            Some(b'[') => json.list(b']', |json| self.one(json, b""))?,
            _ => return Err(json.unexpected("'[' or '{'")),
        }
        match json.peek()? {
            None => Ok(()),
            Some(_) => Err(json.unexpected("the end of the file")),
        }
    }

    /// A state of 1.x, whose path stands before it.
    fn named(&mut self, json: &mut Window<'_>, path: &mut Vec<u8>) -> Result<(), Error> {
        json.value(|json| Text { name: "path", into: path }.deserialize(json))?;
        if !json.take(b':')? {
            return Err(json.unexpected("':'"));
        }
        self.one(json, path)
    }

    fn one(&mut self, json: &mut Window<'_>, path: &[u8]) -> Result<(), Error> {
        json.peek()?;
        let place = json.place();
        let is_state = json.value(|json| {
            self.state.clear();
            Any(state::Read(&mut self.state)).deserialize(json)
        })?;
        if !is_state {
            self.fault(place, FaultKind::Value("state"));
            return Ok(());
        }
        if self.state.source.is_empty() {
            self.state.source.extend_from_slice(path);
        }
        for kind in std::mem::take(&mut self.state.faults) {
            self.fault(place, kind);
        }
        if let Err(full) = self.merge(place) {
            self.fault(place, FaultKind::Full(full));
        }
        Ok(())
    }

    fn merge(&mut self, place: u64) -> Result<(), Full> {
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
