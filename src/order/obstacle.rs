//! What keeps a hook from running at shutdown, running whole, or running at the right moment: one
//! variant for each reason, with a sentence and how grave it is. Pure.

use super::span::span;
use crate::unit::finding::{Id, Severity};
use std::time::Duration;

/// How sure a wrong order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// It always comes out like this.
    Yes,
    /// Nothing orders the two.
    Unordered,
}

/// One reason. An error for the drain, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no such script or unit.
    NotInstalled {
        /// Where it would be.
        path: String,
    },
    /// RHEL's rc stops only what has a lock file named like the link's tail.
    NoLock {
        /// The path that rc looks for.
        expected: String,
    },
    /// There is a lock file, under a name that rc does not look for.
    LockNamedOtherwise {
        /// The path that rc looks for.
        expected: String,
        /// Path of the lock file that is there.
        found: String,
    },
    /// The script lacks its executable bit.
    NotExecutable {
        /// Path of the script.
        path: String,
    },
    /// rc passes over names such as `*.bak` and `*~`.
    NameFiltered {
        /// File name, as `K30amr`.
        link: String,
    },
    /// No K link in the level that the host goes to.
    NoKillLink {
        /// 0 or 6.
        level: u8,
        /// `S00killall` still stops it, after all K scripts.
        second_chance: bool,
    },
    /// A K link in a level in which the host lives stops nothing at shutdown.
    KillLinkInStartLevel {
        /// Runlevel in which the host lives: 1 to 5.
        level: u8,
    },
    /// Of two K links the lower runs, and then the service is down.
    OlderKillLink {
        /// File name of the link that runs, `K01amr`.
        first: String,
        /// File name of the link that the header asks for.
        meant: String,
    },
    /// A link to nothing, or to something that is not the script of that name.
    LinkBroken {
        /// File name, as `K30amr`.
        link: String,
        /// What it leads to, as the link has it.
        target: String,
    },
    /// Debian's rc runs what insserv wrote down; links made by hand are ignored.
    NotInDepend {
        /// `.depend.stop`.
        file: String,
    },
    /// Everything that is left is killed before it is its turn.
    KilledFirst {
        /// The script that kills: `sendsigs`, `killall`.
        by: String,
    },
    /// It is not active, so there is nothing to stop.
    NeverStarted,
    /// A oneshot that forgets that it ran: `ExecStop=` follows `ExecStart=` at once.
    OneshotForgets,
    /// Without `ExecStart=` and `RemainAfterExit=yes` it never becomes active.
    NoExecStart,
    /// `ExecStart=` still runs; `ExecStop=` is then left out.
    StillStarting,
    /// `DefaultDependencies=no` without `Conflicts=shutdown.target`: shutdown does not stop it.
    NoShutdownConflict,
    /// The unit is masked (a link to /dev/null), so systemd neither starts nor stops it.
    Masked,
    /// The init script is ignored because there is a unit of its name.
    HiddenByUnit {
        /// The unit's file.
        unit: String,
    },
    /// systemd made the unit from an init script: 5 minutes for a stop.
    GeneratedLimit {
        /// After which it is killed.
        limit: Duration,
        /// What the drain wants, where that is more.
        needs: Option<Duration>,
    },
    /// K numbers mean nothing to systemd: the stop order is the start order turned round.
    GeneratedOrder,
    /// `TimeoutStopSec=` is shorter than the drain's own deadline.
    StopLimitShort {
        /// After which it is killed.
        limit: Duration,
        /// What the drain wants.
        needs: Duration,
        /// It is the default.
        by_default: bool,
        /// After how long systemd ends the whole shutdown; `None` where it does not.
        whole: Option<Duration>,
    },
    /// poweroff.target and reboot.target give all stop jobs together 30 minutes.
    JobTimeout {
        /// For all stop jobs together.
        limit: Duration,
        /// What the drain wants.
        needs: Duration,
    },
    /// The provider switches the machine off some minutes after it asked for a stop. A note: it
    /// does not hold for a shutdown from within.
    ProviderLimit {
        /// What to count on.
        limit: Duration,
        /// What the drain wants.
        needs: Duration,
    },
    /// The network goes down before the drain has ended.
    NetworkDownFirst {
        /// Name of the service that takes the network down.
        network: String,
        /// Whether the order is wrong for certain.
        sure: Certainty,
    },
    /// The shipper stops before the drain has ended.
    ShipperStopsFirst {
        /// Name of the shipper's service.
        shipper: String,
        /// Whether the order is wrong for certain.
        sure: Certainty,
        /// What its header asks for.
        header: Header,
    },
    /// A job of pid 1, which stops it when the runlevel changes, whatever rc does then.
    StopsBesideRc {
        /// Name of the shipper's service.
        shipper: String,
        /// Where the job is written.
        file: String,
        /// The events that stop it.
        stop_on: String,
        /// From TERM to KILL.
        kill: Duration,
    },
    /// A writer still runs while the drain does.
    WriterStillRuns {
        /// Name of the service that writes logs.
        writer: String,
        /// Whether the order is wrong for certain.
        sure: Certainty,
        /// What its header asks for.
        header: Header,
    },
}

