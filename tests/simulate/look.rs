//! Shows a world to the judge: its registry as cursors, its disk as files, what `/proc` would say.

use crate::bytes;
use crate::history::{Judging, Reading};
use crate::rng::Rng;
use crate::world::{
    self, By, JOIN_WAIT, Key, Kind, LONGEST, PRINT, Place, SECOND, Second, State, Ttl as ModelTtl, World,
};
use amr::drain::cursor::{Acknowledged, Cursor, Cursors, FileId, Identity, Input, Timestamp, Ttl};
use amr::drain::judge::belief::{Users, is_believed};
use amr::drain::judge::check::Checks;
use amr::drain::judge::claim::{Claim, Fingerprint, Index, Obligation, obligations};
use amr::drain::judge::facts::{Counted, Doubt, Evidence, Facts, Life, Trust};
use amr::drain::judge::file::{
    Coding, Compression, Held, Lines, LogFile, OpenFiles, Rules, ShortFiles, Takers, Terminator, Wanted,
};
use amr::drain::judge::glob::Pattern;
use amr::drain::judge::history::{History, View};
use amr::drain::judge::moment::Moment;
use amr::drain::judge::progress::{Edge, Progress, ask, judge_claim};
use amr::drain::judge::reason::{Reason, ReasonClass};
use amr::drain::judge::rules::{Demand, InputRules, Owner};
use amr::drain::judge::tail::{Look, Tail, Unread};
use amr::drain::judge::verdict::{Judgement, Verdict, judge, next_due};
use std::time::Duration;

/// How well the judge can see at one look. Drawn apart from the judgement, so that a judge with a
/// check off sees the very same thing.
#[derive(Clone, Debug)]
pub struct Sight {
    pub hide_out: bool,
    pub http: bool,
    pub log: bool,
    pub unreadable: Option<usize>,
    /// A stranger's process is taken for the shipper, and does not hold its lock.
    pub stranger: bool,
    /// Another user's process has the shipper's name, its lock and its files open, and says of itself what he likes.
    pub fake: bool,
    /// Where another user can write the registry: he has written that everything is acknowledged.
    pub forged: bool,
}

/// Who runs what is not the shipper.
const STRANGER: u32 = 1000;

impl Sight {
    pub fn draw(rng: &mut Rng) -> Self {
        let mut more = Rng(rng.0 ^ 0xbb67_ae85_84ca_a73b);
        more.next();
        Self {
            stranger: more.one_in(16),
            fake: more.one_in(16),
            forged: more.one_in(2),
            hide_out: rng.one_in(12),
            http: rng.one_in(2),
            log: rng.one_in(2),
            unreadable: rng.one_in(8).then(|| rng.below(3) as usize),
        }
    }
}

pub struct Seen {
    pub verdict: Verdict,
    pub progress: Vec<Progress>,
    pub doubted: bool,
    /// The shipper's counters were at hand.
    pub counters: bool,
    /// There are states whose file is gone, and no counters that are newer.
    pub states_unproved: bool,
    /// A stranger's process was taken for the shipper.
    pub stranger: bool,
}

impl Seen {
    /// Whether a file stands so.
    pub fn names(&self, standing: ReasonClass) -> bool {
        self.progress.iter().any(|file| file.reason.class() == standing)
    }

    /// Whether lines may be in the shipper's memory alone, and nothing proves that they came through: of a
    /// file that was removed when it was read to its end, or of states whose file is gone.
    pub fn gone_unproved(&self) -> bool {
        self.states_unproved || self.progress.iter().any(|file| file.reason == Reason::GoneRead)
    }
}

pub fn path(place: Place, last: u8) -> String {
    match place {
        Place::In(name) => format!("/in/{name}"),
        Place::Excluded(name) => format!("/in/x{name}"),
        Place::Out(name) => format!("/out/{name}"),
        Place::Gone => format!("/in/{last}"),
    }
}

fn print(bytes: &[u8]) -> Fingerprint {
    let mut sha256 = [0; 32];
    sha256[..PRINT].copy_from_slice(bytes);
    Fingerprint { sha256, offset: 0, len: PRINT as u64, growing: false }
}

