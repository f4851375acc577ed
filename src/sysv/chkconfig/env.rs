//! What the host is, as far as an answer depends on it: its init, its family, the runlevel, and what
//! amr may do there.

use crate::sysv::level::Runlevel;
use crate::sysv::upstart::Job;

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
    /// What pid 1 runs itself, beside rc.
    pub jobs: Vec<Job>,
    /// Whose rc reads the links.
    pub family: Family,
    /// May programs of the host be run? Not with `--root`.
    pub hand_over: HandOverPolicy,
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
pub enum HandOverPolicy {
    /// Yes.
    Allowed,
    /// The tree is not the running host.
    Forbidden,
}
