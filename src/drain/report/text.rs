//! The report as text for people. Pure.

use super::{FileReport, Report, ShipperReport, Stage};
use crate::drain::cursor::Timestamp;
use crate::drain::judge::verdict::Verdict;
use crate::unit::value::utc::Utc;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What `stalled` and `gave up` are where nobody waited.
const NOT_DRAINED: &str = "not drained";

/// The verdict, what is left, and when.
#[must_use]
pub fn line(report: &Report) -> String {
    let left = size(report.bytes_left);
    let (verdict, at, why) = (&report.verdict, &report.at, why(report));
    match report.stage {
        Stage::Once if matches!(report.code, 12 | 13) => {
            format!("{NOT_DRAINED}: {left} in {}, {at}{why}", counted(files_left(report), "file"))
        }
        Stage::Final | Stage::Once => format!("{verdict}: {left} left, {at}{why}"),
        Stage::Interim => format!("unfinished (by then: {verdict}): {left} left, {at}{why}"),
    }
}

/// What keeps it from being drained, where that is known, and the file that lags most.
fn why(report: &Report) -> String {
    let troubles = report.shippers.iter().filter_map(|shipper| shipper.trouble.clone());
    let most = report.lags_most.iter().map(|lag| format!("most in '{}', {}", lag.path, size(lag.rest)));
    // Where it is doubted, what is left explains nothing.
    let doubted = report.shippers.iter().filter(|_| report.code == Verdict::CannotTell.code());
    let doubt = doubted.flat_map(|shipper| &shipper.doubts).next().cloned();
    let all: Vec<String> = doubt.into_iter().chain(troubles).chain(most).collect();
    if report.code == 0 || all.is_empty() { String::new() } else { format!(" ({})", all.join("; ")) }
}

/// How many files bytes are left of.
fn files_left(report: &Report) -> u64 {
    let files = report.shippers.iter().flat_map(|shipper| &shipper.files);
    // Those whose bytes are counted; a file that two inputs owe is one.
    let left = |file: &&FileReport| {
        let owed = matches!(&*file.standing, "pending" | "at-rest" | "unknown" | "lost");
        owed && file.rest != Some(0)
    };
    let files: BTreeSet<(u64, u64)> = files.filter(left).map(|file| (file.dev, file.ino)).collect();
    files.len() as u64
}

/// As text for people: the verdict, then what stands in its way, the largest rests first.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = format!("{}\n", line(report));
    for shipper in &report.shippers {
        one(shipper, report.stage, &mut text);
    }
    text
}

fn one(shipper: &ShipperReport, stage: Stage, text: &mut String) {
    let version = shipper.version.as_deref().unwrap_or("of unknown version");
    let pids: Vec<String> = shipper.pids.iter().map(ToString::to_string).collect();
    let pids = if pids.is_empty() { String::new() } else { format!(" (pid {})", pids.join(", ")) };
    let waited = [Verdict::Stalled, Verdict::GaveUp].iter().any(|verdict| verdict.words() == shipper.verdict);
    let verdict = if stage == Stage::Once && waited { NOT_DRAINED } else { &shipper.verdict };
    let (name, health, at) = (&shipper.name, &shipper.health, &shipper.positions);
    let _ = writeln!(text, "{name} {version}, {health}{pids}, positions in '{at}': {verdict}");
    if let Some(trouble) = &shipper.trouble {
        let _ = writeln!(text, "  {trouble}");
    }
    let done = |file: &&FileReport| file.standing == "done";
    let count = shipper.files.iter().filter(done).count();
    let mut rest: Vec<&FileReport> = shipper.files.iter().filter(|file| !done(file)).collect();
    rest.sort_by_key(|file| std::cmp::Reverse(file.rest));
    for file in rest {
        let offset = file.offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
        let left = file.rest.map_or_else(|| "unknown".to_owned(), size);
        let _ = writeln!(
            text,
            "  {left:>10}  {offset}/{}  {}  {}: {}",
            file.goal, file.path, file.standing, file.because
        );
    }
    let (files, gone) = (counted(count as u64, "file"), counted(shipper.states_without_file, "state"));
    let _ = writeln!(text, "  {files} with nothing left, {gone} whose file is gone");
    for line in &shipper.doubts {
        let _ = writeln!(text, "  doubt: {line}");
    }
    for line in &shipper.notes {
        let _ = writeln!(text, "  note: {line}");
    }
}

/// So many of something.
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Bytes as they are printed.
#[must_use]
pub fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{}.{} KiB", bytes / KIB, bytes % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

/// A time in RFC 3339, to the second, in UTC.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let text = Utc(at.0.div_euclid(1_000)).to_rfc3339();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stall takes a wait to be seen, so that no look gives 12; a report may have it all the same.
    #[test]
    fn what_is_left_is_not_drained_to_who_did_not_wait() {
        let said = |stage, verdict| {
            let at = Timestamp(1_709_210_096_000_000_000);
            line(&super::super::whole(at, stage, verdict, 8, None, Vec::new()))
        };
        for verdict in [Verdict::Stalled, Verdict::GaveUp] {
            assert_eq!(said(Stage::Once, verdict), "not drained: 8 B in 0 files, 2024-02-29T12:34:56Z");
        }
        assert_eq!(said(Stage::Final, Verdict::Stalled), "stalled: 8 B left, 2024-02-29T12:34:56Z");
        assert_eq!(said(Stage::Once, Verdict::Lost), "lost: 8 B left, 2024-02-29T12:34:56Z");
    }

    #[test]
    fn times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(Timestamp(seconds * 1_000_000_000)), text);
        }
    }

    #[test]
    fn sizes() {
        assert_eq!([size(0), size(1_536), size(10 << 20)], ["0 B", "1.5 KiB", "10.0 MiB"]);
    }
}
