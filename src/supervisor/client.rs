//! What commands do with supervisors: start one, ask it, wait for its answer, and tell what is true
//! where there is none.
//!
//! A command may be killed at any moment: a supervisor that was started goes on by itself. A second
//! stop joins the first; a start that comes during a stop waits for its end. What a killed
//! supervisor left is taken over by the next command that is about the unit.

mod checks;
mod interest;
mod known;
mod missing;
mod pending;
mod replan;

pub use checks::note_unmet;
pub use interest::{may_uphold, note_interest};
pub use known::{is_supervised, known, note_down, note_up, recorded, status};
pub use missing::{Missing, missing};
pub use pending::Pending;
pub use replan::{has_plan, replan};

use super::core::launch::{Launched, launch};
use super::core::plan::PLAN_LIMIT;
use super::core::state_dir::StateDir;
use super::core::store;
use super::core::version::VERSION;
use super::service::found::is_left;
use super::service::machine::{ServiceResult, State};
pub use super::service::message::Who;
use super::service::message::{Reply, Request};
use super::service::plan::{FirstAction, Plan, PlanError, PlanInput};
use super::service::status::{Record, StartWindow};
use crate::os::clock;
use crate::os::error::Error;
use crate::os::features::UnknownSwitch;
use crate::os::lock::Lock;
use crate::os::poll::{self, Interest};
use crate::os::socket::Connection;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;
use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use thiserror::Error as ThisError;

/// How long a living supervisor may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a supervisor that is just coming or going.
const BETWEEN: Duration = Duration::from_millis(5);

/// Why a command got no answer.
#[derive(Debug, ThisError)]
pub enum ClientError {
    /// The unit cannot be supervised.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The kernel said no.
    #[error(transparent)]
    Os(#[from] Error),
    /// A switch of `AMR_FEATURES` that means nothing.
    #[error(transparent)]
    Switch(#[from] UnknownSwitch),
    /// The supervisor could not begin its work.
    #[error("cannot supervise '{unit}': {why}")]
    NotSupervised {
        /// Whose supervisor it would have been.
        unit: String,
        /// What it said.
        why: String,
    },
    /// The time that the caller gave is over; the job goes on.
    #[error("'{unit}' has not finished within the time given; it goes on")]
    Timeout {
        /// Whose job goes on.
        unit: String,
    },
    /// The supervisor will not do that.
    #[error("cannot do that with '{unit}': {why}")]
    Refused {
        /// Whose supervisor was asked.
        unit: String,
        /// As a clause: `it is not active`.
        why: String,
    },
}

type Result<T, E = ClientError> = std::result::Result<T, E>;

/// What the caller knows besides the unit.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The init script's name: for the subsys lock and /var/run/NAME.pid.
    pub lock_name: Option<String>,
    /// Features of the kernel to do without.
    pub switches: Option<String>,
    /// How long [`Pending::finish`] waits; `None` for ever.
    pub timeout: Option<Duration>,
    /// Other units depend on this one such that its end concerns them (`BindsTo=` and the like).
    pub bound: bool,
    /// The unit by whose `OnFailure=` or `OnSuccess=` this one is started.
    pub monitored: Option<String>,
    /// Is its program to run before a service of `Type=simple` counts as started?
    pub await_exec: bool,
    /// The amr to run as supervisor; `None` for this program.
    pub program: Option<PathBuf>,
    /// One that was started before its plan was made; the first job that needs one takes it.
    pub ahead: Prestarted,
}

/// A supervisor that has no unit yet: it comes up while the units are still read. Dropped before a job
/// took it, it ends.
#[derive(Clone, Debug, Default)]
pub struct Prestarted(Rc<RefCell<Option<Launched>>>);

/// Starts a supervisor for a unit that has none. What goes wrong is told by the job, which then
/// starts one itself.
#[must_use]
pub fn ahead(state_dir: &StateDir, name: &UnitName) -> Prestarted {
    let idle = matches!(is_supervised(state_dir, name), Ok(false));
    let launched = if idle { launch(None).ok() } else { None };
    Prestarted(Rc::new(RefCell::new(launched)))
}

impl Prestarted {
    /// Is there one that no job has taken yet?
    fn waits(&self) -> bool {
        self.0.borrow().is_some()
    }
}

impl Drop for Prestarted {
    /// Waits for the end of one that nobody needs: a command leaves no process behind.
    fn drop(&mut self) {
        let unneeded = Rc::get_mut(&mut self.0).and_then(|last| last.get_mut().take());
        if let Some(Launched { plan, report }) = unneeded {
            drop(plan);
            // Readable at its end, which is near.
            let _ = poll::wait(&[(report.as_fd(), Interest::Read)], Some(PATIENCE));
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// In short.
    pub answer: Answer,
    /// For a start or a reload that failed, the record as it is now.
    pub record: Option<Record>,
    /// It is the caller who sees to those whom this end concerns, when its other jobs are done.
    pub is_ours: bool,
}

/// How a job ended, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is active (also when it already was).
    Started,
    /// It ran and ended well (`Type=oneshot` and the like), or was skipped by `ExecCondition=`.
    Done,
    /// The start failed.
    Failed(ServiceResult, String),
    /// It is down; with this result.
    Stopped(ServiceResult),
    /// It was down already.
    AlreadyDown,
    /// The reload is over; with this result.
    Reloaded(ServiceResult),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Start,
    Stop,
    StopForRestart,
    Reload,
}

impl Job {
    fn is_stop(self) -> bool {
        matches!(self, Self::Stop | Self::StopForRestart)
    }

