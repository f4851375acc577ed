//! The links that `[Install]` asks for, and what those that are there say of a unit, as `systemctl enable`,
//! `disable` and `is-enabled` of systemd 252 have it (install.c). Pure.

use super::model::Install;
use super::name::UnitName;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where the links are made.
pub const FOLDER: &str = "/etc/systemd/system";

/// Why a unit cannot be enabled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InstallError {
    /// systemctl's "no installation config": enabling would do nothing.
    #[error(
        "'{0}' has no [Install] section that says when to start it; it is started by other units, or by hand"
    )]
    Nothing(UnitName),
    /// `foo@.service` without `DefaultInstance=`, wanted by a unit that names no instance either.
    #[error("'{0}' is a template: name an instance, or give it DefaultInstance=")]
    Template(UnitName),
    /// An instance name that is none.
    #[error("DefaultInstance='{1}' of '{0}' makes no valid name of a unit")]
    Instance(UnitName, String),
    /// A name in `Alias=` that the unit cannot have.
    #[error(
        "'{0}' cannot have the other name '{1}' (Alias=): it takes one of the same kind, with '@' where its own has it"
    )]
    Alias(UnitName, UnitName),
}

/// A link of `[Install]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallLink {
    /// Where it is made.
    pub path: PathBuf,
    /// The unit that pulls this one in by it; `None`: it is another name.
    pub puller: Option<UnitName>,
}

/// The name under which others pull a unit in: of a template the instance of `DefaultInstance=`.
///
/// # Errors
/// That makes no name.
pub fn member(unit: &UnitName, install: &Install) -> Result<UnitName, InstallError> {
    match &install.default_instance {
        Some(instance) if unit.is_template() => {
            unit.with_instance(instance).map_err(|_| InstallError::Instance(unit.clone(), instance.clone()))
        }
        Some(_) | None => Ok(unit.clone()),
    }
}

/// The links that enabling `unit` makes, each with the text that is the path of its file.
///
/// # Errors
/// See [`InstallError`]; that `[Install]` asks for none is no error.
pub fn links(unit: &UnitName, install: &Install) -> Result<Vec<InstallLink>, InstallError> {
    let member = member(unit, install)?;
    let mut links = Vec::new();
    for (targets, kind) in [(&install.wanted_by, "wants"), (&install.required_by, "requires")] {
        for target in targets {
            // The instance comes from the one that pulls it in.
            if member.is_template() && target.instance().is_none() {
                return Err(InstallError::Template(unit.clone()));
            }
            let path = Path::new(FOLDER).join(format!("{target}.{kind}")).join(member.as_str());
            links.push(InstallLink { path, puller: Some(target.clone()) });
        }
    }
    for alias in &install.alias {
        let name = match unit.instance() {
            Some(instance) if !instance.is_empty() && alias.is_template() => alias.with_instance(instance),
            Some(_) | None => Ok(alias.clone()),
        };
        let name = name.ok().filter(|name| name == unit || name.may_alias(unit));
        let name = name.ok_or_else(|| InstallError::Alias(unit.clone(), alias.clone()))?;
        if name != *unit {
            links.push(InstallLink { path: Path::new(FOLDER).join(name.as_str()), puller: None });
        }
    }
    Ok(links)
}

/// A link that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLink {
    /// Where.
    pub path: PathBuf,
    /// As in [`InstallLink`].
    pub puller: Option<UnitName>,
    /// Where it leads, as a path inside the root.
    pub to: PathBuf,
}

impl FoundLink {
    fn name(&self) -> Option<&OsStr> {
        self.path.file_name()
    }

    /// Is it what brings the unit of this name its file from another folder, or masks it?
    fn is_file_of(&self, unit: &UnitName) -> bool {
        self.puller.is_none() && self.name() == Some(OsStr::new(unit.as_str()))
    }

    /// Has it the unit's name, or does it lead to a file of that name?
    fn is_about(&self, unit: &UnitName) -> bool {
        let unit = Some(OsStr::new(unit.as_str()));
        self.name() == unit || self.to.file_name() == unit
    }
}

/// What the links that are there make of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// There is one that `[Install]` could have asked for.
    Yes,
    /// Only under names of which `[Install]` does not know.
    ByOtherNames,
    /// There is none.
    No,
}

/// What `found` makes of a unit (`find_symlinks`).
pub fn linked<'f>(
    unit: &UnitName,
    install: &Install,
    found: impl IntoIterator<Item = &'f FoundLink>,
) -> Linked {
    let instance = member(unit, install).ok();
    let is_known = |name: &OsStr| {
        let names = std::iter::once(unit).chain(&install.alias).chain(&instance);
        names.into_iter().any(|known| name == known.as_str())
    };
    let mut linked = Linked::No;
    for link in found.into_iter().filter(|l| l.is_about(unit) && !l.is_file_of(unit)) {
        if link.name().is_some_and(is_known) {
            return Linked::Yes;
        }
        linked = Linked::ByOtherNames;
    }
    linked
}

