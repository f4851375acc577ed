//! The judge against a model of a shipper and its writers, over many seeded histories.
//!
//! What is true is kept apart from what the judge is told: a copy of the model runs on with a working
//! output, and whatever it would yet deliver is outstanding; whatever was outstanding at a look, was
//! never delivered and is outstanding no more, is lost. Then
//!
//! * nothing is called `drained` or `settled` while something is outstanding or lost,
//! * what is at rest with everything acknowledged is `drained`, or `settled` or `cannot tell` for a
//!   reason that the report names,
//! * each check of the judge, turned off, lets a history through that breaks the first rule.
//!
//! `AMR_HISTORIES` sets the number (200 000 at least count; a million in one `cargo test --profile sim
//! --test simulate` with `AMR_HISTORIES=1000000`), `AMR_SEED` the seed, `AMR_HISTORY` one history that is
//! told step by step.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod bytes;
mod look;
mod oracle;
mod trace;
mod world;

use amr::drain::check::{Check, Checks};
use amr::drain::history::History;
use amr::drain::reason::Standing;
use amr::drain::verdict::{Judgement, Verdict};
use look::{Seen, Sight, look, look_and_wait};
use oracle::{Before, Excuse, Excuses, breach, words};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::{By, Config, JOIN_WAIT, Kind, Rng, World};

const HISTORIES: u64 = 200_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::vars().find(|(key, _)| key == name).map_or(default, |(_, value)| value.parse().unwrap())
}

