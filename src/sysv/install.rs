//! What enabling a unit means on a SysV host: `[Install]` as runlevels. Pure.
//!
//! `default.target` and `multi-user.target` are runlevels 2 to 5, `graphical.target` 5,
//! `rescue.target` 1, `runlevelN.target` N. For other units there are the links of [`crate::unit::install`].

use super::level::{Levels, Priority, Runlevel};
use super::links::{FoundLinks, LinkAction, Step, plan};
use super::priority::Numbers;
use crate::unit::install::{self, InstallError, InstallLink};
use crate::unit::model::Install;
use crate::unit::name::UnitName;
use std::ffi::OsStr;

/// What `[Install]` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enablement {
    /// The unit itself; for a template the instance that is meant.
    pub unit: UnitName,
    /// The runlevels that start it.
    pub levels: Levels,
    /// Units to enable and disable together with it.
    pub also: Vec<UnitName>,
    /// All links of [Install], also those that stand for runlevels.
    pub links: Vec<InstallLink>,
}

/// The runlevels that a unit in WantedBy= or RequiredBy= stands for.
#[must_use]
pub fn levels_of(target: &UnitName) -> Levels {
    match target.as_str() {
        "default.target" | "multi-user.target" => Levels::MULTI_USER,
        "graphical.target" => levels(b"5"),
        "rescue.target" => levels(b"1"),
        other => match other.strip_prefix("runlevel").and_then(|n| n.strip_suffix(".target")) {
            Some(n) if n.len() == 1 => levels(n.as_bytes()),
            _ => Levels::NONE,
        },
    }
}

fn levels(digits: &[u8]) -> Levels {
    Levels::parse(digits).unwrap_or(Levels::NONE)
}

/// What enabling `unit` means.
///
/// # Errors
/// See [`InstallError`].
pub fn enablement(unit: &UnitName, install: &Install) -> Result<Enablement, InstallError> {
    let links = install::links(unit, install)?;
    let unit = install::member(unit, install)?;
    let levels = levels_asked(install);
    if links.is_empty() && install.also.is_empty() {
        return Err(InstallError::Nothing(unit));
    }
    Ok(Enablement { unit, levels, also: install.also.clone(), links })
}

impl Enablement {
    /// Of a unit that [Install] asks nothing for, or nothing that could be.
    #[must_use]
    pub fn none(unit: &UnitName, install: &Install) -> Self {
        Self { unit: unit.clone(), levels: Levels::NONE, also: install.also.clone(), links: Vec::new() }
    }

    /// Its names of `Alias=`.
    pub fn other_names(&self) -> impl Iterator<Item = UnitName> {
        let names = self.links.iter().filter(|link| link.puller.is_none());
        names.filter_map(|link| UnitName::parse(link.path.file_name()?.to_str()?).ok())
    }
}

/// The runlevels that `[Install]` asks for.
#[must_use]
pub fn levels_asked(install: &Install) -> Levels {
    install.wanted_by.iter().chain(&install.required_by).map(levels_of).fold(Levels::NONE, Levels::union)
}

/// The links of an enabled service: S in its levels, K in the others.
pub fn enabled(levels: Levels, numbers: Numbers) -> impl Iterator<Item = (Runlevel, LinkAction, Priority)> {
    Levels::ALL.iter().map(move |level| {
        if levels.contains(level) {
            (level, LinkAction::Start, numbers.start)
        } else {
            (level, LinkAction::Stop, numbers.stop)
        }
    })
}

/// The links of a disabled one: K in all levels, so that it is stopped wherever it still runs.
pub fn disabled(numbers: Numbers) -> impl Iterator<Item = (Runlevel, LinkAction, Priority)> {
    enabled(Levels::NONE, numbers)
}

/// The steps to the links of a service that no level starts, as another unit pulls it in: K where the host goes
/// down. Between the other levels it is not stopped, as the other unit is not.
#[must_use]
pub fn pulled_in(found: &FoundLinks, name: &OsStr, numbers: Numbers) -> Vec<Step> {
    let mut steps =
        plan(found, name, Levels::DOWN.iter().map(|level| (level, LinkAction::Stop, numbers.stop)));
    let others = found.links_of(name).iter().filter(|e| !Levels::DOWN.contains(e.level));
    steps.extend(others.map(|e| Step::Remove { level: e.level, link: e.link(name) }));
    steps
}

/// As `systemctl is-enabled` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFileState {
    /// Something starts it: a runlevel, or a link of another unit.
    Enabled,
    /// Nothing does, though `[Install]` asks for it.
    Disabled,
    /// Nothing to enable.
    Static,
    /// Nothing but other units, which `Also=` names; or it is linked under names that `[Install]` does not know.
    Indirect,
    /// Another name of a unit.
    Alias,
    /// A generator made it.
    Generated,
    /// A program made it, for this boot.
    Transient,
    /// Masked, whatever the links say.
    Masked,
    /// Masked until the next boot.
    MaskedRuntime,
    /// It cannot be read.
    Bad,
}

