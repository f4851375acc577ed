//! The facts about a host with a SysV rc: links, scripts, locks, and the jobs that pid 1 stops itself. A driver
//! fills [`SysvHost`]. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What goes through the links of a runlevel, and by which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rc {
    /// RHEL 6, Amazon Linux AMI.
    RedHat,
    /// Debian without insserv, or with `/etc/init.d/.legacy-bootordering`.
    DebianNumbers,
    /// Debian with insserv and startpar.
    DebianDepend,
}

/// Where an entry of an rcN.d folder leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// To the script of this name in init.d.
    Script(String),
    /// To a path that does not exist.
    Dangling(String),
    /// To something else.
    Elsewhere(String),
    /// It is a file of its own.
    RegularFile,
}

/// An entry of an rcN.d folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `K30amr`.
    pub name: String,
    /// Where it leads.
    pub target: LinkTarget,
    /// Is what it leads to executable?
    pub executable: bool,
}

/// The numbers of a header or override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// START: the number of S links, 0 to 99.
    pub start: u8,
    /// STOP: the number of K links, 0 to 99.
    pub stop: u8,
    /// The file and line that they come from.
    pub place: (std::path::PathBuf, u32),
}

/// A script of init.d.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// File name below init.d.
    pub name: String,
    /// May root execute it? rc passes over it otherwise.
    pub executable: bool,
    /// What its header or override asks for.
    pub numbers: Option<Numbers>,
    /// A lock file that is known to be this script's although it has another name.
    pub lock: Option<String>,
}

/// The contents of insserv's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depend {
    /// `.depend.start`
    pub start: String,
    /// `.depend.stop`
    pub stop: String,
}

/// The facts about a host. Paths are those of the host, without any root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysvHost {
    /// Which rc runs the scripts: what it looks at, and in which order, depends on it.
    pub rc: Rc,
    /// rcN.d by level; a missing folder is missing here.
    pub levels: BTreeMap<u8, Vec<Link>>,
    /// init.d.
    pub scripts: Vec<Script>,
    /// The files in the subsys lock folder; `None` where there is no such folder.
    pub locks: Option<BTreeSet<String>>,
    /// Where [`SysvHost::locks`] come from, e.g. `/var/lock/subsys`.
    pub lock_folder: String,
    /// For [`Rc::DebianDepend`].
    pub depend: Depend,
    /// The runlevel that the host is in, or boots into.
    pub runlevel: u8,
    /// What pid 1 runs itself.
    pub jobs: Vec<Job>,
}

impl SysvHost {
    /// The links of a level whose names begin with `letter` and two characters, in the order in
    /// which the shell's glob gives them.
    #[must_use]
    pub fn links(&self, level: u8, letter: char) -> Vec<&Link> {
        let all = self.levels.get(&level).map_or(&[][..], Vec::as_slice);
        let mut links: Vec<&Link> =
            all.iter().filter(|l| l.name.starts_with(letter) && tail(&l.name).is_some()).collect();
        links.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        links
    }

    /// The script of this name.
    #[must_use]
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|s| s.name == name)
    }

    /// The services that have such a link in a level.
    pub(super) fn services(&self, level: u8, letter: char) -> BTreeSet<&str> {
        let all = self.levels.get(&level).into_iter().flatten();
        all.filter(|l| l.name.starts_with(letter)).filter_map(|l| tail(&l.name)).collect()
    }

    pub(super) fn has_link(&self, level: u8, letter: char, service: &str) -> bool {
        let all = self.levels.get(&level).into_iter().flatten();
        all.filter(|l| l.name.starts_with(letter)).any(|l| tail(&l.name) == Some(service))
    }

    pub(super) fn is_locked(&self, service: &str) -> bool {
        let init = format!("{service}.init");
        self.locks.as_ref().is_some_and(|l| l.contains(service) || l.contains(&init))
    }

    /// The K numbers that scripts ask for.
    pub(super) fn asked(&self) -> BTreeMap<String, u8> {
        let numbers = |s: &Script| Some((s.name.clone(), s.numbers.as_ref()?.stop));
        self.scripts.iter().filter_map(numbers).collect()
    }

    pub(super) fn folder(level: u8) -> String {
        format!("/etc/rc{level}.d")
    }

    /// Is the service running, as far as the files tell?
    pub(super) fn runs(&self, service: &str) -> bool {
        match &self.locks {
            Some(_) => self.is_locked(service) || self.script(service).is_some_and(|s| s.lock.is_some()),
            None => self.has_link(self.runlevel, 'S', service),
        }
    }
}

/// The service that `K30amr` is for.
#[must_use]
pub fn tail(link: &str) -> Option<&str> {
    let rest = link.strip_prefix(['S', 'K'])?;
    rest.get(2..).filter(|t| !t.is_empty())
}

/// A job of pid 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// File name below /etc/init.d.
    pub name: String,
    /// Where it is written.
    pub file: String,
    /// What stops it, in the words of its file: `runlevel [!2345]`.
    pub stop_on: String,
    /// From TERM to KILL.
    pub kill_timeout: Duration,
    /// It runs nothing: it only keeps another waiting.
    pub only_waits: bool,
    /// When it stops, by the level that the host goes to; a level that does not stop it is missing.
    pub stops: BTreeMap<u8, When>,
}

/// When a job stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as the runlevel changes.
    AtOnce,
    /// When another job has stopped.
    Behind(String),
    /// When rc comes to the init script of this name.
    BeforeScript(String),
    /// When the init script of this name has been stopped.
    AfterScript(String),
}
