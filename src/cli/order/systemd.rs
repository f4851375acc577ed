//! The facts of a host with systemd: all units from disk, and what they do.
//!
//! Where systemd runs it is asked. Of a tree, or with `--state`, the file given says it; without one
//! what a boot would start is taken to run.

use crate::cli::handover;
use crate::host::systemd_version;
use crate::job::context::Context;
use crate::order::graph::{Graph, UnitId};
use crate::order::step::Transition;
use crate::order::systemd::{PlanError, SystemdHost};
use crate::order::transaction::{Activity, Mode, Verb, sequence};
use crate::os::root::Root;
use crate::unit::load::Loader;
use crate::unit::model::{Body, Service, ServiceType, Unit};
use crate::unit::name::UnitName;
use crate::unit::value::{Timeout, time};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// systemd's own default.
const STOP: Duration = Duration::from_secs(90);

/// `JobTimeoutSec=` of poweroff.target and reboot.target as they ship (facts of 219 to 260).
const JOBS: Duration = Duration::from_secs(30 * 60);

/// What was read.
pub struct LoadedUnits {
    /// All units of the search path, and the relations between them.
    pub graph: Rc<Graph>,
    activity: HashMap<UnitName, Activity>,
    version: u32,
    scripts: Vec<String>,
    default_stop: Duration,
    job_timeouts: [Option<Duration>; 2],
    default_target: UnitName,
}

/// What `systemctl show '*'` says of one unit.
#[derive(Default)]
struct State {
    activity: Option<Activity>,
    timeout_stop: Option<Timeout>,
}

/// Reads everything. `state` is the text of a `--state` file.
///
/// # Errors
/// The order of the boot contradicts itself.
pub fn gather(ctx: &Context, scripts: Vec<String>, state: Option<&str>) -> Result<LoadedUnits, PlanError> {
    let facts = ctx.facts();
    let mut units = Loader::new(&ctx.root, &ctx.unit_paths, &facts).load_all(&[]).into_vec();
    let running = ctx.root.is_host() && state.is_none();
    let asked = if running { ask() } else { None };
    let states = asked.as_deref().or(state).map(states);
    let default_stop = default_stop(ctx, running);
    for unit in &mut units {
        let told = states.as_ref().and_then(|s| s.get(unit.name.as_str())).and_then(|s| s.timeout_stop);
        set_stop_limit(unit, told, default_stop);
    }
    let job_timeouts = ["poweroff.target", "reboot.target"].map(|name| job_timeout(&units, name));
    let graph = Rc::new(Graph::new(units));
    let default_target = UnitName::parse("default.target")?;
    let activity = match states {
        Some(states) => {
            let told = |(name, state): (String, State)| {
                Some((UnitName::parse(&name).ok()?, state.activity.unwrap_or(Activity::Inactive)))
            };
            states.into_iter().filter_map(told).collect()
        }
        None => after_boot(&graph, &default_target)?,
    };
    let version = systemd_version(&ctx.root).unwrap_or(252);
    Ok(LoadedUnits { graph, activity, version, scripts, default_stop, job_timeouts, default_target })
}

impl LoadedUnits {
    /// What the unit does now.
    #[must_use]
    pub fn active(&self, name: &UnitName) -> Activity {
        self.activity.get(name).copied().unwrap_or(Activity::Inactive)
    }

    /// The host on its way.
    #[must_use]
    pub fn host<'a>(&'a self, way: Transition, active: &'a dyn Fn(&UnitName) -> Activity) -> SystemdHost<'a> {
        let [poweroff, reboot] = self.job_timeouts;
        SystemdHost {
            graph: &self.graph,
            version: self.version,
            active,
            scripts: self.scripts.clone(),
            default_stop: self.default_stop,
            job_timeout: match way {
                Transition::Reboot | Transition::Runlevel(6) => reboot,
                Transition::Boot | Transition::PowerOff | Transition::Runlevel(_) => poweroff,
            },
            default_target: self.default_target.clone(),
        }
    }
}

/// All loaded units in one call.
fn ask() -> Option<String> {
    let words = ["show", "--all", "-p", "Id", "-p", "ActiveState", "-p", "TimeoutStopUSec", "--", "*"];
    handover::query(&words)
}

