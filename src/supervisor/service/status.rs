//! The [record] of a service.
//!
//! Pure.

mod check;
mod command;

pub use check::CheckMark;
pub use command::CommandMark;

use super::machine::{Phase, ServiceResult, State, Window};
use crate::cgroup::GroupMark;
use crate::supervisor::core::mark::{FileMark, Moment, ProcessMark, micros};
use crate::supervisor::core::record::{self, TooNew};
use crate::supervisor::core::version::{NEEDS, VERSION};
use crate::unit::value::raw_path;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// The least version of a reader: [`NEEDS`].
    pub needs: u32,
    /// The unit's name.
    pub unit: String,
    /// `Description=`.
    pub description: Option<String>,
    /// `SubState=`.
    pub sub: String,
    /// `Result=`.
    pub result: String,
    /// How the last reload ended, as a `Result=`.
    pub reload_result: String,
    /// Is it wanted up?
    pub wanted: bool,
    /// The boot in which it was written.
    pub boot_id: String,
    /// `INVOCATION_ID`.
    pub invocation_id: String,
    /// The main process.
    pub main: Option<ProcessMark>,
    /// The control process.
    pub control: Option<ProcessMark>,
    /// Of this boot; `None` once it has ended in order.
    pub supervisor: Option<ProcessMark>,
    /// The last main process, alive or not.
    pub exec_main_pid: i32,
    /// When it was started.
    pub exec_main_start: Moment,
    /// When it ended.
    pub exec_main_exit: Moment,
    /// How it ended: 0 not yet, 1 by itself, 2 by a signal, 3 by a signal with a core file (`CLD_…`).
    pub exec_main_code: i32,
    /// Exit code or signal.
    pub exec_main_status: i32,
    /// Why a step before exec failed, as a sentence.
    pub exec_failure: Option<String>,
    /// The commands of the last run, in the order in which they were started.
    pub commands: Vec<CommandMark>,
    /// In which state the last run failed, as `SubState=`; empty where it did not.
    pub failed_in: String,
    /// Since when it is in this state.
    pub state_change: Moment,
    /// When it last became active.
    pub active_enter: Moment,
    /// When it last ceased to be active.
    pub active_exit: Moment,
    /// When it last was down.
    pub inactive_enter: Moment,
    /// When it last ceased to be down.
    pub inactive_exit: Moment,
    /// `Condition…=` when a start last looked at them.
    pub condition: CheckMark,
    /// `Assert…=`, which are looked at where the conditions are met.
    pub assertion: CheckMark,
    /// When the watchdog was last fed, or began to watch.
    pub watchdog: Moment,
    /// Its time in microseconds, 0 for none: `WatchdogSec=` at the start, or what the service has said since.
    /// `None` in a record of an earlier release.
    pub watchdog_usec: Option<u64>,
    /// Automatic restarts.
    pub restarts: u32,
    /// Starts counted for the start limit.
    pub starts: StartWindow,
    /// STATUS=.
    pub status_text: String,
    /// ERRNO=.
    pub status_errno: i32,
    /// The file with its output, if it has one.
    #[serde(with = "raw_path::option")]
    pub log_path: Option<PathBuf>,
    /// In this boot a supervisor has marked in the log where the boot begins, or there was no log yet.
    pub log_seen_to: bool,
    /// How many directives are known and not applied.
    pub unapplied: u32,
    /// What could not be applied in full here, each as a sentence.
    pub not_applied: Vec<String>,
    /// Why the lock or the PID file by which others know the service is not there; it is tried again.
    pub unwritten: Option<String>,
    /// The unit's files when it was started.
    pub files: Vec<FileMark>,
    /// Its main process is not there to stay (`Type=oneshot`).
    pub oneshot: bool,
    /// What nobody saw since its supervisor was lost, as a sentence.
    pub unknown: Option<String>,
    /// How its processes are told from others.
    pub tracking: TrackingMark,
    /// The descriptors that are kept for it, in the order in which they came.
    pub kept: Vec<Kept>,
    /// The subsys lock that it holds.
    #[serde(with = "raw_path::option")]
    pub lock: Option<PathBuf>,
}

/// A descriptor that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// By which the service knows it.
    pub name: String,
    /// It goes when it is closed at its other end.
    pub watched: bool,
}

/// [`Window`] on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartWindow {
    /// Microseconds since boot; 0 for none.
    pub begin: u64,
    /// Starts seen.
    pub starts: u32,
}

impl From<Window> for StartWindow {
    fn from(w: Window) -> Self {
        Self { begin: w.begin.map_or(0, micros), starts: w.starts }
    }
}

impl From<StartWindow> for Window {
    fn from(w: StartWindow) -> Self {
        Self { begin: (w.begin > 0).then(|| Duration::from_micros(w.begin)), starts: w.starts }
    }
}

/// How the processes of a service are told from others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackingMark {
    /// A group of the kernel.
    #[serde(with = "raw_path::option")]
    pub cgroup: Option<PathBuf>,
    /// Of the unified hierarchy?
    pub unified: bool,
    /// Without a group: the processes that were seen.
    pub kin: Vec<ProcessMark>,
    /// The groups of controllers, besides.
    pub controllers: Vec<GroupMark>,
}

impl TrackingMark {
    /// The folders of all groups of the service.
    pub fn groups(&self) -> impl Iterator<Item = &Path> {
        self.cgroup.as_deref().into_iter().chain(self.controllers.iter().map(|group| group.dir.as_path()))
    }
}

