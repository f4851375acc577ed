//! Units from disk: search path, aliases, masks, templates, drop-ins, `.wants` and `.requires`
//! folders, over a [`Root`]. The driver of this folder: all reading happens here.
//!
//! A [`Loader`] lists each folder of the search path once, and from then on knows which names exist;
//! so a unit costs the reading of its own files and a name that is nowhere costs nothing. What is on
//! disk is taken as it was when the loader was made: make a new one for a new look.
//!
//! Loading never fails. A missing, masked, unreadable or wrong unit is a [`Unit`] whose
//! [`LoadState`] says so, with findings that say why.

mod check;
mod closure;
mod index;
mod several;
#[cfg(test)]
mod tests;
pub mod writers;

pub use check::{Unmet, is_mount_point, unmet, unmet_of_unit};
pub use closure::Units;
pub use index::{FileState, UnitFile, link_target, search_path};

use super::build::{Input, blank, build, instance_for};
use super::builtin;
use super::finding::Id;
use super::merge::{Source, effective_dropins, folder_names, kind_folder};
use super::model::{DepKind, Dependency, Finding, LoadState, Origin, Severity, Unit};
use super::name::{NameError, UnitName};
use super::specifier::Facts;
use super::value::Span;
use crate::os::error::Error;
use crate::os::root::{FileKind, Folder, Root};
use index::{Found, Index};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Largest unit file or drop-in that is read, in bytes.
pub const SIZE_MAX: u64 = 4 * 1024 * 1024;

/// Reads units below a root.
pub struct Loader<'a> {
    root: &'a Root,
    facts: &'a Facts,
    index: Arc<Index>,
    /// The folder that was read from last: most units are in one.
    last: RefCell<Option<Rc<Folder<'a>>>>,
}

impl<'a> Loader<'a> {
    /// Lists the folders of the search path; see [`search_path`]. A folder that is not there is none;
    /// one that cannot be read is remembered in [`Loader::problems`].
    #[must_use]
    pub fn new(root: &'a Root, paths: &[PathBuf], facts: &'a Facts) -> Self {
        Self::over(root, facts, &Arc::new(Index::new(root, paths)))
    }

    /// Another one over the same look at the search path.
    fn over(root: &'a Root, facts: &'a Facts, index: &Arc<Index>) -> Self {
        Self { root, facts, index: Arc::clone(index), last: RefCell::new(None) }
    }

    /// What could not be read of the search path: units in it are not seen.
    #[must_use]
    pub fn problems(&self) -> &[Error] {
        &self.index.problems
    }

    /// Every unit file, the one that counts for each name, sorted by name; templates, aliases and
    /// masks among them, built-in units not.
    #[must_use]
    pub fn list_unit_files(&self) -> Vec<UnitFile> {
        self.index.files()
    }

    /// Reads one unit. Its dependencies are named, not read; what a target adds when its members are
    /// known is added by [`Loader::load_closure`].
    #[must_use]
    pub fn load(&self, name: &UnitName) -> Unit {
        let (main, found) = self.index.locate(name);
        match found {
            Found::File(path) => self.load_fragment(main, path),
            Found::BuiltIn(text) => {
                let path = Path::new("built-in").join(main.as_str());
                self.finish(main, None, (path, text.as_bytes().to_vec()))
            }
            Found::Masked(path) => {
                let mut unit = blank(main, LoadState::Masked);
                unit.fragment = Some(path);
                unit
            }
            Found::Missing => blank(main, LoadState::NotFound),
            Found::Loop(path) => {
                let mut unit = blank(main, LoadState::Error);
                report(
                    &mut unit,
                    &path,
                    "the links of this name lead back to it".to_owned(),
                    (Id::LinksInACircle, Severity::Error),
                );
                unit
            }
        }
    }