fn cursors(world: &World) -> Cursors {
    let mut all = Cursors::default();
    for (key, state) in &world.visible {
        let path = path(state.name, 0);
        let (folder, name) = amr::drain::cursor::split(path.as_bytes());
        let identity = match *key {
            Key::Inode(dev, ino, _) => Identity::Inode(FileId { dev, ino }),
            Key::Path(_) => Identity::Path,
            Key::Print(bytes) => {
                let Fingerprint { sha256, offset, len, growing } = print(&bytes);
                Identity::Fingerprint { sha256, offset, len, growing }
            }
        };
        let seen = match *key {
            Key::Inode(dev, ino, _) => Some(FileId { dev, ino }),
            Key::Path(_) | Key::Print(_) => None,
        };
        let meta: &[u8] = match *key {
            Key::Inode(_, _, 1) => b"stream=stdout",
            Key::Inode(_, _, 2) => b"stream=stderr",
            Key::Inode(..) | Key::Path(_) | Key::Print(_) => b"",
        };
        let cursor = Cursor {
            identity,
            seen,
            folder,
            name,
            acknowledged: acknowledged(world, state),
            ttl: match state.ttl {
                ModelTtl::Never => Ttl::Never,
                ModelTtl::Unclaimed => Ttl::Unclaimed,
                ModelTtl::Deleted => Ttl::Deleted,
                ModelTtl::New => Ttl::New,
            },
            input: match world.config.kind {
                Kind::Log => Input::Log,
                Kind::Filestream => Input::Filestream,
                Kind::Container => Input::Container,
                Kind::CloudWatch => Input::CloudWatch,
            },
            input_id: match (world.config.kind, *key) {
                (Kind::Filestream, Key::Inode(_, _, SECOND)) => b"two",
                (Kind::Filestream, _) => b"app",
                (Kind::Log | Kind::Container | Kind::CloudWatch, _) => b"",
            },
            meta,
            updated: Some(Timestamp(state.updated as i64)),
        };
        all.add(&cursor).unwrap();
    }
    all
}

fn acknowledged<'a>(world: &World, state: &'a State) -> Acknowledged<'a> {
    match (world.config.kind, state.offset) {
        (Kind::CloudWatch, _) => Acknowledged::Ranges(&state.ranges),
        (Kind::Filestream, Some(offset)) => Acknowledged::OffsetEof { offset, eof: state.eof },
        (Kind::Log | Kind::Container, Some(offset)) => Acknowledged::Offset(offset),
        (Kind::Log | Kind::Container | Kind::Filestream, None) => Acknowledged::Nothing,
    }
}

/// The registry as somebody likes it who is not the shipper: each state is at its file's end.
fn forged(world: &World) -> World {
    let mut world = world.clone();
    for state in world.visible.values_mut() {
        let file = world.files.iter().find(|file| (file.dev, file.ino) == state.seen);
        if let Some(size) = file.map(world::File::size) {
            (state.offset, state.ranges) = (Some(size), vec![(0, size)]);
        }
    }
    world
}

/// The files that can be seen, each with its number in the world.
fn files(world: &World, sight: &Sight, stranger: bool) -> (Vec<LogFile>, Vec<usize>) {
    let mut all = Vec::new();
    let mut numbers = Vec::new();
    for (number, file) in world.files.iter().enumerate() {
        let held = match (stranger, file.place) {
            (true, Place::Gone) => None,
            (true, _) => Some(file.size()),
            (false, _) if world.alive => world.held(number),
            (false, _) => None,
        };
        let hidden = match file.place {
            Place::Gone => held.is_none(),
            Place::Out(_) => sight.hide_out && held.is_none(),
            Place::In(_) | Place::Excluded(_) => sight.hide_out && number == 0,
        };
        if hidden {
            continue;
        }
        numbers.push(number);
        all.push(LogFile {
            id: FileId { dev: file.dev, ino: file.ino },
            path: path(file.place, file.last).into_bytes().into(),
            size: file.size(),
            goal: file.size(),
            modified: Timestamp(file.modified as i64),
            links: u64::from(file.place != Place::Gone),
            held: held.map_or(Held::No, |read| Held::Open { read }),
            coding: if file.gz { Coding::Gzip } else { Coding::Plain },
        });
    }
    (all, numbers)
}

