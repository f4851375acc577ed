//! Which names exist in the search path, and which file counts for each.

use crate::os::error::Error;
use crate::os::root::{Entry, FileKind, Root};
use crate::unit::builtin;
use crate::unit::name::UnitName;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The endings of folders that belong to a unit.
const ENDINGS: [&str; 3] = [".d", ".wants", ".requires"];

/// Longest chain of aliases that is followed (`FOLLOW_MAX` of unit-file.c).
const FOLLOW_MAX: usize = 8;

/// Where systemd 252 looks, first hit wins (systemd.unit(5), `lookup_paths_init`).
const DEFAULT: [&str; 11] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// The search path. `override_path` is `$SYSTEMD_UNIT_PATH`: folders separated by colons; an empty
/// one at the end stands for the default ones.
#[must_use]
pub fn search_path(override_path: Option<&str>) -> Vec<PathBuf> {
    let default = || DEFAULT.iter().map(PathBuf::from);
    let Some(list) = override_path else { return default().collect() };
    let mut paths: Vec<PathBuf> = list.split(':').filter(|p| !p.is_empty()).map(PathBuf::from).collect();
    if list.is_empty() || list.ends_with(':') {
        paths.extend(default());
    }
    paths
}

/// A name in the search path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// The name, a template's among them.
    pub name: UnitName,
    /// The file or link that counts, inside the root.
    pub path: PathBuf,
    /// A file, a link to another name, or a mask.
    pub state: FileState,
}

/// What a name in the search path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// A unit file, or a link to one outside of the search path.
    File,
    /// Another name of this unit.
    Alias(UnitName),
    /// A link to /dev/null. (An empty file is a mask too, but shows as [`FileState::File`] until read.)
    Masked,
}

/// Where a name leads.
pub(super) enum Found {
    File(PathBuf),
    BuiltIn(&'static str),
    Masked(PathBuf),
    Missing,
    Loop(PathBuf),
}

/// The search path as it was when it was listed.
pub(super) struct Index {
    /// With the folders of units in each, by their endings, the endings taken away.
    folders: Vec<(PathBuf, [HashSet<String>; 3])>,
    files: HashMap<UnitName, UnitFile>,
    /// Those of `files` that are other names: few among many.
    aliases: BTreeSet<UnitName>,
    pub problems: Vec<Error>,
}

impl Index {
    pub fn new(root: &Root, paths: &[PathBuf]) -> Self {
        let mut index = Self {
            folders: Vec::new(),
            files: HashMap::new(),
            aliases: BTreeSet::new(),
            problems: Vec::new(),
        };
        for folder in paths {
            // In no order: names are looked up, and sorted where they are shown.
            let mut entries = Vec::new();
            let mut each = |name: &OsStr, kind| entries.push(Entry { name: name.to_owned(), kind });
            match root.each_name(folder, &mut each) {
                Ok(()) => index.add(root, paths, folder, entries),
                Err(e) if e.is_not_found() => {}
                Err(e) => index.problems.push(e),
            }
        }
        index
    }

    fn add(&mut self, root: &Root, paths: &[PathBuf], folder: &Path, entries: Vec<Entry>) {
        let mut folders: [HashSet<String>; 3] = Default::default();
        for Entry { name, kind } in entries {
            let Some(text) = name.to_str() else { continue };
            let of_unit = |(set, ending): (usize, &&str)| Some((set, text.strip_suffix(ending)?));
            if let Some((set, unit)) = ENDINGS.iter().enumerate().find_map(of_unit) {
                if let Some(units) = folders.get_mut(set) {
                    units.insert(unit.to_owned());
                }
                continue;
            }
            let Ok(name) = UnitName::parse(text) else { continue };
            if self.files.contains_key(&name) {
                continue;
            }
            let path = folder.join(text);
            let state = match kind {
                FileKind::Regular => Some(FileState::File),
                FileKind::Symlink => link_state(root, paths, &path, &name),
                FileKind::Dir
                | FileKind::Fifo
                | FileKind::Socket
                | FileKind::CharDevice
                | FileKind::BlockDevice
                | FileKind::Other => None,
            };
            if let Some(state) = state {
                if matches!(state, FileState::Alias(_)) {
                    self.aliases.insert(name.clone());
                }
                self.files.insert(name.clone(), UnitFile { name, path, state });
            }
        }
        self.folders.push((folder.to_owned(), folders));
    }

