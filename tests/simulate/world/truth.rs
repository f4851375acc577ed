//! What is true of the world: what somebody who looks could see, and what is still to be shipped.

use super::{By, File, Id, Key, Kind, Place, SECOND, State, Ttl, World};
use crate::rng::Rng;
use std::cmp::Ordering;
use std::collections::BTreeSet;

impl World {
    /// Whether a line is in the queue, and counted.
    pub fn queued(&self, id: &Id) -> bool {
        self.queue.iter().any(|event| event.ids.contains(id))
    }

    /// Whether these bytes are the end of a line that was delivered as a whole: after over-long lines a
    /// position is inside one, and who opens the file again there begins in its middle.
    pub fn remnant(&self, id: &Id) -> bool {
        let end = if self.config.cr { b'\r' } else { b'\n' };
        let at = (id.2 & 0xff_ffff) as usize;
        let before = self.files[id.0].plain.get(..at).unwrap_or_default();
        let begin = before.iter().rposition(|&byte| byte == end).map_or(0, |newline| newline + 1);
        let line = (id.0, id.1, id.2 - (at - begin) as u64);
        begin < at && self.delivered.contains(&line)
    }

    /// Whether somebody who looks can see the file.
    pub fn shows(&self, number: usize) -> bool {
        self.files[number].place != Place::Gone || (self.alive && self.held(number).is_some())
    }

    /// Whether the registry has a state of this file's inode.
    pub fn has_state(&self, file: &File) -> bool {
        self.visible.values().any(|state| state.seen == (file.dev, file.ino))
    }

    /// Whether the registry has a state of this file that is nowhere to be seen, of an input that runs.
    pub fn has_state_of_gone(&self, number: usize) -> bool {
        let file = &self.files[number];
        let id = (file.dev, file.ino);
        let seen =
            |number: usize| (self.files[number].dev, self.files[number].ino) == id && self.shows(number);
        let owing = |(key, state): (&Key, &State)| {
            let taken_away = matches!(key, Key::Inode(_, _, SECOND)) && !self.configured;
            state.seen == id && state.ttl != Ttl::Unclaimed && !taken_away
        };
        self.config.by == By::Inode && self.visible.iter().any(owing) && !(0..self.files.len()).any(seen)
    }

    /// Whether the shipper leaves a file out for its age: it has no state of it.
    pub fn too_old(&self, file: &File) -> bool {
        let old =
            self.config.ignore_older.is_some_and(|limit| self.now - file.modified / 1_000_000_000 > limit);
        old && self.key(file, 0).is_some_and(|key| !self.visible.contains_key(&key))
    }

    /// Whether the registry speaks of what a file held before it was truncated, and it does not show:
    /// the file has grown past the position (a shorter one shows), or as far, and the state, dated
    /// when it was acknowledged, is newer than the last write.
    pub fn stale(&self, number: usize) -> bool {
        let file = &self.files[number];
        let read = self.held(number);
        self.visible.values().any(|state| {
            let here = state.seen == (file.dev, file.ino) && state.ttl != Ttl::Deleted;
            let other = here && (state.of, state.life) != (number, file.life);
            // Where the shipper reads shows that it has to begin, or has begun, anew.
            let offset = state.offset.unwrap_or(0);
            let anew = read.is_some_and(|read| read > file.size() || read < offset);
            other
                && !anew
                && match state.offset.map(|offset| offset.cmp(&file.size())) {
                    // One that sticks to the file is taken at its word.
                    Some(Ordering::Equal) => self.config.by != By::Path || state.updated >= file.modified,
                    Some(Ordering::Less) | None => true,
                    Some(Ordering::Greater) => false,
                }
        })
    }

    /// Whether a position of this file is within a line, where none comes by reading it: as far as one who looks
    /// can know that.
    pub fn within_line(&self, file: &File) -> bool {
        let config = &self.config;
        let counted = matches!(config.kind, Kind::Log | Kind::Filestream) && config.by == By::Inode;
        let plain = !config.drift && !config.cr && !config.gzip && config.ignore_older.is_none();
        let within = |offset: u64| {
            let before = file.plain.get((offset as usize).wrapping_sub(1));
            offset < file.size() && before.is_some_and(|byte| !matches!(byte, b'\n' | 0))
        };
        counted
            && plain
            && self.visible.iter().any(|(key, state)| {
                let taken_away = matches!(key, Key::Inode(_, _, SECOND)) && !self.configured;
                let here = state.seen == (file.dev, file.ino) && state.ttl == Ttl::Never;
                here && !taken_away && state.offset.is_some_and(within)
            })
    }

    /// What a copy of this world would yet deliver, its writers at rest and its output working.
    pub fn outstanding(&self) -> BTreeSet<Id> {
        let mut copy = self.clone();
        let mut rng = Rng(88_172_645_463_325_252);
        copy.start();
        copy.settle_down(&mut rng);
        copy.delivered.difference(&self.delivered).copied().collect()
    }

    /// Runs until nothing more comes.
    pub fn settle_down(&mut self, rng: &mut Rng) {
        self.blocked = false;
        let mut quiet = 0;
        while quiet < 4 {
            let before = (self.delivered.len(), self.queue.len(), self.reading());
            self.now += 2;
            self.next_second_scan = 0;
            self.scan();
            for harvester in &mut self.harvesters {
                harvester.next_read = 0;
            }
            self.harvest(rng);
            while !self.queue.is_empty() {
                self.acknowledge(rng);
            }
            let same = before == (self.delivered.len(), self.queue.len(), self.reading());
            quiet = if same { quiet + 1 } else { 0 };
        }
        self.flush();
    }

    /// Changes whenever anything is opened, read or closed.
    pub fn reading(&self) -> u64 {
        self.harvesters.iter().map(|harvester| harvester.read + harvester.parsed + 1).sum()
    }
}

impl std::fmt::Display for World {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blocked = if self.blocked { ", blocked" } else { "" };
        write!(to, "{} s, alive {}{blocked}, metrics {:?}", self.now, self.alive, self.metrics)?;
        for (number, file) in self.files.iter().enumerate() {
            let (text, time) = (file.plain.escape_ascii(), file.modified % 1_000_000_000_000);
            let id = (file.dev, file.ino);
            write!(to, "\n    file {number} {id:?} {:?} life {} {time} '{text}'", file.place, file.life)?;
        }
        for at in &self.harvesters {
            let (id, read, parsed, counted) = ((at.file, at.life, at.stream), at.read, at.parsed, at.counted);
            let joined = at.joined.as_ref().map(|joined| (&joined.starts, joined.due));
            write!(to, "\n    open {id:?} read {read} parsed {parsed} counted {counted} joined {joined:?}")?;
            write!(to, " next {} buffer '{}'", at.next_read, at.buffer.escape_ascii())?;
        }
        for event in &self.queue {
            write!(to, "\n    queued {:?} {}..{} reset {}", event.ids, event.from, event.to, event.reset)?;
        }
        for (key, state) in &self.visible {
            let real = self.states.get(key).map(|state| (state.offset, state.ttl));
            let (at, ranges, time) = (state.offset, &state.ranges, state.updated % 1_000_000_000_000);
            let (of, ttl) = ((state.of, state.life), state.ttl);
            write!(to, "\n    state {key:?} {at:?} {ranges:?} {ttl:?} of {of:?} {time} (inside {real:?})")?;
        }
        for key in self.states.keys().filter(|key| !self.visible.contains_key(key)) {
            write!(to, "\n    state {key:?} not flushed")?;
        }
        Ok(())
    }
}
