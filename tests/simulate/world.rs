//! A model of a shipper, of the writers it follows, and of the disk between them.
//!
//! It is built from what was measured on real shippers and knows nothing of the judge. What is still
//! to be shipped is found by letting a copy of it run on: whatever a copy with a working output would
//! yet deliver, is outstanding.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// xorshift64*.
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Log,
    Filestream,
    Container,
    CloudWatch,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    Inode,
    Path,
    Fingerprint,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub kind: Kind,
    pub by: By,
    pub joined: bool,
    pub filtered: bool,
    pub cr: bool,
    pub gzip: bool,
    pub ignore_older: Option<u64>,
    pub drift: bool,
    pub queue: usize,
    pub close_removed: bool,
    /// The log input closes a file after so long, whatever it has in hand.
    pub close_timeout: Option<u64>,
}

pub const LONGEST: usize = 5;
pub const PRINT: usize = 4;
const UNKNOWN: (u64, u64) = (u64::MAX, u64::MAX);
pub const JOIN_WAIT: u64 = 5;
pub const SCAN: u64 = 10;

/// Where a file is: below the pattern, beside it, taken out by `exclude_files`, or without a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    In(u8),
    Excluded(u8),
    Out(u8),
    Gone,
}

#[derive(Clone, Debug)]
pub struct File {
    pub dev: u64,
    pub ino: u64,
    pub life: u32,
    pub place: Place,
    pub last: u8,
    pub plain: Vec<u8>,
    pub gz: bool,
    pub modified: u64,
}

impl File {
    pub fn size(&self) -> u64 {
        if self.gz { self.plain.len() as u64 / 3 + 3 } else { self.plain.len() as u64 }
    }
}

/// A line or event, by file, generation of its content, place of its first byte, and stream.
pub type Id = (usize, u32, u64);

#[derive(Clone, Debug)]
struct Event {
    file: usize,
    key: Key,
    ids: Vec<Id>,
    from: u64,
    to: u64,
    reset: bool,
    eof: bool,
    life: u32,
    published: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    Inode(u64, u64, u8),
    Path(u8),
    Print([u8; PRINT]),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    Never,
    Unclaimed,
    Deleted,
    New,
}

#[derive(Clone, Debug)]
pub struct State {
    pub seen: (u64, u64),
    pub name: Place,
    pub offset: Option<u64>,
    pub ranges: Vec<(u64, u64)>,
    pub ttl: Ttl,
    pub eof: bool,
    pub updated: u64,
    /// Of which file, and of which generation of it, the state speaks.
    pub of: usize,
    pub life: u32,
}

#[derive(Clone, Debug)]
struct Harvester {
    file: usize,
    life: u32,
    key: Key,
    stream: u8,
    /// Where the descriptor is.
    read: u64,
    /// Where the next line begins.
    parsed: u64,
    /// What was read from there on: the file may hold other bytes by now.
    buffer: Vec<u8>,
    /// What is counted for it, which drifts after over-long lines.
    counted: u64,
    joined: Option<Joined>,
    next_read: u64,
    idle: u64,
    opened: u64,
}

#[derive(Clone, Debug)]
struct Joined {
    starts: Vec<u64>,
    counted: u64,
    text: bool,
    due: u64,
}

#[derive(Clone)]
pub struct World {
    pub config: Config,
    pub files: Vec<File>,
    pub alive: bool,
    pub blocked: bool,
    pub now: u64,
    ops: u64,
    harvesters: Vec<Harvester>,
    queue: Vec<Event>,
    states: BTreeMap<Key, State>,
    /// What was last put into the queue: who opens a file again goes on from there, not from what was
    /// acknowledged (`Harvester.SendStateUpdate`; `pendingCursor` of filestream).
    published: BTreeMap<Key, u64>,
    /// The registry as it can be read.
    pub visible: BTreeMap<Key, State>,
    dirty: Option<u64>,
    next_scan: u64,
    scanned: BTreeMap<usize, (u64, u64)>,
    pub delivered: BTreeSet<Id>,
    pub dropped_at_stop: bool,
    /// The metrics line of the shipper's log: events in flight, and when.
    pub metrics: Option<(u64, u64)>,
}

