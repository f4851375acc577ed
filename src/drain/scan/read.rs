//! Reads the parts of log files that a judgement needs: first bytes, fingerprints, tails.
//!
//! Whoever asks gets an answer for each file; a file that cannot be read, or whose file system hangs,
//! has one that says so.

use super::{Batch, within};
use crate::drain::claim::Fingerprint;
use crate::drain::cursor::{Cursors, FileId, Identity};
use crate::drain::file::{Coding, LogFile};
use crate::drain::progress::Stretch;
use crate::drain::tail::{Look, Need, Tail, Unread};
use crate::os::root::{FileKind, OFlag, Root, Stat};
use crate::sort;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
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

/// Does `look` for each of `requests`, in a thread that gets `limit` for each; what is not answered is
/// `None`. After one that hangs the next thread goes on behind it.
fn each<Q, A>(root: &Root, requests: Vec<Q>, limit: Duration, look: fn(&Root, &Q) -> A) -> Vec<Option<A>>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
{
    let count = requests.len();
    let requests: Batch<Q> = Arc::new(requests);
    let mut answers: Vec<Option<A>> = Vec::with_capacity(count);
    let mut hung = 0usize;
    while answers.len() < count {
        let from = answers.len();
        let done = Arc::new(Mutex::new(Vec::new()));
        let (job_root, job, into) = (root.clone(), Arc::clone(&requests), Arc::clone(&done));
        let finished = within(limit, move || {
            for request in job.iter().skip(from) {
                let answer = look(&job_root, request);
                if let Ok(mut done) = into.lock() {
                    done.push(answer);
                }
            }
        });
        if let Ok(mut done) = done.lock() {
            answers.extend(done.drain(..).take(count.saturating_sub(from)).map(Some));
        }
        if finished.is_none() && answers.len() < count && answers.len() == from {
            answers.push(None);
            hung += 1;
        }
        if hung >= HUNG {
            answers.resize_with(count, || None);
        }
    }
    answers
}

/// After so many files that hang, the others are not tried.
const HUNG: usize = 8;

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

/// Looks at the first bytes of a file.
#[must_use]
pub fn coding(root: &Root, path: &Path, id: FileId, limit: Duration) -> Coding {
    let (root, path) = (root.clone(), path.to_owned());
    let read = within(limit, move || {
        let mut magic = [0; 2];
        let file = open(&root, &path, id).ok()?;
        let got = file.read_at(&mut magic, 0).ok()?;
        Some(if got == 2 && magic == [0x1f, 0x8b] { Coding::Gzip } else { Coding::Plain })
    });
    read.flatten().unwrap_or(Coding::NotLooked)
}

/// The fingerprints of every file that some state could mean, by the file's place in the list. The
/// places of files that could not be read come second.
#[must_use]
pub fn prints(
    root: &Root,
    cursors: &Cursors,
    files: &[LogFile],
    paths: &[PathBuf],
    limit: Duration,
) -> (Vec<(usize, Fingerprint)>, Vec<usize>) {
    let kinds = sort::set(cursors.iter().filter_map(|cursor| match cursor.identity {
        Identity::Fingerprint { offset, len, growing, .. } => Some((offset, len, growing)),
        Identity::Inode(_) | Identity::Path | Identity::InodeMarker { .. } => None,
    }));
    if kinds.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let kinds = Arc::new(kinds);
    let requests: Vec<_> = files
        .iter()
        .zip(paths)
        .map(|(file, path)| (file.id, file.size, path.clone(), Arc::clone(&kinds)))
        .collect();
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
#[allow(clippy::while_immutable_condition)] // another thread changes it
mod tests {
    use super::*;

    /// As a look at a file whose file system hangs: it does not come back.
    fn hangs_at_odd(_: &Root, number: &u32) -> u32 {
        if number % 2 == 1 {
            loop {
                std::thread::park();
            }
        }
        *number
    }

    #[test]
    fn a_file_that_hangs_costs_its_own_answer_only() {
        let root = Root::host().unwrap();
        let limit = Duration::from_millis(200);
        let answers = each(&root, vec![0, 2, 1, 4, 3, 6], limit, hangs_at_odd);
        assert_eq!(answers, [Some(0), Some(2), None, Some(4), None, Some(6)]);
    }

    #[test]
    fn after_many_that_hang_the_others_are_not_tried() {
        let root = Root::host().unwrap();
        let answers = each(&root, vec![1; 1000], Duration::from_millis(5), hangs_at_odd);
        assert_eq!(answers, vec![None; 1000]);
    }

    #[test]
    fn a_job_that_hangs_is_left_behind() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let forever = || loop {
            std::thread::park();
        };
        assert_eq!(within::<()>(Duration::from_millis(20), forever), None);
    }
}
