//! Reads the parts of log files that a judgement needs: first bytes, fingerprints, tails.
//!
//! Whoever asks gets an answer for each file; a file that cannot be read, or whose file system hangs,
//! has one that says so.

use super::ScanResult;
use super::limit::each;
use crate::drain::cursor::{Cursors, FileId, Identity};
use crate::drain::judge::claim::Fingerprint;
use crate::drain::judge::file::Coding;
use crate::drain::judge::progress::{ByteRange, Edge};
use crate::drain::judge::tail::{Look, Need, Tail, Unread};
use crate::os::root::{FileKind, OFlag, Root, Stat};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How many bytes of one tail are looked at before it is left unread.
const MOST: u64 = 16 << 20;
const BLOCK: usize = 64 << 10;
/// How often a file that changes while it is read is read.
const ATTEMPTS: usize = 3;

/// A part of a file that must be read.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file.
    pub id: FileId,
    /// Where it can be opened.
    pub open: PathBuf,
    /// The bytes.
    pub stretch: ByteRange,
}

/// Opens a log file of somebody else's: it must be the regular file that was seen.
///
/// # Errors
/// It cannot be opened, or is another one.
pub fn open(root: &Root, path: &Path, id: FileId) -> Result<File, Unread> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let failed = |cause: String| Unread::Failed(cause);
    // The descriptors of a process are links that only the kernel can follow; that `/proc` is the host's,
    // also for a process with a root of its own.
    let descriptor = path.starts_with("/proc");
    let flags = if descriptor { flags } else { flags | OFlag::O_NOFOLLOW };
    let host = if descriptor && root.prefix().starts_with("/proc") { Root::host().ok() } else { None };
    let file =
        host.as_ref().unwrap_or(root).open_with(path, flags, 0).map_err(|error| failed(error.cause()))?;
    let stat = Stat::from_fd(&file).map_err(|error| failed(error.to_string()))?;
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

/// What the bytes are, of one moment: an answer that proves something counts only if the file was the
/// same before and after.
fn tail(root: &Root, request: &Request) -> Result<Tail, Unread> {
    let file = open(root, &request.open, request.id)?;
    let stat = || Stat::from_fd(&file).map_err(|error| Unread::Failed(error.to_string()));
    let mut before = stat()?;
    for _ in 0..ATTEMPTS {
        let found = tail_of(&file, &request.stretch)?;
        let within = request.stretch.edge == Edge::Line && !is_behind_a_line(&file, request.stretch.from)?;
        let found = if within { Tail::WithinLine(Box::new(found)) } else { found };
        if matches!(found, Tail::CompleteLines { .. }) {
            return Ok(found);
        }
        let after = stat()?;
        if after.size < request.stretch.to {
            return Err(Unread::Shrank);
        }
        if (after.size, after.mtime) == (before.size, before.mtime) {
            return Ok(found);
        }
        before = after;
    }
    Err(Unread::Failed("it changed each time it was read".to_owned()))
}

fn is_behind_a_line(file: &File, at: u64) -> Result<bool, Unread> {
    let mut before = [0];
    let read = file.read_at(&mut before, at.saturating_sub(1));
    let got = read.map_err(|error| Unread::Failed(crate::os::error::cause(&error)))?;
    // Behind a hole a writer goes on that does not append, where its file was truncated.
    if got == 0 { Err(Unread::Shrank) } else { Ok(matches!(before, [b'\n' | 0])) }
}

fn tail_of(file: &File, stretch: &ByteRange) -> Result<Tail, Unread> {
    let mut look = Look::new(stretch.framing);
    let mut at = stretch.from;
    // Most tails are a line or two.
    let room = usize::try_from(stretch.to.saturating_sub(at)).unwrap_or(BLOCK).min(BLOCK);
    let mut block = vec![0; room];
    while at < stretch.to {
        if look.seen() >= MOST {
            return Ok(look.cut_short());
        }
        let want = usize::try_from(stretch.to - at).unwrap_or(BLOCK).min(room);
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
    scene: &ScanResult,
    limit: Duration,
) -> (Vec<(usize, Fingerprint)>, Vec<usize>) {
    let kinds = cursors
        .by_print()
        .filter_map(|cursor| match cursor.identity {
            Identity::Fingerprint { offset, len, growing, .. } => Some((offset, len, growing)),
            Identity::Inode(_) | Identity::Path | Identity::InodeMarker { .. } => None,
        })
        .collect::<BTreeSet<_>>();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::judge::tail::Framing;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A file of this test's own, and what asks for all of its bytes.
    struct Log(PathBuf);

    impl Log {
        fn new(name: &str, bytes: &[u8]) -> (Self, Request) {
            let path = std::env::temp_dir().join(format!("amr-read-{}-{name}", std::process::id()));
            std::fs::write(&path, bytes).unwrap();
            let stat = Stat::from_fd(File::open(&path).unwrap()).unwrap();
            let stretch = ByteRange { from: 0, to: stat.size, framing: Framing::Lines, edge: Edge::Anywhere };
            (Self(path.clone()), Request { id: FileId { dev: stat.dev, ino: stat.ino }, open: path, stretch })
        }

        fn write(&self) -> File {
            File::options().write(true).open(&self.0).unwrap()
        }
    }

    impl Drop for Log {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn look(request: &Request) -> Tail {
        tails(&Root::host().unwrap(), vec![request.clone()], Duration::from_secs(60)).remove(0)
    }

    #[test]
    fn a_log_that_changed_since_it_was_seen_is_read_as_it_was_or_not_at_all() {
        let (log, request) = Log::new("changed", b"\n\n\n\n");
        assert_eq!(look(&request), Tail::OnlyBlank);
        log.write().write_all_at(b"a\n", 4).unwrap();
        assert_eq!(look(&request), Tail::OnlyBlank, "what was written later is no part of it");
        log.write().set_len(3).unwrap();
        assert_eq!(look(&request), Tail::Unread(Unread::Shrank));
        std::fs::rename(&log.0, log.0.with_extension("old")).unwrap();
        let gone = look(&request);
        std::fs::write(&log.0, "\n\n\n\n\n\n").unwrap();
        let other = look(&request);
        std::fs::remove_file(log.0.with_extension("old")).unwrap();
        assert_eq!(gone, Tail::Unread(Unread::Failed("No such file or directory".into())));
        assert_eq!(other, Tail::Unread(Unread::Failed("another file has taken its name".into())));
    }

    /// One line moves about among blank ones; at no moment is there none.
    #[test]
    fn a_line_that_moves_while_the_tail_is_read_is_not_overlooked() {
        const LEN: u64 = 1 << 20;
        let (log, request) = Log::new("moves", &[b'\n'; LEN as usize]);
        let file = log.write();
        file.write_all_at(b"b\n", LEN - 2).unwrap();
        let ended = AtomicBool::new(false);
        let mut blank = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut ends = [0, LEN - 2];
                while !ended.load(Ordering::Relaxed) {
                    file.write_all_at(b"b\n", ends[0]).unwrap();
                    file.write_all_at(b"\n\n", ends[1]).unwrap();
                    ends.reverse();
                    // Longer than the clock of the file system takes to move on.
                    std::thread::sleep(Duration::from_millis(11));
                }
            });
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_millis(1500) {
                blank += u32::from(look(&request) == Tail::OnlyBlank);
            }
            ended.store(true, Ordering::Relaxed);
        });
        assert_eq!(blank, 0);
    }
}