/// Blocks of `KEY=VALUE` with an empty line between two units.
fn states(text: &str) -> HashMap<String, State> {
    let mut all = HashMap::new();
    for block in text.split("\n\n") {
        let value = |key: &str| block.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
        let Some(id) = value("Id") else { continue };
        let activity = value("ActiveState").map(Activity::of_word);
        let timeout_stop = value("TimeoutStopUSec").and_then(|v| time::parse(v).ok());
        all.insert(id.to_owned(), State { activity, timeout_stop });
    }
    all
}

/// systemd knows a unit's limit best; else what has the built-in default gets the host's.
fn set_stop_limit(unit: &mut Unit, told: Option<Timeout>, default_stop: Duration) {
    let Body::Service(service) = &mut unit.body else { return };
    if let Some(limit) = told {
        service.timeout_stop = limit;
    } else if service.timeout_stop == Timeout::After(STOP) {
        service.timeout_stop = Timeout::After(default_stop);
    }
}

/// `DefaultTimeoutStopSec=`: systemd's own word, or system.conf and its drop-ins.
fn default_stop(ctx: &Context, running: bool) -> Duration {
    let told = if running {
        let text = handover::query(&["show", "-p", "DefaultTimeoutStopUSec"]);
        text.and_then(|t| t.trim().strip_prefix("DefaultTimeoutStopUSec=").map(str::to_owned))
    } else {
        configured(&ctx.root)
    };
    match told.and_then(|t| time::parse(&t).ok()) {
        Some(Timeout::After(limit)) => limit,
        Some(Timeout::Never) => Duration::MAX,
        None => STOP,
    }
}

fn configured(root: &Root) -> Option<String> {
    let mut files = vec![Path::new("/etc/systemd/system.conf").to_owned()];
    for folder in ["/usr/lib/systemd/system.conf.d", "/etc/systemd/system.conf.d"] {
        files.extend(root.glob(&format!("{folder}/*.conf")).unwrap_or_default());
    }
    let mut last = None;
    for file in files {
        let bytes = root.read(&file, 1 << 20).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let values = text.lines().filter_map(|l| l.trim().strip_prefix("DefaultTimeoutStopSec="));
        last = values.map(str::to_owned).next_back().or(last);
    }
    last
}

/// The unit's own; a target that has no file here is as systemd ships it.
fn job_timeout(units: &[Unit], name: &str) -> Option<Duration> {
    let unit = units.iter().find(|u| u.name.as_str() == name);
    match unit.map(|u| (u.job_timeout, u.fragment.is_some())) {
        Some((Timeout::After(limit), _)) => Some(limit),
        Some((Timeout::Never, true)) => None,
        Some((Timeout::Never, false)) | None => Some(JOBS),
    }
}

/// What runs when a boot is done.
fn after_boot(graph: &Graph, target: &UnitName) -> Result<HashMap<UnitName, Activity>, PlanError> {
    let cold = |_: &UnitName| Activity::Inactive;
    let jobs = sequence(graph, &[(Verb::Start, target.clone())], Mode::Replace, &cold)?;
    let started = jobs.into_iter().filter(|j| !j.kind.is_stop());
    let stays = |id: UnitId| {
        graph.unit(id).is_none_or(|u| match &u.body {
            Body::Service(service) => stays_active(service),
            Body::Other => true,
        })
    };
    let mut active = HashMap::new();
    active.reserve(graph.len());
    active.extend(started.filter(|j| stays(j.id)).map(|j| (j.unit, Activity::Active)));
    Ok(active)
}

fn stays_active(service: &Service) -> bool {
    service.remain_after_exit || (service.kind != ServiceType::Oneshot && !service.exec.start.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemctl_says() {
        let text = "Id=a.service\nActiveState=activating\nTimeoutStopUSec=1min 30s\n\nId=b.target\nActiveState=active\n\n\
                    Id=c.service\nActiveState=inactive\nTimeoutStopUSec=infinity\n";
        let all = states(text);
        assert_eq!(all["a.service"].activity, Some(Activity::Activating));
        assert_eq!(all["a.service"].timeout_stop, Some(Timeout::After(STOP)));
        assert_eq!(all["b.target"].activity, Some(Activity::Active));
        assert_eq!(all["c.service"].timeout_stop, Some(Timeout::Never));
        assert!(states("").is_empty());
    }
}
