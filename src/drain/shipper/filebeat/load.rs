//! Reads a Filebeat's configuration with everything that it includes. A driver: it reads files.

use super::config::module::Manifest;
use super::config::vars::Vars;
use super::config::yaml::{self, Node, Value};
use super::config::{self, Config, Fileset, Flags};
use crate::drain::judge::glob::{Part, Pattern};
use crate::drain::shipper::interface::{Source, Version};
use crate::os::error::{Error as OsError, escape};
use crate::os::root::{FileKind, Root};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How large a configuration may be.
pub(super) const LARGEST: u64 = 4 << 20;

/// A configuration may include more, and that more: no real one so many.
const INCLUDES: usize = 64;

/// What is to be read, and what is known of who reads it.
pub(super) struct Plan<'p> {
    /// Where the paths lead.
    pub(super) root: &'p Root,
    /// The configuration's files, each laid over the one before.
    pub(super) files: Vec<PathBuf>,
    /// `path.config`: where includes are looked for.
    pub(super) folder: Option<&'p Path>,
    /// `path.home`: where modules are.
    pub(super) home: Option<&'p Path>,
    pub(super) flags: &'p Flags,
    pub(super) vars: Vars,
    pub(super) version: Option<Version>,
}

/// A configuration, what could not be known of it, and where it was read.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// Each is a sentence.
    pub(super) doubts: Vec<String>,
    pub(super) sources: Vec<Source>,
}

/// Reads a configuration.
pub(super) fn load(plan: &Plan<'_>) -> Loaded {
    let mut loaded = Loaded { config: Config::default(), doubts: Vec::new(), sources: Vec::new() };
    let mut tree = Node { line: 1, value: Value::Null };
    let mut name = String::new();
    for file in &plan.files {
        name = escape(file.as_os_str());
        match plan.text(file, false, &mut loaded).map(|text| yaml::read(&text)) {
            Some(Ok(node)) => tree.override_with(node),
            Some(Err(error)) => loaded.doubts.push(format!("{name}:{error}")),
            // The flags count all the same.
            None => {}
        }
    }
    loaded.config = config::from_tree(&name, tree, plan.flags, &plan.vars);
    plan.includes(&mut loaded);
    plan.modules(&mut loaded);
    loaded
}

