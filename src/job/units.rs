//! Units for a request: names and patterns become loaded units, and those a graph.
//!
//! systemd's special targets stand for facilities that the host has without amr, so they count as
//! built in even where systemd's own unit files lie about. Beside what the named units reach, only
//! units that amr has a record of can be stopped, so only those are looked at for edges to them.

use super::context::Context;
use super::explain;
use crate::order::graph::Graph;
use crate::order::special;
use crate::os::ids::{Ids, id_number};
use crate::supervisor::client::{self, ClientError};
use crate::unit::build::blank;
use crate::unit::finding;
use crate::unit::load::{Loader, writers};
use crate::unit::model::{DepKind, Finding, LoadState, Severity, Unit};
use crate::unit::name::{NameError, UnitName};
use crate::unit::specifier::Facts;
use std::collections::{BTreeMap, BTreeSet};
use strings::pattern::{Pattern, has_wildcard};

/// Turns what was typed into names: `foo` is `foo.service`; a pattern stands for every known name
/// that it matches, `known` being asked only then.
///
/// # Errors
/// A name that is none, a pattern that cannot be read, or units that cannot be listed.
pub fn names(
    typed: &[String],
    known: &dyn Fn() -> Result<Vec<UnitName>, ClientError>,
) -> Result<Vec<UnitName>, String> {
    let mut out: Vec<UnitName> = Vec::new();
    let mut add = |name: UnitName| {
        if !out.contains(&name) {
            out.push(name);
        }
    };
    for word in typed {
        if has_wildcard(word) {
            let pattern =
                Pattern::of_names(word).map_err(|e| format!("cannot read the pattern '{word}': {e}"))?;
            let known = known().map_err(|e| format!("cannot see which units match '{word}': {e}"))?;
            known
                .into_iter()
                .filter(|n| pattern.matches(n.as_str()) || pattern.matches(n.stem()))
                .for_each(&mut add);
        } else {
            add(UnitName::parse_or_service(word).map_err(|e: NameError| e.to_string())?);
        }
    }
    Ok(out)
}

/// Loaded units, by main name.
#[derive(Debug, Default)]
pub struct Set {
    units: BTreeMap<UnitName, Unit>,
    names: BTreeMap<UnitName, UnitName>,
}

impl Set {
    /// The unit of a name or alias.
    #[must_use]
    pub fn get(&self, name: &UnitName) -> Option<&Unit> {
        self.units.get(self.names.get(name).unwrap_or(name))
    }

    /// The main name of a name or alias.
    #[must_use]
    pub fn main<'n>(&'n self, name: &'n UnitName) -> &'n UnitName {
        self.names.get(name).unwrap_or(name)
    }

    /// All of them.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// Every loaded unit, and those that are only named by one.
    #[must_use]
    pub fn graph(&self) -> Graph {
        Graph::new(self.units.values().cloned().collect())
    }

    /// A name that has become another unit's stands for the unit that still runs under it.
    fn keep_apart(&mut self, name: &UnitName) {
        self.names.remove(name);
        for unit in self.units.values_mut() {
            unit.aliases.retain(|alias| alias != name);
        }
        self.units.insert(name.clone(), blank(name.clone(), LoadState::NotFound));
    }

    fn insert(&mut self, asked: UnitName, unit: Unit) {
        if asked != unit.name {
            self.names.insert(asked, unit.name.clone());
        }
        for alias in &unit.aliases {
            self.names.insert(alias.clone(), unit.name.clone());
        }
        self.units.insert(unit.name.clone(), unit);
    }
}

/// Loads `wanted` and all that they pull in, and `recorded` for the edges that lead to them.
///
/// # Errors
/// It cannot be seen whether something runs under a name that is another unit's now.
pub fn load(
    ctx: &Context,
    facts: &Facts,
    wanted: &[UnitName],
    recorded: &[UnitName],
) -> Result<Set, ClientError> {
    let loader = Loader::new(&ctx.root, &ctx.unit_paths, facts);
    let mut set = Set::default();
    let mut seen = BTreeSet::new();
    let mut renamed = Vec::new();
    let mut waiting: Vec<(UnitName, bool)> = wanted.iter().map(|n| (n.clone(), true)).collect();
    waiting.extend(recorded.iter().map(|n| (n.clone(), false)));
    // Popped from the end: what is wanted comes first.
    waiting.reverse();
    while let Some((name, follow)) = waiting.pop() {
        if special::is_built_in(&name) || !seen.insert(name.clone()) {
            continue;
        }
        let unit = loader.load(&name);
        if unit.name != name && recorded.contains(&name) && runs(ctx, &name)? {
            renamed.push(name.clone());
        }
        if follow {
            let pulled = unit.deps.iter().filter(|d| pulls(d.kind));
            waiting.extend(pulled.map(|d| (d.on.clone(), true)));
        }
        set.insert(name, unit);
    }
    renamed.iter().for_each(|name| set.keep_apart(name));
    Ok(set)
}

