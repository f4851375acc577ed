//! The shipper: its life, its scans, what it remembers of files and when that is on disk.

use super::{
    By, Event, File, Harvester, Key, Kind, PRINT, Place, SCAN, SECOND, SECOND_SCAN, State, Ttl, UNKNOWN,
    World,
};
use crate::rng::Rng;

impl World {
    pub fn die(&mut self) {
        if !self.alive {
            return;
        }
        if self.config.kind == Kind::CloudWatch && !self.queue.is_empty() {
            // Stopped while a batch is retried: the batch is dropped, and its range counts.
            let event = self.queue.remove(0);
            self.dropped_at_stop = self.dropped_at_stop || !event.ids.is_empty();
            self.delivered.extend(event.ids.iter().copied());
            self.count(&event);
            self.flush();
        }
        self.alive = false;
        self.harvesters.clear();
        if !self.config.disk_queue {
            self.queue.clear();
        }
        self.states.clear();
        self.published.clear();
        self.dirty = None;
    }

    pub fn start(&mut self) {
        if self.alive {
            return;
        }
        self.alive = true;
        self.states = self.visible.clone();
        for state in self.states.values_mut().filter(|_| self.config.by == By::Path) {
            state.seen = UNKNOWN;
        }
        if self.config.one_position() {
            let of_first = self.visible.iter().map(|(key, state)| (key.of_second(), state.clone()));
            self.states.extend(of_first);
        }
        if self.config.kind == Kind::Log || self.config.kind == Kind::Container {
            for state in self.states.values_mut().filter(|state| state.ttl != Ttl::Deleted) {
                state.ttl = Ttl::Unclaimed;
            }
            self.flush();
        }
        self.scanned.clear();
        self.running = self.configured;
        self.next_second_scan = self.now;
        self.dropped_at_stop = false;
        self.next_scan = self.now + 5;
    }

    /// A second passes.
    pub fn tick(&mut self, rng: &mut Rng) {
        self.now += 1;
        if !self.alive {
            return;
        }
        if self.now >= self.next_scan {
            self.scan();
        }
        self.harvest(rng);
        if !self.blocked {
            for _ in 0..rng.below(4) {
                self.acknowledge(rng);
            }
        }
        if self.dirty.is_some_and(|since| self.now > since) || rng.one_in(2) {
            self.flush();
        }
        if self.now.is_multiple_of(30) && self.config.kind != Kind::CloudWatch {
            self.metrics = Some((self.active(), self.now * 1_000_000_000 + self.ops));
        }
    }

    pub(super) fn flush(&mut self) {
        self.visible = self.states.clone();
        if self.config.one_position() {
            for (key, of_second) in self.states.iter().filter(|(key, _)| **key == key.of_second()) {
                self.visible.remove(key);
                let newer = |other: &State| {
                    (of_second.updated, of_second.ttl == Ttl::Never)
                        > (other.updated, other.ttl == Ttl::Never)
                };
                if self.visible.get(&key.of_first()).is_none_or(newer) {
                    self.visible.insert(key.of_first(), of_second.clone());
                }
            }
        }
        // The CloudWatch agent writes no state before something is acknowledged.
        let cloudwatch = self.config.kind == Kind::CloudWatch;
        self.visible.retain(|_, state| !cloudwatch || !state.ranges.is_empty());
        self.dirty = None;
    }

    pub(super) fn touch(&mut self) {
        self.dirty.get_or_insert(self.now);
    }

    pub(super) fn key(&self, file: &File, stream: u8) -> Option<Key> {
        Some(match self.config.by {
            By::Inode => Key::Inode(file.dev, file.ino, stream),
            By::Path => match file.place {
                Place::In(name) => Key::Path(name),
                Place::Excluded(_) | Place::Out(_) | Place::Gone => return None,
            },
            By::Fingerprint => Key::Print(file.plain.get(..PRINT)?.try_into().ok()?),
        })
    }

