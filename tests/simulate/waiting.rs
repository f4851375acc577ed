//! A drain that waits: it looks when it hears of something or when time alone may change the answer, and
//! must end in time.

use crate::history::{Focus, Judging, config, seed_of, step};
use crate::look::{Seen, Sight, look_and_wait};
use crate::oracle::{Before, Excuses, breach, words};
use crate::rng::Rng;
use crate::trace;
use crate::world::{Config, JOIN_WAIT, Kind, World};
use amr::drain::judge::history::History;
use amr::drain::judge::reason::ReasonClass;
use amr::drain::judge::verdict::{Judgement, Verdict};

/// How long a simulated drain waits, in seconds.
const TIMEOUT: u64 = 400;

/// How often a drain looks without hearing of anything, in seconds.
const UNHEARD: u64 = 30;

/// A metrics line, settling, the line after it, a look and a scan: within so many seconds of the last
/// movement a drain ends. Where lines are joined their hold begins with the first line that says that
/// nothing is in flight; else the first line may be the one that counts.
fn bound(config: &Config) -> u64 {
    let (line, settling, look, scan) = (30, config.settle(), UNHEARD, config.scan());
    if config.joined {
        line + settling + JOIN_WAIT + 1 + line + look + scan
    } else {
        settling + line + look + scan
    }
}

/// How a drain ended that waited.
pub struct Ending {
    pub verdict: Verdict,
    /// Seconds since anything last moved.
    pub after: u64,
    pub broken: Option<String>,
}

/// A random history, then a drain that waits while the writers rest and, for some time, the output is
/// blocked.
pub fn wait(history: u64, judging: Judging, focus: Focus) -> Ending {
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
    let sight = Sight {
        hide_out: false,
        http: rng.one_in(2),
        log: rng.one_in(2),
        unreadable: None,
        stranger: false,
        fake: true,
        forged: true,
    };
    let (mut moved, mut due, mut before) = (world.now, 0, None);
    loop {
        if world.now >= begin + blocked_for {
            world.blocked = false;
        }
        // What a drain hears of: the registry. What moves inside the shipper gives no event.
        let registry: Vec<(u64, Option<u64>)> =
            world.visible.values().map(|state| (state.updated, state.offset)).collect();
        // A closed file that has a rest is opened and read again.
        let shown = (world.waiting(), world.delivered.len(), world.reading(), registry);
        let heard = before.as_ref().is_none_or(|before: &(usize, usize, u64, Vec<_>)| before.3 != shown.3);
        if before.as_ref() != Some(&shown) {
            moved = world.now;
            before = Some(shown);
        }
        if heard || world.now >= due {
            let deadline = Some(begin + TIMEOUT);
            let (judgement, seen, again) = look_and_wait(&world, &sight, &mut looks, judging, deadline);
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
    let named = |standing| seen.names(standing);
    let in_time = world.now <= moved + bound(&world.config);
    let at_deadline = world.now >= begin + TIMEOUT;
    let fair = match seen.verdict {
        Verdict::Drained => in_time,
        Verdict::Settled => in_time && (world.config.kind == Kind::CloudWatch || named(ReasonClass::AtRest)),
        // An output that does not answer looks like lines that are left out for no known reason.
        Verdict::CannotTell => {
            seen.doubted || seen.gone_unproved() || named(ReasonClass::Unknown) || named(ReasonClass::AtRest)
        }
        Verdict::Lost => named(ReasonClass::Lost),
        // Files that nobody takes up any more.
        Verdict::Stalled => in_time && named(ReasonClass::Pending),
        Verdict::GaveUp => at_deadline && named(ReasonClass::Pending),
        Verdict::ShipperDead => false,
    };
    (!fair).then(|| {
        format!("after {} s, {} s at rest, {}", world.now - begin, world.now - moved, words(world, seen))
    })
}