/// The links that go when these units are disabled: those of their names, those that lead to their files,
/// and those that lead to these links (`remove_marked_symlinks`). What brings a unit its file stays.
#[must_use]
pub fn to_remove<'f>(units: &[UnitName], found: &'f [FoundLink]) -> Vec<&'f FoundLink> {
    let mut gone: Vec<&FoundLink> = Vec::new();
    loop {
        let goes = |link: &&FoundLink| {
            let is_about = units.iter().any(|unit| link.is_about(unit) && !link.is_file_of(unit));
            (is_about || gone.iter().any(|other| other.path == link.to)) && !gone.contains(link)
        };
        let more: Vec<&FoundLink> = found.iter().filter(goes).collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> UnitName {
        UnitName::parse(name).unwrap()
    }

    fn units(names: &[&str]) -> Vec<UnitName> {
        names.iter().map(|n| unit(n)).collect()
    }

    fn paths(name: &str, install: &Install) -> Result<Vec<String>, InstallError> {
        let of = |link: InstallLink| link.path.strip_prefix(FOLDER).unwrap().display().to_string();
        Ok(links(&unit(name), install)?.into_iter().map(of).collect())
    }

    #[test]
    fn links_of_plain_units_templates_and_instances() {
        let install = Install {
            wanted_by: units(&["a.service"]),
            required_by: units(&["b.target"]),
            alias: units(&["other.service", "web.service"]),
            ..Install::default()
        };
        let plain = ["a.service.wants/web.service", "b.target.requires/web.service", "other.service"];
        assert_eq!(paths("web.service", &install).unwrap(), plain);
        let mut install = Install {
            wanted_by: units(&["set@.target"]),
            alias: units(&["all@.service"]),
            ..Install::default()
        };
        assert_eq!(
            paths("each@.service", &install).unwrap(),
            ["set@.target.wants/each@.service", "all@.service"]
        );
        assert_eq!(
            paths("each@a.service", &install).unwrap(),
            ["set@.target.wants/each@a.service", "all@a.service"]
        );
        install.default_instance = Some("one".to_owned());
        let default = ["set@.target.wants/each@one.service", "all@.service"];
        assert_eq!(paths("each@.service", &install).unwrap(), default);
        install.default_instance = Some("a b".to_owned());
        assert!(matches!(paths("each@.service", &install), Err(InstallError::Instance(..))));
    }

    #[test]
    fn names_that_cannot_be() {
        let lone = Install { wanted_by: units(&["a.service"]), ..Install::default() };
        assert_eq!(paths("each@.service", &lone).unwrap_err(), InstallError::Template(unit("each@.service")));
        for (name, alias) in [
            ("web.service", "web.target"),
            ("web.service", "web@.service"),
            ("each@.service", "each.service"),
            ("each@a.service", "all@b.service"),
        ] {
            let install = Install { alias: units(&[alias]), ..Install::default() };
            let wrong = InstallError::Alias(unit(name), unit(alias));
            assert_eq!(paths(name, &install).unwrap_err(), wrong, "{name} {alias}");
        }
    }

    fn found(path: &str, to: &str) -> FoundLink {
        let puller = path.split_once(".wants/").map(|(puller, _)| unit(puller));
        FoundLink { path: Path::new(FOLDER).join(path), puller, to: to.into() }
    }

    #[test]
    fn what_links_make_of_a_unit() {
        let install = Install { alias: units(&["other.service"]), ..Install::default() };
        let state = |path, to| linked(&unit("web.service"), &install, &[found(path, to)]);
        assert_eq!(state("a.service.wants/web.service", "/gone"), Linked::Yes);
        assert_eq!(state("other.service", "/lib/systemd/system/web.service"), Linked::Yes);
        assert_eq!(state("third.service", "/lib/systemd/system/web.service"), Linked::ByOtherNames);
        assert_eq!(state("web.service", "/opt/web.service"), Linked::No);
        assert_eq!(state("a.service.wants/other.service", "/x.service"), Linked::No);
        let install = Install { default_instance: Some("one".to_owned()), ..Install::default() };
        let state = |path| linked(&unit("t@.service"), &install, &[found(path, "/x/t@.service")]);
        assert_eq!(state("a.service.wants/t@one.service"), Linked::Yes);
        assert_eq!(state("a.service.wants/t@two.service"), Linked::ByOtherNames);
    }

    #[test]
    fn what_goes_with_a_unit_and_what_stays() {
        let there = [
            found("a.service.wants/other.service", "/etc/systemd/system/other.service"),
            found("a.service.wants/web.service", "/opt/web.service"),
            found("b.target.wants/web.service", "/opt/web.service"),
            found("b.target.wants/db.service", "/lib/systemd/system/db.service"),
            found("other.service", "/opt/web.service"),
            found("web.service", "/opt/web.service"),
        ];
        let gone = to_remove(&units(&["web.service"]), &there);
        let names: Vec<_> =
            gone.iter().map(|l| l.path.strip_prefix(FOLDER).unwrap().to_str().unwrap()).collect();
        let first = ["a.service.wants/web.service", "b.target.wants/web.service", "other.service"];
        assert_eq!(names, [&first[..], &["a.service.wants/other.service"]].concat());
    }
}
