//! Where this host keeps what lives until it goes down: /run, or /var/run alone (RHEL 6, the Amazon
//! Linux AMI).
//!
//! What the host is decides, not whether somebody has made a folder: /run counts where it is mounted,
//! where /var/run is the same folder, or where there is no /var/run. A plain /run beside a real
//! /var/run is somebody's accident, and may come at any time: docs/decisions/runtime-folder.md.

use crate::os::root::{FileKind, Root, Stat};
use std::path::Path;

/// The two folders in question.
const NEW: &str = "/run";
const OLD: &str = "/var/run";

/// The folder of a host for what lives until it goes down; inner paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The one that counts. It need not exist yet.
    pub dir: &'static Path,
    /// The one that does not, where it is a folder of its own.
    pub other: Option<&'static Path>,
}

/// What there is at a path.
enum Seen {
    Folder(Stat),
    Nothing,
    /// It cannot be looked at, which does not mean that it is not there.
    Hidden,
}

fn seen(root: &Root, path: &Path) -> Seen {
    match root.stat(path) {
        Ok(stat) if stat.kind == FileKind::Dir => Seen::Folder(stat),
        Ok(_) => Seen::Nothing,
        Err(error) if error.is_not_found() => Seen::Nothing,
        Err(_) => Seen::Hidden,
    }
}

/// Decides.
#[must_use]
pub fn runtime(root: &Root) -> Runtime {
    let (new, old) = (Path::new(NEW), Path::new(OLD));
    match (seen(root, new), seen(root, old)) {
        (Seen::Folder(a), Seen::Folder(b)) if a.same_file(&b) => Runtime { dir: new, other: None },
        (Seen::Folder(a), Seen::Folder(_)) => {
            let mounted = root.top().is_ok_and(|top| top.dev != a.dev);
            let (dir, other) = if mounted { (new, old) } else { (old, new) };
            Runtime { dir, other: Some(other) }
        }
        // Whoever goes on there is told by the next call why he cannot.
        (Seen::Folder(_), Seen::Nothing | Seen::Hidden) | (Seen::Hidden, _) => {
            Runtime { dir: new, other: None }
        }
        (Seen::Nothing, Seen::Folder(_) | Seen::Hidden) => Runtime { dir: old, other: None },
        // A link that leads nowhere yet is a host of today whose /run is still to be mounted.
        (Seen::Nothing, Seen::Nothing) => {
            let link = root.lstat(old).is_ok_and(|stat| stat.kind == FileKind::Symlink);
            Runtime { dir: if link { new } else { old }, other: None }
        }
    }
}
