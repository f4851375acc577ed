//! One history: what is drawn for it, its steps, the judge that looks on, and the rest at its end.

use crate::look::{Sight, look};
use crate::oracle::{Before, Excuses, breach, words};
use crate::rng::Rng;
use crate::trace;
use crate::world::{By, Config, Kind, Second, World};
use amr::drain::judge::check::Checks;
use amr::drain::judge::history::History;
use amr::drain::judge::progress::{Progress, Unshipped};
use amr::drain::judge::reason::ReasonClass;
use amr::drain::judge::verdict::Verdict;

pub fn setting(name: &str, default: u64) -> u64 {
    std::env::vars().find(|(key, _)| key == name).map_or(default, |(_, value)| value.parse().unwrap())
}

pub fn seed_of(history: u64, focus: Focus) -> u64 {
    let seed = focus.seed.unwrap_or_else(|| setting("AMR_SEED", 20_260_101));
    (seed ^ history.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}

/// Which histories are told.
#[derive(Clone, Copy, Default)]
pub struct Focus {
    /// Those of another seed than the one of this run.
    pub seed: Option<u64>,
    /// Those of one shipper.
    pub kind: Option<Kind>,
    /// Those in which lines are joined.
    pub joined: bool,
}

/// Who judges a history, and who judges that.
#[derive(Clone, Copy)]
pub struct Judging {
    pub checks: Checks,
    pub excuses: Excuses,
    pub configuration: Reading,
}

/// When the judge reads the shipper's configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// At each look.
    Again,
    /// Before the first one.
    Once,
}

impl Judging {
    pub const WHOLE: Self =
        Self { checks: Checks::ALL, excuses: Excuses::ALL, configuration: Reading::Again };
}

pub fn config(rng: &mut Rng, focus: Focus) -> Config {
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
    // What only some have is drawn apart, so that all others stay as they were.
    let mut more = Rng(rng.0 ^ 0x6a09_e667_f3bc_c909);
    more.next();
    let by = if kind == Kind::Filestream && by == By::Inode && more.one_in(8) { By::Path } else { by };
    let joined = plain && (rng.one_in(4) || focus.joined);
    let gzip = kind == Kind::Filestream && by == By::Inode && rng.one_in(4);
    let twice = kind == Kind::Filestream && by == By::Inode && !gzip;
    let second = match more.below(12) {
        0 | 1 if twice => Second::Always,
        11 if kind == Kind::Log => Second::Always,
        2 | 3 if twice => Second::Reloaded,
        _ => Second::Never,
    };
    let disk_queue = kind != Kind::CloudWatch && more.one_in(8);
    let ignore_short = by == By::Fingerprint && more.one_in(2);
    let changeable = more.one_in(24);
    let keeps_renamed = second != Second::Never && more.one_in(2);
    Config {
        kind,
        by,
        joined,
        filtered: plain && !joined && rng.one_in(2),
        cr: plain && rng.one_in(8),
        gzip,
        ignore_older: (plain && rng.one_in(4)).then_some(100),
        drift: plain && !joined && rng.one_in(3),
        queue: 1 + rng.below(6) as usize,
        close_removed: rng.one_in(2),
        close_timeout: (kind == Kind::Log && rng.one_in(5)).then_some(60),
        disk_queue,
        ignore_short,
        changeable,
        second,
        keeps_renamed,
    }
}

pub fn step(world: &mut World, rng: &mut Rng) {
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
        28..=30 if world.config.second == Second::Reloaded => world.configured = !world.configured,
        _ => world.tick(rng),
    }
    trace::tell(&format!("step {drawn}"), world);
}

/// What one history showed.
#[derive(Default)]
pub struct Told {
    pub broken: Option<String>,
    pub verdicts: Vec<Verdict>,
}

/// Runs one history, with the judge looking on.
pub fn run(history: u64, judging: Judging, focus: Focus) -> Told {
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
            let seen = look(&world, &sight, &mut looks, judging);
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
    let sight = Sight {
        hide_out: false,
        http: true,
        log: true,
        unreadable: None,
        stranger: false,
        fake: true,
        forged: false,
    };
    let mut last = None;
    for pause in [30, 400, 60, 60] {
        for _ in 0..pause {
            world.tick(rng);
        }
        trace::tell(&format!("{pause} ticks"), &world);
        let seen = look(&world, &sight, &mut looks, judging);
        verdicts.push(seen.verdict);
        if let Some(broken) = breach(&world, &seen, &mut was, judging.excuses) {
            return Some(broken);
        }
        last = Some(seen);
    }
    let seen = last?;
    let named = |standing| seen.names(standing);
    let fair = match seen.verdict {
        Verdict::Drained => true,
        Verdict::Settled => world.config.kind == Kind::CloudWatch || named(ReasonClass::AtRest),
        Verdict::CannotTell => {
            let doubted = seen.doubted || seen.gone_unproved();
            doubted || named(ReasonClass::Unknown) || named(ReasonClass::AtRest)
        }
        Verdict::Lost => named(ReasonClass::Lost),
        // A file that the shipper has let go of with bytes left, which nobody will ship.
        Verdict::GaveUp => named(ReasonClass::Pending),
        Verdict::Stalled | Verdict::ShipperDead => false,
    };
    let rest = |file: &Progress| file.rest > Unshipped::Bytes(0);
    let nothing_left = !seen.progress.iter().any(rest) && !named(ReasonClass::Unknown);
    let best = match world.config.kind {
        _ if world.config.changeable => Verdict::CannotTell,
        Kind::CloudWatch => Verdict::Settled,
        Kind::Log | Kind::Filestream | Kind::Container => Verdict::Drained,
    };
    if !fair || (nothing_left && seen.verdict != best) {
        return Some(format!("at rest, {}", words(&world, &seen)));
    }
    None
}
