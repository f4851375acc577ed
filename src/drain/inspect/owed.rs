//! What is owed at one look: files paired with positions, and each obligation weighed.
//!
//! A driver: it has files read.

use super::wall;
use crate::drain::cursor::Positions;
use crate::drain::judge::check::Checks;
use crate::drain::judge::claim::{Claim, Index, Obligation, obligations};
use crate::drain::judge::facts::Doubt;
use crate::drain::judge::file::{Held, Wanted};
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::{Progress, ReadRequest, ask, judge_claim};
use crate::drain::judge::tail::Tail;
use crate::drain::report;
use crate::drain::scan::{Request, ScanRequest, ScanResult, codings, prints, tails};
use crate::os::poll;
use crate::os::root::Root;
use std::time::Duration;

/// Every obligation, weighed, and the states whose files are gone.
pub(super) struct Obligations {
    pub(super) files: Vec<Progress>,
    /// States whose file was found nowhere.
    pub(super) gone: u64,
    /// Those of them that may have been read further than is acknowledged.
    pub(super) gone_owing: u64,
}

/// How long before it is looked again whether a file is open that seems to be begun: a disk may take some milliseconds to
/// give the first bytes to whoever has opened it for them alone.
const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(10)];

/// Pairs files with positions, reads what must be read of them, and weighs each. Where the shipper seems to have begun
/// with a file anew, `look_again` has to say whether it still has it open.
pub(super) fn judge_obligations(
    root: &Root,
    positions: &Positions,
    scene: &mut ScanResult,
    asks: &ScanRequest<'_>,
    now: Moment,
    limit: Duration,
    look_again: impl Fn(&mut ScanResult),
) -> Obligations {
    let (prints, unread) = prints(root, &positions.cursors, scene, limit);
    for file in unread.iter().filter_map(|&place| scene.files.get(place)) {
        scene.doubts.push(Doubt::Positions(format!(
            "cannot take the fingerprint of '{}'",
            report::shown(&file.path)
        )));
    }
    let index = Index::new(&scene.files, &scene.places, &prints);
    let claims = index.pair(&positions.cursors, asks.inputs, asks.others == Wanted::No, Checks::ALL);
    let mut obligations = all_obligations(&claims.claims, scene, asks);
    for pause in PAUSES {
        let is_begun =
            |one: &Obligation<'_>| scene.files.get(one.claim.file).is_some_and(|file| one.is_begun(file));
        if !obligations.iter().any(is_begun) {
            break;
        }
        let _ = poll::wait(&[], Some(pause));
        look_again(scene);
        obligations = all_obligations(&claims.claims, scene, asks);
    }
    let (gone, gone_owing) = (claims.gone, claims.gone_owing);
    // Thousands of each: what is not needed any more makes room for what follows.
    drop(claims);
    let (requests, tails) = read(root, &mut obligations, scene, limit);
    let now = (wall(), now);
    let mut files = Vec::with_capacity(obligations.len());
    for (obligation, request) in obligations.into_iter().zip(requests) {
        let Some(file) = scene.files.get(obligation.claim.file).map(|file| obligation.seen(file)) else {
            continue;
        };
        let Obligation { claim, rules, input, shared, .. } = &obligation;
        let tail = request.and_then(|place| tails.get(place)).unwrap_or(&Tail::Nothing);
        let cursor = claim.cursor.as_ref();
        let owner = input.and_then(|place| asks.inputs.get(place)).map(|input| &input.owner);
        let progress = judge_claim(&file, cursor, claim.ambiguous, rules, tail, now, Checks::ALL);
        files.extend(progress.map(|progress| progress.owed_to(owner, *shared)));
    }
    Obligations { files, gone, gone_owing }
}

/// Reads what must be read of the files before their obligations can be weighed: first bytes into `scene`, ends as they
/// are returned, by the place of each obligation's. Obligations that nobody asks about go.
fn read(
    root: &Root,
    obligations: &mut Vec<Obligation<'_>>,
    scene: &mut ScanResult,
    limit: Duration,
) -> (Vec<Option<usize>>, Vec<Tail>) {
    let (mut tailed, mut coded) = (Vec::new(), Vec::new());
    let mut requests = Vec::with_capacity(obligations.len());
    obligations.retain(|obligation| {
        let Obligation { claim, rules, .. } = obligation;
        let Some(file) = scene.files.get(claim.file).map(|file| obligation.seen(file)) else { return false };
        let unasked = claim.cursor.is_none() && matches!(rules.wanted, Wanted::No | Wanted::Unknown);
        if unasked && file.held == Held::No {
            return false;
        }
        let ReadRequest { coding, stretch } = ask(&file, claim.cursor.as_ref(), rules, Checks::ALL);
        if coding {
            coded.push((claim.file, (file.id, scene.opened_at(claim.file))));
        }
        requests.push(stretch.map(|stretch| {
            tailed.push(Request { id: file.id, open: scene.opened_at(claim.file), stretch });
            tailed.len() - 1
        }));
        true
    });
    let (places, begun): (Vec<usize>, Vec<_>) = coded.into_iter().unzip();
    for (place, coding) in places.into_iter().zip(codings(root, begun, limit)) {
        scene.files.get_mut(place).into_iter().for_each(|file| file.coding = coding);
    }
    (requests, tails(root, tailed, limit))
}

/// What is owed of every file; its claims follow one another.
fn all_obligations<'a>(
    claims: &[Claim<'a>],
    scene: &ScanResult,
    asks: &ScanRequest<'_>,
) -> Vec<Obligation<'a>> {
    let mut all = Vec::with_capacity(claims.len());
    for claims in claims.chunk_by(|one, other| one.file == other.file) {
        let place = claims.first().map_or(0, |claim| claim.file);
        let (Some(file), Some(demands)) = (scene.files.get(place), scene.demands.get(place)) else {
            continue;
        };
        let known = asks.others == Wanted::No;
        all.extend(obligations(claims, demands, asks.inputs, file, known, Checks::ALL));
    }
    all
}
