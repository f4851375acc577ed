//! Many units at once: everything that a transaction may touch, or everything there is.

use super::{Loader, builtin};
use crate::hash::{Map, Set};
use crate::sort;
use crate::unit::model::{DepKind, Dependency, LoadState, Unit};
use crate::unit::name::{UnitKind, UnitName};

/// Loaded units; an alias finds its unit.
#[derive(Clone, Debug, Default)]
pub struct Units {
    units: Vec<Unit>,
    /// Where each name leads, main names and others.
    names: Map<UnitName, usize>,
}

impl Units {
    /// The unit of a name or alias.
    #[must_use]
    pub fn get(&self, name: &UnitName) -> Option<&Unit> {
        self.units.get(*self.names.get(name)?)
    }

    /// The main name of an alias; any other name is its own.
    #[must_use]
    pub fn main_name<'n>(&'n self, name: &'n UnitName) -> &'n UnitName {
        self.get(name).map_or(name, |unit| &unit.name)
    }

    /// All units, in the order in which they were loaded.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// How many units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The units themselves, by main name.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Unit> {
        sort::by(&mut self.units, |a, b| a.name.cmp(&b.name));
        self.units
    }

    /// Adds a unit that is not there yet.
    fn insert(&mut self, unit: Unit) {
        let at = self.units.len();
        for alias in &unit.aliases {
            self.names.insert(alias.clone(), at);
        }
        self.names.insert(unit.name.clone(), at);
        self.units.push(unit);
    }

    /// A target is ordered after what it pulls in, unless either has `DefaultDependencies=no` or the
    /// order is the other way round (`unit_add_default_target_dependency`).
    fn order_targets(&mut self) {
        let mut edges = Vec::new();
        for target in &self.units {
            if target.name.kind() != UnitKind::Target || !target.default_dependencies {
                continue;
            }
            let orders = |d: &&Dependency| matches!(d.kind, DepKind::After | DepKind::Before);
            let beside: Set<&UnitName> =
                target.deps.iter().filter(orders).map(|d| self.main_name(&d.on)).collect();
            for dep in target.deps.iter().filter(|d| pulls(d.kind)) {
                let Some(member) = self.get(&dep.on) else { continue };
                let counts = member.default_dependencies && member.load == LoadState::Loaded;
                let has = |unit: &Unit, kind, on: &UnitName| {
                    unit.deps.iter().any(|d| d.kind == kind && self.main_name(&d.on) == on)
                };
                let ordered = beside.contains(&member.name)
                    || has(member, DepKind::After, &target.name)
                    || has(member, DepKind::Before, &target.name);
                if counts && !ordered {
                    edges.push((target.name.clone(), member.name.clone()));
                }
            }
        }
        for (target, on) in edges {
            if let Some(unit) = self.names.get(&target).and_then(|at| self.units.get_mut(*at)) {
                unit.deps.push(Dependency { kind: DepKind::After, on, origin: None });
            }
        }
    }
}

impl Loader<'_> {
    /// The named units and all that they reach by anything but mere order.
    #[must_use]
    pub fn load_closure(&self, names: &[UnitName]) -> Units {
        let mut units = Units::default();
        let mut waiting = names.to_vec();
        while let Some(name) = waiting.pop() {
            if units.get(&name).is_some() {
                continue;
            }
            let unit = self.load(&name);
            if unit.name != name {
                if let Some(at) = units.names.get(&unit.name).copied() {
                    units.names.insert(name, at);
                    continue;
                }
                units.names.insert(name, units.units.len());
            }
            let reached = unit.deps.iter().filter(|d| reaches(d.kind) && units.get(&d.on).is_none());
            waiting.extend(reached.map(|d| d.on.clone()));
            units.insert(unit);
        }
        units.order_targets();
        units
    }

    /// Every unit of the search path and all that they reach, built-in targets included; broken ones
    /// are among them with their state. Templates are there only as the instances that are reached.
    #[must_use]
    pub fn load_all(&self) -> Units {
        let on_disk = self.index.names().into_iter().filter(|n| !n.is_template()).cloned();
        self.load_closure(&on_disk.chain(builtin::names()).collect::<Vec<_>>())
    }
}

/// Does the edge make its end part of a transaction?
fn reaches(kind: DepKind) -> bool {
    match kind {
        DepKind::Before | DepKind::After | DepKind::JoinsNamespaceOf => false,
        DepKind::Requires
        | DepKind::Requisite
        | DepKind::Wants
        | DepKind::BindsTo
        | DepKind::PartOf
        | DepKind::Upholds
        | DepKind::Conflicts
        | DepKind::OnFailure
        | DepKind::OnSuccess
        | DepKind::PropagatesReloadTo
        | DepKind::ReloadPropagatedFrom
        | DepKind::PropagatesStopTo
        | DepKind::StopPropagatedFrom => true,
    }
}

/// The edges to which a target adds `After=`.
fn pulls(kind: DepKind) -> bool {
    matches!(
        kind,
        DepKind::Requires | DepKind::Requisite | DepKind::Wants | DepKind::BindsTo | DepKind::PartOf
    )
}
