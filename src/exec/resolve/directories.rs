//! `RuntimeDirectory=` and its kin. Those of a dynamic user lie in `private/`, where only root comes to them, and
//! links lead there (`setup_exec_directory` of systemd 252).

use super::{Request, Step, at, note};
use crate::exec::stage::Stage;
use crate::os::error::{Errno, Error, Result};
use crate::os::ids::Credentials;
use crate::os::root::{Existing, FileKind, InTheWay, Perms, Placed, Root};
use crate::unit::exec::ApplyMode;
use crate::unit::exec::directories::Kind;
use std::path::{Path, PathBuf};

/// Only root comes to what is in it.
const PRIVATE: &str = "private";

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
        for name in &set.names {
            let path = if strict && request.context.is_private(kind) {
                hide(request.root, above, name).map_err(at(stage))?
            } else {
                if strict && kind != Kind::Configuration {
                    show(request.root, above, name).map_err(at(stage))?;
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
    let is_folder = root.lstat(&open).is_ok_and(|stat| stat.kind == FileKind::Dir);
    if is_folder && root.lstat(&hidden).is_err_and(|e| e.is_not_found()) && root.is_alone(&open)? {
        log::info!("'{}' is moved to '{}'", root.outer(&open).display(), root.outer(&hidden).display());
        root.safe_move(&open, &hidden)?;
    }
    Ok(hidden)
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

/// A folder that lay hidden, as the unit had a dynamic user, is put where the link to it is.
fn show(root: &Root, above: &Path, name: &str) -> Result<()> {
    let (open, hidden_name) = (above.join(name), hidden(name));
    let hidden = above.join(&hidden_name);
    let Ok(leads) = root.read_link(&open) else { return Ok(()) };
    let is_ours = leads == link_target(&hidden_name, name) || leads == hidden;
    if is_ours && root.is_alone(&open)? && root.is_alone(&hidden)? && root.is_dir(&hidden) {
        log::info!("'{}' is moved to '{}'", root.outer(&hidden).display(), root.outer(&open).display());
        root.safe_remove_file(&open)?;
        root.safe_move(&hidden, &open)?;
    }
    Ok(())
}