/// One unit from disk; where something still runs under a name that is another unit's now, that.
///
/// # Errors
/// It cannot be seen whether something does.
pub fn load_one(ctx: &Context, name: &UnitName) -> Result<Unit, ClientError> {
    let unit = Loader::new(&ctx.root, &ctx.unit_paths, &ctx.facts()).load(name);
    if unit.name != *name && runs(ctx, name)? {
        return Ok(blank(name.clone(), LoadState::NotFound));
    }
    Ok(unit)
}

/// Does something run that was started under this name?
fn runs(ctx: &Context, name: &UnitName) -> Result<bool, ClientError> {
    let record = client::status(&ctx.state_dir, name)?;
    Ok(record.is_some_and(|record| !explain::activity(record.state()).is_inactive()))
}

/// Does this edge bring its end into a transaction?
fn pulls(kind: DepKind) -> bool {
    match kind {
        DepKind::Requires
        | DepKind::Requisite
        | DepKind::Wants
        | DepKind::BindsTo
        | DepKind::Upholds
        | DepKind::Conflicts
        | DepKind::OnFailure
        | DepKind::OnSuccess
        | DepKind::PropagatesReloadTo
        | DepKind::PropagatesStopTo => true,
        DepKind::PartOf
        | DepKind::ReloadPropagatedFrom
        | DepKind::StopPropagatedFrom
        | DepKind::Before
        | DepKind::After
        | DepKind::JoinsNamespaceOf => false,
    }
}

/// The faults of a unit for people: those that refuse it, else none.
#[must_use]
pub fn errors(unit: &Unit) -> Vec<&Finding> {
    unit.findings.iter().filter(|f| f.severity == Severity::Error).collect()
}

/// Why a unit cannot be used, with the places in its files; `None` where it can.
#[must_use]
pub fn refusal(unit: &Unit) -> Option<String> {
    let list = || errors(unit).iter().map(|f| finding::render(f)).collect::<Vec<_>>().join("\n");
    match unit.load {
        LoadState::Loaded => None,
        LoadState::NotFound => Some(format!("unit '{}' not found", unit.name)),
        LoadState::Masked => Some(format!("unit '{}' is masked", unit.name)),
        LoadState::BadSetting | LoadState::Error => {
            Some(format!("unit '{}' has an error\n{}", unit.name, list().trim_end()))
        }
    }
}

/// What is wrong or doubtful in the files of a unit, and what others can write of them.
#[must_use]
pub fn findings(ctx: &Context, unit: &Unit) -> Vec<Finding> {
    unit.findings.iter().cloned().chain(others_write(ctx, unit)).collect()
}

/// The files of a unit that others can write, and so change what root runs.
#[must_use]
pub fn others_write(ctx: &Context, unit: &Unit) -> Vec<Finding> {
    let uid_of = |name: &str| Ids::new(&ctx.root).user(name).ok().flatten().map(|u| u.uid);
    writers::findings(&ctx.root, unit, &|name| uid_of(name).or_else(|| id_number(name)))
}

/// Where it is and what it is, with the line where there is one; the remedy is told apart.
#[must_use]
pub fn without_hint(finding: &Finding) -> String {
    let text = finding::render(&Finding { hint: None, ..finding.clone() });
    text.trim_end().to_owned()
}

/// One line about the directives of a unit that have no effect here; `None` where there are none.
#[must_use]
pub fn unapplied_line(unit: &Unit) -> Option<String> {
    let mut keys: Vec<&str> = unit.unapplied.iter().map(|u| u.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let count = keys.len();
    if count == 0 {
        return None;
    }
    let list = keys.iter().map(|k| format!("{k}=")).collect::<Vec<_>>().join(" ");
    let noun = if count == 1 { "directive is" } else { "directives are" };
    Some(format!("{}: {count} {noun} not applied here: {list} (why: amr status {})", unit.name, unit.name))
}
