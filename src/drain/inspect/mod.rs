//! One look at everything: positions, files, counters, and the verdict over them.
//!
//! The order makes the answer safe: positions first, then what the shipper has open, then the files.
//! A position is thus never newer than the size that it is compared with, and whatever was written
//! meanwhile counts as not shipped. Counters are asked last, so that they speak of everything that
//! was seen.
//!
//! A driver: it reads files and `/proc`, and asks the shipper.

mod owed;
mod source;
mod testimony;

use crate::drain::cursor::{Positions, Timestamp};
use crate::drain::judge::check::Checks;
use crate::drain::judge::facts::{Counted, Doubt, Facts, Life};
use crate::drain::judge::file::{Access, Running, ShortFiles, Wanted};
use crate::drain::judge::glob::{Pattern, PatternError};
use crate::drain::judge::history::{History, View};
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::Progress;
use crate::drain::judge::rules::InputRules;
use crate::drain::judge::verdict::{Judgement, Verdict, hindrances, judge, next_due};
use crate::drain::report::{self, Lag, Report, ShipperFacts, Stage};
use crate::drain::scan::{ScanRequest, ScanResult, scan};
use crate::drain::shipper::{self, Counters, Found, LogEvidence, Shipper};
use crate::drain::wait::pace::Goals;
use crate::os::clock;
use crate::os::error::Error as OsError;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use owed::{Obligations, judge_obligations};
pub use source::{positions_of, positions_of_all, read_by, shippers_of};
use testimony::{Testimony, testimony};

/// What is to be judged.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// One shipper; every one that is found where `None` (`auto`).
    pub shipper: Option<&'static dyn Shipper>,
    /// `--registry`: where the positions lie, whatever was found out.
    pub registry: Option<PathBuf>,
    /// `--config`: the configuration, whatever was found out.
    pub config: Option<PathBuf>,
    /// `--logs`: patterns of files that must be shipped even if the shipper does not know them.
    pub logs: Vec<String>,
    /// `--ignore-short`: whether files are owed that are too short to be picked up.
    pub short: Option<ShortFiles>,
    /// Whose drain it is; of the user who runs this where `None`. A process that has given up its rights is not.
    pub user: Option<u32>,
    /// How long one folder or file may take before its file system counts as hanging.
    pub limit: Option<Duration>,
}

