//! ENVIRONMENT: `Environment=`, `EnvironmentFile=`, `PassEnvironment=`, `UnsetEnvironment=`; and
//! `ExecSearchPath=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem};
use crate::unit::model::Origin;
use crate::unit::value::boolean::yes_no;
use crate::unit::value::env;
use serde::{Deserialize, Serialize};

/// The variables of the unit. Files are read just before each command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// `Environment=`, each name once.
    pub set: Vec<(String, String)>,
    /// `EnvironmentFile=`: they win over `set`.
    pub files: Vec<EnvironmentFile>,
    /// `PassEnvironment=`: names of variables of the host's init.
    pub pass: Vec<String>,
    /// `UnsetEnvironment=`: names, or `NAME=VALUE` for that value alone.
    pub unset: Vec<String>,
    /// `ExecSearchPath=`: absolute folders in which a program without a path is searched.
    pub search_path: Vec<String>,
}

/// One `EnvironmentFile=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentFile {
    /// Absolute; it may hold glob characters.
    pub path: String,
    /// Leading `-`.
    pub missing_ok: bool,
    /// Where it is written.
    pub origin: Origin,
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "Environment",
        property: "Environment",
        read: |c, l| variables(&mut c.environment, l),
        show: |c| {
            let pair = |(name, value): &(String, String)| env::quoted(&format!("{name}={value}"));
            c.environment.set.iter().map(pair).collect::<Vec<_>>().join(" ")
        },
    },
    Field {
        name: "EnvironmentFile",
        property: "EnvironmentFiles",
        read: |c, l| file(&mut c.environment, l),
        show: |c| {
            let one =
                |file: &EnvironmentFile| format!("{} (ignore_errors={})", file.path, yes_no(file.missing_ok));
            c.environment.files.iter().map(one).collect::<Vec<_>>().join("\n")
        },
    },
    Field {
        name: "ExecSearchPath",
        property: "ExecSearchPath",
        read: |c, l| search_path(&mut c.environment, l),
        show: |c| c.environment.search_path.join(" "),
    },
    Field {
        name: "PassEnvironment",
        property: "PassEnvironment",
        read: |c, l| pass(&mut c.environment.pass, l),
        show: |c| c.environment.pass.join(" "),
    },
    Field {
        name: "UnsetEnvironment",
        property: "UnsetEnvironment",
        read: |c, l| unset(&mut c.environment, l),
        show: |c| c.environment.unset.join(" "),
    },
];

fn variables(environment: &mut Environment, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        environment.set.clear();
        return Ok(());
    }
    let (pairs, errors) = env::parse_assignments(l.text, &|text| l.specifiers(text))?;
    errors.into_iter().for_each(|error| l.warn(error.into()));
    for (name, value) in pairs {
        match environment.set.iter_mut().find(|(had, _)| *had == name) {
            Some((_, had)) => *had = value,
            None => environment.set.push((name, value)),
        }
    }
    Ok(())
}

fn file(environment: &mut Environment, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        environment.files.clear();
        return Ok(());
    }
    let (missing_ok, text) = l.optional();
    let path = l.absolute(l.text.len() - text.len(), text)?;
    let origin = l.origin(0, l.text.len());
    environment.files.push(EnvironmentFile { path, missing_ok, origin });
    Ok(())
}

fn search_path(environment: &mut Environment, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        environment.search_path.clear();
    }
    // One that is no path spoils the line.
    let (mut at, mut found) = (0, Vec::new());
    for part in l.text.split(':') {
        if !part.is_empty() {
            found.push(l.absolute(at, part)?);
        }
        at += part.len() + 1;
    }
    environment.search_path.extend(found);
    Ok(())
}

fn pass(names: &mut Vec<String>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        names.clear();
        return Ok(());
    }
    for word in l.words()? {
        match l.expand(word.at, &word.text) {
            Ok(name) if !env::is_name(&name) => {
                l.warn(ValueProblem::new(
                    word.at,
                    &word.text,
                    format!("invalid name of a variable '{name}'"),
                ));
            }
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(trouble) => l.warn(trouble),
        }
    }
    Ok(())
}

fn unset(environment: &mut Environment, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        environment.unset.clear();
        return Ok(());
    }
    let (names, errors) = env::parse_unset(l.text, &|text| l.specifiers(text))?;
    environment.unset.extend(names);
    errors.into_iter().for_each(|error| l.warn(error.into()));
    Ok(())
}
