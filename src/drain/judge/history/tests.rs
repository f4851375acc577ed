use super::*;
use crate::drain::judge::progress::sample::file;
use crate::drain::judge::reason::Cause;

fn behind(ino: u64, size: u64, acknowledged: u64) -> Progress {
    file(ino, size, Some(acknowledged), Reason::Behind)
}

/// Looks at these files and gives back what the look made of them.
fn look(history: &mut History, at: u64, view: View, files: &[Progress]) -> Vec<Progress> {
    let files = files.iter().map(|file| Progress { still_since: Moment(at), ..file.clone() }).collect();
    history.record(files, view, Moment(at), Checks::ALL);
    history.files().to_vec()
}

fn reasons(files: &[Progress]) -> Vec<&Reason> {
    files.iter().map(|file| &file.reason).collect()
}

#[test]
fn what_vanishes_with_bytes_left_is_lost_and_stays_lost() {
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[behind(1, 9, 3)]);
    assert_eq!(reasons(&look(&mut history, 2, View::Whole, &[])), [&Reason::Gone]);
    assert_eq!(reasons(&look(&mut history, 3, View::Whole, &[])), [&Reason::Gone]);
    // The next file with its inode does not bring them back.
    let later = look(&mut history, 4, View::Whole, &[file(1, 9, Some(9), Reason::Acknowledged)]);
    assert_eq!(reasons(&later), [&Reason::Acknowledged, &Reason::Gone]);
}

#[test]
fn what_vanishes_with_nothing_left_is_not_missed() {
    let mut history = History::default();
    let done = [
        file(1, 9, Some(9), Reason::Acknowledged),
        file(2, 9, Some(5), Reason::UnterminatedLine),
        file(3, 9, None, Reason::Excluded),
    ];
    look(&mut history, 1, View::Whole, &done);
    assert!(look(&mut history, 2, View::Whole, &[]).is_empty());
}

#[test]
fn what_a_partial_view_does_not_show_may_still_be_there() {
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[behind(1, 9, 3)]);
    assert!(look(&mut history, 2, View::Partial, &[]).is_empty());
    assert_eq!(reasons(&look(&mut history, 3, View::Whole, &[])), [&Reason::Gone]);
}

#[test]
fn bytes_that_are_cut_off_are_lost() {
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[behind(1, 9, 3)]);
    let cut = look(&mut history, 2, View::Whole, &[behind(1, 5, 3)]);
    assert_eq!(reasons(&cut), [&Reason::Behind, &Reason::CutShort]);
}

#[test]
fn a_file_that_the_shipper_lets_go_is_forgotten() {
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[behind(1, 9, 3)]);
    let left = look(&mut history, 2, View::Whole, &[file(1, 9, Some(3), Reason::Unclaimed)]);
    assert_eq!(reasons(&left), [&Reason::Unclaimed, &Reason::Forgotten]);

    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[behind(1, 9, 3)]);
    look(&mut history, 2, View::Whole, &[]);
    history.mark_unclaimed(|id| id.ino == 1);
    assert_eq!(reasons(&look(&mut history, 3, View::Whole, &[])), [&Reason::Forgotten]);
}

#[test]
fn a_truncated_file_that_grew_past_its_position_may_have_been_skipped_into() {
    let mut history = History::default();
    let truncated = Progress { begins_anew: true, ..file(1, 4, Some(9), Reason::Truncated) };
    look(&mut history, 1, View::Whole, &[truncated]);
    let grown = look(&mut history, 2, View::Whole, &[file(1, 12, Some(12), Reason::Acknowledged)]);
    assert!(reasons(&grown).contains(&&Reason::PerhapsSkipped), "{grown:?}");
}

#[test]
fn a_position_that_was_there_before_its_file_was_opened_may_be_inherited() {
    let by_name = |acknowledged, held| Progress {
        follows: Follows::NameWhileOpen,
        held,
        ..file(1, 9, Some(acknowledged), Reason::Behind)
    };
    let open = Held::Open { read: 9 };
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[by_name(5, Held::No)]);
    let done = look(&mut history, 2, View::Whole, &[by_name(9, open)]);
    assert_eq!(reasons(&done), [&Reason::Behind, &Reason::PerhapsSkipped]);
    // What was open moved by itself, and what begins anew is its own.
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[by_name(5, open)]);
    assert_eq!(reasons(&look(&mut history, 2, View::Whole, &[by_name(9, open)])), [&Reason::Behind]);
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[by_name(5, Held::No)]);
    assert_eq!(reasons(&look(&mut history, 2, View::Whole, &[by_name(3, open)])), [&Reason::Behind]);
}

