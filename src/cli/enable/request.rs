//! What was asked for on a host of init scripts: the units and scripts that it is about.

use crate::cli::exit::Class;
use crate::cli::scripts::{self, Owner, Script};
use crate::job::context::Context;
use crate::job::outcome::Refused;
use crate::job::units;
use crate::sysv::chkconfig::Env;
use crate::sysv::install::{self, Enablement};
use crate::unit::load::Loader;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use std::collections::BTreeMap;
use std::path::Path;

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

/// A request on a SysV host.
pub(super) struct Request<'a> {
    pub ctx: &'a Context,
    pub change: Change,
    pub env: Env,
    pub scripts: BTreeMap<String, Script>,
    pub wanted: Vec<LinkRequest>,
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

/// Calls `each` with each unit once: those named, and behind each what it returns, its `Also=`.
pub(super) fn with_also(
    names: &[UnitName],
    mut each: impl FnMut(&UnitName) -> Changed<Vec<UnitName>>,
) -> Changed<()> {
    let mut waiting: Vec<UnitName> = names.iter().rev().cloned().collect();
    let mut seen: Vec<UnitName> = Vec::new();
    while let Some(name) = waiting.pop() {
        if !seen.contains(&name) {
            waiting.extend(each(&name)?.into_iter().rev());
            seen.push(name);
        }
    }
    Ok(())
}

impl<'a> Request<'a> {
    pub(super) fn new(ctx: &'a Context, change: Change, env: Env, names: &[UnitName]) -> Changed<Self> {
        let scripts =
            scripts::read(&ctx.root).into_iter().map(|s| (s.name.clone(), s)).collect::<BTreeMap<_, _>>();
        let mut request = Self { ctx, change, env, scripts, wanted: Vec::new(), notes: Vec::new() };
        let facts = ctx.facts();
        let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
        with_also(names, |name| request.add(&loader, name))?;
        Ok(request)
    }

    /// Adds a unit with its aliases; what [Install] wants along with it is returned.
    fn add(&mut self, loader: &Loader, name: &UnitName) -> Changed<Vec<UnitName>> {
        let mut unit = loader.load(name);
        if unit.load == LoadState::NotFound && self.scripts.contains_key(name.stem()) {
            self.wanted.push(LinkRequest { script: name.stem().to_owned(), unit: None, install: None });
            return Ok(Vec::new());
        }
        if let Some(what) = units::refusal(&unit) {
            let gone = unit.load == LoadState::NotFound;
            return refuse(if gone { Class::Failed } else { Class::NotConfigured }, what, None);
        }
        let asked = match install::enablement(name, &unit.install) {
            Ok(asked) => asked,
            Err(install::InstallError::Nothing(name)) => {
                // As systemctl: said, and no failure.
                self.notes.push(install::InstallError::Nothing(name).to_string());
                return Ok(Vec::new());
            }
            Err(e) => return refuse(Class::Failed, e.to_string(), None),
        };
        if asked.unit != unit.name && asked.unit != *name {
            unit = loader.load(&asked.unit);
        }
        for target in &asked.without_level {
            self.notes
                .push(format!("'{target}' stands for no runlevel: '{}' is not started for it", asked.unit));
        }
        let also = asked.also.clone();
        let names = std::iter::once(&asked.unit).chain(&asked.aliases);
        let scripts: Vec<String> = names.map(|n| n.stem().to_owned()).collect();
        for script in scripts {
            self.wanted.push(LinkRequest { script, unit: Some(unit.clone()), install: Some(asked.clone()) });
        }
        Ok(also)
    }

    /// Is it somebody else's script?
    pub(super) fn is_foreign(&self, wanted: &LinkRequest) -> bool {
        wanted.unit.is_none() || self.scripts.get(&wanted.script).is_some_and(|s| s.owner == Owner::Other)
    }
}
