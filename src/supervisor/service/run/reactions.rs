//! What the end of the service means for others: for units, and for the whole host.

use super::Supervisor;
use crate::host::power;
use crate::os::clock;
use crate::os::poll;
use crate::os::proc::ProcessId;
use crate::os::tracking::Tracking;
use crate::os::wait::Exit;
use crate::supervisor::core::job::ask_for;
use crate::supervisor::service::machine::{State, StopKind};
use crate::unit::model::{HostAction, Keyword};
use std::time::Duration;

impl Supervisor {
    /// `OnFailure=` and the like: a transaction as a child of this process, which goes on.
    pub(super) fn react(&mut self) {
        // An automatic restart that is left leaves no failure behind, whatever the last run came to.
        let failed = self.machine.state == State::Failed;
        // One that had failed before does not fail again by a start that is refused.
        if failed && self.came_from != State::Failed {
            self.act_on_host(self.plan.actions.failure, "failed");
        } else if !failed {
            self.act_on_host(self.plan.actions.success, "is done");
        }
        let to = self.plan.reaction;
        let named = if failed { to.failure } else { to.success };
        if self.asked && self.machine.stop_kind == StopKind::Restart {
            // As half of a restart it is not gone for those who need it.
            if named {
                self.call_reaction(if failed { "job-failed" } else { "stopped-for-restart" });
            }
            return;
        }
        if !named && !to.bound || self.asked && self.waiters.takes_over() {
            return;
        }
        self.call_reaction(match (failed, self.asked) {
            (true, _) => "failure",
            (false, true) => "stopped",
            (false, false) => "success",
        });
    }

    /// `FailureAction=` and its kin; nothing while the host goes down anyway.
    pub(super) fn act_on_host(&mut self, action: HostAction, why: &str) {
        if action == HostAction::None || self.going_down(clock::now()) {
            return;
        }
        log::warn!("'{}' {why}: {} of the host", self.plan.unit, action.as_str());
        match power::carry_out(&self.state_dir.root, action) {
            Ok(program) => {
                program.into_iter().for_each(|pid| self.set_apart(pid));
                self.host_actions.extend(program.map(|pid| (pid, action)));
            }
            Err(e) => self.host_action_failed(action, &e.to_string()),
        }
    }

    /// The program of such an action has ended. Where the host goes down by now, it was ended with all others.
    pub(super) fn host_action_ended(&mut self, pid: ProcessId, exit: Exit) {
        let Some(at) = self.host_actions.iter().position(|(program, _)| *program == pid) else { return };
        let (_, action) = self.host_actions.swap_remove(at);
        if let Some(why) = power::failure(exit).filter(|_| !self.going_down(clock::now())) {
            self.host_action_failed(action, &why);
        }
    }

    /// Waits for their end, some seconds at most: this process ends, and nobody else could tell how it went.
    pub(super) fn await_host_actions(&mut self) {
        let until = clock::now().saturating_add(power::PATIENCE);
        while !self.host_actions.is_empty() && clock::now() < until {
            let reaped = self.reap();
            self.note_failure(reaped);
            let _ = poll::wait(&[], Some(Duration::from_millis(10)));
        }
    }

    fn host_action_failed(&mut self, action: HostAction, why: &str) {
        let what = power::complaint(action, why);
        log::error!("'{}': {what}", self.plan.unit);
        self.record.not_applied.push(what);
    }

    /// Has another process of this program see to those whom the event concerns.
    pub(super) fn call_reaction(&mut self, event: &str) {
        self.publish();
        match ask_for(&self.host, &self.state_dir, &["reaction", &self.plan.unit, event]) {
            Ok(pid) => self.set_apart(pid),
            Err(e) => log::error!("{e}"),
        }
    }

    pub(super) fn set_apart(&mut self, pid: ProcessId) {
        if let Tracking::Subreaper(kin) = &mut self.tracking {
            kin.set_apart(pid);
        }
    }
}
