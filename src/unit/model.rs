//! What a unit is, once its files are read: defaults applied, specifiers expanded, every value typed.
//!
//! Pure data. `load` makes it; `supervisor`, `order`, `job` and `cli` read it. Names are systemd's own.

mod power;
mod service;

pub use self::power::{HostAction, HostActions};
pub use self::service::{
    ExecCommand, ExecLists, ExecPrivilege, ExitType, Keyword, Kill, KillMode, NotifyAccess, OomPolicy,
    Restart, RestartMode, Service, ServiceType, StatusSet, TimeoutFailureMode,
};
pub use super::finding::{Finding, Severity};

use super::name::UnitName;
use super::value::{Span, Timeout, raw_path};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A unit with everything that its files, drop-ins and links say.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The name it was asked for, or its main name when that was an alias.
    pub name: UnitName,
    /// All other names (links in the search path, not `Alias=`).
    pub aliases: Vec<UnitName>,
    /// Could it be loaded?
    pub load: LoadState,
    /// The file, as a path inside the root.
    pub fragment: Option<PathBuf>,
    /// The drop-ins in the order in which they were applied.
    pub dropins: Vec<PathBuf>,
    /// `Description=`.
    pub description: Option<String>,
    /// `Documentation=`.
    pub documentation: Vec<String>,
    /// Ordering and requirement, those by default included.
    pub deps: Vec<Dependency>,
    /// `DefaultDependencies=`.
    pub default_dependencies: bool,
    /// `Condition…=`, in file order.
    pub conditions: Vec<Check>,
    /// `Assert…=`, in file order.
    pub asserts: Vec<Check>,
    /// `StartLimitIntervalSec=` and `StartLimitBurst=`, from [Unit] or the old places in [Service].
    pub start_limit: StartLimit,
    /// `RefuseManualStart=`.
    pub refuse_manual_start: bool,
    /// `RefuseManualStop=`.
    pub refuse_manual_stop: bool,
    /// `StopWhenUnneeded=`.
    pub stop_when_unneeded: bool,
    /// `IgnoreOnIsolate=`.
    pub ignore_on_isolate: bool,
    /// `JobTimeoutSec=`: from when the job is asked for.
    pub job_timeout: Timeout,
    /// `JobRunningTimeoutSec=`: from when the job begins; without it as `JobTimeoutSec=`.
    pub job_running_timeout: Option<Timeout>,
    /// `FailureAction=` and its kin.
    pub actions: HostActions,
    /// What the ending of the name adds.
    pub body: Body,
    /// `[Install]`.
    pub install: Install,
    /// What is wrong or doubtful in the files, in the order found.
    pub findings: Vec<Finding>,
    /// Directives that are known and that amr does not apply.
    pub unapplied: Vec<Unapplied>,
}

/// As `systemctl show -p LoadState` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadState {
    /// Read without a fatal fault.
    Loaded,
    /// No file of that name.
    NotFound,
    /// A link to /dev/null or an empty file.
    Masked,
    /// A fault that systemd 252 refuses (`bad-setting`); the finding says where.
    BadSetting,
    /// The file could not be read.
    Error,
}

impl LoadState {
    /// systemd's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::NotFound => "not-found",
            Self::Masked => "masked",
            Self::BadSetting => "bad-setting",
            Self::Error => "error",
        }
    }
}

/// One edge to another unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What the edge means.
    pub kind: DepKind,
    /// The other unit.
    pub on: UnitName,
    /// Where it is written; `None` where it is implied.
    pub origin: Option<Origin>,
}

/// A place in one of the unit's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Path inside the root; all places in one file have the same.
    #[serde(with = "raw_path")]
    pub path: Arc<Path>,
    /// Line and columns, from 1.
    pub span: Span,
}

/// The kinds of edge (systemd.unit(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum DepKind {
    Requires,
    Requisite,
    Wants,
    BindsTo,
    PartOf,
    Upholds,
    Conflicts,
    Before,
    After,
    OnFailure,
    OnSuccess,
    PropagatesReloadTo,
    ReloadPropagatedFrom,
    PropagatesStopTo,
    StopPropagatedFrom,
    JoinsNamespaceOf,
}

impl DepKind {
    /// All kinds, in the order in which `show` prints them.
    pub const ALL: [Self; 16] = [
        Self::Requires,
        Self::Requisite,
        Self::Wants,
        Self::BindsTo,
        Self::PartOf,
        Self::Upholds,
        Self::Conflicts,
        Self::Before,
        Self::After,
        Self::OnSuccess,
        Self::OnFailure,
        Self::PropagatesReloadTo,
        Self::ReloadPropagatedFrom,
        Self::PropagatesStopTo,
        Self::StopPropagatedFrom,
        Self::JoinsNamespaceOf,
    ];

    /// The directive that makes it, and the property that shows it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requires => "Requires",
            Self::Requisite => "Requisite",
            Self::Wants => "Wants",
            Self::BindsTo => "BindsTo",
            Self::PartOf => "PartOf",
            Self::Upholds => "Upholds",
            Self::Conflicts => "Conflicts",
            Self::Before => "Before",
            Self::After => "After",
            Self::OnFailure => "OnFailure",
            Self::OnSuccess => "OnSuccess",
            Self::PropagatesReloadTo => "PropagatesReloadTo",
            Self::ReloadPropagatedFrom => "ReloadPropagatedFrom",
            Self::PropagatesStopTo => "PropagatesStopTo",
            Self::StopPropagatedFrom => "StopPropagatedFrom",
            Self::JoinsNamespaceOf => "JoinsNamespaceOf",
        }
    }
}

/// One `Condition…=` or `Assert…=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The test, e.g. `PathExists` for both `ConditionPathExists=` and `AssertPathExists=`.
    pub test: String,
    /// Leading `|`: one of all the triggering ones must hold.
    pub trigger: bool,
    /// Leading `!`.
    pub negate: bool,
    /// What is tested.
    pub value: String,
    /// Where it is written.
    pub origin: Origin,
}

impl Check {
    /// As it is written; `family` is `Condition` or `Assert`: `ConditionPathExists=|!/etc/x`.
    #[must_use]
    pub fn assignment(&self, family: &str) -> String {
        let marks = [(self.trigger, "|"), (self.negate, "!")];
        let marks: String = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
        format!("{family}{}={marks}{}", self.test, self.value)
    }
}

/// At most `burst` starts in `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartLimit {
    /// Zero turns the limit off.
    pub interval: Duration,
    /// Zero turns the limit off too.
    pub burst: u32,
}

/// What the kind of unit adds.
#[derive(Clone, Debug)]
pub enum Body {
    /// `.service`
    Service(Box<Service>),
    /// `.target` and every kind that amr knows by name only.
    Other,
}

/// `[Install]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Install {
    pub wanted_by: Vec<UnitName>,
    pub required_by: Vec<UnitName>,
    pub alias: Vec<UnitName>,
    pub also: Vec<UnitName>,
    pub default_instance: Option<String>,
}

/// A directive that is known and has no effect under amr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unapplied {
    /// `Service`, without brackets.
    pub section: String,
    /// The directive's name.
    pub key: String,
    /// Its value as written.
    pub value: String,
    /// Why, in a few words.
    pub why: String,
    /// The file and line that have it.
    pub origin: Origin,
}
