//! chkconfig's own command line, as a library: what is asked for, and what the answer is.
//!
//! [`parse`] turns the words into a [`Command`], [`decide`] turns a command and what was read of
//! the host into an [`Outcome`] and the steps to carry out. Table, messages, exit codes and links
//! are those of chkconfig 1.3.49 and later. Where the real one harms its user amr does the right
//! thing, and [`Outcome::notes`] says so in a line. Pure: `apply` reads the host and takes the
//! steps.

mod args;
mod debian;
mod decide;
mod forward;
mod lsb;
mod table;
mod xinetd;

pub use args::{Usage, parse};
pub use decide::decide;
pub use table::{file_of, is_listed};
pub use xinetd::is_enabled;

use super::depth::Facilities;
use super::header::{Header, HeaderError, OverrideError, Scan};
use super::level::{Levels, Runlevel};
use super::links::{Found, Step};
use super::lsb::{Block, BlockError};
use std::collections::{BTreeMap, BTreeSet};
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

/// What the host is; from the host layer or from what `--root` holds.
#[derive(Clone, Debug)]
pub struct Env {
    /// The name it was called by, without folder: `chkconfig` unless it is one of its aliases.
    pub program: String,
    /// May links be written?
    pub privilege: Privilege,
    /// The current runlevel, if there is one.
    pub runlevel: Option<Runlevel>,
    /// Which init the host has.
    pub init: Init,
    /// Whose rc reads the links.
    pub family: Family,
    /// May programs of the host be run? Not with `--root`.
    pub hand_over: HandingOver,
}

/// May links be written?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Root, or whoever may write in the folders.
    Full,
    /// Anybody else.
    None,
}

/// Which init the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// rc reads the links.
    Sysv,
    /// `/sbin/init` is systemd, which does not run (a chroot, an image).
    SystemdInstalled,
    /// systemd runs.
    SystemdRunning,
}

/// Whose rc reads the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Red Hat's: numbers count.
    RedHat,
    /// Debian's: insserv's dependencies count.
    Debian,
}

/// May programs of the host be run?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandingOver {
    /// Yes.
    Allowed,
    /// The tree is not the running host.
    Forbidden,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// For stdout.
    pub stdout: String,
    /// For stderr.
    pub stderr: String,
    /// The exit code.
    pub code: i32,
    /// What amr does otherwise than chkconfig, or found; one line each, for stderr, without a prefix.
    pub notes: Vec<String>,
    /// Programs to run in its place, one after the other; the last one's exit code is the answer.
    pub hand_over: Vec<HandOver>,
    /// Is `systemctl daemon-reload` due?
    pub reload: bool,
}

/// A program that does it in amr's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// To be looked up in the path.
    pub program: &'static str,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
}

/// For `--dry-run`.
impl std::fmt::Display for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", super::links::shown(arg)))
    }
}

/// A script as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Its scan, and that of its override where there is one.
    Read {
        /// `/etc/init.d/NAME`.
        script: Box<Result<Scan, HeaderError>>,
        /// `/etc/chkconfig.d/NAME`; an empty one and a folder are none.
        over: Option<Box<Result<Scan, HeaderError>>>,
    },
    /// Why it could not be read, in the words of strerror(3).
    Unreadable(String),
}

impl Script {
    /// What it says, its override applied; without a copy where it has none.
    pub(crate) fn said(&self) -> Result<Said<'_>, Refusal> {
        match self {
            Self::Unreadable(why) => Err(Refusal::Unreadable(why.clone())),
            Self::Read { script, over: None } => match script.as_ref() {
                Ok(scan) => scan.fault().map_or(Ok(Said::Scan(scan)), |e| Err(Refusal::Unsupported(e))),
                Err(e) => Err(Refusal::Unsupported(e.clone())),
            },
            Self::Read { script, over: Some(over) } => {
                let script = script.as_ref().clone().map_err(Refusal::Unsupported)?;
                // The script must do without its override, as in chkconfig.
                script.clone().accept().map_err(Refusal::Unsupported)?;
                let over = over.as_ref().clone().map_err(|e| Refusal::Override(e.into()))?;
                let both = script.overridden(over).map_err(Refusal::Override)?;
                both.accept().map(|header| Said::Header(Box::new(header))).map_err(Refusal::Unsupported)
            }
        }
    }
}

/// Scripts by name, in the order of their bytes: mostly they come so, from a folder that was listed.
#[derive(Clone, Debug, Default)]
pub struct Scripts(Vec<(OsString, Script)>);

