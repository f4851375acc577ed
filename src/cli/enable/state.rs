//! Is a unit file enabled, and if not, why: in systemctl's words, by what starts it on this host.

use super::request::has_scripts;
use super::wants;
use crate::host::{Init, init};
use crate::job::context::Context;
use crate::os::root::Root;
use crate::sysv::apply;
use crate::sysv::install::{self, UnitFileState};
use crate::sysv::links::FoundLinks;
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

/// What starts units at boot here.
pub struct Enabled<'a> {
    root: &'a Root,
    links: FoundLinks,
    /// The links of [Install] do, and not those of runlevels.
    by_targets: bool,
}

impl<'a> Enabled<'a> {
    /// Reads the links of the runlevels.
    #[must_use]
    pub fn read(ctx: &'a Context) -> Self {
        let by_targets = !has_scripts(ctx) || init(&ctx.root) == Init::Systemd;
        Self { root: &ctx.root, links: apply::links(&ctx.root, []), by_targets }
    }

    /// Of a file of the search path.
    #[must_use]
    pub fn file(&self, loader: &Loader, file: &UnitFile) -> UnitFileState {
        match file.state {
            FileState::Masked => masked(&file.path),
            FileState::Alias(_) if self.is_on(&file.name) => UnitFileState::Enabled,
            FileState::Alias(_) => UnitFileState::Alias,
            FileState::File => self.unit(&file.name, &loader.load(&file.name)).unwrap_or(UnitFileState::Bad),
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
            _ if self.is_on(name) || self.by_targets && wants::is_enabled(self.root, unit) => {
                UnitFileState::Enabled
            }
            (_, Some((_, state))) => *state,
            _ if *name != unit.name => UnitFileState::Alias,
            (LoadState::Loaded | LoadState::BadSetting, None) => {
                path?;
                install::state(&self.links, OsStr::new(name.stem()), &unit.install, false)
            }
        })
    }

    /// Does some runlevel start the script of this name?
    fn is_on(&self, name: &UnitName) -> bool {
        !self.by_targets && !self.links.on(OsStr::new(name.stem())).is_empty()
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
