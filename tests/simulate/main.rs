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
mod trace;
mod world;

use amr::drain::history::History;
use amr::drain::reason::Standing;
use amr::drain::verdict::{Check, Checks, Judgement, Verdict};
use look::{Seen, Sight, look, look_and_wait};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::{By, Config, Id, JOIN_WAIT, Kind, Place, Rng, World};

const HISTORIES: u64 = 200_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::vars().find(|(key, _)| key == name).map_or(default, |(_, value)| value.parse().unwrap())
}

fn seed_of(history: u64) -> u64 {
    let seed = setting("AMR_SEED", 20_260_101);
    (seed ^ history.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1
}

/// Which histories are told.
#[derive(Clone, Copy, Default)]
struct Focus {
    /// Those of one shipper.
    kind: Option<Kind>,
    /// Those in which lines are joined.
    joined: bool,
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
fn unshipped(world: &World) -> bool {
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
            missing && matches!(file.place, Place::In(_)) && !world.too_old(file)
        })
}

/// What one history showed.
#[derive(Default)]
struct Told {
    broken: Option<String>,
    verdicts: Vec<Verdict>,
}

/// Runs one history, with the judge looking on.
fn run(history: u64, checks: Checks, focus: Focus) -> Told {
    let mut rng = Rng(seed_of(history));
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
            let seen = look(&world, &sight, &mut looks, checks);
            told.verdicts.push(seen.verdict);
            if let Some(broken) = breach(&world, &seen, &mut was_outstanding) {
                told.broken = Some(broken);
                return told;
            }
        }
    }
    if rng.one_in(2) {
        told.broken = at_rest(world, &mut rng, looks, was_outstanding, checks, &mut told.verdicts);
    }
    told
}

/// What was outstanding at earlier looks, and how large each file was at the last one.
#[derive(Default)]
struct Before {
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
    fn lost(&mut self, world: &World, outstanding: &BTreeSet<Id>) -> Vec<Id> {
        let sizes = &self.sizes;
        // Between two looks a file was cut short and grew to its old size or past it, or another one
        // came by its inode and is as large. A file is its device and inode, for Filebeat too: both
        // look like one that grew, or whose allocated blocks were written to.
        let unseen = |id: &Id| {
            let file = &world.files[id.0];
            let now = world.files.iter().enumerate().filter(|(number, now)| {
                (now.dev, now.ino) == (file.dev, file.ino) && (*number, now.life) != (id.0, id.1)
            });
            now.clone().any(|(_, now)| sizes.get(&id.0).is_some_and(|&size| now.size() >= size))
        };
        let gone = |id: &Id| !outstanding.contains(id) && !world.delivered.contains(id) && !world.remnant(id);
        self.outstanding.retain(|id| !(gone(id) && unseen(id)));
        self.outstanding.iter().filter(|id| gone(id)).copied().collect()
    }

    fn seen(&mut self, world: &World, outstanding: &BTreeSet<Id>, doubted: bool) {
        if !doubted {
            // A position of what a file held before is of a truncation that nobody saw, and the file has
            // grown past it: nobody who looks from outside can know of what the shipper skips then.
            let shows = |id: &&Id| on_disk(world, id) && !world.stale(id.0) && !world.remnant(id);
            self.outstanding.extend(outstanding.iter().filter(|id| shows(id) && !blank(world, id)));
            let sizes = world.files.iter().map(world::File::size).enumerate();
            self.sizes.extend(sizes.filter(|(number, _)| world.shows(*number)));
        }
    }
}

/// What was said of which files, to be read when a test fails.
fn words(world: &World, seen: &Seen) -> String {
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
fn breach(world: &World, seen: &Seen, was: &mut Before) -> Option<String> {
    let outstanding = world.outstanding();
    let lost = was.lost(world, &outstanding);
    was.seen(world, &outstanding, seen.doubted);
    trace::tell(
        &format!("judged, outstanding {outstanding:?}, lost {lost:?}, {}", words(world, seen)),
        world,
    );
    let good = matches!(seen.verdict, Verdict::Drained | Verdict::Settled);
    let say = |what: &str| Some(format!("{what}, {}", words(world, seen)));
    // Where the shipper's counters are at hand, nothing that is in its queue is hidden.
    let shows = |id: &Id| {
        let counted = seen.counters && world.queued(id);
        counted || (on_disk(world, id) && !world.stale(id.0) && !world.twin(id.0) && !world.remnant(id))
    };
    if good && outstanding.iter().any(shows) {
        return say(&format!("outstanding {outstanding:?}"));
    }
    if good && !lost.is_empty() {
        return say(&format!("lost {lost:?}"));
    }
    if good && confused(world) && unshipped(world) {
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
    if late && !world.alive && !outstanding.is_empty() {
        return say("the shipper is dead");
    }
    None
}

/// Lets everything come to rest, looks a few times, and asks for the verdict that is due then.
fn at_rest(
    mut world: World,
    rng: &mut Rng,
    mut looks: History,
    mut was: Before,
    checks: Checks,
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
        let seen = look(&world, &sight, &mut looks, checks);
        verdicts.push(seen.verdict);
        if let Some(broken) = breach(&world, &seen, &mut was) {
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
        let told = run(history, Checks::ALL, Focus::default());
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
fn wait(history: u64, checks: Checks, focus: Focus) -> Ending {
    let mut rng = Rng(seed_of(history) ^ 0x5555);
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
            let (judgement, seen, again) = look_and_wait(&world, &sight, &mut looks, checks, deadline);
            due = again.0.div_ceil(1_000_000_000).min(world.now + UNHEARD).min(begin + TIMEOUT);
            if let Judgement::Final(verdict) = judgement {
                let broken = ending(&world, &Seen { verdict, ..seen }, &mut was, (begin, moved));
                return Ending { verdict, after: world.now - moved, broken };
            }
            let outstanding = world.outstanding();
            trace::tell(&format!("looked, outstanding {outstanding:?}, {}", words(&world, &seen)), &world);
            was.seen(&world, &outstanding, seen.doubted);
        }
        world.tick(&mut rng);
        trace::tell("tick", &world);
    }
}

/// What is wrong with how it ended.
fn ending(world: &World, seen: &Seen, was: &mut Before, (begin, moved): (u64, u64)) -> Option<String> {
    if let Some(broken) = breach(world, seen, was) {
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
        let ended = wait(history, Checks::ALL, Focus::default());
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
    const ANY: Focus = Focus { kind: None, joined: false };
    const JOINED: Focus = Focus { kind: Some(Kind::Log), joined: true };
    const LOG: Focus = Focus { kind: Some(Kind::Log), joined: false };
    const FILESTREAM: Focus = Focus { kind: Some(Kind::Filestream), joined: false };
    const CONTAINER: Focus = Focus { kind: Some(Kind::Container), joined: false };
    const CLOUDWATCH: Focus = Focus { kind: Some(Kind::CloudWatch), joined: false };
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

/// The first history that a judge without this check gets wrong. What the whole judge gets wrong as
/// well shows nothing.
fn catch(check: Check) -> Option<u64> {
    let wrong = |history, checks| {
        let wrong = |&(way, focus): &(Way, Focus)| match way {
            Way::Once => run(history, checks, focus).broken.is_some(),
            Way::Waiting => wait(history, checks, focus).broken.is_some(),
        };
        shown_by(check).iter().any(wrong)
    };
    (0..setting("AMR_HISTORIES", HISTORIES))
        .find(|&history| wrong(history, Checks::without(check)) && !wrong(history, Checks::ALL))
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
