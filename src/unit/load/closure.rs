//! Many units at once: everything that a transaction may touch, or everything there is.

use super::several::Loaded;
use super::{Loader, builtin};
use crate::unit::model::{DepKind, Dependency, LoadState, Unit};
use crate::unit::name::{UnitKind, UnitName};
use std::collections::{HashMap, HashSet};

/// Loaded units; an alias finds its unit.
#[derive(Clone, Debug, Default)]
pub struct Units {
    units: Vec<Unit>,
    /// Where each name leads, main names and others.
    names: HashMap<UnitName, usize>,
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

    /// How many units, each counted once whatever its aliases.
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
        self.units.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.units
    }

    /// What each of the names led to.
    fn from_names(names: &[UnitName], Loaded { mut units, places }: Loaded) -> Self {
        let mut all = Self::default();
        all.names.reserve(names.len());
        let (mut asked, mut at) = (places.iter().map(|place| names.get(*place)), 0);
        units.retain(|unit| {
            let is_new = asked.next().flatten().is_some_and(|name| all.enter(name, unit, at));
            at += usize::from(is_new);
            is_new
        });
        all.units = units;
        all
    }

    /// Notes the names of a unit that stands, or will stand, at a place; false where it has one already.
    fn enter(&mut self, asked: &UnitName, unit: &Unit, at: usize) -> bool {
        if self.names.contains_key(asked) {
            return false;
        }
        if unit.name != *asked {
            let known = self.names.get(&unit.name).copied();
            self.names.insert(asked.clone(), known.unwrap_or(at));
            if known.is_some() {
                return false;
            }
        }
        for alias in &unit.aliases {
            self.names.insert(alias.clone(), at);
        }
        self.names.insert(unit.name.clone(), at);
        true
    }

    /// What a unit reaches that is not there yet.
    fn reached<'u>(&'u self, unit: &'u Unit) -> impl Iterator<Item = UnitName> + 'u {
        let reached = unit.deps.iter().filter(|d| reaches(d.kind) && !self.names.contains_key(&d.on));
        reached.map(|d| d.on.clone())
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
            let beside: HashSet<&UnitName> =
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
        self.close(Units::default(), names.to_vec())
    }

    /// Adds the waiting units and all that they reach.
    fn close(&self, mut units: Units, mut waiting: Vec<UnitName>) -> Units {
        while let Some(name) = waiting.pop() {
            if units.names.contains_key(&name) {
                continue;
            }
            let unit = self.load(&name);
            waiting.extend(units.reached(&unit));
            if units.enter(&name, &unit, units.units.len()) {
                units.units.push(unit);
            }
        }
        units.order_targets();
        units
    }

    /// Every unit of the search path and all that they reach, built-in targets included; broken ones
    /// are among them with their state. Templates are there only as the instances that are reached, and as those
    /// of the names in `besides`.
    #[must_use]
    pub fn load_all(&self, besides: &[UnitName]) -> Units {
        let (targets, others): (Vec<_>, Vec<_>) = self
            .index
            .names()
            .filter(|n| !n.is_template())
            .cloned()
            .partition(|n| n.kind() == UnitKind::Target);
        let built_in = builtin::names().filter(|n| !self.index.has(n));
        // Targets first: one with thousands of links would else keep all waiting at the end.
        let names: Vec<UnitName> = built_in.chain(targets).chain(others).collect();
        let units = Units::from_names(&names, self.load_each(&names));
        let reached = units.units.iter().flat_map(|unit| units.reached(unit));
        let waiting = reached.chain(besides.iter().cloned()).collect();
        self.close(units, waiting)
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
