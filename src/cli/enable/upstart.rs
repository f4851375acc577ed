//! Jobs of upstart's that keep a shipper alive until the hook has ended.
//!
//! A shipper that upstart runs stops when the runlevel changes, beside rc; a job that stops on its stopping
//! is waited for (docs/decisions/upstart-jobs.md).

use super::request::{self, Change, Request};
use crate::cli::scripts::{JOBS, Owner};
use crate::host::{Init, init};
use crate::sysv::chkconfig::Family;
use crate::sysv::upstart::{self, Job, Trigger};
use crate::unit::model::DepKind;
use std::path::{Path, PathBuf};

/// What is to become of the file of one hook.
pub(super) struct HookFile {
    /// `/etc/init/shutdown-filebeat.conf`.
    pub path: PathBuf,
    /// What it is to say; `None`: it goes.
    pub text: Option<String>,
    /// The job's name.
    pub name: String,
}

/// The files for the hooks of a request, those that are as they should be left out.
pub(super) fn wanted(request: &Request) -> Vec<HookFile> {
    let root = &request.ctx.root;
    if request.env.family != Family::RedHat || init(root) != Init::Upstart {
        return Vec::new();
    }
    let jobs = crate::cli::scripts::jobs(root);
    let of = |wanted: &request::LinkRequest| {
        let name = wanted.script.clone();
        let path = Path::new(JOBS).join(format!("{name}.conf"));
        let there = root.read(&path, 1 << 20).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        // Somebody else's stays.
        if there.as_deref().is_some_and(|text| !upstart::is_ours(text)) {
            return None;
        }
        let held = if request.change == Change::Disable { Vec::new() } else { held(request, wanted, &jobs) };
        let text = (!held.is_empty()).then(|| upstart::holding(&name, &held));
        (text != there).then_some(HookFile { path, text, name })
    };
    request.wanted.iter().filter_map(of).collect()
}

/// The jobs that must outlive a script: what its unit comes after, and for a hook what it is named for, where
/// upstart stops them at a shutdown and no init script does.
fn held(request: &Request, wanted: &request::LinkRequest, jobs: &[Job]) -> Vec<String> {
    let deps = wanted.unit.iter().flat_map(|unit| &unit.deps);
    let after = deps.filter(|d| d.kind == DepKind::After).map(|d| d.on.stem());
    let mut names: Vec<&str> = after.chain(wanted.script.strip_prefix("shutdown-")).collect();
    names.sort_unstable();
    names.dedup();
    let stops_at_once = |name: &str| {
        let is_it = |(job, trigger): &(&Job, Trigger)| {
            job.name == name && !matches!(trigger, Trigger::BeforeScript(_))
        };
        upstart::stopped(jobs, 0).iter().chain(&upstart::stopped(jobs, 6)).any(is_it)
    };
    let is_script = |name: &str| {
        request
            .scripts
            .get(name)
            .is_some_and(|s| s.executable && (s.owner == Owner::Amr || s.header.is_some()))
    };
    names.retain(|name| *name != wanted.script && stops_at_once(name) && !is_script(name));
    names.into_iter().map(str::to_owned).collect()
}
