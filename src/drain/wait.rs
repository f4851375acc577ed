//! Waits until everything is shipped, and tells how it goes.
//!
//! The process that runs this does nothing else: it hears of changes, refreshes, looks, and sends
//! [`News`] down a stream to the one that speaks. When to do what is decided by
//! [`pace`](crate::drain::pace); this carries it out. Nothing runs while nothing moves.
//!
//! At each phase the report is kept, synced, under one name. When the other end of the stream is
//! closed the drain is over.
//!
//! A driver: it reads files and `/proc`, and writes reports.

mod hear;

use crate::drain::cursor::{Cursors, FileId};
use crate::drain::history::History;
use crate::drain::keep;
use crate::drain::news::{News, Order, Phase, Summary};
use crate::drain::pace::{Behind, Freeze, Goals, Mark, OnStall, Pace, Policy, Step};
use crate::drain::progress::Progress;
use crate::drain::reason::Reason;
use crate::drain::report::{self, Report, Stage};
use crate::drain::run::{Error, LIMIT, LookReport, Options, Source, Terms, look, moment, shippers_of, wall};
use crate::drain::shipper::find::Found;
use crate::drain::verdict::{Judgement, Moment, Verdict};
use crate::os::clock;
use crate::os::features::Features;
use crate::os::poll::{self, Interest};
use crate::os::proc::Proc;
use crate::os::root::{FileKind, Root, Sync};
use hear::Ears;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Whether the last report is wanted as JSON.
    pub json: Json,
    /// Tells the reports of two drains of one second apart.
    pub pid: u32,
}

/// Whether the last news carry the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// They do.
    Wanted,
    /// They do not.
    Unwanted,
}

/// News of movement are sent so often at most.
const NEWS: Duration = Duration::from_millis(500);

/// A shipper that has ended may be started again by its supervisor: so long it is waited for.
const RESTART: Duration = Duration::from_secs(1);

/// Log daemons, by the name of their process.
const DAEMONS: [&str; 8] =
    ["rsyslogd", "syslogd", "syslog-ng", "systemd-journal", "auditd", "klogd", "minilogd", "in:imuxsock"];

/// Waits, and sends news down `link` until the end.
pub fn run(task: &Task, link: UnixStream) {
    let mut link = Link { stream: link };
    let ended = match Waiting::begin(task) {
        Ok(mut waiting) => waiting.go(&mut link),
        Err(error) => link.send(&News::Failed(error.to_string())),
    };
    // Nobody listens any more: there is nobody to tell that to.
    drop(ended);
}

struct Link {
    stream: UnixStream,
}

impl Link {
    fn send(&mut self, news: &News) -> io::Result<()> {
        self.stream.write_all(&news.line())
    }

    /// The orders that have come; the end of file is one to end, too.
    fn orders(&mut self) -> Vec<Order> {
        let mut bytes = [0; 16];
        match self.stream.read(&mut bytes) {
            Ok(0) | Err(_) => vec![Order::GiveUp],
            Ok(got) => bytes.iter().take(got).filter_map(|byte| Order::of(*byte)).collect(),
        }
    }
}

/// One shipper that is followed.
struct One {
    found: Found,
    source: Source,
    history: History,
    behind: Behind,
    last: LookReport,
    fault: Option<String>,
    dead_since: Option<Moment>,
}

struct Waiting<'t> {
    task: &'t Task,
    started: Moment,
    deadline: Moment,
    at: String,
    goals: Goals,
    shippers: Vec<One>,
    ears: Ears,
    pace: Pace,
    said: BTreeSet<String>,
    told: Moment,
    phases: Vec<Phase>,
}

