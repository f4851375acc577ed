//! `Condition…=` and `Assert…=` before an automatic restart: systemd looks at them as before any start
//! (`unit_start`, which `service_enter_restart` asks for).

use super::Supervisor;
use crate::exec;
use crate::supervisor::core::store::moment;
use crate::supervisor::service::status::CheckMark;
use crate::unit::load::unmet;

impl Supervisor {
    /// Are they met? Where one is not, the record says which.
    pub(super) fn checks_met(&mut self) -> bool {
        let p = &self.plan;
        if p.conditions.is_empty() && p.asserts.is_empty() {
            return true;
        }
        let root = &self.state_dir.root;
        let facts = exec::facts(root, &p.paths.runtime_dir);
        let r = &mut self.record;
        let which = if let Some(check) = unmet(root, &facts, &p.conditions) {
            let which = check.assignment("Condition");
            (r.condition, r.assertion) = (CheckMark::unmet(moment(), which.clone()), CheckMark::default());
            which
        } else if let Some(check) = unmet(root, &facts, &p.asserts) {
            let which = check.assignment("Assert");
            (r.condition, r.assertion) =
                (CheckMark::met(moment()), CheckMark::unmet(moment(), which.clone()));
            which
        } else {
            return true;
        };
        log::warn!("'{}' is not restarted: {which} is not met", p.unit);
        false
    }
}
