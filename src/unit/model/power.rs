//! What is done with the whole host when a unit ends or takes too long: `FailureAction=` and its kin
//! (systemd.unit(5)).

use super::Keyword;
use serde::{Deserialize, Serialize};

/// What is done with the host (`FailureAction=` and its kin, systemd.unit(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum HostAction {
    #[default]
    None,
    Reboot,
    RebootForce,
    RebootImmediate,
    Poweroff,
    PoweroffForce,
    PoweroffImmediate,
    Exit,
    ExitForce,
}

impl Keyword for HostAction {
    const KEYWORDS: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("reboot", Self::Reboot),
        ("reboot-force", Self::RebootForce),
        ("reboot-immediate", Self::RebootImmediate),
        ("poweroff", Self::Poweroff),
        ("poweroff-force", Self::PoweroffForce),
        ("poweroff-immediate", Self::PoweroffImmediate),
        ("exit", Self::Exit),
        ("exit-force", Self::ExitForce),
    ];
}

/// Those of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostActions {
    /// `FailureAction=`: it has failed and is not restarted.
    pub failure: HostAction,
    /// `SuccessAction=`: it is down and has not failed.
    pub success: HostAction,
    /// `StartLimitAction=`: it was started too often.
    pub start_limit: HostAction,
    /// `JobTimeoutAction=`: its job took too long.
    pub job_timeout: HostAction,
}
