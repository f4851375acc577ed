//! How far a process came on its way to exec, and how that is told.

use nix::errno::Errno;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

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
    SetScheduler = 214,
    CpuAffinity = 215,
    Group = 216,
    User = 217,
    Capabilities = 218,
    Cgroup = 219,
    SetSid = 220,
    Stderr = 222,
    Namespace = 226,
    NoNewPrivileges = 227,
    RuntimeDirectory = 233,
    Keyring = 237,
    StateDirectory = 238,
    CacheDirectory = 239,
    LogsDirectory = 240,
    ConfigurationDirectory = 241,
}

/// With systemd's name and what was tried, for people.
const STAGES: [(Stage, &str, &str); 25] = [
    (Stage::Chdir, "CHDIR", "change the working directory"),
    (Stage::Nice, "NICE", "set the nice level"),
    (Stage::Fds, "FDS", "arrange descriptors"),
    (Stage::Exec, "EXEC", "execute"),
    (Stage::Limits, "LIMITS", "set resource limits"),
    (Stage::OomAdjust, "OOM_ADJUST", "adjust the OOM score"),
    (Stage::SignalMask, "SIGNAL_MASK", "set the signal mask"),
    (Stage::Stdin, "STDIN", "set up standard input"),
    (Stage::Stdout, "STDOUT", "set up standard output"),
    (Stage::SetScheduler, "SETSCHEDULER", "set the CPU scheduler"),
    (Stage::CpuAffinity, "CPUAFFINITY", "set the CPU affinity"),
    (Stage::Group, "GROUP", "change the groups"),
    (Stage::User, "USER", "change the user"),
    (Stage::Capabilities, "CAPABILITIES", "drop capabilities"),
    (Stage::Cgroup, "CGROUP", "enter the control group"),
    (Stage::SetSid, "SETSID", "create a session"),
    (Stage::Stderr, "STDERR", "set up standard error"),
    (Stage::Namespace, "NAMESPACE", "set up the mount namespace"),
    (Stage::NoNewPrivileges, "NO_NEW_PRIVILEGES", "renounce new privileges"),
    (Stage::RuntimeDirectory, "RUNTIME_DIRECTORY", "set up the runtime directory"),
    (Stage::Keyring, "KEYRING", "make a session keyring"),
    (Stage::StateDirectory, "STATE_DIRECTORY", "set up the state directory"),
    (Stage::CacheDirectory, "CACHE_DIRECTORY", "set up the cache directory"),
    (Stage::LogsDirectory, "LOGS_DIRECTORY", "set up the logs directory"),
    (Stage::ConfigurationDirectory, "CONFIGURATION_DIRECTORY", "set up the configuration directory"),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// The kernel's reason.
    pub errno: i32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.stage.task(), Errno::from_raw(self.errno).desc())
    }
}

/// One message through the pipe: fatal or not, stage, error number.
pub(super) type Record = [i32; 3];
pub(super) const FATAL: i32 = 1;
pub(super) const NOTICE: i32 = 0;

/// The reading end of the pipe; poll it for readability, then ask [`ExecPipe::state`].
#[derive(Debug)]
pub struct ExecPipe {
    fd: OwnedFd,
    notices: Vec<Failure>,
    end: Option<ExecState>,
}

/// What is known of the exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecState {
    /// Not there yet.
    Pending,
    /// Done; or the process was killed before, which its exit status tells.
    Done,
    /// The process exits with the stage's code.
    Failed(Failure),
}

impl ExecPipe {
    pub(super) fn new(fd: OwnedFd) -> ExecPipe {
        ExecPipe { fd, notices: Vec::new(), end: None }
    }

    /// Reads what is there, without blocking.
    pub fn state(&mut self) -> ExecState {
        while self.end.is_none() {
            let mut bytes = [0_u8; size_of::<Record>()];
            match nix::unistd::read(&self.fd, &mut bytes) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return ExecState::Pending,
                // Records are written whole, so that anything shorter is the end.
                Ok(n) if n == bytes.len() => self.take(bytes),
                Ok(_) | Err(_) => self.end = Some(ExecState::Done),
            }
        }
        self.end.unwrap_or(ExecState::Pending)
    }

    fn take(&mut self, bytes: [u8; size_of::<Record>()]) {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let errno = i32::from_ne_bytes([i, j, k, l]);
        let Some(stage) = Stage::from_code(i32::from_ne_bytes([e, f, g, h])) else { return };
        let failure = Failure { stage, errno };
        if i32::from_ne_bytes([a, b, c, d]) == FATAL {
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
        self.fd.as_fd()
    }
}
