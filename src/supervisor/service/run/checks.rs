//! `Condition…=` and `Assert…=` before an automatic restart: systemd looks at them as before any start
//! (`unit_start`, which `service_enter_restart` asks for).

use super::Supervisor;
use crate::exec;
use crate::supervisor::core::store::moment;
use crate::supervisor::service::status::CheckMark;
use crate::unit::load::unmet_of_unit;

impl Supervisor {
    /// Are they met? Where one is not, the record says which.
    pub(super) fn checks_met(&mut self) -> bool {
        let p = &self.plan;
        if p.conditions.is_empty() && p.asserts.is_empty() {
            return true;
        }
        let root = &self.state_dir.root;
        let facts = exec::facts(root, &p.paths.runtime_dir);
        let Some(unmet) = unmet_of_unit(root, &facts, &p.conditions, &p.asserts) else { return true };
        let r = &mut self.record;
        (r.condition, r.assertion) = CheckMark::of_unmet(moment(), unmet);
        log::warn!("'{}' is not restarted: {} is not met", p.unit, unmet.assignment());
        false
    }
}
