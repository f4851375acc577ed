//! Keeps reports: written in one step and synced, outside every folder that is drained, the last ones
//! only; and reads the newest one back. Beside them lies a log with a line for each phase of a drain.
//!
//! A driver: it writes files.

mod keeper;

pub use keeper::{Keeper, Kept, Order, ReportPlace, is_of_drain};

use crate::drain::judge::rules::InputRules;
use crate::drain::report::Report;
use crate::os::clock;
use crate::os::error::{Error as OsError, escape};
use crate::os::root::{FileKind, OFlag, Root, Sync, is_temporary, temporary_name};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where reports are kept by default.
pub const FOLDER: &str = "/var/log/amr-drain";

/// Where they go when a pattern of the shipper matches them there: a report about a file would itself
/// be a file to be shipped.
pub const ELSEWHERE: &str = "/var/lib/amr-drain";

/// So many reports are kept; older ones go when a new one comes.
pub const KEPT: usize = 20;

/// The log beside the reports.
pub const LOG: &str = "drain.log";

/// A log that is larger makes room for a new one: that of some three hundred drains.
const LOG_SIZE: u64 = 64 << 10;

/// A report is at most so large: some 300 bytes for each of a million files.
const LARGEST: u64 = 512 << 20;

/// A file is written in less.
const WRITTEN: Duration = Duration::from_secs(3600);

/// Why a report is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be written or read.
    #[error(transparent)]
    Os(#[from] OsError),
    /// It is no report.
    #[error("cannot read '{0}': {1}")]
    Malformed(String, serde_json::Error),
    /// The shipper would take it.
    #[error(
        "cannot write '{0}': the shipper takes files of that name, and the report would have to be shipped"
    )]
    Taken(String),
}

/// The folder for reports: `wanted`, unless the shipper would take them from there; then also what is to
/// be said of it.
#[must_use]
pub fn folder<'a>(wanted: &'a Path, inputs: &[InputRules]) -> (&'a Path, Option<String>) {
    let name = wanted.join(name("2026-01-01T00:00:00Z", 1));
    let names = [wanted.join(LOG), wanted.join(temporary_name(1)), hidden(&name), name];
    if !names.iter().any(|name| is_taken(name, inputs)) {
        return (wanted, None);
    }
    let from = escape(wanted.as_os_str());
    let note = format!("reports are kept in '{ELSEWHERE}', since the shipper takes files from '{from}'");
    (Path::new(ELSEWHERE), Some(note))
}

/// Does the shipper take files of this name?
fn is_taken(name: &Path, inputs: &[InputRules]) -> bool {
    let mut patterns = inputs.iter().flat_map(|input| &input.patterns);
    patterns.any(|pattern| pattern.matches(name.as_os_str().as_encoded_bytes()))
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
    report: &[u8],
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
        let _ = (root.remove_file(old), root.remove_file(&hidden(old)));
    }
    for left in left_behind(root, folder, clock::realtime())? {
        // Likewise.
        drop(root.remove_file(&left));
    }
    root.write_atomic(&path, report, 0o640, sync)?;
    Ok(path)
}

/// Does the shipper take a file of the operator's choice (`--report`)? By the path that it has in truth.
#[must_use]
pub fn is_asked_taken(root: &Root, path: &Path, inputs: &[InputRules]) -> bool {
    let folder = path.parent().and_then(|folder| root.resolve(folder).ok());
    let resolved = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
    is_taken(resolved.as_deref().unwrap_or(path), inputs)
}

/// At debug level the log has a line for each file and each step of each: that of some thousand files.
const DEBUG_SIZE: u64 = 16 << 20;

/// Adds lines to the log beside the reports. They are not synced: what must not be lost is in the report. A
/// log that has more than `most` bytes makes room for a new one first.
///
/// # Errors
/// The log cannot be written.
pub fn log(root: &Root, folder: &Path, lines: &[String], most: u64) -> Result<(), Error> {
    let path = folder.join(LOG);
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    if root.stat(&path).is_ok_and(|stat| stat.size > most) {
        root.rename(&path, &folder.join("drain.1.log"))?;
    }
    let mut file = root.open_with(&path, flags, 0o640)?;
    // Names in them are escaped already; who made them has read what others wrote.
    let plain = |line: &String| line.chars().filter(|letter| !letter.is_control()).collect::<String>() + "\n";
    let text: String = lines.iter().map(plain).collect();
    let written = file.write_all(text.as_bytes());
    Ok(written.map_err(|error| OsError::new("write", root.outer(&path), error))?)
}

/// Room for the last report of a drain, on the disk from an earlier phase on. What is written over bytes
/// that are there already is synced without the file system's journal: a tenth of a millisecond where
/// a new file takes several.
///
/// It lies beside the interim report, hidden, and takes its place when it is full. Should the power fail
/// in between, [`last`] finds it where it is.
#[derive(Debug)]
pub struct Prepared {
    file: File,
    /// Held open, so that its blocks are freed when there is time, not when it is replaced.
    _interim: File,
    path: PathBuf,
}

