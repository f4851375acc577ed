//! The writers, and whoever rotates, deletes and truncates what they wrote.

use super::{By, File, Kind, Place, World};
use crate::rng::Rng;

impl World {
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
}
