//! What is true of a world at a look, and whether a verdict breaks it.
//!
//! Whatever a copy of the world would yet deliver is outstanding; whatever was outstanding at a look,
//! was never delivered and is outstanding no more, is lost. Neither may be called `drained` or
//! `settled`, but for the cases of [`Excuse`]: in each of them everything that can be seen from outside
//! is as it would be if nothing were left. A test turns each of them off and shows that it is needed.

use crate::look::Seen;
use crate::trace;
use crate::world::{self, By, Id, Key, Kind, Place, SECOND, World};
use amr::drain::judge::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// Why a byte that is left may go unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Excuse {
    /// It is in the shipper's memory alone: its file has no name and is not open any more, or was cut, no state
    /// is left that says so, and the counters are not at hand (facts on rotation while the output is blocked).
    InMemory,
    /// The registry speaks of what the file held before it was truncated, or of another file that had its
    /// inode, and the file has grown past that: offsets are all that there is, but where one is within a line.
    Stale,
    /// A position drifts into a line after lines that were too long, and whoever opens the file there
    /// reads the end of that line again. The line itself was delivered.
    Remnant,
    /// Between two looks a file was cut short and grew to its old size or past it, or another one came by
    /// its inode and is as large. A file is its device and inode, for Filebeat too: both look like one
    /// that grew, or whose allocated blocks were written to.
    Unseen,
    /// Its input was taken out of the configuration: nobody asks for the file any more.
    TakenAway,
    /// A blank line is no event. It is delivered or not by what it is joined to.
    Blank,
}

impl Excuse {
    pub const ALL: [Self; 6] =
        [Self::InMemory, Self::Stale, Self::Remnant, Self::Unseen, Self::TakenAway, Self::Blank];
}

/// Which of them count.
#[derive(Clone, Copy, Debug)]
pub struct Excuses(u8);

impl Excuses {
    pub const ALL: Self = Self(u8::MAX);

    pub fn without(excuse: Excuse) -> Self {
        Self(!(1 << excuse as u8))
    }

    fn on(self, excuse: Excuse) -> bool {
        self.0 & (1 << excuse as u8) != 0
    }

    fn stale(self, world: &World, id: &Id) -> bool {
        self.on(Excuse::Stale) && world.stale(id.0) && !world.within_line(&world.files[id.0])
    }

    fn in_memory(self, world: &World, id: &Id) -> bool {
        self.on(Excuse::InMemory) && !on_disk(world, id)
    }

    fn taken_away(self, world: &World, id: &Id) -> bool {
        let second = id.2 >> 40 == u64::from(SECOND);
        self.on(Excuse::TakenAway) && second && !world.configured
    }

    fn remnant(self, world: &World, id: &Id) -> bool {
        self.on(Excuse::Remnant) && world.remnant(id)
    }

    fn blank(self, world: &World, id: &Id) -> bool {
        self.on(Excuse::Blank) && blank(world, id)
    }
}

/// Lines of files whose fingerprint another file has: the operator wants them, the shipper may take
/// the one file for the other.
fn confused(world: &World) -> bool {
    let prints: Vec<&[u8]> = world
        .files
        .iter()
        .filter(|file| matches!(file.place, Place::In(_)))
        .filter_map(|file| file.plain.get(..world::PRINT))
        .collect();
    world.config.by == By::Fingerprint
        && prints.iter().enumerate().any(|(at, print)| prints[..at].contains(print))
}

/// The lines in files that the operator wants shipped, which were not, under such a confusion.
fn unshipped(world: &World, which: impl Fn(&world::File) -> bool) -> bool {
    let end = if world.config.cr { b'\r' } else { b'\n' };
    let counts = |line: &[u8]| !line.is_empty() && !matches!(line.first(), Some(b'#' | b'!'));
    !world.config.joined
        && world.files.iter().enumerate().any(|(number, file)| {
            let mut start = 0;
            let mut missing = false;
            for line in file.plain.split_inclusive(|&byte| byte == end) {
                let complete = line.last() == Some(&end) && counts(&line[..line.len() - 1]);
                missing |= complete && !world.delivered.contains(&(number, file.life, start));
                start += line.len() as u64;
            }
            missing && matches!(file.place, Place::In(_)) && !world.too_old(file) && which(file)
        })
}

/// Whether a position that is kept by name is older than the file which has the name now, with lines that
/// were never delivered.
fn replaced(world: &World) -> bool {
    let older = |place: Place| {
        let of_name = world
            .visible
            .iter()
            .find(|(key, _)| matches!((**key, place), (Key::Path(own), Place::In(name)) if own == name));
        of_name.map(|(_, state)| state.updated)
    };
    world.config.by == By::Path
        && world.config.kind == Kind::Filestream
        && unshipped(world, |file| older(file.place).is_some_and(|updated| updated < file.modified))
}

/// What was outstanding at earlier looks, and how large each file was at the last one.
#[derive(Clone, Default)]
pub struct Before {
    outstanding: BTreeSet<Id>,
    sizes: BTreeMap<usize, u64>,
}

/// Whether a line's bytes are where they can be seen, and not in the shipper's memory alone. A state
/// whose file is gone says as much of a file that was shipped as of one that was not; only who saw it
/// before, or knows the shipper's counters, can tell.
fn on_disk(world: &World, id: &Id) -> bool {
    let file = &world.files[id.0];
    let found = match file.place {
        Place::In(_) | Place::Excluded(_) => true,
        // A file that nobody asks for shows by its state alone, and a position that is kept by name says
        // nothing of a file with another one.
        Place::Out(_) => world.config.by != By::Path && world.has_state(file),
        Place::Gone => false,
    };
    file.life == id.1 && (found || world.held(id.0).is_some())
}

