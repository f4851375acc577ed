//! Keeps reports: written in one step and synced, outside every folder that is drained, the last ones
//! only; and reads the newest one back.
//!
//! A driver: it writes files.

use crate::drain::report::Report;
use crate::drain::wish::Wish;
use crate::json;
use crate::os::error::Error as OsError;
use crate::os::root::{FileKind, OFlag, Root, Sync};
use std::path::{Path, PathBuf};

/// Where reports are kept by default.
pub const FOLDER: &str = "/var/log/amr-drain";

/// Where the hook that ships keeps them.
pub const HOOK: &str = "/var/log/shutdown-filebeat";

/// Where they go when a pattern of the shipper matches them there: a report about a file would itself
/// be a file to be shipped.
pub const ELSEWHERE: &str = "/var/lib/amr-drain";

/// How many are kept.
pub const KEPT: usize = 20;

/// A report is at most so large: some 300 bytes for each of a million files.
const LARGEST: u64 = 512 << 20;

/// Why a report is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be written or read.
    #[error(transparent)]
    Os(#[from] OsError),
    /// It is no report.
    #[error("cannot read '{0}': {1}")]
    Malformed(String, json::Error),
}

/// The folder for reports: `wanted`, unless the shipper would take them from there. Whoever asks says
/// so when the answer is another one.
#[must_use]
pub fn folder<'a>(wanted: &'a Path, wishes: &[Wish]) -> &'a Path {
    let name = wanted.join(name("2026-01-01T00:00:00Z", 1));
    let taken = wishes
        .iter()
        .flat_map(|wish| &wish.patterns)
        .any(|pattern| pattern.matches(name.as_os_str().as_encoded_bytes()));
    if taken { Path::new(ELSEWHERE) } else { wanted }
}

fn name(at: &str, pid: u32) -> String {
    format!("drain-{}-{pid}.json", at.replace(':', ""))
}

/// Writes a report into `folder`, which is made where it is missing, and removes the oldest ones
/// beyond [`KEPT`]. `pid` tells the reports of two drains of one second apart; a further report of one
/// drain replaces the earlier one if `at` is that of its start. Without `sync` it may be lost with the
/// power until [`sync`](fn@sync) has been called.
///
/// # Errors
/// The folder or the file cannot be written. An old report that cannot be removed is no error.
pub fn write(
    root: &Root,
    folder: &Path,
    report: &Report,
    (at, pid): (&str, u32),
    sync: Sync,
) -> Result<PathBuf, Error> {
    root.create_dir_all(folder, 0o755)?;
    let path = folder.join(name(at, pid));
    // The old ones go first: a full disk has room for the new one then, and what removes them is on the
    // disk with what makes it, not in a transaction of its own.
    let mut reports = reports(root, folder)?;
    reports.retain(|old| *old != path);
    for old in reports.iter().take(reports.len().saturating_add(1).saturating_sub(KEPT)) {
        // It stays until the next time.
        let _ = root.remove_file(old);
    }
    write_to(root, &path, report, sync)?;
    Ok(path)
}

/// Writes a report to a file of the operator's choice (`--report`).
///
/// # Errors
/// The file cannot be written.
pub fn write_to(root: &Root, path: &Path, report: &Report, sync: Sync) -> Result<(), Error> {
    Ok(root.write_atomic(path, &report.bytes(), 0o640, sync)?)
}

/// Syncs a report that was written without, and the folder that names it.
///
/// # Errors
/// One of them cannot be opened or synced.
pub fn sync(root: &Root, path: &Path) -> Result<(), Error> {
    let one = |path: &Path, flags| {
        let file = root.open_with(path, flags, 0)?;
        file.sync_all().map_err(|error| OsError::new("sync", root.outer(path), error))
    };
    one(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW)?;
    Ok(one(path.parent().unwrap_or(Path::new("/")), OFlag::O_RDONLY | OFlag::O_DIRECTORY)?)
}

/// The newest report in `folder`, if there is one.
///
/// # Errors
/// It cannot be read, or is none.
pub fn last(root: &Root, folder: &Path) -> Result<Option<Report>, Error> {
    let Some(path) = reports(root, folder)?.pop() else { return Ok(None) };
    let text = root.read(&path, LARGEST)?;
    let malformed = |error| Error::Malformed(crate::os::error::escape(path.as_os_str()), error);
    Ok(Some(Report::parse(&text).map_err(malformed)?))
}

/// The reports in a folder, the oldest first: their names sort by time.
fn reports(root: &Root, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match root.list(folder) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        other => other?,
    };
    let own = |name: &str| name.starts_with("drain-") && name.ends_with(".json");
    Ok(entries
        .into_iter()
        .filter(|entry| entry.kind == FileKind::Regular && entry.name.to_str().is_some_and(own))
        .map(|entry| folder.join(entry.name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::cursor::Timestamp;
    use crate::drain::report::{Stage, whole};
    use crate::drain::shipper::filebeat::glob::Pattern;
    use crate::drain::verdict::Verdict;

    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> (Self, Root) {
            let path = std::env::temp_dir().join(format!("amr-keep-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            let root = Root::at(&path).unwrap();
            (Self(path), root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn report(left: u64) -> Report {
        whole(Timestamp(0), Stage::Final, Verdict::GaveUp, left, Vec::new())
    }

    #[test]
    fn the_last_ones_are_kept_and_the_newest_is_read_back() {
        let (_tree, root) = Tree::new("last");
        let folder = Path::new(FOLDER);
        assert_eq!(last(&root, folder).unwrap(), None);
        root.create_dir_all(folder, 0o755).unwrap();
        root.write_atomic(&folder.join("notes.txt"), b"mine", 0o600, Sync::No).unwrap();
        for day in 1..=25 {
            let at = format!("2026-01-{day:02}T00:00:00Z");
            write(&root, folder, &report(day), (&at, 7), Sync::Yes).unwrap();
        }
        assert_eq!(reports(&root, folder).unwrap().len(), KEPT);
        assert_eq!(last(&root, folder).unwrap(), Some(report(25)));
        assert!(root.exists(&folder.join("notes.txt")), "only reports are removed");
        // A later report of the same drain takes the place of the earlier one.
        let path = write(&root, folder, &report(26), ("2026-01-25T00:00:00Z", 7), Sync::No).unwrap();
        sync(&root, &path).unwrap();
        assert_eq!(path, folder.join("drain-2026-01-25T000000Z-7.json"));
        assert_eq!(
            (reports(&root, folder).unwrap().len(), last(&root, folder).unwrap()),
            (KEPT, Some(report(26)))
        );
    }

    #[test]
    fn what_is_no_report_is_an_error_that_names_the_file() {
        let (_tree, root) = Tree::new("malformed");
        let folder = Path::new("/r");
        root.create_dir_all(folder, 0o755).unwrap();
        root.write_atomic(&folder.join("drain-x.json"), b"{\"schema\":1,", 0o600, Sync::No).unwrap();
        let error = last(&root, folder).unwrap_err().to_string();
        assert!(error.contains("/r/drain-x.json") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn a_report_is_not_kept_where_it_would_be_shipped() {
        let asked = |pattern: &str| vec![Wish::asked(Pattern::parse(pattern, true).unwrap())];
        let wanted = Path::new(FOLDER);
        assert_eq!(folder(wanted, &asked("/var/log/*.log")), wanted);
        for taken in ["/var/log/**", "/var/log/*/*.json", "/var/log/amr-drain/drain-*"] {
            assert_eq!(folder(wanted, &asked(taken)), Path::new(ELSEWHERE), "{taken}");
        }
    }
}
