//! Whether each check of the judge, and each excuse of the oracle, is needed: without it some history is
//! judged wrongly.

use crate::history::{Focus, Judging, Reading, run, setting};
use crate::oracle::{Excuse, Excuses};
use crate::waiting::wait;
use crate::world::Kind;
use crate::{HISTORIES, all};
use amr::drain::judge::check::{Check, Checks};

/// How a history is judged.
#[derive(Clone, Copy)]
enum Way {
    /// At moments of it, with an answer due at once.
    Once,
    /// By a drain that begins at its end and waits.
    Waiting,
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
        Check::OnePosition => &[(Way::Once, LOG)],
        Check::ClosedStill
        | Check::EachInput
        | Check::Shared
        | Check::Ambiguity
        | Check::Compressed
        | Check::Active
        | Check::Short
        | Check::PathAge => &[(Way::Once, FILESTREAM)],
        // It matters to one who looks again and again.
        Check::Idle => &[(Way::Waiting, JOINED)],
        // They matter in few histories, of either sort.
        Check::Device | Check::DeletedState | Check::Overread => EACH,
        Check::Unclaimed
        | Check::Moved
        | Check::Truncation
        | Check::WithinLine
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
        | Check::Believed
        | Check::Changeable
        | Check::GoneStates
        | Check::GoneRead
        | Check::KeptBack
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
        .iter()
        .copied()
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
fn the_configuration_is_read_again() {
    let judging = Judging { configuration: Reading::Once, ..Judging::WHOLE };
    let any = Focus { seed: None, kind: Some(Kind::Filestream), joined: false };
    let history = caught_by(judging, &[(Way::Once, any)]);
    println!("read once: caught by history {history:?}");
    assert!(history.is_some(), "no history shows what it is good for");
}

#[test]
fn every_excuse_is_needed() {
    const SORTS: [(Way, Focus); 4] = [
        (Way::Once, Focus { seed: None, kind: Some(Kind::Filestream), joined: false }),
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
const FOUND: [(&str, u64, Way, Focus, Part); 6] = [
    (
        "an agent that is started anew takes over another file's position",
        21_325,
        Way::Once,
        Focus { seed: Some(6), kind: Some(Kind::CloudWatch), joined: false },
        Part::Check(Check::Outgrown),
    ),
    (
        "a file is truncated whose first position was not written yet, and its old one was perhaps another's",
        827_080,
        Way::Once,
        Focus { seed: Some(20_260_101), kind: None, joined: false },
        Part::Check(Check::CutShort),
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
    (
        "a queue on disk was full while a line was held back, and the counters said nothing of it",
        321_564,
        Way::Waiting,
        Focus { seed: Some(20_260_101), kind: None, joined: false },
        Part::Check(Check::Idle),
    ),
    (
        "one of two inputs has a file open that has the inode of a removed one, whose state the other still has",
        579_448,
        Way::Waiting,
        Focus { seed: Some(20_260_101), kind: None, joined: false },
        Part::Check(Check::DeletedState),
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
