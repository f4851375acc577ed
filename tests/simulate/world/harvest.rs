//! How the shipper reads a file that it has open, makes events of its lines and puts them in its queue.

use super::{Event, Harvester, JOIN_WAIT, Joined, Kind, LONGEST, World};
use crate::rng::Rng;

impl World {
    pub(super) fn harvest(&mut self, rng: &mut Rng) {
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

    pub(super) fn room(&self) -> bool {
        self.queue.len() < self.config.queue
    }

    pub(super) fn closes(&mut self, harvester: &mut Harvester) -> bool {
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

    pub(super) fn read(&mut self, harvester: &mut Harvester, rng: &mut Rng) {
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
            self.enqueue(Event {
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
            let step = if self.files[harvester.file].gz { length } else { 1 + rng.below(12) };
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
    pub(super) fn parse(&mut self, harvester: &mut Harvester) {
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

    pub(super) fn line(&mut self, harvester: &mut Harvester, line: &[u8]) {
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
    pub(super) fn container_line(
        &mut self,
        harvester: &mut Harvester,
        line: &[u8],
        mine: bool,
        start: u64,
        from: u64,
    ) {
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

    pub(super) fn end_joined(&mut self, harvester: &mut Harvester) {
        let Some(joined) = harvester.joined.take() else { return };
        if joined.text || self.config.kind == Kind::Log {
            let starts: &[u64] = if joined.text { &joined.starts } else { &[] };
            self.publish(harvester, starts, joined.counted);
        }
    }

    fn enqueue(&mut self, event: Event) {
        if self.config.disk_queue {
            self.count(&event);
            self.touch();
        }
        self.queue.push(event);
    }

    pub(super) fn publish(&mut self, harvester: &Harvester, starts: &[u64], from: u64) {
        let file = &self.files[harvester.file];
        let stream = u64::from(harvester.stream) << 40;
        let ids = starts.iter().map(|start| (harvester.file, harvester.life, start + stream)).collect();
        let eof = file.gz && harvester.parsed >= file.plain.len() as u64;
        let (key, to) = (harvester.key, harvester.counted);
        if self.config.kind != Kind::CloudWatch {
            self.published.insert(key, to);
        }
        self.enqueue(Event {
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
}