    /// Reads a unit file by its path inside the root, wherever it is; its name says the unit's.
    /// Drop-ins count from the folder beside it (`PATH.d`), not from the search path.
    ///
    /// # Errors
    /// When the file's name is not the name of a unit.
    pub fn load_file(&self, path: &Path) -> Result<Unit, NameError> {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = UnitName::parse(&file_name)?;
        let bytes = match self.root.read(path, SIZE_MAX) {
            Ok(bytes) => bytes,
            Err(e) => return Ok(unreadable(name, path, &e)),
        };
        let mut folder = path.as_os_str().to_owned();
        folder.push(".d");
        let dropins = effective_dropins(self.names_in(Path::new(&folder)));
        let main = (path.to_owned(), bytes);
        Ok(self.assemble(name, Some(path.to_owned()), main, dropins, Vec::new()))
    }

    /// The folder, which stays open until another one is asked for.
    fn folder(&self, path: &Path) -> Option<Rc<Folder<'a>>> {
        let mut last = self.last.borrow_mut();
        if let Some(folder) = last.as_ref().filter(|f| f.path() == path) {
            return Some(Rc::clone(folder));
        }
        let folder = Rc::new(self.root.folder(path).ok()?);
        *last = Some(Rc::clone(&folder));
        Some(folder)
    }

    /// A file by its path. What is no plain file of its folder is read the long way, which follows
    /// links inside the root and says what is wrong.
    fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        if let Some((folder, name)) = path.parent().and_then(|p| self.folder(p)).zip(path.file_name()) {
            let mut bytes = Vec::new();
            if folder.read(name, FileKind::Regular, SIZE_MAX, &mut bytes).is_ok() {
                return Ok(bytes);
            }
        }
        self.root.read(path, SIZE_MAX)
    }

    fn load_fragment(&self, name: UnitName, path: PathBuf) -> Unit {
        match self.read(&path) {
            // An empty file is a mask, like a link to /dev/null.
            Ok(bytes) if bytes.is_empty() => {
                let mut unit = blank(name, LoadState::Masked);
                unit.fragment = Some(path);
                unit
            }
            Ok(bytes) => self.finish(name, Some(path.clone()), (path, bytes)),
            Err(e) if e.is_not_found() => blank(name, LoadState::NotFound),
            Err(e) => unreadable(name, &path, &e),
        }
    }

    /// With the drop-ins and links of all its names.
    fn finish(&self, name: UnitName, fragment: Option<PathBuf>, main: (PathBuf, Vec<u8>)) -> Unit {
        let aliases = self.index.aliases(&name);
        let names: Vec<&UnitName> = std::iter::once(&name).chain(&aliases).collect();
        let dropins = effective_dropins(
            self.folders(&names, ".d", true).into_iter().flat_map(|folder| self.names_in(&folder)),
        );
        let mut links = Vec::new();
        let mut problems = Vec::new();
        for (suffix, kind) in [(".wants", DepKind::Wants), (".requires", DepKind::Requires)] {
            let mut seen = HashSet::new();
            for folder in self.folders(&names, suffix, false) {
                self.links_in(&folder, (kind, &name), &mut seen, &mut links, &mut problems);
            }
        }
        let mut unit = self.assemble(name, fragment, main, dropins, links);
        unit.aliases = aliases;
        for (path, id, message) in problems {
            report(&mut unit, &path, message, (id, Severity::Warning));
        }
        unit
    }

    /// The folders that exist for the names of a unit, in the order in which they win.
    fn folders(&self, names: &[&UnitName], suffix: &str, whole_kind: bool) -> Vec<PathBuf> {
        if !self.index.may_have_folder(names, suffix, whole_kind) {
            return Vec::new();
        }
        let mut chains: Vec<Vec<String>> = names.iter().map(|n| folder_names(n)).collect();
        if let (true, Some(name)) = (whole_kind, names.first()) {
            chains.push(vec![kind_folder(name.kind()).to_owned()]);
        }
        let mut folders = Vec::new();
        for chain in &chains {
            self.index.each_folder(chain, suffix, &mut |path| {
                if !folders.contains(&path) {
                    folders.push(path);
                }
            });
        }
        folders
    }

    fn names_in(&self, folder: &Path) -> Vec<(String, PathBuf)> {
        let entries = self.root.list(folder).unwrap_or_default();
        entries
            .into_iter()
            .filter_map(|e| Some((e.name.to_str()?.to_owned(), folder.join(&e.name))))
            .collect()
    }

    /// Reads the drop-ins and builds the unit.
    fn assemble(
        &self,
        name: UnitName,
        fragment: Option<PathBuf>,
        main: (PathBuf, Vec<u8>),
        paths: Vec<PathBuf>,
        links: Vec<Dependency>,
    ) -> Unit {
        let mut dropins = Vec::new();
        let mut problems = Vec::new();
        let mut files = vec![main];
        for path in paths {
            if index::is_mask(self.root, &path) {
                continue;
            }
            match self.read(&path) {
                Ok(bytes) => {
                    dropins.push(path.clone());
                    files.push((path, bytes));
                }
                Err(e) => problems.push((path, format!("cannot read the drop-in, ignoring: {}", e.cause()))),
            }
        }
        let sources = files.iter().map(|(path, bytes)| Source::new(path, bytes)).collect();
        let input = Input { name, aliases: Vec::new(), fragment, sources, dropins, links };
        let facts = self.facts_for(&input);
        let mut unit = build(input, &facts);
        for (path, message) in problems {
            report(&mut unit, &path, message, (Id::UnreadableFile, Severity::Warning));
        }
        unit
    }

    /// The facts, and where a file asks for it (`%y`, `%Y`) its own path without links.
    fn facts_for(&self, input: &Input<'_>) -> Cow<'_, Facts> {
        let asks = |s: &Source<'_>| s.bytes.windows(2).any(|pair| matches!(pair, b"%y" | b"%Y"));
        let Some(path) = input.fragment.as_ref().filter(|_| input.sources.iter().any(asks)) else {
            return Cow::Borrowed(self.facts);
        };
        let path = self.root.resolve(path).unwrap_or_else(|_| path.clone());
        Cow::Owned(Facts { fragment: Some(path.to_string_lossy().into_owned()), ..self.facts.clone() })
    }

    /// The links of one `.wants` or `.requires` folder (`process_deps`). A name that was `seen` in an
    /// earlier folder hides the later ones, also where it is a mask.
    fn links_in(
        &self,
        folder: &Path,
        (kind, own): (DepKind, &UnitName),
        seen: &mut HashSet<OsString>,
        links: &mut Vec<Dependency>,
        problems: &mut Vec<(PathBuf, Id, String)>,
    ) {
        let open = self.folder(folder);
        for entry in self.root.list(folder).unwrap_or_default() {
            if !seen.insert(entry.name.clone()) {
                continue;
            }
            let path = folder.join(&entry.name);
            if entry.kind != FileKind::Symlink {
                problems.push((path, Id::NotALink, "not a symbolic link, ignoring".to_owned()));
                continue;
            }
            let link = open.as_ref().and_then(|f| f.read_link(&entry.name).ok());
            if link.is_some_and(|link| index::leads_to_null(&path, &link)) {
                continue;
            }
            let name =
                UnitName::parse(&entry.name.to_string_lossy()).and_then(|name| instance_for(own, name));
            match name {
                Ok(on) => {
                    let origin = Some(Origin { path: path.into(), span: Span::default() });
                    links.push(Dependency { kind, on, origin });
                }
                Err(e) => problems.push((path, Id::BadLinkName, format!("{e}, ignoring"))),
            }
        }
    }
}

fn unreadable(name: UnitName, path: &Path, error: &Error) -> Unit {
    let state = if error.is_not_found() { LoadState::NotFound } else { LoadState::Error };
    let mut unit = blank(name, state);
    unit.fragment = Some(path.to_owned());
    let message = format!("cannot read the unit file: {}", error.cause());
    report(&mut unit, path, message, (Id::UnreadableFile, Severity::Error));
    unit
}

fn report(unit: &mut Unit, path: &Path, message: String, (id, severity): (Id, Severity)) {
    unit.findings.push(Finding {
        id,
        severity,
        origin: Some(Origin { path: path.into(), span: Span::default() }),
        line: String::new(),
        message,
        hint: None,
    });
}