#[test]
fn a_file_is_still_since_it_last_changed() {
    let mut history = History::default();
    assert_eq!(history.moved(), None);
    let at_rest = file(1, 9, Some(3), Reason::ReadToEnd(Cause::Filtered));
    for at in [1, 2] {
        assert_eq!(
            look(&mut history, at, View::Whole, std::slice::from_ref(&at_rest))[0].still_since,
            Moment(1)
        );
    }
    for (at, changed) in [
        (3, Progress { size: 10, ..at_rest.clone() }),
        (4, Progress { size: 10, acknowledged: Some(4), ..at_rest.clone() }),
        (5, Progress { size: 10, acknowledged: Some(4), held: Held::Open { read: 10 }, ..at_rest }),
    ] {
        assert_eq!(look(&mut history, at, View::Whole, &[changed])[0].still_since, Moment(at));
        assert_eq!(history.moved(), Some(Moment(at)));
    }
}

#[test]
fn a_clock_that_was_set_is_noticed() {
    let second = 1_000_000_000;
    let mut history = History::default();
    assert!(history.steady(Moment(5 * second), Timestamp(1_000_000_000_000)));
    assert!(history.steady(Moment(9 * second), Timestamp(1_004_000_000_001)));
    assert!(!history.steady(Moment(9 * second), Timestamp(1_003_000_000_000)));
    assert!(!history.steady(Moment(9 * second), Timestamp(2_000_000_000_000)));
}

#[test]
fn it_is_idle_since_the_first_reading_of_many_that_say_so() {
    let mut history = History::default();
    let mut read = |active, at| history.idle(Some(Evidence { active, at: Moment(at) }), Some(Moment(0)));
    assert_eq!(read(0, 1), Some(Moment(1)));
    assert_eq!(read(0, 5), Some(Moment(1)));
    assert_eq!(read(2, 6), None);
    assert_eq!(read(0, 8), Some(Moment(8)));
    assert_eq!(history.idle(None, Some(Moment(9))), None);
}

/// Counters say nothing of it: they may be older than the moment at which it was shipped.
#[test]
fn it_is_not_idle_while_a_queue_on_disk_keeps_lines_back() {
    let mut history = History::default();
    let mut read = |at, let_in: Option<u64>| {
        history.idle(Some(Evidence { active: 0, at: Moment(at) }), let_in.map(Moment))
    };
    assert_eq!(read(1, Some(2)), Some(Moment(2)));
    assert_eq!(read(3, None), None);
    assert_eq!(read(3, Some(8)), Some(Moment(8)));
    assert_eq!(read(9, Some(10)), Some(Moment(8)));
}

/// It had no state and its bytes were cut away; its first state has the key of an input that was not
/// known before.
#[test]
fn what_grew_again_before_its_first_state_may_be_skipped() {
    let mut history = History::default();
    let cut = Progress { begins_anew: true, ..file(1, 2, None, Reason::NotPickedUp) };
    look(&mut history, 1, View::Whole, &[cut]);
    let taken_up = Progress { input_id: Box::from(&b"app"[..]), ..file(1, 4, Some(4), Reason::Acknowledged) };
    let later = look(&mut history, 2, View::Whole, &[taken_up]);
    assert_eq!(reasons(&later), [&Reason::Acknowledged, &Reason::PerhapsSkipped]);
}

/// What was left of it is not known, so that it is neither done nor lost.
#[test]
fn what_vanishes_with_a_position_that_is_perhaps_of_another_file_stays_in_doubt() {
    let other = file(1, 2, Some(2), Reason::PerhapsOther);
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[other]);
    assert_eq!(reasons(&look(&mut history, 2, View::Partial, &[])), [] as [&Reason; 0]);
    assert_eq!(reasons(&look(&mut history, 3, View::Whole, &[])), [&Reason::PerhapsOther]);
    assert_eq!(reasons(&look(&mut history, 4, View::Whole, &[])), [&Reason::PerhapsOther]);
}

/// Another input may not have read it.
#[test]
fn a_file_of_one_position_that_vanishes_or_is_cut_stays_in_doubt() {
    let taken = file(1, 9, Some(9), Reason::OnePosition);
    let mut history = History::default();
    look(&mut history, 1, View::Whole, std::slice::from_ref(&taken));
    assert_eq!(reasons(&look(&mut history, 2, View::Whole, &[])), [&Reason::OnePosition]);
    let mut history = History::default();
    look(&mut history, 1, View::Whole, &[taken]);
    let cut = file(1, 0, Some(9), Reason::Empty);
    assert_eq!(reasons(&look(&mut history, 2, View::Whole, &[cut])), [&Reason::Empty, &Reason::OnePosition]);
}