fn rules(world: &World, file: &LogFile, place: Place) -> Rules {
    let config = &world.config;
    Rules {
        wanted: match place {
            Place::In(_) | Place::Gone => Wanted::Matched,
            Place::Excluded(_) => Wanted::Excluded,
            Place::Out(_) => Wanted::No,
        },
        terminator: if config.cr { Terminator::Other } else { Terminator::LineFeed },
        lines: if config.joined {
            Lines::Joined { wait: Duration::from_secs(JOIN_WAIT) }
        } else if config.filtered {
            Lines::Filtered
        } else {
            Lines::AsTheyAre
        },
        // Where positions do not drift, no line is too long.
        longest_line: Some(if config.drift { LONGEST as u64 } else { u64::MAX }),
        ignore_older: config.ignore_older.map(Duration::from_secs),
        short: if config.ignore_short { ShortFiles::Ignored } else { ShortFiles::Owed },
        shortest: if config.by == By::Fingerprint { PRINT as u64 } else { 0 },
        compression: if config.gzip { Compression::ByContent } else { Compression::Never },
        open_files: OpenFiles::Any,
        ..Rules::DEFAULT
    }
    .named(file)
}

trait Named {
    fn named(self, file: &LogFile) -> Self;
}

impl Named for Rules {
    /// A deleted file is matched by the name it had.
    fn named(self, file: &LogFile) -> Self {
        if file.path.starts_with(b"/out") { Self { wanted: Wanted::No, ..self } } else { self }
    }
}

/// The inputs, where there may be two.
fn inputs(world: &World, reading: Reading) -> Vec<InputRules> {
    let second = match (world.config.second, reading) {
        (Second::Never, _) => return Vec::new(),
        (Second::Always, _) => true,
        (Second::Reloaded, Reading::Again) => world.configured,
        (Second::Reloaded, Reading::Once) => false,
    };
    let input = |id: &[u8]| InputRules {
        owner: Owner::Input { id: id.into(), stream: None },
        ..InputRules::asked(Pattern::parse("/in/*", true).unwrap())
    };
    let ids: &[&[u8]] = match second {
        _ if world.config.one_position() => &[b"", b""],
        true => &[b"app", b"two"],
        false => &[b"app"],
    };
    ids.iter().map(|id| input(id)).collect()
}

/// What is owed: each claim by itself, where there is one input.
fn owed<'a>(
    world: &World,
    claims: &[Claim<'a>],
    inputs: &[InputRules],
    (files, numbers): (&[LogFile], &[usize]),
    checks: Checks,
) -> Vec<Obligation<'a>> {
    let mut all = Vec::new();
    for claims in claims.chunk_by(|one, other| one.file == other.file) {
        let file = &files[claims[0].file];
        let rules = rules(world, file, world.files[numbers[claims[0].file]].place);
        if inputs.is_empty() {
            all.extend(claims.iter().map(|claim| Obligation {
                claim: claim.clone(),
                rules,
                input: None,
                shared: false,
                held: file.held,
            }));
            continue;
        }
        let demands: Vec<Demand> = if rules.wanted == Wanted::No {
            vec![Demand { input: None, taker: None, rules }]
        } else if world.config.one_position() {
            let takers = if rules.wanted == Wanted::Matched { Takers::Several } else { Takers::One };
            vec![Demand { input: Some(0), taker: Some(0), rules: Rules { takers, ..rules } }]
        } else {
            (0..inputs.len()).map(|place| Demand { input: Some(place), taker: Some(place), rules }).collect()
        };
        all.extend(obligations(claims, &demands, inputs, file, true, checks));
    }
    all
}

/// One look, answered at once.
pub fn look(world: &World, sight: &Sight, history: &mut History, judging: Judging) -> Seen {
    match look_and_wait(world, sight, history, judging, None) {
        (Judgement::Final(verdict), seen, _) => Seen { verdict, ..seen },
        (Judgement::Wait, ..) => panic!("an answer was due"),
    }
}