/// How long a folder or file may take by default.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Why there is no judgement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error(transparent)]
    Os(#[from] OsError),
    /// Positions or a configuration cannot be read.
    #[error(transparent)]
    Shipper(#[from] shipper::Error),
    /// `--logs` is no pattern.
    #[error("cannot take --logs: {0}")]
    Pattern(#[from] PatternError),
    /// There is nothing to judge; who was not taken for one.
    #[error("no {0} runs here or is installed{1}")]
    NoShipper(&'static str, String),
    /// The file system of the positions hangs.
    #[error("cannot read '{0}': its file system did not answer in time")]
    Hangs(String),
}

/// The verdict over everything, and what it was made of.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The worst verdict over any shipper.
    pub verdict: Verdict,
    /// What it was made of.
    pub report: Report,
    /// What the shippers ask for: a report must not be kept where they take files from.
    pub inputs: Vec<InputRules>,
}

/// Judges now.
///
/// # Errors
/// See [`Error`]. What is merely not known is a verdict, not an error.
pub fn once(root: &Root, options: &Options) -> Result<Judged, Error> {
    let mut verdict = Verdict::Drained;
    let mut left = 0u64;
    let (mut shippers, mut inputs, mut most) = (Vec::new(), Vec::new(), Vec::new());
    let goals = Goals::MOVING;
    let found = shippers_of(root, options)?;
    for (found, source) in positions_of_all(found, options, options.limit.unwrap_or(LIMIT))? {
        let terms = InspectOptions::now(&goals);
        let mut history = History::default();
        let mut look = inspect(root, &found, options, source.positions(), &mut history, &terms)?;
        if look.seems_dead()
            && let Some(found) = read_by(root, options, &found, history.files())
        {
            history = History::default();
            look = inspect(root, &found, options, source.positions(), &mut history, &terms)?;
        }
        verdict = verdict.max(look.verdict);
        left = left.saturating_add(look.left);
        let trouble = look.report.trouble.or_else(|| shipper::trouble::failing(None, look.counters?));
        most.extend(report::largest_lag(history.files().iter()));
        let files = report::files(history.files());
        shippers.push(report::ShipperReport { files, trouble, ..look.report });
        inputs.extend(look.inputs);
    }
    let most = most.into_iter().max_by_key(|lag: &Lag| lag.rest);
    let report = report::whole(wall(), Stage::Once, verdict, left, most, shippers);
    Ok(Judged { verdict, report, inputs })
}

/// What one inspection of one shipper gave, beside the files, which the [`History`] holds.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The verdict, if it were due now.
    pub verdict: Verdict,
    /// Whether it is.
    pub judgement: Judgement,
    /// When time alone may change the judgement.
    pub due: Moment,
    /// Bytes left.
    pub left: u64,
    /// All of it but the report on its files.
    pub report: report::ShipperReport,
    /// What the shipper asks for.
    pub inputs: Vec<InputRules>,
    /// What is on its way gives no event when it arrives: lines that counters count, a queue on disk.
    pub unheard: bool,
    /// What was not delivered although nothing is waited for: dropped, or written after the start.
    pub remarks: Vec<String>,
    /// What beside the files keeps the verdict from being `drained`; each is a sentence.
    pub hindrances: Vec<String>,
    /// The shipper's counters, where it has answered.
    pub counters: Option<Counters>,
}

impl Inspection {
    /// Its process has ended, by all that is known of it, with something left.
    #[must_use]
    pub fn seems_dead(&self) -> bool {
        self.report.health == Life::Dead.word()
            && matches!(self.verdict, Verdict::ShipperDead | Verdict::Lost)
    }
}

/// For how long an answer is waited for, and for which bytes.
#[derive(Clone, Copy, Debug)]
pub struct InspectOptions<'g> {
    /// When an answer is due at the latest; `None`: at once.
    pub deadline: Option<Moment>,
    /// As [`Facts::stall`].
    pub stall: Option<Duration>,
    /// In place of the shipper's own latency.
    pub settle: Option<Duration>,
    /// Up to which byte each file is to be shipped.
    pub goals: &'g Goals,
}

impl<'g> InspectOptions<'g> {
    /// An answer is due at once.
    #[must_use]
    pub fn now(goals: &'g Goals) -> Self {
        Self { deadline: None, stall: None, settle: None, goals }
    }
}

/// Looks at one shipper, whose positions were just read, and judges.
///
/// # Errors
/// `--logs` is no pattern.
pub fn inspect(
    root: &Root,
    found: &Found,
    options: &Options,
    positions: &Positions,
    history: &mut History,
    terms: &InspectOptions<'_>,
) -> Result<Inspection, Error> {
    let limit = options.limit.unwrap_or(LIMIT);
    let files_root = &found.root;
    let Look { proc, pids, life, inputs, mut doubts, others, mut scene, said } =
        look(root, found, options, positions, limit)?;
    scene.files.iter_mut().for_each(|file| terms.goals.set(file));
    let now = moment();
    let asks = ScanRequest { inputs: &inputs, others };
    let look_again = |scene: &mut ScanResult| scene.forget_passing(&proc, &pids, &found.own);
    let Obligations { files, gone, gone_owing } =
        judge_obligations(files_root, positions, &mut scene, &asks, now, limit, look_again);
    remember(history, files, &scene, terms, now);
    doubts.append(&mut scene.doubts);
    let testimony = testimony(root, found, life, &said, now, history.steady(now, wall()));
    let Testimony { counters, evidence, .. } = testimony;
    let idle_now = evidence.is_some_and(|evidence| evidence.active == 0 && evidence.at >= now);
    if !found.others.is_empty() && !idle_now && options.logs.is_empty() {
        doubts.push(Doubt::NotJudged(found.others.join(", ")));
    }
    let kept_back = found.witness.as_ref().and_then(|it| it.delivery_doubt(files_root));
    let idle = history.idle(evidence, kept_back.is_none().then(moment));
    doubts.extend(kept_back);
    let settle = terms.settle.unwrap_or(found.latency.total());
    let facts = Facts {
        life,
        trust: found.shipper.trust(),
        evidence,
        idle,
        gone: history.gone(gone_owing, now),
        counted: if positions.not_files.is_empty() { Counted::FilesOnly } else { Counted::OthersToo },
        doubts: &doubts,
        now,
        moved: history.moved().unwrap_or(now),
        deadline: terms.deadline.unwrap_or(now),
        stall: terms.stall.map(|allowed| found.latency.stall(allowed)),
        settle,
        pickup: terms.deadline.map(|_| settle.max(found.latency.scan.saturating_mul(2))),
    };
    let files = history.files();
    let (judgement, due) = (judge(files, &facts, Checks::ALL), next_due(files, &facts));
    let verdict = verdict_now(files, &facts);
    let remarks = remarks(files, counters);
    let about = about(found, &facts, positions, &said, &testimony.not_believed, &remarks);
    let report = report::shipper(&about, verdict, positions, gone, &doubts);
    let left = report::left(files);
    let unheard = evidence.is_some_and(|evidence| evidence.active > 0)
        || doubts.iter().any(|doubt| matches!(doubt, Doubt::KeptBack(_)));
    let hindrances = hindrances(&facts);
    Ok(Inspection { verdict, judgement, due, left, report, inputs, unheard, remarks, hindrances, counters })
}

