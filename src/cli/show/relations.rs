//! How a unit stands to others, as `systemctl show` has it: what its files say, what follows from them by
//! default, and what others say of it.
//!
//! systemd knows the units that it has loaded; here nobody has, so that all unit files are read, and those of
//! what runs besides.

use crate::cli::ask;
use crate::cli::exit::Refused;
use crate::job::context::Context;
use crate::order::graph::{Graph, Relation};
use crate::supervisor::client;
use crate::unit::load::Loader;
use crate::unit::name::UnitName;

/// Those that are properties, in systemctl's order. That others join its namespaces is none.
const SHOWN: [Relation; 25] = [
    Relation::Requires,
    Relation::Requisite,
    Relation::Wants,
    Relation::BindsTo,
    Relation::PartOf,
    Relation::Upholds,
    Relation::RequiredBy,
    Relation::RequisiteOf,
    Relation::WantedBy,
    Relation::BoundBy,
    Relation::UpheldBy,
    Relation::ConsistsOf,
    Relation::Conflicts,
    Relation::ConflictedBy,
    Relation::Before,
    Relation::After,
    Relation::OnSuccess,
    Relation::OnSuccessOf,
    Relation::OnFailure,
    Relation::OnFailureOf,
    Relation::PropagatesReloadTo,
    Relation::ReloadPropagatedFrom,
    Relation::PropagatesStopTo,
    Relation::StopPropagatedFrom,
    Relation::JoinsNamespaceOf,
];

/// Is this the name of one?
pub(super) fn is_one(property: &str) -> bool {
    SHOWN.iter().any(|relation| relation.as_str() == property)
}

/// All units that there are.
///
/// # Errors
/// It cannot be seen what runs.
pub(super) fn all(ctx: &Context) -> Result<Graph, Refused> {
    let recorded = client::recorded(&ctx.state_dir).map_err(|e| ask::unseen(&e))?;
    let facts = ctx.facts();
    Ok(Graph::new(Loader::new(&ctx.root, &ctx.unit_paths, &facts).load_all(&recorded).into_vec()))
}

/// Each, with the names of the units to which the unit has it.
pub(super) fn properties(graph: &Graph, unit: &UnitName) -> Vec<(&'static str, String)> {
    let names = |relation| {
        let related = graph.find(unit).into_iter().flat_map(|id| graph.related(id, relation));
        related.map(|(to, _)| graph.name(to)).collect::<Vec<_>>().join(" ")
    };
    SHOWN.into_iter().map(|relation| (relation.as_str(), names(relation))).collect()
}