/// Whether a line is blank: alone it is no event, so it is delivered or not by what it is joined to.
fn blank(world: &World, id: &Id) -> bool {
    let at = (id.2 & 0xff_ffff) as usize;
    matches!(world.files[id.0].plain.get(at), Some(b'\n' | b'\r'))
}

impl Before {
    /// Whether something was outstanding at a look, was never delivered and will not be.
    fn lost(&mut self, world: &World, outstanding: &BTreeSet<Id>, excuses: Excuses) -> Vec<Id> {
        let sizes = &self.sizes;
        let unseen = |id: &Id| {
            let file = &world.files[id.0];
            let now = world.files.iter().enumerate().filter(|(number, now)| {
                let same = (now.dev, now.ino) == (file.dev, file.ino);
                same && world.shows(*number) && (*number, now.life) != (id.0, id.1)
            });
            let as_large = |now: &world::File| sizes.get(&id.0).is_some_and(|&size| now.size() >= size);
            excuses.on(Excuse::Unseen) && now.clone().any(|(_, now)| as_large(now))
        };
        let gone = |id: &Id| {
            let delivered = world.delivered.contains(id) || excuses.remnant(world, id);
            !outstanding.contains(id) && !delivered
        };
        self.outstanding.retain(|id| !(gone(id) && unseen(id)));
        self.outstanding.iter().filter(|id| gone(id)).copied().collect()
    }

    pub fn seen(&mut self, world: &World, outstanding: &BTreeSet<Id>, doubted: bool, excuses: Excuses) {
        if !doubted {
            let shows = |id: &&Id| {
                !excuses.in_memory(world, id)
                    && !excuses.stale(world, id)
                    && !excuses.remnant(world, id)
                    && !excuses.blank(world, id)
                    && !excuses.taken_away(world, id)
            };
            self.outstanding.extend(outstanding.iter().filter(shows));
            let sizes = world.files.iter().map(world::File::size).enumerate();
            self.sizes.extend(sizes.filter(|(number, _)| world.shows(*number)));
        }
    }
}

/// What was said of which files, to be read when a test fails.
pub fn words(world: &World, seen: &Seen) -> String {
    use std::fmt::Write;
    let mut text = format!("said {:?}, alive {}, {:?}\n", seen.verdict, world.alive, world.config);
    for file in &seen.progress {
        let path = String::from_utf8_lossy(&file.path);
        let (dev, ino) = (file.file.dev, file.file.ino);
        let _ = writeln!(
            text,
            "  said {dev}:{ino} {path} {} of {}, {:?}, {:?} {:?}",
            file.acknowledged.map_or(-1, |offset| offset as i64),
            file.size,
            file.rest,
            file.reason,
            file.held
        );
    }
    for (number, file) in world.files.iter().enumerate() {
        let plain = file.plain.escape_ascii();
        let _ = writeln!(
            text,
            "  is {number} {}:{} {:?} life {} gz {} '{plain}'",
            file.dev, file.ino, file.place, file.life, file.gz
        );
    }
    text
}

/// Whether this verdict must not be given.
pub fn breach(world: &World, seen: &Seen, was: &mut Before, excuses: Excuses) -> Option<String> {
    let outstanding = world.outstanding();
    let lost = was.lost(world, &outstanding, excuses);
    was.seen(world, &outstanding, seen.doubted, excuses);
    trace::tell(
        &format!("judged, outstanding {outstanding:?}, lost {lost:?}, {}", words(world, seen)),
        world,
    );
    let good = matches!(seen.verdict, Verdict::Drained | Verdict::Settled);
    let say = |what: &str| Some(format!("{what}, {}", words(world, seen)));
    let excused = |id: &Id| {
        // Where the shipper's counters are at hand, nothing that is in its queue is hidden.
        let counted = (seen.counters || world.config.disk_queue) && world.queued(id);
        // A state whose file is gone says that there may be such lines; not which, once it is gone as well.
        let told = world.has_state_of_gone(id.0);
        let hidden = (excuses.in_memory(world, id) && !told) || excuses.stale(world, id);
        !counted && (hidden || excuses.remnant(world, id) || excuses.taken_away(world, id))
    };
    if good && !outstanding.iter().all(excused) {
        return say(&format!("outstanding {outstanding:?}"));
    }
    if good && !lost.is_empty() {
        return say(&format!("lost {lost:?}"));
    }
    if good && replaced(world) {
        return say("a position of another file that had the name");
    }
    if good && unshipped(world, |file| world.within_line(file)) {
        return say("a position within a line, of what the file held before");
    }
    // One that was too short for so long that it is too old by now is left out for its age.
    let age = |file: &world::File| world.now - file.modified / 1_000_000_000;
    let aged = |file: &world::File| world.config.ignore_older.is_some_and(|limit| age(file) > limit);
    let short = |file: &world::File| file.plain.len() < world::PRINT && !aged(file);
    if good && world.config.by == By::Fingerprint && !world.config.ignore_short && unshipped(world, short) {
        return say("a file that is too short for its fingerprint");
    }
    if good && confused(world) && unshipped(world, |_| true) {
        return say("one file taken for another");
    }
    if world.config.kind == Kind::CloudWatch {
        if seen.verdict == Verdict::Drained {
            return say("a shipper that drops");
        }
        if good && world.dropped_at_stop {
            return say("dropped when it stopped");
        }
    }
    let late = matches!(seen.verdict, Verdict::GaveUp | Verdict::Stalled);
    if late && !world.alive && !seen.stranger && !outstanding.is_empty() {
        return say("the shipper is dead");
    }
    None
}
