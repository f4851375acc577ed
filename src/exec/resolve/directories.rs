//! `RuntimeDirectory=` and its kin. Those of a dynamic user lie in `private/`, where only root comes to them, and
//! links lead there (`setup_exec_directory` of systemd 252).

use super::{Request, Step, at, note};
use crate::exec::stage::Stage;
use crate::os::error::{Errno, Error, Result};
use crate::os::ids::Credentials;
use crate::os::root::{Existing, FileKind, InTheWay, Perms, Placed, Root};
use crate::unit::exec::ApplyMode;
use crate::unit::exec::directories::{Kind, PRIVATE};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What the service could have put in their place is refused. A configuration folder that is there stays as it is,
/// as with systemd.
pub(super) fn make(request: &Request<'_>, owner: &Credentials, not_applied: &mut Vec<String>) -> Step<()> {
    for kind in Kind::ALL {
        let stage = match kind {
            Kind::Runtime => Stage::RuntimeDirectory,
            Kind::State => Stage::StateDirectory,
            Kind::Cache => Stage::CacheDirectory,
            Kind::Logs => Stage::LogsDirectory,
            Kind::Configuration => Stage::ConfigurationDirectory,
        };
        let strict = request.mode == ApplyMode::Strict;
        let owner = strict.then_some((owner.uid, owner.gid));
        let existing = if kind == Kind::Configuration { Existing::Keep } else { Existing::Adopt };
        let set = request.context.directories.set(kind);
        let above = request.places.above(kind);
        // Those above first: they move with what is in them.
        let mut names: Vec<&String> = set.names.iter().collect();
        names.sort_unstable();
        for name in names {
            let path = if strict && request.context.is_private(kind) {
                hide(request.root, above, name).map_err(at(stage))?
            } else {
                if strict && kind != Kind::Configuration {
                    retried(|| show(request.root, above, name, not_applied)).map_err(at(stage))?;
                }
                above.join(name)
            };
            for kept in request.root.safe_dir(&path, set.mode, owner, existing).map_err(at(stage))? {
                let kept = request.root.outer(&kept);
                note(not_applied, &format!("'{}' has other names and keeps its owner", kept.display()));
            }
            // What lies in another of them is there by that one's link.
            let is_within =
                || set.names.iter().any(|other| other != name && Path::new(name).starts_with(other));
            if path != above.join(name) && !is_within() {
                link(request.root, above, name, &hidden(name)).map_err(at(stage))?;
            }
        }
        for (name, other) in &set.links {
            link(request.root, above, other, name).map_err(at(stage))?;
        }
    }
    Ok(())
}

/// Where the folder of a dynamic user lies; one that lay in the open is put there.
fn hide(root: &Root, above: &Path, name: &str) -> Result<PathBuf> {
    let (open, hidden) = (above.join(name), above.join(hidden(name)));
    root.safe_dir(&above.join(PRIVATE), 0o700, None, Existing::Own)?;
    if let Some(parent) = hidden.parent() {
        root.safe_dir(parent, 0o755, None, Existing::Keep)?;
    }
    retried(|| {
        let is_folder = root.lstat(&open).is_ok_and(|stat| stat.kind == FileKind::Dir);
        if !is_folder || is_same(root, &open, &hidden) || !root.is_alone(&open)? {
            return Ok(());
        }
        match move_folder(root, &open, &hidden) {
            // What is there already is the one; the link to it will not find room.
            Err(e) if matches!(e.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => Ok(()),
            moved => moved,
        }
    })?;
    Ok(hidden)
}

/// How often others may be quicker.
const TRIES: u32 = 8;

/// Tries again where what was there is gone, or something else is in its place: another unit with the same directory
/// was quicker.
fn retried(mut act: impl FnMut() -> Result<()>) -> Result<()> {
    let mut done = act();
    for _ in 1..TRIES {
        match &done {
            Err(e) if e.is_not_found() || e.kind() == ErrorKind::IsADirectory => done = act(),
            Ok(()) | Err(_) => break,
        }
    }
    done
}

/// By way of a link above them one is the other.
fn is_same(root: &Root, one: &Path, other: &Path) -> bool {
    matches!((root.lstat(one), root.lstat(other)), (Ok(one), Ok(other)) if one.same_file(&other))
}

fn move_folder(root: &Root, from: &Path, to: &Path) -> Result<()> {
    root.safe_move(from, to)?;
    log::info!("'{}' is moved to '{}'", root.outer(from).display(), root.outer(to).display());
    Ok(())
}

/// Makes the link `name`, which leads to `target`, both in `above`. Something else in its place is an error.
fn link(root: &Root, above: &Path, name: &str, target: &str) -> Result<()> {
    let path = above.join(name);
    match root.place_link(&path, &link_target(target, name), &Perms::default(), InTheWay::Stays)? {
        Placed::Left => Err(Error::new("link", root.outer(&path), Errno::EEXIST)),
        Placed::Made | Placed::Changed | Placed::Kept => Ok(()),
    }
}

/// Where the link of `NAME:LINK` leads, both in one folder: a relative path, as systemd has it.
#[must_use]
pub fn link_target(name: &str, link: &str) -> PathBuf {
    PathBuf::from("../".repeat(Path::new(link).components().count().saturating_sub(1))).join(name)
}

/// The name of a folder that only root comes to.
fn hidden(name: &str) -> String {
    format!("{PRIVATE}/{name}")
}

/// A folder that lay hidden, as the unit had a dynamic user, is put where the link to it is. The link goes first: so
/// where a start was ended behind that nothing is there, or the empty folder of another one.
fn show(root: &Root, above: &Path, name: &str, not_applied: &mut Vec<String>) -> Result<()> {
    let (open, hidden_name) = (above.join(name), hidden(name));
    let hidden = above.join(&hidden_name);
    if !root.is_dir(&hidden) {
        return Ok(());
    }
    let there = match root.lstat(&open) {
        Ok(stat) => Some(stat.kind),
        Err(e) if e.is_not_found() => {
            if let Some(parent) = open.parent() {
                root.safe_dir(parent, 0o755, None, Existing::Keep)?;
            }
            None
        }
        Err(e) => return Err(e),
    };
    let is_ours = |leads: PathBuf| leads == link_target(&hidden_name, name) || leads == hidden;
    let gives_way = match there {
        Some(FileKind::Symlink) => is_ours(root.read_link(&open)?),
        Some(kind) => kind == FileKind::Dir && !is_same(root, &open, &hidden),
        None => true,
    };
    if !gives_way || !root.is_alone(&open)? || !root.is_alone(&hidden)? {
        return Ok(());
    }
    if there == Some(FileKind::Symlink) {
        root.safe_remove_file(&open)?;
    }
    match move_folder(root, &hidden, &open) {
        Err(e) if there == Some(FileKind::Dir) && !e.is_not_found() => {
            note(not_applied, &format!("{e}: '{}' is in its place", root.outer(&open).display()));
            Ok(())
        }
        moved => moved,
    }
}
