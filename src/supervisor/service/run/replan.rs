//! The plan of a service that runs, in the unit's folder: that of its start, then that of the last `amr
//! daemon-reload`.
//!
//! The file is whole, since it is replaced in one step, and it is there before the supervisor is asked: one
//! that is killed in between leaves a service whose next supervisor goes by the new plan, and one that was
//! not asked goes by the old. What is about this run and not about the unit's files stays.

use super::{RunError, Supervisor};
use crate::exec;
use crate::os::root::{Reader, Sync};
use crate::supervisor::core::plan::PLAN_LIMIT;
use crate::supervisor::service::plan::Plan;
use crate::unit::model::ServiceType;

/// The first version whose supervisors keep their plan in the unit's folder. Where one of an earlier version
/// wrote the record, a plan that lies there is of a run before.
pub(super) const KEEPS_PLAN: u32 = 3;

impl Supervisor {
    /// Goes by the plan in the unit's folder from now on.
    ///
    /// # Errors
    /// There is none that can be read: then the old one stays.
    pub(super) fn replan(&mut self) -> Result<(), RunError> {
        let (bytes, _) = self.state_dir.root.safe_read(&self.claim.files.plan, PLAN_LIMIT, Reader::Amr)?;
        let plan = self.plan.succeeded_by(Plan::decode(&bytes)?);
        *self.plan = plan;
        self.host_variables = exec::of_host(&self.state_dir.root);
        self.policy = self.plan.policy();
        self.record.description.clone_from(&self.plan.description);
        self.record.oneshot = self.plan.service.kind == ServiceType::Oneshot;
        self.record.unapplied = self.plan.unapplied;
        self.record.files.clone_from(&self.plan.files);
        if self.output.is_none() {
            self.open_output();
        }
        self.publish();
        Ok(())
    }

    /// Puts the plan of the start into the unit's folder, for the next supervisor should this one be lost.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn keep_plan(&self) -> Result<(), RunError> {
        Ok(self.state_dir.root.safe_write(&self.claim.files.plan, &self.plan.encode(), 0o600, Sync::No)?)
    }

    /// The lost supervisor's plan, of the start or of the last daemon-reload, is the next one's. One of an
    /// earlier release left none.
    pub(super) fn take_over_plan(&mut self) {
        let taken = self.replan();
        if let Err(e) = taken
            && !matches!(&e, RunError::Os(e) if e.is_not_found())
        {
            log::warn!("'{}' goes by its files as they are now: {e}", self.plan.unit);
        }
    }
}