    fn request(self) -> Request {
        match self {
            Self::Start => Request::Start,
            Self::Stop => Request::Stop,
            Self::StopForRestart => Request::StopForRestart,
            Self::Reload => Request::Reload,
        }
    }
}

/// Starts a unit; one that is active already is answered at once.
///
/// # Errors
/// See [`ClientError`].
pub fn start(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<Pending> {
    Pending::new(state_dir, unit, options, Job::Start)
}

/// Stops a unit.
///
/// # Errors
/// See [`ClientError`].
pub fn stop(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<Pending> {
    Pending::new(state_dir, unit, options, Job::Stop)
}

/// Stops a unit that is to be started again: `RestartKillSignal=` and
/// `RuntimeDirectoryPreserve=restart` apply.
///
/// # Errors
/// See [`ClientError`].
pub fn stop_for_restart(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<Pending> {
    // Whoever takes over a service that lost its supervisor by stopping it would not know that it is to come back.
    supervised(state_dir, unit, options)?;
    Pending::new(state_dir, unit, options, Job::StopForRestart)
}

/// Reloads a unit.
///
/// # Errors
/// See [`ClientError`].
pub fn reload(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<Pending> {
    supervised(state_dir, unit, options)?;
    Pending::new(state_dir, unit, options, Job::Reload)
}

/// Sends a signal to processes of a unit.
///
/// # Errors
/// It is not running, or see [`ClientError`].
pub fn kill(state_dir: &StateDir, unit: &Unit, options: &Options, signal: i32, who: Who) -> Result<()> {
    supervised(state_dir, unit, options)?;
    ask(state_dir, unit.name.as_str(), Request::Kill(signal, who))
}

/// Forgets a failure and the starts that were counted.
///
/// # Errors
/// See [`ClientError`].
pub fn reset_failed(state_dir: &StateDir, name: &UnitName) -> Result<()> {
    let deadline = clock::now().saturating_add(PATIENCE);
    while is_supervised(state_dir, name)? && clock::now() < deadline {
        let over =
            || Ok::<_, ClientError>(state_dir.record(name.as_str())?.is_some_and(|r| r.state().is_over()));
        // One that is just going takes no more requests.
        if !over()? && ask(state_dir, name.as_str(), Request::ResetFailed).is_ok() && !over()? {
            return Ok(());
        }
        poll::wait(&[], Some(BETWEEN))?;
    }
    let Some(mut record) = status(state_dir, name)? else { return Ok(()) };
    record.starts = StartWindow::default();
    record.restarts = 0;
    if record.state() == State::Failed {
        record.sub = State::Dead.sub().to_owned();
        record.result = ServiceResult::Success.as_str().to_owned();
    }
    let path = state_dir.files(name.as_str()).status;
    Ok(store::write(&state_dir.root, &path, &record)?)
}

/// Sees to it that a service which lost its supervisor has one.
fn supervised(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<()> {
    if is_supervised(state_dir, &unit.name)? || !is_left(state_dir.record(unit.name.as_str())?.as_ref())? {
        return Ok(());
    }
    let adopting = Options { timeout: Some(PATIENCE), ..options.clone() };
    Pending::adopt(state_dir, unit, &adopting)?.finish().map(drop)
}

fn plan(
    state_dir: &StateDir,
    unit: &Unit,
    options: &Options,
    first_action: FirstAction,
) -> Result<Plan, PlanError> {
    let files = unit.fragment.iter().chain(&unit.dropins);
    let lock_name = match &options.lock_name {
        Some(name) => Some(name.clone()),
        // The script may be gone with the unit; what was made in its name goes by the record.
        None if first_action != FirstAction::Start => recorded_lock_name(state_dir, unit.name.as_str()),
        None => None,
    };
    let extras = PlanInput {
        paths: state_dir.paths(unit.name.as_str()),
        mode: state_dir.mode(),
        lock_name,
        files: state_dir.marks(files),
        switches: options.switches.clone(),
        bound: options.bound,
        monitored: options.monitored.clone(),
        await_exec: options.await_exec,
    };
    Plan::new(unit, extras, first_action)
}

fn recorded_lock_name(state_dir: &StateDir, unit: &str) -> Option<String> {
    let lock = state_dir.record(unit).ok()??.lock?;
    Some(lock.file_name()?.to_str()?.to_owned())
}

/// Has a supervisor carry out the plan; it reports through the pipe.
fn supervise(plan: &Plan, options: &Options) -> Result<File> {
    let bytes = plan.encode();
    // More would be cut by whoever reads it.
    if bytes.len() as u64 > PLAN_LIMIT {
        let why = "what the unit says is longer than 16 MiB";
        return Err(Error::other("pass on", "plan", std::io::ErrorKind::FileTooLarge, why).into());
    }
    let send = |mut to: Launched| to.plan.write_all(&bytes).map(|()| to.report);
    if options.program.is_none()
        && let Some(ahead) = options.ahead.0.take()
        && let Ok(report) = send(ahead)
    {
        return Ok(report);
    }
    let launched = launch(options.program.as_deref())?;
    Ok(send(launched).map_err(|e| Error::new("write", "plan", e))?)
}

/// One request, one answer.
fn ask(state_dir: &StateDir, unit: &str, request: Request) -> Result<()> {
    let refused = |why: &str| ClientError::Refused { unit: unit.to_owned(), why: why.to_owned() };
    if !Lock::is_held(&state_dir.root, &state_dir.files(unit).lock)? {
        return Err(refused("it is not running"));
    }
    let mut version = VERSION;
    loop {
        let connection = Connection::open(&state_dir.root, &state_dir.files(unit).control, PATIENCE)?;
        connection.send(&request.encode(version), PATIENCE)?;
        match Reply::decode(&connection.receive(PATIENCE)?) {
            Reply::Ok => return Ok(()),
            Reply::Speaks(older) if older < version => version = older,
            Reply::Refused(why) => return Err(refused(&why)),
            Reply::Error(_) => return Err(refused("its supervisor ended before it answered")),
            Reply::Started
            | Reply::Done
            | Reply::Failed(..)
            | Reply::Stopped(_)
            | Reply::StoppedYours(_)
            | Reply::Reloaded(_)
            | Reply::Later
            | Reply::Busy
            | Reply::Speaks(_) => return Err(refused("its supervisor does not know the request")),
        }
    }
}
