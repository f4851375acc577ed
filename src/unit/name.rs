//! Names of units: `foo.service`, `foo@.service`, `foo@bar.service`, and the escaping of paths
//! in them (systemd.unit(5), systemd-escape(1)). Pure.

use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Longest name that systemd accepts (`UNIT_NAME_MAX`).
pub const NAME_MAX: usize = 255;

/// What sort of unit a name's ending says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum UnitKind {
    Service,
    Target,
    Socket,
    Device,
    Mount,
    Automount,
    Swap,
    Timer,
    Path,
    Slice,
    Scope,
}

impl UnitKind {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Service, "service"),
        (Self::Target, "target"),
        (Self::Socket, "socket"),
        (Self::Device, "device"),
        (Self::Mount, "mount"),
        (Self::Automount, "automount"),
        (Self::Swap, "swap"),
        (Self::Timer, "timer"),
        (Self::Path, "path"),
        (Self::Slice, "slice"),
        (Self::Scope, "scope"),
    ];

    /// The ending without its dot.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(k, _)| *k == self).map_or("service", |(_, s)| s)
    }

    /// The kind that an ending (without its dot) names.
    #[must_use]
    pub fn from_suffix(s: &str) -> Option<Self> {
        match s {
            // Nearly all.
            "service" => Some(Self::Service),
            s => Self::ALL.iter().find(|(_, n)| *n == s).map(|(k, _)| *k),
        }
    }
}

/// A valid, complete name of a unit. Cheap to clone: each edge of a graph of thousands of units has some.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(Arc<str>);

/// Why a string is not the name of a unit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// No dot, or an ending that is none of systemd's.
    #[error("'{0}' does not end in .service, .target or another kind of unit")]
    NoSuffix(String),
    /// A character outside `[A-Za-z0-9:_.\-@]`, nothing before the ending, or two `@`.
    #[error("'{0}' is not a valid unit name")]
    Invalid(String),
    /// Longer than [`NAME_MAX`].
    #[error("'{0}' is longer than {NAME_MAX} characters")]
    TooLong(String),
}

impl UnitName {
    /// Checks `s` as systemd's `unit_name_is_valid` does (plain, template or instance).
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn parse(s: &str) -> Result<Self, NameError> {
        if s.len() > NAME_MAX {
            return Err(NameError::TooLong(s.to_owned()));
        }
        let Some((stem, suffix)) = parts(s) else {
            return Err(NameError::NoSuffix(s.to_owned()));
        };
        if UnitKind::from_suffix(suffix).is_none() {
            return Err(NameError::NoSuffix(s.to_owned()));
        }
        let ok = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.' | b'\\' | b'@');
        if stem.is_empty() || stem.starts_with('@') || !stem.as_bytes().iter().all(ok) {
            return Err(NameError::Invalid(s.to_owned()));
        }
        Ok(Self::checked(s))
    }

    /// Checks `s`; a name without an ending is a service, as for systemctl(1).
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn parse_or_service(s: &str) -> Result<Self, NameError> {
        match s.rsplit_once('.') {
            Some((_, end)) if UnitKind::from_suffix(end).is_some() => Self::parse(s),
            _ => Self::parse(&format!("{s}.service")),
        }
    }

    /// A name that is known to be valid.
    fn checked(s: &str) -> Self {
        Self(s.into())
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind that the ending names.
    #[must_use]
    pub fn kind(&self) -> UnitKind {
        parts(&self.0).and_then(|(_, s)| UnitKind::from_suffix(s)).unwrap_or(UnitKind::Service)
    }

    /// The name without its ending (`%N` before unescaping): `foo@bar`.
    #[must_use]
    pub fn stem(&self) -> &str {
        parts(&self.0).map_or(&self.0, |(s, _)| s)
    }

    /// What stands before the `@`, or the stem (`%p` before unescaping).
    #[must_use]
    pub fn prefix(&self) -> &str {
        at_sign(self.stem()).map_or_else(|| self.stem(), |(p, _)| p)
    }

    /// What stands behind the `@` (`%i`), still escaped; `None` for a plain name, `Some("")` for a template.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        at_sign(self.stem()).map(|(_, i)| i)
    }

    /// Is this `foo@.service`?
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.instance() == Some("")
    }

    /// May this be another name of `main`? As `unit_validate_alias_symlink_or_warn`: the same kind, a template
    /// for a template, and no other instance for an instance.
    #[must_use]
    pub fn may_alias(&self, main: &Self) -> bool {
        let instances = match (self.instance(), main.instance()) {
            (None, other) => other != Some(""),
            (Some(""), other) => other == Some(""),
            (Some(own), other) => other == Some("") || other == Some(own),
        };
        self.kind() == main.kind() && instances
    }

    /// `foo@.service` for `foo@bar.service`; `None` for a plain name.
    #[must_use]
    pub fn template(&self) -> Option<Self> {
        self.instance()?;
        Some(Self::checked(&format!("{}@.{}", self.prefix(), self.kind().as_str())))
    }

    /// `foo@bar.service` for `foo@.service` and `bar` (already escaped).
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn with_instance(&self, instance: &str) -> Result<Self, NameError> {
        Self::parse(&format!("{}@{instance}.{}", self.prefix(), self.kind().as_str()))
    }
}

/// What stands before and behind the last dot. Byte by byte: hosts have thousands of names.
fn parts(name: &str) -> Option<(&str, &str)> {
    let dot = name.as_bytes().iter().rposition(|b| *b == b'.')?;
    Some((name.get(..dot)?, name.get(dot.saturating_add(1)..)?))
}

/// What stands before and behind the first `@`.
fn at_sign(stem: &str) -> Option<(&str, &str)> {
    let at = stem.as_bytes().iter().position(|b| *b == b'@')?;
    Some((stem.get(..at)?, stem.get(at.saturating_add(1)..)?))
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnitName").field(&&*self.0).finish()
    }
}

impl AsRef<str> for UnitName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