impl UnitFileState {
    /// systemctl's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Static => "static",
            Self::Indirect => "indirect",
            Self::Alias => "alias",
            Self::Generated => "generated",
            Self::Transient => "transient",
            Self::Masked => "masked",
            Self::MaskedRuntime => "masked-runtime",
            Self::Bad => "bad",
        }
    }

    /// Is the unit started at boot, or need nothing be done for it? The code of `is-enabled` (systemctl(1)).
    #[must_use]
    pub fn is_good(self) -> bool {
        match self {
            Self::Enabled
            | Self::Static
            | Self::Indirect
            | Self::Alias
            | Self::Generated
            | Self::Transient => true,
            Self::Disabled | Self::Masked | Self::MaskedRuntime | Self::Bad => false,
        }
    }
}

/// What `[Install]` makes of a unit that nothing starts.
#[must_use]
pub fn state_when_off(install: &Install) -> UnitFileState {
    if !install.wanted_by.is_empty() || !install.required_by.is_empty() || !install.alias.is_empty() {
        UnitFileState::Disabled
    } else if install.also.is_empty() {
        UnitFileState::Static
    } else {
        UnitFileState::Indirect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::links::Target;

    fn unit(name: &str) -> UnitName {
        UnitName::parse(name).unwrap()
    }

    fn wanted_by(names: &[&str]) -> Install {
        Install { wanted_by: names.iter().map(|n| unit(n)).collect(), ..Install::default() }
    }

    #[test]
    fn targets_as_runlevels() {
        for (target, levels) in [
            ("default.target", "2345"),
            ("multi-user.target", "2345"),
            ("graphical.target", "5"),
            ("rescue.target", "1"),
            ("runlevel3.target", "3"),
            ("runlevel9.target", "-"),
            ("runlevel.target", "-"),
            ("network.target", "-"),
        ] {
            assert_eq!(levels_of(&unit(target)).to_string(), levels, "{target}");
        }
    }

    #[test]
    fn what_install_asks_for() {
        let name = unit("web.service");
        let e = enablement(&name, &wanted_by(&["graphical.target", "rescue.target", "x.target"])).unwrap();
        assert_eq!((e.levels.to_string().as_str(), e.links.len()), ("15", 3));
        let nothing = enablement(&name, &Install::default()).unwrap_err();
        assert!(nothing.to_string().contains("no [Install] section"));
        let also = Install { also: vec![unit("b.service")], ..Install::default() };
        assert_eq!(enablement(&name, &also).unwrap().also, [unit("b.service")]);
        let template = unit("web@.service");
        let mut install = wanted_by(&["multi-user.target"]);
        assert_eq!(enablement(&template, &install).unwrap_err(), InstallError::Template(template.clone()));
        install.default_instance = Some("one".to_owned());
        assert_eq!(enablement(&template, &install).unwrap().unit, unit("web@one.service"));
        install.default_instance = Some("a b".to_owned());
        assert!(matches!(enablement(&template, &install), Err(InstallError::Instance(..))));
    }

    #[test]
    fn links_and_state() {
        let install = wanted_by(&["multi-user.target"]);
        let name = OsStr::new("web");
        let numbers = Numbers { start: Priority::new(95).unwrap(), stop: Priority::new(20).unwrap() };
        let mut found = FoundLinks::default();
        assert_eq!(state_when_off(&install).as_str(), "disabled");
        assert_eq!(state_when_off(&Install::default()).as_str(), "static");
        let also = Install { also: vec![unit("b.service")], ..Install::default() };
        assert_eq!(state_when_off(&also).as_str(), "indirect");
        assert_eq!(plan(&found, name, enabled(Levels::MULTI_USER, numbers)).len(), 7);
        for (level, turn, priority) in enabled(Levels::MULTI_USER, numbers) {
            let file = format!("{}{priority}web", turn.letter());
            found.add(level, OsStr::new(&file), Target::Link("../init.d/web".into()));
        }
        assert_eq!(found.on(name).to_string(), "2345");
        assert!(plan(&found, name, enabled(Levels::MULTI_USER, numbers)).is_empty());
        assert_eq!(plan(&found, name, disabled(numbers)).len(), 8);
        let steps = pulled_in(&found, name, numbers);
        assert_eq!(steps.iter().filter(|s| matches!(s, Step::Remove { .. })).count(), 4);
        assert_eq!(steps.len(), 4);
    }
}