impl World {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            files: Vec::new(),
            alive: true,
            blocked: false,
            now: 1000,
            ops: 0,
            harvesters: Vec::new(),
            queue: Vec::new(),
            states: BTreeMap::new(),
            published: BTreeMap::new(),
            visible: BTreeMap::new(),
            dirty: None,
            next_scan: 1000,
            scanned: BTreeMap::new(),
            delivered: BTreeSet::new(),
            dropped_at_stop: false,
            metrics: None,
        }
    }

    /// The time in nanoseconds; each operation takes one.
    pub fn clock(&mut self) -> u64 {
        self.ops += 1;
        self.now * 1_000_000_000 + self.ops
    }

    pub fn active(&self) -> u64 {
        self.queue.len() as u64
    }

    /// How far the shipper has read a file, if it has it open.
    pub fn held(&self, file: usize) -> Option<u64> {
        let open = self.harvesters.iter().filter(|harvester| harvester.file == file);
        open.map(|harvester| if self.files[file].gz { self.files[file].size() } else { harvester.read }).min()
    }

    fn at(&self, place: Place) -> Option<usize> {
        self.files.iter().position(|file| file.place == place)
    }

    // The writers.

    pub fn create(&mut self, rng: &mut Rng, name: u8) {
        let place = if rng.one_in(12) { Place::Excluded(name) } else { Place::In(name) };
        if self.at(place).is_some() {
            return;
        }
        let (mut dev, mut ino) = (1 + rng.below(2), 1 + rng.below(4));
        if rng.one_in(3)
            && let Some(old) = self.files.iter().find(|file| file.place == Place::Gone)
        {
            (dev, ino) = (old.dev, old.ino);
        }
        let taken = |file: &File| (file.dev, file.ino) == (dev, ino);
        let held: Vec<usize> = self.harvesters.iter().map(|harvester| harvester.file).collect();
        if self
            .files
            .iter()
            .enumerate()
            .any(|(at, file)| taken(file) && (file.place != Place::Gone || held.contains(&at)))
        {
            return;
        }
        let gz = self.config.gzip && rng.one_in(2);
        let modified = self.clock();
        let last = name;
        self.files.push(File { dev, ino, life: 0, place, last, plain: Vec::new(), gz, modified });
        if gz {
            let file = self.files.last_mut().unwrap();
            for _ in 0..rng.below(8) + 1 {
                file.plain.extend_from_slice(b"a\n");
            }
        }
    }

    pub fn write(&mut self, rng: &mut Rng) {
        if self.files.is_empty() {
            return;
        }
        let at = rng.below(self.files.len() as u64) as usize;
        let modified = self.clock();
        let container = self.config.kind == Kind::Container;
        let end = if self.config.cr { b'\r' } else { b'\n' };
        let file = &mut self.files[at];
        if file.gz || (file.place == Place::Gone && !rng.one_in(4)) {
            return;
        }
        let mut text: Vec<u8> = match rng.below(14) {
            _ if container => match rng.below(6) {
                0 | 1 => b"t stdout F a\n".to_vec(),
                2 | 3 => b"t stderr F a\n".to_vec(),
                4 => b"t stdout P a\n".to_vec(),
                _ => b"t std".to_vec(),
            },
            0 => b"\n".to_vec(),
            1 => b"\n\n".to_vec(),
            2 => b"#\n".to_vec(),
            3 => b"!\n".to_vec(),
            4 => b" c\n".to_vec(),
            5 => b"LLLLLLLL\n".to_vec(),
            6 => b"\0\0\0".to_vec(),
            7 => b"p".to_vec(),
            8 => b"b\n".to_vec(),
            _ => b"a\n".to_vec(),
        };
        for byte in &mut text {
            if *byte == b'\n' {
                *byte = end;
            }
        }
        file.plain.extend_from_slice(&text);
        file.modified = modified;
    }

    /// Renames a file. Where positions are kept by name, there is often a new file of its name at once.
    pub fn rotate(&mut self, rng: &mut Rng) {
        let Some(at) = self.named(rng) else { return };
        let before = self.files[at].place;
        let to = match (rng.below(3), rng.below(5) as u8) {
            (0, n) => Place::Out(n),
            (_, n) => Place::In(n),
        };
        if self.at(to).is_none() {
            self.files[at].place = to;
            if let Place::In(name) = to {
                self.files[at].last = name;
            }
        }
        if let (By::Path, Place::In(name)) = (self.config.by, before)
            && rng.one_in(2)
        {
            self.create(rng, name);
        }
    }

    fn named(&self, rng: &mut Rng) -> Option<usize> {
        if self.files.is_empty() {
            return None;
        }
        let at = rng.below(self.files.len() as u64) as usize;
        (self.files[at].place != Place::Gone).then_some(at)
    }

    pub fn delete(&mut self, rng: &mut Rng) {
        if let Some(at) = self.named(rng) {
            self.files[at].place = Place::Gone;
        }
    }

    pub fn truncate(&mut self, rng: &mut Rng) {
        let Some(at) = self.named(rng) else { return };
        if self.files[at].gz || self.config.by == By::Fingerprint {
            return;
        }
        let copy = rng.one_in(3);
        let modified = self.clock();
        if copy {
            let mut new = self.files[at].clone();
            let name = rng.below(5) as u8;
            let place = if rng.one_in(2) { Place::In(name) } else { Place::Out(name) };
            new.ino = 10 + self.files.len() as u64;
            new.life = 0;
            new.place = place;
            new.last = name;
            new.modified = modified;
            if self.at(place).is_none() {
                self.files.push(new);
            }
        }
        let file = &mut self.files[at];
        file.plain.clear();
        file.life += 1;
        file.modified = modified;
    }

    // The shipper.

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
        self.queue.clear();
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
        if self.config.kind == Kind::Log || self.config.kind == Kind::Container {
            for state in self.states.values_mut().filter(|state| state.ttl != Ttl::Deleted) {
                state.ttl = Ttl::Unclaimed;
            }
            self.visible = self.states.clone();
        }
        self.scanned.clear();
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

    fn flush(&mut self) {
        self.visible = self.states.clone();
        // The CloudWatch agent writes no state before something is acknowledged.
        let cloudwatch = self.config.kind == Kind::CloudWatch;
        self.visible.retain(|_, state| !cloudwatch || !state.ranges.is_empty());
        self.dirty = None;
    }

    fn touch(&mut self) {
        self.dirty.get_or_insert(self.now);
    }

    fn key(&self, file: &File, stream: u8) -> Option<Key> {
        Some(match self.config.by {
            By::Inode => Key::Inode(file.dev, file.ino, stream),
            By::Path => match file.place {
                Place::In(name) => Key::Path(name),
                Place::Excluded(_) | Place::Out(_) | Place::Gone => return None,
            },
            By::Fingerprint => Key::Print(file.plain.get(..PRINT)?.try_into().ok()?),
        })
    }

    /// Whether a line is in the queue, and counted.
    pub fn queued(&self, id: &Id) -> bool {
        self.queue.iter().any(|event| event.ids.contains(id))
    }

    /// Whether another file, which has no name any more, had the fingerprint of this one: what it still
    /// has in the queue moves the position of both.
    pub fn twin(&self, number: usize) -> bool {
        let Some(print) = self.files[number].plain.get(..PRINT) else { return false };
        let same = |file: &File| file.plain.get(..PRINT) == Some(print);
        let of_other =
            |state: &State| state.of != number && same(&self.files[state.of]) && !self.shows(state.of);
        self.config.by == By::Fingerprint && self.visible.values().any(of_other)
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

    /// Whether the shipper leaves a file out for its age: it has no state of it.
    pub fn too_old(&self, file: &File) -> bool {
        let old =
            self.config.ignore_older.is_some_and(|limit| self.now - file.modified / 1_000_000_000 > limit);
        old && self.key(file, 0).is_some_and(|key| !self.visible.contains_key(&key))
    }

    fn streams(&self) -> &'static [u8] {
        if self.config.kind == Kind::Container { &[1, 2] } else { &[0] }
    }

    pub fn scan(&mut self) {
        self.next_scan = self.now + SCAN;
        self.forget();
        for at in 0..self.files.len() {
            if let Place::In(_) = self.files[at].place {
                for &stream in self.streams() {
                    self.consider(at, stream);
                }
            }
        }
    }

    /// Closes what is removed or renamed away, and cleans states.
    fn forget(&mut self) {
        let (files, kind, close_removed) = (&self.files, self.config.kind, self.config.close_removed);
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
                (Place::Out(_) | Place::Excluded(_), Kind::Filestream) => false,
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
            .flat_map(|file| [0, 1, 2].map(|stream| Key::Inode(file.dev, file.ino, stream)))
            .collect();
        let gone = |key: &Key| !named.contains(key) && !open.contains(key) && !queued.contains(key);
        self.states.retain(|key, state| !(gone(key) && state.ttl == Ttl::Deleted));
        self.published.retain(|key, _| self.states.contains_key(key));
        for (_, state) in self.states.iter_mut().filter(|(key, _)| gone(key)) {
            state.ttl = Ttl::Deleted;
        }
        self.touch();
    }

    fn consider(&mut self, at: usize, stream: u8) {
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
        let changed = self.scanned.insert(at, (size, modified)) != Some((size, modified));
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

    fn harvest(&mut self, rng: &mut Rng) {
        for at in 0..self.harvesters.len() {
            let mut harvester = self.harvesters[at].clone();
            if harvester.next_read <= self.now && self.queue.len() < self.config.queue {
                self.read(&mut harvester, rng);
            }
            self.parse(&mut harvester);
            self.harvesters[at] = harvester;
        }
        for mut harvester in std::mem::take(&mut self.harvesters) {
            if !self.closes(&mut harvester) {
                self.harvesters.push(harvester);
            }
        }
    }

    fn room(&self) -> bool {
        self.queue.len() < self.config.queue
    }

    fn closes(&mut self, harvester: &mut Harvester) -> bool {
        // What it has in hand is dropped, since its outlet is closed before its reader is.
        if self.config.close_timeout.is_some_and(|after| self.now - harvester.opened >= after) {
            return true;
        }
        let file = &self.files[harvester.file];
        let length = file.plain.len() as u64;
        // Who waits for the queue, or has more to read, is not inactive.
        let idle = self.room() && harvester.read >= length && self.now - harvester.idle >= 300;
        if idle && self.config.kind != Kind::CloudWatch {
            // The reader of joined lines gives what it has before it says that the file is closed; that of
            // a container's parts does not.
            if self.config.joined {
                self.end_joined(harvester);
            }
            return true;
        }
        file.gz && harvester.parsed >= length
    }

    fn read(&mut self, harvester: &mut Harvester, rng: &mut Rng) {
        let file = &self.files[harvester.file];
        let length = file.plain.len() as u64;
        if length < harvester.read {
            harvester.life = file.life;
            (harvester.read, harvester.parsed, harvester.counted) = (0, 0, 0);
            harvester.joined = None;
            harvester.buffer.clear();
            if self.config.kind == Kind::CloudWatch {
                // What is acknowledged next of this life clears what was (`rangeManager.Run`).
                return self.read(harvester, rng);
            }
            let (key, file) = (harvester.key, harvester.file);
            self.published.insert(key, 0);
            self.queue.push(Event {
                file,
                key,
                ids: Vec::new(),
                from: 0,
                to: 0,
                reset: true,
                eof: false,
                life: harvester.life,
                published: self.now * 1_000_000_000 + self.ops,
            });
        }
        if harvester.read < length {
            let step = if file.gz { length } else { 1 + rng.below(12) };
            let from = harvester.read as usize;
            harvester.read = length.min(harvester.read + step);
            harvester
                .buffer
                .extend_from_slice(&self.files[harvester.file].plain[from..harvester.read as usize]);
            harvester.idle = self.now;
            harvester.next_read = self.now;
        } else {
            harvester.next_read = self.now + 1 + rng.below(9);
        }
    }

    /// Takes whole lines out of what was read, while the queue has room.
    fn parse(&mut self, harvester: &mut Harvester) {
        let end = if self.config.cr { b'\r' } else { b'\n' };
        while self.queue.len() < self.config.queue {
            let Some(length) = harvester.buffer.iter().position(|&byte| byte == end) else { break };
            let mut line: Vec<u8> = harvester.buffer.drain(..=length).collect();
            line.pop();
            self.line(harvester, &line);
        }
        let due = harvester.joined.as_ref().is_some_and(|joined| joined.due <= self.now);
        if due && self.queue.len() < self.config.queue {
            self.end_joined(harvester);
        }
    }

    fn line(&mut self, harvester: &mut Harvester, line: &[u8]) {
        let config = self.config.clone();
        let start = harvester.parsed;
        let bytes = line.len() as u64 + 1;
        if config.joined {
            let goes_on = line.is_empty() || line.first() == Some(&b' ');
            if !goes_on {
                self.end_joined(harvester);
            }
            let counted = harvester.counted;
            let joined =
                harvester.joined.get_or_insert(Joined { starts: Vec::new(), counted, text: false, due: 0 });
            joined.starts.push(start);
            joined.text = joined.text || !line.is_empty() || joined.starts.len() > 1;
            joined.due = self.now + JOIN_WAIT;
            harvester.parsed += bytes;
            harvester.counted += bytes;
            return;
        }
        harvester.parsed += bytes;
        let drift = u64::from(config.drift && line.len() > LONGEST);
        let from = harvester.counted;
        harvester.counted += bytes - drift;
        let blank = line.is_empty();
        let filtered = config.filtered && line.first() == Some(&b'#');
        let dropped = line.first() == Some(&b'!');
        let mine = match harvester.stream {
            0 => true,
            1 => line.starts_with(b"t stdout"),
            _ => line.starts_with(b"t stderr"),
        };
        if config.kind == Kind::Container {
            self.container_line(harvester, line, mine, start, from);
            return;
        }
        if (blank || filtered) && config.kind == Kind::Filestream {
            return;
        }
        let ships = !(blank || filtered || dropped);
        let starts: &[u64] = if ships { &[start] } else { &[] };
        self.publish(harvester, starts, from);
    }

    /// A part of a line waits for its end, which is the next line of its stream that is no part.
    fn container_line(&mut self, harvester: &mut Harvester, line: &[u8], mine: bool, start: u64, from: u64) {
        if !mine {
            return;
        }
        let part = line.get(9..10) == Some(b"P");
        let first = Joined { starts: Vec::new(), counted: from, text: true, due: u64::MAX };
        let mut joined = harvester.joined.take().unwrap_or(first);
        joined.starts.push(start);
        if part {
            harvester.joined = Some(joined);
        } else {
            self.publish(harvester, &joined.starts, joined.counted);
        }
    }

    fn end_joined(&mut self, harvester: &mut Harvester) {
        let Some(joined) = harvester.joined.take() else { return };
        if joined.text || self.config.kind == Kind::Log {
            let starts: &[u64] = if joined.text { &joined.starts } else { &[] };
            self.publish(harvester, starts, joined.counted);
        }
    }

    fn publish(&mut self, harvester: &Harvester, starts: &[u64], from: u64) {
        let file = &self.files[harvester.file];
        let stream = u64::from(harvester.stream) << 40;
        let ids = starts.iter().map(|start| (harvester.file, harvester.life, start + stream)).collect();
        let eof = file.gz && harvester.parsed >= file.plain.len() as u64;
        let (key, to) = (harvester.key, harvester.counted);
        if self.config.kind != Kind::CloudWatch {
            self.published.insert(key, to);
        }
        self.queue.push(Event {
            file: harvester.file,
            key,
            ids,
            from,
            to,
            reset: false,
            eof,
            life: harvester.life,
            published: self.now * 1_000_000_000 + self.ops,
        });
    }

    fn acknowledge(&mut self, rng: &mut Rng) {
        if self.queue.is_empty() {
            return;
        }
        let at = match self.config.kind {
            Kind::CloudWatch => rng.below(self.queue.len() as u64) as usize,
            Kind::Log | Kind::Filestream | Kind::Container => 0,
        };
        let event = self.queue.remove(at);
        self.delivered.extend(event.ids.iter().copied());
        self.count(&event);
        self.touch();
        for at in 0..self.harvesters.len() {
            let mut harvester = self.harvesters[at].clone();
            self.parse(&mut harvester);
            self.harvesters[at] = harvester;
        }
    }

    fn count(&mut self, event: &Event) {
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
                    Some(Ordering::Equal) => state.updated >= file.modified,
                    Some(Ordering::Less) | None => true,
                    Some(Ordering::Greater) => false,
                }
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
