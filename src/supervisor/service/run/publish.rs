//! The record on disk: written when something has changed, replaced in one step.

use super::Supervisor;
use crate::os::clock::BootId;
use crate::os::error::Result;
use crate::os::pipe::Opener;
use crate::os::proc::Identity;
use crate::supervisor::core::mark::{Moment, micros_or_none};
use crate::supervisor::core::store::mark;
use crate::supervisor::core::version::{NEEDS, VERSION};
use crate::supervisor::service::machine::Want;
use crate::supervisor::service::plan::Plan;
use crate::supervisor::service::status::Record;
use crate::unit::model::ServiceType;

/// The record of a service that was not there before.
pub(super) fn fresh(plan: &Plan, old: Option<&Record>, boot: &BootId, own: Option<&Identity>) -> Record {
    let at = |moment: fn(&Record) -> Moment| old.map(moment).unwrap_or_default();
    Record {
        version: VERSION,
        needs: NEEDS,
        unit: plan.unit.clone(),
        description: plan.description.clone(),
        oneshot: plan.service.kind == ServiceType::Oneshot,
        boot_id: boot.as_str().to_owned(),
        supervisor: own.map(mark),
        unapplied: plan.unapplied,
        files: plan.files.clone(),
        state_change: at(|r| r.state_change),
        active_enter: at(|r| r.active_enter),
        active_exit: at(|r| r.active_exit),
        inactive_enter: at(|r| r.inactive_enter),
        inactive_exit: at(|r| r.inactive_exit),
        condition: old.map(|r| r.condition.clone()).unwrap_or_default(),
        assertion: old.map(|r| r.assertion.clone()).unwrap_or_default(),
        log_seen_to: old.is_some_and(|r| r.log_seen_to),
        exec_main_pid: old.map_or(0, |r| r.exec_main_pid),
        exec_main_code: old.map_or(0, |r| r.exec_main_code),
        exec_main_status: old.map_or(0, |r| r.exec_main_status),
        exec_main_start: at(|r| r.exec_main_start),
        exec_main_exit: at(|r| r.exec_main_exit),
        commands: old.map(|r| r.commands.clone()).unwrap_or_default(),
        failed_in: old.map(|r| r.failed_in.clone()).unwrap_or_default(),
        ..Record::default()
    }
}

/// What goes on when a service is taken over.
pub(super) fn inherit(record: &mut Record, old: Record) {
    record.invocation_id = old.invocation_id;
    record.exec_main_pid = old.exec_main_pid;
    record.exec_main_start = old.exec_main_start;
    record.exec_main_code = old.exec_main_code;
    record.exec_main_status = old.exec_main_status;
    record.state_change = old.state_change;
    record.restarts = old.restarts;
    record.status_text = old.status_text;
    record.not_applied = old.not_applied;
    record.commands = old.commands;
    record.failed_in = old.failed_in;
    record.watchdog = old.watchdog;
    record.watchdog_usec = old.watchdog_usec;
    record.lock = old.lock;
}

impl Supervisor {
    /// Writes the record if it is not what is on the disk. One that cannot be written is tried again with
    /// the next change.
    pub(super) fn publish(&mut self) {
        if let Err(e) = self.try_publish() {
            log::error!("{e}");
        }
    }

    /// Writes the record, and lets those go on who waited to be in it. One that cannot be written keeps
    /// nobody: a stop must go on where there is no room, and a start that cannot be noted is undone.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(super) fn try_publish(&mut self) -> Result<()> {
        let tracking = self.tracking_mark();
        let m = &self.machine;
        let r = &mut self.record;
        m.state.sub().clone_into(&mut r.sub);
        m.result.as_str().clone_into(&mut r.result);
        m.reload.as_str().clone_into(&mut r.reload_result);
        r.watchdog_usec = Some(micros_or_none(self.watchdog));
        r.wanted = m.want == Want::Up;
        r.restarts = m.restarts;
        r.starts = m.starts.into();
        r.main = self.main.as_ref().map(|p| mark(&p.identity));
        r.control = self.control.as_ref().map(|p| mark(&p.identity));
        r.tracking = tracking;
        let waiting = [&mut self.main, &mut self.control].into_iter().flatten();
        let go_on = || waiting.filter_map(|process| process.gate.take()).for_each(Opener::open);
        self.published.write_first(&self.state_dir.root, &self.claim.files.status, &self.record, go_on)
    }
}
