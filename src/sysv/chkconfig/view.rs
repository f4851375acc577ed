//! What was read of the host for one command: scripts, links, native units, xinetd's services.
//!
//! Facts in, questions about one service out; nothing is decided here.

use crate::sysv::depth::Facilities;
use crate::sysv::header::{Header, HeaderError, OverrideError, Scan};
use crate::sysv::links::FoundLinks;
use crate::sysv::lsb::{Block, BlockError};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A script as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Its scan, and that of its override where there is one.
    Read {
        /// `/etc/init.d/NAME`.
        script: Box<Result<Scan, HeaderError>>,
        /// `/etc/chkconfig.d/NAME`; an empty one and a folder are none.
        over: Option<Box<Result<Scan, OverrideError>>>,
    },
    /// Why it could not be read, in the words of strerror(3).
    Unreadable(String),
}

impl Script {
    /// What it says, its override applied; without a copy where it has none.
    pub(crate) fn header_view(&self) -> Result<HeaderView<'_>, Refusal> {
        match self {
            Self::Unreadable(why) => Err(Refusal::Unreadable(why.clone())),
            Self::Read { script, over: None } => match script.as_ref() {
                Ok(scan) => scan.fault().map_or(Ok(HeaderView::Scan(scan)), |e| Err(Refusal::Unsupported(e))),
                Err(e) => Err(Refusal::Unsupported(e.clone())),
            },
            Self::Read { script, over: Some(over) } => {
                let script = script.as_ref().clone().map_err(Refusal::Unsupported)?;
                // The script must do without its override, as in chkconfig.
                script.clone().accept().map_err(Refusal::Unsupported)?;
                let over = over.as_ref().clone().map_err(Refusal::Override)?;
                let both = script.overridden(over).map_err(Refusal::Override)?;
                both.accept().map(|header| HeaderView::Header(Box::new(header))).map_err(Refusal::Unsupported)
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
    pub found: FoundLinks,
    /// Links in them that a killed writer had put aside.
    pub stale: Vec<PathBuf>,
    /// Services whose links lead nowhere; only for the whole table.
    pub orphans: Vec<OsString>,
    /// Native units, e.g. `web.service`, and sockets; only where systemd is the init.
    pub units: BTreeSet<OsString>,
    /// xinetd's services: the file of each.
    pub xinetd: BTreeMap<OsString, Vec<u8>>,
    /// The LSB blocks as insserv reads them; only on Debian.
    pub blocks: BTreeMap<OsString, Result<Block, BlockError>>,
    /// insserv's facilities; only on Debian.
    pub facilities: Facilities,
    /// Is there an update-rc.d? Only looked for on Debian.
    pub update_rc_d: bool,
}

/// What a service says: its scan as it was read, or a header with an override laid over it.
#[derive(Clone, Debug)]
pub(crate) enum HeaderView<'a> {
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
        match self.header_view(name)? {
            HeaderView::Scan(scan) => scan.clone().accept().map_err(Refusal::Unsupported),
            HeaderView::Header(header) => Ok(*header),
        }
    }

    /// What a service says, without a copy where it has no override.
    pub(crate) fn header_view(&self, name: &OsStr) -> Result<HeaderView<'_>, Refusal> {
        let missing = || Refusal::Unreadable("No such file or directory".to_owned());
        self.scripts.get(name).ok_or_else(missing)?.header_view()
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
