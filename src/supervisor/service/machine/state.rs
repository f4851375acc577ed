//! The states of a service and their names. Pure data; the names are systemd's.

/// Where the service is (`ServiceState`; `SubState=` of systemctl(1)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing runs, nothing went wrong.
    #[default]
    Dead,
    /// `ExecCondition=` runs.
    Condition,
    /// `ExecStartPre=` runs.
    StartPre,
    /// `ExecStart=` runs and is not ready yet.
    Start,
    /// `ExecStartPost=` runs, the main process is ready.
    StartPost,
    /// Up.
    Running,
    /// Up without a process (`RemainAfterExit=`).
    Exited,
    /// `ExecReload=` runs, or the service said RELOADING=1.
    Reload,
    /// `ExecStop=` runs.
    Stop,
    /// The watchdog signal was sent.
    StopWatchdog,
    /// The stop signal was sent.
    StopSigterm,
    /// The final signal was sent.
    StopSigkill,
    /// `ExecStopPost=` runs.
    StopPost,
    /// The watchdog signal was sent to what `ExecStopPost=` left.
    FinalWatchdog,
    /// The stop signal was sent to what is left.
    FinalSigterm,
    /// The final signal was sent to what is left.
    FinalSigkill,
    /// As dead, and something went wrong.
    Failed,
    /// Waits for the next automatic start.
    AutoRestart,
}

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 18] = [
        Self::Dead,
        Self::Condition,
        Self::StartPre,
        Self::Start,
        Self::StartPost,
        Self::Running,
        Self::Exited,
        Self::Reload,
        Self::Stop,
        Self::StopWatchdog,
        Self::StopSigterm,
        Self::StopSigkill,
        Self::StopPost,
        Self::FinalWatchdog,
        Self::FinalSigterm,
        Self::FinalSigkill,
        Self::Failed,
        Self::AutoRestart,
    ];

    /// `SubState=` as systemctl(1) prints it.
    #[must_use]
    pub fn sub(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Condition => "condition",
            Self::StartPre => "start-pre",
            Self::Start => "start",
            Self::StartPost => "start-post",
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Reload => "reload",
            Self::Stop => "stop",
            Self::StopWatchdog => "stop-watchdog",
            Self::StopSigterm => "stop-sigterm",
            Self::StopSigkill => "stop-sigkill",
            Self::StopPost => "stop-post",
            Self::FinalWatchdog => "final-watchdog",
            Self::FinalSigterm => "final-sigterm",
            Self::FinalSigkill => "final-sigkill",
            Self::Failed => "failed",
            Self::AutoRestart => "auto-restart",
        }
    }

    /// The state that [`State::sub`] prints as `s`.
    #[must_use]
    pub fn from_sub(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.sub() == s)
    }

    /// `ActiveState=` as systemctl(1) prints it (`state_translation_table`; a `Type=idle` service is
    /// shown as any other).
    #[must_use]
    pub fn active(self) -> &'static str {
        match self {
            Self::Dead => "inactive",
            Self::Condition | Self::StartPre | Self::Start | Self::StartPost | Self::AutoRestart => {
                "activating"
            }
            Self::Running | Self::Exited => "active",
            Self::Reload => "reloading",
            Self::Stop
            | Self::StopWatchdog
            | Self::StopSigterm
            | Self::StopSigkill
            | Self::StopPost
            | Self::FinalWatchdog
            | Self::FinalSigterm
            | Self::FinalSigkill => "deactivating",
            Self::Failed => "failed",
        }
    }

    /// Is it up, as `is-active` counts it?
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Exited | Self::Reload)
    }

    /// Is it over: dead or failed?
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Dead | Self::Failed)
    }

    /// Is MAINPID= listened to in it?
    #[must_use]
    pub fn main_may_move(self) -> bool {
        matches!(self, Self::Start | Self::StartPost | Self::Running | Self::Reload)
    }

    /// Is it on its way down?
    #[must_use]
    pub fn is_stopping(self) -> bool {
        self.active() == "deactivating"
    }
}
