//! Reads what Filebeat says in its own log: the end of the newest file in `path.logs`.
//!
//! Only where it logs to files; what goes to the journal is not read. Nothing here is needed for a
//! verdict: a log that cannot be read says nothing, and silence proves nothing.

use super::read::open;
use super::within;
use crate::drain::cursor::FileId;
use crate::drain::shipper::Shipper;
use crate::drain::shipper::filebeat::config::Setting;
use crate::drain::shipper::filebeat::evidence::Said;
use crate::drain::shipper::find::Found;
use crate::os::root::{FileKind, Root, Stat};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much of the end is read: with a metrics line of 2 KiB each 30 s some hours of a quiet shipper.
const END: u64 = 256 << 10;

/// What the packages set `path.logs` to.
const FOLDER: &str = "/var/log/filebeat";

/// What the shipper's own log says; nothing where there is none, or it does not come within `limit`.
#[must_use]
pub fn said(root: &Root, found: &Found, limit: Duration) -> Said {
    if found.shipper != Shipper::Filebeat {
        return Said::default();
    }
    let (root, folder) = (root.clone(), folder(found));
    within(limit, move || end(&root, &folder)).flatten().map(|text| Said::of(&text)).unwrap_or_default()
}

/// `path.logs`, by default `logs` below the home folder.
fn folder(found: &Found) -> PathBuf {
    let home = found.config.home.set().map(Path::new);
    match (&found.config.logs, home) {
        (Setting::Set(path), Some(home)) => home.join(path),
        (Setting::Set(path), None) => PathBuf::from(path),
        (Setting::Default, Some(home)) => home.join("logs"),
        (Setting::Default, None) | (Setting::Unknown(_), _) => PathBuf::from(FOLDER),
    }
}

/// The end of the newest file there, from the beginning of a line on. Rotated ones have other names
/// in each version: `filebeat`, `filebeat.1`; `filebeat-20260101.ndjson`, `filebeat-20260101-1.ndjson`.
fn end(root: &Root, folder: &Path) -> Option<String> {
    let own = |name: &[u8]| name.starts_with(b"filebeat");
    let entries = root.list(folder).ok()?.into_iter();
    let files = entries
        .filter(|entry| entry.kind == FileKind::Regular && own(entry.name.as_encoded_bytes()))
        .filter_map(|entry| {
            let path = folder.join(&entry.name);
            Some((root.lstat(&path).ok()?, path))
        });
    let (stat, path): (Stat, PathBuf) = files.max_by_key(|(stat, _)| stat.mtime)?;
    let file = open(root, &path, FileId { dev: stat.dev, ino: stat.ino }).ok()?;
    let from = stat.size.saturating_sub(END);
    let mut bytes = vec![0; usize::try_from(stat.size.min(END)).ok()?];
    file.read_exact_at(&mut bytes, from).ok()?;
    let whole = match from {
        0 => 0,
        _ => bytes.iter().position(|&byte| byte == b'\n')?.saturating_add(1),
    };
    Some(String::from_utf8_lossy(bytes.get(whole..)?).into_owned())
}
