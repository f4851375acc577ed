//! How far a process came on its way to exec, and how that is told.

use crate::os::error::Errno;
use crate::os::pipe::{PipeEvent, Reader};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};

/// A step before exec. The number is the exit code that systemd gives for it (systemd.exec(5),
/// "Process Exit Codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Stage {
    Chdir = 200,
    Nice = 201,
    Fds = 202,
    Exec = 203,
    Limits = 205,
    OomAdjust = 206,
    SignalMask = 207,
    Stdin = 208,
    Stdout = 209,
    Chroot = 210,
    IoPrio = 211,
    TimerSlack = 212,
    SecureBits = 213,
    SetScheduler = 214,
    CpuAffinity = 215,
    Group = 216,
    User = 217,
    Capabilities = 218,
    Cgroup = 219,
    SetSid = 220,
    Stderr = 222,
    AddressFamilies = 224,
    Network = 225,
    Namespace = 226,
    NoNewPrivileges = 227,
    Seccomp = 228,
    Personality = 230,
    AppArmor = 231,
    RuntimeDirectory = 233,
    Keyring = 237,
    StateDirectory = 238,
    CacheDirectory = 239,
    LogsDirectory = 240,
    ConfigurationDirectory = 241,
    Credentials = 243,
}

/// With systemd's name and what was tried, for people.
const STAGES: [(Stage, &str, &str); 35] = [
    (Stage::Chdir, "CHDIR", "change the working directory"),
    (Stage::Nice, "NICE", "set the nice level"),
    (Stage::Fds, "FDS", "arrange descriptors"),
    (Stage::Exec, "EXEC", "execute"),
    (Stage::Limits, "LIMITS", "set resource limits"),
    (Stage::OomAdjust, "OOM_ADJUST", "adjust the OOM score"),
    (Stage::SignalMask, "SIGNAL_MASK", "set the signal mask"),
    (Stage::Stdin, "STDIN", "set up standard input"),
    (Stage::Stdout, "STDOUT", "set up standard output"),
    (Stage::Chroot, "CHROOT", "change the root folder"),
    (Stage::IoPrio, "IOPRIO", "set the I/O priority"),
    (Stage::TimerSlack, "TIMERSLACK", "set the timer slack"),
    (Stage::SecureBits, "SECUREBITS", "set the secure bits"),
    (Stage::SetScheduler, "SETSCHEDULER", "set the CPU scheduler"),
    (Stage::CpuAffinity, "CPUAFFINITY", "set the CPU affinity"),
    (Stage::Group, "GROUP", "change the groups"),
    (Stage::User, "USER", "change the user"),
    (Stage::Capabilities, "CAPABILITIES", "drop capabilities"),
    (Stage::Cgroup, "CGROUP", "enter the control group"),
    (Stage::SetSid, "SETSID", "create a session"),
    (Stage::Stderr, "STDERR", "set up standard error"),
    (Stage::AddressFamilies, "ADDRESS_FAMILIES", "restrict address families"),
    (Stage::Network, "NETWORK", "set up the network namespace"),
    (Stage::Namespace, "NAMESPACE", "set up the mount namespace"),
    (Stage::NoNewPrivileges, "NO_NEW_PRIVILEGES", "renounce new privileges"),
    (Stage::Seccomp, "SECCOMP", "filter system calls"),
    (Stage::Personality, "PERSONALITY", "set the personality"),
    (Stage::AppArmor, "APPARMOR", "prepare the change of the AppArmor profile"),
    (Stage::RuntimeDirectory, "RUNTIME_DIRECTORY", "set up the runtime directory"),
    (Stage::Keyring, "KEYRING", "make a session keyring"),
    (Stage::StateDirectory, "STATE_DIRECTORY", "set up the state directory"),
    (Stage::CacheDirectory, "CACHE_DIRECTORY", "set up the cache directory"),
    (Stage::LogsDirectory, "LOGS_DIRECTORY", "set up the logs directory"),
    (Stage::ConfigurationDirectory, "CONFIGURATION_DIRECTORY", "set up the configuration directory"),
    (Stage::Credentials, "CREDENTIALS", "set up credentials"),
];