/// Does a script ask for the right place already?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Its links have other numbers, or there are none that stop it.
    Right {
        /// Has it a K link at all?
        linked: bool,
    },
    /// It asks for a wrong one, or for none.
    Other,
}

fn by_certainty(sure: Certainty, yes: &str, unordered: &str) -> String {
    match sure {
        Certainty::Yes => yes.to_owned(),
        Certainty::Unordered => unordered.to_owned(),
    }
}

impl Obstacle {
    /// A stable word for machines.
    #[must_use]
    pub fn id(&self) -> Id {
        match self {
            Self::NotInstalled { .. } => Id::NotInstalled,
            Self::NoLock { .. } => Id::NoLock,
            Self::LockNamedOtherwise { .. } => Id::LockNamedOtherwise,
            Self::NotExecutable { .. } => Id::NotExecutable,
            Self::NameFiltered { .. } => Id::NameFiltered,
            Self::NoKillLink { .. } => Id::NoKillLink,
            Self::KillLinkInStartLevel { .. } => Id::KillLinkInStartLevel,
            Self::OlderKillLink { .. } => Id::OlderKillLink,
            Self::LinkBroken { .. } => Id::LinkBroken,
            Self::NotInDepend { .. } => Id::NotInDepend,
            Self::KilledFirst { .. } => Id::KilledFirst,
            Self::NeverStarted => Id::NeverStarted,
            Self::OneshotForgets => Id::OneshotForgets,
            Self::NoExecStart => Id::NoExecStart,
            Self::StillStarting => Id::StillStarting,
            Self::NoShutdownConflict => Id::NoShutdownConflict,
            Self::Masked => Id::Masked,
            Self::HiddenByUnit { .. } => Id::HiddenByUnit,
            Self::GeneratedLimit { .. } => Id::GeneratedLimit,
            Self::GeneratedOrder => Id::GeneratedOrder,
            Self::StopLimitShort { .. } => Id::StopLimitShort,
            Self::JobTimeout { .. } => Id::JobTimeout,
            Self::ProviderLimit { .. } => Id::ProviderLimit,
            Self::NetworkDownFirst { .. } => Id::NetworkDownFirst,
            Self::ShipperStopsFirst { .. } => Id::ShipperStopsFirst,
            Self::StopsBesideRc { .. } => Id::StopsBesideRc,
            Self::WriterStillRuns { .. } => Id::WriterStillRuns,
        }
    }

