//! The table of what must be shown: each generation of position file, each identity, and each of the
//! nineteen ways in which a position may legitimately stay below the size of its file. A row without a
//! case fails.

use crate::cases::CASES;
use crate::tree::Tree;
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::collections::BTreeSet;

/// Writes the rows and the list of them from one list.
macro_rules! rows {
    ($($name:ident,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Row {
            $($name,)+
        }

        const ROWS: &[Row] = &[$(Row::$name),+];
    };
}

rows! {
    Filebeat1, Filebeat5To6, Filebeat70To78, Filebeat79, CloudWatch, Native, ByPath, InodeMarker,
    Fingerprint, GrowingFingerprint, NoNewlineAtEnd, MultilinePending, FilteredAtEnd, BlankAtEnd,
    DroppedAtEnd, NulAtEnd, OverlongLine, OtherStream, PartOfLine, CloseEof, TooOld, NotTaken,
    Truncated, CopyTruncated, RenamedInside, RenamedOutOrDeleted, Gzip, TailFiles, Refused,
    OtherTerminator, NoFile, NothingInFlight,
}

/// What must come out: the verdict, and the reason of each file, by its path.
pub type Expected = (Verdict, Vec<(&'static str, &'static str)>);

pub struct Case {
    pub name: &'static str,
    pub shows: &'static [Row],
    pub build: fn(&mut Tree),
    pub expect: fn() -> Expected,
}

#[test]
fn every_row_has_a_case() {
    let shown: BTreeSet<Row> = CASES.iter().flat_map(|case| case.shows).copied().collect();
    let missing: Vec<Row> = ROWS.iter().copied().filter(|row| !shown.contains(row)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut wrong = Vec::new();
    for case in CASES {
        let mut tree = Tree::new(case.name);
        (case.build)(&mut tree);
        let (verdict, report) = tree.judge();
        let (expected, files) = (case.expect)();
        let files: BTreeSet<(String, String)> =
            files.into_iter().map(|(path, reason)| (path.to_owned(), reason.to_owned())).collect();
        let found: BTreeSet<(String, String)> = report
            .shippers
            .iter()
            .flat_map(|shipper| &shipper.files)
            .map(|file| (file.path.clone(), file.reason.to_string()))
            .collect();
        if (verdict, &found) != (expected, &files) {
            wrong.push(format!(
                "{}: {verdict:?} {found:?}, not {expected:?} {files:?}\n{}",
                case.name,
                report::text(&report)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases of {} went wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}
