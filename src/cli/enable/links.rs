//! The links below /etc/systemd/system: a unit is pulled in by those whose `.wants` or `.requires` folder has
//! it, and known by the names that lead to its file. Read, made and removed here; `plan_links` says which.
//!
//! Nothing is made or removed through a place that another user can change (`os::root`, safe).

use crate::cli::out;
use crate::order::special;
use crate::os::root::{FileKind, InTheWay, Perms, Placed, Root};
use crate::sysv::install::levels_of;
use crate::unit::install::{FOLDER, FoundLink, InstallLink};
use crate::unit::load::{Loader, link_target};
use crate::unit::model::LoadState;
use crate::unit::name::UnitName;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The endings of folders of links.
const ENDINGS: [&str; 2] = [".wants", ".requires"];

/// All links of units and to units that are there, in the order of their names.
pub(super) fn read(root: &Root) -> Vec<FoundLink> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf, puller: Option<&UnitName>| {
        if let Some(to) = link_target(root, &path) {
            found.push(FoundLink { path, puller: puller.cloned(), to });
        }
    };
    for (path, kind) in entries(root, Path::new(FOLDER)) {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let puller = ENDINGS.iter().find_map(|ending| UnitName::parse(name.strip_suffix(ending)?).ok());
        match (kind, &puller) {
            (FileKind::Symlink, None) if UnitName::parse(name).is_ok() => add(path, None),
            // As whoever loads units follows a link to such a folder.
            (FileKind::Dir | FileKind::Symlink, Some(_)) => {
                let links = entries(root, &path).into_iter().filter(|(_, kind)| *kind == FileKind::Symlink);
                links.for_each(|(path, _)| add(path, puller.as_ref()));
            }
            (_, _) => {}
        }
    }
    found
}

/// A folder that cannot be read has none for whoever asks.
fn entries(root: &Root, folder: &Path) -> Vec<(PathBuf, FileKind)> {
    let entries = root.list(folder).unwrap_or_default();
    entries.into_iter().map(|e| (folder.join(&e.name), e.kind)).collect()
}

/// One link to be made, in place of another one of that name, or to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LinkStep {
    pub path: PathBuf,
    /// Where it is to lead; `None`: it goes.
    pub text: Option<PathBuf>,
}

/// For `--dry-run`.
impl std::fmt::Display for LinkStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = out::escape(&self.path.to_string_lossy());
        match &self.text {
            Some(text) => write!(f, "link {path} -> {}", out::escape(&text.to_string_lossy())),
            None => write!(f, "remove {path}"),
        }
    }
}

/// Notes about those by which nothing starts it here: amr starts none of systemd's own targets, and
/// nobody a unit that is not there.
pub(super) fn notes(links: &[InstallLink], loader: &Loader) -> Vec<String> {
    let note = |link: &InstallLink| {
        let puller = link.puller.as_ref()?;
        let name = link.path.file_name()?.display();
        if !levels_of(puller).is_empty() {
            None
        } else if special::is_built_in(puller) {
            Some(format!("'{puller}' stands for no runlevel: '{name}' is not started for it"))
        } else if loader.load(puller).load == LoadState::NotFound {
            Some(format!("there is no '{puller}' yet: '{name}' is started with it once there is"))
        } else {
            None
        }
    };
    links.iter().filter_map(note).collect()
}

/// How to undo one step: the link as it was, if there was one.
pub(super) struct LinkBefore {
    path: PathBuf,
    text: Option<PathBuf>,
}

/// Takes the steps; what was there is added to `before`.
pub(super) fn take(root: &Root, steps: &[LinkStep], before: &mut Vec<LinkBefore>) -> Result<(), String> {
    for LinkStep { path, text } in steps {
        let was = root.read_link(path).ok();
        before.push(LinkBefore { path: path.clone(), text: was });
        set(root, path, text.as_deref())?;
    }
    Ok(())
}

pub(super) fn put_back(root: &Root, before: &LinkBefore) -> Result<(), String> {
    set(root, &before.path, before.text.as_deref())?;
    if before.text.is_none() {
        tidy(root, &before.path);
    }
    Ok(())
}

/// Removes the folders that nothing is left in.
pub(super) fn tidy_all(root: &Root, steps: &[LinkStep]) {
    steps.iter().filter(|step| step.text.is_none()).for_each(|step| tidy(root, &step.path));
}

fn set(root: &Root, path: &Path, text: Option<&Path>) -> Result<(), String> {
    let Some(text) = text else { return root.safe_remove_file(path).map_err(|e| e.to_string()) };
    match root.place_link(path, text, &Perms::default(), InTheWay::Goes) {
        Ok(Placed::Left) => Err(format!("'{}' is there already", path.display())),
        Ok(Placed::Made | Placed::Changed | Placed::Kept) => Ok(()),
        Err(e) => Err(e.to_string()),
    }
}

/// One that is not empty stays, and no harm is done by one that is.
fn tidy(root: &Root, link: &Path) {
    if let Some(folder) = link.parent().filter(|folder| *folder != Path::new(FOLDER)) {
        let _ = root.safe_remove_dir(folder);
    }
}