impl<'t> Waiting<'t> {
    /// The first look.
    fn begin(task: &'t Task) -> Result<Self, Error> {
        let work = Work::begin();
        let started = moment();
        let deadline = started.after(task.policy.timeout);
        let at = report::rfc3339(wall());
        let mut goals = Goals::default();
        let found = shippers_of(&task.root, &task.options)?;
        let mut sources = Vec::new();
        for found in found {
            let source = Source::read(&task.root, &found, task.options.limit.unwrap_or(LIMIT))?;
            sources.push((found, source));
        }
        let watched: Vec<_> = sources.iter().map(|(found, source)| (found, source)).collect();
        let ears = Ears::open(&task.root, &task.features, &watched);
        let terms = terms(task, deadline, &goals);
        let mut shippers = Vec::new();
        for (found, mut source) in sources {
            // What was written before the watch was there.
            source.refresh(&task.root, &found)?;
            let mut history = History::default();
            let positions = source.positions();
            let last = look(&task.root, &found, &task.options, positions, &mut history, &terms)?;
            let behind = behind(&last.files, &source);
            let one = One { found, source, history, behind, last, fault: None, dead_since: None };
            shippers.push(one);
        }
        freeze(task, &mut goals, &shippers);
        let (from, now) = work.end();
        let mut pace = Pace::new(started, ears.hearing());
        pace.looked(from, now, due(&shippers), counted(&shippers));
        let (said, phases) = (BTreeSet::new(), Vec::new());
        Ok(Self { task, started, deadline, at, goals, shippers, ears, pace, said, told: now, phases })
    }

