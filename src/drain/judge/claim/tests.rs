use super::*;
use crate::drain::cursor::{Acknowledged, FileId, Input, Timestamp};
use crate::drain::judge::file::Coding;
use crate::drain::judge::glob::Pattern;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::judge_claim;
use crate::drain::judge::reason::{Cause, Reason, ReasonClass};
use crate::drain::judge::tail::Tail;

/// A file of 100 bytes, of whose descriptors the least one is at `read`.
fn open(path: &str, read: u64) -> LogFile {
    LogFile {
        id: FileId { dev: 2, ino: 4 },
        path: path.as_bytes().into(),
        size: 100,
        goal: 100,
        modified: Timestamp(305),
        links: 1,
        held: Held::Open { read },
        coding: Coding::Plain,
    }
}

fn state(input: Input, input_id: &'static [u8], offset: u64) -> Cursor<'static> {
    Cursor {
        identity: Identity::Inode(FileId { dev: 2, ino: 4 }),
        seen: None,
        folder: b"/l/",
        name: b"a.log",
        acknowledged: Acknowledged::Offset(offset),
        ttl: Ttl::Never,
        input,
        input_id,
        meta: b"",
        updated: Some(Timestamp(61)),
    }
}

fn input(owner: Owner) -> InputRules {
    InputRules { owner, ..InputRules::asked(Pattern::parse("/l/*.log", true).unwrap()) }
}

fn filestream(id: &[u8]) -> Owner {
    Owner::Input { id: id.into(), stream: None }
}

fn owed(
    states: &[Cursor<'static>],
    demands: &[Demand],
    inputs: &[InputRules],
    file: &LogFile,
) -> Vec<Obligation<'static>> {
    let claims: Vec<_> =
        states.iter().map(|state| Claim { file: 0, cursor: Some(*state), ambiguous: false }).collect();
    obligations(&claims, demands, inputs, file, true, Checks::ALL)
}

/// What `tail` means at the end of each.
fn reasons(owed: &[Obligation<'_>], file: &LogFile, tail: &Tail) -> Vec<Reason> {
    let now = (Timestamp(314), Moment(314));
    let reason = |one: &Obligation<'_>| {
        let cursor = one.claim.cursor.as_ref();
        judge_claim(&one.seen(file), cursor, false, &one.rules, tail, now, Checks::ALL).unwrap().reason
    };
    owed.iter().map(reason).collect()
}

/// The log input keeps open what is renamed (`close_renamed` off); filestream closes it.
#[test]
fn two_inputs_whose_file_nobody_asks_for_any_more_share_it() {
    let inputs = [input(Owner::unnamed()), input(filestream(b"b"))];
    let nobody = [Demand { input: None, taker: None, rules: Rules { wanted: Wanted::No, ..Rules::DEFAULT } }];
    let states = [state(Input::Log, b"", 100), state(Input::Filestream, b"b", 50)];
    let file = open("/l/a.log.1", 100);
    let owed = owed(&states, &nobody, &inputs, &file);
    assert_eq!(owed.iter().map(|one| (one.input, one.shared)).collect::<Vec<_>>(), [(None, true); 2]);
    // No counters settle this: whether the second one had read it to its end is not known.
    let tail = Tail::CompleteLines { first: 10 };
    assert_eq!(reasons(&owed, &file, &tail), [Reason::Acknowledged, Reason::ReadToEnd(Cause::NotNamed)]);
}

/// As far as the operator alone is known to ask for it, any state is his; they are of two inputs all the same.
#[test]
fn two_states_that_the_operator_takes_are_of_two_inputs() {
    let inputs = [input(Owner::Operator)];
    let asked =
        [Demand { input: Some(0), taker: Some(0), rules: Rules { wanted: Wanted::Asked, ..Rules::DEFAULT } }];
    let two = [state(Input::Filestream, b"a", 100), state(Input::Filestream, b"b", 50)];
    let file = open("/l/a.log", 100);
    assert!(owed(&two, &asked, &inputs, &file).iter().all(|one| one.shared));
    let one = &two[..1];
    assert!(owed(one, &asked, &inputs, &file).iter().all(|one| !one.shared));
}

/// copytruncate: the file has grown to its old size again, both read it anew, and only the second one's position
/// is of what it holds now.
#[test]
fn a_position_ahead_of_a_descriptor_that_may_be_another_inputs_proves_nothing() {
    let inputs = [input(filestream(b"a")), input(filestream(b"b"))];
    let demands =
        [0, 1].map(|place| Demand { input: Some(place), taker: Some(place), rules: Rules::DEFAULT });
    let states = [state(Input::Filestream, b"a", 100), state(Input::Filestream, b"b", 50)];
    let read = |read: u64| {
        let file = open("/l/a.log", read);
        reasons(&owed(&states, &demands, &inputs, &file), &file, &Tail::NoNewline)
    };
    assert_eq!(read(50), [Reason::PositionOlder, Reason::UnterminatedLine]);
    assert_eq!(read(50)[0].class(), ReasonClass::Unknown);
    // The second one has read on: nobody begins anew.
    assert_eq!(read(100), [Reason::Acknowledged, Reason::UnterminatedLine]);
    // Behind both of them, somebody begins anew, and both are taken to: all of it is looked at.
    assert_eq!(read(20), [Reason::UnterminatedLine, Reason::UnterminatedLine]);
}

/// A file that was removed, or renamed away, and is read on: its state is its own also where another input is behind.
#[test]
fn the_state_of_a_file_that_is_read_on_stays_owed_beside_one_that_is_behind() {
    let inputs = [input(filestream(b"a")), input(filestream(b"b"))];
    let nobody = [Demand { input: None, taker: None, rules: Rules { wanted: Wanted::No, ..Rules::DEFAULT } }];
    let removed = Cursor { ttl: Ttl::Deleted, ..state(Input::Filestream, b"a", 100) };
    let states = [removed, state(Input::Filestream, b"b", 50)];
    let file = open("/l/a.log.1", 50);
    let tail = Tail::CompleteLines { first: 10 };
    let owed = owed(&states, &nobody, &inputs, &file);
    assert_eq!(reasons(&owed, &file, &tail), [Reason::PositionOlder, Reason::Behind]);
}
