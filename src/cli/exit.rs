//! Exit codes: what happened, as a type, and the number that each door gives it.
//!
//! The init door speaks LSB (iniscrptact), the hand door speaks systemctl(1).

pub use crate::job::outcome::Class;
use std::process::ExitCode;

impl Class {
    /// LSB's code for every action but status.
    #[must_use]
    pub fn lsb(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unimplemented => 3,
            Self::Privilege => 4,
            Self::NotInstalled => 5,
            Self::NotConfigured => 6,
            Self::NotRunning => 7,
        }
    }

    /// What systemctl(1) exits with.
    #[must_use]
    pub fn hand(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed | Self::NotRunning => 1,
            Self::Usage => 2,
            Self::Unimplemented => 3,
            Self::Privilege => 4,
            Self::NotInstalled => 5,
            Self::NotConfigured => 6,
        }
    }
}

/// LSB's answers to `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// 0
    Yes,
    /// 1: dead, and the pid file is there.
    DeadPidFile,
    /// 2: dead, and the lock file is there.
    DeadLocked,
    /// 3
    No,
    /// 4
    Unknown,
}

impl Running {
    /// LSB's code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::DeadPidFile => 1,
            Self::DeadLocked => 2,
            Self::No => 3,
            Self::Unknown => 4,
        }
    }
}

/// The process's exit code.
#[must_use]
pub fn code(n: u8) -> ExitCode {
    ExitCode::from(n)
}
