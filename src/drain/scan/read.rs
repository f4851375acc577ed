//! Reads the parts of log files that a judgement needs: first bytes, fingerprints, tails.
//!
//! Whoever asks gets an answer for each file; a file that cannot be read, or whose file system hangs,
//! has one that says so.

use super::Scene;
use super::limit::each;
use crate::drain::claim::Fingerprint;
use crate::drain::cursor::{Cursors, FileId, Identity};
use crate::drain::file::Coding;
use crate::drain::progress::Stretch;
use crate::drain::tail::{Look, Need, Tail, Unread};
use crate::os::root::{FileKind, OFlag, Root, Stat};
use crate::sort;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How many bytes of one tail are looked at before it is left unread.
const MOST: u64 = 16 << 20;
const BLOCK: usize = 64 << 10;

/// A part of a file that must be read.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file.
    pub id: FileId,
    /// Where it can be opened.
    pub open: PathBuf,
    /// The bytes.
    pub stretch: Stretch,
}

/// Opens a log file of somebody else's: it must be the regular file that was seen.
pub(super) fn open(root: &Root, path: &Path, id: FileId) -> Result<File, Unread> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    // The descriptors of a process are links that only the kernel can follow.
    let flags = if path.starts_with("/proc") { flags } else { flags | OFlag::O_NOFOLLOW };
    let failed = |cause: String| Unread::Failed(cause);
    let file = root.open_with(path, flags, 0).map_err(|error| failed(error.cause()))?;
    let stat = Stat::of(&file).map_err(|error| failed(error.to_string()))?;
    let same = stat.kind == FileKind::Regular && stat.dev == id.dev && stat.ino == id.ino;
    if same { Ok(file) } else { Err(failed("another file has taken its name".to_owned())) }
}

/// Looks at tails, in the order of the requests.
#[must_use]
pub fn tails(root: &Root, requests: Vec<Request>, limit: Duration) -> Vec<Tail> {
    each(root, requests, limit, |root, request| tail(root, request).unwrap_or_else(Tail::Unread))
        .into_iter()
        .map(|tail| tail.unwrap_or(Tail::Unread(Unread::Hangs)))
        .collect()
}

fn tail(root: &Root, request: &Request) -> Result<Tail, Unread> {
    let file = open(root, &request.open, request.id)?;
    let mut look = Look::new(request.stretch.framing);
    let mut at = request.stretch.from;
    let mut block = vec![0; BLOCK];
    while at < request.stretch.to {
        if look.seen() >= MOST {
            return Ok(look.cut_short());
        }
        let want = usize::try_from(request.stretch.to - at).unwrap_or(BLOCK).min(BLOCK);
        let buffer = block.get_mut(..want).unwrap_or_default();
        let got =
            file.read_at(buffer, at).map_err(|error| Unread::Failed(crate::os::error::cause(&error)))?;
        if got == 0 {
            return Err(Unread::Shrank);
        }
        if look.feed(buffer.get(..got).unwrap_or_default()) == Need::Enough {
            break;
        }
        at = at.saturating_add(got as u64);
    }
    Ok(look.finish())
}

/// Looks at the first bytes of each file, in the order of the requests.
#[must_use]
pub fn codings(root: &Root, requests: Vec<(FileId, PathBuf)>, limit: Duration) -> Vec<Coding> {
    let look = |root: &Root, (id, path): &(FileId, PathBuf)| {
        let mut magic = [0; 2];
        let got = open(root, path, *id).ok()?.read_at(&mut magic, 0).ok()?;
        Some(if got == 2 && magic == [0x1f, 0x8b] { Coding::Gzip } else { Coding::Plain })
    };
    let answers = each(root, requests, limit, look).into_iter();
    answers.map(|answer| answer.flatten().unwrap_or(Coding::NotLooked)).collect()
}

/// The fingerprints of every file that some state could mean, by the file's place in the list. The
/// places of files that could not be read come second.
#[must_use]
pub fn prints(
    root: &Root,
    cursors: &Cursors,
    scene: &Scene,
    limit: Duration,
) -> (Vec<(usize, Fingerprint)>, Vec<usize>) {
    let kinds = sort::set(cursors.by_print().filter_map(|cursor| match cursor.identity {
        Identity::Fingerprint { offset, len, growing, .. } => Some((offset, len, growing)),
        Identity::Inode(_) | Identity::Path | Identity::InodeMarker { .. } => None,
    }));
    if kinds.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let kinds = Arc::new(kinds);
    let files = scene.files.iter().enumerate();
    let requests: Vec<_> =
        files.map(|(place, file)| (file.id, file.size, scene.opened_at(place), Arc::clone(&kinds))).collect();
    let answers = each(root, requests, limit, |root, (id, size, path, kinds)| {
        let file = open(root, path, *id).ok()?;
        kinds
            .iter()
            .filter(|(offset, len, _)| offset.saturating_add(*len) <= *size)
            .map(|&(offset, len, growing)| print(&file, offset, len, growing))
            .collect::<Option<Vec<_>>>()
    });
    let mut all = Vec::new();
    let mut blind = Vec::new();
    for (place, answer) in answers.into_iter().enumerate() {
        match answer.flatten() {
            Some(prints) => all.extend(prints.into_iter().map(|print| (place, print))),
            None => blind.push(place),
        }
    }
    (all, blind)
}

fn print(file: &File, offset: u64, len: u64, growing: bool) -> Option<Fingerprint> {
    // A registry says how long; what no configuration would ask for is not read.
    let mut bytes = vec![0; usize::try_from(len.min(MOST)).ok()?];
    file.read_exact_at(&mut bytes, offset).ok()?;
    let digest = if growing {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Sha256::digest(hex.as_bytes())
    } else {
        Sha256::digest(&bytes)
    };
    Some(Fingerprint { sha256: digest.into(), offset, len, growing })
}
