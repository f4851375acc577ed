//! `Condition…=` and `Assert…=` before an automatic restart: systemd looks at them as before any start
//! (`unit_start`, which `service_enter_restart` asks for).
//!
//! Promise: a file system that does not answer keeps the supervisor from nothing else for long.

use super::Supervisor;
use crate::exec;
use crate::os::probe::{Probe, probe};
use crate::supervisor::core::store::moment;
use crate::supervisor::service::status::CheckMark;
use crate::unit::load::{Unmet, unmet_of_unit};
use std::time::Duration;

/// How long a look at them may take, and what is said where it takes longer.
const LIMIT: Duration = Duration::from_secs(5);
/// See [`LIMIT`].
const NO_ANSWER: &str = "no answer within 5s";

/// The last line of a look that found all met.
const MET: &[u8] = b"met";
/// So of one that found the check unmet which it told last.
const UNMET: &[u8] = b"unmet";

impl Supervisor {
    /// Are they met? Where one is not, the record says which; so where one does not answer.
    pub(super) fn checks_met(&mut self) -> bool {
        let p = &self.plan;
        if p.conditions.is_empty() && p.asserts.is_empty() {
            return true;
        }
        let root = &self.state_dir.root;
        let all = || {
            let asserts = p.asserts.iter().map(Unmet::Assert);
            p.conditions.iter().map(Unmet::Condition).chain(asserts)
        };
        let looked = probe(LIMIT, root.descriptor(), self.features.close_range, |to| {
            let facts = exec::facts(root, &p.paths.runtime_dir);
            let tell = |unmet: Unmet<'_>| {
                let number = all().position(|one| one.is(unmet)).unwrap_or_default();
                to.send(number.to_string().as_bytes());
            };
            let unmet = unmet_of_unit(root, &facts, &p.conditions, &p.asserts, &tell);
            unmet.into_iter().for_each(tell);
            to.send(if unmet.is_some() { UNMET } else { MET });
        });
        let (child, told, why) = match looked {
            Ok(Probe { child, told, is_whole: true }) => {
                (Some(child), told, "the check ended without a result")
            }
            Ok(Probe { child, told, is_whole: false }) => (Some(child), told, NO_ANSWER),
            Err(_) => (None, Vec::new(), "no process to look at it"),
        };
        let last = told.last().map(Vec::as_slice);
        let is_met = last == Some(MET);
        if !is_met {
            let number = |line: &Vec<u8>| String::from_utf8_lossy(line).parse().ok();
            let which = told.iter().rev().find_map(number).unwrap_or_default();
            let why = (last != Some(UNMET)).then_some(why);
            if let Some(unmet) = all().nth(which) {
                let r = &mut self.record;
                (r.condition, r.assertion) = CheckMark::of_unmet(moment(), unmet, why);
                let which = unmet.assignment();
                match why {
                    Some(why) => log::error!("'{}' is not restarted: {which}: {why}", p.unit),
                    None => log::warn!("'{}' is not restarted: {which} is not met", p.unit),
                }
            }
        }
        child.into_iter().for_each(|child| self.set_apart(child));
        is_met
    }
}
