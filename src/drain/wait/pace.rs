//! When to look again, and at how many bytes.
//!
//! A drain that waits is told of changes and must neither miss the last one nor be kept busy by ten
//! thousand in a second. So there are two kinds of work. A *refresh* takes in what the registry has
//! appended and asks whether the files that were behind still are; it costs what was appended. A
//! *look* judges everything, and alone gives verdicts. A look is due when nothing that was behind is
//! any more, when folders have changed, and when time alone may have changed the judgement. Both are
//! paid from one [`Budget`], a small part of the time, so that what comes fast is taken together.
//!
//! [`Goals`] says up to which byte each file is to be shipped: a shutdown itself writes to the files
//! of log daemons, so these are frozen at the size which they have when the drain starts.
//!
//! Pure.

use crate::drain::cursor::FileId;
use crate::drain::judge::file::LogFile;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::Reason;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long and for what a drain waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After this an answer is due.
    pub timeout: Duration,
    /// After this the state of things is told (`so-far`): what an instance surely has left.
    pub soft: Duration,
    /// How long silence must last before it counts; the shipper's own latency where `None`.
    pub settle: Option<Duration>,
    /// After so long without movement the drain is stalled.
    pub stall: Duration,
    /// What follows then.
    pub on_stall: OnStall,
    /// Which files keep the size that they have at the start.
    pub freeze: Freeze,
}

/// What follows when nothing moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStall {
    /// It is said, and waited on until the deadline.
    Wait,
    /// The drain ends.
    Fail,
}

/// Which files are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// Those that log daemons hold open for writing.
    Auto,
    /// Every file, whoever writes it.
    All,
    /// No file: each is followed to whatever end it has.
    None,
}

impl Policy {
    /// The span for [`Facts::stall`](crate::drain::judge::facts::Facts::stall).
    #[must_use]
    pub fn failing_stall(&self) -> Option<Duration> {
        match self.on_stall {
            OnStall::Wait => None,
            OnStall::Fail => Some(self.stall),
        }
    }
}

/// Up to which byte each file is to be shipped.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    frozen: BTreeMap<FileId, u64>,
    /// The names of frozen files: what is new under one of them was begun after the start.
    names: BTreeMap<Box<[u8]>, FileId>,
}

impl Goals {
    /// No file is frozen: whatever is written is to be shipped.
    pub const MOVING: Self = Self { frozen: BTreeMap::new(), names: BTreeMap::new() };

    /// Freezes a file at the size which it has in the first look.
    pub fn freeze(&mut self, file: &Progress) {
        self.frozen.entry(file.file).or_insert(file.size);
        self.names.entry(file.path.clone()).or_insert(file.file);
    }

    /// Sets the goal of a file that was found.
    pub fn set(&self, file: &mut LogFile) {
        let new_under_name = || self.names.contains_key(&file.path).then_some(0);
        if let Some(goal) = self.frozen.get(&file.id).copied().or_else(new_under_name) {
            file.goal = file.size.min(goal);
        }
    }

    /// A file that was frozen in the middle of a line which has grown since: the shipper ships that
    /// line as a whole, so the goal moves to where the file ends now. Whether there was one.
    pub fn finish_lines(&mut self, files: &[Progress]) -> bool {
        let mut moved = false;
        for file in files.iter().filter(|file| file.goal < file.size && file.goal > 0 && cut(&file.reason)) {
            self.frozen.insert(file.file, file.size);
            moved = true;
        }
        moved
    }

    /// How many files are frozen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frozen.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frozen.is_empty()
    }
}

/// The bytes that are left end in the middle of a line.
fn cut(reason: &Reason) -> bool {
    matches!(reason, Reason::UnterminatedLine | Reason::UnterminatedMultiline | Reason::PartOfLine)
}

/// A part of the time, with some saved for the end: by it the drain takes less than a tenth of a core.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// In nanoseconds; below zero after work that was not saved for.
    credit: i64,
    at: Moment,
}

/// One part of the time in so many may be spent. The process that opens files and each waking up cost besides.
const SHARE: i64 = 13;

/// At most so much is saved, in nanoseconds.
const SAVED: i64 = 50_000_000;

impl Budget {
    /// Full.
    #[must_use]
    pub fn new(now: Moment) -> Self {
        Self { credit: SAVED, at: now }
    }

    /// Work was done from one moment to the next.
    pub fn spent(&mut self, from: Moment, to: Moment) {
        let gained = span(self.at, to) / SHARE;
        self.credit = self.credit.saturating_add(gained).min(SAVED).saturating_sub(span(from, to));
        self.at = to;
    }

    /// From when on there is something to spend.
    #[must_use]
    pub fn ready(&self) -> Moment {
        let debt = u64::try_from(self.credit.saturating_neg()).unwrap_or(0);
        Moment(self.at.0.saturating_add(debt.saturating_mul(SHARE.unsigned_abs())))
    }
}

fn span(from: Moment, to: Moment) -> i64 {
    i64::try_from(to.0.saturating_sub(from.0)).unwrap_or(i64::MAX)
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take in what the registry has appended.
    Refresh,
    /// Judge everything.
    Look,
    /// Nothing until something happens; at this moment at the latest.
    Sleep(Moment),
    /// Nothing, whatever happens, until this moment.
    Rest(Moment),
}

