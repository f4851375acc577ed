//! What was asked for on a host whose init is not systemd: the units and scripts that it is about.

use super::links;
use crate::cli::exit::Class;
use crate::cli::scripts::{self, Owner, Script};
use crate::job::context::Context;
use crate::job::outcome::Refused;
use crate::job::units;
use crate::sysv::chkconfig::Env;
use crate::sysv::install::{self, Enablement};
use crate::unit::install::{FoundLink, InstallError, InstallLink, to_remove};
use crate::unit::load::Loader;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Links from [Install]; what is there stays.
    Enable,
    /// No level starts it.
    Disable,
    /// Links from [Install] as it is now.
    Reenable,
}

impl Change {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Reenable => "reenable",
        }
    }
}

/// A script that is to be linked.
pub(super) struct LinkRequest {
    /// Its name in init.d.
    pub script: String,
    /// What it runs; `None` for a script without a unit.
    pub unit: Option<Unit>,
    /// What [Install] asks for.
    pub install: Option<Enablement>,
}

/// A unit whose links below /etc/systemd/system are to be made or to go.
pub(super) struct LinkedUnit {
    /// The name that was asked for, and the unit's own where that is another one.
    pub names: Vec<UnitName>,
    /// Its file, to which they lead; `None` where it has none any more.
    pub file: Option<PathBuf>,
    /// What [Install] asks for.
    pub links: Vec<InstallLink>,
}

/// A request on a host whose init is not systemd.
pub(super) struct Request<'a> {
    pub ctx: &'a Context,
    pub change: Change,
    pub env: Env,
    pub scripts: BTreeMap<String, Script>,
    pub wanted: Vec<LinkRequest>,
    pub linked: Vec<LinkedUnit>,
    /// The links below /etc/systemd/system.
    pub found: Vec<FoundLink>,
    pub notes: Vec<String>,
}

/// Is this a host of init scripts? An image for containers has none.
pub(super) fn has_scripts(ctx: &Context) -> bool {
    ctx.root.is_dir(Path::new(scripts::FOLDER))
}

/// Refusals have the hand door's codes.
pub(super) type Changed<T> = Result<T, Refused>;

pub(super) fn refuse<T>(class: Class, what: impl Into<String>, hint: Option<&str>) -> Changed<T> {
    Err(Refused { class, what: what.into(), hint: hint.map(str::to_owned) })
}

/// What one request asks of a unit, and of which.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedBy {
    Operator,
    /// `Also=` of another one.
    Also,
}

impl<'a> Request<'a> {
    /// The units that are named, and behind each those of its `Also=`, each once.
    pub(super) fn new(ctx: &'a Context, change: Change, env: Env, names: &[UnitName]) -> Changed<Self> {
        let scripts =
            scripts::read(&ctx.root).into_iter().map(|s| (s.name.clone(), s)).collect::<BTreeMap<_, _>>();
        let (wanted, linked, notes) = (Vec::new(), Vec::new(), Vec::new());
        let found = links::read(&ctx.root);
        let mut request = Self { ctx, change, env, scripts, wanted, linked, found, notes };
        let facts = ctx.facts();
        let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
        let mut waiting: Vec<_> = names.iter().rev().map(|name| (name.clone(), AskedBy::Operator)).collect();
        let mut seen: Vec<UnitName> = Vec::new();
        while let Some((name, by)) = waiting.pop() {
            if !seen.contains(&name) {
                let also = request.add(&loader, &name, by)?;
                waiting.extend(also.into_iter().rev().map(|name| (name, AskedBy::Also)));
                seen.push(name);
            }
        }
        Ok(request)
    }

    /// Adds a unit with its aliases; what [Install] wants along with it is returned.
    fn add(&mut self, loader: &Loader, name: &UnitName, by: AskedBy) -> Changed<Vec<UnitName>> {
        let unit = loader.load(name);
        let is_gone = unit.load == LoadState::NotFound;
        if is_gone && self.has_rests(name) {
            self.linked.push(LinkedUnit { names: vec![name.clone()], file: None, links: Vec::new() });
            if self.scripts.contains_key(name.stem()) {
                self.wanted.push(LinkRequest { script: name.stem().to_owned(), unit: None, install: None });
            }
            return Ok(Vec::new());
        }
        if let Some(what) = units::refusal(&unit) {
            if is_gone && by == AskedBy::Also {
                // As systemctl: the others do not wait for it.
                self.notes.push(format!("{what}, though Also= names it"));
                return Ok(Vec::new());
            }
            return refuse(if is_gone { Class::Failed } else { Class::NotConfigured }, what, None);
        }
        let main = self.main_name(name, &unit)?;
        let asked = match install::enablement(&main, &unit.install) {
            Ok(asked) => asked,
            // As systemctl: said, and no failure.
            Err(InstallError::Nothing(_)) if self.change != Change::Disable || !self.is_linked(&main) => {
                self.notes.push(InstallError::Nothing(main).to_string());
                return Ok(Vec::new());
            }
            // What is there goes, whatever [Install] says now.
            Err(_) if self.change == Change::Disable => Enablement::none(&main, &unit.install),
            Err(e) => return refuse(Class::Failed, e.to_string(), None),
        };
        let also = asked.also.clone();
        self.take_in(loader, (name, &main), unit, asked);
        Ok(also)
    }

