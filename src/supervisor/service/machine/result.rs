//! How a service, or the last reload of it, went: `Result=`, by systemd's names. Pure.

/// `Result=` (`ServiceResult`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ServiceResult {
    #[default]
    Success,
    Protocol,
    Timeout,
    ExitCode,
    Signal,
    CoreDump,
    Watchdog,
    StartLimitHit,
    OomKill,
    Resources,
    ExecCondition,
}

impl ServiceResult {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Protocol,
        Self::Timeout,
        Self::ExitCode,
        Self::Signal,
        Self::CoreDump,
        Self::Watchdog,
        Self::StartLimitHit,
        Self::OomKill,
        Self::Resources,
        Self::ExecCondition,
    ];

    /// As systemctl(1) and `$SERVICE_RESULT` spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::ExitCode => "exit-code",
            Self::Signal => "signal",
            Self::CoreDump => "core-dump",
            Self::Watchdog => "watchdog",
            Self::StartLimitHit => "start-limit-hit",
            Self::OomKill => "oom-kill",
            Self::Resources => "resources",
            Self::ExecCondition => "exec-condition",
        }
    }

    /// The result that is spelt `s`.
    #[must_use]
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == s)
    }

    /// Does the unit end as failed with it?
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Success | Self::ExecCondition)
    }
}
