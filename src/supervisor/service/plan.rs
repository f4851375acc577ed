//! The [plan] of a service.
//!
//! Pure.

use super::machine::Policy;
use crate::supervisor::core::mark::FileMark;
use crate::supervisor::core::plan::{self, Paths, Unread};
use crate::supervisor::core::version::{self, VERSION};
pub use crate::unit::exec::ApplyMode;
use crate::unit::exec::credentials;
use crate::unit::exec::directories::Kind;
use crate::unit::model::{Body, Check, DepKind, ExecCommand, HostActions, Service, StartLimit, Unit};
use crate::unit::name::{UnitKind, UnitName};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use thiserror::Error;

mod runtime;

/// Everything that a supervisor is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The [version] of whoever made it, in which it is answered.
    #[serde(default = "version::first")]
    pub version: u32,
    /// The unit's name.
    pub unit: String,
    /// `Description=`.
    pub description: Option<String>,
    /// Its file and drop-ins, inner paths, each with its time of change in seconds since 1970.
    #[serde(default)]
    pub files: Vec<FileMark>,
    /// How many directives are known and not applied.
    #[serde(default)]
    pub unapplied: u32,
    /// `Condition…=`, which an automatic restart looks at again.
    #[serde(default)]
    pub conditions: Vec<Check>,
    /// `Assert…=`, likewise.
    #[serde(default)]
    pub asserts: Vec<Check>,
    /// `[Service]`.
    pub service: Box<Service>,
    /// `StartLimitIntervalSec=` and `StartLimitBurst=`.
    pub start_limit: StartLimit,
    /// `FailureAction=` and its kin.
    #[serde(default)]
    pub actions: HostActions,
    /// Where files are.
    pub paths: Paths,
    /// May it do what needs root?
    pub mode: ApplyMode,
    /// The name of the subsys lock and of the PID file in /var/run: the init script's.
    pub lock_name: Option<String>,
    /// Is there a unit that wants to know of its end?
    #[serde(default)]
    pub reaction: Reaction,
    /// The unit whose end this one is started for: `MONITOR_UNIT` and its kin.
    #[serde(default)]
    pub monitored: Option<String>,
    /// Does whoever starts it wait until its program runs, also where `Type=simple` asks for the fork alone?
    #[serde(default)]
    pub await_exec: bool,
    /// Features of the kernel to do without (`AMR_FEATURES`).
    pub switches: Option<String>,
    /// What the supervisor does first.
    #[serde(rename = "errand")]
    pub first_action: FirstAction,
}

/// Which ends of the unit somebody is interested in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// `OnFailure=`.
    pub failure: bool,
    /// `OnSuccess=`.
    pub success: bool,
    /// Units that its end concerns in any other way: bound to it, needed by it, upholding it.
    pub bound: bool,
}

/// What a supervisor does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FirstAction {
    /// Start the service, or take over the one that runs.
    Start,
    /// Take over the one that runs, and stop it.
    Stop,
    /// Take over the one that runs.
    Adopt,
}

/// Why there can be no plan.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// Not a `.service`.
    #[error("cannot supervise '{0}': it is not a service")]
    NotAService(UnitName),
    /// Its folders would lie over amr's own.
    #[error("refusing '{unit}': {key}={name} would overlap '{own}', where amr keeps its own files")]
    Overlap {
        /// Which asks for the directory.
        unit: UnitName,
        /// `RuntimeDirectory` or its kin.
        key: &'static str,
        /// The name given.
        name: String,
        /// The folder of amr.
        own: PathBuf,
    },
    /// The bytes are not a plan that this amr reads.
    #[error(transparent)]
    Unread(#[from] Unread),
}

/// What the caller adds to the unit.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// See [`Plan`]. So with the others.
    pub paths: Paths,
    /// May it do what needs root?
    pub mode: ApplyMode,
    /// The init script's name.
    pub lock_name: Option<String>,
    /// Times of change of the unit's files.
    pub files: Vec<FileMark>,
    /// Features to do without.
    pub switches: Option<String>,
    /// Do other units depend on this one such that its end concerns them?
    pub bound: bool,
    /// The unit whose end this one is started for.
    pub monitored: Option<String>,
    /// Is its program to run before a service of `Type=simple` counts as started?
    pub await_exec: bool,
}