/// Which processes of a record still live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Living {
    /// The main process.
    pub main: bool,
    /// The control process.
    pub control: bool,
    /// Any besides the main process.
    pub others: bool,
}

impl record::Record for Record {
    fn needs(&self) -> u32 {
        self.needs
    }

    fn boot_id(&self) -> &str {
        &self.boot_id
    }
}

impl Record {
    /// The state it tells of; a word from the future counts as dead.
    #[must_use]
    pub fn state(&self) -> State {
        State::from_sub(&self.sub).unwrap_or_default()
    }

    /// `SubState`; a target, which has no process, knows but two.
    #[must_use]
    pub fn sub_state(&self) -> &'static str {
        match (self.unit.ends_with(".target"), self.state()) {
            (true, State::Exited) => "active",
            (_, state) => state.sub(),
        }
    }

    /// The result it tells of.
    #[must_use]
    pub fn service_result(&self) -> ServiceResult {
        ServiceResult::parse(&self.result).unwrap_or_default()
    }

    /// All processes that it names.
    #[must_use]
    pub fn marks(&self) -> Vec<ProcessMark> {
        self.main.iter().chain(&self.control).chain(&self.tracking.kin).copied().collect()
    }

    /// For the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        record::encode(self)
    }

    /// From the file; `None` for bytes that are no record.
    ///
    /// # Errors
    /// It is a newer amr's.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, TooNew> {
        record::decode(bytes)
    }

    /// In which phase a supervisor finds the service, by what the record says and by whether its
    /// main process, or others of its processes, still live. `None` where there is nothing to find.
    ///
    /// What lives goes on. Whether it became ready, or an `ExecStartPost=` ended, while nobody watched is
    /// unknown, and never a reason to end it.
    #[must_use]
    pub fn phase(&self, main_lives: bool, others: bool) -> Option<Phase> {
        match self.state() {
            State::Dead | State::Failed | State::AutoRestart => None,
            State::Exited => Some(Phase::Exited),
            State::Start if main_lives && self.oneshot => Some(Phase::Starting),
            State::Running | State::Reload | State::StartPost | State::Start if main_lives => {
                Some(Phase::Running)
            }
            State::Running | State::Reload | State::StartPost if others && self.exec_main_pid == 0 => {
                Some(Phase::Running)
            }
            // The daemon of a forking service, or what is to become it.
            State::Start if others && self.exec_main_pid == 0 => Some(Phase::Starting),
            State::Running
            | State::Reload
            | State::StartPost
            | State::Start
            | State::Condition
            | State::StartPre
            | State::Stop
            | State::StopWatchdog
            | State::StopSigterm
            | State::StopSigkill
            | State::StopPost
            | State::FinalWatchdog
            | State::FinalSigterm
            | State::FinalSigkill => (main_lives || others).then_some(Phase::Stopping),
        }
    }

    /// What cannot be known of a service that is found in this phase.
    #[must_use]
    pub fn unseen(&self, phase: Phase) -> &'static str {
        match (self.state(), phase) {
            (State::Start, Phase::Running | Phase::Starting | Phase::Forking) => {
                "its supervisor was lost during the start: whether it is ready is unknown"
            }
            (State::StartPost, Phase::Running | Phase::Starting | Phase::Forking) => {
                "its supervisor was lost during ExecStartPost=: whether that was done is unknown"
            }
            (State::Reload, Phase::Running | Phase::Starting | Phase::Forking) => {
                "its supervisor was lost during a reload: how that ended is unknown"
            }
            (_, Phase::Stopping) if self.state().is_stopping() => {
                "its supervisor was lost during the stop: the next command goes on with it"
            }
            (_, Phase::Stopping) => "its supervisor was lost, and its main process has ended since",
            (_, Phase::Starting | Phase::Forking | Phase::Running | Phase::Exited) => {
                "its supervisor was lost: what it reported since is unknown"
            }
        }
    }

    /// The record as it is true without a supervisor: one of an earlier boot is about a service
    /// that is down; one whose processes have gone is about a service that ended unseen.
    #[must_use]
    pub fn unsupervised(mut self, boot_id: &str, living: Living) -> Self {
        if self.boot_id != boot_id {
            let (unit, description, files) = (self.unit, self.description, self.files);
            let (sub, result) = ("dead".into(), "success".into());
            let (version, needs) = (VERSION, NEEDS);
            return Self { version, needs, unit, description, files, sub, result, ..Self::default() };
        }
        if self.state().is_over() {
            return self;
        }
        if let Some(phase) = self.phase(living.main, living.others) {
            self.unknown = Some(self.unseen(phase).to_owned());
            // What is left of a forking service once its starting process has gone is the daemon.
            let daemon = phase == Phase::Starting && !living.control;
            if phase == Phase::Running || !self.oneshot && (living.main || daemon) {
                self.sub = State::Running.sub().into();
            }
            return self;
        }
        self.unknown = Some("its supervisor was lost: when and how it ended is unknown".to_owned());
        // The time of the last change is that of something else.
        self.state_change = Moment::default();
        self.main = None;
        self.control = None;
        if self.state() == State::AutoRestart || self.service_result().is_failure() || self.wanted {
            self.sub = "failed".into();
            if self.service_result() == ServiceResult::Success {
                self.result = ServiceResult::ExitCode.as_str().into();
            }
        } else {
            self.sub = "dead".into();
        }
        self
    }
}

#[cfg(test)]
mod tests;
