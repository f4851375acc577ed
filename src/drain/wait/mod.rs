//! Waits until everything is shipped, and tells how it goes.
//!
//! The process that runs this does nothing else: it hears of changes, refreshes, looks, and sends
//! [`Message`]s down a stream to the one that speaks. When to do what is decided by
//! [`pace`](crate::drain::wait::pace); this carries it out. Nothing runs while nothing moves.
//!
//! At each phase the report is kept, synced, under one name ([`tell`]). When the other end of the stream
//! is closed the drain is over. The process has no rights but to read: what it may not open, and reports, are
//! another's work ([`crate::os::opener`]).
//!
//! A driver: it reads files and `/proc`, and has reports written.

pub mod message;
mod one;
mod output;
pub mod pace;
mod sleep;
mod steps;
mod watches;

use crate::drain::inspect::{
    self, Error, InspectOptions, Judged, LIMIT, Options, inspect, moment, positions_of_all, shippers_of,
};
use crate::drain::judge::history::History;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::verdict::{Judgement, Verdict};
use crate::drain::report;
use crate::drain::wait::message::{Message, Order, Phase, Summary};
use crate::drain::wait::pace::{Goals, Pace, Policy, Step};
use crate::os::clock;
use crate::os::features::Features;
use crate::os::root::{Root, Sync};
use one::{One, behind, freeze, position};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use steps::Steps;
use watches::Watches;

/// What is to be waited for.
#[derive(Clone, Debug)]
pub struct Task {
    /// Where everything is.
    pub root: Root,
    /// What the kernel can do.
    pub features: Features,
    /// What is judged.
    pub options: Options,
    /// For how long.
    pub policy: Policy,
    /// The folder for reports; `None` keeps none.
    pub folder: Option<PathBuf>,
    /// A file for the report beside it.
    pub file: Option<PathBuf>,
    /// Whether each step of each file is told in the log beside the reports.
    pub steps: StepReports,
    /// Whether the last report is wanted as JSON.
    pub json: Json,
    /// Tells the reports of two drains of one second apart.
    pub pid: u32,
}

/// Whether the last message carries the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// They do.
    Wanted,
    /// They do not.
    Unwanted,
}

/// Whether the steps of files are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepReports {
    /// At debug level.
    Each,
    /// Not else.
    Not,
}

/// Messages of movement are sent so often at most.
const MOVED_EVERY: Duration = Duration::from_millis(500);

/// Judges once, and sends the answer down `link`. The report is kept when it was told.
pub fn once(task: &Task, link: UnixStream, kept: Vec<String>) {
    let mut link = Link { stream: link };
    if kept.into_iter().try_for_each(|note| link.send(&Message::Note(note))).is_err() {
        return;
    }
    let told = match inspect::once(&task.root, &task.options) {
        Ok(Judged { verdict, report, inputs }) => {
            let text = match task.json {
                Json::Wanted => report.json(),
                Json::Unwanted => report::text(&report),
            };
            let answered = link.send(&Message::Answer { code: verdict.code(), text });
            let notes = output::keep(task, &report, None, &inputs, Sync::Yes).notes;
            output::close_opener(task);
            notes.into_iter().try_for_each(|note| link.send(&Message::Note(note))).and(answered)
        }
        Err(error) => link.send(&Message::Failed(error.to_string())),
    };
    // Nobody listens any more: there is nobody to tell that to.
    drop(told);
    drop(link.stream.shutdown(Shutdown::Both));
}

/// Waits, and sends messages down `link` until the end. `kept` are rights that could not be given up: said first.
pub fn run(task: &Task, link: UnixStream, kept: Vec<String>) {
    let mut link = Link { stream: link };
    if kept.into_iter().try_for_each(|note| link.send(&Message::Note(note))).is_err() {
        return;
    }
    let ended = match Waiting::begin(task) {
        // Closed with this process: a close(2) of what watched folders takes the kernel some milliseconds, for which
        // the command would wait.
        Ok(waiting) => ManuallyDrop::new(waiting).run(&mut link),
        Err(error) => link.send(&Message::Failed(error.to_string())),
    };
    // Nobody listens any more: there is nobody to tell that to.
    drop(ended);
}

