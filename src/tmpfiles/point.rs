//! Which lines the start of a unit needs. Pure.
//!
//! A package's file of tmpfiles.d(5) bears the name of the package, of its service or of its user, and no
//! list that amr could ask says which. So a line is a unit's in one of two ways: its file has a name that
//! the unit has too (its own, that of its template, an alias, its program, `User=`, `Group=`), or the unit
//! mentions a path that the line makes, or that lies below it. Only what lies below /run counts:
//! all else is there since the package was installed, or the last boot.

use super::line::Entry;
use crate::unit::exec::directories::Kind;
use crate::unit::model::{Body, Service, Unit};
use crate::unit::name::UnitName;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RUN: &str = "/run";

/// What a unit points to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// Names that a file may have, without `.conf`.
    pub names: BTreeSet<String>,
    /// Paths below /run that it mentions, but for those in its own `RuntimeDirectory=`.
    pub paths: BTreeSet<PathBuf>,
}

impl Points {
    /// Of a unit. `runtime` is where this host has its /run.
    #[must_use]
    pub fn from_unit(unit: &Unit, runtime: &Path) -> Self {
        let Body::Service(service) = &unit.body else { return Self::default() };
        let mut names = BTreeSet::new();
        for name in std::iter::once(&unit.name).chain(&unit.aliases) {
            names.extend([name.stem(), name.prefix()].map(str::to_owned));
        }
        let file = unit.fragment.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
        names.extend(file.and_then(|name| UnitName::parse(name).ok()).map(|name| name.prefix().to_owned()));
        let program = service.exec.start.first().and_then(|command| Path::new(&command.path).file_name());
        names.extend(program.and_then(|name| name.to_str()).map(str::to_owned));
        let identity = &service.context.identity;
        names.extend([&identity.user, &identity.group].into_iter().flatten().cloned());
        names.remove("root");
        Self { names, paths: mentioned(service, runtime) }
    }

    /// Does a file of this name belong to the unit?
    #[must_use]
    pub fn has_file(&self, path: &Path) -> bool {
        path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| self.names.contains(stem))
    }

    /// Does its start need this line?
    #[must_use]
    pub fn has(&self, entry: &Entry) -> bool {
        let path = &entry.line.path;
        let below = path.starts_with(RUN) && path.as_path() != Path::new(RUN);
        below && (self.has_file(&entry.origin.path) || self.paths.iter().any(|p| p.starts_with(path)))
    }
}

/// All paths below /run in the texts of a service.
fn mentioned(service: &Service, runtime: &Path) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    // The description holds every text that the unit's files say, and nothing else.
    if let Ok(value) = serde_json::to_value(service) {
        collect(&value, runtime, &mut paths);
    }
    let own: Vec<PathBuf> =
        service.context.directories.set(Kind::Runtime).names.iter().map(|n| Path::new(RUN).join(n)).collect();
    paths.retain(|path| !own.iter().any(|own| path.starts_with(own)));
    paths
}

fn collect(value: &Value, runtime: &Path, paths: &mut BTreeSet<PathBuf>) {
    match value {
        Value::String(text) => paths_in(text, runtime, paths),
        Value::Array(values) => values.iter().for_each(|value| collect(value, runtime, paths)),
        Value::Object(fields) => fields
            .iter()
            // Where a line stands is no path of the service's.
            .filter(|(name, _)| *name != "origin")
            .for_each(|(_, value)| collect(value, runtime, paths)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The paths in a text: `--pid=/run/x/pid`, `unix:/var/run/x.sock,mode=0600`.
fn paths_in(text: &str, runtime: &Path, paths: &mut BTreeSet<PathBuf>) {
    let ends = |c: char| c.is_whitespace() || ",;:=\"'`|&<>(){}[]?*".contains(c);
    for part in text.split(ends) {
        let glued =
            part.strip_prefix('-').and_then(|option| option.find('/').and_then(|at| option.get(at..)));
        let part = glued.unwrap_or(part);
        let path: PathBuf = Path::new(part).components().collect();
        let rest = [runtime, Path::new(RUN), Path::new("/var/run")].into_iter().find_map(|top| {
            let rest = path.strip_prefix(top).ok()?;
            (!rest.as_os_str().is_empty()).then(|| rest.to_owned())
        });
        paths.extend(rest.map(|rest| Path::new(RUN).join(rest)));
    }
}
