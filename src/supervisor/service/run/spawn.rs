//! From a command of the plan to a process.

use super::output::Output;
use super::variables::{self, RunFacts};
use crate::exec::spaces::Spaces;
use crate::exec::stage::Stage;
use crate::exec::{self, HostFolders, Passing, Refused, Request, Started, Streams};
use crate::os::cgroup::Group;
use crate::os::features::Features;
use crate::os::limits::Limit;
use crate::os::root::Root;
use crate::os::socket::NotifySocket;
use crate::supervisor::service::machine::{Role, Slot};
use crate::supervisor::service::plan::Plan;
use std::sync::Arc;

/// Whose standard descriptors the commands get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreground {
    /// Those that the unit says.
    No,
    /// The caller's own.
    Yes,
}

/// What a spawn needs besides the command.
pub(super) struct SpawnContext<'a> {
    pub(super) plan: &'a Plan,
    pub(super) root: &'a Root,
    pub(super) features: &'a Features,
    pub(super) spaces: &'a Spaces,
    pub(super) output: Option<&'a Output>,
    pub(super) notify: Option<&'a NotifySocket>,
    pub(super) passing: Passing<'a>,
    pub(super) group: Option<&'a Group>,
    pub(super) controllers: &'a [Group],
    pub(super) foreground: Foreground,
    /// Are the credentials of this run in their place?
    pub(super) has_credentials: bool,
    /// The OOM score and the limits where the unit says nothing; `None`, or not among them: the
    /// supervisor's own.
    pub(super) oom_score: Option<i32>,
    pub(super) limits: &'a [Limit],
    /// What each service of the host gets for its environment.
    pub(super) host_variables: &'a [(String, String)],
}

/// Which commands have the unit's credentials: all but those that decide whether there is a run.
pub(super) fn gets_credentials(slot: Slot) -> bool {
    slot != Slot::Condition
}

/// Starts a command. `not_applied` takes what is left out here.
pub(super) fn launch(
    scene: &SpawnContext<'_>,
    slot: Slot,
    index: usize,
    role: Role,
    known: &RunFacts,
    not_applied: &mut Vec<String>,
) -> Result<Started, Refused> {
    let plan = scene.plan;
    let Some(command) = plan.command(slot, index) else {
        return Err(Refused::Resources(format!("the plan of '{}' lacks a command", plan.unit)));
    };
    let log = scene.output.map(Output::writer).transpose();
    let foreground = scene.foreground == Foreground::Yes;
    let request = Request {
        unit: &plan.unit,
        context: &plan.service.context,
        command,
        host: scene.host_variables,
        variables: variables::for_command(plan, scene.root, known, slot, role),
        invocation: &known.invocation_id,
        mode: plan.mode,
        root: scene.root,
        places: HostFolders { runtime: &plan.paths.runtime_dir, own: &plan.paths.run_dir },
        spaces: scene.spaces,
        features: scene.features,
        log: log.map_err(|e| Refused::At(Stage::Stdout, e.to_string()))?.map(Arc::new),
        streams: if foreground { Streams::Own } else { Streams::Unit },
        passing: if slot == Slot::Start { scene.passing } else { Passing::default() },
        terminal: matches!(slot, Slot::Condition | Slot::StartPre | Slot::Start | Slot::StopPost),
        credentials: gets_credentials(slot) && !scene.has_credentials,
        notify: scene.notify,
        group: scene.group,
        controllers: scene.controllers,
        oom_score: scene.oom_score,
        limits: scene.limits,
    };
    let process = exec::resolve(&request, not_applied)?;
    exec::start(&process).map_err(|e| Refused::Resources(e.to_string()))
}