struct Link {
    stream: UnixStream,
}

impl Link {
    fn send(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(&message.line())
    }

    /// The orders that have come; the end of file is one to end, too.
    fn orders(&mut self) -> Vec<Order> {
        let mut bytes = [0; 16];
        match self.stream.read(&mut bytes) {
            Ok(0) | Err(_) => vec![Order::GiveUp],
            Ok(got) => bytes.iter().take(got).filter_map(|byte| Order::from_byte(*byte)).collect(),
        }
    }
}

struct Waiting<'t> {
    task: &'t Task,
    started: Moment,
    deadline: Moment,
    goals: Goals,
    shippers: Vec<One>,
    watches: Watches,
    pace: Pace,
    said: BTreeSet<String>,
    told: Moment,
    phases: Vec<Phase>,
    steps: Steps,
}

impl<'t> Waiting<'t> {
    /// The first look.
    fn begin(task: &'t Task) -> Result<Self, Error> {
        let work = CpuTime::begin();
        let started = moment();
        let deadline = started.after(task.policy.timeout);
        let mut goals = Goals::default();
        let found = shippers_of(&task.root, &task.options)?;
        let sources = positions_of_all(found, &task.options, task.options.limit.unwrap_or(LIMIT))?;
        let watched: Vec<_> = sources.iter().map(|(found, source)| (found, &**source)).collect();
        let mut watches = Watches::open(&task.root, &task.features, &watched);
        let terms = terms(task, deadline, &goals);
        let mut shippers = Vec::new();
        for (found, mut source) in sources {
            // What was written before the watch was there.
            source.refresh()?;
            let mut history = History::default();
            let positions = source.positions();
            let last = inspect(&task.root, &found, &task.options, positions, &mut history, &terms)?;
            let behind = behind(history.files(), &*source);
            let (fault, dead_since, took) = (None, None, None);
            let mut one = One { found, source, history, behind, last, fault, dead_since, took };
            one.counted();
            if one.find_reader(task, &mut watches) {
                one.judge(task, &terms);
            }
            shippers.push(one);
        }
        freeze(task, &mut goals, &shippers);
        let (from, now) = work.end();
        let mut pace = Pace::new(started, watches.change_source());
        pace.record_scan(from, now, due(&shippers), counted(&shippers));
        let (said, phases, steps) = (BTreeSet::new(), Vec::new(), Steps::default());
        Ok(Self { task, started, deadline, goals, shippers, watches, pace, said, told: now, phases, steps })
    }

