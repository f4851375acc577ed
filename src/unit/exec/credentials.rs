//! CREDENTIALS: `LoadCredential=`, `SetCredential=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem};
use crate::unit::value::base64::Bytes;
use crate::unit::value::{descriptor, path, words};
use serde::{Deserialize, Serialize};

/// Where those of all units lie, below the folder of runtime directories.
pub const FOLDER: &str = "credentials";

/// What is put where the service alone reads it, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// `LoadCredential=`: names, and what they are read from.
    pub load: Vec<(String, Source)>,
    /// `SetCredential=`: names with what they are unless `load` has it.
    pub set: Vec<(String, Bytes)>,
}

/// Where a credential is read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A file or a folder of files, absolute; it must be there.
    Path(String),
    /// A name, in the stores of the host; it may be missing.
    Stored(String),
}

impl Credentials {
    /// Is nothing asked?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.load.is_empty() && self.set.is_empty()
    }
}

/// As `credential_name_valid`: the name of a file, and of a descriptor.
#[must_use]
pub fn is_name(name: &str) -> bool {
    path::is_file_name(name) && descriptor::is_name(name)
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "LoadCredential",
        property: "LoadCredential",
        read: |c, l| load(&mut c.credentials, l),
        show: |c| secret(&c.credentials.load),
    },
    Field {
        name: "SetCredential",
        property: "SetCredential",
        read: |c, l| set(&mut c.credentials, l),
        show: |c| secret(&c.credentials.set),
    },
];

/// As systemctl shows them.
fn secret<T>(list: &[T]) -> String {
    if list.is_empty() { String::new() } else { "[unprintable]".into() }
}

/// The name before the first colon, and where what follows begins, with that; nothing begins at the end.
fn split<'a>(l: &Line<'a>) -> Result<(String, usize, &'a str), ValueProblem> {
    let (name, rest) = l.text.split_once(':').unwrap_or((l.text, ""));
    let expanded = l.expand(0, name)?;
    if !is_name(&expanded) {
        return Err(ValueProblem::new(0, name, format!("invalid name of a credential '{expanded}'")));
    }
    Ok((expanded, l.text.len() - rest.len(), rest))
}

/// The last of a name counts.
fn put<T>(list: &mut Vec<(String, T)>, name: String, value: T) {
    list.retain(|(had, _)| *had != name);
    list.push((name, value));
}

fn load(credentials: &mut Credentials, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        credentials.load.clear();
        return Ok(());
    }
    let (name, at, text) = split(l)?;
    let expanded = l.expand(at, text)?;
    let source = match &*expanded {
        "" => Source::Stored(name.clone()),
        stored if is_name(stored) => Source::Stored(expanded),
        path if path.starts_with('/') => Source::Path(l.absolute(at, text)?),
        other => return Err(ValueProblem::new(at, text, format!("'{other}' is neither a path nor a name"))),
    };
    put(&mut credentials.load, name, source);
    Ok(())
}

/// No specifiers in what it is.
fn set(credentials: &mut Credentials, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        credentials.set.clear();
        return Ok(());
    }
    let (name, at, text) = split(l)?;
    if text.is_empty() {
        return Err(l.trouble("a ':' and what it is are missing"));
    }
    let bytes = words::unescape_all(text).map_err(|e| ValueProblem::from(e).within(at))?;
    put(&mut credentials.set, name, Bytes(bytes));
    Ok(())
}