/// What was seen, before anything is made of it.
struct Look {
    proc: Proc,
    /// The shipper's processes.
    pids: Vec<ProcessId>,
    life: Life,
    inputs: Vec<InputRules>,
    doubts: Vec<Doubt>,
    /// What files are that no input asks for.
    others: Wanted,
    scene: ScanResult,
    /// What the shipper's log says.
    said: LogEvidence,
}

/// Looks at the files, the process and the log of a shipper.
fn look(
    root: &Root,
    found: &Found,
    options: &Options,
    positions: &Positions,
    limit: Duration,
) -> Result<Look, Error> {
    let (mut inputs, doubts) = inputs(found, options, positions)?;
    let life = life(root, found);
    let running = running(life, found);
    for input in &mut inputs {
        input.rules.running = running;
        input.rules.short = options.short.unwrap_or(ShortFiles::Owed);
    }
    let is_doubtful = doubts.iter().any(|doubt| matches!(doubt, Doubt::Configuration(_)));
    let others = if is_doubtful { Wanted::Unknown } else { Wanted::No };
    let pids: Vec<ProcessId> = found.process.into_iter().collect();
    let asks = ScanRequest { inputs: &inputs, others };
    let proc = Proc::new(root.clone());
    let mut scene = scan(&found.root, &proc, &positions.cursors, &asks, &pids, &found.own, limit);
    let said = found.witness.as_ref().map(|it| it.log(&found.root, limit)).unwrap_or_default();
    refuse(&mut scene, &said);
    Ok(Look { proc, pids, life, inputs, doubts, others, scene, said })
}

/// Into the history. Where the answer is due at once nothing was seen before, and nobody looks again.
fn remember(
    history: &mut History,
    files: Vec<Progress>,
    scene: &ScanResult,
    terms: &InspectOptions<'_>,
    now: Moment,
) {
    if terms.deadline.is_none() {
        history.only(files);
        return;
    }
    let partial = scene.doubts.iter().any(|doubt| matches!(doubt, Doubt::Blind(..) | Doubt::Unsteady(_)));
    history.record(files, if partial { View::Partial } else { View::Whole }, now, Checks::ALL);
}

/// The verdict if an answer is due now: there is no waiting.
fn verdict_now(files: &[Progress], facts: &Facts<'_>) -> Verdict {
    match judge(files, &Facts { deadline: facts.now, ..*facts }, Checks::ALL) {
        Judgement::Final(verdict) => verdict,
        Judgement::Wait => Verdict::CannotTell,
    }
}