    pub(super) fn streams(&self) -> &'static [u8] {
        match self.config.kind {
            Kind::Container => &[1, 2],
            Kind::Filestream | Kind::Log if self.running => &[0, SECOND],
            Kind::Filestream | Kind::Log | Kind::CloudWatch => &[0],
        }
    }

    pub fn scan(&mut self) {
        self.next_scan = self.now + SCAN;
        if self.configured && !self.running {
            // An input that begins looks at every file.
            self.scanned.retain(|(_, stream), _| *stream != SECOND);
            self.next_second_scan = self.now;
        }
        self.running = self.configured;
        self.harvesters.retain(|harvester| harvester.stream != SECOND || self.running);
        self.forget();
        let second = self.now >= self.next_second_scan;
        if second {
            self.next_second_scan = self.now + SECOND_SCAN;
        }
        for at in 0..self.files.len() {
            if let Place::In(_) = self.files[at].place {
                for &stream in self.streams().iter().filter(|stream| **stream != SECOND || second) {
                    self.consider(at, stream);
                }
            }
        }
    }

    /// Closes what is removed or renamed away, and cleans states.
    pub(super) fn forget(&mut self) {
        let (files, kind, close_removed) = (&self.files, self.config.kind, self.config.close_removed);
        let keeps_renamed = self.config.keeps_renamed;
        let mut left = Vec::new();
        self.harvesters.retain(|harvester| {
            let file = &files[harvester.file];
            let at_end = harvester.read >= file.plain.len() as u64;
            let stays = match (file.place, kind) {
                (Place::In(name), Kind::CloudWatch) if harvester.key == Key::Path(name) => true,
                // It finds out at the end of the file.
                (_, Kind::CloudWatch) => !at_end,
                (Place::In(_), _) => true,
                (Place::Gone, _) => !close_removed && !at_end,
                (Place::Out(_) | Place::Excluded(_), Kind::Log | Kind::Container) => !at_end,
                (Place::Out(_) | Place::Excluded(_), Kind::Filestream) => {
                    keeps_renamed && harvester.stream == SECOND
                }
            };
            if !stays {
                left.push(harvester.key);
            }
            stays
        });
        if kind == Kind::CloudWatch {
            // It deletes the state at once, and forgets what is acknowledged later (`rangeManager.Run`).
            for key in left {
                self.states.remove(&key);
                self.visible.remove(&key);
            }
        }
        if self.config.by != By::Inode {
            return;
        }
        let open: Vec<Key> = self.harvesters.iter().map(|harvester| harvester.key).collect();
        let queued: Vec<Key> = self.queue.iter().map(|event| event.key).collect();
        let named: Vec<Key> = self
            .files
            .iter()
            .filter(|file| matches!(file.place, Place::In(_)))
            .flat_map(|file| [0, 1, 2, SECOND].map(|stream| Key::Inode(file.dev, file.ino, stream)))
            .collect();
        let gone = |key: &Key| !named.contains(key) && !open.contains(key) && !queued.contains(key);
        self.states.retain(|key, state| !(gone(key) && state.ttl == Ttl::Deleted));
        self.published.retain(|key, _| self.states.contains_key(key));
        for (_, state) in self.states.iter_mut().filter(|(key, _)| gone(key)) {
            state.ttl = Ttl::Deleted;
        }
        self.touch();
    }

    pub(super) fn consider(&mut self, at: usize, stream: u8) {
        let file = &self.files[at];
        let Some(key) = self.key(file, stream) else { return };
        if let Some(state) = self.states.get_mut(&key) {
            if state.ttl == Ttl::Unclaimed {
                state.ttl = Ttl::Never;
            } else if state.ttl == Ttl::Deleted {
                self.states.remove(&key);
                self.published.remove(&key);
            }
        }
        if self.harvesters.iter().any(|harvester| harvester.key == key) {
            return;
        }
        if let Some(state) = self.states.get_mut(&key).filter(|_| self.config.by == By::Path) {
            let id = (file.dev, file.ino);
            if state.seen != id && state.seen != UNKNOWN {
                state.ranges.clear();
            }
            state.seen = id;
        }
        let (size, length, name) = (file.size(), file.plain.len() as u64, file.place);
        let (seen, life, modified) = ((file.dev, file.ino), file.life, file.modified);
        let old = self.config.ignore_older.is_some_and(|limit| self.now - modified / 1_000_000_000 > limit);
        let known = self.states.get(&key).and_then(|state| {
            let end = state.ranges.iter().map(|range| range.1).max();
            let published = self.published.get(&key).copied();
            published.or(state.offset).or(end.map(|_| prefix(&state.ranges)))
        });
        // The CloudWatch agent follows whatever matches, until it is gone.
        let follows = self.config.kind == Kind::CloudWatch;
        if old && known.is_none() || (size == 0 && !follows) {
            return;
        }
        let changed = self.scanned.insert((at, stream), (size, modified)) != Some((size, modified));
        let mut offset = known.unwrap_or(0);
        if !file.gz && offset > size {
            offset = 0;
        } else if self.config.kind == Kind::Filestream {
            if !changed || self.states.get(&key).is_some_and(|state| state.eof) {
                return;
            }
        } else if offset >= length && !follows {
            return;
        }
        let updated = self.clock();
        let filestream = self.config.kind == Kind::Filestream;
        let state = self.states.entry(key).or_insert_with(|| State {
            seen,
            name,
            offset: (!filestream).then_some(0),
            ranges: Vec::new(),
            ttl: if filestream { Ttl::New } else { Ttl::Never },
            eof: false,
            updated,
            of: at,
            life,
        });
        state.name = name;
        self.touch();
        self.harvesters.push(Harvester {
            file: at,
            life,
            key,
            stream,
            read: offset,
            parsed: offset,
            buffer: Vec::new(),
            counted: offset,
            joined: None,
            next_read: self.now,
            idle: self.now,
            opened: self.now,
        });
    }

    pub(super) fn acknowledge(&mut self, rng: &mut Rng) {
        if self.queue.is_empty() {
            return;
        }
        let at = match self.config.kind {
            Kind::CloudWatch => rng.below(self.queue.len() as u64) as usize,
            Kind::Log | Kind::Filestream | Kind::Container => 0,
        };
        let event = self.queue.remove(at);
        self.delivered.extend(event.ids.iter().copied());
        if !self.config.disk_queue {
            self.count(&event);
            self.touch();
        }
        for at in 0..self.harvesters.len() {
            let mut harvester = self.harvesters[at].clone();
            self.parse(&mut harvester);
            self.harvesters[at] = harvester;
        }
    }

    pub(super) fn count(&mut self, event: &Event) {
        let acknowledged = self.clock();
        // A filestream state is dated when its event was published (`updateOp`), others when the output
        // acknowledged it.
        let updated = if self.config.kind == Kind::Filestream { event.published } else { acknowledged };
        let ranges = self.config.kind == Kind::CloudWatch;
        let seen = (self.files[event.file].dev, self.files[event.file].ino);
        let Some(state) = self.states.get_mut(&event.key) else { return };
        if self.config.by == By::Path && state.seen != seen {
            return;
        }
        if ranges && event.life < state.life {
            return;
        }
        if ranges && event.life > state.life {
            state.ranges.clear();
        }
        state.updated = updated;
        state.eof = event.eof;
        (state.of, state.life) = (event.file, event.life);
        if state.ttl == Ttl::New {
            state.ttl = Ttl::Never;
        }
        if ranges {
            if event.reset {
                state.ranges.clear();
            } else {
                merge(&mut state.ranges, (event.from, event.to));
            }
            state.offset = None;
        } else {
            state.offset = Some(event.to);
        }
    }
}

fn prefix(ranges: &[(u64, u64)]) -> u64 {
    ranges.first().filter(|range| range.0 == 0).map_or(0, |range| range.1)
}

fn merge(ranges: &mut Vec<(u64, u64)>, new: (u64, u64)) {
    ranges.push(new);
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for &(from, to) in ranges.iter() {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            Some(_) | None => merged.push((from, to)),
        }
    }
    *ranges = merged;
}