    /// Until the verdict.
    fn go(&mut self, link: &mut Link) -> io::Result<()> {
        self.watch_folders();
        // What happened in a folder before it was watched.
        let unseen = self.judgement();
        self.phase(Phase::Started, self.summary(self.worst()), link)?;
        if unseen == Judgement::Wait {
            self.look();
        }
        loop {
            self.excuses(link)?;
            if let Judgement::Final(verdict) = self.judgement() {
                return self.phase(Phase::Ended, self.summary(verdict), link);
            }
            self.phases_due(link)?;
            let now = moment();
            if now.0.saturating_sub(self.told.0) >= nanos(NEWS) {
                self.tell(link)?;
            }
            match self.pace.step(now) {
                Step::Look => self.look(),
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

    /// Waits; true when the end was ordered and told.
    fn sleep(&mut self, until: Moment, listening: bool, link: &mut Link) -> io::Result<bool> {
        let now = moment();
        let (mut fds, mut ears) = (vec![(link.stream.as_fd(), Interest::Read)], Vec::new());
        if listening {
            ears.extend(self.ears.registry_fd().map(|fd| (Ear::Registry, fd)));
            if !self.pace.look_is_coming() {
                ears.extend(self.ears.folder_fd().map(|fd| (Ear::Folders, fd)));
            }
            ears.extend(self.ears.process_fds().enumerate().map(|(place, fd)| (Ear::Process(place), fd)));
            fds.extend(ears.iter().map(|(_, fd)| (*fd, Interest::Read)));
        }
        let left = Duration::from_nanos(until.0.saturating_sub(now.0));
        let ready =
            poll::wait(&fds, Some(left)).map_err(|error| io::Error::new(error.kind(), error.cause()))?;
        let ordered = ready.first() == Some(&0);
        let heard: Vec<Ear> =
            ready.iter().filter_map(|place| ears.get(place.checked_sub(1)?)).map(|(ear, _)| *ear).collect();
        self.heard(&heard);
        if !ordered {
            return Ok(false);
        }
        for order in link.orders() {
            match order {
                Order::Table => {
                    let report = self.report(Stage::Interim, self.worst());
                    link.send(&News::Table(report.text()))?;
                }
                Order::GiveUp => {
                    self.phase(Phase::Ended, self.summary(Verdict::GaveUp), link)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn heard(&mut self, ears: &[Ear]) {
        let now = moment();
        if ears.contains(&Ear::Registry) {
            self.hear_registries(now);
        }
        if ears.contains(&Ear::Folders) {
            let heard = self.ears.folder_changes();
            if heard.lost {
                self.pace.everything_changed(now);
            } else if heard.any {
                self.pace.folders_changed(now);
            }
        }
        if self.ears.ended(|place| ears.contains(&Ear::Process(place))) {
            self.pace.everything_changed(now);
        }
    }

    fn hear_registries(&mut self, now: Moment) {
        let heard = self.ears.registry_changes();
        if heard.any {
            self.pace.registry_changed();
        }
        if heard.lost {
            self.pace.everything_changed(now);
            for one in &self.shippers {
                self.ears.registry(&self.task.root, &one.source.folder(&one.found));
            }
        }
    }

    /// Takes in what the registries have appended, and asks whether the files that were behind are.
    fn refresh(&mut self) {
        let work = Work::begin();
        // Before it is read: what comes later is a change anew.
        self.ears.registry_changes();
        let mut behind = false;
        for one in &mut self.shippers {
            one.take_in(&self.task.root);
            let cursors = &one.source.positions().cursors;
            behind = one.behind.still(|mark| position(cursors, mark)) || behind;
        }
        let (from, to) = work.end();
        self.pace.refreshed(from, to, behind);
    }

    /// Judges everything.
    fn look(&mut self) {
        let work = Work::begin();
        self.ears.registry_changes();
        self.ears.folder_changes();
        let again = loop {
            let terms = terms(self.task, self.deadline, &self.goals);
            for one in &mut self.shippers {
                one.find_again(self.task, &mut self.ears);
                one.take_in(&self.task.root);
                one.look(self.task, &terms);
            }
            if !self.shippers.iter().any(|one| self.goals.finish_lines(&one.last.files)) {
                break due(&self.shippers);
            }
        };
        self.watch_folders();
        self.pace.hear(self.ears.hearing());
        let (from, to) = work.end();
        self.pace.looked(from, to, again, counted(&self.shippers));
    }

    fn watch_folders(&mut self) {
        for one in &self.shippers {
            let paths = one.last.files.iter().map(|file| Path::new(OsStr::from_bytes(&file.path)));
            self.ears.folders(&self.task.root, paths);
        }
        self.ears.mounts(&self.task.root);
        self.pace.hear(self.ears.hearing());
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
        Summary::of(self.shippers.iter().map(|one| one.last.files.as_slice()), verdict)
    }

    /// How things stand, by the positions as they are now.
    fn tell(&mut self, link: &mut Link) -> io::Result<()> {
        self.told = moment();
        let mut summary = self.summary(self.worst());
        let gained = self.shippers.iter().map(One::gained).fold(0, u64::saturating_add);
        summary.bytes = summary.bytes.saturating_sub(gained);
        link.send(&News::Moved(summary))
    }

    fn excuses(&mut self, link: &mut Link) -> io::Result<()> {
        for excuse in self.ears.excuses() {
            if self.said.insert(excuse.to_owned()) {
                link.send(&News::Note(format!("polling, since {excuse}")))?;
            }
        }
        Ok(())
    }

    /// When the next phase begins by time alone.
    fn next_phase(&self) -> Moment {
        let ahead = |phase, at: Moment| (!self.phases.contains(&phase)).then_some(at);
        let soft = ahead(Phase::SoFar, self.soft());
        let stalled = self.stalls().and_then(|at| ahead(Phase::Stalled, at));
        [soft, stalled].into_iter().flatten().min().unwrap_or(self.deadline).min(self.deadline)
    }

    fn soft(&self) -> Moment {
        self.started.after(self.task.policy.soft)
    }

    fn stalls(&self) -> Option<Moment> {
        match self.task.policy.on_stall {
            OnStall::Fail => None,
            OnStall::Wait => {
                let moved = self.shippers.iter().filter_map(|one| one.history.moved()).max()?;
                Some(moved.after(self.task.policy.stall))
            }
        }
    }

    fn phases_due(&mut self, link: &mut Link) -> io::Result<()> {
        let now = moment();
        for (phase, at) in [(Phase::SoFar, Some(self.soft())), (Phase::Stalled, self.stalls())] {
            if at.is_some_and(|at| now >= at) && !self.phases.contains(&phase) {
                // Positions may have moved since the last look.
                self.look();
                if phase == Phase::Stalled && self.stalls().is_some_and(|at| at > now) {
                    continue;
                }
                self.phase(phase, self.summary(self.worst()), link)?;
            }
        }
        Ok(())
    }

    /// Keeps a report and tells.
    fn phase(&mut self, phase: Phase, summary: Summary, link: &mut Link) -> io::Result<()> {
        self.phases.push(phase);
        let stage = if phase == Phase::Ended { Stage::Final } else { Stage::Interim };
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.code() == summary.code);
        let report = self.report(stage, verdict.unwrap_or(Verdict::CannotTell));
        // A shutdown does not wait for a disk once the verdict is there: it is told, then synced.
        let sync = if phase == Phase::Ended { Sync::No } else { Sync::Yes };
        let (mut kept, mut written) = (None, Vec::new());
        if let Some(wanted) = &self.task.folder {
            let wishes: Vec<_> = self.shippers.iter().flat_map(|one| one.last.wishes.clone()).collect();
            let folder = keep::folder(wanted, &wishes);
            if folder != wanted && phase == Phase::Started {
                let (from, to) = (wanted.display(), folder.display());
                let why = "since the shipper takes files from";
                link.send(&News::Note(format!("reports are kept in '{to}', {why} '{from}'")))?;
            }
            match keep::write(&self.task.root, folder, &report, (&self.at, self.task.pid), sync) {
                Ok(path) => {
                    kept = Some(path.display().to_string());
                    written.push(path);
                }
                Err(error) => link.send(&News::Note(error.to_string()))?,
            }
        }
        if let Some(path) = &self.task.file {
            match keep::write_to(&self.task.root, path, &report, sync) {
                Ok(()) => {
                    kept = kept.or(Some(path.display().to_string()));
                    written.push(path.clone());
                }
                Err(error) => link.send(&News::Note(error.to_string()))?,
            }
        }
        let json =
            if self.task.json == Json::Wanted && stage == Stage::Final { Some(report.json()) } else { None };
        link.send(&News::Phase { phase, summary, report: kept, json })?;
        for path in written.iter().filter(|_| sync == Sync::No) {
            // It cannot be told any more that this failed: the process that speaks has gone on.
            let _ = keep::sync(&self.task.root, path);
        }
        Ok(())
    }

    fn report(&self, stage: Stage, verdict: Verdict) -> Report {
        let left = self.shippers.iter().map(|one| one.last.left).fold(0, u64::saturating_add);
        let shippers = self.shippers.iter().map(One::report).collect();
        report::whole(wall(), stage, verdict, left, shippers)
    }
}

/// Work whose cost is the processor time that it took: on a host that is busy with its own shutdown a
/// look takes longer, and must not be paid for with longer rests.
struct Work(Duration);

impl Work {
    fn begin() -> Self {
        Self(clock::cpu())
    }

    /// From when to when it would have lasted on an idle host.
    fn end(self) -> (Moment, Moment) {
        let (cost, now) = (clock::cpu().saturating_sub(self.0), moment());
        (Moment(now.0.saturating_sub(nanos(cost))), now)
    }
}

/// Where something was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ear {
    Registry,
    Folders,
    Process(usize),
}

impl One {
    fn take_in(&mut self, root: &Root) {
        self.fault = self.source.refresh(root, &self.found).err().map(|error| error.to_string());
        if self.fault.is_some()
            && let Ok(source) = Source::read(root, &self.found, LIMIT)
        {
            self.source = source;
            self.fault = None;
        }
    }

    /// A shipper that has ended may have been started again.
    fn find_again(&mut self, task: &Task, ears: &mut Ears) {
        let proc = Proc::new(task.root.clone());
        if self.found.process.is_some_and(|pid| proc.stat(pid).is_ok_and(|stat| !stat.is_zombie())) {
            self.dead_since = None;
            return;
        }
        let now = shippers_of(&task.root, &task.options).unwrap_or_default();
        let same = |found: &Found| found.positions == self.found.positions && found.process.is_some();
        if let Some(found) = now.into_iter().find(same) {
            self.found = found;
            self.dead_since = None;
            ears.process(&task.root, &task.features, &self.found);
        } else if self.found.process.is_some() {
            self.dead_since.get_or_insert(moment());
        }
    }

    fn look(&mut self, task: &Task, terms: &Terms<'_>) {
        let positions = self.source.positions();
        match look(&task.root, &self.found, &task.options, positions, &mut self.history, terms) {
            Ok(last) => self.last = last,
            Err(error) => self.fault = Some(error.to_string()),
        }
        let now = moment();
        let deadline = terms.deadline.unwrap_or(now);
        if self.fault.is_some() {
            self.last.verdict = self.last.verdict.max(Verdict::CannotTell);
            self.last.judgement =
                if now < deadline { Judgement::Wait } else { Judgement::Final(self.last.verdict) };
        }
        let restart = self.dead_since.map(|since| since.after(RESTART)).filter(|until| *until > now);
        if let Some(until) = restart.filter(|_| self.last.judgement == Judgement::Final(Verdict::ShipperDead))
        {
            self.last.judgement = Judgement::Wait;
            self.last.due = until.min(deadline);
        }
        self.behind = behind(&self.last.files, &self.source);
    }

    fn report(&self) -> report::ShipperReport {
        let mut report = self.last.report.clone();
        report.files = report::files(&self.last.files);
        report.doubts.extend(self.fault.clone());
        report
    }

    /// How many bytes were acknowledged since the last look.
    fn gained(&self) -> u64 {
        let cursors = &self.source.positions().cursors;
        self.behind.gained(|mark| position(cursors, mark))
    }
}

/// The files that are behind, with the numbers of their states.
fn behind(files: &[Progress], source: &Source) -> Behind {
    let cursors = &source.positions().cursors;
    let mut numbers: HashMap<FileId, Vec<u32>> = HashMap::new();
    let late = |file: &&Progress| file.reason == Reason::Behind;
    files.iter().filter(late).for_each(|file| drop(numbers.insert(file.file, Vec::new())));
    if !numbers.is_empty() {
        for number in cursors.numbers() {
            let file = cursors.get(number).and_then(|cursor| cursor.seen);
            if let Some(all) = file.and_then(|file| numbers.get_mut(&file)) {
                all.push(number);
            }
        }
    }
    Behind::of(files, |file, input_id| {
        let mut all = numbers.get(&file)?.iter().copied();
        let of_input = |number: &u32| cursors.get(*number).is_some_and(|it| it.input_id == input_id);
        let number = all.find(of_input)?;
        // Of two states, as of a container's streams, it is not told which one is meant.
        if all.any(|number| of_input(&number)) { None } else { Some(number) }
    })
}

/// The acknowledged bytes of a state, if its number is still this file's.
fn position(cursors: &Cursors, mark: &Mark) -> Option<u64> {
    let cursor = cursors.get(mark.number)?;
    (cursor.seen == Some(mark.file)).then(|| cursor.acknowledged.prefix())
}

fn terms<'g>(task: &Task, deadline: Moment, goals: &'g Goals) -> Terms<'g> {
    let Policy { settle, .. } = task.policy;
    Terms { deadline: Some(deadline), stall: task.policy.failing_stall(), settle, goals }
}

fn due(shippers: &[One]) -> Moment {
    shippers.iter().map(|one| one.last.due).min().unwrap_or_default()
}

/// Whether a shipper's counters say that something is on its way: no event tells when it has arrived.
fn counted(shippers: &[One]) -> bool {
    shippers.iter().any(|one| one.last.report.in_flight.is_some_and(|active| active > 0))
}

fn freeze(task: &Task, goals: &mut Goals, shippers: &[One]) {
    let files = shippers.iter().flat_map(|one| &one.last.files);
    match task.policy.freeze {
        Freeze::None => {}
        Freeze::All => files.for_each(|file| goals.freeze(file)),
        Freeze::Auto => {
            let written = written_by_daemons(&task.root);
            files.filter(|file| written.contains(&file.file)).for_each(|file| goals.freeze(file));
        }
    }
}

/// The files that log daemons hold open for writing.
fn written_by_daemons(root: &Root) -> BTreeSet<FileId> {
    let proc = Proc::new(root.clone());
    let daemons = proc.all().unwrap_or_default();
    let daemons = daemons.iter().filter(|stat| DAEMONS.iter().any(|name| name.as_bytes() == stat.comm));
    let mut files = BTreeSet::new();
    for pid in daemons.map(|stat| stat.pid) {
        for fd in proc.fds(pid).unwrap_or_default() {
            let writes = proc.fd_info(pid, fd).is_ok_and(|info| info.is_writable());
            let Ok(stat) = proc.fd_stat(pid, fd) else { continue };
            if writes && stat.kind == FileKind::Regular {
                files.insert(FileId { dev: stat.dev, ino: stat.ino });
            }
        }
    }
    files
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