    pub fn files(&self) -> Vec<UnitFile> {
        let mut files: Vec<UnitFile> = self.files.values().cloned().collect();
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// The names of all files, in no order.
    pub fn names(&self) -> impl Iterator<Item = &UnitName> {
        self.files.keys()
    }

    /// Is there a file of this name?
    pub fn has(&self, name: &UnitName) -> bool {
        self.files.contains_key(name)
    }

    fn with_ending(&self, ending: &str) -> impl Iterator<Item = (&Path, &HashSet<String>)> {
        let at = ENDINGS.iter().position(|e| *e == ending).unwrap_or(0);
        self.folders.iter().filter_map(move |(path, sets)| Some((path.as_path(), sets.get(at)?)))
    }

    /// Could a unit of these names have a folder with this ending, by the names alone? A plain name has no
    /// less specific ones, so that for most units nothing need be put together.
    pub fn may_have_folder(&self, names: &[&UnitName], ending: &str, whole_kind: bool) -> bool {
        match names {
            [name] if !whole_kind && !name.as_str().bytes().any(|b| matches!(b, b'-' | b'@')) => {
                self.with_ending(ending).any(|(_, units)| units.contains(name.as_str()))
            }
            _ => self.with_ending(ending).any(|(_, units)| !units.is_empty()),
        }
    }

    /// The main name of a name, and what is there.
    pub fn locate(&self, asked: &UnitName) -> (UnitName, Found) {
        let mut name = asked.clone();
        let mut last = PathBuf::new();
        for _ in 0..FOLLOW_MAX {
            let template = || name.template().filter(|t| *t != name).and_then(|t| self.files.get(&t));
            let Some(file) = self.files.get(&name).or_else(template) else {
                match builtin::alias(&name) {
                    Some(main) => {
                        name = main;
                        continue;
                    }
                    None => {
                        let found = builtin::text(&name).map_or(Found::Missing, Found::BuiltIn);
                        return (name, found);
                    }
                }
            };
            last.clone_from(&file.path);
            match &file.state {
                FileState::File => return (name, Found::File(last)),
                FileState::Masked => return (name, Found::Masked(last)),
                FileState::Alias(to) => match instantiate(to, &name) {
                    // foo@bar.service -> foo@.service: the template's file under the instance's name.
                    next if next == name => match self.files.get(to).map(|f| (&f.state, &f.path)) {
                        Some((FileState::File, path)) => return (name, Found::File(path.clone())),
                        Some((FileState::Masked, path)) => return (name, Found::Masked(path.clone())),
                        Some((FileState::Alias(_), _)) => break,
                        None => return (name, Found::Missing),
                    },
                    next => name = next,
                },
            }
        }
        (name, Found::Loop(last))
    }

    /// All other names of a unit.
    pub fn aliases(&self, main: &UnitName) -> Vec<UnitName> {
        let mut names = Vec::new();
        for alias in &self.aliases {
            let name = instantiate(alias, main);
            if name != *main && (name.is_template() == main.is_template()) && self.locate(&name).0 == *main {
                names.push(name);
            }
        }
        names.extend(builtin::aliases_of(main).into_iter().filter(|n| !self.has(n)));
        names.dedup();
        names
    }

    /// Calls `f` with each folder that exists: path by path, within each name by name.
    pub fn each_folder(&self, names: &[String], ending: &str, f: &mut dyn FnMut(PathBuf)) {
        for (path, units) in self.with_ending(ending) {
            for name in names.iter().filter(|name| units.contains(name.as_str())) {
                f(path.join(format!("{name}{ending}")));
            }
        }
    }
}

/// `to`, and where it is a template while `from` is an instance, that instance of it.
fn instantiate(to: &UnitName, from: &UnitName) -> UnitName {
    match from.instance() {
        Some(instance) if !instance.is_empty() && to.is_template() => {
            to.with_instance(instance).unwrap_or_else(|_| to.clone())
        }
        Some(_) | None => to.clone(),
    }
}

/// What a link in the search path makes of its name; `None` where systemd ignores the link.
fn link_state(root: &Root, paths: &[PathBuf], path: &Path, name: &UnitName) -> Option<FileState> {
    let target = link_target(root, path)?;
    if target == Path::new("/dev/null") {
        return Some(FileState::Masked);
    }
    let inside = target.parent().is_some_and(|folder| paths.iter().any(|p| p == folder));
    let to = UnitName::parse(target.file_name()?.to_str()?).ok();
    match to {
        Some(to) if inside && to == *name => Some(FileState::File),
        Some(to) if inside => name.may_alias(&to).then_some(FileState::Alias(to)),
        Some(_) | None => Some(FileState::File),
    }
}

/// Is this a link to /dev/null?
pub(super) fn is_mask(root: &Root, path: &Path) -> bool {
    link_target(root, path).is_some_and(|t| t == Path::new("/dev/null"))
}

/// Is `link` at `path` a link to /dev/null?
pub(super) fn leads_to_null(path: &Path, link: &Path) -> bool {
    // Most links say it plainly, or end otherwise.
    link.file_name().is_some_and(|name| name == "null")
        && resolved(path, link).is_some_and(|to| to == Path::new("/dev/null"))
}

/// Where a link leads, by its text alone: /dev/null need not be there in a tree.
#[must_use]
pub fn link_target(root: &Root, path: &Path) -> Option<PathBuf> {
    resolved(path, &root.read_link(path).ok()?)
}

fn resolved(path: &Path, link: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::from("/");
    for part in path.parent()?.join(link).components() {
        match part {
            Component::Normal(part) => out.push(part),
            Component::ParentDir => {
                out.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(out)
}
