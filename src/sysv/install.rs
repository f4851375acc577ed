//! What enabling a unit means on a SysV host: `[Install]` as runlevels. Pure.
//!
//! `default.target` and `multi-user.target` are runlevels 2 to 5, `graphical.target` 5,
//! `rescue.target` 1, `runlevelN.target` N. Other targets have no runlevel, which is reported.

use super::level::{Levels, Priority, Runlevel};
use super::links::{FoundLinks, LinkAction};
use super::priority::Numbers;
use crate::unit::model::Install;
use crate::unit::name::UnitName;
use std::ffi::OsStr;
use thiserror::Error;

/// What `[Install]` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enablement {
    /// The unit itself; for a template the instance that is meant.
    pub unit: UnitName,
    /// The runlevels that start it.
    pub levels: Levels,
    /// Further names, each a script of its own that runs the same unit.
    pub aliases: Vec<UnitName>,
    /// Units to enable and disable together with it.
    pub also: Vec<UnitName>,
    /// Units in WantedBy= and RequiredBy= that stand for no runlevel.
    pub without_level: Vec<UnitName>,
}

/// Why a unit cannot be enabled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InstallError {
    /// systemctl's "no installation config": enabling would do nothing.
    #[error(
        "'{0}' has no [Install] section that says when to start it; it is started by other units, or by hand"
    )]
    Nothing(UnitName),
    /// `foo@.service` without `DefaultInstance=`.
    #[error("'{0}' is a template: name an instance, or give it DefaultInstance=")]
    Template(UnitName),
    /// An instance name that is none.
    #[error("DefaultInstance='{1}' of '{0}' makes no valid name of a unit")]
    Instance(UnitName, String),
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
    let unit = match (&install.default_instance, unit.is_template()) {
        (_, false) => unit.clone(),
        (None, true) => return Err(InstallError::Template(unit.clone())),
        (Some(instance), true) => unit
            .with_instance(instance)
            .map_err(|_| InstallError::Instance(unit.clone(), instance.clone()))?,
    };
    let wants = install.wanted_by.iter().chain(&install.required_by);
    let levels = wants.clone().map(levels_of).fold(Levels::NONE, Levels::union);
    let without_level: Vec<UnitName> = wants.filter(|w| levels_of(w).is_empty()).cloned().collect();
    if levels.is_empty() && without_level.is_empty() && install.alias.is_empty() && install.also.is_empty() {
        return Err(InstallError::Nothing(unit));
    }
    let (aliases, also) = (install.alias.clone(), install.also.clone());
    Ok(Enablement { unit, levels, aliases, also, without_level })
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

/// As `systemctl is-enabled` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFileState {
    /// An S link in some level.
    Enabled,
    /// No S link, though `[Install]` asks for one.
    Disabled,
    /// Nothing to enable.
    Static,
    /// Nothing but other units, which `Also=` names.
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

/// Is the script `name` of a unit enabled?
#[must_use]
pub fn state(found: &FoundLinks, name: &OsStr, install: &Install, is_masked: bool) -> UnitFileState {
    if is_masked {
        UnitFileState::Masked
    } else if !found.on(name).is_empty() {
        UnitFileState::Enabled
    } else if install.wanted_by.is_empty() && install.required_by.is_empty() && install.alias.is_empty() {
        if install.also.is_empty() { UnitFileState::Static } else { UnitFileState::Indirect }
    } else {
        UnitFileState::Disabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::links::{Target, plan};

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
        assert_eq!((e.levels.to_string().as_str(), e.without_level), ("15", vec![unit("x.target")]));
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
        assert_eq!(state(&found, name, &install, false).as_str(), "disabled");
        assert_eq!(state(&found, name, &Install::default(), false).as_str(), "static");
        let also = Install { also: vec![unit("b.service")], ..Install::default() };
        assert_eq!(state(&found, name, &also, false).as_str(), "indirect");
        assert_eq!(plan(&found, name, enabled(Levels::MULTI_USER, numbers)).len(), 7);
        for (level, turn, priority) in enabled(Levels::MULTI_USER, numbers) {
            let file = format!("{}{priority}web", turn.letter());
            found.add(level, OsStr::new(&file), Target::Link("../init.d/web".into()));
        }
        assert_eq!(state(&found, name, &install, false).as_str(), "enabled");
        assert_eq!(state(&found, name, &install, true).as_str(), "masked");
        assert!(plan(&found, name, enabled(Levels::MULTI_USER, numbers)).is_empty());
        assert_eq!(plan(&found, name, disabled(numbers)).len(), 8);
    }
}