impl Stage {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The stage of an exit code, if it is one.
    pub fn from_code(code: i32) -> Option<Stage> {
        STAGES.iter().find(|(stage, ..)| i32::from(stage.code()) == code).map(|&(stage, ..)| stage)
    }

    /// As `systemctl status` prints it: `EXEC`.
    pub fn name(self) -> &'static str {
        STAGES.iter().find(|(stage, ..)| *stage == self).map_or("", |&(_, name, _)| name)
    }

    /// What was tried: `change the user`.
    pub fn task(self) -> &'static str {
        STAGES.iter().find(|(stage, ..)| *stage == self).map_or("", |&(.., task)| task)
    }
}

/// A stage that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was to be done; its exit status is systemd's.
    pub stage: Stage,
    /// The kernel's reason.
    pub errno: i32,
    /// What it was about: a path.
    pub about: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.stage.task())?;
        if let Some(about) = &self.about {
            write!(f, " '{about}'")?;
        }
        write!(f, ": {}", Errno::from_raw(self.errno).desc())
    }
}

/// One message through the pipe: a line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// Does the process end by it?
    pub fatal: bool,
    /// The code of a stage.
    pub status: u8,
    pub errno: i32,
    pub about: Option<String>,
}

impl Report {
    /// For the pipe.
    pub fn line(&self) -> Vec<u8> {
        // Into memory, and no field has a value without a form: it does not fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The reading end of the pipe; poll it for readability, then ask [`ExecPipe::state`].
#[derive(Debug)]
pub struct ExecPipe {
    reader: Reader,
    notices: Vec<Failure>,
    end: Option<ExecState>,
}

/// What is known of the exec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecState {
    /// Not there yet.
    Pending,
    /// Done; or the process was killed before, which its exit status tells.
    Done,
    /// The process exits with the stage's code.
    Failed(Failure),
}

impl ExecPipe {
    pub(super) fn new(reader: Reader) -> ExecPipe {
        ExecPipe { reader, notices: Vec::new(), end: None }
    }

    /// Reads what is there, without blocking.
    pub fn state(&mut self) -> ExecState {
        while self.end.is_none() {
            match self.reader.read_line() {
                PipeEvent::Line(line) => self.take(&line),
                PipeEvent::End => self.end = Some(ExecState::Done),
                PipeEvent::Nothing => return ExecState::Pending,
            }
        }
        self.end.clone().unwrap_or(ExecState::Pending)
    }

    fn take(&mut self, line: &[u8]) {
        let Ok(report) = serde_json::from_slice::<Report>(line) else { return };
        let Some(stage) = Stage::from_code(report.status.into()) else { return };
        let failure = Failure { stage, errno: report.errno, about: report.about };
        if report.fatal {
            self.end = Some(ExecState::Failed(failure));
        } else {
            self.notices.push(failure);
        }
    }

    /// What could not be applied in full and did not stop the start: a limit or an OOM score that
    /// this process may not raise or lower. Complete once the state is `Done`.
    pub fn notices(&self) -> &[Failure] {
        &self.notices
    }
}

impl AsFd for ExecPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_code_a_name_and_a_task() {
        for code in 0..256 {
            if let Some(stage) = Stage::from_code(code) {
                assert_eq!(i32::from(stage.code()), code);
                assert!(!stage.name().is_empty() && !stage.task().is_empty());
            }
        }
        assert_eq!(Stage::from_code(203), Some(Stage::Exec));
        assert_eq!(Stage::from_code(1), None);
        assert_eq!(Stage::from_code(crate::os::fork::BROKEN.into()), None);
    }

    #[test]
    fn a_failure_says_what_it_was_about() {
        let failure = |about: Option<&str>| Failure {
            stage: Stage::Exec,
            errno: Errno::ENOENT as i32,
            about: about.map(str::to_owned),
        };
        assert_eq!(failure(None).to_string(), "cannot execute: No such file or directory");
        assert_eq!(failure(Some("/x")).to_string(), "cannot execute '/x': No such file or directory");
    }
}
