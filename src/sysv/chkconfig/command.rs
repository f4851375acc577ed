//! What is asked for: chkconfig's command line, understood. `args` makes it from words.

use crate::sysv::level::{Levels, Runlevel};
use std::ffi::{OsStr, OsString};

/// The version whose manners these are.
pub const SPEAKS: &str = "1.3.49.3";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `--version`.
    Version,
    /// `--list [NAME]`, and no words at all.
    List {
        /// One service, or all.
        name: Option<OsString>,
        /// `--type`.
        kind: Kind,
    },
    /// `--add NAME`, `install_initd NAME`.
    Add {
        /// Without its folder.
        name: OsString,
        /// `install_initd`: refuse where a requirement is not met.
        strictness: Strictness,
    },
    /// `--del NAME`, `remove_initd NAME`.
    Del {
        /// Without its folder.
        name: OsString,
        /// `remove_initd`: refuse while another service requires it.
        strictness: Strictness,
    },
    /// `--override NAME`.
    Override {
        /// Without its folder.
        name: OsString,
    },
    /// `NAME`: is it on in the current level, or in the one given?
    Query {
        /// As given.
        name: OsString,
        /// `--level`.
        level: Option<Runlevel>,
        /// May it go to systemctl?
        redirect: Redirect,
    },
    /// `NAME on|off|reset|resetpriorities`.
    Set {
        /// As given.
        name: OsString,
        /// `--level`.
        levels: Option<Levels>,
        /// What it is set to.
        state: State,
        /// May it go to systemctl?
        redirect: Redirect,
    },
}

impl Command {
    /// The one service that it concerns.
    #[must_use]
    pub fn name(&self) -> Option<&OsStr> {
        match self {
            Self::Version => None,
            Self::List { name, .. } => name.as_deref(),
            Self::Add { name, .. }
            | Self::Del { name, .. }
            | Self::Override { name }
            | Self::Query { name, .. }
            | Self::Set { name, .. } => Some(name),
        }
    }

    /// Does it need every script of the host? (A service with an LSB block makes others need it too.)
    #[must_use]
    pub fn needs_all(&self) -> bool {
        match self {
            Self::List { name, .. } => name.is_none(),
            Self::Del { strictness, .. } => *strictness == Strictness::Lsb,
            Self::Version
            | Self::Add { .. }
            | Self::Override { .. }
            | Self::Query { .. }
            | Self::Set { .. } => false,
        }
    }

    /// Does it make or remove links?
    #[must_use]
    pub fn changes_links(&self) -> bool {
        match self {
            Self::Version | Self::List { .. } | Self::Query { .. } => false,
            Self::Add { .. } | Self::Del { .. } | Self::Override { .. } | Self::Set { .. } => true,
        }
    }
}

/// What `NAME WORD` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `on`
    On,
    /// `off`
    Off,
    /// `reset`: as the header says.
    Reset,
    /// `resetpriorities`: on or off as it is, with the header's numbers.
    ResetPriorities,
}

/// `--type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not given.
    Any,
    /// `sysv`
    Sysv,
    /// `xinetd`
    Xinetd,
}

/// Under which name it was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// `chkconfig`
    Lax,
    /// `install_initd`, `remove_initd`
    Lsb,
}

/// May a request for a native unit go to systemctl?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Where systemd is the init and has a unit of that name.
    Allowed,
    /// `--no-redirect`, SYSTEMCTL_SKIP_REDIRECT, or a query with `--level`.
    Forbidden,
}