fn seed_of(history: u64, focus: Focus) -> u64 {
    let seed = focus.seed.unwrap_or_else(|| setting("AMR_SEED", 20_260_101));
    (seed ^ history.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}

/// Which histories are told.
#[derive(Clone, Copy, Default)]
struct Focus {
    /// Those of another seed than the one of this run.
    seed: Option<u64>,
    /// Those of one shipper.
    kind: Option<Kind>,
    /// Those in which lines are joined.
    joined: bool,
}

/// Who judges a history, and who judges that.
#[derive(Clone, Copy)]
struct Judging {
    checks: Checks,
    excuses: Excuses,
}

impl Judging {
    const WHOLE: Self = Self { checks: Checks::ALL, excuses: Excuses::ALL };
}

/// How a history is judged.
#[derive(Clone, Copy)]
enum Way {
    /// At moments of it, with an answer due at once.
    Once,
    /// By a drain that begins at its end and waits.
    Waiting,
}

fn config(rng: &mut Rng, focus: Focus) -> Config {
    let drawn = match rng.below(10) {
        0..=3 => Kind::Log,
        4..=7 => Kind::Filestream,
        8 => Kind::Container,
        _ => Kind::CloudWatch,
    };
    let kind = focus.kind.unwrap_or(drawn);
    let plain = kind == Kind::Log || kind == Kind::Filestream;
    let by = match kind {
        Kind::CloudWatch => By::Path,
        Kind::Filestream if rng.one_in(5) => By::Fingerprint,
        Kind::Filestream | Kind::Log | Kind::Container => By::Inode,
    };
    let joined = plain && (rng.one_in(4) || focus.joined);
    Config {
        kind,
        by,
        joined,
        filtered: plain && !joined && rng.one_in(2),
        cr: plain && rng.one_in(8),
        gzip: kind == Kind::Filestream && by == By::Inode && rng.one_in(4),
        ignore_older: (plain && rng.one_in(4)).then_some(100),
        drift: plain && !joined && rng.one_in(3),
        queue: 1 + rng.below(6) as usize,
        close_removed: rng.one_in(2),
        close_timeout: (kind == Kind::Log && rng.one_in(5)).then_some(60),
    }
}

fn step(world: &mut World, rng: &mut Rng) {
    let drawn = rng.below(40);
    match drawn {
        0..=15 => world.write(rng),
        16..=18 => {
            // Where positions are kept by name, few names make for many files of one name.
            let names = if world.config.by == By::Path { 2 } else { 5 };
            let name = rng.below(names) as u8;
            world.create(rng, name);
        }
        19 | 20 => world.rotate(rng),
        21 => world.delete(rng),
        22 => world.truncate(rng),
        23 => world.die(),
        24 | 25 => world.start(),
        26 => world.blocked = !world.blocked,
        27 => {
            for _ in 0..rng.below(500) {
                world.tick(rng);
            }
        }
        _ => world.tick(rng),
    }
    trace::tell(&format!("step {drawn}"), world);
}

/// What one history showed.
#[derive(Default)]
struct Told {
    broken: Option<String>,
    verdicts: Vec<Verdict>,
}

/// Runs one history, with the judge looking on.
fn run(history: u64, judging: Judging, focus: Focus) -> Told {
    let mut rng = Rng(seed_of(history, focus));
    for _ in 0..4 {
        rng.next();
    }
    let mut world = World::new(config(&mut rng, focus));
    let mut looks = History::default();
    let mut was_outstanding = Before::default();
    let mut told = Told::default();
    let steps = 5 + rng.below(40);
    let early = rng.one_in(2);
    for at in 0..steps {
        step(&mut world, &mut rng);
        if (early && rng.one_in(8)) || at + 1 == steps {
            let sight = Sight::draw(&mut rng);
            let seen = look(&world, &sight, &mut looks, judging.checks);
            told.verdicts.push(seen.verdict);
            if let Some(broken) = breach(&world, &seen, &mut was_outstanding, judging.excuses) {
                told.broken = Some(broken);
                return told;
            }
        }
    }
    if rng.one_in(2) {
        told.broken = at_rest(world, &mut rng, looks, was_outstanding, judging, &mut told.verdicts);
    }
    told
}

/// Lets everything come to rest, looks a few times, and asks for the verdict that is due then.
fn at_rest(
    mut world: World,
    rng: &mut Rng,
    mut looks: History,
    mut was: Before,
    judging: Judging,
    verdicts: &mut Vec<Verdict>,
) -> Option<String> {
    world.start();
    world.settle_down(rng);
    trace::tell("settled down", &world);
    let sight = Sight { hide_out: false, http: true, log: true, unreadable: None };
    let mut last = None;
    for pause in [30, 400, 60, 60] {
        for _ in 0..pause {
            world.tick(rng);
        }
        trace::tell(&format!("{pause} ticks"), &world);
        let seen = look(&world, &sight, &mut looks, judging.checks);
        verdicts.push(seen.verdict);
        if let Some(broken) = breach(&world, &seen, &mut was, judging.excuses) {
            return Some(broken);
        }
        last = Some(seen);
    }
    let seen = last?;
    let named = |standing| seen.progress.iter().any(|file| file.reason.standing() == standing);
    let fair = match seen.verdict {
        Verdict::Drained => true,
        Verdict::Settled => world.config.kind == Kind::CloudWatch || named(Standing::AtRest),
        Verdict::CannotTell => seen.doubted || named(Standing::Unknown) || named(Standing::AtRest),
        Verdict::Lost => named(Standing::Lost),
        // A file that the shipper has let go of with bytes left, which nobody will ship.
        Verdict::GaveUp => named(Standing::Pending),
        Verdict::Stalled | Verdict::ShipperDead => false,
    };
    let rest = |file: &amr::drain::progress::Progress| file.rest > amr::drain::progress::Rest::Bytes(0);
    let nothing_left = !seen.progress.iter().any(rest) && !named(Standing::Unknown);
    let best = if world.config.kind == Kind::CloudWatch { Verdict::Settled } else { Verdict::Drained };
    if !fair || (nothing_left && seen.verdict != best) {
        return Some(format!("at rest, {}", words(&world, &seen)));
    }
    None
}

/// Runs so many histories on every processor and gives back what each showed. The first ones that are
/// broken are told when all are through.
fn all<T: Send>(histories: u64, one: impl Fn(u64) -> Result<T, String> + Sync) -> Vec<T> {
    if let Some(history) = trace::asked() {
        trace::begin();
        return one(history).map_or_else(|why| panic!("history {history}: {why}"), |shown| vec![shown]);
    }
    let next = AtomicU64::new(0);
    let broken = Mutex::new(BTreeMap::new());
    let work = || {
        let mut mine = Vec::new();
        loop {
            let history = next.fetch_add(1, Ordering::Relaxed);
            if history >= histories {
                return mine;
            }
            match one(history) {
                Ok(shown) => mine.push(shown),
                Err(why) => drop(broken.lock().unwrap().insert(history, why)),
            }
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let shown = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let broken = broken.into_inner().unwrap();
    let first: String =
        broken.iter().take(5).map(|(history, why)| format!("history {history}: {why}\n")).collect();
    assert!(broken.is_empty(), "{} of {histories} histories are broken, the first:\n{first}", broken.len());
    shown
}

#[test]
fn the_judge_is_never_wrong() {
    let histories = setting("AMR_HISTORIES", HISTORIES);
    println!("seed {}, {histories} histories", setting("AMR_SEED", 20_260_101));
    let told = all(histories, |history| {
        let told = run(history, Judging::WHOLE, Focus::default());
        told.broken.map_or(Ok(told.verdicts), Err)
    });
    let ran = told.len() as u64;
    let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
    for verdict in told.into_iter().flatten() {
        *verdicts.entry(verdict).or_default() += 1;
    }
    let read = bytes::READ.load(Ordering::Relaxed);
    println!("{ran} histories, {read} registries read from bytes, verdicts {verdicts:?}");
    assert!(read > ran / 2, "{read} registries are too few");
    assert!(ran >= HISTORIES, "{ran} histories are too few, {HISTORIES} are asked for");
    for verdict in [Verdict::Drained, Verdict::Settled, Verdict::CannotTell, Verdict::GaveUp] {
        assert!(verdicts.get(&verdict).copied().unwrap_or(0) > ran / 100, "{verdict:?} is hardly ever said");
    }
}

/// How long a simulated drain waits, in seconds.
const TIMEOUT: u64 = 400;

/// How often a drain looks without hearing of anything, in seconds.
const UNHEARD: u64 = 30;

/// A metrics line, settling, the line after it, a look and a scan: within so many seconds of the last
/// movement a drain ends. Where lines are joined their hold begins with the first line that says that
/// nothing is in flight; else the first line may be the one that counts.
fn bound(config: &Config) -> u64 {
    let (line, settling, look, scan) = (30, 30, UNHEARD, world::SCAN);
    if config.joined {
        line + settling + JOIN_WAIT + 1 + line + look + scan
    } else {
        settling + line + look + scan
    }
}

/// How a drain ended that waited.
struct Ending {
    verdict: Verdict,
    /// Seconds since anything last moved.
    after: u64,
    broken: Option<String>,
}

/// A random history, then a drain that waits while the writers rest and, for some time, the output is
/// blocked.
fn wait(history: u64, judging: Judging, focus: Focus) -> Ending {
    let mut rng = Rng(seed_of(history, focus) ^ 0x5555);
    let mut world = World::new(config(&mut rng, focus));
    for _ in 0..5 + rng.below(40) {
        step(&mut world, &mut rng);
    }
    world.start();
    let blocked_for = if rng.one_in(3) { rng.below(120) } else { 0 };
    world.blocked = blocked_for > 0;
    let begin = world.now;
    let mut looks = History::default();
    let mut was = Before::default();
    let sight = Sight { hide_out: false, http: rng.one_in(2), log: rng.one_in(2), unreadable: None };
    let (mut moved, mut due, mut before) = (world.now, 0, None);
    loop {
        if world.now >= begin + blocked_for {
            world.blocked = false;
        }
        // What a drain hears of: the registry. What moves inside the shipper gives no event.
        let registry: Vec<(u64, Option<u64>)> =
            world.visible.values().map(|state| (state.updated, state.offset)).collect();
        // A closed file that has a rest is opened and read again.
        let shown = (world.active(), world.delivered.len(), world.reading(), registry);
        let heard = before.as_ref().is_none_or(|before: &(u64, usize, u64, Vec<_>)| before.3 != shown.3);
        if before.as_ref() != Some(&shown) {
            moved = world.now;
            before = Some(shown);
        }
        if heard || world.now >= due {
            let deadline = Some(begin + TIMEOUT);
            let (judgement, seen, again) =
                look_and_wait(&world, &sight, &mut looks, judging.checks, deadline);
            due = again.0.div_ceil(1_000_000_000).min(world.now + UNHEARD).min(begin + TIMEOUT);
            if let Judgement::Final(verdict) = judgement {
                let broken =
                    ending(&world, &Seen { verdict, ..seen }, &mut was, (begin, moved), judging.excuses);
                return Ending { verdict, after: world.now - moved, broken };
            }
            let outstanding = world.outstanding();
            trace::tell(&format!("looked, outstanding {outstanding:?}, {}", words(&world, &seen)), &world);
            was.seen(&world, &outstanding, seen.doubted, judging.excuses);
        }
        world.tick(&mut rng);
        trace::tell("tick", &world);
    }
}

/// What is wrong with how it ended.
fn ending(
    world: &World,
    seen: &Seen,
    was: &mut Before,
    (begin, moved): (u64, u64),
    excuses: Excuses,
) -> Option<String> {
    if let Some(broken) = breach(world, seen, was, excuses) {
        return Some(broken);
    }
    let named = |standing| seen.progress.iter().any(|file| file.reason.standing() == standing);
    let in_time = world.now <= moved + bound(&world.config);
    let at_deadline = world.now >= begin + TIMEOUT;
    let fair = match seen.verdict {
        Verdict::Drained => in_time,
        Verdict::Settled => in_time && (world.config.kind == Kind::CloudWatch || named(Standing::AtRest)),
        // An output that does not answer looks like lines that are left out for no known reason.
        Verdict::CannotTell => named(Standing::Unknown) || named(Standing::AtRest),
        Verdict::Lost => named(Standing::Lost),
        // Files that nobody takes up any more.
        Verdict::Stalled => in_time && named(Standing::Pending),
        Verdict::GaveUp => at_deadline && named(Standing::Pending),
        Verdict::ShipperDead => false,
    };
    (!fair).then(|| {
        format!("after {} s, {} s at rest, {}", world.now - begin, world.now - moved, words(world, seen))
    })
}

#[test]
fn what_is_acknowledged_in_time_ends_in_time() {
    let histories = setting("AMR_HISTORIES", HISTORIES);
    println!("seed {}, {histories} waits", setting("AMR_SEED", 20_260_101));
    let ended = all(histories, |history| {
        let ended = wait(history, Judging::WHOLE, Focus::default());
        match ended.broken {
            None => Ok((ended.verdict, ended.after)),
            Some(broken) => Err(broken),
        }
    });
    let ran = ended.len() as u64;
    let mut verdicts: BTreeMap<Verdict, (u64, u64)> = BTreeMap::new();
    for (verdict, after) in ended {
        let (count, longest) = verdicts.entry(verdict).or_default();
        *count += 1;
        *longest = (*longest).max(after);
    }
    println!("{ran} waits, verdicts, and seconds after the last movement at most: {verdicts:?}");
    assert!(ran >= HISTORIES, "{ran} waits are too few, {HISTORIES} are asked for");
    let drained = verdicts.get(&Verdict::Drained).map_or(0, |(count, _)| *count);
    assert!(drained > ran / 3, "only {drained} of {ran} end drained");
}

/// The histories in which a check matters, where most do not show it: they differ by shipper and way.
fn shown_by(check: Check) -> &'static [(Way, Focus)] {
    const ANY: Focus = Focus { seed: None, kind: None, joined: false };
    const JOINED: Focus = Focus { seed: None, kind: Some(Kind::Log), joined: true };
    const LOG: Focus = Focus { seed: None, kind: Some(Kind::Log), joined: false };
    const FILESTREAM: Focus = Focus { seed: None, kind: Some(Kind::Filestream), joined: false };
    const CONTAINER: Focus = Focus { seed: None, kind: Some(Kind::Container), joined: false };
    const CLOUDWATCH: Focus = Focus { seed: None, kind: Some(Kind::CloudWatch), joined: false };
    const EACH: &[(Way, Focus)] =
        &[(Way::Once, LOG), (Way::Once, FILESTREAM), (Way::Once, CONTAINER), (Way::Waiting, ANY)];
    match check {
        Check::Gaps | Check::Trust => &[(Way::Once, CLOUDWATCH)],
        Check::Followed => &[(Way::Once, CLOUDWATCH), (Way::Waiting, CLOUDWATCH)],
        Check::EveryState => &[(Way::Once, CONTAINER)],
        Check::ClosedStill | Check::Ambiguity | Check::Compressed | Check::Active => {
            &[(Way::Once, FILESTREAM)]
        }
        // It matters to one who looks again and again.
        Check::Idle => &[(Way::Waiting, JOINED)],
        // They matter in few histories, of either sort.
        Check::Device | Check::DeletedState | Check::Overread | Check::PathAge => EACH,
        Check::Unclaimed
        | Check::Moved
        | Check::Truncation
        | Check::Age
        | Check::Terminator
        | Check::CompleteLines
        | Check::Unread
        | Check::JoinedBlank
        | Check::Unknown
        | Check::ReadToEnd
        | Check::Hold
        | Check::Vanished
        | Check::CutShort
        | Check::Outgrown
        | Check::Evidence
        | Check::Newer
        | Check::Counters
        | Check::Dead
        | Check::Doubts
        | Check::Uncertain
        | Check::Pending => &[(Way::Once, ANY)],
    }
}

fn broken(history: u64, judging: Judging, (way, focus): (Way, Focus)) -> bool {
    match way {
        Way::Once => run(history, judging, focus).broken.is_some(),
        Way::Waiting => wait(history, judging, focus).broken.is_some(),
    }
}

/// The first history of these that goes wrong only so.
fn caught_by(judging: Judging, shown: &[(Way, Focus)]) -> Option<u64> {
    let wrong = |history, judging| shown.iter().any(|&sort| broken(history, judging, sort));
    // What the whole judge gets wrong as well shows nothing.
    (0..setting("AMR_HISTORIES", HISTORIES))
        .find(|&history| wrong(history, judging) && !wrong(history, Judging::WHOLE))
}

/// The first history that a judge without this check gets wrong.
fn catch(check: Check) -> Option<u64> {
    caught_by(Judging { checks: Checks::without(check), ..Judging::WHOLE }, shown_by(check))
}

#[test]
fn every_check_is_needed() {
    // One of them: `AMR_CHECK=Idle`.
    let one = std::env::vars().find(|(key, _)| key == "AMR_CHECK").map(|(_, name)| name);
    let asked: Vec<Check> = Check::ALL
        .into_iter()
        .filter(|check| one.as_ref().is_none_or(|name| *name == format!("{check:?}")))
        .collect();
    let caught = all(asked.len() as u64, |number| Ok((number, catch(asked[number as usize]))));
    let mut needless = Vec::new();
    for (check, history) in caught.into_iter().map(|(number, history)| (asked[number as usize], history)) {
        match history {
            Some(history) => println!("{check:?} off: caught by history {history}"),
            None => needless.push(check),
        }
    }
    assert!(needless.is_empty(), "no history shows what these are good for: {needless:?}");
}

#[test]
fn every_excuse_is_needed() {
    const SORTS: [(Way, Focus); 3] = [
        (Way::Once, Focus { seed: None, kind: None, joined: false }),
        (Way::Waiting, Focus { seed: None, kind: None, joined: false }),
        (Way::Waiting, Focus { seed: None, kind: Some(Kind::Log), joined: true }),
    ];
    let shown = all(Excuse::ALL.len() as u64, |number| {
        let excuse = Excuse::ALL[number as usize];
        let judging = Judging { excuses: Excuses::without(excuse), ..Judging::WHOLE };
        Ok((excuse, caught_by(judging, &SORTS)))
    });
    for (excuse, history) in &shown {
        println!("{excuse:?} off: needed in history {history:?}");
    }
    assert!(shown.iter().all(|(_, history)| history.is_some()), "an excuse that nothing needs hides a loss");
}

/// What a found history needs to be judged rightly.
#[derive(Clone, Copy, Debug)]
enum Part {
    Check(Check),
    Excuse(Excuse),
}

impl Part {
    fn without(self) -> Judging {
        match self {
            Self::Check(check) => Judging { checks: Checks::without(check), ..Judging::WHOLE },
            Self::Excuse(excuse) => Judging { excuses: Excuses::without(excuse), ..Judging::WHOLE },
        }
    }
}

/// Histories that were judged wrongly once, and what judges them rightly now. Who changes the model
/// changes what these tell: then others are to be found that show the same (`AMR_FIND=1` finds them).
const FOUND: [(&str, u64, Way, Focus, Part); 3] = [
    (
        "an agent that is started anew takes over another file's position",
        21_325,
        Way::Once,
        Focus { seed: Some(6), kind: Some(Kind::CloudWatch), joined: false },
        Part::Check(Check::Outgrown),
    ),
    (
        "a file is closed with a line in hand, opened again, and the line is held back anew",
        82_924,
        Way::Waiting,
        Focus { seed: Some(6), kind: Some(Kind::Log), joined: true },
        Part::Check(Check::ClosedStill),
    ),
    (
        "a file is opened again inside a line that was shipped",
        17_797,
        Way::Once,
        Focus { seed: Some(6), kind: Some(Kind::Log), joined: false },
        Part::Excuse(Excuse::Remnant),
    ),
];

#[test]
fn what_was_found_stays_found() {
    if std::env::vars().any(|(key, _)| key == "AMR_FIND") {
        for (name, _, way, focus, part) in FOUND {
            println!("{name}: {:?}", caught_by(part.without(), &[(way, focus)]));
        }
        return;
    }
    for (name, history, way, focus, part) in FOUND {
        assert!(!broken(history, Judging::WHOLE, (way, focus)), "{name}: the judge is wrong again");
        assert!(broken(history, part.without(), (way, focus)), "{name}: shown no more, find another history");
    }
}