impl Plan {
    /// The plan for a unit.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn new(unit: &Unit, extras: PlanInput, first_action: FirstAction) -> Result<Self, PlanError> {
        let unread = Service::default();
        let service = match &unit.body {
            Body::Service(service) => service,
            // Its file is gone, and it may run: it is stopped and watched over as any service is.
            Body::Other if first_action != FirstAction::Start && unit.name.kind() == UnitKind::Service => {
                &unread
            }
            Body::Other => return Err(PlanError::NotAService(unit.name.clone())),
        };
        if first_action == FirstAction::Start {
            refuse_overlap(&unit.name, service, &extras.paths)?;
        }
        let has = |kind| unit.deps.iter().any(|d| d.kind == kind);
        Ok(Self {
            version: VERSION,
            unit: unit.name.to_string(),
            description: unit.description.clone(),
            files: extras.files,
            unapplied: u32::try_from(unit.unapplied.len()).unwrap_or(u32::MAX),
            conditions: unit.conditions.clone(),
            asserts: unit.asserts.clone(),
            service: Box::new(runtime::settle(service, &extras.paths.runtime_dir)),
            start_limit: unit.start_limit,
            actions: unit.actions,
            paths: extras.paths,
            mode: extras.mode,
            lock_name: extras.lock_name,
            reaction: Reaction {
                failure: has(DepKind::OnFailure),
                success: has(DepKind::OnSuccess),
                bound: extras.bound,
            },
            monitored: extras.monitored,
            await_exec: extras.await_exec,
            switches: extras.switches,
            first_action,
        })
    }

    /// The facts that the machine goes by.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy { await_exec: self.await_exec, ..Policy::new(&self.service, self.start_limit) }
    }

    /// A command of the unit.
    #[must_use]
    pub fn command(&self, slot: super::machine::Slot, index: usize) -> Option<&ExecCommand> {
        use super::machine::Slot;
        let e = &self.service.exec;
        let list = match slot {
            Slot::Condition => &e.condition,
            Slot::StartPre => &e.start_pre,
            Slot::Start => &e.start,
            Slot::StartPost => &e.start_post,
            Slot::Reload => &e.reload,
            Slot::Stop => &e.stop,
            Slot::StopPost => &e.stop_post,
        };
        list.get(index)
    }

    /// Does anything of it go to the unit's log?
    #[must_use]
    pub fn writes_log(&self) -> bool {
        self.service.context.io.writes_log()
    }

    /// Where the PID file may appear: where the unit says, as this host has it; and where a program may
    /// have written it that takes the unit by its word.
    #[must_use]
    pub fn pid_files(&self) -> Vec<PathBuf> {
        let Some(path) = self.service.pid_file.as_ref().map(PathBuf::from) else { return Vec::new() };
        let literal = runtime::literal(&path, &self.paths.runtime_dir);
        [Some(path), literal].into_iter().flatten().collect()
    }

    /// The unit's folder below `run_dir`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.paths.run_dir.join(&self.unit)
    }

    /// The plan that follows this one while the service runs: of `next` what the unit's files say, of this one
    /// what is about the run.
    #[must_use]
    pub fn succeeded_by(&self, next: Self) -> Self {
        let bound = self.reaction.bound || next.reaction.bound;
        Self {
            version: self.version,
            unit: self.unit.clone(),
            paths: self.paths.clone(),
            mode: self.mode,
            lock_name: self.lock_name.clone(),
            reaction: Reaction { bound, ..next.reaction },
            monitored: self.monitored.clone(),
            await_exec: self.await_exec,
            switches: self.switches.clone(),
            first_action: self.first_action,
            ..next
        }
    }

    /// For the descriptor.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        plan::encode(self)
    }

    /// From the descriptor.
    ///
    /// # Errors
    /// Bytes that are not a plan, or one that a newer amr has made.
    pub fn decode(bytes: &[u8]) -> Result<Self, PlanError> {
        Ok(plan::decode(bytes)?)
    }
}

impl plan::Plan for Plan {
    fn version(&self) -> u32 {
        self.version
    }
}

fn refuse_overlap(unit: &UnitName, service: &Service, paths: &Paths) -> Result<(), PlanError> {
    for kind in Kind::ALL {
        let (key, above, _) = kind.words();
        let set = service.context.directories.set(kind);
        for name in set.names.iter().chain(set.links.iter().map(|(_, link)| link)) {
            if let Some(own) = overlapped(above, name, paths) {
                let name = name.clone();
                return Err(PlanError::Overlap { unit: unit.clone(), key, name, own });
            }
        }
    }
    Ok(())
}

/// The folder of amr's own that a folder of the service would lie in or around.
fn overlapped(above: &str, name: &str, paths: &Paths) -> Option<PathBuf> {
    let wanted = plain(&Path::new(above).join(name));
    let secrets = paths.runtime_dir.join(credentials::FOLDER);
    let own = [&paths.run_dir, &paths.log_dir, &paths.lock_dir, &secrets].into_iter().find(|own| {
        let mine = plain(own);
        wanted.starts_with(&mine) || mine.starts_with(&wanted)
    })?;
    Some(own.clone())
}

/// /var/run is /run.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix("/var/run").map_or_else(|_| path.to_owned(), |rest| Path::new("/run").join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amrs_own_folders_are_nobodys_runtime_directory() {
        let paths = Paths {
            root: "/".into(),
            run_dir: "/var/run/amr-supervise".into(),
            log_dir: "/var/log/amr-units".into(),
            lock_dir: "/var/lock/subsys".into(),
            runtime_dir: "/var/run".into(),
        };
        let over = |above: &str, name: &str| overlapped(above, name, &paths).is_some();
        assert!(over("/run", "amr-supervise") && over("/run", "amr-supervise/a.service"));
        assert!(over("/run", "credentials") && over("/run", "credentials/web.service"));
        assert!(over("/var/log", "amr-units") && over("/var", "lock"));
        assert!(!over("/run", "amr-supervise2") && !over("/var/log", "amr"));
    }
}
