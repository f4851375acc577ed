//! New plans for all services that run, from the unit files as they are now.

use super::context::Context;
use super::units;
use crate::order::reaction;
use crate::supervisor::client::{self, ClientError};
use crate::unit::name::{UnitKind, UnitName};

/// Why a service keeps the plan that it has.
#[derive(Debug)]
pub enum KeepsPlan {
    /// Its files are gone, masked or broken.
    Unusable(String),
    /// The new one did not reach its supervisor.
    Failed(ClientError),
}

/// Gives each service that runs the plan of its files; those that keep the old one, and why.
///
/// # Errors
/// It cannot be seen what runs.
pub fn all(ctx: &Context) -> Result<Vec<(UnitName, KeepsPlan)>, ClientError> {
    let recorded = client::recorded(&ctx.state_dir)?;
    let mut running = Vec::new();
    for name in recorded.iter().filter(|name| name.kind() == UnitKind::Service) {
        if client::has_plan(&ctx.state_dir, name)? {
            running.push(name.clone());
        }
    }
    let set = units::load(ctx, &ctx.facts(), &running, &recorded)?;
    let graph = set.graph();
    let mut kept = Vec::new();
    for name in running {
        let Some(unit) = set.get(&name) else { continue };
        if let Some(why) = units::refusal(unit) {
            kept.push((name, KeepsPlan::Unusable(why)));
            continue;
        }
        let options = client::Options {
            switches: ctx.switches.clone(),
            bound: !reaction::interested(&graph, &name).is_none(),
            ..client::Options::default()
        };
        if let Err(e) = client::replan(&ctx.state_dir, unit, &options) {
            kept.push((name, KeepsPlan::Failed(e)));
        }
    }
    Ok(kept)
}