    /// The file to look at, where there is one. (A link's folder follows from the way.)
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let (Self::NotInstalled { path }
        | Self::NotExecutable { path }
        | Self::LockNamedOtherwise { found: path, .. }
        | Self::NotInDepend { file: path }
        | Self::StopsBesideRc { file: path, .. }
        | Self::HiddenByUnit { unit: path }) = self
        else {
            return None;
        };
        Some(path.as_str()).filter(|path| path.starts_with('/'))
    }

    /// Does it keep the drain from its work?
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::KillLinkInStartLevel { .. }
            | Self::GeneratedOrder
            | Self::ProviderLimit { .. }
            | Self::GeneratedLimit { needs: None, .. } => Severity::Note,
            Self::NotInstalled { .. }
            | Self::NoLock { .. }
            | Self::LockNamedOtherwise { .. }
            | Self::NotExecutable { .. }
            | Self::NameFiltered { .. }
            | Self::NoKillLink { .. }
            | Self::OlderKillLink { .. }
            | Self::LinkBroken { .. }
            | Self::NotInDepend { .. }
            | Self::KilledFirst { .. }
            | Self::NeverStarted
            | Self::OneshotForgets
            | Self::NoExecStart
            | Self::StillStarting
            | Self::NoShutdownConflict
            | Self::Masked
            | Self::HiddenByUnit { .. }
            | Self::GeneratedLimit { needs: Some(_), .. }
            | Self::StopLimitShort { .. }
            | Self::JobTimeout { .. }
            | Self::NetworkDownFirst { .. }
            | Self::ShipperStopsFirst { .. }
            | Self::StopsBesideRc { .. }
            | Self::WriterStillRuns { .. } => Severity::Error,
        }
    }

    /// What is wrong, as one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotInstalled { path } => format!("it is not installed: '{path}' does not exist"),
            Self::NoLock { expected } => {
                format!("rc does not stop it: the lock file '{expected}' does not exist")
            }
            Self::LockNamedOtherwise { expected, found } => {
                format!("rc does not stop it: its lock file is '{found}', and rc looks for '{expected}'")
            }
            Self::NotExecutable { path } => format!("'{path}' is not executable"),
            Self::NameFiltered { link } => format!("rc passes over names like '{link}'"),
            Self::NoKillLink { level, second_chance: false } => {
                format!("there is no K link in runlevel {level}")
            }
            Self::NoKillLink { level, second_chance: true } => format!(
                "there is no K link in runlevel {level}: only S00killall stops it, after all K scripts"
            ),
            Self::KillLinkInStartLevel { level } => {
                format!("the K link in runlevel {level} stops nothing at shutdown")
            }
            Self::OlderKillLink { first, meant } => {
                format!("the link '{first}' runs first, so that '{meant}' finds it stopped")
            }
            Self::LinkBroken { link, target } => format!("the link '{link}' leads to '{target}'"),
            Self::NotInDepend { file } => format!("rc ignores its links: it is not in '{file}'"),
            Self::KilledFirst { by } => format!("'{by}' kills every process before its turn comes"),
            Self::NeverStarted => "it is not active, so there is nothing to stop".to_owned(),
            Self::OneshotForgets => {
                "it is a oneshot without RemainAfterExit=yes: ExecStop= ran right after ExecStart=, \
                 and shutdown has nothing to stop"
                    .to_owned()
            }
            Self::NoExecStart => {
                "it has neither ExecStart= nor RemainAfterExit=yes, so it never becomes active".to_owned()
            }
            Self::StillStarting => "its ExecStart= still runs, and then ExecStop= is left out".to_owned(),
            Self::NoShutdownConflict => {
                "DefaultDependencies=no without Conflicts=shutdown.target: shutdown does not stop it"
                    .to_owned()
            }
            Self::Masked => "it is masked".to_owned(),
            Self::HiddenByUnit { unit } => format!("systemd ignores the init script because of '{unit}'"),
            Self::GeneratedLimit { limit, needs: None } => {
                format!(
                    "systemd made the unit from the init script and stops it by force after {}",
                    span(*limit)
                )
            }
            Self::GeneratedLimit { limit, needs: Some(needs) } => format!(
                "systemd made the unit from the init script and stops it by force after {}; the drain may need {}",
                span(*limit),
                span(*needs)
            ),
            Self::GeneratedOrder => "systemd ignores K numbers: scripts stop in the reverse of the order of \
                                     their S numbers"
                .to_owned(),
            Self::StopLimitShort { limit, needs, by_default, .. } => format!(
                "{} is {}; the drain may need {}",
                if *by_default { "the stop limit by default" } else { "TimeoutStopSec=" },
                span(*limit),
                span(*needs)
            ),
            Self::JobTimeout { limit, needs } => format!(
                "systemd forces the shutdown {} after it began; the drain may need {}",
                span(*limit),
                span(*needs)
            ),
            Self::ProviderLimit { limit, needs } => format!(
                "a stop through the provider's API is forced after about {}; the drain may need {}",
                span(*limit),
                span(*needs)
            ),
            Self::NetworkDownFirst { network, sure } => format!(
                "'{network}' {} before the drain has ended",
                by_certainty(*sure, "goes down", "may go down")
            ),
            Self::ShipperStopsFirst { shipper, sure, .. } => format!(
                "the shipper '{shipper}' {} before the drain has ended",
                by_certainty(*sure, "stops", "may stop")
            ),
            Self::StopsBesideRc { shipper, file, stop_on, kill } => format!(
                "the shipper '{shipper}' is a job of '{file}' that stops on '{stop_on}', beside rc and before \
                 the drain has ended; {} later it is killed",
                span(*kill)
            ),
            Self::WriterStillRuns { writer, sure, .. } => {
                format!(
                    "'{writer}' {} while the drain runs",
                    by_certainty(*sure, "still writes", "may still write")
                )
            }
        }
    }
}