impl Scripts {
    /// Where a name is, or belongs.
    fn place(&self, name: &OsStr) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last.as_os_str() >= name => {
                self.0.binary_search_by(|(n, _)| n.as_os_str().cmp(name))
            }
            Some(_) | None => Err(self.0.len()),
        }
    }

    /// The script of this name.
    #[must_use]
    pub fn get(&self, name: &OsStr) -> Option<&Script> {
        self.0.get(self.place(name).ok()?).map(|(_, script)| script)
    }

    /// Is there one?
    #[must_use]
    pub fn has(&self, name: &OsStr) -> bool {
        self.place(name).is_ok()
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, name: OsString, script: Script) {
        match self.place(&name) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = script;
                }
            }
            Err(at) => self.0.insert(at, (name, script)),
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &Script)> {
        self.0.iter().map(|(name, script)| (name.as_os_str(), script))
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.iter().map(|(name, _)| name)
    }
}

/// What was read of the host: as much as the command needs.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Scripts by name. One that was asked for and is not here does not exist.
    pub scripts: Scripts,
    /// Why `/etc/init.d` could not be listed, where it was to be.
    pub no_scripts: Option<String>,
    /// The folders of links.
    pub found: Found,
    /// Services whose links lead nowhere; only for the whole table.
    pub orphans: Vec<OsString>,
    /// Native units, e.g. `web.service`, and sockets; only where systemd is the init.
    pub units: BTreeSet<OsString>,
    /// xinetd's services: is each enabled?
    pub xinetd: BTreeMap<OsString, bool>,
    /// The LSB blocks as insserv reads them; only on Debian.
    pub blocks: BTreeMap<OsString, Result<Block, BlockError>>,
    /// insserv's facilities; only on Debian.
    pub facilities: Facilities,
    /// Is there an update-rc.d? Only looked for on Debian.
    pub update_rc_d: bool,
}

/// What a service says: its scan as it was read, or a header with an override laid over it.
#[derive(Clone, Debug)]
pub(crate) enum Said<'a> {
    /// Good enough for a script.
    Scan(&'a Scan),
    /// Made of two.
    Header(Box<Header>),
}

/// A script's header with its override laid over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// chkconfig's return code 1.
    Unsupported(HeaderError),
    /// An override that would do harm.
    Override(OverrideError),
    /// chkconfig's return code -1.
    Unreadable(String),
}

impl View {
    /// The header of a service, its override applied.
    pub(crate) fn header(&self, name: &OsStr) -> Result<Header, Refusal> {
        match self.said(name)? {
            Said::Scan(scan) => scan.clone().accept().map_err(Refusal::Unsupported),
            Said::Header(header) => Ok(*header),
        }
    }

    /// What a service says, without a copy where it has no override.
    pub(crate) fn said(&self, name: &OsStr) -> Result<Said<'_>, Refusal> {
        let missing = || Refusal::Unreadable("No such file or directory".to_owned());
        self.scripts.get(name).ok_or_else(missing)?.said()
    }

    /// The header without the override.
    pub(crate) fn base(&self, name: &OsStr) -> Option<Header> {
        match self.scripts.get(name)? {
            Script::Read { script, .. } => script.as_ref().clone().ok()?.accept().ok(),
            Script::Unreadable(_) => None,
        }
    }

    /// Does the script, with or without its override, have an LSB block? Its numbers then depend
    /// on all the others.
    #[must_use]
    pub fn depends_on_others(&self, name: &OsStr) -> bool {
        self.header(name).is_ok_and(|h| h.lsb.is_some())
    }
}

/// The steps, and the answer if they succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What is printed and returned.
    pub outcome: Outcome,
    /// To be taken in this order, all or none.
    pub steps: Vec<Step>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use std::collections::BTreeSet;
    use std::path::Path;

    fn tests_below(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                tests_below(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let names =
                    text.split("#[test]").skip(1).filter_map(|t| t.split_once("fn ")?.1.split_once('('));
                found.extend(names.map(|(name, _)| name.to_owned()));
            }
        }
    }

    /// Each line of docs/chkconfig.md names a test that is there.
    #[test]
    fn rows_have_their_tests() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut tests = BTreeSet::new();
        tests_below(&home.join("src/sysv"), &mut tests);
        let page = std::fs::read_to_string(home.join("docs/chkconfig.md")).unwrap();
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("| ") && !l.contains("| test |")).collect();
        assert!(rows.len() > 40, "{}", rows.len());
        for row in rows {
            let test = row.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap().trim_matches('`');
            assert!(tests.contains(test), "no test for: {row}");
        }
    }
}