    /// Adds what is to be made of one unit: its links, and each of its scripts.
    fn take_in(
        &mut self,
        loader: &Loader,
        (name, main): (&UnitName, &UnitName),
        mut unit: Unit,
        asked: Enablement,
    ) {
        if asked.unit != unit.name && !asked.unit.is_template() {
            unit = loader.load(&asked.unit);
        }
        let mut names = vec![name.clone(), main.clone()];
        names.dedup();
        // Who pulls it in would start the unit beside somebody else's script.
        let links = if self.has_foreign(main) { Vec::new() } else { asked.links.clone() };
        if self.change != Change::Disable {
            self.notes.extend(links::notes(&links, loader));
        }
        self.linked.push(LinkedUnit { names, file: unit.fragment.clone(), links });
        for script in self.scripts_of(name, main, &asked) {
            if !self.wanted.iter().any(|w| w.script == script) {
                let (unit, install) = (Some(unit.clone()), Some(asked.clone()));
                self.wanted.push(LinkRequest { script, unit, install });
            }
        }
    }

    /// The name by which the unit is enabled: its own. As systemctl, none is enabled by another name of it,
    /// but a script has its name for itself.
    fn main_name(&self, name: &UnitName, unit: &Unit) -> Changed<UnitName> {
        if unit.name == *name || self.has_foreign(name) {
            return Ok(name.clone());
        }
        if self.change == Change::Disable {
            return Ok(unit.name.clone());
        }
        let what = format!("'{name}' is another name of '{}'", unit.name);
        let hint = format!("amr {} {}", self.change.as_str(), unit.name);
        refuse(Class::Failed, what, Some(&hint))
    }

    fn has_foreign(&self, name: &UnitName) -> bool {
        self.scripts.get(name.stem()).is_some_and(|s| s.owner == Owner::Other)
    }

    /// Is there a script of this unit, or a link?
    fn is_linked(&self, unit: &UnitName) -> bool {
        let has_link = || !to_remove(std::slice::from_ref(unit), &self.found).is_empty();
        self.scripts.contains_key(unit.stem()) || has_link()
    }

    /// Is there anything to be done with a unit that has no file: its script, or links that are to go?
    fn has_rests(&self, unit: &UnitName) -> bool {
        self.scripts.contains_key(unit.stem()) || self.change == Change::Disable && self.is_linked(unit)
    }

    /// The scripts that run a unit: one by its own name and by each other one, as it can be called by each. A
    /// template has none of its own.
    fn scripts_of(&self, name: &UnitName, main: &UnitName, asked: &Enablement) -> Vec<String> {
        if self.has_foreign(main) {
            return vec![main.stem().to_owned()];
        }
        let units = std::iter::once(asked.unit.clone()).chain(asked.other_names());
        let mut scripts: Vec<String> =
            units.filter(|n| !n.is_template()).map(|n| n.stem().to_owned()).collect();
        if self.change == Change::Disable {
            let is_of = |script: &Script| {
                let of = UnitName::parse_or_service(&script.name).ok();
                // With a template all its instances go.
                let is_instance = of.as_ref().and_then(UnitName::template).is_some_and(|t| t == *main);
                script.owner == Owner::Amr && (is_instance || of.as_ref() == Some(name))
            };
            scripts.extend(self.scripts.values().filter(|s| is_of(s)).map(|s| s.name.clone()));
        }
        scripts
    }

    /// Is it somebody else's script?
    pub(super) fn is_foreign(&self, wanted: &LinkRequest) -> bool {
        wanted.unit.is_none() || self.scripts.get(&wanted.script).is_some_and(|s| s.owner == Owner::Other)
    }
}
