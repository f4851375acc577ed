use super::*;
use crate::drain::judge::claim::{Claim, Obligation, obligations};
use crate::drain::judge::file::Takers;
use crate::drain::judge::glob::Pattern;
use crate::drain::judge::reason::Cause;
use crate::drain::judge::rules::{Demand, InputRules};

/// A file of two bytes that the shipper has read to its end.
fn open(links: u64) -> LogFile {
    LogFile {
        id: FileId { dev: 2, ino: 4 },
        path: Box::from(&b"/l/4"[..]),
        size: 2,
        goal: 2,
        modified: Timestamp(305),
        links,
        held: Held::Open { read: 2 },
        coding: Coding::Plain,
    }
}

/// The state of a removed file that was shipped to its end, at the same byte.
fn deleted(input_id: &'static [u8]) -> Cursor<'static> {
    Cursor {
        identity: Identity::Inode(FileId { dev: 2, ino: 4 }),
        seen: None,
        folder: b"/l/",
        name: b"4",
        acknowledged: Acknowledged::OffsetEof { offset: 2, eof: false },
        ttl: Ttl::Deleted,
        input: Input::Filestream,
        input_id,
        meta: b"",
        updated: Some(Timestamp(61)),
    }
}

fn reason(file: &LogFile, cursor: Option<&Cursor<'_>>, wanted: Wanted) -> Reason {
    let rules = Rules { wanted, ..Rules::DEFAULT };
    let tail = Tail::CompleteLines { first: 2 };
    let now = (Timestamp(314), Moment(314));
    judge_claim(file, cursor, false, &rules, &tail, now, Checks::ALL).unwrap().reason
}

/// Another input has it open, or this one has, and what it says of it now cannot be read yet.
#[test]
fn the_state_of_a_removed_file_says_nothing_of_an_open_one_with_its_inode() {
    let state = deleted(b"app");
    assert_eq!(reason(&open(1), Some(&state), Wanted::Matched), Reason::NotPickedUp);
    assert_eq!(reason(&open(1), Some(&state), Wanted::Asked), Reason::NotPickedUp);
    let alive = Cursor { ttl: Ttl::Never, ..state };
    assert_eq!(reason(&open(1), Some(&alive), Wanted::Matched), Reason::Acknowledged);
}

/// It may be read to its end by one of them, and not begun by the other.
#[test]
fn a_file_of_one_position_that_is_open_at_its_end_is_in_doubt_from_the_first_byte() {
    let takers = |takers| {
        let rules = Rules { takers, ..Rules::DEFAULT };
        let state = Cursor { acknowledged: Acknowledged::Offset(0), ttl: Ttl::Never, ..deleted(b"") };
        let (tail, now) = (Tail::CompleteLines { first: 2 }, (Timestamp(314), Moment(314)));
        judge_claim(&open(1), Some(&state), false, &rules, &tail, now, Checks::ALL).unwrap().reason
    };
    assert_eq!(takers(Takers::Several), Reason::OnePosition);
    assert_eq!(takers(Takers::One), Reason::ReadToEnd(Cause::NotNamed));
}

/// `close.on_state_change.removed` off: it is read on when it is removed, or renamed to where nobody asks.
#[test]
fn the_state_of_a_removed_file_that_is_read_on_is_its_own() {
    assert_eq!(reason(&open(0), Some(&deleted(b"app")), Wanted::Matched), Reason::Acknowledged);
    assert_eq!(reason(&open(1), Some(&deleted(b"app")), Wanted::No), Reason::Acknowledged);
}

/// Where several inputs take the file, that holds for none of them: the one whose state it is may never
/// have had this file open.
#[test]
fn the_state_of_a_removed_file_that_is_read_on_by_one_of_two_inputs_is_nobodys() {
    let input = |id: &[u8]| InputRules {
        owner: Owner::Input { id: id.into(), stream: None },
        ..InputRules::asked(Pattern::parse("/l/*", true).unwrap())
    };
    let inputs = [input(b"app"), input(b"two")];
    let demands =
        [0, 1].map(|place| Demand { input: Some(place), taker: Some(place), rules: Rules::DEFAULT });
    let begun = Cursor { ttl: Ttl::Never, ..deleted(b"app") };
    let claims =
        [begun, deleted(b"two")].map(|state| Claim { file: 0, cursor: Some(state), ambiguous: false });
    let reasons = |running: usize| {
        let (demands, inputs) = (&demands[..running], &inputs[..running]);
        let owed = obligations(&claims, demands, inputs, &open(0), true, Checks::ALL);
        let reason = |one: &Obligation<'_>| reason(&open(0), one.claim.cursor.as_ref(), one.rules.wanted);
        owed.iter().map(reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(2), [Reason::Acknowledged, Reason::NotPickedUp]);
    // A state of an input that is no more has nobody who owes.
    assert_eq!(reasons(1), [Reason::Acknowledged, Reason::Unclaimed]);
}