    /// Until the verdict.
    fn run(&mut self, link: &mut Link) -> io::Result<()> {
        self.watch_folders();
        // What happened in a folder before it was watched.
        let unseen = self.judgement();
        self.phase(Phase::Started, self.summary(self.worst()), Sync::Yes, link)?;
        self.steps(link)?;
        if unseen == Judgement::Wait {
            self.judge_all();
        }
        loop {
            self.report_warnings(link)?;
            self.steps(link)?;
            if let Judgement::Final(verdict) = self.judgement() {
                return self.phase(Phase::Ended, self.summary(verdict), Sync::Yes, link);
            }
            self.phases_due(link)?;
            let now = moment();
            let step = self.pace.step(now);
            // Not before what has come is taken in: it may be the end.
            let rests = matches!(step, Step::Sleep(_) | Step::Rest(_));
            if rests && now.0.saturating_sub(self.told.0) >= nanos(MOVED_EVERY) {
                self.report_progress(link)?;
            }
            match step {
                Step::Look => self.judge_all(),
                // Each step is told: what a refresh takes in shows by a look alone.
                Step::Refresh if self.task.steps == StepReports::Each => self.judge_all(),
                Step::Refresh => self.refresh(),
                Step::Sleep(until) => {
                    if self.sleep(until.min(self.next_phase()), true, link)? {
                        return Ok(());
                    }
                }
                Step::Rest(until) => {
                    if self.sleep(until, false, link)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes in what the registries have appended, and asks whether the files that were behind are.
    fn refresh(&mut self) {
        let work = CpuTime::begin();
        // Before it is read: what comes later is a change anew.
        self.watches.registry_changes();
        let mut behind = false;
        for one in &mut self.shippers {
            one.refresh_positions();
            let cursors = &one.source.positions().cursors;
            behind = one.behind.is_behind(|mark| position(cursors, mark)) || behind;
        }
        let (from, to) = work.end();
        self.pace.refreshed(from, to, behind);
    }

    /// Judges everything.
    fn judge_all(&mut self) {
        let work = CpuTime::begin();
        self.watches.registry_changes();
        self.watches.folder_changes();
        let again = loop {
            let terms = terms(self.task, self.deadline, &self.goals);
            for one in &mut self.shippers {
                one.find_again(self.task, &mut self.watches);
                one.configured_again(self.task);
                one.refresh_positions();
                one.judge(self.task, &terms);
                if one.find_reader(self.task, &mut self.watches) {
                    one.judge(self.task, &terms);
                }
            }
            if !self.shippers.iter().any(|one| self.goals.finish_lines(one.history.files())) {
                break due(&self.shippers);
            }
        };
        self.watch_folders();
        let (from, to) = work.end();
        self.pace.record_scan(from, to, again, counted(&self.shippers));
    }

    fn watch_folders(&mut self) {
        for one in &self.shippers {
            let paths = one.history.files().iter().map(|file| Path::new(OsStr::from_bytes(&file.path)));
            self.watches.folders(&one.found.root, paths);
        }
        self.pace.set_source(self.watches.change_source());
    }

    /// The verdict is there when it is for every shipper.
    fn judgement(&self) -> Judgement {
        let mut worst = Verdict::Drained;
        for one in &self.shippers {
            match one.last.judgement {
                Judgement::Final(verdict) => worst = worst.max(verdict),
                Judgement::Wait => return Judgement::Wait,
            }
        }
        Judgement::Final(worst)
    }

    /// The verdict if it were due now.
    fn worst(&self) -> Verdict {
        self.shippers.iter().map(|one| one.last.verdict).max().unwrap_or(Verdict::CannotTell)
    }

    fn summary(&self, verdict: Verdict) -> Summary {
        let remarks = self.shippers.iter().flat_map(|one| one.last.remarks.iter().cloned());
        let troubles = self.shippers.iter().filter_map(|one| one.last.report.trouble.clone());
        let files = self.shippers.iter().map(|one| one.history.files());
        let hindrances: Vec<String> = self
            .shippers
            .iter()
            .flat_map(|one| one.fault.iter().chain(&one.last.hindrances))
            .cloned()
            .collect();
        Summary::from_files(files, verdict).hindered(&hindrances).with(remarks).troubled(troubles)
    }
}

/// Work whose cost is the processor time that it took: on a host that is busy with its own shutdown a
/// look takes longer, and must not be paid for with longer rests.
struct CpuTime(Duration);

impl CpuTime {
    fn begin() -> Self {
        Self(clock::cpu())
    }

    /// From when to when it would have lasted on an idle host.
    fn end(self) -> (Moment, Moment) {
        let (cost, now) = (clock::cpu().saturating_sub(self.0), moment());
        (Moment(now.0.saturating_sub(nanos(cost))), now)
    }
}

fn terms<'g>(task: &Task, deadline: Moment, goals: &'g Goals) -> InspectOptions<'g> {
    let Policy { settle, .. } = task.policy;
    InspectOptions { deadline: Some(deadline), stall: task.policy.failing_stall(), settle, goals }
}

fn due(shippers: &[One]) -> Moment {
    shippers.iter().map(|one| one.last.due).min().unwrap_or_default()
}

/// Whether something is on its way whose arrival no event tells.
fn counted(shippers: &[One]) -> bool {
    shippers.iter().any(|one| one.last.unheard)
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
