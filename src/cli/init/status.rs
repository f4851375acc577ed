//! `status`: one sentence for each service, and the code that says the worst of them.

use super::Call;
use crate::cli::dialect;
use crate::cli::exit::{Answer, Answered, Running};
use crate::cli::{ask, out};
use crate::job::explain;
use crate::order::transaction::Activity;
use crate::supervisor::client;
use crate::supervisor::service::status::Record;
use crate::sysv::subsys;
use std::path::Path;

impl Call {
    /// One sentence for each member and for the service itself; the worst decides the code.
    pub(super) fn status(&self, members: &[String]) -> Answered {
        let own = client::status(&self.ctx.state_dir, &self.unit);
        // Members matter to an umbrella, which has no process of its own.
        let single = matches!(&own, Ok(Some(record)) if record.main.is_some());
        let mut own = Some(own);
        let units = if !members.is_empty() {
            match self.chosen(members) {
                Ok(units) => units,
                Err(answer) => return Ok(answer),
            }
        } else if single {
            vec![self.unit.clone()]
        } else {
            let mut units = self.members();
            units.push(self.unit.clone());
            units
        };
        let mut worst: Option<(Running, &str)> = None;
        for unit in &units {
            let known = if *unit == self.unit { own.take() } else { None };
            let record = known.unwrap_or_else(|| client::status(&self.ctx.state_dir, unit));
            let name = if *unit == self.unit { self.name.as_str() } else { unit.stem() };
            let mut missing = None;
            let (running, pid) = match record {
                Ok(record) => {
                    let load = || ask::load(&self.ctx, unit);
                    missing = record.as_ref().and_then(|r| client::missing(&self.ctx.state_dir, r, &load));
                    self.running(record.as_ref(), name)
                }
                Err(e) => {
                    out::print_error("initd", &format!("cannot see whether '{name}' runs: {e}"), None);
                    (Running::Unknown, None)
                }
            };
            out::print_raw(&dialect::status(self.dialect(), name, running, pid));
            if let Some(missing) = missing {
                out::print_error("initd", &format!("'{name}': {}", missing.what), Some(&missing.hint));
            }
            if worst.is_none_or(|(so_far, _)| so_far < running) {
                worst = Some((running, name));
            }
        }
        let Some((running, name)) = worst else { return Ok(Answer::Status(Running::Unknown)) };
        // One sentence says it by itself; of several the last is the umbrella's own.
        if units.len() > 1 && running != Running::Yes {
            let code = running.code();
            out::print_raw(&format!("{}: exit code {code}, for '{name}'\n", self.name));
        }
        Ok(Answer::Status(running))
    }

    fn running(&self, record: Option<&Record>, name: &str) -> (Running, Option<u32>) {
        let activity = record.map_or(Activity::Inactive, |r| explain::activity(r.state()));
        let pid = record.and_then(|r| r.main).and_then(|m| u32::try_from(m.pid).ok());
        if activity.is_active() || activity == Activity::Deactivating {
            return (Running::Yes, pid);
        }
        if activity == Activity::Activating && pid.is_some() {
            return (Running::Yes, pid);
        }
        let there = |path: String| self.ctx.root.lstat(Path::new(&path)).is_ok();
        if there(format!("/var/run/{name}.pid")) {
            (Running::DeadPidFile, None)
        } else if subsys::lock_names(name).iter().any(|lock| there(format!("{}/{lock}", subsys::FOLDER))) {
            (Running::DeadLocked, None)
        } else {
            (Running::No, None)
        }
    }
}
