use super::*;
use crate::drain::judge::file::Held;
use crate::drain::judge::progress::sample;
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const NEVER: Moment = Moment(u64::MAX);
/// When what gives no event is looked for: half a minute after the look that ends after a millisecond.
const LATER: Moment = Moment(30_001 * MS);

fn file(ino: u64, acknowledged: u64, size: u64) -> Progress {
    let reason = if acknowledged < size { Reason::Behind } else { Reason::Acknowledged };
    let path = format!("/{ino}").into_bytes().into();
    Progress { path, ..sample::file(ino, size, Some(acknowledged), reason) }
}

fn quiet() -> Pace {
    let mut pace = Pace::new(Moment(0), ChangeSource::Events);
    pace.record_scan(Moment(0), Moment(MS), NEVER, false);
    pace
}

#[test]
fn nothing_happens_while_nothing_moves() {
    assert_eq!(quiet().step(Moment(500 * MS)), Step::Sleep(LATER));
    let mut due = quiet();
    due.record_scan(Moment(MS), Moment(2 * MS), Moment(900 * MS), false);
    assert_eq!(due.step(Moment(899 * MS)), Step::Sleep(Moment(900 * MS)));
    assert_eq!(due.step(Moment(900 * MS)), Step::Look);
}

#[test]
fn a_change_of_the_registry_is_looked_into_at_once_and_the_last_one_judged() {
    let mut pace = quiet();
    pace.registry_changed();
    let now = Moment(500 * MS);
    assert_eq!(pace.step(now), Step::Refresh);
    pace.refreshed(now, Moment(501 * MS), true);
    assert_eq!(pace.step(Moment(501 * MS)), Step::Sleep(Moment(751 * MS)));
    pace.registry_changed();
    pace.refreshed(Moment(501 * MS), Moment(502 * MS), false);
    assert_eq!(pace.step(Moment(502 * MS)), Step::Look);
}

#[test]
fn folders_wait_a_moment_and_polling_looks_by_itself() {
    let mut pace = quiet();
    pace.folders_changed(Moment(100 * MS));
    assert_eq!(pace.step(Moment(101 * MS)), Step::Sleep(Moment(350 * MS)));
    assert_eq!(pace.step(Moment(350 * MS)), Step::Look);
    pace.set_source(ChangeSource::Polling(Duration::from_secs(1)));
    pace.record_scan(Moment(350 * MS), Moment(360 * MS), NEVER, false);
    assert_eq!(pace.step(Moment(400 * MS)), Step::Sleep(Moment(1_360 * MS)));
    pace.invalidate(Moment(400 * MS));
    assert_eq!(pace.step(Moment(400 * MS)), Step::Look);
}

proptest! {
    /// Whatever comes however fast, and whatever work costs: over a second and more, no more of the
    /// time is spent than there is in the budget, beside what was saved.
    #[test]
    fn the_budget_holds(
        costs in prop::collection::vec(1u64..20 * MS, 400),
        gaps in prop::collection::vec(0u64..MS, 400),
    ) {
        let mut pace = quiet();
        let (mut now, mut spent) = (MS, 0);
        for (cost, gap) in costs.iter().zip(gaps) {
            pace.registry_changed();
            match pace.step(Moment(now)) {
                Step::Refresh => {
                    pace.refreshed(Moment(now), Moment(now + cost), true);
                    now += cost;
                    spent += cost;
                }
                Step::Rest(until) => {
                    prop_assert!(until > Moment(now));
                    now = until.0;
                }
                Step::Look => {
                    pace.record_scan(Moment(now), Moment(now + cost), NEVER, false);
                    now += cost;
                    spent += cost;
                }
                Step::Sleep(_) => prop_assert!(false, "the registry has changed"),
            }
            now += gap;
        }
        let bound = now / 13 + SAVED.unsigned_abs() + 20 * MS;
        prop_assert!(spent <= bound, "spent {spent} of {now}");
    }
}

#[test]
fn one_file_behind_is_enough_to_wait_and_none_is_asked_twice() {
    let number = |_: FileId, _: &[u8]| Some(7);
    let mut behind = Behind::from_files(&[file(1, 5, 10), file(2, 10, 10), file(3, 0, 10)], number);
    let asked = std::cell::RefCell::new(Vec::new());
    let at = |positions: [u64; 2]| {
        let asked = &asked;
        move |mark: &Mark| {
            asked.borrow_mut().push(mark.file.ino);
            Some(if mark.file.ino == 1 { positions[0] } else { positions[1] })
        }
    };
    assert!(behind.is_behind(at([9, 0])));
    assert!(behind.is_behind(at([10, 9])));
    assert!(!behind.is_behind(at([0, 10])));
    assert_eq!(asked.take(), [1, 1, 3, 3]);
    assert_eq!(behind.gained(at([12, 4])), 5 + 4);
    let mut gone = Behind::from_files(&[file(1, 5, 10)], number);
    assert!(!gone.is_behind(|_| None));
}

#[test]
fn goals() {
    let mut goals = Goals::default();
    goals.freeze(&file(1, 0, 100));
    let log = |ino, path: &str, size| {
        let mut file = LogFile {
            id: FileId { dev: 1, ino },
            path: path.as_bytes().into(),
            size,
            goal: size,
            modified: crate::drain::cursor::Timestamp(0),
            links: 1,
            held: Held::No,
            coding: crate::drain::judge::file::Coding::NotLooked,
        };
        goals.set(&mut file);
        file.goal
    };
    assert_eq!((log(1, "/1", 150), log(1, "/1.1", 150), log(1, "/1", 50)), (100, 100, 50));
    // Begun under a frozen name after the start, and another file.
    assert_eq!((log(2, "/1", 150), log(3, "/3", 150)), (0, 150));
    let cut = Progress { goal: 100, reason: Reason::UnterminatedLine, ..file(1, 90, 150) };
    assert!(goals.finish_lines(&[cut]));
    assert!(!goals.finish_lines(&[file(1, 90, 150)]));
}