/// How changes are heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSource {
    /// inotify(7) tells of each.
    Events,
    /// Not everywhere: it must be looked so often.
    Polling(Duration),
}

/// While bytes surely remain, what has changed is looked at only so soon.
const CHANGES: Duration = Duration::from_millis(250);

/// What gives no event is looked for so often: writes through a mapping, new folders that match.
const UNHEARD: Duration = Duration::from_secs(30);

/// What is on its way by the shipper's own counters gives no event.
const COUNTERS: Duration = Duration::from_millis(500);

/// The state of waiting.
#[derive(Clone, Debug)]
pub struct Pace {
    budget: Budget,
    hearing: ChangeSource,
    /// Something was appended to the registry.
    registry: bool,
    /// Since when something has changed, unlooked at.
    changed: Option<Moment>,
    /// Everything that was behind has gone on.
    passed: bool,
    /// When a look is due without any event.
    due: Moment,
}

impl Pace {
    /// Before the first look.
    #[must_use]
    pub fn new(now: Moment, hearing: ChangeSource) -> Self {
        Self { budget: Budget::new(now), hearing, registry: false, changed: None, passed: false, due: now }
    }

    /// Changes are heard of in another way now.
    pub fn set_source(&mut self, hearing: ChangeSource) {
        self.hearing = hearing;
    }

    /// Notes that the registry was written: it is read at the next look.
    pub fn registry_changed(&mut self) {
        self.registry = true;
    }

    /// A folder of log files has changed.
    pub fn folders_changed(&mut self, now: Moment) {
        self.changed.get_or_insert(now);
    }

    /// Something happened after which everything must be looked at: events were lost, a process ended.
    pub fn invalidate(&mut self, now: Moment) {
        self.due = self.due.min(now);
    }

    /// A refresh was made; `behind`: some file still is.
    pub fn refreshed(&mut self, from: Moment, to: Moment, behind: bool) {
        self.budget.spent(from, to);
        self.registry = false;
        self.passed = self.passed || !behind;
        // What is left of the file that is behind may be a line without its end.
        self.changed.get_or_insert(to);
    }

    /// A look was made. `due` is when time alone may change its judgement, `counted` whether counters
    /// may.
    pub fn record_scan(&mut self, from: Moment, to: Moment, due: Moment, counted: bool) {
        self.budget.spent(from, to);
        self.registry = false;
        self.changed = None;
        self.passed = false;
        let again = match self.hearing {
            ChangeSource::Events => due.min(to.after(UNHEARD)),
            ChangeSource::Polling(interval) => due.min(to.after(interval)),
        };
        self.due = if counted { again.min(to.after(COUNTERS)) } else { again };
    }

    /// Whether a look is coming anyway, so that nobody need listen for changes of folders.
    #[must_use]
    pub fn is_scan_due(&self) -> bool {
        self.changed.is_some()
    }

    /// What to do now.
    #[must_use]
    pub fn step(&self, now: Moment) -> Step {
        let ready = self.budget.ready();
        let look = self.changed.map_or(self.due, |since| self.due.min(since.after(CHANGES)));
        let wanted = self.passed || look <= now;
        match (wanted, self.registry) {
            (false, false) => Step::Sleep(look),
            (_, _) if ready > now => Step::Rest(ready),
            (true, _) => Step::Look,
            (false, true) => Step::Refresh,
        }
    }
}

/// The files that were behind at the last look: while one of them still is, nothing is final.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    files: Vec<Mark>,
    next: usize,
}

/// A position and where it has to get to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whose position it is.
    pub file: FileId,
    /// The number of the state.
    pub number: u32,
    /// How many bytes were acknowledged at the look.
    pub from: u64,
    /// The offset that must be acknowledged.
    pub goal: u64,
}

impl Behind {
    /// Of a look. Only files that are surely pending count, and whose state `locate` finds by file and
    /// input id.
    #[must_use]
    pub fn from_files(files: &[Progress], locate: impl Fn(FileId, &[u8]) -> Option<u32>) -> Self {
        let mark = |file: &Progress| {
            let from = file.acknowledged.filter(|at| *at < file.goal && file.reason == Reason::Behind)?;
            let number = locate(file.file, &file.input_id)?;
            Some(Mark { file: file.file, number, from, goal: file.goal })
        };
        Self { files: files.iter().filter_map(mark).collect(), next: 0 }
    }

    /// Whether some file is still behind. `position` finds the acknowledged bytes of a state; one that
    /// is not found must be looked for. Files that have got there are not asked again.
    pub fn is_behind(&mut self, position: impl Fn(&Mark) -> Option<u64>) -> bool {
        while let Some(mark) = self.files.get(self.next) {
            match position(mark) {
                Some(at) if at < mark.goal => return true,
                Some(_) => self.next += 1,
                None => return false,
            }
        }
        false
    }

    /// How many bytes were acknowledged since the look.
    #[must_use]
    pub fn gained(&self, position: impl Fn(&Mark) -> Option<u64>) -> u64 {
        let gained = |mark: &Mark| Some(position(mark)?.min(mark.goal).saturating_sub(mark.from));
        self.files.iter().filter_map(gained).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests;