/// A larger report is not prepared: that of some ten thousand files.
const ROOM: usize = 4 << 20;

impl Prepared {
    /// Makes room for one that is somewhat larger than the interim one, which lies at `path`.
    ///
    /// # Errors
    /// The file cannot be written, or would be too large.
    pub fn make(root: &Root, path: &Path) -> Result<Self, Error> {
        let len = usize::try_from(root.stat(path)?.size).unwrap_or(usize::MAX);
        let room = len.saturating_add(len / 4).checked_next_multiple_of(4096).unwrap_or(usize::MAX);
        let hidden = hidden(path);
        let fail = |error: io::Error| OsError::new("write", root.outer(&hidden), error);
        if room > ROOM {
            return Err(fail(io::ErrorKind::FileTooLarge.into()).into());
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW;
        let file = root.open_with(&hidden, flags, 0o640)?;
        let made = io::copy(&mut io::repeat(b'\n').take(room as u64), &mut &file);
        made.and_then(|_| file.sync_all()).map_err(fail)?;
        sync_folder(root, path)?;
        let interim = root.open_with(path, OFlag::O_RDONLY | OFlag::O_NOFOLLOW, 0)?;
        Ok(Self { file, _interim: interim, path: path.to_owned() })
    }

    /// Fills it, and puts it in the interim report's place.
    ///
    /// # Errors
    /// It cannot be written or synced; the interim report is still there.
    pub fn finish(&self, root: &Root, text: &[u8], sync: Sync) -> Result<PathBuf, Error> {
        let hidden = hidden(&self.path);
        let fail = |error: io::Error| OsError::new("write", root.outer(&hidden), error);
        self.file.write_all_at(text, 0).map_err(fail)?;
        if sync == Sync::Yes {
            self.file.sync_data().map_err(fail)?;
        }
        self.file.set_len(text.len() as u64).map_err(fail)?;
        root.rename(&hidden, &self.path)?;
        Ok(self.path.clone())
    }
}

/// Where the last report lies until it takes the place of the interim one.
fn hidden(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

/// Puts a last report in the place of an interim one that another process has kept, whose room for it is
/// removed. It is not synced. `folder`: where reports are kept; none where this is the file of `--report` alone.
///
/// # Errors
/// The file cannot be written.
pub fn replace(root: &Root, path: &Path, folder: Option<&Path>, report: &Report) -> Result<(), Error> {
    if folder.is_some() {
        root.remove_file_if_there(&hidden(path))?;
    }
    Ok(root.write_named(path, &report.bytes(), (0o640, Sync::No), folder)?)
}

/// Syncs a report that was written without, and the folder that names it.
///
/// # Errors
/// One of them cannot be opened or synced.
pub fn sync(root: &Root, path: &Path) -> Result<(), Error> {
    sync_at(root, path, OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW)?;
    sync_folder(root, path)
}

fn sync_folder(root: &Root, path: &Path) -> Result<(), Error> {
    sync_at(root, path.parent().unwrap_or(Path::new("/")), OFlag::O_RDONLY | OFlag::O_DIRECTORY)
}

fn sync_at(root: &Root, path: &Path, flags: OFlag) -> Result<(), Error> {
    let file = root.open_with(path, flags, 0)?;
    Ok(file.sync_all().map_err(|error| OsError::new("sync", root.outer(path), error))?)
}

/// The newest report in `folder`, if there is one.
///
/// # Errors
/// It cannot be read, or is none.
pub fn last(root: &Root, folder: &Path) -> Result<Option<Report>, Error> {
    let Some(path) = reports(root, folder)?.pop() else { return Ok(None) };
    let full = root.read(&hidden(&path), LARGEST).ok().and_then(|text| Report::parse(&text).ok());
    if full.is_some() {
        return Ok(full);
    }
    let text = root.read(&path, LARGEST)?;
    let malformed = |error| Error::Malformed(escape(path.as_os_str()), error);
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

/// What processes that were killed while they wrote have left in a folder: temporary files that are so old that
/// nobody writes them any more. `now` since 1970.
fn left_behind(root: &Root, folder: &Path, now: Duration) -> Result<Vec<PathBuf>, Error> {
    let mut left = Vec::new();
    let before = now.saturating_sub(WRITTEN).as_secs();
    root.each_file(folder, |name, kind, stat| {
        let is_old = u64::try_from(stat.mtime.0).is_ok_and(|at| at < before);
        if kind == FileKind::Regular && is_old && is_temporary(name) {
            left.push(folder.join(name));
        }
    })?;
    Ok(left)
}

#[cfg(test)]
mod tests;