impl Plan<'_> {
    /// Reads a file, which the shipper reads again by itself or not.
    fn text(&self, file: &Path, reread: bool, loaded: &mut Loaded) -> Option<String> {
        loaded.sources.push(Source::inspect(self.root, file, reread));
        match self.root.read(file, LARGEST) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                loaded.doubts.push(error.to_string());
                None
            }
        }
    }

    fn includes(&self, loaded: &mut Loaded) {
        let mut at = 0;
        while let Some(include) = loaded.config.includes.get(at).cloned().filter(|_| at < INCLUDES) {
            at += 1;
            let base = self.folder.unwrap_or(Path::new("/")).join(&include.pattern);
            let reread = include.reload.is_some();
            let files = match self.matching(&base, reread, loaded) {
                Ok(files) => files,
                Err(what) => {
                    loaded.doubts.push(what);
                    continue;
                }
            };
            for file in files {
                let name = escape(file.as_os_str());
                let Some(text) = self.text(&file, reread, loaded) else { continue };
                if let Err(error) = loaded.config.add(include.holds, &name, &text, &self.vars) {
                    loaded.doubts.push(format!("{name}:{error}"));
                }
            }
        }
    }

    /// The files that a pattern matches as Go's `filepath.Glob` has it: `*` matches a leading dot, too.
    /// What is missing where the shipper looks is noted as well: it may have been there.
    fn matching(&self, pattern: &Path, reread: bool, loaded: &mut Loaded) -> Result<Vec<PathBuf>, String> {
        let text =
            pattern.to_str().ok_or_else(|| format!("'{}' is not UTF-8", escape(pattern.as_os_str())))?;
        let pattern = Pattern::parse(text, false).map_err(|error| error.to_string())?;
        let mut found = vec![PathBuf::from("/")];
        for part in pattern.parts() {
            let mut next = Vec::new();
            for folder in found {
                match part {
                    Part::Name(name) => next.push(folder.join(name)),
                    Part::Wild(_) | Part::Any => {
                        loaded.sources.push(Source::inspect(self.root, &folder, reread));
                        let names = self.names(&folder).map_err(|error| error.to_string())?;
                        next.extend(
                            names
                                .iter()
                                .filter(|name| part.matches(name))
                                .map(|name| folder.join(std::ffi::OsStr::from_bytes(name))),
                        );
                    }
                }
            }
            found = next;
        }
        let (found, missing): (Vec<_>, Vec<_>) = found.into_iter().partition(|file| self.root.exists(file));
        loaded.sources.extend(missing.iter().map(|file| Source::inspect(self.root, file, reread)));
        Ok(found)
    }

    fn names(&self, folder: &Path) -> Result<Vec<Vec<u8>>, OsError> {
        match self.root.list(folder) {
            Ok(entries) => Ok(entries.into_iter().map(|entry| entry.name.as_bytes().to_vec()).collect()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Turns filesets into inputs. One without a name stands for all that are not named.
    fn modules(&self, loaded: &mut Loaded) {
        for fileset in std::mem::take(&mut loaded.config.filesets) {
            let Some(name) = &fileset.name else {
                self.unnamed(&fileset, loaded);
                continue;
            };
            let files = self.manifest(&fileset.module, name, &mut loaded.sources);
            loaded.config.add_fileset(&fileset, files.as_ref());
        }
    }

    /// Filesets that are not named are on before 8.0.
    fn unnamed(&self, fileset: &Fileset, loaded: &mut Loaded) {
        if self.version.is_some_and(|version| version.major >= 8) {
            if fileset.named.is_empty() {
                loaded.doubts.push(format!(
                    "{}:{}: module '{}' names no fileset",
                    fileset.file, fileset.line, fileset.module
                ));
            }
            return;
        }
        let folder = self.home.map(|home| home.join("module").join(&fileset.module));
        let names = folder.as_deref().map(|folder| self.root.list(folder));
        let Some(Ok(names)) = names else {
            let (file, line, module) = (&fileset.file, fileset.line, &fileset.module);
            loaded
                .doubts
                .push(format!("{file}:{line}: module '{module}': filesets that are not named may be on"));
            return;
        };
        loaded.sources.extend(folder.map(|folder| Source::inspect(self.root, &folder, false)));
        for name in names.into_iter().filter(|entry| entry.kind == FileKind::Dir) {
            let Some(name) =
                name.name.to_str().filter(|name| !fileset.named.iter().any(|named| named == name))
            else {
                continue;
            };
            if let Some(files) = self.manifest(&fileset.module, name, &mut loaded.sources) {
                let one = Fileset { name: Some(name.to_owned()), ..fileset.clone() };
                loaded.config.add_fileset(&one, Some(&files));
            }
        }
    }

    /// What the files of a fileset say; `None` where they cannot be read.
    fn manifest(&self, module: &str, fileset: &str, sources: &mut Vec<Source>) -> Option<Manifest> {
        let folder = self.home?.join("module").join(module).join(fileset);
        let mut text = |path: &Path| {
            sources.extend(Source::there(self.root, path));
            self.root.read(path, LARGEST).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let manifest = text(&folder.join("manifest.yml"))?;
        let input = yaml::read(&manifest).ok()?.get("input").and_then(Node::text).map(str::to_owned);
        let template = input.and_then(|input| text(&folder.join(input))).unwrap_or_default();
        Some(Manifest { manifest, template })
    }
}

/// The places that `${path.…}` stands for.
pub(super) fn vars(home: Option<&Path>, folder: Option<&Path>, flags: &Flags) -> Vars {
    let mut vars = Vars::default();
    for (name, path) in [("path.home", home), ("path.config", folder)] {
        if let Some(path) = path.and_then(Path::to_str) {
            vars.paths.insert(name.into(), path.into());
        }
    }
    if let Some(data) = flags.setting("path.data") {
        vars.paths.insert("path.data".into(), data.into());
    }
    vars
}
