//! What a process does to itself on its way to exec, in the order of systemd 252's exec_child.
//!
//! A step is a function that takes what it needs of the [`Process`] and does nothing where nothing is
//! asked. It runs in the child, which may allocate. One file for each area of `crate::unit::exec`; the
//! rows of the table of directives name the steps (tests/directives.rs).

mod capabilities;
mod environment;
mod identity;
mod io;
mod limits;
mod mounts;
mod process;
mod scheduling;
mod spaces;
mod syscalls;

use super::process::Process;
use super::stage::{Report, Stage};
use crate::os::error::Errno;

/// One thing done between fork and exec, in the order of systemd's `exec_child`.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// As the table of directives names it.
    pub name: &'static str,
    /// The exit status of a process that fails in it.
    pub status: Stage,
    /// May it take the rights of another user? Where it did the kernel has forgotten with whom the process is to die.
    pub changes_rights: bool,
    apply: fn(&Process) -> Applied,
}

/// What came of a step.
pub type Applied = Result<StepDone, StepError>;

/// A step that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepDone {
    /// Everything that it is there for was done.
    Fully,
    /// systemd goes on without; why.
    Without(Errno),
    /// All but a part of it; which.
    But(StepError),
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    /// The kernel's reason.
    pub errno: Errno,
    /// What it was about: a path.
    pub about: Option<String>,
}

/// The order, but for the last of them. Two places differ from systemd's: folders are made and files opened
/// before the fork, and the keyring is made as the new user, whose it then is, instead of being given away.
const ORDER: [&[Step]; 3] = [
    &[
        step("signals", Stage::SignalMask, process::signals),
        step("session", Stage::SetSid, process::session),
        step("control-group", Stage::Cgroup, process::control_group),
        step("stdin", Stage::Stdin, io::stdin),
        step("stdout", Stage::Stdout, io::stdout),
        step("stderr", Stage::Stderr, io::stderr),
        step("oom-score", Stage::OomAdjust, process::oom_score),
        step("coredump-filter", Stage::Limits, process::coredump_filter),
    ],
    scheduling::STEPS,
    &[
        step("personality", Stage::Personality, process::personality),
        step("terminal", Stage::Stdin, io::terminal),
        step("umask", Stage::Exec, process::umask),
        step("limits", Stage::Limits, limits::limits),
        step("network", Stage::Network, spaces::network),
        step("ipc", Stage::Namespace, spaces::ipc),
        step("mount-namespace", Stage::Namespace, mounts::namespace),
        step("hostname", Stage::Namespace, process::hostname),
        step("group", Stage::Group, identity::group).changing_rights(),
        step("users", Stage::User, spaces::users).changing_rights(),
        step("descriptors", Stage::Fds, io::descriptors),
        step("realtime-limit", Stage::Limits, syscalls::realtime_limit),
        step("capabilities", Stage::Capabilities, capabilities::bounding_set),
        step("inheritable-capabilities", Stage::Capabilities, capabilities::inheritable),
        step("root", Stage::Chroot, mounts::root),
        step("user", Stage::User, identity::user).changing_rights(),
        step("ambient-capabilities", Stage::Capabilities, capabilities::ambient),
        step("keyring", Stage::Keyring, identity::keyring),
        step("working-directory", Stage::Chdir, process::working_directory).changing_rights(),
        step("apparmor", Stage::AppArmor, spaces::apparmor),
        step("secure-bits", Stage::SecureBits, capabilities::secure_bits),
        step("no-new-privileges", Stage::NoNewPrivileges, capabilities::no_new_privileges),
    ],
];

/// The last step, which does not return but with a failure.
pub const EXECUTE: Step = step("execute", Stage::Exec, environment::execute);

/// The steps that are taken while the parent does not know of the process yet, in their order.
pub fn unknown() -> impl Iterator<Item = &'static Step> {
    ORDER.into_iter().flatten()
}

/// Those that follow, but for [`EXECUTE`]: behind them nothing may be done any more.
pub fn filters() -> impl Iterator<Item = &'static Step> {
    syscalls::STEPS.iter()
}

/// All steps, in their order.
pub fn all() -> impl Iterator<Item = Step> {
    unknown().chain(filters()).copied().chain([EXECUTE])
}

const fn step(name: &'static str, status: Stage, apply: fn(&Process) -> Applied) -> Step {
    Step { name, status, changes_rights: false, apply }
}

impl Step {
    const fn changing_rights(self) -> Step {
        Step { changes_rights: true, ..self }
    }

    /// Does it. In the child.
    ///
    /// # Errors
    /// Those that end the process.
    pub fn apply(&self, process: &Process) -> Applied {
        (self.apply)(process)
    }

    /// What is told of it.
    pub(super) fn report(&self, fatal: bool, fault: &StepError) -> Report {
        Report { fatal, status: self.status.code(), errno: fault.errno as i32, about: fault.about.clone() }
    }
}

impl StepError {
    /// With what it was about.
    fn about(errno: Errno, what: impl Into<String>) -> StepError {
        StepError { errno, about: Some(what.into()) }
    }
}

impl From<Errno> for StepError {
    fn from(errno: Errno) -> StepError {
        StepError { errno, about: None }
    }
}

/// All or an error.
fn fully(done: Result<(), Errno>) -> Applied {
    done?;
    Ok(StepDone::Fully)
}

/// A missing privilege is what systemd goes on without.
fn unless_forbidden(done: Result<(), Errno>) -> Applied {
    match done {
        Err(errno @ (Errno::EPERM | Errno::EACCES)) => Ok(StepDone::Without(errno)),
        done => fully(done),
    }
}
