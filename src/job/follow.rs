//! What follows from what a command has done: carried out by a process of its own, for which nobody waits,
//! as with systemd, whose jobs for it are nobody's either.

use super::context::Context;
use crate::order::graph::Graph;
use crate::order::reaction::{Ending, interested};
use crate::os::child::{Spec, own_executable, spawn};
use crate::os::root::Root;
use crate::unit::name::UnitName;
use std::ffi::OsString;

/// Has another process of this program see to those whom the ending concerns.
pub(super) fn call(ctx: &Context, graph: &Graph, unit: &UnitName, ending: Ending) {
    if !interested(graph, unit).in_ending(ending) {
        return;
    }
    let mut argv: Vec<OsString> = vec!["amr".into()];
    if !ctx.root.is_host() {
        argv.extend(["--root".into(), ctx.root.prefix().into()]);
    }
    argv.extend(["reaction".into(), unit.as_str().into(), ending.as_str().into()]);
    let env = ctx.switches.iter().map(|switches| ("AMR_FEATURES".into(), switches.into())).collect();
    let spawned = Root::host()
        .and_then(|host| own_executable(&host))
        .and_then(|program| spawn(&Spec { env, ..Spec::detached(program, argv, Vec::new()) }));
    if let Err(e) = spawned {
        log::error!("{e}; what follows from the end of '{unit}' is not done");
    }
}
