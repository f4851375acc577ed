use super::patience::MARGIN;
use super::*;
use crate::drain::judge::facts::{Counted, Evidence};
use crate::drain::judge::file::Held;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::sample;
use std::time::Duration;

fn file(reason: Reason, held: Held) -> Progress {
    let file = sample::file(2, 10, Some(4), reason);
    Progress { path: (*b"/a").into(), held, seen_at_end: true, still_since: Moment(100), ..file }
}

fn facts(evidence: Option<Evidence>) -> Facts<'static> {
    Facts {
        life: Life::Alive,
        trust: Trust::Acknowledged,
        evidence,
        idle: None,
        gone: (0, Moment(0)),
        counted: Counted::FilesOnly,
        doubts: &[],
        now: Moment(100),
        moved: Moment(100),
        deadline: Moment(100),
        stall: None,
        settle: Duration::from_nanos(30),
        pickup: None,
    }
}

fn verdict(file: Progress, facts: &Facts<'_>) -> Verdict {
    match judge(&[file], facts, Checks::ALL) {
        Judgement::Final(verdict) => verdict,
        Judgement::Wait => panic!("an answer was due"),
    }
}

#[test]
fn settled_is_never_said_from_silence() {
    let at_rest = |held| file(Reason::ReadToEnd(Cause::Filtered), held);
    let open = Held::Open { read: 10 };
    let counted = |active, at| facts(Some(Evidence { active, at: Moment(at) }));
    assert_eq!(verdict(at_rest(open), &facts(None)), Verdict::CannotTell);
    assert_eq!(verdict(at_rest(open), &counted(0, 100)), Verdict::CannotTell);
    assert_eq!(verdict(at_rest(open), &counted(0, 101)), Verdict::Settled);
    assert_eq!(verdict(at_rest(open), &counted(1, 101)), Verdict::GaveUp);
    assert_eq!(verdict(at_rest(Held::No), &counted(0, 130)), Verdict::CannotTell);
    assert_eq!(verdict(at_rest(Held::No), &counted(0, 131)), Verdict::Settled);
    assert_eq!(verdict(at_rest(Held::Unknown), &counted(0, 131)), Verdict::CannotTell);
}

#[test]
fn a_line_is_held_back_from_when_the_queue_was_empty() {
    let mut joined = file(Reason::ReadToEnd(Cause::NotNamed), Held::Open { read: 10 });
    joined.hold = Duration::from_nanos(6);
    let counted =
        |at| Facts { idle: Some(Moment(150)), ..facts(Some(Evidence { active: 0, at: Moment(at) })) };
    // Six of hold and thirty of settling: it may have been closed and opened again.
    assert_eq!(verdict(joined.clone(), &counted(186)), Verdict::CannotTell);
    assert_eq!(verdict(joined.clone(), &counted(187)), Verdict::Settled);
    // The next proof is looked for then.
    let second = Moment(0).after(MARGIN);
    let waiting = Facts { deadline: second.after(MARGIN * 9), moved: second, ..counted(150) };
    assert_eq!(next_due(&[joined], &waiting), Moment(186).after(MARGIN));
}

#[test]
fn a_shipper_that_drops_is_never_drained() {
    let mut facts = Facts { trust: Trust::AlsoDropped, ..facts(None) };
    assert_eq!(verdict(file(Reason::Acknowledged, Held::No), &facts), Verdict::Settled);
    facts.life = Life::Dead;
    assert_eq!(verdict(file(Reason::Acknowledged, Held::No), &facts), Verdict::CannotTell);
}

#[test]
fn there_is_time_until_the_deadline() {
    let mut facts = Facts { deadline: Moment(200), ..facts(None) };
    let files = [file(Reason::Behind, Held::No)];
    assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Wait);
    facts.stall = Some(Duration::ZERO);
    assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::Stalled));
    facts.life = Life::Dead;
    assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::ShipperDead));
    let done = [file(Reason::UnterminatedLine, Held::No)];
    assert_eq!(judge(&done, &facts, Checks::ALL), Judgement::Final(Verdict::Drained));
}

#[test]
fn what_is_never_taken_up_is_not_waited_for_for_ever() {
    let deadline = Moment(1_000);
    let mut facts = Facts { deadline, pickup: Some(Duration::from_nanos(60)), ..facts(None) };
    let files = [file(Reason::NotPickedUp, Held::No)];
    assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Wait);
    assert_eq!(next_due(&files, &facts), Moment(160));
    facts.now = Moment(160);
    assert_eq!(judge(&files, &facts, Checks::ALL), Judgement::Final(Verdict::Stalled));
    // One that may still be shipped keeps the drain waiting, and so does one that is open.
    let two = [file(Reason::NotPickedUp, Held::No), file(Reason::Behind, Held::No)];
    assert_eq!(judge(&two, &facts, Checks::ALL), Judgement::Wait);
    let open = [file(Reason::NotPickedUp, Held::Open { read: 10 })];
    assert_eq!(judge(&open, &facts, Checks::ALL), Judgement::Wait);
    assert_eq!(next_due(&open, &facts), Moment(100).after(facts.settle).after(MARGIN).min(deadline));
}