/// For the report.
fn about<'f>(
    found: &'f Found,
    facts: &Facts<'_>,
    positions: &Positions,
    said: &LogEvidence,
    not_believed: &Option<String>,
    remarks: &[String],
) -> ShipperFacts<'f> {
    ShipperFacts {
        name: found.shipper.name(),
        version: found.version.map(|version| version.to_string()),
        positions_at: found.positions.as_os_str().as_bytes(),
        pids: found.process.iter().map(|pid| pid.get()).collect(),
        life: facts.life,
        evidence: facts.evidence,
        said: said.notes.iter().chain(not_believed).chain(&found.notes).chain(remarks).cloned().collect(),
        format: found.shipper.format(positions),
        trouble: said.trouble.as_ref().map(ToString::to_string),
    }
}

/// What is asked for, and what of it is not known.
fn inputs(
    found: &Found,
    options: &Options,
    positions: &Positions,
) -> Result<(Vec<InputRules>, Vec<Doubt>), Error> {
    let mut inputs = Vec::new();
    for pattern in &options.logs {
        inputs.push(InputRules::asked(Pattern::parse(pattern, true)?));
    }
    inputs.extend(found.inputs.iter().cloned());
    let mut doubts: Vec<Doubt> = found.unreadable.iter().cloned().map(Doubt::Positions).collect();
    if let Some(first) = positions.faults.first().first() {
        doubts.push(Doubt::Faults(positions.faults.count(), first.to_string()));
    }
    // Who names the files takes it on himself that there are no others.
    if options.logs.is_empty() {
        doubts.extend(found.unknown.iter().cloned().map(Doubt::Configuration));
        // A shipper that reads files does not start so (but to be told of inputs later).
        if inputs.is_empty() && doubts.is_empty() && found.others.is_empty() {
            doubts.push(Doubt::Configuration("the configuration names no input that is switched on".into()));
        }
    }
    doubts.extend(found.changeable.iter().cloned().map(Doubt::Changeable));
    Ok((inputs, doubts))
}

/// Marks the files that the shipper could not open.
fn refuse(scene: &mut ScanResult, said: &LogEvidence) {
    for (file, demands) in scene.files.iter().zip(&mut scene.demands) {
        if said.refused.iter().any(|path| path.as_bytes() == &*file.path) {
            demands.iter_mut().for_each(|demand| demand.rules.access = Access::Refused);
        }
    }
}

/// Whether the shipper runs. In a folder that stands for `/` a process that is not there may run
/// elsewhere.
fn life(root: &Root, found: &Found) -> Life {
    match found.process {
        Some(_) if found.runs(&Proc::new(root.clone())) => Life::Alive,
        Some(_) => Life::Dead,
        None if root.exists(Path::new("/proc")) => Life::Dead,
        None => Life::Unknown,
    }
}

/// Since when it runs. Where it may run elsewhere, nothing of it is seen here but what it wrote down.
fn running(life: Life, found: &Found) -> Running {
    match (life, found.began) {
        (Life::Dead | Life::Unknown, _) => Running::Not,
        (Life::Alive, Some(at)) => Running::Since(at),
        (Life::Alive, None) => Running::Unknown,
    }
}

/// What is not delivered and not waited for.
fn remarks(files: &[Progress], counters: Option<Counters>) -> Vec<String> {
    let frozen = files.iter().filter(|file| file.goal < file.size);
    let (mut count, mut bytes) = (0u64, 0u64);
    for file in frozen {
        count += 1;
        bytes = bytes.saturating_add(file.size - file.goal);
    }
    let late = (count > 0).then(|| {
        let (bytes, files) = (report::size(bytes), report::counted(count, "file"));
        format!("{bytes} written to {files} since the drain began are not waited for")
    });
    let dropped = counters.map(|counters| counters.dropped).filter(|dropped| *dropped > 0);
    let dropped =
        dropped.map(|count| format!("its output refused and dropped {}", report::counted(count, "event")));
    late.into_iter().chain(dropped).collect()
}

/// Now.
#[must_use]
pub fn moment() -> Moment {
    Moment(u64::try_from(clock::now().as_nanos()).unwrap_or(u64::MAX))
}

/// Now, by the clock on the wall.
#[must_use]
pub fn wall() -> Timestamp {
    Timestamp(i64::try_from(clock::realtime().as_nanos()).unwrap_or(i64::MAX))
}
