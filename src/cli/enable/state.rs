//! Is a unit file enabled, and if not, why: in systemctl's words, by what starts it on this host.

use super::links;
use super::request::has_scripts;
use crate::host::{Init, init};
use crate::job::context::Context;
use crate::sysv::apply;
use crate::sysv::install::{self, UnitFileState, levels_asked, levels_of};
use crate::sysv::links::FoundLinks;
use crate::unit::install::{FoundLink, Linked, linked, member};
use crate::unit::load::{FileState, Loader, UnitFile};
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use std::ffi::OsStr;
use std::path::Path;

/// What generators and `systemd-run` make lies below these.
const MADE: [(&str, UnitFileState); 2] = [
    ("/run/systemd/generator", UnitFileState::Generated),
    ("/run/systemd/transient", UnitFileState::Transient),
];

/// What starts units here.
pub struct Enabled {
    runlevels: FoundLinks,
    links: Vec<FoundLink>,
    /// The links of [Install] do, also those of the targets that stand for runlevels elsewhere.
    by_targets: bool,
}

impl Enabled {
    /// Reads the links of the runlevels and of units.
    #[must_use]
    pub fn read(ctx: &Context) -> Self {
        let by_targets = !has_scripts(ctx) || init(&ctx.root) == Init::Systemd;
        Self { runlevels: apply::links(&ctx.root, []), links: links::read(&ctx.root), by_targets }
    }

    /// Of a file of the search path.
    #[must_use]
    pub fn file(&self, loader: &Loader, file: &UnitFile) -> UnitFileState {
        match file.state {
            FileState::Masked => masked(&file.path),
            FileState::Alias(_) | FileState::File => {
                self.unit(&file.name, &loader.load(&file.name)).unwrap_or(UnitFileState::Bad)
            }
        }
    }

    /// Of a unit that was asked for by this name; `None` where there is no file.
    #[must_use]
    pub fn unit(&self, name: &UnitName, unit: &Unit) -> Option<UnitFileState> {
        let path = unit.fragment.as_deref();
        let made = || MADE.iter().find(|(folder, _)| path.is_some_and(|p| is_below(p, folder)));
        Some(match (unit.load, made()) {
            (LoadState::NotFound, _) => return None,
            (LoadState::Masked, _) => masked(path.unwrap_or(Path::new("/"))),
            (LoadState::Error, _) => UnitFileState::Bad,
            _ if self.is_on(name) || member(name, &unit.install).is_ok_and(|one| self.is_on(&one)) => {
                UnitFileState::Enabled
            }
            _ if *name != unit.name && name.instance().is_none_or(str::is_empty) => UnitFileState::Alias,
            (_, Some((_, state))) => *state,
            (LoadState::Loaded | LoadState::BadSetting, None) => {
                path?;
                match self.linked(unit) {
                    Linked::Yes => UnitFileState::Enabled,
                    Linked::ByOtherNames => UnitFileState::Indirect,
                    Linked::No => install::state_when_off(&unit.install),
                }
            }
        })
    }

    /// What the links of other units make of it. Where runlevels start units, those of the targets that stand
    /// for them start nothing; nor does another name of a unit that some runlevel is to start.
    fn linked(&self, unit: &Unit) -> Linked {
        let by_runlevel = !levels_asked(&unit.install).is_empty();
        let counts = |link: &&FoundLink| match &link.puller {
            _ if self.by_targets => true,
            Some(puller) => levels_of(puller).is_empty(),
            None => !by_runlevel,
        };
        linked(&unit.name, &unit.install, self.links.iter().filter(counts))
    }

    /// Does some runlevel start the script of this name?
    fn is_on(&self, name: &UnitName) -> bool {
        !self.by_targets && !self.runlevels.on(OsStr::new(name.stem())).is_empty()
    }

    /// The same of a script that stands for no unit; off is off.
    #[must_use]
    pub fn script(&self, name: &UnitName) -> UnitFileState {
        if self.is_on(name) { UnitFileState::Enabled } else { UnitFileState::Disabled }
    }
}

/// Until the next boot, where the mask lies in /run.
fn masked(path: &Path) -> UnitFileState {
    if path.starts_with("/run") { UnitFileState::MaskedRuntime } else { UnitFileState::Masked }
}

/// `/run/systemd/generator.late` counts as `/run/systemd/generator`.
fn is_below(path: &Path, folder: &str) -> bool {
    path.parent().and_then(Path::to_str).is_some_and(|parent| {
        parent.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