#[test]
fn silence_without_evidence_is_cannot_tell_once_it_has_lasted() {
    let second = Duration::from_secs(1);
    let mut facts = Facts { deadline: Moment(0).after(second * 9), ..facts(None) };
    let filtered = [file(Reason::ReadToEnd(Cause::Filtered), Held::Open { read: 10 })];
    let queued = [file(Reason::ReadToEnd(Cause::NotNamed), Held::Open { read: 10 })];
    assert_eq!(judge(&filtered, &facts, Checks::ALL), Judgement::Wait);
    facts.now = next_due(&filtered, &facts);
    facts.now = next_due(&filtered, &facts).max(Moment(130).after(MARGIN));
    assert_eq!(judge(&filtered, &facts, Checks::ALL), Judgement::Final(Verdict::CannotTell));
    // An output that is blocked looks like this, and may come back.
    assert_eq!(judge(&queued, &facts, Checks::ALL), Judgement::Wait);
}

#[test]
fn a_closed_file_rests_only_when_it_was_seen_read_to_its_end() {
    let counted = facts(Some(Evidence { active: 0, at: Moment(1000) }));
    let closed = |seen_at_end| Progress { seen_at_end, ..file(Reason::ReadToEnd(Cause::Filtered), Held::No) };
    assert_eq!(verdict(closed(true), &counted), Verdict::Settled);
    assert_eq!(verdict(closed(false), &counted), Verdict::CannotTell);
}

#[test]
fn what_was_read_of_a_file_proves_nothing_where_several_inputs_take_it() {
    let counted = facts(Some(Evidence { active: 0, at: Moment(1000) }));
    let open = file(Reason::ReadToEnd(Cause::Filtered), Held::Open { read: 10 });
    assert_eq!(verdict(open.clone(), &counted), Verdict::Settled);
    assert_eq!(verdict(Progress { shared: true, ..open }, &counted), Verdict::CannotTell);
}

#[test]
fn lines_of_files_that_are_gone_are_proved_by_counters_alone() {
    let done = || file(Reason::Acknowledged, Held::No);
    let gone = |evidence| Facts { gone: (1, Moment(90)), ..facts(evidence) };
    let counted = |active, at| gone(Some(Evidence { active, at: Moment(at) }));
    assert_eq!(verdict(done(), &gone(None)), Verdict::CannotTell);
    assert_eq!(verdict(done(), &counted(0, 89)), Verdict::CannotTell);
    assert_eq!(verdict(done(), &counted(0, 90)), Verdict::Drained);
    // Whatever the age of the counters, what they say is in flight is not drained.
    assert_eq!(verdict(done(), &counted(7, 1)), Verdict::GaveUp);
    assert_eq!(verdict(done(), &Facts { life: Life::Dead, ..gone(None) }), Verdict::ShipperDead);
}

#[test]
fn one_lost_file_does_not_end_the_wait_for_the_others() {
    let later = Moment(0).after(Duration::from_secs(9));
    let lost = file(Reason::Gone, Held::No);
    let waiting = [lost.clone(), file(Reason::ReadToEnd(Cause::NotNamed), Held::Open { read: 10 })];
    let facts = Facts { deadline: later, ..facts(None) };
    assert_eq!(judge(&waiting, &facts, Checks::ALL), Judgement::Wait);
    let over = Facts { now: later, ..facts };
    assert_eq!(judge(&waiting, &over, Checks::ALL), Judgement::Final(Verdict::Lost));
    assert_eq!(judge(&[lost], &over, Checks::ALL), Judgement::Final(Verdict::Lost));
}

#[test]
fn a_removed_file_that_may_have_been_shipped_is_neither_lost_nor_settled() {
    let removed = file(Reason::GoneRead, Held::No);
    let counted = |active, at| facts(Some(Evidence { active, at: Moment(at) }));
    assert_eq!(verdict(removed.clone(), &counted(0, 200)), Verdict::CannotTell);
    assert_eq!(verdict(removed.clone(), &counted(3, 200)), Verdict::Lost);
    assert_eq!(verdict(removed, &facts(None)), Verdict::Lost);
}

#[test]
fn codes_are_those_of_the_table() {
    assert_eq!(Verdict::ALL.map(Verdict::code), [0, 10, 11, 12, 13, 14, 15]);
}
