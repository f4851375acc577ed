//! `amr show`: properties in systemctl(1)'s manner, for scripts.

use super::relations;
use super::usage::Usage;
use crate::cli::args::Show;
use crate::cli::enable::state::Enabled;
use crate::cli::exit::{Answered, Class};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::order::graph::Graph;
use crate::supervisor::client;
use crate::supervisor::service::show;
use crate::supervisor::service::status::Record;
use crate::sysv::install::UnitFileState;
use crate::unit::name::UnitName;
use serde_json::Value;

/// Names and values; of a list one value a line.
type Properties = Vec<(String, String)>;

/// Prints them. Ends with 0, like systemctl show, but where it cannot be seen what a unit does.
pub fn run(ctx: &Context, args: &Show) -> Answered {
    let names = ask::typed(ctx, &args.units)?;
    let (mut all, mut class) = (Vec::new(), Class::Ok);
    // Reading all units takes its time: it is done where somebody asks for it.
    let is_asked = args.property.is_empty() || args.property.iter().any(|name| relations::is_one(name));
    let graph = if is_asked { Some(relations::all(ctx)?) } else { None };
    for name in &names {
        match properties(ctx, name, graph.as_ref()) {
            Ok(properties) => all.push(chosen(properties, args)),
            Err(what) => {
                out::print_error("show", &what, None);
                class = Class::Failed;
            }
        }
    }
    if args.json {
        let one =
            |list: Properties| -> Value { list.into_iter().map(|(k, v)| (k, Value::String(v))).collect() };
        out::print_raw(&format!("{:#}\n", Value::Array(all.into_iter().map(one).collect())));
        return Ok(class.into());
    }
    let line =
        |name: &str, value: &str| if args.value { format!("{value}\n") } else { format!("{name}={value}\n") };
    let lines =
        |(name, value): &(String, String)| value.split('\n').map(|v| line(name, v)).collect::<String>();
    let text = |list: &Properties| list.iter().map(lines).collect::<String>();
    out::print_raw(&all.iter().map(text).collect::<Vec<_>>().join("\n"));
    Ok(class.into())
}

/// Those of systemctl, and behind them three of amr's own.
fn properties(ctx: &Context, name: &UnitName, graph: Option<&Graph>) -> Result<Properties, String> {
    let unit = ask::load(ctx, name);
    let record = client::status(&ctx.state_dir, &unit.name).map_err(|e| e.to_string())?;
    let mut list = show::properties(&unit, record.as_ref());
    if let Some(graph) = graph {
        let at = list.iter().position(|(name, _)| relations::is_one(name)).unwrap_or(list.len());
        list.retain(|(name, _)| !relations::is_one(name));
        list.splice(at..at, relations::properties(graph, &unit.name));
    }
    list.extend(used(record.as_ref()));
    let changed = record.as_ref().is_some_and(|r| ctx.state_dir.needs_reload(&unit, r));
    list.push(("NeedDaemonReload", if changed { "yes" } else { "no" }.to_owned()));
    list.push((
        "UnitFileState",
        Enabled::read(ctx).unit(&unit.name, &unit).map_or("", UnitFileState::as_str).to_owned(),
    ));
    let supervisor = record.as_ref().and_then(|r| r.supervisor).map_or(0, |s| s.pid);
    list.push(("SupervisorPID", supervisor.to_string()));
    let log = record.as_ref().and_then(|r| r.log_path.as_ref());
    list.push(("LogPath", log.map_or_else(String::new, |p| p.display().to_string())));
    let missing =
        record.as_ref().and_then(|record| client::missing(&ctx.state_dir, record, &|| unit.clone()));
    list.push(("FilesMissing", missing.map(|missing| missing.what).unwrap_or_default()));
    Ok(list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What its processes use, and who they are; `[not set]` where that is not counted.
fn used(record: Option<&Record>) -> [(&'static str, String); 10] {
    let usage = record.map(Usage::measure).unwrap_or_default();
    let shown = |n: Option<String>| n.unwrap_or_else(|| "[not set]".to_owned());
    // As systemctl prints these where they are not counted.
    let counted = |n: Option<u64>| n.unwrap_or(u64::MAX).to_string();
    let (uid, gid) = usage.owner.unzip();
    [
        ("UID", shown(uid.map(|n| n.to_string()))),
        ("GID", shown(gid.map(|n| n.to_string()))),
        ("MemoryCurrent", shown(usage.memory.filter(|_| usage.is_group).map(|n| n.to_string()))),
        ("MemoryPeak", shown(usage.group.memory_peak.map(|n| n.to_string()))),
        ("CPUUsageNSec", shown(usage.cpu.map(|cpu| cpu.as_nanos().to_string()))),
        ("TasksCurrent", shown(usage.tasks.map(|n| n.to_string()))),
        ("IOReadBytes", counted(usage.group.read_bytes)),
        ("IOReadOperations", counted(usage.group.reads)),
        ("IOWriteBytes", counted(usage.group.written_bytes)),
        ("IOWriteOperations", counted(usage.group.writes)),
    ]
}

/// Without a choice all that have a value. What was chosen comes in the order of systemctl, which is its own
/// and not the caller's; behind it, empty, what is no property.
fn chosen(all: Properties, args: &Show) -> Properties {
    if args.property.is_empty() {
        return all.into_iter().filter(|(_, value)| args.all || !value.is_empty()).collect();
    }
    let is_wanted = |name: &str| args.property.iter().any(|wanted| wanted == name);
    let mut list: Properties = all.into_iter().filter(|(name, _)| is_wanted(name)).collect();
    for wanted in args.property.iter().filter(|wanted| !wanted.is_empty()) {
        if !list.iter().any(|(name, _)| name == wanted) {
            list.push((wanted.clone(), String::new()));
        }
    }
    list
}