/// One look of a drain that waits until `deadline`, in seconds; and when it would look again, whatever
/// happens. The verdict seen is the one that would be due.
pub fn look_and_wait(
    world: &World,
    sight: &Sight,
    history: &mut History,
    judging: Judging,
    deadline: Option<u64>,
) -> (Judgement, Seen, Moment) {
    let checks = judging.checks;
    let inputs = inputs(world, judging.configuration);
    let cursors = if sight.forged && world.config.changeable {
        cursors(&forged(world))
    } else {
        bytes::cursors(world).unwrap_or_else(|| cursors(world))
    };
    let fooled = sight.fake && is_believed(&[STRANGER; 3], &Users::default(), checks);
    let stranger = sight.stranger || fooled;
    let (files, numbers) = files(world, sight, stranger);
    let prints: Vec<(usize, Fingerprint)> = if world.config.by == By::Fingerprint {
        let known = numbers.iter().enumerate();
        known.filter_map(|(at, &number)| Some((at, print(world.files[number].plain.get(..PRINT)?)))).collect()
    } else {
        Vec::new()
    };
    let places = files.iter().enumerate().map(|(place, file)| (file.id, place)).collect();
    let index = Index::new(&files, &places, &prints);
    let now = Moment(world.now * 1_000_000_000 + 900_000_000);
    let mut progress = Vec::new();
    let claims = index.pair(&cursors, &inputs, !inputs.is_empty(), checks);
    for obligation in owed(world, &claims.claims, &inputs, (&files, &numbers), checks) {
        let number = numbers[obligation.claim.file];
        let file = &*obligation.seen(&files[obligation.claim.file]);
        let Obligation { claim, rules, input, shared, .. } = &obligation;
        let cursor = claim.cursor.as_ref();
        let tail = match ask(file, cursor, rules, checks).stretch {
            Some(_) if sight.unreadable == Some(number) => Tail::Unread(Unread::Hangs),
            Some(stretch) => {
                let bytes = &world.files[number].plain;
                let mut look = Look::new(stretch.framing);
                let to = bytes.len().min(stretch.to as usize);
                look.feed(bytes.get(stretch.from as usize..to).unwrap_or_default());
                let before = bytes.get((stretch.from as usize).wrapping_sub(1));
                if stretch.edge == Edge::Line && !matches!(before, Some(b'\n' | 0)) {
                    Tail::WithinLine(Box::new(look.finish()))
                } else {
                    look.finish()
                }
            }
            None => Tail::Nothing,
        };
        let at = (Timestamp(now.0 as i64), now);
        let owner = input.map(|place| &inputs[place].owner);
        let weighed = judge_claim(file, cursor, claim.ambiguous, rules, &tail, at, checks);
        progress.extend(weighed.map(|progress| progress.owed_to(owner, *shared)));
    }
    let view = if sight.hide_out { View::Partial } else { View::Whole };
    history.record(progress, view, now, checks);
    let progress = history.files().to_vec();
    let mut doubts = Vec::new();
    if sight.hide_out {
        doubts.push(Doubt::Blind("/out".into(), "Permission denied".into()));
    }
    if sight.stranger {
        doubts
            .push(Doubt::Configuration("process 8 holds the lock of its data folder, not process 7".into()));
    }
    if world.config.changeable {
        doubts.push(Doubt::Changeable("'/registry' can be changed by user 1000".into()));
    }
    if world.has_segments() {
        doubts.push(Doubt::KeptBack("its queue on disk has segments".into()));
    }
    let live = Evidence { active: world.active(), at: now.after(Duration::from_millis(1)) };
    let line = world.metrics.map(|(active, at)| Evidence { active, at: Moment(at) });
    let counters = sight.http && !sight.stranger && world.alive && world.config.kind != Kind::CloudWatch;
    let evidence = match fooled {
        true => Some(Evidence { active: 0, ..live }),
        false if counters => Some(live),
        false => line.filter(|_| sight.log),
    };
    let gone = history.gone(claims.gone_owing, now);
    let states_unproved = gone.0 > 0 && evidence.is_none_or(|evidence| evidence.at < gone.1);
    let facts = Facts {
        life: if world.alive || stranger { Life::Alive } else { Life::Dead },
        trust: match world.config.kind {
            Kind::CloudWatch => Trust::AlsoDropped,
            Kind::Log | Kind::Filestream | Kind::Container => Trust::Acknowledged,
        },
        evidence,
        idle: history.idle(evidence, (!world.has_segments()).then_some(now)),
        gone,
        doubts: &doubts,
        now,
        moved: history.moved().unwrap_or(now),
        deadline: deadline.map_or(now, |at| Moment(at * 1_000_000_000)),
        stall: None,
        counted: Counted::FilesOnly,
        settle: Duration::from_secs(world.config.settle()),
        pickup: deadline.map(|_| Duration::from_secs(world.config.settle().max(2 * world.config.scan()))),
    };
    let due = next_due(&progress, &facts);
    let judgement = judge(&progress, &facts, checks);
    let verdict = match judge(&progress, &Facts { deadline: now, ..facts }, checks) {
        Judgement::Final(verdict) => verdict,
        Judgement::Wait => panic!("an answer was due"),
    };
    let doubted = !doubts.is_empty();
    (judgement, Seen { verdict, progress, doubted, counters, states_unproved, stranger }, due)
}
